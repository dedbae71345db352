import { newId, type AppointmentId, type Id, type LocationId, type PractitionerId } from '../../kernel/ids.ts'
import type { Instant } from '../../kernel/time.ts'
import type { Ctx } from '../../platform/clinic-scope.ts'
import { changes, rows } from '../../platform/db/rows.ts'
import type { ResourceId } from '../availability/rules.ts'
import type { Kind, Outcome } from './rules.ts'

export type DisruptionId = Id<'disruption'>

export type Disruption = {
  id: DisruptionId
  kind: Kind
  practitionerId: PractitionerId | null
  locationId: LocationId | null
  /** The doctor's name, or the place's. */
  who: string
  startsAt: Instant
  endsAt: Instant
  closureId: Id<'closure'>
  createdAt: Instant
  tellsAt: Instant
  undoneAt: Instant | null
  visits: number
}

const selected = `
  select d.id, d.kind, d.practitioner_id as "practitionerId", d.location_id as "locationId",
    coalesce(p.name, l.name, '') as who, d.starts_at as "startsAt", d.ends_at as "endsAt", d.closure_id as "closureId",
    d.created_at as "createdAt", d.tells_at as "tellsAt", d.undone_at as "undoneAt",
    (select count(*) from clinic.disruption_visits v where v.clinic_id = d.clinic_id and v.disruption_id = d.id) as visits
  from clinic.disruptions d
  left join clinic.practitioners p on p.clinic_id = d.clinic_id and p.id = d.practitioner_id
  left join clinic.locations l on l.clinic_id = d.clinic_id and l.id = d.location_id
  where d.clinic_id = ?`

export async function findDisruption(
  ctx: Ctx,
  id: DisruptionId,
  { lock }: { lock: boolean } = { lock: false },
): Promise<Disruption | undefined> {
  const [found] = await rows<Disruption>(ctx.db, selected + ' and d.id = ?' + (lock ? ' for update of d' : ''), [
    ctx.clinic.id,
    id,
  ])
  return found
}

/** Those that are not over or can still be taken back without a word, the newest first. */
export async function listCurrentDisruptions(ctx: Ctx): Promise<Disruption[]> {
  return rows<Disruption>(
    ctx.db,
    selected +
      ' and d.undone_at is null and d.starts_at < ? and (d.ends_at > ? or d.tells_at > ?) order by d.created_at desc limit 20',
    [ctx.clinic.id, ctx.now.add({ hours: 24 }), ctx.now, ctx.now],
  )
}

/** The latest, whatever became of them. */
export async function listDisruptions(ctx: Ctx, limit: number): Promise<Disruption[]> {
  return rows<Disruption>(ctx.db, selected + ' order by d.created_at desc, d.id desc limit ?', [ctx.clinic.id, limit])
}

/**
 * Makes two people who declare the same doctor or place out of order do so one after the other: the second looks at what
 * the first has left. False when there is no such one; a doctor out of use still has visits to be seen to.
 */
export async function lockWhose(
  ctx: Ctx,
  { practitionerId, locationId }: { practitionerId?: PractitionerId | undefined; locationId?: LocationId | undefined },
): Promise<boolean> {
  const table = practitionerId === undefined ? 'locations' : 'practitioners'
  const found = await rows(
    ctx.db,
    `select id from clinic.${table} where clinic_id = ? and id = ? and (active or ?) for no key update`,
    [ctx.clinic.id, practitionerId ?? locationId ?? null, practitionerId !== undefined],
  )
  return found.length === 1
}

