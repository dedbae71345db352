/**
 * On which days does a repeat visit fall? Pure calendar arithmetic in the clinic's own dates; the clock on the wall is
 * put to each of them afterwards, so a visit at 9:00 stays at 9:00 when clocks change.
 *
 * Every count begins at the first visit. "Every two weeks on Sunday and Tuesday" counts weeks of seven days from the
 * first visit's date, not from a Monday or a Saturday: where a week begins differs from country to country, and nobody's
 * series should differ with it.
 *
 * A day of the month that a month does not have is its last day: the 31st is 30 April and 28 or 29 February, and 31 May
 * again afterwards, because each month is counted from the first date and not from the one before. It is pointed out.
 * A fifth weekday of the month ("the fifth Monday") is the last one in every month, which is what people mean by it.
 */
import type { Appointment } from '../appointments/queries.ts'
import type { SlotChoice } from '../desk/rules.ts'
import { deskGrace } from '../notices/rules.ts'
import type { SeriesPlan } from './actions/book.ts'
import { localDays, Temporal, type Instant, type PlainDate, type PlainTime, type Zone } from '../../kernel/time.ts'

export type Rule =
  | { every: 'day'; step: number }
  /** ISO weekdays; the first visit's own is always one of them. */
  | { every: 'week'; step: number; weekdays: readonly number[] }
  | { every: 'month'; step: number; by: 'date' | 'weekday' }

export type End = { count: number } | { until: PlainDate }

export const mostVisits = 52
/** What a form begins with. */
export const usualVisits = 6
export const longestStep = 12
/** How far ahead a desk books. */
export const deskHorizonDays = 365

export type Occurrence = {
  date: PlainDate
  /** The month has no such day, so it is its last. */
  lastDay: boolean
}

/**
 * The days of a series in order, the first included; never more than `mostVisits`, never after `horizon`. `cut` says
 * that the horizon ended it before its count did.
 */
export function occurrencesOf(
  rule: Rule,
  first: PlainDate,
  end: End,
  horizon: PlainDate,
): { occurrences: Occurrence[]; cut: boolean } {
  const wanted = 'count' in end ? Math.min(end.count, mostVisits) : mostVisits
  const last = 'until' in end && Temporal.PlainDate.compare(end.until, horizon) < 0 ? end.until : horizon
  const occurrences: Occurrence[] = []
  for (const occurrence of walk(rule, first)) {
    if (occurrences.length >= wanted) return { occurrences, cut: false }
    if (Temporal.PlainDate.compare(occurrence.date, last) > 0) break
    occurrences.push(occurrence)
  }
  return { occurrences, cut: 'count' in end && occurrences.length < wanted }
}

function* walk(rule: Rule, first: PlainDate): Generator<Occurrence, void> {
  if (rule.every === 'week') {
    yield* weeks(rule, first)
    return
  }
  for (let turn = 0; ; turn++) {
    if (rule.every === 'day') yield { date: first.add({ days: turn * rule.step }), lastDay: false }
    else if (rule.by === 'date') yield sameDay(first, turn * rule.step)
    else yield { date: sameWeekday(first, turn * rule.step), lastDay: false }
  }
}

function* weeks({ step, weekdays }: Rule & { every: 'week' }, first: PlainDate): Generator<Occurrence> {
  // How many days after a week's first day each visit lies.
  const offsets = [...new Set([...weekdays, first.dayOfWeek])]
    .map((weekday) => (weekday - first.dayOfWeek + 7) % 7)
    .sort((a, b) => a - b)
  for (let week = 0; ; week += step) {
    for (const offset of offsets) yield { date: first.add({ days: week * 7 + offset }), lastDay: false }
  }
}

function sameDay(first: PlainDate, months: number): Occurrence {
  const date = first.add({ months })
  return { date, lastDay: date.day !== first.day }
}

