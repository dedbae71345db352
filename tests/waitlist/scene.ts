// A clinic with one free time a day, ten o'clock with Dr Sana, and people who wait for the one of tomorrow.
import { bookAtDesk } from '../../src/features/appointments/actions/book.ts'
import type { Appointment } from '../../src/features/appointments/queries.ts'
import { dispatchDue } from '../../src/features/messaging/actions/dispatch.ts'
import { workOnEvents } from '../../src/features/messaging/actions/events.ts'
import { joinList, type Joining } from '../../src/features/waitlist/actions/join.ts'
import type { EntryId, WaitingWish } from '../../src/features/waitlist/rules.ts'
import type { Phone } from '../../src/kernel/phone.ts'
import { Temporal } from '../../src/kernel/time.ts'
import type { Actor } from '../../src/platform/clinic-scope.ts'
import type { TestApp } from '../support/app.ts'
import { makeClinic, type TestClinic } from '../support/cast.ts'
import { makeLocation, makePatient, makeService, makeShift } from '../support/factories.ts'
import type { FakeWhatsApp, SentMessage } from '../support/whatsapp.ts'

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
