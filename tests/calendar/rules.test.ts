import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  beside,
  blockOn,
  daysShown,
  hoursShown,
  joined,
  minuteOf,
  placeCss,
  turned,
  weekOf,
  weeksOf,
  without,
  type Block,
} from '../../src/features/calendar/rules.ts'
import { firstDayOfWeek } from '../../src/features/clinics/rules/hours.ts'
import { Temporal } from '../../src/kernel/time.ts'

const date = (text: string) => Temporal.PlainDate.from(text)
const ms = (text: string) => Temporal.Instant.from(text).epochMilliseconds
const blocks = fc.array(
  fc
    .record({ from: fc.integer({ min: 0, max: 1439 }), length: fc.integer({ min: 1, max: 300 }), onTop: fc.boolean() })
    .map(({ from, length, onTop }) => ({ from, to: Math.min(1440, from + length), onTop })),
  { maxLength: 12 },
)
const overlap = (a: Block, b: Block) => a.from < b.to && b.from < a.to
const covers = (all: readonly Block[], minute: number) => all.some(({ from, to }) => from <= minute && minute < to)

describe('a minute of the day', () => {
  it('is the one on the wall, also where the clocks change', () => {
    expect(minuteOf(ms('2026-11-24T04:30:00Z'), date('2026-11-24'), 'Asia/Karachi')).toBe(9 * 60 + 30)
    // London, 29 March: from 01:00 straight to 02:00. 25 October: 01:00 to 02:00 twice.
    expect(minuteOf(ms('2026-03-29T08:00:00Z'), date('2026-03-29'), 'Europe/London')).toBe(9 * 60)
    expect(minuteOf(ms('2026-10-25T09:00:00Z'), date('2026-10-25'), 'Europe/London')).toBe(9 * 60)
    // Cairo, 24 April: the day begins at one.
    expect(minuteOf(ms('2026-04-24T07:00:00Z'), date('2026-04-24'), 'Africa/Cairo')).toBe(10 * 60)
  })

  it('stays within the day that is drawn', () => {
    const night = { from: ms('2026-11-24T17:00:00Z'), to: ms('2026-11-24T22:00:00Z') }
    expect(blockOn(night, date('2026-11-24'), 'Asia/Karachi')).toEqual({ from: 22 * 60, to: 1440 })
    expect(blockOn(night, date('2026-11-25'), 'Asia/Karachi')).toEqual({ from: 0, to: 180 })
    expect(blockOn(night, date('2026-11-26'), 'Asia/Karachi')).toBeUndefined()
  })
})

describe('blocks beside each other', () => {
  it('never cover one another, and are as few as they can be', () => {
    fc.assert(
      fc.property(blocks, (all) => {
        const lanes = beside(all)
        for (const [i, a] of all.entries()) {
          expect(lanes[i]!.no).toBeLessThan(lanes[i]!.of)
          for (const [j, b] of all.entries()) {
            if (i === j || !overlap(a, b)) continue
            expect(lanes[i]!.of).toBe(lanes[j]!.of)
            expect(lanes[i]!.no).not.toBe(lanes[j]!.no)
          }
          if (!all.some((b, j) => j !== i && overlap(a, b))) expect(lanes[i]).toEqual({ no: 0, of: 1 })
        }
      }),
    )
  })

  it('have what was booked on top after what it lies on, even when it began before', () => {
    fc.assert(
      fc.property(blocks, (all) => {
        const lanes = beside(all)
        for (const [i, a] of all.entries()) {
          for (const [j, b] of all.entries()) {
            if (a.onTop && !b.onTop && overlap(a, b)) expect(lanes[i]!.no).toBeGreaterThan(lanes[j]!.no)
          }
        }
      }),
    )
    expect(
      beside([
        { from: 590, to: 620, onTop: true },
        { from: 600, to: 630, onTop: false },
      ]),
    ).toEqual([
      { no: 1, of: 2 },
      { no: 0, of: 2 },
    ])
  })
})

describe('what is free', () => {
  it('is what is worked and not taken, minute by minute', () => {
    fc.assert(
      fc.property(blocks, blocks, (worked, taken) => {
        const whole = joined(worked)
        const free = without(whole, taken)
        for (let minute = 0; minute < 1440; minute += 7) {
          expect(covers(free, minute)).toBe(covers(whole, minute) && !covers(taken, minute))
        }
        expect(without(whole, taken, 10)).toEqual(free.filter(({ from, to }) => to - from >= 10))
      }),
    )
  })
})

describe('the days of a view', () => {
  it('begin where people begin their week', () => {
    expect(['PK', 'EG', 'GB', 'AE', 'SA'].map(firstDayOfWeek)).toEqual([1, 6, 1, 1, 7])
    expect(weekOf(date('2026-11-24'), 7).map(String)).toEqual(
      ['22', '23', '24', '25', '26', '27', '28'].map((day) => `2026-11-${day}`),
    )
    expect(weekOf(date('2026-11-22'), 1)[0]!.toString()).toBe('2026-11-16')
  })

  it('hold each day of the month once, in whole weeks', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 5000 }), fc.constantFrom(1, 6, 7), (day, first) => {
        const at = date('2020-01-01').add({ days: day })
        const weeks = weeksOf(at, first)
        expect(weeks.every((week) => week.length === 7 && week[0]!.dayOfWeek === first)).toBe(true)
        const own = weeks.flat().filter(({ month, year }) => month === at.month && year === at.year)
        expect(own.map((one) => one.day)).toEqual(Array.from({ length: at.daysInMonth }, (_, index) => index + 1))
        const { from, days } = daysShown('month', at, first)
        expect([from.toString(), days]).toEqual([weeks[0]![0]!.toString(), weeks.length * 7])
      }),
    )
  })

  it('are turned by a day, a week, a month', () => {
    const text = ({ previous, next }: ReturnType<typeof turned>) => [previous.toString(), next.toString()]
    expect(text(turned('day', date('2026-12-31')))).toEqual(['2026-12-30', '2027-01-01'])
    expect(text(turned('week', date('2026-12-31')))).toEqual(['2026-12-24', '2027-01-07'])
    expect(text(turned('month', date('2026-01-31')))).toEqual(['2025-12-31', '2026-02-28'])
  })
})

it('shows the hours that hold everything, and never fewer than six', () => {
  expect(hoursShown([])).toEqual({ from: 9, to: 15 })
  expect(hoursShown([{ from: 7 * 60 + 50, to: 20 * 60 + 5 }])).toEqual({ from: 7, to: 21 })
})

it('says where a block stands to five minutes', () => {
  expect(placeCss({ from: 9 * 60 + 32, to: 10 * 60 + 17 })).toBe('h9 m30 for-h0 for-m50')
})
