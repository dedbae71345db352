// What tests of messages ask the database, past every wall.
import type { Temporal } from '../../src/kernel/time.ts'
import type { AppointmentId } from '../../src/kernel/ids.ts'
import { findAppointment } from '../../src/features/appointments/queries.ts'
import { linkExpiry } from '../../src/features/appointments/rules.ts'
import { dispatchDue } from '../../src/features/messaging/actions/dispatch.ts'
import { workOnEvents } from '../../src/features/messaging/actions/events.ts'
import { noticeBooked, type AppointmentFacts } from '../../src/features/notices/actions.ts'
import type { Ctx } from '../../src/platform/clinic-scope.ts'
import { registerLink } from '../../src/platform/links.ts'
import { testNow, type TestApp } from './app.ts'
import type { TestClinic } from './cast.ts'
import type { FakeWhatsApp, SentMessage } from './whatsapp.ts'

export type MessageRow = {
  id: string
  appointment_id: string | null
  kind: string
  channel: string
  status: string
  version: number
  attempts: number
  due_at: Temporal.Instant
  lease_until: Temporal.Instant | null
  provider_id: string | null
  error_code: string | null
  drop_reason: string | null
  params_sealed: Buffer | null
  body_sealed: Buffer | null
}

export const messagesOf = (app: TestApp, clinicId: string): Promise<MessageRow[]> =>
  app.superuser<MessageRow>(
    'select * from clinic.messages where clinic_id = $1 order by created_at, version, due_at, id',
    [clinicId],
  )

/** `confirmation sent`, `reminder_24h queued` … in the order in which they are due. */
export async function inShort(app: TestApp, clinicId: string): Promise<string[]> {
  const found = await messagesOf(app, clinicId)
  return found.map(({ kind, status, drop_reason: reason, channel }) =>
    [kind, ...(channel === 'email' ? ['by mail'] : []), status, ...(reason === null ? [] : [`(${reason})`])].join(' '),
  )
}

/** What a caller of the notices would say of an appointment as it stands. */
export async function factsNow(ctx: Ctx, id: AppointmentId): Promise<AppointmentFacts> {
  const visit = await findAppointment(ctx, id)
  if (!visit?.patientId || !visit.patientPhone) throw new Error('no such visit')
  const { version, startsAt, practitionerId, locationId, status, language, messagesWanted } = visit
  return {
    id,
    version,
    startsAt,
    practitionerId,
    locationId,
    status,
    patientId: visit.patientId,
    phone: visit.patientPhone,
    ...(visit.patientEmail === null ? {} : { email: visit.patientEmail }),
    language,
    messagesWanted,
  }
}

/** No clinics, nothing written or sent, nobody who said STOP, and the time at which tests begin. */
export async function startOver(app: TestApp, whatsapp: FakeWhatsApp): Promise<void> {
  app.clock.set(testNow)
  for (const table of ['clinic.profiles', 'platform.webhook_events', 'platform.opt_outs', 'platform.number_aliases']) {
    await app.superuser(`delete from ${table}`)
  }
  whatsapp.sent.length = 0
}

/** What follows a booking by a patient: the visit's link, and word of it. */
export async function tellOfBooking(clinic: TestClinic, id: AppointmentId): Promise<void> {
  await clinic.inClinic(async (ctx) => {
    const visit = (await findAppointment(ctx, id))!
    await registerLink(ctx, id, visit.linkVersion, linkExpiry(visit.endsAt))
    await noticeBooked(ctx, await factsNow(ctx, id), { by: 'patient' })
  })
}

/** Works through what came in and sends what followed from it; answers only what was sent now. */
export async function settle(app: TestApp, whatsapp: FakeWhatsApp): Promise<SentMessage[]> {
  const before = whatsapp.sent.length
  await workOnEvents(app.services)
  await dispatchDue(app.services)
  return whatsapp.sent.slice(before)
}