export async function insertDisruption(
  ctx: Ctx,
  disruption: {
    id: DisruptionId
    kind: Kind
    practitionerId: PractitionerId | undefined
    locationId: LocationId | undefined
    startsAt: Instant
    endsAt: Instant
    closureId: Id<'closure'>
    tellsAt: Instant
  },
): Promise<void> {
  const { id, kind, practitionerId, locationId, startsAt, endsAt, closureId, tellsAt } = disruption
  await changes(
    ctx.db,
    `insert into clinic.disruptions (clinic_id, id, kind, practitioner_id, location_id, starts_at, ends_at, closure_id,
       created_at, created_by, tells_at) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    [
      ctx.clinic.id,
      id,
      kind,
      practitionerId ?? null,
      locationId ?? null,
      startsAt,
      endsAt,
      closureId,
      ctx.now,
      ctx.actor.kind === 'user' ? ctx.actor.userId : null,
      tellsAt,
    ],
  )
}

/** How a visit stood before, and what became of it. */
export type Kept = {
  appointmentId: AppointmentId
  outcome: Outcome
  versionAfter: number
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
  resourceIds: readonly ResourceId[]
}

/** All in one statement. */
export async function insertKept(ctx: Ctx, id: DisruptionId, visits: readonly Kept[]): Promise<void> {
  if (visits.length === 0) return
  const time = (of: (visit: Kept) => Instant | null) => visits.map((visit) => of(visit)?.toString() ?? '')
  await changes(
    ctx.db,
    `insert into clinic.disruption_visits (clinic_id, disruption_id, id, appointment_id, outcome, version_after,
       was_practitioner_id, was_location_id, was_starts_at, was_ends_at, was_occupied_from, was_occupied_to, was_lane,
       was_capacity, was_overbooked, was_confirmed_at, was_resource_ids)
     select ?::uuid, ?::uuid, v.id, v.appointment_id, v.outcome, v.version_after, v.practitioner_id, v.location_id,
       v.starts_at, v.ends_at, v.occupied_from, v.occupied_to, v.lane, v.capacity, v.overbooked,
       nullif(v.confirmed_at, '')::timestamptz, nullif(v.resource_ids, '')
     from unnest(?::uuid[], ?::uuid[], ?::text[], ?::int[], ?::uuid[], ?::uuid[], ?::timestamptz[], ?::timestamptz[],
                 ?::timestamptz[], ?::timestamptz[], ?::int[], ?::int[], ?::boolean[], ?::text[], ?::text[])
       as v (id, appointment_id, outcome, version_after, practitioner_id, location_id, starts_at, ends_at,
             occupied_from, occupied_to, lane, capacity, overbooked, confirmed_at, resource_ids)`,
    [
      ctx.clinic.id,
      id,
      visits.map(() => newId()),
      visits.map(({ appointmentId }) => appointmentId),
      visits.map(({ outcome }) => outcome),
      visits.map(({ versionAfter }) => versionAfter),
      visits.map(({ practitionerId }) => practitionerId),
      visits.map(({ locationId }) => locationId),
      time(({ startsAt }) => startsAt),
      time(({ endsAt }) => endsAt),
      time(({ occupiedFrom }) => occupiedFrom),
      time(({ occupiedTo }) => occupiedTo),
      visits.map(({ lane }) => lane),
      visits.map(({ capacity }) => capacity),
      visits.map(({ overbooked }) => String(overbooked)),
      time(({ confirmedAt }) => confirmedAt),
      visits.map(({ resourceIds }) => resourceIds.join(' ')),
    ],
  )
}

export async function listKept(ctx: Ctx, id: DisruptionId): Promise<Kept[]> {
  return rows<Kept>(
    ctx.db,
    `select appointment_id as "appointmentId", outcome, version_after as "versionAfter",
       was_practitioner_id as "practitionerId", was_location_id as "locationId", was_starts_at as "startsAt",
       was_ends_at as "endsAt", was_occupied_from as "occupiedFrom", was_occupied_to as "occupiedTo", was_lane as lane,
       was_capacity as capacity, was_overbooked as overbooked, was_confirmed_at as "confirmedAt",
       string_to_array(coalesce(was_resource_ids, ''), ' ') as "resourceIds"
     from clinic.disruption_visits where clinic_id = ? and disruption_id = ? order by was_starts_at, id`,
    [ctx.clinic.id, id],
  )
}

export async function updateUndone(ctx: Ctx, id: DisruptionId): Promise<void> {
  await changes(ctx.db, 'update clinic.disruptions set undone_at = ? where clinic_id = ? and id = ?', [
    ctx.now,
    ctx.clinic.id,
    id,
  ])
}

/** From now on its messages may be gone. */
export async function updateTold(ctx: Ctx, id: DisruptionId): Promise<void> {
  await changes(ctx.db, 'update clinic.disruptions set tells_at = least(tells_at, ?) where clinic_id = ? and id = ?', [
    ctx.now,
    ctx.clinic.id,
    id,
  ])
}
