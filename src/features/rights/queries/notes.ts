// What was erased about single patients, on its way into the journal outside the database.
import type { Knex } from 'knex'
import type { PatientId } from '../../../kernel/ids.ts'
import type { Instant } from '../../../kernel/time.ts'
import type { Ctx } from '../../../platform/clinic-scope.ts'
import { changes, rows } from '../../../platform/db/rows.ts'

export type ErasureNote = { subject: Buffer; parts: string[]; at: Instant }

export async function upsertErasureNote(db: Knex, subject: Buffer, parts: readonly string[], at: Instant) {
  await changes(
    db,
    `insert into platform.erasure_notes as n (subject, parts, at) values (?, ?::text[], ?)
     on conflict (subject) do update set at = excluded.at,
       parts = array(select distinct part from unnest(n.parts || excluded.parts) as part)`,
    [subject, parts, at],
  )
}

export async function listErasureNotes(db: Knex, limit: number): Promise<ErasureNote[]> {
  return rows<ErasureNote>(db, 'select subject, parts, at from platform.erasure_notes order by at, subject limit ?', [
    limit,
  ])
}

/** Once it is in the journal; one that was written anew meanwhile stays for the next round. */
export async function deleteErasureNote(db: Knex, { subject, at }: ErasureNote): Promise<void> {
  await changes(db, 'delete from platform.erasure_notes where subject = ? and at = ?', [subject, at])
}

/** The patients of a clinic after `after`, in order. */
export async function listPatientIds(ctx: Ctx, after: string, limit: number): Promise<PatientId[]> {
  const found = await rows<{ id: PatientId }>(
    ctx.db,
    'select id from clinic.patients where clinic_id = ? and id > ?::uuid order by id limit ?',
    [ctx.clinic.id, after, limit],
  )
  return found.map(({ id }) => id)
}
