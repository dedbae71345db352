// What tests of messages ask the database, past every wall.
import type { Temporal } from '../../src/kernel/time.ts'
import type { AppointmentId } from '../../src/kernel/ids.ts'
import { findAppointment } from '../../src/features/appointments/queries.ts'
import type { AppointmentFacts } from '../../src/features/notices/actions.ts'
import type { Ctx } from '../../src/platform/clinic-scope.ts'
import type { TestApp } from './app.ts'

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
