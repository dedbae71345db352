// Whatever happens to a visit, in whatever order and even while messages are being sent: nobody is reminded of what is
// not so, and in the end everybody knows how things stand.
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { moveAppointment } from '../../src/features/appointments/actions/move.ts'
import { cancelByPatient, confirmByPatient, takeStep, undoStep } from '../../src/features/appointments/actions/run.ts'
import { findAppointment, type Appointment } from '../../src/features/appointments/queries.ts'
import { dispatchDue } from '../../src/features/messaging/actions/dispatch.ts'
import { workOnEvents } from '../../src/features/messaging/actions/events.ts'
import { isOptedOut } from '../../src/features/messaging/actions/stop.ts'
import { noticeBooked } from '../../src/features/notices/actions.ts'
import type { AppointmentId } from '../../src/kernel/ids.ts'
import type { Phone } from '../../src/kernel/phone.ts'
import { startTestApp, type TestApp } from '../support/app.ts'
import { makeClinic, type TestClinic } from '../support/cast.ts'
import { makeAppointment, makeBookable, makePatient } from '../support/factories.ts'
import { factsNow, startOver } from '../support/messages.ts'
import { fakeWhatsApp, type Answer, type FakeWhatsApp, type SentMessage } from '../support/whatsapp.ts'

let app: TestApp
let whatsapp: FakeWhatsApp
beforeAll(async () => {
  app = await startTestApp()
  whatsapp = fakeWhatsApp(app)
})
afterAll(() => app.stop())

const phone = '+923001234567' as Phone
const times = ['10:00', '12:00', '16:30']

type World = { clinic: TestClinic; id: AppointmentId }
type Event =
  | { do: 'move'; to: string; by: 'patient' | 'desk' }
  | { do: 'cancel' | 'cancel by patient' | 'arrive' | 'undo' | 'confirm' | 'STOP' | 'START' }
  | { do: 'answer'; next: Answer }
  | { do: 'wait'; minutes: number }

const event: fc.Arbitrary<Event> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ do: fc.constant('move' as const), to: fc.constantFrom(...times), by: fc.constantFrom('patient' as const, 'desk' as const) }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constantFrom('cancel', 'cancel by patient', 'arrive', 'undo', 'undo', 'confirm', 'STOP', 'START') }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('answer' as const), next: fc.constantFrom<Answer>('silence', { error: 131000 }, { error: 190 }, { status: 503 }) }) },
  { weight: 6, arbitrary: fc.record({ do: fc.constant('wait' as const), minutes: fc.constantFrom(1, 3, 6, 60, 12 * 60, 23 * 60) }) },
) // prettier-ignore

async function happen({ clinic, id }: World, what: Event): Promise<void> {
  const seconds = String(Math.floor(app.clock.now().epochMilliseconds / 1000))
  switch (what.do) {
    case 'move':
      await clinic.inClinic(async (ctx) => {
        const { practitionerId, locationId, startsAt } = (await findAppointment(ctx, id))!
        const to = startsAt.toZonedDateTimeISO('Asia/Karachi').withPlainTime(what.to).toInstant()
        return moveAppointment(ctx, id, { practitionerId, locationId, startsAt: to }, what.by)
      })
      return
    case 'cancel':
    case 'arrive':
      await clinic.inClinic((ctx) => takeStep(ctx, id, what.do === 'cancel' ? 'cancel' : 'arrive'))
      return
    case 'undo':
      await clinic.inClinic((ctx) => undoStep(ctx, id))
      return
    case 'cancel by patient':
      await clinic.inClinic((ctx) => cancelByPatient(ctx, id), { kind: 'patient' })
      return
    case 'confirm':
      await clinic.inClinic((ctx) => confirmByPatient(ctx, id), { kind: 'patient' })
      return
    case 'STOP':
    case 'START':
      await whatsapp.write(phone, what.do, { timestamp: seconds }).expect(200)
      await workOnEvents(app.services)
      return
    case 'answer':
      whatsapp.next(what.next)
      return
    case 'wait':
      app.clock.advance({ minutes: what.minutes })
  }
}

/** How things stand, as far as a message may tell of it. */
async function standing({ clinic, id }: World) {
  return clinic.inClinic(async (ctx) => {
    const visit = (await findAppointment(ctx, id))!
    return { visit, when: whenOf(visit), stopped: await isOptedOut(ctx, phone) }
  })
}
type Standing = Awaited<ReturnType<typeof standing>>
const whenOf = ({ startsAt }: Appointment) =>
  app.services.speakers('en', { country: 'PK', zone: 'Asia/Karachi' }).longDateTime(startsAt)

