import { describe, expect, it } from 'vitest'
import { hijriMonthStart, hijriOf, ramadan } from '../../src/kernel/hijri.ts'
import { Temporal } from '../../src/kernel/time.ts'

const date = (text: string) => Temporal.PlainDate.from(text)

describe('the Hijri calendar', () => {
  it.each([
    ['2026-02-18', { year: 1447, month: 9, day: 1 }],
    ['2027-02-07', { year: 1448, month: 8, day: 30 }],
    ['2027-02-08', { year: 1448, month: 9, day: 1 }],
    ['2027-03-09', { year: 1448, month: 10, day: 1 }],
    ['2028-02-29', { year: 1449, month: 10, day: 4 }],
  ])('knows %s', (text, hijri) => {
    expect(hijriOf(date(text))).toEqual(hijri)
  })

  it('finds the first day of any month, which its last day precedes', () => {
    for (let year = 1400; year <= 1500; year++) {
      for (let month = 1; month <= 12; month++) {
        const start = hijriMonthStart(year, month)
        expect(hijriOf(start)).toEqual({ year, month, day: 1 })
        const days = start.until(hijriMonthStart(year, month + 1)).days
        expect([29, 30]).toContain(days)
      }
    }
    expect(hijriMonthStart(1448, ramadan).toString()).toBe('2027-02-08')
    expect(hijriMonthStart(1448, 13).equals(hijriMonthStart(1449, 1))).toBe(true)
  })
})
