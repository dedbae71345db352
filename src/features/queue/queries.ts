// The line reads visits, which another feature writes, together with the numbers and places; it writes places alone.
import type { AppointmentId, LocationId, PractitionerId, ServiceId } from '../../kernel/ids.ts'
import type { Phone } from '../../kernel/phone.ts'
import { isBefore, type Instant, type PlainDate } from '../../kernel/time.ts'
import type { Ctx } from '../../platform/clinic-scope.ts'
import { changes, onePlan, rows } from '../../platform/db/rows.ts'
import type { InLine } from './rules/estimate.ts'

export type LineVisit = InLine & { locationId: LocationId; previousStatus: string | null; endsAt: Instant }

type LineRow = Omit<LineVisit, 'token' | 'walkIn' | 'skips' | 'plannedMin'> & {
  token: number | null
  walkIn: boolean | null
  skips: number | null
  changedAt: Instant | null
}

/** The visits of a clinic-local day that are or may come to be in a line, with their numbers and places; by start. */
export async function listLine(
  ctx: Ctx,
  day: { date: PlainDate; from: Instant; to: Instant },
  practitionerId?: PractitionerId,
): Promise<LineVisit[]> {
  const found = await rows<LineRow>(
    ctx.db,
    // Who was booked for just before midnight may wait after it: from then on the number tells the day.
    `select a.id, a.practitioner_id as "practitionerId", a.location_id as "locationId", a.service_id as "serviceId",
       a.status, a.previous_status as "previousStatus", a.starts_at as "startsAt", a.ends_at as "endsAt",
       a.arrived_at as "arrivedAt", a.in_room_at as "inRoomAt", t.token, p.walk_in as "walkIn", p.priority,
       p.priority_at as "priorityAt", p.place_at as "placeAt", p.place_tie as "placeTie", p.skips,
       p.stepped_out_at as "steppedOutAt", p.changed_at as "changedAt"
     from clinic.appointments a
     left join clinic.tokens t on t.clinic_id = a.clinic_id and t.appointment_id = a.id
       and t.practitioner_id = a.practitioner_id and t.day = ?
     left join clinic.queue_places p on p.clinic_id = a.clinic_id and p.appointment_id = a.id
     where a.clinic_id = ? and a.starts_at >= ? and a.starts_at < ? and (a.starts_at >= ? or t.token is not null)
       and a.status <> 'pending' and a.patient_id is not null` +
      (practitionerId === undefined ? '' : ' and a.practitioner_id = ?') +
      ' order by a.starts_at, a.id' +
      onePlan,
    [
      day.date,
      ctx.clinic.id,
      day.from.subtract({ hours: 12 }),
      day.to,
      day.from,
      ...(practitionerId === undefined ? [] : [practitionerId]),
      null,
    ],
  )
  return found.map(({ token, walkIn, skips, changedAt, ...row }) => ({
    ...row,
    // What was decided about them before they came, or before they went and came again, is over.
    ...(changedAt === null || (row.arrivedAt !== null && isBefore(changedAt, row.arrivedAt)) ? nothingDecided : {}),
    token: token ?? undefined,
    walkIn: walkIn ?? false,
    skips: skips ?? 0,
    plannedMin: Math.max(1, (row.endsAt.epochMilliseconds - row.startsAt.epochMilliseconds) / 60_000),
  }))
}

const nothingDecided = {
  priority: null,
  priorityAt: null,
  placeAt: null,
  placeTie: null,
  steppedOutAt: null,
} as const

export type PastRow = {
  practitionerId: PractitionerId
  serviceId: ServiceId
  startsAt: Instant
  endsAt: Instant
  arrivedAt: Instant | null
  inRoomAt: Instant | null
  fulfilledAt: Instant | null
  cameAtAll: boolean
}

/** The last `limit` visits of each of these doctors that came to an end, the newest first. */
export async function listPastVisits(
  ctx: Ctx,
  practitionerIds: readonly PractitionerId[],
  limit: number,
): Promise<PastRow[]> {
  return rows<PastRow>(
    ctx.db,
    // Looked for within bounds, so that the index is walked no further than that.
    `select d.id as "practitionerId", v.service_id as "serviceId", v.starts_at as "startsAt", v.ends_at as "endsAt",
       v.arrived_at as "arrivedAt", v.in_room_at as "inRoomAt", v.fulfilled_at as "fulfilledAt",
       v.status = 'fulfilled' as "cameAtAll"
     from unnest(?::uuid[]) as d (id) cross join lateral
       (select * from clinic.appointments a
        where a.clinic_id = ? and a.practitioner_id = d.id and a.starts_at >= ? and a.starts_at < ?
          and a.status in ('fulfilled', 'noshow')
        order by a.starts_at desc limit ?) v`,
    [practitionerIds, ctx.clinic.id, ctx.now.subtract({ hours: 24 * 60 }), ctx.now, limit],
  )
}

export type Place = Pick<
  LineVisit,
  'walkIn' | 'priority' | 'priorityAt' | 'placeAt' | 'placeTie' | 'skips' | 'steppedOutAt'
>

/** Writes down where a visit stands, on top of what stood there. */
export async function updatePlaceInLine(ctx: Ctx, id: AppointmentId, place: Place): Promise<void> {
  await changes(
    ctx.db,
    `insert into clinic.queue_places
       (clinic_id, appointment_id, walk_in, priority, priority_at, place_at, place_tie, skips, stepped_out_at,
        changed_at)
     values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
     on conflict (clinic_id, appointment_id) do update set walk_in = excluded.walk_in, priority = excluded.priority,
       priority_at = excluded.priority_at, place_at = excluded.place_at, place_tie = excluded.place_tie,
       skips = excluded.skips, stepped_out_at = excluded.stepped_out_at, changed_at = excluded.changed_at`,
    [
      ctx.clinic.id,
      id,
      place.walkIn,
      place.priority,
      place.priorityAt,
      place.placeAt,
      place.placeTie,
      place.skips,
      place.steppedOutAt,
      ctx.now,
    ],
  )
}

/** Locks a visit's row until the transaction ends, so that of two who change its place one sees what the other did. */
export async function findStatusForUpdate(ctx: Ctx, id: AppointmentId): Promise<string | undefined> {
  const [row] = await rows<{ status: string }>(
    ctx.db,
    'select status from clinic.appointments where clinic_id = ? and id = ? for update',
    [ctx.clinic.id, id],
  )
  return row?.status
}

/** The visit that somebody of this number waits for with this doctor already, if any. */
export async function findWaitingTwin(
  ctx: Ctx,
  who: { phone: Phone; practitionerId: PractitionerId; from: Instant; to: Instant },
): Promise<{ id: AppointmentId; name: string }[]> {
  return rows<{ id: AppointmentId; name: string }>(
    ctx.db,
    `select a.id, p.name from clinic.appointments a
     join clinic.patients p on p.clinic_id = a.clinic_id and p.id = a.patient_id
     where a.clinic_id = ? and a.practitioner_id = ? and a.starts_at >= ? and a.starts_at < ? and a.status = 'arrived'
       and p.phone_index = ?`,
    [ctx.clinic.id, who.practitionerId, who.from, who.to, ctx.seal.phoneIndex(who.phone)],
  )
}
