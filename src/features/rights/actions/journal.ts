// Erasures of single patients, into the journal outside the database and back out of it after a restore.
import { randomUUID } from 'node:crypto'
import type { PatientId } from '../../../kernel/ids.ts'
import { Temporal } from '../../../kernel/time.ts'
import { readErasureNotes, writeErasureNote } from '../../../platform/erasure-journal.ts'
import { folderKeyStore } from '../../../platform/seal/key-store.ts'
import type { Services } from '../../../platform/services.ts'
import { deleteErasureNote, listErasureNotes, listPatientIds } from '../queries/notes.ts'
import { erasePatient, subjectOf } from './erase.ts'

const perRound = 100

/**
 * Takes notes of erasures over into the journal. They were written in the erasure's own transaction, and go only when the
 * journal has them: a process that dies in between leaves one that is written twice, which is the same as once.
 */
export async function keepJournal({ db, config }: Pick<Services, 'db' | 'config'>): Promise<number> {
  const notes = await listErasureNotes(db, perRound)
  for (const note of notes) {
    await writeErasureNote(config.keyStoreDir, note.subject, { parts: note.parts, at: note.at.toString() })
    await deleteErasureNote(db, note)
  }
  return notes.length
}

const perBatch = 1_000

/** After a restore: whoever was erased since the backup, or before it in part, is erased again. Answers how many. */
export async function eraseSubjectsAgain(services: Services): Promise<number> {
  const notes = await readErasureNotes(services.config.keyStoreDir)
  if (notes.size === 0) return 0
  let erased = 0
  const keys = folderKeyStore(services.config.keyStoreDir)
  for await (const clinic of services.clinics.every()) {
    // One that was erased as a whole has no key, and nothing that could be opened.
    if (!(await keys.read(clinic.id))) continue
    const system = { kind: 'system', job: 'rights.journal' } as const
    const origin = { requestId: `restore-${randomUUID()}` }
    let after = '00000000-0000-0000-0000-000000000000'
    for (;;) {
      const ids: PatientId[] = await services.inClinic(clinic, system, origin, (ctx) =>
        listPatientIds(ctx, after, perBatch),
      )
      for (const id of ids) {
        const note = notes.get(subjectOf({ platformSeal: services.keys.platform, clinic }, id).toString('hex'))
        if (!note) continue
        const again = await services.inClinic(clinic, system, origin, (ctx) =>
          erasePatient(ctx, id, note.parts, { tell: false, again: Temporal.Instant.from(note.at) }),
        )
        if (!again.ok) throw new Error('a visit changed while nobody but the restore was there')
        const { visits, messages, patient } = again.value
        if (visits + messages > 0 || patient) erased++
      }
      const last = ids.at(-1)
      if (last === undefined || ids.length < perBatch) break
      after = last
    }
  }
  return erased
}
