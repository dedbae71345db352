import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  dateAt,
  dayBounds,
  earlier,
  isBefore,
  isZone,
  later,
  localInstant,
  minutesBetween,
  parseDate,
  parseInstant,
  parseTime,
  Temporal,
  timeAt,
} from '../../src/kernel/time.ts'

const date = (text: string) => Temporal.PlainDate.from(text)
const time = (text: string) => Temporal.PlainTime.from(text)
const instant = (text: string) => Temporal.Instant.from(text)

describe('dayBounds', () => {
  it.each([
    ['Asia/Karachi', '2026-06-01', '2026-05-31T19:00:00Z', 24],
    ['Africa/Cairo', '2026-04-23', '2026-04-22T22:00:00Z', 24],
    ['Africa/Cairo', '2026-04-24', '2026-04-23T22:00:00Z', 23],
    ['Africa/Cairo', '2026-10-29', '2026-10-28T21:00:00Z', 25],
    ['Europe/London', '2026-03-29', '2026-03-29T00:00:00Z', 23],
    ['Europe/London', '2026-10-25', '2026-10-24T23:00:00Z', 25],
    ['America/New_York', '2026-03-08', '2026-03-08T05:00:00Z', 23],
    ['America/New_York', '2026-11-01', '2026-11-01T04:00:00Z', 25],
  ])('in %s on %s begins at %s and has %d hours', (zone, day, from, hours) => {
    const bounds = dayBounds(date(day), zone)
    expect(bounds.from.toString()).toBe(from)
    expect(minutesBetween(bounds.from, bounds.to)).toBe(hours * 60)
    expect(dayBounds(date(day).add({ days: 1 }), zone).from).toEqual(bounds.to)
    expect(dateAt(bounds.from, zone).toString()).toBe(day)
    expect(dateAt(bounds.to.subtract({ milliseconds: 1 }), zone).toString()).toBe(day)
    expect(dateAt(bounds.from.subtract({ milliseconds: 1 }), zone).toString()).not.toBe(day)
  })
})

describe('dateAt and timeAt', () => {
  // With clocks that change at midnight, at 00:01 and by half an hour, and a day that was left out.
  const zone = fc.constantFrom(
    'Asia/Karachi',
    'Africa/Cairo',
    'Asia/Beirut',
    'Europe/London',
    'America/New_York',
    'America/St_Johns',
    'America/Nuuk',
    'Australia/Lord_Howe',
    'Pacific/Apia',
  )
  const ms = fc.integer({ min: Date.UTC(2005, 0), max: Date.UTC(2035, 0) })

  it('say what Temporal says', () => {
    fc.assert(
      fc.property(zone, ms, (zone, ms) => {
        const at = Temporal.Instant.fromEpochMilliseconds(ms)
        const local = at.toZonedDateTimeISO(zone)
        expect(dateAt(at, zone).toString()).toBe(local.toPlainDate().toString())
        expect(timeAt(at, zone).toString()).toBe(local.toPlainTime().toString())
      }),
      { numRuns: 3000 },
    )
  })

  it.each([
    ['Asia/Beirut', '2026-10-24T21:00:00Z'],
    ['America/St_Johns', '2008-11-02T02:31:00Z'],
    ['Africa/Cairo', '2026-04-23T22:00:00Z'],
    ['Pacific/Apia', '2011-12-30T10:00:00Z'],
  ])('say so too around the change in %s at %s', (zone, change) => {
    for (let minutes = -180; minutes <= 180; minutes++) {
      const at = instant(change).add({ minutes })
      const local = at.toZonedDateTimeISO(zone)
      expect(dateAt(at, zone).toString()).toBe(local.toPlainDate().toString())
      expect(timeAt(at, zone).toString()).toBe(local.toPlainTime().toString())
    }
  })
})

