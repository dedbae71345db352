// What the calendar shows. It only reads: every change is an action of the feature that owns the table.
import type { AppointmentId, LocationId, PatientId, PractitionerId, ServiceId } from '../../kernel/ids.ts'
import type { Instant, PlainDate } from '../../kernel/time.ts'
import type { Ctx } from '../../platform/clinic-scope.ts'
import { onePlan, rows } from '../../platform/db/rows.ts'
import type { Status } from '../appointments/rules.ts'
import { seesRestricted } from '../patients/rules.ts'

/** As much of an appointment as is drawn. */
export type Visit = {
  id: AppointmentId
  status: Status
  practitionerId: PractitionerId
  serviceId: ServiceId
  locationId: LocationId
  patientId: PatientId | null
  startsAt: Instant
  endsAt: Instant
  capacity: number
  overbooked: boolean
  holdExpiresAt: Instant | null
  practitionerName: string
  serviceName: string
  locationName: string
  /** Null for a hold, for whoever is erased, and for whoever is `hidden`: restricted, and not this person's to see. */
  patientName: string | null
  hidden: boolean
}

/**
 * What starts in `[from, to)` and stands, holds included, by time and doctor. Nothing sealed is opened for it, and little
 * else is read: a week of a full clinic is five hundred of these.
 */
export async function listVisits(
  ctx: Ctx,
  range: { from: Instant; to: Instant; practitionerId: PractitionerId | undefined },
): Promise<Visit[]> {
  const found = await rows<Omit<Visit, 'hidden'> & { restricted: boolean }>(
    ctx.db,
    `select a.id, a.status, a.practitioner_id as "practitionerId", a.service_id as "serviceId",
       a.location_id as "locationId", a.patient_id as "patientId", a.starts_at as "startsAt", a.ends_at as "endsAt",
       a.capacity, a.overbooked, a.hold_expires_at as "holdExpiresAt", d.name as "practitionerName",
       s.name as "serviceName", l.name as "locationName", p.name as "patientName",
       p.restricted_at is not null as restricted
     from clinic.appointments a
     join clinic.practitioners d on d.clinic_id = a.clinic_id and d.id = a.practitioner_id
     join clinic.services s on s.clinic_id = a.clinic_id and s.id = a.service_id
     join clinic.locations l on l.clinic_id = a.clinic_id and l.id = a.location_id
     left join lateral (select q.name, q.restricted_at from clinic.patients q
       where q.clinic_id = a.clinic_id and q.id = a.patient_id limit 1) p on true
     where a.clinic_id = ? and a.starts_at >= ? and a.starts_at < ? and a.status <> 'cancelled'
       and (a.hold_expires_at is null or a.hold_expires_at > ?)` +
      (range.practitionerId === undefined ? '' : ' and a.practitioner_id = ?') +
      ' order by a.starts_at, d.position, a.lane, a.id' +
      onePlan,
    [
      ctx.clinic.id,
      range.from,
      range.to,
      ctx.now,
      ...(range.practitionerId === undefined ? [] : [range.practitionerId]),
      null,
    ],
  )
  const sees = seesRestricted(ctx)
  return found.map(({ restricted, ...row }) => {
    const hidden = restricted && !sees
    return { ...row, hidden, patientName: hidden ? null : row.patientName }
  })
}

export type DayCount = { date: PlainDate; visits: number; missed: number; minutes: number }

/**
 * How many visits each local day between two instants has, how many were missed, and how long they take together. Days
 * without any are left out. Through `appointments_by_start`, however many years the clinic has been open.
 */
export async function countByDay(
  ctx: Ctx,
  range: { from: Instant; to: Instant; practitionerId: PractitionerId | undefined },
): Promise<DayCount[]> {
  return rows<DayCount>(
    ctx.db,
    `select (starts_at at time zone ?)::date as date,
            count(*) filter (where status <> 'noshow')::int as visits,
            count(*) filter (where status = 'noshow')::int as missed,
            coalesce(sum(extract(epoch from ends_at - starts_at) / 60) filter (where status <> 'noshow'), 0)::int as minutes
     from clinic.appointments
     where clinic_id = ? and starts_at >= ? and starts_at < ? and status in ('booked', 'arrived', 'in_room', 'fulfilled', 'noshow')` +
      (range.practitionerId === undefined ? '' : ' and practitioner_id = ?') +
      ' group by 1 order by 1',
    [
      ctx.clinic.zone,
      ctx.clinic.id,
      range.from,
      range.to,
      ...(range.practitionerId === undefined ? [] : [range.practitionerId]),
    ],
  )
}
