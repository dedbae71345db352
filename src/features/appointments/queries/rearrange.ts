// Many visits changed at once. The constraint that keeps visits apart is looked at row by row, so visits that change
// places would meet each other on the way: first all of them make room, then all of them take their places.
import type { AppointmentId, LocationId, PractitionerId } from '../../../kernel/ids.ts'
import type { Instant } from '../../../kernel/time.ts'
import type { Ctx } from '../../../platform/clinic-scope.ts'
import { changes, rows } from '../../../platform/db/rows.ts'
import type { ResourceId } from '../../availability/rules.ts'
import type { Status } from '../rules.ts'

/** Where a visit stands: all that is written when it is put somewhere else, or back. */
export type Standing = {
  status: Status
  practitionerId: PractitionerId
  locationId: LocationId
  startsAt: Instant
  endsAt: Instant
  occupiedFrom: Instant
  occupiedTo: Instant
  lane: number
  capacity: number
  overbooked: boolean
  confirmedAt: Instant | null
  /** The rooms and things it takes from now on; without them it keeps what it has. */
  resourceIds?: readonly ResourceId[]
}

/**
 * Takes visits out of the diary for the rest of a transaction that goes on to `updateStandings`. Answers how many still
 * had the version named.
 */
export async function updateVacated(
  ctx: Ctx,
  visits: readonly { id: AppointmentId; version: number }[],
): Promise<number> {
  return changes(
    ctx.db,
    `update clinic.appointments a set status = 'cancelled', version = a.version + 1
     from unnest(?::uuid[], ?::int[]) as v (id, version)
     where a.clinic_id = ? and a.id = v.id and a.version = v.version and a.status in ('booked', 'arrived', 'cancelled')`,
    [visits.map(({ id }) => id), visits.map(({ version }) => version), ctx.clinic.id],
  )
}

/**
 * Puts visits that made room where they are to stand, and answers their versions. `cancelReason` is kept with those that
 * are called off. May raise 23P01 when a place is taken.
 */
export async function updateStandings(
  ctx: Ctx,
  visits: readonly { id: AppointmentId; from: Status; to: Standing }[],
  cancelReason: string,
): Promise<Map<AppointmentId, number>> {
  const each = <T>(value: (visit: Standing) => T) => visits.map(({ to }) => value(to))
  const time = (value: (visit: Standing) => Instant) => each((to) => value(to).toString())
  const updated = await rows<{ id: AppointmentId; version: number }>(
    ctx.db,
    `update clinic.appointments a set status = v.status, practitioner_id = v.practitioner_id,
       location_id = v.location_id, starts_at = v.starts_at, ends_at = v.ends_at, occupied_from = v.occupied_from,
       occupied_to = v.occupied_to, lane = v.lane, capacity = v.capacity, overbooked = v.overbooked,
       confirmed_at = nullif(v.confirmed_at, '')::timestamptz,
       previous_status = case when v.status = 'cancelled' then v.came_from
                              when v.came_from = 'cancelled' then null else a.previous_status end,
       cancelled_at = case when v.status = 'cancelled' then ?::timestamptz end,
       cancelled_by = case when v.status = 'cancelled' then 'clinic' end,
       cancel_reason = case when v.status = 'cancelled' then ?::text end,
       calendar_sequence = a.calendar_sequence + 1
     from unnest(?::uuid[], ?::text[], ?::text[], ?::uuid[], ?::uuid[], ?::timestamptz[], ?::timestamptz[],
                 ?::timestamptz[], ?::timestamptz[], ?::int[], ?::int[], ?::boolean[], ?::text[])
       as v (id, came_from, status, practitioner_id, location_id, starts_at, ends_at, occupied_from, occupied_to, lane,
             capacity, overbooked, confirmed_at)
     where a.clinic_id = ? and a.id = v.id returning a.id, a.version`,
    [
      ctx.now,
      cancelReason,
      visits.map(({ id }) => id),
      visits.map(({ from }) => from),
      each(({ status }) => status),
      each(({ practitionerId }) => practitionerId),
      each(({ locationId }) => locationId),
      time(({ startsAt }) => startsAt),
      time(({ endsAt }) => endsAt),
      time(({ occupiedFrom }) => occupiedFrom),
      time(({ occupiedTo }) => occupiedTo),
      each(({ lane }) => lane),
      each(({ capacity }) => capacity),
      each(({ overbooked }) => String(overbooked)),
      each(({ confirmedAt }) => confirmedAt?.toString() ?? ''),
      ctx.clinic.id,
    ],
  )
  return new Map(updated.map(({ id, version }) => [id, version]))
}

