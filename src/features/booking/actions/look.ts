// What the public pages look at without changing anything. Kept answers spare the database: a page of times that nobody
// booked on since is served without a question to it but whose clinic this is.
import type { Clinic, Ctx } from '../../../platform/clinic-scope.ts'
import type { Services } from '../../../platform/services.ts'
import { findFreeTimes, listFreeTimes, whileTrue, type Wish } from '../../availability/actions.ts'
import type { FreeSlots, Slot } from '../../availability/rules.ts'
import { cachedPage, weightOf, type CachedPage } from '../../../platform/web/cached-page.ts'
import type { AppointmentId, LocationId, PractitionerId, ServiceId } from '../../../kernel/ids.ts'
import { dateAt, instantText, Temporal, type Instant, type PlainDate } from '../../../kernel/time.ts'
import { blockDays, blockStart, nearestTimes, stripDays, stripStart } from '../rules/days.ts'

/** A clinic's public side, as its door hands it to a request. */
export type Visit = {
  clinic: Clinic
  services: Services
  inClinic: <T>(work: (ctx: Ctx) => Promise<T>) => Promise<T>
}

const questionOf = ({ serviceId, practitionerId, locationId, from, days }: Wish) =>
  `${serviceId} ${practitionerId} ${locationId ?? ''} ${from.toString()} ${days}`

/** The free times for a wish; none at all when the service or doctor is not to be had. */
export async function freeTimesOf({ clinic, services, inClinic }: Visit, wish: Wish): Promise<FreeSlots | undefined> {
  const now = services.clock.now()
  return whileTrue(clinic, now, `free ${questionOf(wish)}`, async () => {
    const free = await findFreeTimes({ clinic, now, inClinic }, wish)
    const slots = free?.days.reduce((sum, day) => sum + day.slots.length, 0) ?? 0
    return { value: free, validUntil: free?.validUntil, bytes: 1000 + slots * 80 }
  })
}

/** The same as JSON text for the endpoint. `undefined` when nothing of the kind is offered online. */
export async function freeTimesJson(
  { clinic, services, inClinic }: Visit,
  wish: Wish,
): Promise<CachedPage | undefined> {
  const now = services.clock.now()
  return whileTrue(clinic, now, `json ${questionOf(wish)}`, async () => {
    const free = await findFreeTimes({ clinic, now, inClinic }, wish)
    const page = free && cachedPage('application/json; charset=utf-8', jsonOf(clinic.zone, free))
    return { value: page, validUntil: free?.validUntil, bytes: page ? weightOf(page) : 100 }
  })
}

/** The same where booking is not to be had: the days asked for, nothing in them, and why. */
export function closedJson(zone: string, { from, days }: Wish, reason: 'limit' | 'closed'): CachedPage {
  const empty = Array.from({ length: days }, (_, day) => ({ date: from.add({ days: day }).toString(), slots: [] }))
  return cachedPage('application/json; charset=utf-8', JSON.stringify({ timeZone: zone, closed: reason, days: empty }))
}

function jsonOf(zone: string, free: FreeSlots): string {
  const days = free.days.map(({ date, slots }) => {
    // Ids and times need no escaping, and there are thousands of them.
    const list = slots.map(
      ({ startsAt, practitionerId, locationId }) =>
        `{"startsAt":"${instantText(startsAt)}","practitionerId":"${practitionerId}","locationId":"${locationId}"}`,
    )
    return `{"date":"${date.toString()}","slots":[${list.join(',')}]}`
  })
  return `{"timeZone":${JSON.stringify(zone)},"days":[${days.join(',')}]}`
}

export type Week = {
  strip: { from: PlainDate; free: FreeSlots['days'] }
  selected: PlainDate | undefined
  nextFree: PlainDate | undefined
}

/** Free times within one block of days; how it is answered differs when a visit is moved. */
export type FreeTimes = (from: PlainDate, days: number) => Promise<FreeSlots | undefined>

/**
 * The week to show and the day that is open in it: the one asked for, else the first with a free time. Without a wish
 * that is the first free day at all, however far ahead.
 */
export async function weekOf(
  today: PlainDate,
  horizonDays: number,
  asked: { date: PlainDate | undefined; from: PlainDate | undefined },
  freeTimes: FreeTimes,
): Promise<Week> {
  const last = today.add({ days: horizonDays })
  const within = (date: PlainDate | undefined) =>
    date && Temporal.PlainDate.compare(date, today) >= 0 && Temporal.PlainDate.compare(date, last) <= 0
      ? date
      : undefined
  const [date, from] = [within(asked.date), within(asked.from)]
  const block = async (start: PlainDate) => (await freeTimes(start, blockDays))?.days ?? []
  const firstFree = async (since: PlainDate): Promise<PlainDate | undefined> => {
    for (
      let start = blockStart(today, since);
      Temporal.PlainDate.compare(start, last) <= 0;
      start = start.add({ days: blockDays })
    ) {
      const found = (await block(start)).find(
        (day) => day.slots.length > 0 && Temporal.PlainDate.compare(day.date, since) >= 0,
      )
      if (found) return found.date
    }
    return undefined
  }
  const wanted = date ?? from ?? (await firstFree(today)) ?? today
  const start = stripStart(today, wanted)
  const end = start.add({ days: stripDays })
  // Blocks are whole weeks, so a week never lies in two.
  const free = (await block(blockStart(today, start))).filter(
    (day) => Temporal.PlainDate.compare(day.date, start) >= 0 && Temporal.PlainDate.compare(day.date, end) < 0,
  )
  const isFree = (one: PlainDate) => free.some((day) => day.date.equals(one) && day.slots.length > 0)
  const selected = date && isFree(date) ? date : free.find(({ slots }) => slots.length > 0)?.date
  return {
    strip: { from: start, free },
    selected,
    nextFree: selected ? undefined : await firstFree(end),
  }
}

/**
 * The three free times nearest to one that was lost: of the same doctor and place first, of anybody when those are too
 * few.
 */
export async function nearestTo(
  ctx: Ctx,
  lost: { serviceId: ServiceId; practitionerId: PractitionerId | 'any'; locationId: LocationId; startsAt: Instant },
  ignore: readonly AppointmentId[] = [],
): Promise<Slot[]> {
  const today = dateAt(ctx.now, ctx.clinic.zone)
  const around = dateAt(lost.startsAt, ctx.clinic.zone).subtract({ days: 3 })
  const from = Temporal.PlainDate.compare(around, today) > 0 ? around : today
  const find = async (practitionerId: PractitionerId | 'any', locationId: LocationId | undefined) => {
    const wish = { serviceId: lost.serviceId, practitionerId, locationId, from, days: 14 }
    const free = await listFreeTimes(ctx, 'patient', wish, ignore)
    return nearestTimes(free?.days.flatMap((day) => day.slots) ?? [], lost.startsAt)
  }
  const same = await find(lost.practitionerId, lost.locationId)
  return same.length === 3 ? same : find('any', undefined)
}
