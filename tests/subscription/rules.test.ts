// Sums, periods, transitions and the calendar of notices: pure, so tried with whatever fast-check comes up with.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { dateAt, dayBounds, Temporal, timeAt, type Instant } from '../../src/kernel/time.ts'
import {
  after,
  nextTransition,
  standingOf,
  statuses,
  type LifeEvent,
} from '../../src/features/subscription/rules/life.ts'
import { dueNotices, isStale, noticesOf } from '../../src/features/subscription/rules/notices.ts'
import {
  intervals,
  monthly,
  periodEnd,
  share,
  taxOn,
  trialPeriod,
  upgradeDue,
} from '../../src/features/subscription/rules/prices.ts'
import { netDue, periodBought, withTax } from '../../src/features/billing/rules/quotes.ts'

const instant = (text: string): Instant => Temporal.Instant.from(text)
const zones = ['Asia/Karachi', 'Africa/Cairo', 'Europe/London', 'America/New_York', 'Asia/Kuwait'] as const

const amounts = fc.integer({ min: 0, max: 1_000_000_000_000 })
const moments = fc
  .integer({ min: Date.UTC(2026, 0), max: Date.UTC(2032, 0) })
  .map((ms) => Temporal.Instant.fromEpochMilliseconds(ms))
const zone = fc.constantFrom(...zones)
const interval = fc.constantFrom(...intervals)

describe('a share', () => {
  it.each([
    [100, 1, 3, 33],
    [100, 2, 3, 67],
    [5, 1, 2, 3],
    [-5, 1, 2, -3],
    [0, 7, 9, 0],
    [999_999_999_999, 999_999, 1_000_000, 999_998_999_999],
  ])('of %i, %i of %i, is %i', (whole, part, of, expected) => {
    expect(share(whole, part, of)).toBe(expected)
  })

  it('is the nearest whole number, however large the amounts', () => {
    fc.assert(
      fc.property(amounts, fc.nat(10_000), fc.integer({ min: 1, max: 10_000 }), (whole, part, of) => {
        fc.pre((whole * part) / of < Number.MAX_SAFE_INTEGER)
        const error = BigInt(share(whole, part, of)) * BigInt(of) - BigInt(whole) * BigInt(part)
        expect(2n * (error < 0n ? -error : error) <= BigInt(of)).toBe(true)
      }),
    )
  })

  it('is nothing at all where it could not be counted exactly', () => {
    expect(() => share(Number.MAX_SAFE_INTEGER, 2, 1)).toThrow('larger than can be counted')
  })

  it('of a debt mirrors that of a credit', () => {
    fc.assert(
      fc.property(amounts, fc.nat(10_000), (whole, part) => {
        expect(share(-whole, part, 10_000) + share(whole, part, 10_000)).toBe(0)
      }),
    )
  })

  it('of nothing is a mistake', () => expect(() => share(1, 1, 0)).toThrow())
})

describe('tax', () => {
  it('is added to the net price, and the total is their sum', () => {
    expect(withTax(600_000, 1600)).toEqual({ netMinor: 600_000, taxMinor: 96_000, totalMinor: 696_000 })
    expect(withTax(12_345, 0)).toEqual({ netMinor: 12_345, taxMinor: 0, totalMinor: 12_345 })
    expect(taxOn(25, 2000)).toBe(5)
  })
})

