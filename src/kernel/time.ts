import { Temporal } from 'temporal-polyfill'

export { Temporal }
export type Instant = Temporal.Instant
export type PlainDate = Temporal.PlainDate
export type PlainTime = Temporal.PlainTime
/** An IANA time zone name, checked by `isZone`. */
export type Zone = string

/** A length of time on the clock, to add to an instant or take from one. */
export const minutes = (count: number) => Temporal.Duration.from({ minutes: count })
/** The same in hours of sixty minutes, whatever the clocks of a place do: a day there may have 23 or 25. */
export const hours = (count: number) => Temporal.Duration.from({ hours: count })

/** Whether the IANA name is one that this runtime knows. */
export function isZone(name: string): boolean {
  if (!/^[a-z]/i.test(name)) return false // newer engines take '+05:00', which knows no summer time
  try {
    new Intl.DateTimeFormat('en', { timeZone: name })
    return true
  } catch {
    return false
  }
}

/** The clinic's calendar day at an instant. */
export function dateAt(instant: Instant, zone: Zone): PlainDate {
  const days = localDays(zone)
  const day = days.at(instant.epochMilliseconds)
  return days.isRegular(day) ? days.date(day) : instant.toZonedDateTimeISO(zone).toPlainDate()
}

/** What the clock on the wall of a zone shows at an instant. */
export function timeAt(instant: Instant, zone: Zone): PlainTime {
  const days = localDays(zone)
  const ms = instant.epochMilliseconds
  const day = days.at(ms)
  return days.isRegular(day)
    ? midnight.add({ milliseconds: ms - days.from(day) })
    : instant.toZonedDateTimeISO(zone).toPlainTime()
}

/**
 * The instants at which a local day begins and ends, as `[from, to)`. The day has 23 or 25 hours when clocks change, and
 * begins at 01:00 where midnight itself is skipped (Cairo in April).
 */
export function dayBounds(date: PlainDate, zone: Zone): { from: Instant; to: Instant } {
  const days = localDays(zone)
  const day = days.numberOf(date)
  return {
    from: Temporal.Instant.fromEpochMilliseconds(days.from(day)),
    to: Temporal.Instant.fromEpochMilliseconds(days.from(day + 1)),
  }
}

const day24 = 86_400_000
const midnight = new Temporal.PlainTime()
const epoch = new Temporal.PlainDate(1970, 1, 1)

/** The days of a zone, numbered from 1 January 1970, with the epoch milliseconds at which each begins. */
export type LocalDays = {
  numberOf(date: PlainDate): number
  date(day: number): PlainDate
  from(day: number): number
  /** The day an instant lies in. */
  at(epochMs: number): number
  /** Of 24 hours: no clock is changed on it. */
  isRegular(day: number): boolean
  /** Minutes after the day's midnight by the clock on the wall. What clocks skip is later by as much, what they repeat is the first. */
  clock(day: number, minutes: number): number
}

const zones = new Map<Zone, LocalDays>()

/**
 * When a zone's days begin does not change, and finding out takes Temporal longer than anything else it is asked for a
 * page: so what was found is kept, for some thousands of days.
 */
export function localDays(zone: Zone): LocalDays {
  const known = zones.get(zone)
  if (known) return known
  const kept = new Map<number, { date: PlainDate; from: number }>()
  const find = (day: number) => {
    const found = kept.get(day)
    if (found) return found
    const date = epoch.add({ days: day })
    const made = { date, from: date.toZonedDateTime({ timeZone: zone }).epochMilliseconds }
    if (kept.size >= 5_000) kept.clear()
    kept.set(day, made)
    return made
  }
  const from = (day: number) => find(day).from
  const isRegular = (day: number) => from(day + 1) - from(day) === day24
  const days: LocalDays = {
    numberOf: ({ year, month, day }) => Date.UTC(year, month - 1, day) / day24,
    date: (day) => find(day).date,
    from,
    at: (epochMs) => {
      // No zone is a whole day away from UTC.
      const utc = Math.floor(epochMs / day24)
      return epochMs < from(utc) ? utc - 1 : epochMs < from(utc + 1) ? utc : utc + 1
    },
    isRegular,
    clock: (first, minutes) => {
      const day = first + Math.floor(minutes / 1440)
      const rest = minutes % 1440
      if (isRegular(day)) return from(day) + rest * 60_000
      const wall = find(day).date.toPlainDateTime({ hour: Math.floor(rest / 60), minute: rest % 60 })
      return wall.toZonedDateTime(zone, { disambiguation: 'compatible' }).epochMilliseconds
    },
  }
  zones.set(zone, days)
  return days
}

