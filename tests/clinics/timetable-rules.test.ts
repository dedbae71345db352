import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { withBreak } from '../../src/features/clinics/rules/hours.ts'
import {
  contradiction,
  covers,
  hijriAt,
  inTwoPlaces,
  monthDates,
  periodsOf,
  shiftsOn,
  specialHours,
  type Covered,
  type Hours,
  type MoonCorrection,
  type Timetable,
} from '../../src/features/clinics/rules/timetables.ts'
import { hijriMonthStart, hijriOf } from '../../src/kernel/hijri.ts'
import { newId } from '../../src/kernel/ids.ts'
import { Temporal, type PlainDate } from '../../src/kernel/time.ts'

const date = (text: string) => Temporal.PlainDate.from(text)
const [sana, hamid] = [newId<'practitioner'>(), newId<'practitioner'>()]
const [clifton, gulshan] = [newId<'location'>(), newId<'location'>()]

const timetable = (covered: Covered, more: Partial<Timetable> = {}): Timetable => ({
  id: newId(),
  practitionerId: sana,
  locationId: clifton,
  name: null,
  covers: covered,
  shifts: [],
  ...more,
})
const dates = (from: string, to = from): Covered => ({ kind: 'dates', from: date(from), to: date(to) })
const month = (number: number, year?: number): Covered => ({ kind: 'hijri_month', month: number, year })

const correction = fc.record({
  hijriYear: fc.integer({ min: 1447, max: 1451 }),
  hijriMonth: fc.integer({ min: 1, max: 12 }),
  days: fc.constantFrom<(-1 | 0 | 1)[]>(-1, 0, 1),
})

/** Day after day: a month goes on until the next one has begun. */
function monthOn(day: PlainDate, moon: readonly MoonCorrection[]) {
  const corrected = (year: number, number: number) =>
    hijriMonthStart(year, number).add({
      days: moon.find((one) => one.hijriYear === year && one.hijriMonth === number)?.days ?? 0,
    })
  const { year } = hijriOf(day)
  let found: { year: number; month: number } | undefined
  for (const one of [year - 1, year, year + 1]) {
    for (let number = 1; number <= 12; number++) {
      if (Temporal.PlainDate.compare(corrected(one, number), day) <= 0) found = { year: one, month: number }
    }
  }
  return found
}

describe('a Hijri month', () => {
  it('holds exactly on the days that the corrected calendar gives it', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(correction, { selector: (one) => `${one.hijriYear} ${one.hijriMonth}`, maxLength: 8 }),
        fc.integer({ min: 1, max: 12 }),
        fc.option(fc.integer({ min: 1447, max: 1451 }), { nil: undefined }),
        fc.integer({ min: 0, max: 1400 }),
        fc.integer({ min: 0, max: 60 }),
        (moon, number, year, offset, length) => {
          const from = date('2026-06-01').add({ days: offset })
          const to = from.add({ days: length })
          const periods = periodsOf(month(number, year), moon, { from, to })
          for (let day = from; Temporal.PlainDate.compare(day, to) <= 0; day = day.add({ days: 1 })) {
            const own = monthOn(day, moon)
            const expected = own?.month === number && (year === undefined || own.year === year)
            expect(periods.some((one) => covers(one, day))).toBe(expected)
            expect(hijriAt(day, moon)).toMatchObject(own!)
          }
        },
      ),
      { numRuns: 120, seed: 20261121 },
    )
  })

  it('moves by a day at either end as the moon is seen', () => {
    const text = (moon: MoonCorrection[]) => {
      const { from, to } = monthDates(1448, 9, moon)
      return `${from.toString()} ${to.toString()}`
    }
    expect(text([])).toBe('2027-02-08 2027-03-08')
    expect(text([{ hijriYear: 1448, hijriMonth: 9, days: 1 }])).toBe('2027-02-09 2027-03-08')
    expect(text([{ hijriYear: 1448, hijriMonth: 10, days: 1 }])).toBe('2027-02-08 2027-03-09')
    expect(hijriAt(date('2027-03-09'), [{ hijriYear: 1448, hijriMonth: 10, days: 1 }])).toEqual({
      year: 1448,
      month: 9,
      day: 30,
    })
  })
})