/** Takes the rooms and things of visits away that are about to get others. */
export async function deleteResourcesOf(ctx: Ctx, ids: readonly AppointmentId[]): Promise<void> {
  await changes(
    ctx.db,
    'delete from clinic.appointment_resources where clinic_id = ? and appointment_id = any(?::uuid[])',
    [ctx.clinic.id, ids],
  )
}

/** The rooms and things a visit takes, by id. */
export async function listResourcesOf(ctx: Ctx, id: AppointmentId): Promise<ResourceId[]> {
  const found = await rows<{ id: ResourceId }>(
    ctx.db,
    `select resource_id as id from clinic.appointment_resources
     where clinic_id = ? and appointment_id = ? order by resource_id`,
    [ctx.clinic.id, id],
  )
  return found.map(({ id: resource }) => resource)
}

/** Gives visits that stand in their places rooms and things. May raise 23P01 when one is taken. */
export async function insertResourcesOf(
  ctx: Ctx,
  taken: readonly { id: AppointmentId; resourceId: ResourceId }[],
): Promise<void> {
  await changes(
    ctx.db,
    `insert into clinic.appointment_resources
       (clinic_id, appointment_id, practitioner_id, session, occupied_from, occupied_to, occupies, resource_id)
     select a.clinic_id, a.id, a.practitioner_id, a.session, a.occupied_from, a.occupied_to, a.occupies, r.resource_id
     from unnest(?::uuid[], ?::uuid[]) as r (id, resource_id)
     join clinic.appointments a on a.clinic_id = ? and a.id = r.id`,
    [taken.map(({ id }) => id), taken.map(({ resourceId }) => resourceId), ctx.clinic.id],
  )
}

export type LastMove = {
  at: Instant
  version: number
  startsAt: Instant
  practitionerId: PractitionerId
  locationId: LocationId
  minutes: number
  resourceIds: ResourceId[]
  lane: number
  overbooked: boolean
  confirmedAt: Instant | null
}

/** Where a visit stood before it was last moved, as far as the log still knows. */
export async function findLastMove(ctx: Ctx, id: AppointmentId): Promise<LastMove | undefined> {
  const [found] = await rows<LastMove>(
    ctx.db,
    `select at, (details->>'version')::int as version, (details->>'from')::timestamptz as "startsAt",
       details->>'from_practitioner_id' as "practitionerId", details->>'from_location_id' as "locationId",
       (details->>'from_minutes')::int as minutes,
       string_to_array(details->>'from_resource_ids', ' ') as "resourceIds", (details->>'from_lane')::int as lane, (details->>'from_overbooked')::boolean as overbooked,
       (details->>'was_confirmed_at')::timestamptz as "confirmedAt"
     from clinic.audit_entries
     where clinic_id = ? and record_id = ? and record_kind = 'appointment' and action = 'appointment.moved'
     order by at desc, id desc limit 1`,
    [ctx.clinic.id, id],
  )
  return found && found.version !== null && found.minutes !== null ? found : undefined
}

/** Lets go of holds: of these, and of all that lapsed, for doctors whose diary is rearranged. */
export async function deleteHoldsInTheWay(
  ctx: Ctx,
  ids: readonly AppointmentId[],
  practitionerIds: readonly PractitionerId[],
): Promise<number> {
  return changes(
    ctx.db,
    `delete from clinic.appointments where clinic_id = ? and status = 'pending'
       and (id = any(?::uuid[]) or (practitioner_id = any(?::uuid[]) and hold_expires_at <= ?))`,
    [ctx.clinic.id, ids, practitionerIds, ctx.now],
  )
}