describe('a period', () => {
  it.each([
    ['2027-01-31', 'month', 31, '2027-02-28'],
    ['2027-02-28', 'month', 31, '2027-03-31'],
    ['2028-01-31', 'month', 31, '2028-02-29'],
    ['2027-12-15', 'month', 15, '2028-01-15'],
    ['2028-02-29', 'year', 29, '2029-02-28'],
    ['2027-02-28', 'year', 29, '2028-02-29'],
  ] as const)('that begins on %s, paid by the %s, of day %i, ends on %s', (from, rhythm, day, to) => {
    const at = (date: string) => dayBounds(Temporal.PlainDate.from(date), 'Europe/London').from
    expect(periodEnd(at(from), rhythm, day, 'Europe/London').toString()).toBe(at(to).toString())
  })

  it('ends at the midnight that clocks skip, an hour later', () => {
    // Cairo goes from 23:59 to 01:00 on the last Friday of April.
    const end = periodEnd(instant('2027-03-29T22:00:00Z'), 'month', 30, 'Africa/Cairo')
    expect(timeAt(end, 'Africa/Cairo').toString()).toBe('01:00:00')
    expect(dateAt(end, 'Africa/Cairo').toString()).toBe('2027-04-30')
  })

  it('always ends at the beginning of a day of the clinic, after it began, and never drifts from its day', () => {
    fc.assert(
      fc.property(moments, interval, fc.integer({ min: 1, max: 31 }), zone, (start, rhythm, day, where) => {
        let at = start
        for (let number = 0; number < 14; number++) {
          const end = periodEnd(at, rhythm, day, where)
          const date = dateAt(end, where)
          expect(Temporal.Instant.compare(end, at)).toBe(1)
          expect(dayBounds(date, where).from.equals(end)).toBe(true)
          expect(date.day).toBe(Math.min(day, date.daysInMonth))
          at = end
        }
      }),
      { numRuns: 60 },
    )
  })
})

describe('a trial', () => {
  it('lasts thirty days at least and less than thirty-one and a bit, to a midnight of the clinic', () => {
    fc.assert(
      fc.property(moments, zone, (now, where) => {
        const { start, end } = trialPeriod(now, 30, where)
        const hours = (end.epochMilliseconds - start.epochMilliseconds) / 3_600_000
        expect(hours).toBeGreaterThan(30 * 24)
        expect(hours).toBeLessThanOrEqual(31 * 24 + 1)
        expect(dayBounds(dateAt(end, where), where).from.equals(end)).toBe(true)
      }),
    )
  })
})

describe('an upgrade', () => {
  const period = { start: instant('2027-04-01T00:00:00Z'), end: instant('2027-05-01T00:00:00Z') }

  it('in the middle of a month costs half the difference', () => {
    const now = instant('2027-04-16T00:00:00Z')
    const from = { netMinor: 2500, interval: 'month' as const, period }
    expect(upgradeDue(from, { netMinor: 5900, interval: 'month' }, now)).toEqual({ netMinor: 1700, newPeriod: false })
  })

  it('to another rhythm begins a period and takes off what is left of the old one', () => {
    const now = instant('2027-04-16T00:00:00Z')
    const from = { netMinor: 2500, interval: 'month' as const, period }
    expect(upgradeDue(from, { netMinor: 59_000, interval: 'year' }, now)).toEqual({ netMinor: 57_750, newPeriod: true })
  })

  it('never costs less than nothing, never more than the plan, and less the later it is', () => {
    fc.assert(
      fc.property(amounts, amounts, interval, interval, moments, moments, (before, then, was, becomes, one, other) => {
        const [now, later] = Temporal.Instant.compare(one, other) <= 0 ? [one, other] : [other, one]
        const from = { netMinor: before, interval: was, period: { start: instant('2026-06-01T00:00:00Z'), end: instant('2031-06-01T00:00:00Z') } } // prettier-ignore
        const to = { netMinor: then, interval: becomes }
        const due = upgradeDue(from, to, now)
        expect(due.netMinor).toBeGreaterThanOrEqual(0)
        expect(due.netMinor).toBeLessThanOrEqual(then)
        expect(due.newPeriod).toBe(was !== becomes)
        // Within a rhythm there is less left to pay for; with a new period there is less left to take off.
        const afterwards = upgradeDue(from, to, later).netMinor
        expect(due.newPeriod ? afterwards >= due.netMinor : afterwards <= due.netMinor).toBe(true)
      }),
    )
  })
})

