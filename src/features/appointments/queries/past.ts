// What earlier visits say about a booking.
import type { PatientId, PractitionerId } from '../../../kernel/ids.ts'
import type { Instant } from '../../../kernel/time.ts'
import type { Ctx } from '../../../platform/clinic-scope.ts'
import { rows } from '../../../platform/db/rows.ts'

export async function hasBeenSeen(ctx: Ctx, patientIds: readonly PatientId[]): Promise<boolean> {
  if (patientIds.length === 0) return false
  const [row] = await rows<{ seen: boolean }>(
    ctx.db,
    `select exists (select from clinic.appointments where clinic_id = ? and patient_id = any(?::uuid[])
       and status in ('arrived', 'in_room', 'fulfilled')) as seen`,
    [ctx.clinic.id, patientIds],
  )
  return row?.seen === true
}

export type Examined = { at: Instant; practitionerId: PractitionerId; doctor: string }

/** The last examination of any of these people before `before` that took place; by one doctor, when named. */
export async function findExamined(
  ctx: Ctx,
  patientIds: readonly PatientId[],
  practitionerId: PractitionerId | undefined,
  before: Instant,
): Promise<Examined | undefined> {
  if (patientIds.length === 0) return undefined
  const [row] = await rows<Examined>(
    ctx.db,
    `select a.starts_at as at, a.practitioner_id as "practitionerId", d.name as doctor
     from clinic.appointments a
     join clinic.services s on s.clinic_id = a.clinic_id and s.id = a.service_id
     join clinic.practitioners d on d.clinic_id = a.clinic_id and d.id = a.practitioner_id
     where a.clinic_id = ? and a.patient_id = any(?::uuid[]) and a.starts_at < ? and a.status = 'fulfilled'
       and s.visit_type = 'examination'` +
      (practitionerId === undefined ? '' : ' and a.practitioner_id = ?') +
      ' order by a.starts_at desc limit 1',
    [ctx.clinic.id, patientIds, before, ...(practitionerId === undefined ? [] : [practitionerId])],
  )
  return row
}
