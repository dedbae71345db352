import { newId, type ClinicId, type UserId } from '../../../kernel/ids.ts'
import { auditPlatform } from '../../../platform/audit.ts'
import type { Origin } from '../../../platform/clinic-scope.ts'
import { inTransaction } from '../../../platform/db/transaction.ts'
import { notFound } from '../../../platform/errors.ts'
import type { Services } from '../../../platform/services.ts'
import { findClinic, insertNote, updateNoteWithdrawn, type NoteId } from '../queries/clinic.ts'

export type Operator = { services: Pick<Services, 'db' | 'clock'>; origin: Origin; actorId: UserId }

/** Writes down something about a clinic, for whoever runs Nabz. */
export async function noteClinic(
  { services, origin, actorId }: Operator,
  clinicId: ClinicId,
  body: string,
): Promise<NoteId> {
  const at = services.clock.now()
  return inTransaction(services.db, async (trx) => {
    if (!(await findClinic(trx, clinicId))) notFound('clinic')
    const id = newId<'note'>()
    await insertNote(trx, { id, clinicId, at, authorId: actorId, body })
    await auditPlatform(trx, 'clinic.noted', { at, origin, actorId, clinicId, record: { kind: 'note', id } })
    return id
  })
}

/** Takes a note away, or brings it back. It stays in the database either way, as the log tells of it. */
export async function withdrawNote(
  { services, origin, actorId }: Operator,
  clinicId: ClinicId,
  id: NoteId,
  withdrawn: boolean,
): Promise<void> {
  const at = services.clock.now()
  await inTransaction(services.db, async (trx) => {
    if (!(await updateNoteWithdrawn(trx, clinicId, id, withdrawn ? at : null))) notFound('note')
    const action = withdrawn ? 'clinic.note_withdrawn' : 'clinic.note_restored'
    await auditPlatform(trx, action, { at, origin, actorId, clinicId, record: { kind: 'note', id } })
  })
}
