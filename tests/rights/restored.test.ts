// A backup brings back who was erased: they are erased again, by notes that name nobody.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { eraseSubjectsAgain, keepJournal } from '../../src/features/rights/actions/journal.ts'
import { Temporal } from '../../src/kernel/time.ts'
import { readErasureNotes, writeErasureNote } from '../../src/platform/erasure-journal.ts'
import { testNow as start, type TestApp } from '../support/app.ts'
import type { TestClinic } from '../support/cast.ts'
import { makeAppointment, makeBookable, makePatient } from '../support/factories.ts'
import { withRights } from './scene.ts'

let app: TestApp
let clinic: TestClinic
const { askProven, decide, count, everything } = withRights((started) => ({ app, clinic } = started))

describe('after a restore', () => {
  it('whoever was erased is erased again', async () => {
    const { service, locationId } = await makeBookable(clinic)
    const patient = await makePatient(clinic, { name: 'Returned Rowan' })
    const visit = await makeAppointment(clinic, {
      service,
      locationId,
      patientId: patient.id,
      on: '2026-11-20',
      at: '10:00',
      status: 'fulfilled',
    })
    const row = await app.superuser('select * from clinic.patients where id = $1', [patient.id])
    await decide(await askProven(patient.id, 'erasure'))
    await keepJournal(app.services)
    expect(await keepJournal(app.services)).toBe(0)
    expect(await everything()).not.toContain('Returned Rowan')
    // What a backup of the day before would bring back.
    const names = Object.keys(row[0]!)
    await app.superuser(
      `insert into clinic.patients (${names.join(', ')}) values (${names.map((_, at) => `$${at + 1}`).join(', ')})`,
      names.map((name) => { const value = row[0]![name]; return value instanceof Temporal.Instant ? value.toString() : value }),
    ) // prettier-ignore
    await app.superuser('update clinic.appointments set patient_id = $1, identity_erased_at = null where id = $2', [
      patient.id,
      visit.id,
    ])
    expect(await eraseSubjectsAgain(app.services)).toBe(1)
    expect(await everything()).not.toContain('Returned Rowan')
    expect(await count('clinic.appointments where id = $1 and patient_id is null', [visit.id])).toBe(1)
    expect(await eraseSubjectsAgain(app.services)).toBe(0)
  })

  it('is told by notes that hold nobody’s name, and never say less than before', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'nabz-journal-'))
    const subject = Buffer.alloc(32, 9)
    await writeErasureNote(folder, subject, { parts: ['messages'], at: start })
    await writeErasureNote(folder, subject, { parts: ['contact'], at: start })
    const notes = await readErasureNotes(folder)
    expect([...notes]).toEqual([[subject.toString('hex'), { parts: ['contact', 'messages'], at: start }]])
    await rm(folder, { recursive: true })
  })
})
