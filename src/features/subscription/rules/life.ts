// The life of a subscription: which states there are, what leads from one to another, and when time itself does.
import { hours, type Instant } from '../../../kernel/time.ts'

export const statuses = ['trialing', 'active', 'past_due', 'expired', 'purge_scheduled'] as const
export type Status = (typeof statuses)[number]

/**
 * What can happen. `freed`: the owner took a plan that costs nothing. `extended`: the operator gave time. `ended` stands
 * for a period its owner cancelled.
 */
export type LifeEvent = 'paid' | 'freed' | 'extended' | 'period_ended' | 'ended' | 'grace_ended' | 'window_ended'

/** The one table of allowed transitions. What is not here can't happen. Every state but the first can be left by paying. */
const transitions: Record<Status, Partial<Record<LifeEvent, Status>>> = {
  trialing: { paid: 'active', freed: 'active', extended: 'trialing', period_ended: 'past_due', ended: 'expired' },
  active: { paid: 'active', freed: 'active', extended: 'active', period_ended: 'past_due', ended: 'expired' },
  past_due: { paid: 'active', freed: 'active', extended: 'active', grace_ended: 'expired', ended: 'expired' },
  expired: { paid: 'active', freed: 'active', extended: 'active', window_ended: 'purge_scheduled' },
  purge_scheduled: { paid: 'active', freed: 'active', extended: 'active' },
}

export function after(status: Status, event: LifeEvent): Status | undefined {
  return transitions[status][event]
}

/** Days by the clock, 24 hours each: the promises are about exact lengths, not about calendars. */
export const graceDays = 7
export const windowDays = 30
export const trialDays = 30
/** How long Stripe may take, with its retries, before a card that should have been charged counts as not paid. */
export const cardHours = 72

export type LifeFacts = {
  status: Status
  /** When the status was entered, by the clock of whoever recorded it. */
  statusSince: Instant
  periodEnd: Instant | undefined
  cancelled: boolean
  /** A card is charged for the next period. */
  card: boolean
}

/**
 * The next thing time does to a subscription, if it is only left alone. The end of a period is a date that was sold;
 * grace and the read-only window are counted from when they really began, so that a service that was down, or a clock
 * that was wrong, can lengthen them but never cut them short (features.md A2, X2: exactly 30 days, never fewer).
 */
export function nextTransition(facts: LifeFacts): { at: Instant; event: LifeEvent } | undefined {
  const { status, statusSince, periodEnd, cancelled, card } = facts
  switch (status) {
    case 'trialing':
    case 'active':
      if (!periodEnd) return undefined
      if (cancelled) return { at: periodEnd, event: 'ended' }
      return { at: card ? periodEnd.add(hours(cardHours)) : periodEnd, event: 'period_ended' }
    case 'past_due':
      return cancelled
        ? { at: statusSince, event: 'ended' }
        : { at: statusSince.add(hours(graceDays * 24)), event: 'grace_ended' }
    case 'expired':
      return { at: statusSince.add(hours(windowDays * 24)), event: 'window_ended' }
    case 'purge_scheduled':
      return undefined
  }
}

/**
 * What a clinic may do: `platform.clinics.status`. Suspension by the operator stands above the subscription, and so does
 * the owner's word that it is closed.
 */
export type Standing = 'active' | 'read_only' | 'locked' | 'suspended'

export function standingOf(status: Status, suspended: boolean, closed = false): Standing {
  if (suspended) return 'suspended'
  if (closed) return 'locked'
  if (status === 'expired') return 'read_only'
  return status === 'purge_scheduled' ? 'locked' : 'active'
}