describe('what is bought', () => {
  const held = {
    status: 'active' as const,
    interval: 'month' as const,
    netMinor: 5900,
    periodStart: instant('2027-03-31T00:00:00Z'),
    periodEnd: instant('2027-04-30T00:00:00Z'),
    billingDay: 31,
  }
  const bought = (more: Partial<Parameters<typeof periodBought>[1]>, now: string, kind: 'start' | 'renew' | 'upgrade' = 'renew') => {
    const { periodStart, periodEnd } = periodBought(kind, { ...held, ...more }, 'month', instant(now), 'UTC')
    return [periodStart, periodEnd].map((one) => dateAt(one, 'UTC').toString())
  } // prettier-ignore

  it('while something paid runs follows it', () => {
    expect(bought({}, '2027-04-20T08:00:00Z')).toEqual(['2027-04-30', '2027-05-31'])
  })

  it('in a trial begins when the trial ends, also when that was yesterday', () => {
    expect(bought({ status: 'trialing' }, '2027-04-20T08:00:00Z', 'start')).toEqual(['2027-04-30', '2027-05-30'])
    expect(bought({ status: 'trialing' }, '2027-05-01T08:00:00Z', 'start')).toEqual(['2027-04-30', '2027-05-30'])
  })

  it('within grace follows the old period', () => {
    expect(bought({ status: 'past_due' }, '2027-05-04T08:00:00Z')).toEqual(['2027-04-30', '2027-05-31'])
  })

  it('begins today if it would be over already', () => {
    expect(bought({ status: 'past_due' }, '2027-06-10T08:00:00Z')).toEqual(['2027-06-10', '2027-07-10'])
  })

  it.each(['expired', 'purge_scheduled'] as const)('begins today when %s', (status) => {
    expect(bought({ status }, '2027-05-10T08:00:00Z', 'start')).toEqual(['2027-05-10', '2027-06-10'])
  })

  it('on a plan that cost nothing begins today', () => {
    expect(bought({ netMinor: 0, periodEnd: null }, '2027-05-10T08:00:00Z', 'start')).toEqual(['2027-05-10', '2027-06-10'])
  }) // prettier-ignore

  it('as an upgrade leaves the period where it is', () => {
    expect(bought({}, '2027-04-20T08:00:00Z', 'upgrade')).toEqual(['2027-03-31', '2027-04-30'])
  })

  it('is never over when it is bought', () => {
    fc.assert(
      fc.property(fc.constantFrom(...statuses), fc.constantFrom('start', 'renew'), moments, moments, zone, (status, kind, end, now, where) => {
        const got = periodBought(kind, { ...held, status, periodEnd: end }, 'month', now, where)
        expect(Temporal.Instant.compare(got.periodEnd, now)).toBe(1)
      }), // prettier-ignore
    )
  })

  it('costs the whole price, but for an upgrade', () => {
    const now = instant('2027-04-15T00:00:00Z')
    expect(netDue('renew', held, { netMinor: 5900, interval: 'month' }, now)).toBe(5900)
    expect(netDue('upgrade', held, { netMinor: 16_900, interval: 'month' }, now)).toBe(5500)
    expect(netDue('upgrade', { ...held, periodEnd: null }, { netMinor: 16_900, interval: 'month' }, now)).toBe(16_900)
  })
})

describe('recurring revenue', () => {
  it('counts a twelfth of a year', () => {
    expect(monthly(5900, 'month')).toBe(5900)
    expect(monthly(59_000, 'year')).toBe(4917)
  })
})

