// How a line looks to those who wait in it, and to the screen on the wall.
import { LRUCache } from 'lru-cache'
import type { AppointmentId, LocationId, PractitionerId } from '../../../kernel/ids.ts'
import { dateAt, dayBounds, type Instant, type Zone } from '../../../kernel/time.ts'
import type { Ctx } from '../../../platform/clinic-scope.ts'
import type { Status } from '../../appointments/rules.ts'
import { getSettings, whileTrue } from '../../availability/actions.ts'
import { findToken } from '../../tokens/queries.ts'
import { listLine, listPastVisits, type LineVisit, type PastRow } from '../queries.ts'
import {
  aboutMinutes,
  countBefore,
  dayOf,
  learnPace,
  minutesUntilCalled,
  type Pace,
  type PastVisit,
} from '../rules/estimate.ts'
import { lineOf } from '../rules/line.ts'

/** Today at the clinic, for a doctor or for all. */
export async function listTodaysLine(ctx: Ctx, practitionerId?: PractitionerId): Promise<LineVisit[]> {
  const date = dateAt(ctx.now, ctx.clinic.zone)
  return listLine(ctx, { date, ...dayBounds(date, ctx.clinic.zone) }, practitionerId)
}

/** As many visits as tell how a doctor works now, and not how they did last year. */
const learnedFrom = 120

/** What one visit more teaches can wait so long. */
const paceKeptMinutes = 15
const paces = new LRUCache<string, { until: number; pace: Pace }>({ max: 2000 })

/** How each of these doctors works, as their last visits tell; one question for all that are not known. */
export async function listPaces(
  ctx: Ctx,
  practitionerIds: readonly PractitionerId[],
): Promise<Map<PractitionerId, Pace>> {
  const now = ctx.now.epochMilliseconds
  const key = (id: PractitionerId) => `${ctx.clinic.id} ${id}`
  const found = new Map<PractitionerId, Pace>()
  for (const id of practitionerIds) {
    const known = paces.get(key(id))
    if (known && now < known.until) found.set(id, known.pace)
  }
  const unknown = practitionerIds.filter((id) => !found.has(id))
  const past = unknown.length === 0 ? [] : await listPastVisits(ctx, unknown, learnedFrom)
  for (const id of unknown) {
    const pace = learnPace(
      past.filter(({ practitionerId }) => practitionerId === id).map((row) => pastVisit(row, ctx.clinic.zone)),
    )
    paces.set(key(id), { until: now + paceKeptMinutes * 60_000, pace })
    found.set(id, pace)
  }
  return found
}

function pastVisit(row: PastRow, zone: Zone): PastVisit {
  const ms = (instant: Instant | null) => instant?.epochMilliseconds ?? null
  return {
    day: dateAt(row.startsAt, zone).toString(),
    serviceId: row.serviceId,
    plannedMin: Math.max(1, (row.endsAt.epochMilliseconds - row.startsAt.epochMilliseconds) / 60_000),
    startsAt: row.startsAt.epochMilliseconds,
    arrivedAt: ms(row.arrivedAt),
    inRoomAt: ms(row.inRoomAt),
    fulfilledAt: ms(row.fulfilledAt),
    cameAtAll: row.cameAtAll,
  }
}

/** A doctor's line; kept while the diary stands, since every phone in the waiting room asks for it. */
async function doctorsLine(ctx: Ctx, practitionerId: PractitionerId): Promise<LineVisit[]> {
  const today = dateAt(ctx.now, ctx.clinic.zone)
  return whileTrue(ctx.clinic, ctx.now, `queue ${practitionerId} ${today.toString()}`, async () => {
    const value = await listTodaysLine(ctx, practitionerId)
    return { value, validUntil: dayBounds(today, ctx.clinic.zone).to, bytes: 512 * (value.length + 1) }
  })
}

export type Standing =
  | { kind: 'waiting'; token: number | undefined; before: number; aboutMin: number }
  | { kind: 'in_room'; token: number | undefined }
  | { kind: 'stepped_out'; token: number | undefined }
  /** Not here yet, on the day of the visit: how many wait, and how long after their time they would be called in. */
  | { kind: 'coming'; waiting: number; lateMin: number }

/** How a visit stands in its doctor's line today; undefined when it has nothing to do with it. */
export async function findStanding(
  ctx: Ctx,
  visit: { id: AppointmentId; practitionerId: PractitionerId; startsAt: Instant; status: Status },
): Promise<Standing | undefined> {
  const { zone } = ctx.clinic
  if (!['booked', 'arrived', 'in_room'].includes(visit.status)) return undefined
  if (visit.status === 'booked' && !dateAt(visit.startsAt, zone).equals(dateAt(ctx.now, zone))) return undefined
  const visits = await doctorsLine(ctx, visit.practitionerId)
  const own = visits.find(({ id }) => id === visit.id)
  if (!own) return undefined
  const { token } = own
  if (own.status === 'in_room') return { kind: 'in_room', token }
  if (own.steppedOutAt !== null && own.status === 'arrived') return { kind: 'stepped_out', token }
  if (own.status !== 'arrived' && own.status !== 'booked') return undefined
  const pace = (await listPaces(ctx, [visit.practitionerId])).get(visit.practitionerId) ?? learnPace([])
  const day = dayOf(visits, ctx.now.epochMilliseconds)
  const minutes = aboutMinutes(minutesUntilCalled(own, day, pace))
  return own.status === 'arrived'
    ? { kind: 'waiting', token, before: countBefore(own.id, day.waiting), aboutMin: minutes }
    : { kind: 'coming', waiting: day.waiting.length, lateMin: minutes }
}

/** The number of a visit with its doctor today. */
export async function findTokenToday(
  ctx: Ctx,
  visit: { id: AppointmentId; practitionerId: PractitionerId },
): Promise<number | undefined> {
  return findToken(ctx, visit, dateAt(ctx.now, ctx.clinic.zone))
}

/** A place of the clinic that is in use. */
export async function findPlace(ctx: Ctx, id: LocationId): Promise<{ id: LocationId; name: string } | undefined> {
  const { locations } = await getSettings(ctx)
  return locations.find((place) => place.id === id && place.active)
}

export type ScreenLine = { practitionerId: PractitionerId; doctor: string; now: number[]; next: number[] }

/** As many as the screen shows of those who wait. */
const shownNext = 3

/** The numbers at one place of the clinic, doctor by doctor; nobody's name. */
export async function listScreen(ctx: Ctx, locationId: LocationId): Promise<ScreenLine[]> {
  const today = dateAt(ctx.now, ctx.clinic.zone)
  return whileTrue(ctx.clinic, ctx.now, `screen ${locationId} ${today.toString()}`, async () => {
    const { practitioners } = await getSettings(ctx)
    const here = (await listTodaysLine(ctx)).filter((visit) => visit.locationId === locationId)
    const value = practitioners.flatMap(({ id, name }) => {
      const own = here.filter(({ practitionerId }) => practitionerId === id)
      if (!own.some(({ status }) => ['booked', 'arrived', 'in_room'].includes(status))) return []
      const { inRoom, waiting } = lineOf(own)
      const tokens = (visits: LineVisit[]) => visits.flatMap(({ token }) => token ?? [])
      // Who was called last stands first.
      return [
        {
          practitionerId: id,
          doctor: name,
          now: tokens(inRoom).reverse(),
          next: tokens(waiting).slice(0, shownNext),
        },
      ]
    })
    return { value, validUntil: dayBounds(today, ctx.clinic.zone).to }
  })
}