/**
 * A local date and time as an instant, or `undefined` when it does not exist on that day (clocks went forward) or exists
 * twice (clocks went back): a person who typed it has to be asked, never guessed for.
 */
export function localInstant(date: PlainDate, time: PlainTime, zone: Zone): Instant | undefined {
  try {
    return date.toPlainDateTime(time).toZonedDateTime(zone, { disambiguation: 'reject' }).toInstant()
  } catch {
    return undefined
  }
}

/** Parses `YYYY-MM-DD` between 1900 and 2200, else `undefined`. */
export function parseDate(text: unknown): PlainDate | undefined {
  if (typeof text !== 'string' || !/^\d{4}-\d{2}-\d{2}$/.test(text)) return undefined
  try {
    const date = Temporal.PlainDate.from(text, { overflow: 'reject' })
    return date.year >= 1900 && date.year < 2200 ? date : undefined
  } catch {
    return undefined
  }
}

/** Parses an ISO 8601 instant with an offset or `Z` between 1900 and 2200, else `undefined`. */
export function parseInstant(text: unknown): Instant | undefined {
  if (typeof text !== 'string' || text.length > 40) return undefined
  try {
    const instant = Temporal.Instant.from(text)
    const year = instant.toZonedDateTimeISO('UTC').year
    return year >= 1900 && year < 2200 ? instant : undefined
  } catch {
    return undefined
  }
}

/** Parses `HH:MM` on a 24-hour clock, else `undefined`. `24:00` is not a time of day. */
export function parseTime(text: unknown): PlainTime | undefined {
  if (typeof text !== 'string' || !/^([01]\d|2[0-3]):[0-5]\d(:[0-5]\d)?$/.test(text)) return undefined
  return Temporal.PlainTime.from(text)
}

/** The first of two instants; the first given when they are the same. */
export const earlier = (a: Instant, b: Instant): Instant => (Temporal.Instant.compare(a, b) <= 0 ? a : b)
/** The last of two instants; the first given when they are the same. */
export const later = (a: Instant, b: Instant): Instant => (Temporal.Instant.compare(a, b) >= 0 ? a : b)
/** Compares whole milliseconds: much is asked of it where thousands of slots are weighed. */
export const isBefore = (a: Instant, b: Instant): boolean => a.epochMilliseconds < b.epochMilliseconds
/** Whole minutes, rounded; negative when `to` comes first. */
export const minutesBetween = (from: Instant, to: Instant): number =>
  Math.round((to.epochMilliseconds - from.epochMilliseconds) / 60_000)

const two = (value: number) => (value < 10 ? `0${value}` : String(value))

/**
 * `2026-11-24T11:30:00Z` from epoch milliseconds, `…:00.25Z` where it is no whole second, for years 1970 to 9999. Temporal
 * says the same, forty times slower, which shows where thousands of slots are written at once.
 */
export function instantText(epochMs: number): string {
  const seconds = Math.floor(epochMs / 1000)
  const days = Math.floor(seconds / 86_400)
  const rest = seconds - days * 86_400
  // The civil calendar counted in years that begin on 1 March, so that the leap day comes last.
  const shifted = days + 719_468
  const era = Math.floor(shifted / 146_097)
  const dayOfEra = shifted - era * 146_097
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1460) + Math.floor(dayOfEra / 36_524) - Math.floor(dayOfEra / 146_096)) / 365,
  )
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100))
  const fromMarch = Math.floor((5 * dayOfYear + 2) / 153)
  const day = dayOfYear - Math.floor((153 * fromMarch + 2) / 5) + 1
  const month = fromMarch < 10 ? fromMarch + 3 : fromMarch - 9
  const year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
  const clock = `${two(Math.floor(rest / 3600))}:${two(Math.floor(rest / 60) % 60)}:${two(rest % 60)}`
  const ms = epochMs - seconds * 1000
  const fraction = ms === 0 ? '' : `.${String(ms).padStart(3, '0').replace(/0+$/, '')}`
  return `${year}-${two(month)}-${two(day)}T${clock}${fraction}Z`
}
