// One number, two clinics, one sender: what STOP ends at both, START begins again at both.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { give, withdraw } from '../../src/features/consents/actions.ts'
import { stopForPatient } from '../../src/features/messaging/actions/stop.ts'
import type { AppointmentId, PatientId } from '../../src/kernel/ids.ts'
import type { Phone } from '../../src/kernel/phone.ts'
import { open } from '../portal/scene.ts'
import { startTestApp, type TestApp } from '../support/app.ts'
import { makeClinic, type TestClinic } from '../support/cast.ts'
import { makeAppointment, makeBookable, makePatient } from '../support/factories.ts'
import { inShort, settle as settleAll, startOver, tellOfBooking } from '../support/messages.ts'
import { fakeWhatsApp, type FakeWhatsApp, type SentMessage } from '../support/whatsapp.ts'

let app: TestApp
let whatsapp: FakeWhatsApp
/** Who was written to last is who answers. */
let first: Place
let last: Place
beforeAll(async () => {
  app = await startTestApp()
  whatsapp = fakeWhatsApp(app)
})
afterAll(() => app.stop())
beforeEach(async () => {
  await startOver(app, whatsapp)
  first = await placeOf('16:30')
  app.clock.advance({ minutes: 1 })
  last = await placeOf('11:00')
})

type Place = { clinic: TestClinic; patientId: PatientId; visit: AppointmentId; confirmation: SentMessage }

const phone = '+923001234567' as Phone
const agreed = { purpose: 'appointment_messages', channel: 'web', source: 'public_page' } as const
const settle = () => settleAll(app, whatsapp)

async function placeOf(at: string): Promise<Place> {
  const clinic = await makeClinic(app)
  await makeBookable(clinic)
  const { id: patientId } = await makePatient(clinic, { phone })
  await clinic.inClinic((ctx) => give(ctx, { ...agreed, patientId }))
  const { id: visit } = await makeAppointment(clinic, { on: '2026-11-26', at, patientId })
  await tellOfBooking(clinic, visit)
  const [confirmation] = await settle()
  return { clinic, patientId, visit, confirmation: confirmation! }
}
const remindersOf = async ({ clinic }: Place) =>
  (await inShort(app, clinic.id)).filter((line) => line.startsWith('reminder'))
const queued = ['reminder_24h queued', 'reminder_2h queued']
const dropped = ['reminder_24h dropped (opted_out)', 'reminder_2h dropped (opted_out)']
const say = async (words: string, to?: Place) => {
  app.clock.advance({ minutes: 5 })
  await whatsapp.write(phone, words, to ? { context: { id: to.confirmation.id } } : {}).expect(200)
  return (await settle()).map(({ name }) => name)
}
const remindedBy = async (until: string) => {
  app.clock.set(until)
  return (await settle()).map(({ name }) => name)
}

describe('START', () => {
  it('brings the reminders back at every clinic where STOP dropped them, and is answered once', async () => {
    await say('STOP')
    expect([await remindersOf(first), await remindersOf(last)]).toEqual([dropped, dropped])
    expect(await say('START')).toEqual(['text'])
    expect([await remindersOf(first), await remindersOf(last)]).toEqual([queued, queued])
    expect(await remindedBy('2026-11-25T11:31:00Z')).toEqual(['nabz_reminder', 'nabz_reminder'])
  })

  it('said to another clinic than STOP was, takes back what STOP took back there', async () => {
    await say('STOP', first)
    await say('START', last)
    expect(await remindedBy('2026-11-25T11:31:00Z')).toEqual(['nabz_reminder', 'nabz_reminder'])
  })

  it('so too when STOP was said to the desk there', async () => {
    await first.clinic.inClinic((ctx) => stopForPatient(ctx, { id: first.patientId, phone }))
    await say('START', last)
    expect(await remindedBy('2026-11-25T11:31:00Z')).toEqual(['nabz_reminder', 'nabz_reminder'])
  })

  it('leaves alone what was taken back at another clinic for a reason of its own', async () => {
    await first.clinic.inClinic((ctx) =>
      withdraw(ctx, { ...agreed, channel: 'phone', source: 'desk', patientId: first.patientId }),
    )
    await say('STOP', last)
    await say('START', last)
    expect(await remindedBy('2026-11-25T11:31:00Z')).toEqual(['nabz_reminder'])
    expect(await inShort(app, first.clinic.id)).toContain('reminder_24h dropped (consent_withdrawn)')
  })

  it('on the page of one clinic is one at the other', async () => {
    const agent = app.agent('198.51.100.1')
    const own = `${await open(app, agent, first.clinic, phone)}/people/${first.patientId}`
    await say('STOP')
    app.clock.advance({ minutes: 1 })
    await agent.getForm(own)
    await agent.postForm(`${own}/messages`, { wish: 'start' }).expect(303)
    expect([await remindersOf(first), await remindersOf(last)]).toEqual([queued, queued])
  })

  it('overtaken by another STOP brings nothing back', async () => {
    await say('STOP')
    app.clock.advance({ minutes: 5 })
    const at = (seconds: number) => String(Math.floor(app.clock.now().epochMilliseconds / 1000) + seconds)
    await whatsapp.write(phone, 'STOP', { timestamp: at(20) }).expect(200)
    await whatsapp.write(phone, 'START', { timestamp: at(10) }).expect(200)
    await settle()
    expect([await remindersOf(first), await remindersOf(last)]).toEqual([dropped, dropped])
  })
})