describe('the table of transitions', () => {
  const events: LifeEvent[] = ['paid', 'freed', 'extended', 'period_ended', 'ended', 'grace_ended', 'window_ended']

  it('leads nowhere it does not name', () => {
    const table = statuses.map((status) => [status, ...events.map((event) => after(status, event) ?? '-')].join(' '))
    expect(table).toEqual([
      'trialing active active trialing past_due expired - -',
      'active active active active past_due expired - -',
      'past_due active active active - expired expired -',
      'expired active active active - - - purge_scheduled',
      'purge_scheduled active active active - - - -',
    ])
  })

  it('brings every state back by paying', () => {
    for (const status of statuses) expect(after(status, 'paid')).toBe('active')
  })

  it('lets a clinic that nobody pays for 37 days after its end reach the purge, and never sooner', () => {
    fc.assert(
      fc.property(moments, fc.array(fc.nat(5 * 86_400_000), { maxLength: 200 }), fc.boolean(), (end, waits, cancelled) => {
        let [status, since] = ['active' as (typeof statuses)[number], end.subtract({ hours: 700 })]
        let now = end.subtract({ hours: 48 })
        for (const wait of waits) {
          now = now.add({ milliseconds: wait })
          const next = nextTransition({ status, statusSince: since, periodEnd: end, cancelled, card: false })
          if (!next || Temporal.Instant.compare(next.at, now) > 0) continue
          const to = after(status, next.event)!
          if (to === 'purge_scheduled') {
            const gone = now.epochMilliseconds - since.epochMilliseconds
            expect(gone).toBeGreaterThanOrEqual(30 * 86_400_000)
            expect(now.epochMilliseconds - end.epochMilliseconds).toBeGreaterThanOrEqual((cancelled ? 30 : 37) * 86_400_000)
          }
          ;[status, since] = [to, now]
        }
      }), // prettier-ignore
    )
  })

  it('gives a card three days, with its bank’s second thoughts, before it counts as not paid', () => {
    const facts = { status: 'active' as const, statusSince: instant('2027-01-01T00:00:00Z'), cancelled: false }
    const periodEnd = instant('2027-02-01T00:00:00Z')
    expect(nextTransition({ ...facts, periodEnd, card: true })?.at.toString()).toBe('2027-02-04T00:00:00Z')
    expect(nextTransition({ ...facts, periodEnd, card: true, cancelled: true })?.at.toString()).toBe('2027-02-01T00:00:00Z') // prettier-ignore
    expect(nextTransition({ ...facts, periodEnd: undefined, card: false })).toBeUndefined()
  })

  it('is outdone by a suspension', () => {
    expect(statuses.map((status) => standingOf(status, false))).toEqual(['active', 'active', 'active', 'read_only', 'locked']) // prettier-ignore
    for (const status of statuses) expect(standingOf(status, true)).toBe('suspended')
  })
})

describe('notices', () => {
  const facts = {
    status: 'active' as const,
    statusSince: instant('2027-01-01T00:00:00Z'),
    periodStart: instant('2027-03-01T00:00:00Z'),
    periodEnd: instant('2027-03-31T23:00:00Z'), // midnight in London, a clock change behind it
    zone: 'Europe/London',
  }

  it('go out at nine in the clinic’s morning, counted from the last day that is paid', () => {
    expect(noticesOf(facts).map(({ kind, at }) => `${kind} ${at.toString()}`)).toEqual([
      'before_14 2027-03-17T09:00:00Z',
      'before_7 2027-03-24T09:00:00Z',
      'before_3 2027-03-28T08:00:00Z',
      'before_0 2027-03-31T08:00:00Z',
    ])
  })

  it('after expiry are counted from its very moment', () => {
    const since = instant('2027-05-03T11:22:33Z')
    const kinds = noticesOf({ ...facts, status: 'expired', statusSince: since })
    expect(kinds.map(({ kind, at }) => `${kind} ${at.toString()}`)).toEqual([
      'after_0 2027-05-03T11:22:33Z',
      'after_7 2027-05-10T11:22:33Z',
      'after_21 2027-05-24T11:22:33Z',
      'after_28 2027-05-31T11:22:33Z',
    ])
  })

  it('that would come before the period began are none', () => {
    const short = noticesOf({ ...facts, periodStart: instant('2027-03-25T00:00:00Z') })
    expect(short.map(({ kind }) => kind)).toEqual(['before_3', 'before_0'])
  })

  it('are none where nothing ends', () => {
    expect(noticesOf({ ...facts, periodEnd: null })).toEqual([])
    for (const status of ['past_due', 'purge_scheduled'] as const) expect(noticesOf({ ...facts, status })).toEqual([])
  })

  it('are stale a day and a half later, to the millisecond', () => {
    const [notice] = noticesOf(facts)
    expect(isStale(notice!, instant('2027-03-18T21:00:00Z'))).toBe(false)
    expect(isStale(notice!, instant('2027-03-18T21:00:00.001Z'))).toBe(true)
  })

  it('are due once their moment has come, unless they were dealt with', () => {
    const { due, next } = dueNotices(noticesOf(facts), new Set(['before_14']), instant('2027-03-28T08:00:00Z'))
    expect(due.map(({ kind }) => kind)).toEqual(['before_7', 'before_3'])
    expect(next?.toString()).toBe('2027-03-31T08:00:00Z')
  })
})
