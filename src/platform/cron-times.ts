// When a cron expression with seconds, in UTC, comes round next. Only what our own schedules are written with: numbers,
// lists, ranges, steps and stars.
import { Temporal, type Instant } from '../kernel/time.ts'

const fields = [
  { name: 'second', min: 0, max: 59 },
  { name: 'minute', min: 0, max: 59 },
  { name: 'hour', min: 0, max: 23 },
  { name: 'day', min: 1, max: 31 },
  { name: 'month', min: 1, max: 12 },
  { name: 'weekday', min: 0, max: 7 },
] as const

type Times = Record<(typeof fields)[number]['name'], ReadonlySet<number>> & { anyDay: boolean; anyWeekday: boolean }

const known = new Map<string, Times>()

function timesOf(schedule: string): Times {
  const before = known.get(schedule)
  if (before) return before
  const parts = schedule.trim().split(/\s+/)
  if (parts.length !== fields.length) throw new Error(`not a schedule with seconds: ${schedule}`)
  const sets = Object.fromEntries(
    fields.map(({ name, min, max }, at) => [name, setOf(parts[at] ?? '', min, max, schedule)]),
  ) as Record<(typeof fields)[number]['name'], Set<number>>
  // Sunday may be written 0 or 7.
  if (sets.weekday.has(7)) sets.weekday.add(0)
  const times = { ...sets, anyDay: parts[3] === '*', anyWeekday: parts[5] === '*' }
  known.set(schedule, times)
  return times
}

function setOf(part: string, min: number, max: number, schedule: string): Set<number> {
  const found = new Set<number>()
  for (const piece of part.split(',')) {
    const match = /^(?:\*|(\d+)(?:-(\d+))?)(?:\/(\d+))?$/.exec(piece)
    if (!match) throw new Error(`can't read the schedule ${schedule}`)
    const [, first, last, step] = match
    const from = first === undefined ? min : Number(first)
    const to = last !== undefined ? Number(last) : first === undefined || step !== undefined ? max : from
    for (let value = from; value <= Math.min(to, max); value += Number(step ?? 1)) found.add(value)
  }
  return found
}

/** The first moment after `after` at which the schedule comes round; undefined when it never does within four years. */
export function nextRun(schedule: string, after: Instant): Instant | undefined {
  const times = timesOf(schedule)
  let at = after.toZonedDateTimeISO('UTC').add({ seconds: 1 }).with({ millisecond: 0, microsecond: 0, nanosecond: 0 })
  const end = at.add({ years: 4 })
  const isDay = (one: Temporal.ZonedDateTime) => {
    const day = times.day.has(one.day)
    const weekday = times.weekday.has(one.dayOfWeek % 7)
    // As cron has it: with both given, either will do.
    return times.anyDay || times.anyWeekday ? day && weekday : day || weekday
  }
  while (Temporal.ZonedDateTime.compare(at, end) < 0) {
    if (!times.month.has(at.month)) at = at.add({ months: 1 }).with({ day: 1 }).startOfDay()
    else if (!isDay(at)) at = at.add({ days: 1 }).startOfDay()
    else if (!times.hour.has(at.hour)) at = at.add({ hours: 1 }).with({ minute: 0, second: 0 })
    else if (!times.minute.has(at.minute)) at = at.add({ minutes: 1 }).with({ second: 0 })
    else if (!times.second.has(at.second)) at = at.add({ seconds: 1 })
    else return at.toInstant()
  }
  return undefined
}

/** Seconds between two of its next rounds. */
export function secondsBetweenRuns(schedule: string, now: Instant): number {
  const first = nextRun(schedule, now)
  const second = first && nextRun(schedule, first)
  if (!first || !second) return Number.POSITIVE_INFINITY
  return (second.epochMilliseconds - first.epochMilliseconds) / 1000
}
