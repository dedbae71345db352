/**
 * Hours for some dates only: Ramadan, a summer, one Friday. On the dates a timetable covers it takes the place of its
 * doctor's weekly hours, at its place or at all of them; without shifts it is a day off. Dates are those on which work
 * begins: the last night of Ramadan ends on a morning that is no longer Ramadan's.
 */
import { hijriMonthStart, hijriOf, ramadan, type HijriDate } from '../../../kernel/hijri.ts'
import type { Id, LocationId, PractitionerId } from '../../../kernel/ids.ts'
import type { PlainDate } from '../../../kernel/time.ts'
import type { Shift } from '../rules.ts'

/** How a timetable is entered. */
export const timetableKinds = ['day', 'dates', 'hijri'] as const
export type TimetableKind = (typeof timetableKinds)[number]

/** The grid of a single day is typed as if it were a Monday's, whatever date is chosen. */
export const singleDay = 1

export type Covered =
  | { kind: 'dates'; from: PlainDate; to: PlainDate }
  /** Of one Hijri year, or of each. */
  | { kind: 'hijri_month'; month: number; year: number | undefined }

export type Timetable = {
  id: Id<'timetable'>
  practitionerId: PractitionerId
  /** Whose hours it takes the place of: this location's, or those of all. Its own shifts are where they say. */
  locationId: LocationId | undefined
  /** What patients read; a Hijri month has a name of its own. */
  name: string | null
  covers: Covered
  shifts: Shift[]
}

/** How many days before or after Umm al-Qura's calendar a month began, as the moon was seen. */
export type MoonCorrection = { hijriYear: number; hijriMonth: number; days: -1 | 0 | 1 }

type DateRange = { from: PlainDate; to: PlainDate }

// Comparing two dates takes Temporal microseconds, and a search does it for every timetable and day.
const numbers = new WeakMap<PlainDate, number>()

function numberOf(date: PlainDate): number {
  const known = numbers.get(date)
  if (known !== undefined) return known
  const number = date.year * 10_000 + date.month * 100 + date.day
  numbers.set(date, number)
  return number
}

/** Below zero when the first comes before the other. */
export const dayOrder = (a: PlainDate, b: PlainDate): number => numberOf(a) - numberOf(b)
export const covers = ({ from, to }: DateRange, date: PlainDate): boolean =>
  dayOrder(from, date) <= 0 && dayOrder(date, to) <= 0
const rangesMeet = (a: DateRange, b: DateRange) => dayOrder(a.from, b.to) <= 0 && dayOrder(b.from, a.to) <= 0

// By the corrections they were made with, which are kept with the clinic's settings as long as those stand.
const months = new WeakMap<readonly MoonCorrection[], Map<number, DateRange>>()

/** The dates of a Hijri month where the clinic is: a day early or late at either end as it corrected them. */
export function monthDates(year: number, month: number, moon: readonly MoonCorrection[]): DateRange {
  const known = months.get(moon) ?? new Map<number, DateRange>()
  months.set(moon, known)
  const number = year * 12 + month
  const found = known.get(number)
  if (found) return found
  const [nextYear, nextMonth] = month === 12 ? [year + 1, 1] : [year, month + 1]
  const dates = {
    from: hijriMonthStart(year, month).add({ days: correctionOf(moon, year, month) }),
    to: hijriMonthStart(nextYear, nextMonth).add({ days: correctionOf(moon, nextYear, nextMonth) - 1 }),
  }
  known.set(number, dates)
  return dates
}

export const correctionOf = (moon: readonly MoonCorrection[], year: number, month: number): -1 | 0 | 1 =>
  moon.find(({ hijriYear, hijriMonth }) => hijriYear === year && hijriMonth === month)?.days ?? 0

/** A date by the Hijri calendar of the clinic, its corrections counted in. */
export function hijriAt(date: PlainDate, moon: readonly MoonCorrection[]): HijriDate {
  const calculated = hijriOf(date)
  const months = [0, -1, 1].map((by) => calculated.year * 12 + calculated.month - 1 + by)
  for (const number of months) {
    const [year, month] = [Math.floor(number / 12), (number % 12) + 1]
    const dates = monthDates(year, month, moon)
    if (covers(dates, date)) return { year, month, day: dates.from.until(date).days + 1 }
  }
  return calculated
}

