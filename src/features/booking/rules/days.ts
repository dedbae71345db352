// The days and times of the public page: which belong together, what comes first, and why a day has none.
import type { LocationId, PractitionerId } from '../../../kernel/ids.ts'
import { dateAt, Temporal, timeAt, type Instant, type PlainDate, type Zone } from '../../../kernel/time.ts'
import type { Closure, Slot } from '../../availability/rules.ts'
import { shiftsOn, type Hours, type SpecialHours } from '../../clinics/rules/timetables.ts'
import { concerns, wallClock } from './opening.ts'

/** The strip shows a week at a time, counted from today. */
export const stripDays = 7

/** The diary is asked for six weeks at once: one answer, kept while it is true, serves every page of the strip. */
export const blockDays = 42

/** A step of the strip: the date on which the week with this date begins. */
export function stripStart(today: PlainDate, date: PlainDate): PlainDate {
  const weeks = Math.max(0, Math.floor(today.until(date).days / stripDays))
  return today.add({ days: weeks * stripDays })
}

export function blockStart(today: PlainDate, date: PlainDate): PlainDate {
  const blocks = Math.max(0, Math.floor(today.until(date).days / blockDays))
  return today.add({ days: blocks * blockDays })
}

export type PartOfDay = 'morning' | 'afternoon' | 'evening'

/** Times of one day in its parts; parts without a time are left out. Night hours belong to the evening before. */
export function partsOfDay<T extends { startsAt: number }>(
  slots: readonly T[],
  zone: Zone,
): { part: PartOfDay; slots: T[] }[] {
  const parts: Record<PartOfDay, T[]> = { morning: [], afternoon: [], evening: [] }
  for (const slot of slots) {
    const { hour } = timeAt(Temporal.Instant.fromEpochMilliseconds(slot.startsAt), zone)
    parts[hour < 12 ? 'morning' : hour < 17 ? 'afternoon' : 'evening'].push(slot)
  }
  const order: PartOfDay[] = ['morning', 'afternoon', 'evening']
  return order.filter((part) => parts[part].length > 0).map((part) => ({ part, slots: parts[part] }))
}

/**
 * One of each time and place: whoever comes first in the order of doctors stands for all who are free then. With one
 * doctor there is nothing to fold.
 */
export function distinctTimes(slots: readonly Slot[]): Slot[] {
  const seen = new Set<string>()
  return slots.filter(({ startsAt, locationId }) => {
    const key = `${startsAt} ${locationId}`
    if (seen.has(key)) return false
    seen.add(key)
    return true
  })
}

/** The `count` times nearest to the one that was lost, in order of time. Of two as near the later one wins. */
export function nearestTimes(slots: readonly Slot[], lost: Instant, count = 3): Slot[] {
  const distance = ({ startsAt }: Slot) => Math.abs(startsAt - lost.epochMilliseconds)
  return distinctTimes(slots)
    .sort((a, b) => distance(a) - distance(b) || b.startsAt - a.startsAt)
    .slice(0, count)
    .sort((a, b) => a.startsAt - b.startsAt)
}

export type WhyNone =
  | 'later' // further ahead than the clinic takes bookings
  | 'closed' // nobody works that day, or a closure of the clinic or place
  | 'away' // this doctor does not work that day, or is away
  | 'over' // too late for today
  | 'full'

/** Why a day has no free time, in kinds people have words for. What a closure is for is the clinic's own affair. */
export function whyNone(question: {
  date: PlainDate
  zone: Zone
  now: Instant
  minNoticeMin: number
  horizonDays: number
  sameDay?: boolean
  practitionerIds: readonly PractitionerId[]
  locationId: LocationId | undefined
  shifts: readonly Hours[]
  special?: readonly SpecialHours[]
  closures: readonly Closure[]
}): WhyNone {
  const { date, zone, now, shifts, practitionerIds, locationId } = question
  const today = dateAt(now, zone)
  if (today.until(date).days > question.horizonDays) return 'later'
  const there = shiftsOn(shifts, question.special ?? [], date).filter(
    (shift) => locationId === undefined || shift.locationId === locationId,
  )
  const own = there.filter((shift) => practitionerIds.includes(shift.practitionerId))
  if (own.length === 0) return there.length > 0 ? 'away' : 'closed'
  const work = own.map((shift) => ({
    shift,
    from: wallClock(date, shift.startsMin, zone),
    to: wallClock(date, shift.endsMin, zone),
  }))
  const covering = work.map(({ shift, from, to }) =>
    question.closures.find(
      (closure) =>
        concerns(closure, shift) &&
        closure.startsAt.epochMilliseconds <= from &&
        closure.endsAt.epochMilliseconds >= to,
    ),
  )
  if (covering.every((closure) => closure !== undefined)) {
    return covering.some((closure) => closure?.practitionerId === undefined) ? 'closed' : 'away'
  }
  if (question.sameDay === false && date.equals(today)) return 'over'
  const soonest = now.epochMilliseconds + question.minNoticeMin * 60_000
  return work.every(({ to }) => to <= soonest) ? 'over' : 'full'
}
