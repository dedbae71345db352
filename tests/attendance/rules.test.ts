import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  forgottenAfterDays,
  halfLifeDays,
  isFlagged,
  needOf,
  reaches,
  scoreOf,
  type Miss,
} from '../../src/features/attendance/rules.ts'
import { Temporal } from '../../src/kernel/time.ts'

const now = Temporal.Instant.from('2026-11-24T07:00:00Z')
const ago = (days: number, kind: Miss['kind'] = 'missed'): Miss => ({
  kind,
  at: now.subtract({ milliseconds: Math.round(days * 86_400_000) }),
})

describe('what missed visits come to', () => {
  it.each<[string, Miss[], number]>([
    ['nothing', [], 0],
    ['one just now', [ago(0)], 1],
    ['one half a year ago', [ago(halfLifeDays)], 0.5],
    ['one a year ago', [ago(2 * halfLifeDays)], 0.25],
    ['one at the very end', [ago(forgottenAfterDays)], 0.0625],
    ['one a moment longer ago', [ago(forgottenAfterDays + 0.001)], 0],
    ['one still to come', [ago(-1)], 0],
    ['a cancellation at the last minute', [ago(0, 'short_notice')], 0.5],
    ['two of late and one old', [ago(0), ago(0), ago(180)], 2.5],
  ])('%s', (_name, misses, score) => {
    expect(scoreOf(misses, now)).toBeCloseTo(score, 10)
  })

  it('never grows by waiting, and never counts more than there are', () => {
    const anyMiss = fc.record({
      kind: fc.constantFrom('missed' as const, 'short_notice' as const),
      at: fc.integer({ min: 0, max: 2000 }).map((days) => now.subtract({ hours: days * 24 })),
    })
    fc.assert(
      fc.property(fc.array(anyMiss, { maxLength: 12 }), fc.integer({ min: 0, max: 900 }), (misses, days) => {
        const [before, after] = [scoreOf(misses, now), scoreOf(misses, now.add({ hours: days * 24 }))]
        expect(after).toBeLessThanOrEqual(before)
        expect(before).toBeLessThanOrEqual(misses.length)
      }),
    )
  })

  it('is flagged for half a year after one, to the day', () => {
    expect(isFlagged(scoreOf([ago(halfLifeDays)], now))).toBe(true)
    expect(isFlagged(scoreOf([ago(halfLifeDays + 1)], now))).toBe(false)
    expect(isFlagged(scoreOf([ago(0, 'short_notice')], now))).toBe(true)
    expect(isFlagged(scoreOf([ago(1, 'short_notice')], now))).toBe(false)
  })

  it('reaches a number of visits when it rounds to it', () => {
    expect(reaches(1.5, 2)).toBe(true)
    expect(reaches(1.4999, 2)).toBe(false)
  })
})

describe('what a clinic does about it', () => {
  const visit = { status: 'booked', startsAt: now.add({ hours: 20 }), confirmedAt: null }
  it.each([
    ['none', 5, visit, undefined],
    ['confirm', 1.5, visit, 'confirm'],
    ['call', 1.5, visit, 'call'],
    ['call', 1.49, visit, undefined],
    ['call', 5, { ...visit, confirmedAt: now }, undefined],
    ['call', 5, { ...visit, status: 'arrived' }, undefined],
    ['call', 5, { ...visit, startsAt: now }, undefined],
  ] as const)('%s with %f', (missedRule, score, about, need) => {
    expect(needOf({ missedRule, missedAfter: 2 }, score, about, now)).toBe(need)
  })
})
