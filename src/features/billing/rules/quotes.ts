// What is due for a plan as a subscription stands, and what buying it makes of the subscription.
import { dateAt, Temporal, type Instant, type Zone } from '../../../kernel/time.ts'
import type { Status } from '../../subscription/rules/life.ts'
import { periodEnd, taxOn, upgradeDue, type Interval } from '../../subscription/rules/prices.ts'

export type OrderKind = 'start' | 'renew' | 'upgrade'
export type Held = {
  status: Status
  interval: Interval
  netMinor: number
  periodStart: Instant
  periodEnd: Instant | null
  billingDay: number
}
export type Quote = { netMinor: number; taxMinor: number; totalMinor: number }

export function withTax(netMinor: number, rateBp: number): Quote {
  const taxMinor = taxOn(netMinor, rateBp)
  return { netMinor, taxMinor, totalMinor: netMinor + taxMinor }
}

/** What is due now: the whole price, or for an upgrade within a paid period the difference for what is left of it. */
export function netDue(
  kind: OrderKind,
  held: Held,
  wanted: { netMinor: number; interval: Interval },
  now: Instant,
): number {
  if (kind !== 'upgrade' || held.periodEnd === null) return wanted.netMinor
  const from = { ...held, period: { start: held.periodStart, end: held.periodEnd } }
  return upgradeDue(from, wanted, now).netMinor
}

export type Bought = { periodStart: Instant; periodEnd: Instant; billingDay: number }

/**
 * The period that buying makes. A trial is not cut short: what is paid begins when it ends. Where a paid period runs or
 * grace does, the next one follows it without a gap; after that, or if it would be over already, it begins today. An
 * upgrade keeps its period unless the rhythm changes.
 */
export function periodBought(kind: OrderKind, held: Held, interval: Interval, now: Instant, zone: Zone): Bought {
  if (kind === 'upgrade' && held.periodEnd !== null && held.interval === interval) {
    return { periodStart: held.periodStart, periodEnd: held.periodEnd, billingDay: held.billingDay }
  }
  const begin = (periodStart: Instant, billingDay: number) => ({
    periodStart,
    periodEnd: periodEnd(periodStart, interval, billingDay, zone),
    billingDay,
  })
  const runs =
    held.status === 'trialing' || held.status === 'past_due' || (held.status === 'active' && held.netMinor > 0)
  if (kind !== 'upgrade' && runs && held.periodEnd !== null) {
    const billingDay = held.status === 'trialing' ? dateAt(held.periodEnd, zone).day : held.billingDay
    const following = begin(held.periodEnd, billingDay)
    if (Temporal.Instant.compare(following.periodEnd, now) > 0) return following
  }
  return begin(now, dateAt(now, zone).day)
}

/** `NBZ-INV-000042`. */
export function documentNumber(issuer: string, kind: 'invoice' | 'receipt' | 'credit_note', sequence: number): string {
  const letters = { invoice: 'INV', receipt: 'RCT', credit_note: 'CRN' }[kind]
  return `${issuer}-${letters}-${String(sequence).padStart(6, '0')}`
}
