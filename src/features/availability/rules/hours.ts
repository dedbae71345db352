/**
 * When do practitioners work? Shifts of the week as instants, day by day, and the closures that lie over them: the part
 * of availability that knows calendars. What is free within these hours is the business of `../rules.ts`.
 */
import type { LocationId, PractitionerId } from '../../../kernel/ids.ts'
import { localDays, type Instant, type PlainDate, type Zone } from '../../../kernel/time.ts'
import { covers, dayOrder } from '../../clinics/rules/timetables.ts'

/** Weekly hours in minutes from local midnight of the ISO `weekday`; an end past 1440 (at most 2880) is after midnight. */
export type Shift = {
  practitionerId: PractitionerId
  locationId: LocationId
  weekday: number
  startsMin: number
  endsMin: number
  /** The dates on which the shift may begin, both included. */
  validFrom?: PlainDate | undefined
  validTo?: PlainDate | undefined
}

/** Of one practitioner, one location, one practitioner at one location, or, with neither named, of the whole clinic. */
export type Closure = {
  startsAt: Instant
  endsAt: Instant
  practitionerId?: PractitionerId | undefined
  locationId?: LocationId | undefined
}

/**
 * Shifts that take the place of a practitioner's weekly ones on the dates `from` to `to`, both included, on which they
 * may begin: at one location, or at every one. Of several that cover a date the highest rank holds; of two as high the
 * one for that location. Without shifts it is time off.
 */
export type SpecialHours = {
  practitionerId: PractitionerId
  locationId?: LocationId | undefined
  from: PlainDate
  to: PlainDate
  rank: number
  shifts: readonly Shift[]
}

/** Epoch milliseconds, `to` excluded. */
export type Span = { from: number; to: number }

export const minute = 60_000
const day24 = 1440 * minute

/** Local days counted from `first` (0), and their wall-clock times as epoch milliseconds. */
export type Calendar = ReturnType<typeof localCalendar>
export function localCalendar(zone: Zone, first: PlainDate) {
  const days = localDays(zone)
  const start = days.numberOf(first)
  const date = (day: number): PlainDate => days.date(start + day)
  const midnight = (day: number): number => days.from(start + day)
  const at = (day: number, minutes: number): number => days.clock(start + day, minutes)
  return { date, midnight, at, dayOf: (instant: Instant) => days.at(instant.epochMilliseconds) - start }
}

export type Day = { day: number; date: PlainDate; weekday: number }

/**
 * The dates whose shifts matter: up to where a visit that starts on the last day may end, and from two days before, as
 * a night shift's end can be pushed past the next midnight too where the clocks skip the last hour of a day (Nuuk).
 */
export function daysAround(count: number, visit: number, calendar: Calendar): Day[] {
  const days: Day[] = []
  for (let day = -2; day <= count + Math.ceil(visit / day24); day++) {
    const date = calendar.date(day)
    days.push({ day, date, weekday: date.dayOfWeek })
  }
  return days
}

/** Which shifts of one practitioner may begin on a date: which of them do says their weekday. */
export type Worked = (date: PlainDate) => readonly Shift[]

/**
 * The shifts of a practitioner, location by location, with what takes their place on some dates. What may hold where is
 * sorted out once, so that of each date only its place in the calendar is asked.
 */
export function shiftsByLocation(
  shifts: readonly Shift[],
  practitionerId: PractitionerId,
  only: LocationId | undefined,
  special: readonly SpecialHours[] = [],
): Map<LocationId, Worked> {
  const byLocation = new Map<LocationId, Shift[]>()
  const at = (locationId: LocationId): Shift[] => {
    const known = byLocation.get(locationId) ?? []
    byLocation.set(locationId, known)
    return known
  }
  const wanted = (shift: Shift) =>
    shift.practitionerId === practitionerId && (only === undefined || shift.locationId === only)
  for (const shift of shifts) if (wanted(shift)) at(shift.locationId).push(shift)
  const own = special.filter((one) => one.practitionerId === practitionerId)
  for (const one of own) for (const shift of one.shifts) if (wanted(shift)) at(shift.locationId)
  return new Map([...byLocation].map(([locationId, weekly]) => [locationId, workedAt(locationId, weekly, own)]))
}

function workedAt(locationId: LocationId, weekly: readonly Shift[], special: readonly SpecialHours[]): Worked {
  const holding = special
    .filter((one) => (one.locationId ?? locationId) === locationId)
    .sort((a, b) => b.rank - a.rank || Number(a.locationId === undefined) - Number(b.locationId === undefined))
    .map(({ from, to, shifts }) => ({ from, to, shifts: shifts.filter((shift) => shift.locationId === locationId) }))
  if (holding.length === 0) return () => weekly
  return (date) => holding.find((dates) => covers(dates, date))?.shifts ?? weekly
}

/** `[from, to)` is ruled by one shift's grid; the work it is part of goes on, through touching shifts, to `workEnds`. */
export type Stretch = Span & { anchor: number; workEnds: number }

export function stretchesOfWork(workedOn: Worked, days: readonly Day[], calendar: Calendar): Stretch[] {
  const worked: Span[] = []
  for (const { day, date, weekday } of days) {
    for (const shift of workedOn(date)) {
      if (shift.weekday !== weekday || !validOn(shift, date)) continue
      worked.push({ from: calendar.at(day, shift.startsMin), to: calendar.at(day, shift.endsMin) })
    }
  }
  const stretches: Stretch[] = []
  let ruledUntil = -Infinity
  for (const { from, to } of worked.sort((a, b) => a.from - b.from)) {
    if (to <= Math.max(from, ruledUntil)) continue
    stretches.push({ anchor: from, from: Math.max(from, ruledUntil), to, workEnds: to })
    ruledUntil = to
  }
  let next: Stretch | undefined
  for (const stretch of stretches.toReversed()) {
    if (next?.from === stretch.to) stretch.workEnds = next.workEnds
    next = stretch
  }
  return stretches
}

function validOn({ validFrom, validTo }: Shift, date: PlainDate): boolean {
  if (validFrom && dayOrder(date, validFrom) < 0) return false
  return !validTo || dayOrder(date, validTo) <= 0
}

export function closuresOf(
  closures: readonly Closure[],
  practitionerId: PractitionerId,
  locationId: LocationId,
  from: number,
  to: number,
): Span[] {
  const spans: Span[] = []
  for (const closure of closures) {
    if (closure.practitionerId !== undefined && closure.practitionerId !== practitionerId) continue
    if (closure.locationId !== undefined && closure.locationId !== locationId) continue
    const span = { from: closure.startsAt.epochMilliseconds, to: closure.endsAt.epochMilliseconds }
    if (span.from < to && span.to > from) spans.push(span)
  }
  return spans
}
