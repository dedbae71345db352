// Whoever types a known name and number on the public page without proving the number books a visit, and changes nothing
// of what is known about the person.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { PatientId } from '../../src/kernel/ids.ts'
import { withdraw } from '../../src/features/consents/actions.ts'
import { findConsent } from '../../src/features/consents/queries.ts'
import { parseSlot } from '../../src/features/booking/rules/wish.ts'
import { bookForCaller } from '../../src/features/desk/actions.ts'
import { findPatient } from '../../src/features/patients/queries.ts'
import { changeWaitlistSettings } from '../../src/features/waitlist/actions/join.ts'
import { startTestApp, testNow, type TestApp } from '../support/app.ts'
import { makeAppointment, makePatient } from '../support/factories.ts'
import type { Fields } from '../support/http.ts'
import { bookableClinic, hold, locationOf, slotAt, typed, wordsOf, type Scene } from './patient.ts'

let app: TestApp
beforeAll(async () => {
  app = await startTestApp()
})
afterAll(() => app.stop())
beforeEach(async () => {
  app.clock.set(testNow)
  await app.superuser('delete from platform.throttles')
})

const name = 'Ayesha Khan'
const phone = '+923001234567'

/** Ayesha, whom the clinic knows, and who reads Urdu. */
const ayeshaOf = (scene: Scene, address: { email?: string } = { email: 'ayesha@home.test' }) =>
  makePatient(scene.clinic, { name, phone, language: 'ur', proven: true, ...address })

const takesBack = (scene: Scene, patientId: PatientId) =>
  scene.clinic.inClinic((ctx) =>
    withdraw(ctx, { patientId, purpose: 'appointment_messages', channel: 'phone', source: 'desk' }),
  )

async function known(scene: Scene, id: PatientId) {
  const { patient, consent } = await scene.clinic.inClinic(async (ctx) => ({
    patient: await findPatient(ctx, id),
    consent: await findConsent(ctx, id, 'appointment_messages'),
  }))
  return { email: patient?.email, language: patient?.language, consent: consent?.decision }
}

/** Somebody types Ayesha's name and number into the English page, with an address of their own. */
async function bookAs(scene: Scene, more: Record<string, string> = {}) {
  const agent = app.agent()
  const path = await hold(agent, scene)
  const sent = await agent.postForm(path, typed({ name, phone, email: 'somebody@else.test', ...more }))
  return { agent, path, sent }
}

