import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  mostVisits,
  occurrencesOf,
  shiftBetween,
  shifted,
  wallClock,
  type End,
  type Rule,
} from '../../src/features/series/rules.ts'
import { Temporal, type PlainDate } from '../../src/kernel/time.ts'

const day = (text: string) => Temporal.PlainDate.from(text)
const at = (text: string) => Temporal.PlainTime.from(text)
const far = day('2200-01-01')
const datesOf = (rule: Rule, first: string, end: End, horizon = far) =>
  occurrencesOf(rule, day(first), end, horizon).occurrences.map(({ date }) => date.toString())

describe('on which days a series falls', () => {
  it.each<[string, Rule, string, number, string[]]>([
    ['every day', { every: 'day', step: 1 }, '2026-12-30', 3, ['2026-12-30', '2026-12-31', '2027-01-01']],
    ['every third day', { every: 'day', step: 3 }, '2028-02-27', 3, ['2028-02-27', '2028-03-01', '2028-03-04']],
    [
      'every week',
      { every: 'week', step: 1, weekdays: [] },
      '2026-11-25',
      3,
      ['2026-11-25', '2026-12-02', '2026-12-09'],
    ],
    [
      'twice a week, from the first visit on',
      { every: 'week', step: 1, weekdays: [1, 4] },
      '2026-11-26',
      4,
      ['2026-11-26', '2026-11-30', '2026-12-03', '2026-12-07'],
    ],
    [
      'every second week counts from the first visit, wherever a week begins',
      { every: 'week', step: 2, weekdays: [7, 2] },
      '2026-12-06',
      4,
      ['2026-12-06', '2026-12-08', '2026-12-20', '2026-12-22'],
    ],
    [
      'every month',
      { every: 'month', step: 1, by: 'date' },
      '2026-12-15',
      3,
      ['2026-12-15', '2027-01-15', '2027-02-15'],
    ],
    [
      'the 31st is the last day of shorter months, and the 31st again after',
      { every: 'month', step: 1, by: 'date' },
      '2027-12-31',
      5,
      ['2027-12-31', '2028-01-31', '2028-02-29', '2028-03-31', '2028-04-30'],
    ],
    [
      'the 29th of February, in a year that has none',
      { every: 'month', step: 12, by: 'date' },
      '2028-02-29',
      5,
      ['2028-02-29', '2029-02-28', '2030-02-28', '2031-02-28', '2032-02-29'],
    ],
    [
      'the second Tuesday',
      { every: 'month', step: 1, by: 'weekday' },
      '2026-12-08',
      3,
      ['2026-12-08', '2027-01-12', '2027-02-09'],
    ],
    [
      'a fifth Monday is the last',
      { every: 'month', step: 1, by: 'weekday' },
      '2026-11-30',
      4,
      ['2026-11-30', '2026-12-28', '2027-01-25', '2027-02-22'],
    ],
  ])('%s', (_name, rule, first, count, expected) => {
    expect(datesOf(rule, first, { count })).toEqual(expected)
  })

  it('points out a last day that stands for another', () => {
    const { occurrences } = occurrencesOf({ every: 'month', step: 1, by: 'date' }, day('2027-01-30'), { count: 3 }, far)
    expect(occurrences.map(({ lastDay }) => lastDay)).toEqual([false, true, false])
  })

  it('ends on the day named, that day included', () => {
    const weekly: Rule = { every: 'week', step: 1, weekdays: [] }
    expect(datesOf(weekly, '2026-12-01', { until: day('2026-12-15') })).toHaveLength(3)
    expect(datesOf(weekly, '2026-12-01', { until: day('2026-12-14') })).toHaveLength(2)
    expect(datesOf(weekly, '2026-12-01', { until: day('2026-11-30') })).toEqual([])
  })

  it('is never longer than a year of weeks, and says when the horizon cut it', () => {
    const daily: Rule = { every: 'day', step: 1 }
    expect(occurrencesOf(daily, day('2026-12-01'), { count: 400 }, far).occurrences).toHaveLength(mostVisits)
    expect(occurrencesOf(daily, day('2026-12-01'), { until: far }, far).occurrences).toHaveLength(mostVisits)
    const cut = occurrencesOf(daily, day('2026-12-01'), { count: 10 }, day('2026-12-04'))
    expect(cut).toMatchObject({ cut: true })
    expect(cut.occurrences).toHaveLength(4)
    expect(occurrencesOf(daily, day('2026-12-01'), { count: 4 }, day('2026-12-04')).cut).toBe(false)
    expect(occurrencesOf(daily, day('2026-12-01'), { until: far }, day('2026-12-04')).cut).toBe(false)
  })
})

