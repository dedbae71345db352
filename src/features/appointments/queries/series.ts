import type { AppointmentId, SeriesId } from '../../../kernel/ids.ts'
import type { Ctx } from '../../../platform/clinic-scope.ts'
import { changes, rows } from '../../../platform/db/rows.ts'
import type { Appointment } from '../queries.ts'

/**
 * Makes these visits a series, in this order. False when one of them is gone or one of a series already; then the whole is
 * to be given up.
 */
export async function updateToSeries(ctx: Ctx, seriesId: SeriesId, ids: readonly AppointmentId[]): Promise<boolean> {
  const changed = await changes(
    ctx.db,
    `update clinic.appointments set series_id = ?, series_index = array_position(?::uuid[], id), series_of = ?
     where clinic_id = ? and id = any(?::uuid[]) and series_id is null`,
    [seriesId, ids, ids.length, ctx.clinic.id, ids],
  )
  return changed === ids.length
}

/** A visit that was made the first of a series is one by itself again. */
export async function updateOutOfSeries(ctx: Ctx, id: AppointmentId): Promise<void> {
  await changes(
    ctx.db,
    `update clinic.appointments set series_id = null, series_index = null, series_of = null where clinic_id = ? and id = ?`,
    [ctx.clinic.id, id],
  )
}

/** A visit as its patient's page of another one names it. */
export type OtherVisit = Pick<Appointment, 'id' | 'startsAt' | 'practitionerName' | 'locationName'>

/**
 * The other visits of a visit's series that are still to come, in order, for its patient to see: none of somebody whose
 * data is restricted, and none that is no longer theirs.
 */
export async function listOthersOfSeries(
  ctx: Ctx,
  { id, seriesId, patientId }: Pick<Appointment, 'id' | 'seriesId' | 'patientId'>,
): Promise<OtherVisit[]> {
  if (seriesId === null || patientId === null) return []
  return rows<OtherVisit>(
    ctx.db,
    `select a.id, a.starts_at as "startsAt", d.name as "practitionerName", l.name as "locationName"
     from clinic.appointments a
     join clinic.patients p on p.clinic_id = a.clinic_id and p.id = a.patient_id
     join clinic.practitioners d on d.clinic_id = a.clinic_id and d.id = a.practitioner_id
     join clinic.locations l on l.clinic_id = a.clinic_id and l.id = a.location_id
     where a.clinic_id = ? and a.series_id = ? and a.patient_id = ? and a.id <> ? and a.status = 'booked'
       and a.starts_at > ? and p.restricted_at is null
     order by a.starts_at, a.id`,
    [ctx.clinic.id, seriesId, patientId, id, ctx.now],
  )
}
