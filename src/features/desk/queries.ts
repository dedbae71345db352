// What the desk's pages look up across patients and visits. It only reads: every change is an action of the feature
// that owns the table.
import type { AppointmentId, LocationId, PatientId, PractitionerId, ServiceId } from '../../kernel/ids.ts'
import type { Instant } from '../../kernel/time.ts'
import type { Ctx } from '../../platform/clinic-scope.ts'
import { rows } from '../../platform/db/rows.ts'

export type VisitsAround = { nextAt: Instant | null; lastAt: Instant | null; withDoctor: boolean }

/** The next and the last visit of each of these people, and whether any visit is with this doctor. */
export async function listVisitsAround(
  ctx: Ctx,
  patientIds: readonly PatientId[],
  practitionerId: PractitionerId | undefined,
): Promise<Map<PatientId, VisitsAround>> {
  if (patientIds.length === 0) return new Map()
  const found = await rows<VisitsAround & { id: PatientId }>(
    ctx.db,
    `select patient_id as id,
            min(starts_at) filter (where status = 'booked' and starts_at >= ?) as "nextAt",
            max(starts_at) filter (where status in ('arrived', 'in_room', 'fulfilled')) as "lastAt",
            coalesce(bool_or(practitioner_id = ?::uuid), false) as "withDoctor"
     from clinic.appointments where clinic_id = ? and patient_id = any(?::uuid[]) and status <> 'pending'
     group by patient_id`,
    [ctx.now, practitionerId ?? null, ctx.clinic.id, patientIds],
  )
  return new Map(found.map(({ id, ...around }) => [id, around]))
}

export type UsualVisit = { serviceId: ServiceId; practitionerId: PractitionerId; locationId: LocationId }

/** What somebody came for last, so that booking them again needs no choosing. */
export async function findUsualVisit(ctx: Ctx, patientId: PatientId): Promise<UsualVisit | undefined> {
  const [row] = await rows<UsualVisit>(
    ctx.db,
    `select service_id as "serviceId", practitioner_id as "practitionerId", location_id as "locationId"
     from clinic.appointments where clinic_id = ? and patient_id = ? and status <> 'pending'
     order by starts_at desc limit 1`,
    [ctx.clinic.id, patientId],
  )
  return row
}

/** When the message of this kind about a visit leaves, if one is waiting to. */
export async function findDueMessage(ctx: Ctx, id: AppointmentId, kind: string): Promise<Instant | undefined> {
  const [row] = await rows<{ dueAt: Instant }>(
    ctx.db,
    `select due_at as "dueAt" from clinic.messages
     where clinic_id = ? and appointment_id = ? and kind = ? and status = 'queued' order by due_at limit 1`,
    [ctx.clinic.id, id, kind],
  )
  return row?.dueAt
}
