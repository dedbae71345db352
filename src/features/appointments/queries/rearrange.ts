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
 * are as they were read: somebody's arrival, and another length, leave the version as it is.
 */
export async function updateVacated(
  ctx: Ctx,
  visits: readonly { id: AppointmentId; version: number; status: Status; endsAt: Instant }[],
): Promise<number> {
  return changes(
    ctx.db,
    `update clinic.appointments a set status = 'cancelled', version = a.version + 1
     from unnest(?::uuid[], ?::int[], ?::text[], ?::timestamptz[]) as v (id, version, status, ends_at)
     where a.clinic_id = ? and a.id = v.id and a.version = v.version and a.status = v.status and a.ends_at = v.ends_at
       and a.status in ('booked', 'arrived', 'cancelled')`,
    [
      visits.map(({ id }) => id),
      visits.map(({ version }) => version),
      visits.map(({ status }) => status),
      visits.map(({ endsAt }) => endsAt.toString()),
      ctx.clinic.id,
    ],
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

/** Where visits stood before they were last moved, as far as the log still knows. */
export async function listLastMoves(ctx: Ctx, ids: readonly AppointmentId[]): Promise<Map<AppointmentId, LastMove>> {
  const found = await rows<LastMove & { id: AppointmentId }>(
    ctx.db,
    `select distinct on (record_id) record_id as id, at, (details->>'version')::int as version,
       (details->>'from')::timestamptz as "startsAt",
       details->>'from_practitioner_id' as "practitionerId", details->>'from_location_id' as "locationId",
       (details->>'from_minutes')::int as minutes,
       string_to_array(details->>'from_resource_ids', ' ') as "resourceIds", (details->>'from_lane')::int as lane, (details->>'from_overbooked')::boolean as overbooked,
       (details->>'was_confirmed_at')::timestamptz as "confirmedAt"
     from clinic.audit_entries
     where clinic_id = ? and record_id = any(?::uuid[]) and record_kind = 'appointment' and action = 'appointment.moved'
     order by record_id, at desc, version desc nulls last`,
    [ctx.clinic.id, ids],
  )
  // A whole day that was rearranged is put back as one, and its entries say nothing of the way back.
  const known = found.filter(({ version, minutes }) => version !== null && minutes !== null)
  return new Map(known.map(({ id, ...move }) => [id, move]))
}

/**
 * Which of these visits can't stand in the place named, because others have it: for saying so. A hold that lapsed has
 * nothing. That nobody stands in two places is the constraints' word alone.
 */
export async function listInTheWay(
  ctx: Ctx,
  visits: readonly { id: AppointmentId; to: Pick<Standing, Spot> }[],
): Promise<Set<AppointmentId>> {
  const each = <T>(value: (visit: Pick<Standing, Spot>) => T) => visits.map(({ to }) => value(to))
  const ids = visits.map(({ id }) => id)
  const blocked = await rows<{ id: AppointmentId }>(
    ctx.db,
    `with place as (
       select own.id, own.service_id, v.practitioner_id, v.location_id, v.starts_at, v.occupied_from, v.occupied_to, v.lane,
         v.overbooked,
         case when v.keeps then array(select k.resource_id from clinic.appointment_resources k
                                      where k.clinic_id = own.clinic_id and k.appointment_id = own.id)
              else string_to_array(v.resources, ' ')::uuid[] end as resources
       from unnest(?::uuid[], ?::uuid[], ?::uuid[], ?::timestamptz[], ?::timestamptz[], ?::timestamptz[], ?::int[],
                   ?::boolean[], ?::boolean[], ?::text[])
         as v (id, practitioner_id, location_id, starts_at, occupied_from, occupied_to, lane, overbooked, keeps,
               resources)
       join clinic.appointments own on own.clinic_id = ? and own.id = v.id)
     select place.id from place where exists (
       select from clinic.appointments a
       where a.clinic_id = ? and a.practitioner_id = place.practitioner_id and a.occupies and a.id <> all(?::uuid[])
         and (a.hold_expires_at is null or a.hold_expires_at > ?)
         and a.occupied_from < place.occupied_to and a.occupied_to > place.occupied_from
         and (a.lane = place.lane or (not a.overbooked and not place.overbooked
              and (a.service_id <> place.service_id or a.location_id <> place.location_id or a.starts_at <> place.starts_at))))
     or exists (
       select from clinic.appointment_resources r join clinic.appointments a on a.clinic_id = ? and a.id = r.appointment_id
       where r.clinic_id = ? and r.resource_id = any(place.resources) and r.occupies and r.appointment_id <> all(?::uuid[])
         and (a.hold_expires_at is null or a.hold_expires_at > ?)
         and r.occupied_from < place.occupied_to and r.occupied_to > place.occupied_from
         and (a.practitioner_id <> place.practitioner_id or a.service_id <> place.service_id
              or a.location_id <> place.location_id or a.starts_at <> place.starts_at))`,
    [
      ids,
      each(({ practitionerId }) => practitionerId),
      each(({ locationId }) => locationId),
      each(({ startsAt }) => startsAt.toString()),
      each(({ occupiedFrom }) => occupiedFrom.toString()),
      each(({ occupiedTo }) => occupiedTo.toString()),
      each(({ lane }) => lane),
      each(({ overbooked }) => String(overbooked)),
      each(({ resourceIds }) => String(resourceIds === undefined)),
      each(({ resourceIds = [] }) => resourceIds.join(' ')),
      ctx.clinic.id,
      ctx.clinic.id,
      ids,
      ctx.now,
      ctx.clinic.id,
      ctx.clinic.id,
      ids,
      ctx.now,
    ],
  )
  return new Set(blocked.map(({ id }) => id))
}

type Spot =
  'practitionerId' | 'locationId' | 'startsAt' | 'occupiedFrom' | 'occupiedTo' | 'lane' | 'overbooked' | 'resourceIds'
