// What a period costs, when it ends, and what a change of plan costs in the middle of one. Amounts are minor units.
import { dayBounds, dateAt, Temporal, type Instant, type Zone } from '../../../kernel/time.ts'

export const intervals = ['month', 'year'] as const
export type Interval = (typeof intervals)[number]

/** Half away from zero, in integers: the one place where money is rounded. `whole × part / of`. */
export function share(whole: number, part: number, of: number): number {
  if (of <= 0) throw new Error('share of nothing')
  const product = BigInt(whole) * BigInt(part)
  const divisor = BigInt(of)
  const sign = product < 0n ? -1n : 1n
  const rounded = Number(sign * ((sign * product * 2n + divisor) / (divisor * 2n)))
  if (!Number.isSafeInteger(rounded)) throw new Error('a share larger than can be counted')
  return rounded
}

/** Tax on a net amount; `rateBp` in basis points, so 16 % is 1600. */
export function taxOn(netMinor: number, rateBp: number): number {
  return share(netMinor, rateBp, 10_000)
}

/** Recurring revenue a month; a year's price counts a twelfth. */
export function monthly(netMinor: number, interval: Interval): number {
  return interval === 'year' ? share(netMinor, 1, 12) : netMinor
}

/**
 * The end of a period that begins at `start`: the clinic's midnight that begins the same day of the next month or year,
 * `billingDay` where the month has it, else its last day. So a subscription of the 31st ends on 28 February and on 31
 * March again.
 */
export function periodEnd(start: Instant, interval: Interval, billingDay: number, zone: Zone): Instant {
  const first = dateAt(start, zone)
  const month = first.toPlainYearMonth().add(interval === 'year' ? { years: 1 } : { months: 1 })
  return dayBounds(month.toPlainDate({ day: Math.min(billingDay, month.daysInMonth) }), zone).from
}

export type Period = { start: Instant; end: Instant }

/**
 * What changing to a dearer plan costs now. Within the same interval only the difference for what is left of the period
 * is due, and the period stays; with another interval a new period begins now, and what is left of the old one is taken
 * off. Never below zero.
 */
export function upgradeDue(
  from: { netMinor: number; interval: Interval; period: Period },
  to: { netMinor: number; interval: Interval },
  now: Instant,
): { netMinor: number; newPeriod: boolean } {
  const whole = from.period.end.epochMilliseconds - from.period.start.epochMilliseconds
  const left = Math.min(Math.max(from.period.end.epochMilliseconds - now.epochMilliseconds, 0), whole)
  if (from.interval === to.interval) {
    return { netMinor: Math.max(0, share(to.netMinor - from.netMinor, left, whole)), newPeriod: false }
  }
  return { netMinor: Math.max(0, to.netMinor - share(from.netMinor, left, whole)), newPeriod: true }
}

/** The instants between which the trial runs: to the midnight after its last full day. */
export function trialPeriod(now: Instant, days: number, zone: Zone): Period {
  const end = dayBounds(dateAt(now.add({ hours: days * 24 }), zone).add({ days: 1 }), zone).from
  return { start: now, end: Temporal.Instant.compare(end, now) > 0 ? end : now }
}