/** The times that a timetable holds and that touch the dates asked about, in order. */
export function periodsOf(covered: Covered, moon: readonly MoonCorrection[], asked: DateRange): DateRange[] {
  if (covered.kind === 'dates') return rangesMeet(covered, asked) ? [{ from: covered.from, to: covered.to }] : []
  const { month, year } = covered
  const [first, last] = [yearNear(asked.from) - 1, yearNear(asked.to) + 1]
  const years = year === undefined ? Array.from({ length: last - first + 1 }, (_, at) => first + at) : [year]
  return years
    .filter((one) => one >= first && one <= last)
    .map((one) => monthDates(one, month, moon))
    .filter((dates) => rangesMeet(dates, asked))
}

// One too few or too many at most, which costs nothing; asking the calendar would, for each search.
const yearNear = ({ year, month }: PlainDate) => Math.round((year + month / 12 - 621.57) * 1.030_684)

/** A timetable on dates that are worked out. Of those that cover a date the highest rank holds: the narrower the higher. */
export type SpecialHours = DateRange & {
  practitionerId: PractitionerId
  locationId: LocationId | undefined
  rank: number
  shifts: readonly Hours[]
  timetable: Timetable
}

/** An exception for a single day goes before a range of dates, and that before a rule that comes every year. */
export function rankOf(covered: Covered): number {
  if (covered.kind === 'hijri_month') return 0
  return dayOrder(covered.from, covered.to) === 0 ? 2 : 1
}

export type SpecialSettings = { timetables: readonly Timetable[]; moon: readonly MoonCorrection[] }

export function specialHours({ timetables, moon }: SpecialSettings, from: PlainDate, to: PlainDate): SpecialHours[] {
  return timetables.flatMap((timetable) => {
    const { practitionerId, locationId, shifts } = timetable
    const rank = rankOf(timetable.covers)
    return periodsOf(timetable.covers, moon, { from, to }).map((dates) => ({
      ...dates,
      practitionerId,
      locationId,
      rank,
      shifts,
      timetable,
    }))
  })
}

type Place = { practitionerId: PractitionerId; locationId: LocationId }
type Special = Pick<SpecialHours, 'practitionerId' | 'locationId' | 'rank'>

/** Those of a doctor at a place, the one that goes before the others first. */
export function specialAt<S extends Special>(special: readonly S[], { practitionerId, locationId }: Place): S[] {
  if (special.length === 0) return []
  return special
    .filter((one) => one.practitionerId === practitionerId && (one.locationId ?? locationId) === locationId)
    .sort((a, b) => b.rank - a.rank || Number(a.locationId === undefined) - Number(b.locationId === undefined))
}

export type Hours = Omit<Shift, 'id'>

/** Weekly hours on a date, as if there were no others. */
export function heldOn(
  { weekday, validFrom, validTo }: Pick<Shift, 'weekday' | 'validFrom' | 'validTo'>,
  date: PlainDate,
): boolean {
  if (weekday !== date.dayOfWeek) return false
  if (validFrom && dayOrder(date, validFrom) < 0) return false
  return !validTo || dayOrder(date, validTo) <= 0
}

/**
 * The shifts that begin on a date: of each doctor at each place those of the timetable that holds there on that date, or
 * else the weekly ones. Availability asks the same of many dates at once.
 */
export function shiftsOn(weekly: readonly Hours[], special: readonly SpecialHours[], date: PlainDate): Hours[] {
  const holding = special.filter((one) => covers(one, date))
  if (holding.length === 0) return weekly.filter((shift) => heldOn(shift, date))
  return [
    ...weekly.filter((shift) => heldOn(shift, date) && specialAt(holding, shift).length === 0),
    ...holding.flatMap((one) =>
      one.shifts.filter((shift) => shift.weekday === date.dayOfWeek && specialAt(holding, shift)[0] === one),
    ),
  ]
}

/** The same from a clinic's settings, for a single date. */
export function hoursOn(settings: SpecialSettings & { shifts: readonly Hours[] }, date: PlainDate): Hours[] {
  return shiftsOn(settings.shifts, specialHours(settings, date, date), date)
}