describe.each(['new', 'off'] as const)('with codes for %s numbers', (codePolicy) => {
  it('address and language stay as they are; the visit speaks the language of the page', async () => {
    const scene = await bookableClinic(app, { codePolicy })
    const { id } = await ayeshaOf(scene)
    const { agent, sent } = await bookAs(scene)
    expect(locationOf(sent)).toMatch(/^\/a\//)
    expect(await known(scene, id)).toEqual({ email: 'ayesha@home.test', language: 'ur', consent: 'permit' })
    const [visit] = await app.superuser(
      `select a.patient_id as patient, a.language, m.language as told
       from clinic.appointments a join clinic.messages m on m.appointment_id = a.id and m.kind = 'confirmation'
       where a.clinic_id = $1`,
      [scene.clinic.id],
    )
    expect(visit).toEqual({ patient: id, language: 'en', told: 'en' })
    expect(wordsOf((await agent.get(locationOf(sent))).text)).toContain('We are sending the confirmation')
    const entries = await app.superuser(
      `select 1 from clinic.audit_entries where clinic_id = $1 and action = 'patient.contact_updated'`,
      [scene.clinic.id],
    )
    expect(entries).toEqual([])
  })

  it('an address that is missing stays missing: news with the link would go there', async () => {
    const scene = await bookableClinic(app, { codePolicy })
    const { id } = await ayeshaOf(scene, {})
    await bookAs(scene)
    expect((await known(scene, id)).email).toBeUndefined()
  })

  it('who took back the consent to messages is not written to, and the page does not say so', async () => {
    const scene = await bookableClinic(app, { codePolicy })
    const { id } = await ayeshaOf(scene)
    await takesBack(scene, id)
    const { agent, sent } = await bookAs(scene)
    expect((await known(scene, id)).consent).toBe('deny')
    const page = wordsOf((await agent.get(locationOf(sent))).text)
    expect(page).toContain('Booking complete')
    expect(page).not.toContain('We are sending the confirmation')
    expect(page).toContain('Keep the link to this page')
  })

  it('the waiting list changes as little, and tells that nobody is written to', async () => {
    const scene = await bookableClinic(app, { codePolicy })
    await scene.clinic.inClinic((ctx) => changeWaitlistSettings(ctx, { on: true, most: 3, minutes: 30 }))
    const { id } = await ayeshaOf(scene)
    await takesBack(scene, id)
    const agent = app.agent()
    await agent.getForm(`${scene.home}/waiting-list`)
    await fill(scene)
    await makeAppointment(scene.clinic, { service: scene.service, on: '2026-11-25', at: '10:00' })
    const joined = await agent.postForm(`${scene.home}/waiting-list`, wishFor(scene))
    expect(joined.status).toBe(303)
    expect(await known(scene, id)).toEqual({ email: 'ayesha@home.test', language: 'ur', consent: 'deny' })
    const place = await agent.get(locationOf(joined))
    expect(wordsOf(place.text)).toContain('prove your number with a code')
    expect(place.text).toContain(`href="${scene.home}/privacy"`)
  })

  it('nor does waiting for something sooner by the link that the page showed', async () => {
    const scene = await bookableClinic(app, { codePolicy })
    await scene.clinic.inClinic((ctx) => changeWaitlistSettings(ctx, { on: true, most: 3, minutes: 30 }))
    const { id } = await ayeshaOf(scene)
    await takesBack(scene, id)
    const { agent, sent } = await bookAs(scene)
    await fill(scene)
    const [visit = ''] = locationOf(sent).split('?')
    await agent.getForm(`${visit}/sooner`)
    const joined = await agent.postForm(`${visit}/sooner`, wishFor(scene))
    expect(locationOf(joined)).toMatch(/^\/w\//)
    expect((await known(scene, id)).consent).toBe('deny')
  })
})

/** Takes the morning of the next day, apart from ten o'clock. */
async function fill(scene: Scene): Promise<void> {
  for (const at of ['09:00', '09:30', '10:30', '11:00', '11:30', '12:00'])
    await makeAppointment(scene.clinic, { service: scene.service, on: '2026-11-25', at })
}

const wishFor = (scene: Scene): Fields => ({
  service: scene.service.id,
  from: '2026-11-25',
  until: '2026-11-25',
  weekdays: '3',
  parts: 'morning',
  name,
  phone,
  email: 'somebody@else.test',
  consent: 'yes',
  website: '',
})

it('who is new is written down as they typed it', async () => {
  const scene = await bookableClinic(app)
  await bookAs(scene)
  const [visit] = await app.superuser<{ id: PatientId }>(
    'select patient_id as id from clinic.appointments where clinic_id = $1',
    [scene.clinic.id],
  )
  expect(await known(scene, visit!.id)).toEqual({ email: 'somebody@else.test', language: 'en', consent: 'permit' })
})

it('who proved the number changes all of it', async () => {
  const scene = await bookableClinic(app, { codePolicy: 'always' })
  const { id } = await ayeshaOf(scene)
  await takesBack(scene, id)
  const { agent, path, sent } = await bookAs(scene)
  expect(locationOf(sent)).toBe(path)
  expect(await known(scene, id)).toEqual({ email: 'ayesha@home.test', language: 'ur', consent: 'deny' })
  const [code] = await app.superuser<{ id: string; params: Buffer }>(
    `select id, params_sealed as params from clinic.messages where clinic_id = $1 and kind = 'code'`,
    [scene.clinic.id],
  )
  const { code: digits } = await scene.clinic.inClinic((ctx) =>
    Promise.resolve(ctx.seal.openJson(code!.params, 'messages.params', code!.id) as { code: string }),
  )
  await agent.getForm(path)
  expect(locationOf(await agent.postForm(path, { step: 'code', code: digits }))).toMatch(/^\/a\//)
  expect(await known(scene, id)).toEqual({ email: 'somebody@else.test', language: 'en', consent: 'permit' })
})

it('so does the desk, who speaks with them', async () => {
  const scene = await bookableClinic(app)
  const { id } = await ayeshaOf(scene)
  await takesBack(scene, id)
  const slot = {
    ...parseSlot(slotAt('10:00', scene))!,
    practitionerId: scene.practitionerId,
    serviceId: scene.service.id,
  }
  const patient = await scene.clinic.inClinic(async (ctx) => (await findPatient(ctx, id))!)
  const booked = await scene.clinic.inClinic((ctx) =>
    bookForCaller(ctx, { slot, patient, language: 'en', agreed: true }),
  )
  expect(booked.ok).toBe(true)
  expect(await known(scene, id)).toEqual({ email: 'ayesha@home.test', language: 'en', consent: 'permit' })
})