function sameWeekday(first: PlainDate, months: number): PlainDate {
  const nth = Math.ceil(first.day / 7)
  const month = first.with({ day: 1 }).add({ months })
  const found = month.add({ days: ((first.dayOfWeek - month.dayOfWeek + 7) % 7) + (nth - 1) * 7 })
  if (nth < 5) return found
  return found.month === month.month ? found : found.subtract({ days: 7 })
}

/**
 * A date with the clock on the wall as an instant. A time that clocks skip is later by as much, one that comes twice is
 * the first: the rule the opening hours follow, so that both mean the same moment. `shifted` says that the wall will show
 * another time.
 */
export function wallClock(date: PlainDate, time: PlainTime, zone: Zone): { startsAt: Instant; shifted: boolean } {
  const days = localDays(zone)
  const startsAt = Temporal.Instant.fromEpochMilliseconds(days.clock(days.numberOf(date), time.hour * 60 + time.minute))
  return { startsAt, shifted: !startsAt.toZonedDateTimeISO(zone).toPlainTime().equals(time.round('minute')) }
}

/** What was decided about one date: to leave it out, or the free time it is to have. */
export type Decision = 'leave_out' | SlotChoice

/** How a whole stretch of a series moves: so many days, and to a time where that changes; else each keeps its own. */
export type Shift = { days: number; time: PlainTime | undefined }

/** What takes a visit from where it is to where it shall be, as days on the calendar and a time on the wall. */
export function shiftBetween(from: Instant, to: Instant, zone: Zone): Shift {
  const [before, after] = [from.toZonedDateTimeISO(zone), to.toZonedDateTimeISO(zone)]
  const [was, time] = [before.toPlainTime(), after.toPlainTime()]
  return { days: before.toPlainDate().until(after.toPlainDate()).days, time: time.equals(was) ? undefined : time }
}

export function shifted(startsAt: Instant, shift: Shift, zone: Zone): Instant {
  const at = startsAt.toZonedDateTimeISO(zone)
  return wallClock(at.toPlainDate().add({ days: shift.days }), shift.time ?? at.toPlainTime(), zone).startsAt
}

/** What was done to several visits of a series at once. How each was before stands in the log. */
export type LastChange = {
  kind: 'booked' | 'moved' | 'cancelled'
  at: string
  visits: readonly {
    id: string
    /** As the change left it: anything newer was somebody's doing since. */
    version: number
  }[]
}

/** Until when nobody has heard of the last change. */
export const unheardUntil = (change: LastChange): Instant => Temporal.Instant.from(change.at).add(deskGrace)

export const slotOf = ({ serviceId, practitionerId, locationId, startsAt }: Appointment): SlotChoice => ({
  serviceId,
  practitionerId,
  locationId,
  startsAt,
})

/** Only a visit that stands, and is of no series yet, is made the first of one. */
export const repeatable = (visit: Pick<Appointment, 'status' | 'seriesId' | 'patientId' | 'hidden'>): boolean =>
  visit.seriesId === null &&
  visit.patientId !== null &&
  !visit.hidden &&
  ['booked', 'arrived', 'in_room', 'fulfilled'].includes(visit.status)

/** What keeps a plan from being carried out as it is: something to decide, to look at again, or too little left of it. */
export function standsInTheWay(plan: SeriesPlan): 'changed' | 'undecided' | 'too_few' | undefined {
  if (plan.rows.some(({ lost }) => lost)) return 'changed'
  if (plan.rows.some(({ state, unseen }) => state === 'conflict' || unseen)) return 'undecided'
  const visits = plan.rows.filter(({ to }) => to).length + (plan.kept ? 1 : 0)
  return visits < 2 ? 'too_few' : undefined
}

/** It stays where it is. */
export const sameTime = (was: Appointment, to: SlotChoice): boolean =>
  was.startsAt.equals(to.startsAt) && was.practitionerId === to.practitionerId && was.locationId === to.locationId
