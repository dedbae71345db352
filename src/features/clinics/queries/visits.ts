// Booked visits that a change of the settings touches: of another feature's table, and only counted.
import type { Id, LocationId, PractitionerId } from '../../../kernel/ids.ts'
import type { Instant } from '../../../kernel/time.ts'
import type { Ctx } from '../../../platform/clinic-scope.ts'
import { rows } from '../../../platform/db/rows.ts'
import type { Closure, Kind } from '../rules.ts'

/** Booked visits still to come of a doctor, a service or a place. */
export async function countVisitsAhead(ctx: Ctx, kind: Kind, id: string): Promise<number> {
  const [row] = await rows<{ count: number }>(ctx.db, aheadOf[kind], [ctx.clinic.id, ctx.now, id])
  return row?.count ?? 0
}
const ahead = `select count(*) as count from clinic.appointments where clinic_id = ? and status = 'booked' and starts_at > ?`
const aheadOf = {
  practitioner: `${ahead} and practitioner_id = ?`,
  service: `${ahead} and service_id = ?`,
  location: `${ahead} and location_id = ?`,
  resource: `${ahead} and exists (select from clinic.appointment_resources r
    where r.clinic_id = appointments.clinic_id and r.appointment_id = appointments.id and r.resource_id = ?)`,
} as const satisfies Record<Kind, string>

/** Those of some doctors who have booked visits still to come. */
export async function listWithVisitsAhead(
  ctx: Ctx,
  practitionerIds: readonly PractitionerId[],
): Promise<Set<PractitionerId>> {
  if (practitionerIds.length === 0) return new Set()
  const found = await rows<{ id: PractitionerId }>(
    ctx.db,
    `select distinct practitioner_id as id from clinic.appointments
     where clinic_id = ? and practitioner_id = any(?::uuid[]) and status = 'booked' and starts_at > ?`,
    [ctx.clinic.id, practitionerIds, ctx.now],
  )
  return new Set(found.map(({ id }) => id))
}

/** Booked visits of a doctor that begin within some time, with where they are. */
export async function listVisitsOf(
  ctx: Ctx,
  practitionerId: PractitionerId,
  from: Instant,
  to: Instant,
): Promise<{ locationId: LocationId; startsAt: Instant; endsAt: Instant }[]> {
  return rows<{ locationId: LocationId; startsAt: Instant; endsAt: Instant }>(
    ctx.db,
    `select location_id as "locationId", starts_at as "startsAt", ends_at as "endsAt" from clinic.appointments
     where clinic_id = ? and practitioner_id = ? and status = 'booked' and starts_at > ? and starts_at >= ?
       and starts_at < ?`,
    [ctx.clinic.id, practitionerId, ctx.now, from, to],
  )
}

/** Of closures that are not over: how many booked visits begin in each; those without any are left out. */
export async function countVisitsOfClosures(ctx: Ctx): Promise<Map<Id<'closure'>, number>> {
  const found = await rows<{ id: Id<'closure'>; count: number }>(
    ctx.db,
    `select c.id, count(*) as count from clinic.closures c join clinic.appointments a
       on a.clinic_id = c.clinic_id and a.starts_at >= c.starts_at and a.starts_at < c.ends_at
     where c.clinic_id = ? and c.ends_at > ? and a.clinic_id = ? and a.status = 'booked' and a.starts_at > ?
       and (c.practitioner_id is null or a.practitioner_id = c.practitioner_id)
       and (c.location_id is null or a.location_id = c.location_id)
     group by c.id`,
    [ctx.clinic.id, ctx.now, ctx.clinic.id, ctx.now],
  )
  return new Map(found.map(({ id, count }) => [id, count]))
}

/** Booked visits that begin while something is closed. */
export async function countVisitsWithin(
  ctx: Ctx,
  closure: Pick<Closure, 'startsAt' | 'endsAt' | 'practitionerId' | 'locationId'>,
): Promise<number> {
  const { practitionerId, locationId } = closure
  const [row] = await rows<{ count: number }>(
    ctx.db,
    ahead +
      ' and starts_at >= ? and starts_at < ?' +
      (practitionerId === undefined ? '' : ' and practitioner_id = ?') +
      (locationId === undefined ? '' : ' and location_id = ?'),
    [
      ctx.clinic.id,
      ctx.now,
      closure.startsAt,
      closure.endsAt,
      ...(practitionerId === undefined ? [] : [practitionerId]),
      ...(locationId === undefined ? [] : [locationId]),
    ],
  )
  return row?.count ?? 0
}
