import { describe, expect, it } from 'vitest'
import { forecast, isFull, levelOf, usageOf, type PlanFacts } from '../../src/features/subscription/rules/usage.ts'
import { Temporal } from '../../src/kernel/time.ts'

const at = (text: string) => Temporal.Instant.from(text)
const clinic = (facts: Partial<PlanFacts> = {}): PlanFacts => ({
  zone: 'Asia/Karachi',
  bookingLimit: 60,
  messageLimit: 150,
  usageMonth: Temporal.PlainDate.from('2026-11-01'),
  bookingsUsed: 12,
  messagesUsed: 140,
  ...facts,
})

describe('how much of a plan is used', () => {
  it.each([
    [0, 60, 'fine'],
    [47, 60, 'fine'],
    [48, 60, 'near'],
    [59, 60, 'near'],
    [60, 60, 'full'],
    [61, 60, 'full'],
    [0, 0, 'full'],
    [1_000_000, null, 'fine'],
    [79, 100, 'fine'],
    [80, 100, 'near'],
  ] as const)('%i of %s is %s', (used, limit, level) => {
    expect(levelOf(used, limit)).toBe(level)
  })

  it('reads what this month’s counts say', () => {
    const now = at('2026-11-24T07:00:00Z')
    expect(usageOf(clinic(), 'bookings', now)).toEqual({ used: 12, limit: 60, level: 'fine' })
    expect(usageOf(clinic(), 'messages', now)).toEqual({ used: 140, limit: 150, level: 'near' })
  })

  it('begins anew with the month of the clinic’s own calendar, to the second', () => {
    const full = clinic({ bookingsUsed: 60 })
    expect(isFull(full, 'bookings', at('2026-11-30T18:59:59Z'))).toBe(true)
    expect(isFull(full, 'bookings', at('2026-11-30T19:00:00Z'))).toBe(false)
    expect(isFull(clinic({ usageMonth: null, bookingsUsed: 60 }), 'bookings', at('2026-11-24T07:00:00Z'))).toBe(false)
  })
})

describe('the forecast', () => {
  const zone = 'Asia/Karachi'
  it('goes on as it went so far', () => {
    // 15 of 30 days are over.
    expect(forecast(320, at('2026-11-15T19:00:00Z'), zone)).toEqual({
      used: 640,
      by: Temporal.PlainDate.from('2026-11-30'),
    })
    expect(forecast(0, at('2026-11-15T19:00:00Z'), zone)?.used).toBe(0)
  })

  it('says nothing in the first three days, and what is used on the last', () => {
    expect(forecast(40, at('2026-11-03T18:59:00Z'), zone)).toBeUndefined()
    expect(forecast(40, at('2026-11-03T19:00:00Z'), zone)).toMatchObject({ used: 400 })
    expect(forecast(40, at('2026-11-30T18:59:59Z'), zone)?.used).toBe(40)
  })

  it('knows the months that clocks change in, and leap years', () => {
    expect(forecast(100, at('2028-02-15T12:00:00Z'), 'Europe/London')?.by.toString()).toBe('2028-02-29')
    expect(forecast(100, at('2026-10-31T23:59:59Z'), 'Europe/London')?.used).toBe(100)
  })
})
