import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type pg from 'pg'
import { from as copyFrom } from 'pg-copy-streams'
import type { ClinicId } from '../../kernel/ids.ts'
import type { Instant } from '../../kernel/time.ts'
import { migrateUnseen } from '../db/migrate.ts'
import { unpackArchive, type BackupHead, type BackupManifest, type TableShape } from './archive.ts'
import { clinicTablesOf, columnList, migrationsOf, quoted } from './catalogue.ts'
import { dropDueMessages } from './erase-again.ts'
import { as, isEmpty, makeSchema } from './load.ts'

/** Why a clinic's backup can't be brought in here. */
export class NoPlaceForClinic extends Error {
  override name = 'NoPlaceForClinic'
}

export type LoadedClinic = { manifest: BackupManifest; messages: number; alone: boolean }

/**
 * Puts one clinic's rows back, in one transaction: into an empty database, which gets the schema of that day, the rows and
 * the migrations since and stays closed like after `loadArchive` (`alone`); or among other clinics, where this one must
 * have no rows any more and the schema must be the one that was saved. What the service holds of the clinic stays as it
 * is there and is put in where it is missing.
 */
export async function loadClinic(
  ownerUrl: string,
  clinicId: ClinicId,
  plain: AsyncIterable<Buffer>,
  now: Instant,
): Promise<LoadedClinic> {
  return as(ownerUrl, async (client) => {
    const alone = await isEmpty(client)
    let shapes = new Map<string, TableShape>()
    const manifest = await unpackArchive(plain, {
      async begin(head) {
        if (head.clinic !== clinicId) throw new NoPlaceForClinic('The backup is of another clinic.')
        if (alone) await makeSchema(ownerUrl, client, head)
        else await refuseOtherSchema(client, head)
        shapes = new Map((await clinicTablesOf(client)).map((shape) => [quoted(client, shape), shape]))
        await client.query('begin')
        await forceRowSecurity(client, shapes, false)
        const { rows } = await client.query('select from clinic.profiles where clinic_id = $1', [clinicId])
        if (rows.length > 0) throw new NoPlaceForClinic('The clinic has rows here: they would have to go first.')
      },
      async table(shape, data) {
        const name = quoted(client, shape)
        if (shapes.get(name)?.columns.toString() !== shape.columns.toString()) {
          throw new Error(`${name} is not the table it was`)
        }
        return shape.schema === 'clinic' ? copyInto(client, name, shape, data) : addMissing(client, name, shape, data)
      },
    })
    const messages = await dropDueMessages(client, now, clinicId)
    // What processes hold of this clinic is not so any more, and retention's turn is now.
    await client.query(
      `update platform.diaries set diary_version = diary_version + 1, settings_version = settings_version + 1
       where clinic_id = $1`,
      [clinicId],
    )
    await client.query('update platform.retention_turns set done_at = null, lease_until = null where clinic_id = $1', [
      clinicId,
    ])
    await forceRowSecurity(client, shapes, true)
    await client.query('commit')
    if (alone) await migrateUnseen(ownerUrl)
    return { manifest, messages, alone }
  })
}

async function refuseOtherSchema(client: pg.Client, { migrations }: BackupHead) {
  const here = await migrationsOf(client)
  if (here.toString() === migrations.toString()) return
  throw new NoPlaceForClinic('The database is of another day than the backup: bring it into an empty one.')
}

/** The owner is bound like everybody else, unless it says otherwise. Others wait until this transaction is through. */
async function forceRowSecurity(client: pg.Client, shapes: Map<string, TableShape>, force: boolean) {
  for (const [name, { schema }] of shapes) {
    if (schema !== 'clinic') continue
    await client.query(`alter table ${name} ${force ? '' : 'no '}force row level security`)
  }
}

async function copyInto(client: pg.Client, name: string, shape: TableShape, data: AsyncIterable<Buffer>) {
  const sink = client.query(copyFrom(`copy ${name} (${columnList(client, shape)}) from stdin`))
  await pipeline(Readable.from(data), sink)
  return sink.rowCount
}

async function addMissing(client: pg.Client, name: string, shape: TableShape, data: AsyncIterable<Buffer>) {
  const columns = columnList(client, shape)
  await client.query(`create temp table incoming on commit drop as select ${columns} from ${name} with no data`)
  const count = await copyInto(client, 'incoming', shape, data)
  await client.query(`insert into ${name} (${columns}) select ${columns} from incoming on conflict do nothing`)
  await client.query('drop table incoming')
  return count
}