/** The timetable of the same doctor that already says what holds on some of those dates there, if any. */
export function contradiction(
  wanted: Pick<Timetable, 'practitionerId' | 'locationId' | 'covers'>,
  others: readonly Timetable[],
  moon: readonly MoonCorrection[],
): Timetable | undefined {
  return others.find((other) => {
    if (other.practitionerId !== wanted.practitionerId) return false
    if (wanted.locationId && other.locationId && wanted.locationId !== other.locationId) return false
    // A single day is an exception, made so that it goes before what holds around it.
    if ((rankOf(wanted.covers) === 2) !== (rankOf(other.covers) === 2)) return false
    return coversMeet(wanted.covers, other.covers, moon)
  })
}

function coversMeet(a: Covered, b: Covered, moon: readonly MoonCorrection[]): boolean {
  if (a.kind === 'dates') return periodsOf(b, moon, a).length > 0
  if (b.kind === 'dates') return periodsOf(a, moon, b).length > 0
  return a.month === b.month && (a.year === undefined || b.year === undefined || a.year === b.year)
}

export type TwoPlaces = { date: PlainDate; shift: Hours; other: Hours }

/**
 * The first date of each weekday on which one doctor would be in two places at the same moment, looking at dates one by
 * one: weekly hours can be compared as weeks, what takes their place on some dates can't. The shift that began first is
 * `other`.
 */
export function inTwoPlaces(
  weekly: readonly Hours[],
  special: readonly SpecialHours[],
  { from, to }: DateRange,
): TwoPlaces[] {
  const found = new Map<number, TwoPlaces>()
  let before: { shift: Hours; starts: number; ends: number }[] = []
  for (let date = from.subtract({ days: 1 }); dayOrder(date, to) <= 0; date = date.add({ days: 1 })) {
    const today = shiftsOn(weekly, special, date).map((shift) => ({
      shift,
      starts: shift.startsMin,
      ends: shift.endsMin,
    }))
    const all = [...before, ...today].sort((a, b) => a.starts - b.starts)
    for (const [at, one] of all.entries()) {
      const other = all.slice(0, at).find(({ ends, shift }) => {
        return ends > one.starts && shift.locationId !== one.shift.locationId
      })
      if (other && today.includes(one) && !found.has(date.dayOfWeek)) {
        found.set(date.dayOfWeek, { date, shift: one.shift, other: other.shift })
      }
    }
    before = today.map(({ shift, starts, ends }) => ({ shift, starts: starts - 1440, ends: ends - 1440 }))
  }
  return [...found.values()]
}

// Where the Hijri date is a date of everyday life.
const hijriCountries = new Set([
  'AE', 'AF', 'BD', 'BH', 'DZ', 'EG', 'ID', 'IQ', 'IR', 'JO', 'KW', 'LB', 'LY', 'MA', 'MY', 'OM', 'PK', 'PS', 'QA',
  'SA', 'SD', 'SO', 'SY', 'TN', 'TR', 'YE',
]) // prettier-ignore

/** Whether a clinic's lists say both dates, where nobody asked for a Hijri one. */
export const usesHijri = (
  clinic: { country: string; language: string },
  { timetables }: Pick<SpecialSettings, 'timetables'>,
): boolean =>
  hijriCountries.has(clinic.country) ||
  clinic.language !== 'en' ||
  timetables.some((one) => one.covers.kind === 'hijri_month')

/** The Hijri years in which a month is not over, the next three. */
export function comingYears(today: PlainDate, moon: readonly MoonCorrection[], month: number): number[] {
  const first = hijriOf(today).year - 1
  return Array.from({ length: 5 }, (_, n) => first + n)
    .filter((year) => dayOrder(monthDates(year, month, moon).to, today) >= 0)
    .slice(0, 3)
}

/** The months whose beginning and end matter to a clinic: Ramadan, and those of rules; each the next two times. */
export function moonMonths(today: PlainDate, { timetables, moon }: SpecialSettings) {
  const months = new Set([ramadan])
  for (const { covers: covered } of timetables) if (covered.kind === 'hijri_month') months.add(covered.month)
  return [...months]
    .flatMap((month) =>
      comingYears(today, moon, month)
        .slice(0, 2)
        .map((year) => ({ year, month })),
    )
    .sort((a, b) => a.year - b.year || a.month - b.month)
}

/** The month whose first day follows the last of this one. */
export const endOf = ({ year, month }: { year: number; month: number }) =>
  month === 12 ? { year: year + 1, month: 1 } : { year, month: month + 1 }
