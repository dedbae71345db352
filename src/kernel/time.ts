import { Temporal } from 'temporal-polyfill'

export { Temporal }
export type Instant = Temporal.Instant
export type PlainDate = Temporal.PlainDate
export type PlainTime = Temporal.PlainTime
/** An IANA time zone name, checked by `isZone`. */
export type Zone = string

export const minutes = (count: number) => Temporal.Duration.from({ minutes: count })
export const hours = (count: number) => Temporal.Duration.from({ hours: count })

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
  return instant.toZonedDateTimeISO(zone).toPlainDate()
}

export function timeAt(instant: Instant, zone: Zone): PlainTime {
  return instant.toZonedDateTimeISO(zone).toPlainTime()
}

/**
 * The instants at which a local day begins and ends, as `[from, to)`. The day has 23 or 25 hours when clocks change, and
 * begins at 01:00 where midnight itself is skipped (Cairo in April).
 */
export function dayBounds(date: PlainDate, zone: Zone): { from: Instant; to: Instant } {
  const from = date.toZonedDateTime({ timeZone: zone }).toInstant()
  const to = date.add({ days: 1 }).toZonedDateTime({ timeZone: zone }).toInstant()
  return { from, to }
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

export const earlier = (a: Instant, b: Instant): Instant => (Temporal.Instant.compare(a, b) <= 0 ? a : b)
export const later = (a: Instant, b: Instant): Instant => (Temporal.Instant.compare(a, b) >= 0 ? a : b)
export const isBefore = (a: Instant, b: Instant): boolean => a.epochMilliseconds < b.epochMilliseconds
export const minutesBetween = (from: Instant, to: Instant): number =>
  Math.round((to.epochMilliseconds - from.epochMilliseconds) / 60_000)

const two = (value: number) => (value < 10 ? `0${value}` : String(value))

/**
 * `2026-11-24T11:30:00Z` from epoch milliseconds, whole seconds, for years 1970 to 9999. Temporal says the same, a hundred
 * times slower, which shows where thousands of slots are written at once.
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
  return `${year}-${two(month)}-${two(day)}T${clock}Z`
}