describe('localInstant', () => {
  it.each([
    ['Asia/Karachi', '2026-06-01', '09:00', '2026-06-01T04:00:00Z'],
    ['Africa/Cairo', '2026-04-24', '01:00', '2026-04-23T22:00:00Z'],
    ['Africa/Cairo', '2026-10-30', '00:00', '2026-10-29T22:00:00Z'],
    ['Europe/London', '2026-03-29', '02:00', '2026-03-29T01:00:00Z'],
    ['America/New_York', '2026-11-01', '02:00', '2026-11-01T07:00:00Z'],
  ])('in %s on %s at %s is %s', (zone, day, clock, expected) => {
    expect(localInstant(date(day), time(clock), zone)?.toString()).toBe(expected)
  })
  it.each([
    ['Africa/Cairo', '2026-04-24', '00:30'],
    ['Europe/London', '2026-03-29', '01:30'],
    ['America/New_York', '2026-03-08', '02:00'],
  ])('does not exist in %s on %s at %s', (zone, day, clock) => {
    expect(localInstant(date(day), time(clock), zone)).toBeUndefined()
  })
  it.each([
    ['Africa/Cairo', '2026-10-29', '23:30'],
    ['Europe/London', '2026-10-25', '01:00'],
    ['America/New_York', '2026-11-01', '01:59'],
  ])('exists twice in %s on %s at %s', (zone, day, clock) => {
    expect(localInstant(date(day), time(clock), zone)).toBeUndefined()
  })
})

it('reads the date and time off the clinic’s wall', () => {
  const late = instant('2026-06-01T19:30:00Z')
  expect(dateAt(late, 'Asia/Karachi').toString()).toBe('2026-06-02')
  expect(timeAt(late, 'Asia/Karachi').toString()).toBe('00:30:00')
  expect(dateAt(late, 'America/New_York').toString()).toBe('2026-06-01')
})

describe('parsers', () => {
  it.each(['2026-06-01', '2028-02-29', '1900-01-01', '2199-12-31'])('take the date %s', (text) => {
    expect(parseDate(text)?.toString()).toBe(text)
  })
  it.each([
    '2026-02-29',
    '2026-13-01',
    '2026-00-10',
    '2026-6-1',
    '01-06-2026',
    '1899-12-31',
    '2200-01-01',
    '2026-06-01T00:00',
    '٢٠٢٦-٠٦-٠١',
    '',
    'today',
    undefined,
    null,
    20260601,
    ['2026-06-01'],
  ])('refuse the date %j', (text) => {
    expect(parseDate(text)).toBeUndefined()
  })
  it.each([
    ['2026-06-01T09:00:00Z', '2026-06-01T09:00:00Z'],
    ['2026-06-01T09:00:00+05:00', '2026-06-01T04:00:00Z'],
    ['2026-06-01T09:00-04:00', '2026-06-01T13:00:00Z'],
    ['2026-06-01T09:00:00.123Z', '2026-06-01T09:00:00.123Z'],
  ])('take the instant %s', (text, expected) => {
    expect(parseInstant(text)?.toString()).toBe(expected)
  })
  it.each([
    '2026-06-01T09:00',
    '2026-06-01',
    '2026-02-30T09:00Z',
    '1899-12-31T23:59:59Z',
    '2200-01-01T00:00Z',
    `2026-06-01T09:00:00Z${' '.repeat(40)}`,
    'now',
    '',
    undefined,
    1780300800000,
  ])('refuse the instant %j', (text) => {
    expect(parseInstant(text)).toBeUndefined()
  })
  it.each([
    ['00:00', '00:00:00'],
    ['09:05', '09:05:00'],
    ['23:59', '23:59:00'],
    ['21:00:00', '21:00:00'],
  ])('take the time %s', (text, expected) => {
    expect(parseTime(text)?.toString()).toBe(expected)
  })
  it.each(['24:00', '9:00', '09:60', '0900', '09:00:60', '9 am', '', undefined, 900])('refuse the time %j', (text) => {
    expect(parseTime(text)).toBeUndefined()
  })
})

it('knows the names of zones', () => {
  for (const zone of ['Asia/Karachi', 'Africa/Cairo', 'Europe/London', 'America/New_York', 'UTC']) {
    expect(isZone(zone)).toBe(true)
  }
  for (const zone of ['', 'Mars/Base', 'PKT', '+05:00', '-0400', ' Asia/Karachi', 'Asia/Karachi; drop']) {
    expect(isZone(zone)).toBe(false)
  }
})

it('compares instants', () => {
  const [one, two] = [instant('2026-06-01T09:00:00Z'), instant('2026-06-01T09:30:00Z')]
  expect([earlier(one, two), earlier(two, one)]).toEqual([one, one])
  expect([later(one, two), later(two, one)]).toEqual([two, two])
  expect([isBefore(one, two), isBefore(two, one), isBefore(one, one)]).toEqual([true, false, false])
  expect(minutesBetween(one, two)).toBe(30)
})