describe('which hours hold', () => {
  const shift = (more: Partial<Hours> = {}): Hours => ({
    practitionerId: sana,
    locationId: clifton,
    weekday: 4,
    startsMin: 540,
    endsMin: 1020,
    ...more,
  })
  const own = (startsMin: number, locationId = clifton) => [
    { id: newId<'shift'>(), ...shift({ startsMin, locationId }) },
  ]
  const held = (weekly: Hours[], timetables: Timetable[], on: string) =>
    shiftsOn(weekly, specialHours({ timetables, moon: [] }, date(on), date(on)), date(on)).map(
      ({ startsMin, locationId }) => `${startsMin} ${locationId === clifton ? 'Clifton' : 'Gulshan'}`,
    )

  it('is said by the narrowest: a day, then dates, then a month, then the week', () => {
    const all = [
      timetable(month(9), { shifts: own(600) }),
      timetable(dates('2027-02-10', '2027-02-20'), { shifts: own(660) }),
      timetable(dates('2027-02-11'), { shifts: own(720) }),
    ]
    expect(held([shift()], all, '2027-02-11')).toEqual(['720 Clifton'])
    expect(held([shift()], all, '2027-02-18')).toEqual(['660 Clifton'])
    expect(held([shift()], all, '2027-02-25')).toEqual(['600 Clifton'])
    expect(held([shift()], all, '2027-03-11')).toEqual(['540 Clifton'])
  })

  it('is said for one place, or for all of a doctor’s, and never for another doctor', () => {
    const weekly = [shift(), shift({ locationId: gulshan }), shift({ practitionerId: hamid })]
    const off = dates('2027-02-11')
    expect(held(weekly, [timetable(off)], '2027-02-11')).toEqual(['540 Gulshan', '540 Clifton'])
    expect(held(weekly, [timetable(off, { locationId: undefined })], '2027-02-11')).toEqual(['540 Clifton'])
  })

  it('contradicts only what covers the same dates of the same doctor at the same place, a single day apart', () => {
    const ramadan = timetable(month(9))
    const found = (wanted: Timetable) => contradiction(wanted, [ramadan], []) === ramadan
    expect(found(timetable(dates('2027-03-01', '2027-03-20')))).toBe(true)
    expect(found(timetable(dates('2027-03-09', '2027-03-20')))).toBe(false)
    expect(found(timetable(dates('2027-03-01', '2027-03-20'), { locationId: undefined }))).toBe(true)
    expect(found(timetable(dates('2027-03-01', '2027-03-20'), { locationId: gulshan }))).toBe(false)
    expect(found(timetable(dates('2027-03-01', '2027-03-20'), { practitionerId: hamid }))).toBe(false)
    expect(found(timetable(dates('2027-03-01')))).toBe(false)
    expect(found(timetable(month(9, 1450)))).toBe(true)
    expect(found(timetable(month(10)))).toBe(false)
  })

  it('finds a doctor in two places, also when a night reaches into the next morning', () => {
    const weekly = [
      shift({ weekday: 1, startsMin: 1320, endsMin: 1560 }),
      shift({ weekday: 2, startsMin: 60, endsMin: 120, locationId: gulshan }),
    ]
    const range = { from: date('2027-03-01'), to: date('2027-03-14') }
    const [clash, ...more] = inTwoPlaces(weekly, [], range)
    expect(more).toEqual([])
    expect([clash?.date.toString(), clash?.shift.locationId, clash?.other.locationId]).toEqual([
      '2027-03-02',
      gulshan,
      clifton,
    ])
    const off = specialHours(
      { timetables: [timetable(dates('2027-02-20', '2027-03-20'))], moon: [] },
      range.from,
      range.to,
    )
    expect(inTwoPlaces(weekly, off, range)).toEqual([])
  })
})

describe('a break', () => {
  const day = (...rows: [string, string][]) =>
    Object.fromEntries(rows.flatMap(([from, to], at) => [[`d5_${at + 1}_from`, from], [`d5_${at + 1}_to`, to]])) // prettier-ignore
  const cut = (rows: [string, string][], from: string, to: string) => withBreak(day(...rows), [5], { from, to })

  it.each<[string, [string, string][], [string, string], [string, string][]]>([
    ['splits', [['09:00', '17:00']], ['12:45', '14:15'], [['09:00', '12:45'], ['14:15', '17:00']]],
    ['shortens', [['09:00', '13:00']], ['12:00', '14:00'], [['09:00', '12:00']]],
    ['takes away', [['12:00', '13:00'], ['15:00', '18:00']], ['11:00', '14:00'], [['15:00', '18:00']]],
    ['goes over several', [['09:00', '12:00'], ['13:00', '17:00']], ['11:00', '14:00'], [['09:00', '11:00'], ['14:00', '17:00']]],
    ['lies after midnight', [['21:00', '02:00']], ['00:30', '01:00'], [['21:00', '00:30'], ['01:00', '02:00']]],
    ['lies over midnight', [['21:00', '02:00']], ['23:30', '00:30'], [['21:00', '23:30'], ['00:30', '02:00']]],
    ['leaves alone what can’t be read', [['nine', '17:00'], ['09:00', '17:00']], ['12:00', '13:00'], [['nine', '17:00'], ['09:00', '12:00'], ['13:00', '17:00']]],
  ])('%s', (_, rows, [from, to], left) => {
    expect(cut(rows, from, to)).toEqual(day(...left))
  }) // prettier-ignore

  it('says when there is nothing to cut, or no room', () => {
    expect(cut([['09:00', '12:00']], '13:00', '14:00')).toBe('outside')
    const six = [9, 10, 11, 12, 13, 14].map((hour): [string, string] => [`${hour}:00`, `${hour}:45`])
    expect(cut(six, '09:15', '09:30')).toBe('full')
  })
})
