// The desk sees what a patient agreed to, and writes down what they say.
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { listConsents } from '../../src/features/consents/queries.ts'
import { restrictPatient } from '../../src/features/patients/actions/record.ts'
import { startTestApp, testNow, type TestApp } from '../support/app.ts'
import { makeClinic, type TestClinic } from '../support/cast.ts'
import { makeAppointment, makeBookable, makePatient } from '../support/factories.ts'
import { wordsOf } from '../support/http.ts'
import { inShort } from '../support/messages.ts'

let app: TestApp
let clinic: TestClinic
beforeAll(async () => {
  app = await startTestApp()
})
afterAll(() => app.stop())
beforeEach(async () => {
  app.clock.set(testNow)
  clinic = await makeClinic(app)
  await makeBookable(clinic)
})

const said = (decision: string, more: Record<string, string> = {}) => ({
  purpose: 'appointment_messages', channel: 'phone', decision, ...more,
}) // prettier-ignore

it('shows what holds, since when and how, and the history with the words of then', async () => {
  const patient = await makePatient(clinic)
  const bilal = await clinic.as(clinic.cast.bilal)
  const page = `/app/${clinic.slug}/patients/${patient.id}`
  const before = wordsOf((await bilal.getForm(page)).html)
  expect(before).toContain('Messages about visits Agreed')
  expect(before).toContain('while booking, on a web page')
  expect(before).toContain('Asking how a visit was Never asked')
  const sent = await bilal.postForm(`${page}/consents`, said('deny')).expect(303)
  expect(sent.headers.location).toBe(`${page}#consents`)
  const after = wordsOf((await bilal.getForm(page)).html)
  expect(after).toContain('Noted: they took it back')
  expect(after).toContain('Messages about visits Taken back')
  expect(after).toContain('taken down by the clinic, on the telephone')
  expect(after).toContain('Shifa Clinic may send me WhatsApp messages about my visits')
  await bilal.postForm(`${page}/consents`, said('deny')).expect(303)
  expect(wordsOf((await bilal.getForm(page)).html)).toContain('That is how it stands already')
  expect(await clinic.inClinic((ctx) => listConsents(ctx, patient.id))).toHaveLength(2)
})

it('writes down how it was said, and tells of the visits to come that were booked without', async () => {
  const patient = await makePatient(clinic, { consent: false, language: 'ur' })
  await makeAppointment(clinic, { patientId: patient.id, on: '2026-11-26', at: '16:30', messagesWanted: false })
  const bilal = await clinic.as(clinic.cast.bilal)
  const page = `/app/${clinic.slug}/patients/${patient.id}`
  await bilal.getForm(page)
  await bilal.postForm(`${page}/consents`, said('permit', { channel: 'paper' })).expect(303)
  const [given] = await clinic.inClinic((ctx) => listConsents(ctx, patient.id))
  expect(given).toMatchObject({ decision: 'permit', channel: 'paper', source: 'desk', wording: 'desk', language: 'ur' })
  expect(await inShort(app, clinic.id)).toContain('confirmation queued')
})

it('refuses what is not on the form, and lets a doctor look but not write', async () => {
  const patient = await makePatient(clinic)
  await makeAppointment(clinic, { patientId: patient.id, practitionerId: clinic.cast.sana.practitionerId })
  const bilal = await clinic.as(clinic.cast.bilal)
  const page = `/app/${clinic.slug}/patients/${patient.id}`
  await bilal.getForm(page)
  for (const wrong of [said('maybe'), said('deny', { channel: 'web' }), said('deny', { purpose: 'marketing' }), {}]) {
    await bilal.postForm(`${page}/consents`, wrong).expect(422)
  }
  const sana = await clinic.as(clinic.cast.sana)
  expect((await sana.getForm(page)).html).not.toContain('/consents"')
  await sana.postForm(`${page}/consents`, said('deny')).expect(403)
})

it('is not there for who may not see restricted data', async () => {
  const patient = await makePatient(clinic)
  const bilal = await clinic.as(clinic.cast.bilal)
  const page = `/app/${clinic.slug}/patients/${patient.id}`
  await bilal.getForm(page)
  await clinic.inClinic((ctx) => restrictPatient(ctx, patient.id))
  await bilal.postForm(`${page}/consents`, said('deny')).expect(404)
})