const anyDate = fc.integer({ min: 0, max: 36_000 }).map((days) => Temporal.PlainDate.from('2000-01-01').add({ days }))
const anyRule = fc.oneof(
  fc.record({ every: fc.constant('day' as const), step: fc.integer({ min: 1, max: 12 }) }),
  fc.record({
    every: fc.constant('week' as const),
    step: fc.integer({ min: 1, max: 12 }),
    weekdays: fc.array(fc.integer({ min: 1, max: 7 }), { maxLength: 7 }),
  }),
  fc.record({
    every: fc.constant('month' as const),
    step: fc.integer({ min: 1, max: 12 }),
    by: fc.constantFrom('date' as const, 'weekday' as const),
  }),
)

/** The same question asked of every single day, by what a calendar on a wall shows. */
function falls(rule: Rule, first: PlainDate, date: PlainDate): boolean {
  const days = first.until(date).days
  if (days < 0) return false
  if (rule.every === 'day') return days % rule.step === 0
  if (rule.every === 'week') {
    const wanted = rule.weekdays.includes(date.dayOfWeek) || date.dayOfWeek === first.dayOfWeek
    return wanted && Math.floor(days / 7) % rule.step === 0
  }
  const months = (date.year - first.year) * 12 + date.month - first.month
  if (months % rule.step !== 0) return false
  if (rule.by === 'date') return date.day === Math.min(first.day, date.daysInMonth)
  if (date.dayOfWeek !== first.dayOfWeek) return false
  const isLast = date.day + 7 > date.daysInMonth
  return first.day > 28 ? isLast : Math.ceil(date.day / 7) === Math.ceil(first.day / 7)
}

describe('against a walk through every day', () => {
  it('finds the same days', () => {
    fc.assert(
      fc.property(anyDate, anyRule, fc.integer({ min: 1, max: 900 }), (first, rule, days) => {
        const until = first.add({ days })
        const walked: string[] = []
        for (let date = first; Temporal.PlainDate.compare(date, until) <= 0; date = date.add({ days: 1 })) {
          if (walked.length < mostVisits && falls(rule, first, date)) walked.push(date.toString())
        }
        expect(occurrencesOf(rule, first, { until }, far).occurrences.map(({ date }) => date.toString())).toEqual(
          walked,
        )
        const count = Math.max(1, walked.length)
        expect(
          occurrencesOf(rule, first, { count }, far)
            .occurrences.map(({ date }) => date.toString())
            .slice(0, walked.length),
        ).toEqual(walked)
      }),
      { numRuns: 150 },
    )
  })
})

describe('the clock on the wall', () => {
  it.each([
    // Clocks change on 24 April and 29 October 2026, 29 March and 25 October, 8 March and 1 November.
    ['Africa/Cairo', '2026-04-20'],
    ['Africa/Cairo', '2026-10-26'],
    ['Europe/London', '2026-03-25'],
    ['Europe/London', '2026-10-21'],
    ['America/New_York', '2026-03-04'],
    ['America/New_York', '2026-10-28'],
    ['Asia/Karachi', '2026-03-25'],
  ])('stays at 9:30 in %s from %s on', (zone, first) => {
    const { occurrences } = occurrencesOf({ every: 'day', step: 1 }, day(first), { count: 9 }, far)
    for (const { date } of occurrences) {
      const { startsAt, shifted: late } = wallClock(date, at('09:30'), zone)
      expect(startsAt.toZonedDateTimeISO(zone).toPlainDateTime().toString()).toBe(`${date.toString()}T09:30:00`)
      expect(late).toBe(false)
    }
  })

  it('says when a time does not exist that day, and takes the first of two', () => {
    const skipped = wallClock(day('2026-03-29'), at('01:30'), 'Europe/London')
    expect(skipped.shifted).toBe(true)
    expect(skipped.startsAt.toString()).toBe('2026-03-29T01:30:00Z')
    const twice = wallClock(day('2026-10-25'), at('01:30'), 'Europe/London')
    expect(twice).toMatchObject({ shifted: false })
    expect(twice.startsAt.toString()).toBe('2026-10-25T00:30:00Z')
  })

  it('moves a stretch by days and time, never by elapsed hours', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('Africa/Cairo', 'Europe/London', 'America/New_York'),
        anyDate,
        anyDate,
        fc.integer({ min: 6 * 60, max: 22 * 60 }),
        (zone, from, to, minute) => {
          const time = Temporal.PlainTime.from({ hour: Math.floor(minute / 60), minute: minute % 60 })
          const [start, goal] = [wallClock(from, at('10:00'), zone).startsAt, wallClock(to, time, zone).startsAt]
          const shift = shiftBetween(start, goal, zone)
          expect(shifted(start, shift, zone).toString()).toBe(goal.toString())
          const next = wallClock(from.add({ days: 7 }), at('10:00'), zone).startsAt
          const local = shifted(next, shift, zone).toZonedDateTimeISO(zone)
          expect(local.toPlainDate().toString()).toBe(to.add({ days: 7 }).toString())
          expect(local.toPlainTime().equals(time)).toBe(true)
        },
      ),
      { numRuns: 100 },
    )
  })
})
