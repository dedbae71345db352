// What choosing a plan means for a clinic, as things stand: pay first, change now, or change when the period is over.
import type { Instant } from '../../../kernel/time.ts'
import type { Status } from '../../subscription/rules/life.ts'
import type { Interval } from '../../subscription/rules/prices.ts'

/**
 * `start`: there is no paid period to reckon with. `renew`: the present plan once more. `upgrade`: now, for the
 * difference. `downgrade`: when what is paid is over. `current`: nothing would change.
 */
export type Choice = 'current' | 'start' | 'renew' | 'upgrade' | 'downgrade'

export type Position = {
  status: Status
  planId: string
  interval: Interval
  netMinor: number
  periodEnd: Instant | null
}

/**
 * `monthlyNow` and `monthlyThen` are what the two plans cost on today's list by the month: which one is larger does not
 * depend on how it is paid. Paying by the year instead of the month is an upgrade too, since it is paid now.
 */
export function choiceOf(
  at: Position,
  target: { planId: string; interval: Interval; netMinor: number },
  monthlyNow: number,
  monthlyThen: number,
): Choice {
  const same = at.planId === target.planId
  if (at.status === 'trialing') return 'start'
  if (at.status !== 'active') return same && at.interval === target.interval ? 'renew' : 'start'
  const unpaid = at.netMinor === 0
  if (same && (unpaid || at.interval === target.interval)) return 'current'
  if (unpaid) return 'start'
  if (same) return target.interval === 'year' ? 'upgrade' : 'downgrade'
  return monthlyThen > monthlyNow ? 'upgrade' : 'downgrade'
}

export type Counts = { doctors: number; locations: number; bookings: number; messages: number }
export type Limits = {
  practitionerLimit: number | null
  locationLimit: number | null
  bookingLimit: number | null
  messageLimit: number | null
}

export const limited = ['doctors', 'locations', 'bookings', 'messages'] as const
export type Limited = (typeof limited)[number]

export function limitOf(plan: Limits, what: Limited): number | null {
  switch (what) {
    case 'doctors':
      return plan.practitionerLimit
    case 'locations':
      return plan.locationLimit
    case 'bookings':
      return plan.bookingLimit
    case 'messages':
      return plan.messageLimit
  }
}

/** What a clinic has more of than a plan allows. Nothing of it is taken away; only adding stops. */
export function overLimit(plan: Limits, counts: Counts): { what: Limited; used: number; limit: number }[] {
  return limited.flatMap((what) => {
    const limit = limitOf(plan, what)
    return limit !== null && counts[what] > limit ? [{ what, used: counts[what], limit }] : []
  })
}

/** How clinics of a country pay by hand, the usual way first. The words are `billing.method.<code>`. */
export function methodsOf(country: string): string[] {
  const local: Record<string, string[]> = {
    PK: ['raast', 'jazzcash', 'easypaisa'],
    IN: ['upi'],
    EG: ['instapay', 'vodafone_cash'],
    BH: ['benefit_pay'],
  }
  return ['bank_transfer', ...(local[country] ?? []), 'cash', 'cheque', 'other']
}

/** Why somebody leaves, in the order they are asked; the words are `billing.cancel.reason_<code>`. */
export const cancelReasons = ['price', 'missing', 'hard', 'other', 'closing', 'none'] as const
