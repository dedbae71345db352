// A clinic with one free time a day, ten o'clock with Dr Sana, and people who wait for the one of tomorrow.
import { beforeAll, beforeEach } from 'vitest'
import { bookAtDesk } from '../../src/features/appointments/actions/book.ts'
import { cancelByPatient } from '../../src/features/appointments/actions/run.ts'
import type { Appointment } from '../../src/features/appointments/queries.ts'
import { dispatchDue } from '../../src/features/messaging/actions/dispatch.ts'
import { workOnEvents } from '../../src/features/messaging/actions/events.ts'
import { joinList, type Joining } from '../../src/features/waitlist/actions/join.ts'
import { listEntriesOf } from '../../src/features/waitlist/queries/entries.ts'
import type { EntryId, WaitingWish } from '../../src/features/waitlist/rules.ts'
import type { Phone } from '../../src/kernel/phone.ts'
import { Temporal } from '../../src/kernel/time.ts'
import type { Actor } from '../../src/platform/clinic-scope.ts'
import { startTestApp, type TestApp } from '../support/app.ts'
import { makeClinic, type TestClinic } from '../support/cast.ts'
import { makeLocation, makePatient, makeService, makeShift } from '../support/factories.ts'
import { startOver } from '../support/messages.ts'
import { fakeWhatsApp, type FakeWhatsApp, type SentMessage } from '../support/whatsapp.ts'

export const patientActor: Actor = { kind: 'patient' }
export const tomorrow = Temporal.PlainDate.from('2026-11-25')

let numbers = 0
export const newPhone = () => `+92301${String(1_000_000 + ++numbers)}` as Phone

export type Scene = Awaited<ReturnType<typeof waitingScene>>

export async function waitingScene(
  app: TestApp,
  options: { hours?: [string, string]; capacity?: number; durationMin?: number; zone?: string } = {},
) {
  const { zone = 'Asia/Karachi' } = options
  const clinic = await makeClinic(app, { zone })
  const { id: locationId } = await makeLocation(clinic)
  const service = await makeService(clinic, {
    ...(options.capacity === undefined ? {} : { capacity: options.capacity }),
    ...(options.durationMin === undefined ? {} : { durationMin: options.durationMin }),
  })
  const [from, to] = options.hours ?? ['10:00', '10:30']
  await makeShift(clinic, { locationId, from, to })
  const { practitionerId } = clinic.cast.sana
  const slot = (date = '2026-11-25', time = '10:00') => ({
    serviceId: service.id,
    practitionerId,
    locationId,
    startsAt: Temporal.PlainDateTime.from(`${date}T${time}`).toZonedDateTime(zone).toInstant(),
  })
  const wish = (overrides: Partial<WaitingWish> = {}): WaitingWish => ({
    serviceId: service.id,
    practitionerIds: [],
    locationId: null,
    weekdays: [],
    parts: [],
    from: tomorrow,
    until: tomorrow,
    ...overrides,
  })
  /** Somebody who has the time: what has to go before it comes free. */
  async function book(
    date = '2026-11-25',
    time = '10:00',
    who?: { name: string; phone: Phone },
    serviceId = service.id,
  ): Promise<Appointment> {
    const { name, phone } = who ?? { name: 'Zara Holds It', phone: newPhone() }
    const booked = await clinic.inClinic((ctx) =>
      bookAtDesk(ctx, {
        wish: { ...slot(date, time), serviceId },
        patient: { name, phone, email: undefined, language: 'en', proven: true, consentWording: 'desk' },
        language: 'en',
        messagesWanted: true,
      }),
    )
    if (!booked.ok) throw new Error(booked.reason)
    return booked.value
  }
  async function join(
    overrides: Partial<WaitingWish> = {},
    more: Partial<Pick<Joining, 'insteadOf' | 'language' | 'source'>> & { phone?: Phone; name?: string } = {},
  ): Promise<{ id: EntryId; phone: Phone; token: string; patientId: Awaited<ReturnType<typeof makePatient>>['id'] }> {
    const { phone = newPhone(), name, ...rest } = more
    const patient = await makePatient(clinic, { phone, ...(name === undefined ? {} : { name }) })
    const joined = await clinic.inClinic(
      (ctx) =>
        joinList(ctx, {
          patient: { id: patient.id, agreed: true },
          wish: wish(overrides),
          language: 'en',
          source: 'online',
          ...rest,
        }),
      patientActor,
    )
    if (!joined.ok) throw new Error(joined.reason)
    app.clock.set(app.clock.now().add({ seconds: 1 }))
    return { ...joined.value, phone, patientId: patient.id }
  }
  return { app, clinic, service, locationId, practitionerId, slot, wish, book, join }
}

/** Works through what came in, offers what came free, sends what is due; answers only what was sent now. */
export async function settle(app: TestApp, whatsapp: FakeWhatsApp): Promise<SentMessage[]> {
  const before = whatsapp.sent.length
  await workOnEvents(app.services)
  await app.runJob('waitlist.offer')
  await dispatchDue(app.services)
  return whatsapp.sent.slice(before)
}

export const offersIn = (clinic: TestClinic) =>
  clinic.app.superuser<{ id: string; entry_id: string; state: string; starts_at: Temporal.Instant }>(
    'select id, entry_id, state, starts_at from clinic.waiting_offers where clinic_id = $1 order by offered_at, id',
    [clinic.id],
  )

export const visitsIn = (clinic: TestClinic) =>
  clinic.app.superuser<{ id: string; patient_id: string; status: string; starts_at: Temporal.Instant }>(
    `select id, patient_id, status, starts_at from clinic.appointments where clinic_id = $1 and status <> 'cancelled'
     order by starts_at, id`,
    [clinic.id],
  )

// Several leave at once, so that they arrive in any order.
export const offersOf = (sent: SentMessage[]) =>
  sent.filter(({ name }) => name.startsWith('nabz_waitlist')).sort((a, b) => Number(a.to) - Number(b.to))

/** As WhatsApp names a number. */
export const digits = (phone: string) => phone.replace('+', '')

type Now = { app: TestApp; whatsapp: FakeWhatsApp; scene: Scene }

/** An app for the file's tests, and for each of them a clinic for which nobody waits yet. */
export function withWaitingList(take: (started: Now) => void): void {
  let app: TestApp
  let whatsapp: FakeWhatsApp
  beforeAll(async () => {
    app = await startTestApp()
    whatsapp = fakeWhatsApp(app)
    return () => app.stop()
  })
  beforeEach(async () => {
    await startOver(app, whatsapp)
    take({ app, whatsapp, scene: await waitingScene(app) })
  })
}

/** What happens around a time that comes free, said of the scene as it is when it happens. */
export function wordsFor(now: () => Now) {
  const later = (minutes: number) => now().app.clock.set(now().app.clock.now().add({ minutes }))
  const cancel = (id: Appointment['id']) => now().scene.clinic.inClinic((ctx) => cancelByPatient(ctx, id), patientActor)
  const entryOf = (patientId: Parameters<typeof listEntriesOf>[1]) =>
    now().scene.clinic.inClinic(async (ctx) => (await listEntriesOf(ctx, patientId))[0]!)
  /** The time is taken, these many wait for it, and it comes free. */
  const freed = async (people: number) => {
    const { app, whatsapp, scene } = now()
    const visit = await scene.book()
    const waiting = []
    for (let number = 0; number < people; number++) waiting.push(await scene.join())
    await settle(app, whatsapp)
    await cancel(visit.id)
    return waiting
  }
  return { settle: () => settle(now().app, now().whatsapp), later, cancel, entryOf, freed }
}