/**
 * May this have been sent, with things as they stood? What it says is looked up as it is sent, so that alone proves
 * little: a reminder left over from an earlier time would name the new one. The version in its buttons gives it away.
 */
function trueOf({ name, texts, buttons }: SentMessage, { visit, when, stopped }: Standing): boolean {
  if (name === 'text') return true
  if (buttons.some((payload) => !payload.endsWith(`.${visit.version}`))) return false
  const now = app.clock.now()
  if (stopped || now.epochMilliseconds >= visit.startsAt.epochMilliseconds) return false
  const status = name === 'nabz_cancelled' ? 'cancelled' : 'booked'
  return visit.status === status && texts[1] === when
}

async function freshWorld(): Promise<World> {
  await startOver(app, whatsapp)
  await app.superuser('delete from platform.sending_pauses')
  whatsapp.forget()
  const clinic = await makeClinic(app)
  await makeBookable(clinic)
  const patient = await makePatient(clinic, { phone })
  const { id } = await makeAppointment(clinic, { on: '2026-11-27', at: '16:30', patientId: patient.id })
  await clinic.inClinic(async (ctx) => noticeBooked(ctx, await factsNow(ctx, id), { by: 'desk' }))
  return { clinic, id }
}

const silent = new Set<Event['do']>(['wait', 'answer'])

describe('in any order of events', () => {
  it('nothing untrue is sent, and in the end the last word is how things stand', async () => {
    const property = fc.asyncProperty(fc.array(event, { minLength: 3, maxLength: 12 }), async (events) => {
      const world = await freshWorld()
      let everStopped = false
      for (const what of events) {
        await happen(world, what)
        everStopped ||= what.do === 'STOP'
        const before = whatsapp.sent.length
        await dispatchDue(app.services)
        const now = await standing(world)
        for (const message of whatsapp.sent.slice(before)) {
          expect(trueOf(message, now), `${message.name} ${message.texts.join(' | ')}`).toBe(true)
        }
      }
      // Everything that may still be under way has its say; long enough for held senders and lost answers.
      whatsapp.forget()
      for (const minutes of [4, 6, 11, 31]) {
        app.clock.advance({ minutes })
        await dispatchDue(app.services)
      }
      const { visit, when } = await standing(world)
      const comes = app.clock.now().epochMilliseconds < visit.startsAt.epochMilliseconds
      if (everStopped || !comes || !['booked', 'cancelled'].includes(visit.status)) return
      const last = whatsapp.sent.filter(({ name }) => /confirmation|moved|cancelled/.test(name)).at(-1)
      if (visit.status === 'booked') {
        expect(last?.name).not.toBe('nabz_cancelled')
        expect(last?.texts[1]).toBe(when)
      } else if (last) expect(last.name).toBe('nabz_cancelled')
    })
    // Somebody was said to be here until the confirmation had come due, and was not.
    const mistaken: Event[] = [{ do: 'arrive' }, { do: 'wait', minutes: 720 }, { do: 'undo' }]
    // A patient moved their visit while nothing could be sent, and the desk cancelled it and took that back.
    const held: Event[] = [
      { do: 'answer', next: { error: 190 } },
      { do: 'move', to: '10:00', by: 'patient' },
      { do: 'cancel' },
      { do: 'wait', minutes: 1 },
      { do: 'undo' },
    ]
    await fc.assert(property, { numRuns: 60, examples: [[mistaken], [held]] })
  }, 180_000)

  it('nothing untrue is sent even when it happens in the very moment of sending', async () => {
    const property = fc.asyncProperty(
      fc.constantFrom('2026-11-26T11:30:00Z', '2026-11-27T09:30:00Z'),
      event.filter((what) => !silent.has(what.do)),
      async (due, what) => {
        const world = await freshWorld()
        app.clock.advance({ minutes: 3 })
        await dispatchDue(app.services)
        app.clock.set(due)
        const before = await standing(world)
        const count = whatsapp.sent.length
        await Promise.all([dispatchDue(app.services), happen(world, what), dispatchDue(app.services)])
        const after = await standing(world)
        for (const message of whatsapp.sent.slice(count)) {
          expect(trueOf(message, before) || trueOf(message, after), message.name).toBe(true)
        }
        expect(whatsapp.sent.slice(count).filter(({ name }) => name === 'nabz_reminder').length).toBeLessThanOrEqual(1)
      },
    )
    await fc.assert(property, { numRuns: 40 })
  }, 180_000)
})
