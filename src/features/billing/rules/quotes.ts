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
 * grace does, the next one follows it without a gap; after that, it begins today. An upgrade keeps its period unless the
 * rhythm changes.
 */
export function periodBought(kind: OrderKind, held: Held, interval: Interval, now: Instant, zone: Zone): Bought {
  const running = held.periodEnd !== null && Temporal.Instant.compare(held.periodEnd, now) > 0
  if (kind === 'upgrade' && held.periodEnd !== null && held.interval === interval) {
    return { periodStart: held.periodStart, periodEnd: held.periodEnd, billingDay: held.billingDay }
  }
  const paid = held.netMinor > 0
  const follows =
    kind !== 'upgrade' &&
    held.periodEnd !== null &&
    ((held.status === 'trialing' && running) || (held.status === 'active' && paid) || held.status === 'past_due')
  const periodStart = follows && held.periodEnd !== null ? held.periodEnd : now
  const continues = follows && held.status !== 'trialing'
  const billingDay = continues ? held.billingDay : dateAt(periodStart, zone).day
  return { periodStart, periodEnd: periodEnd(periodStart, interval, billingDay, zone), billingDay }
}

/** `NBZ-INV-000042`. */
export function documentNumber(issuer: string, kind: 'invoice' | 'receipt' | 'credit_note', sequence: number): string {
  const letters = { invoice: 'INV', receipt: 'RCT', credit_note: 'CRN' }[kind]
  return `${issuer}-${letters}-${String(sequence).padStart(6, '0')}`
}
