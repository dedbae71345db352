// What an owner or an operator decides about a subscription, money apart. Each leaves one event.
import { done, refuse, type Outcome } from '../../../kernel/outcome.ts'
import { dateAt, dayBounds, Temporal } from '../../../kernel/time.ts'
import { listPricesIn, type Plan } from '../queries/plans.ts'
import { after, type LifeEvent, type Status } from '../rules/life.ts'
import { periodEnd, type Interval } from '../rules/prices.ts'
import { change, tellOwners, type Account } from './account.ts'

/** The state an event leads to; a refusal where the table of transitions has none. */
export function leadsTo(account: Account, event: LifeEvent): Status | undefined {
  return after(account.held.status, event)
}

export async function priceOf(
  account: Account,
  plan: Pick<Plan, 'id'>,
  interval: Interval,
): Promise<number | undefined> {
  const prices = await listPricesIn(account.db, account.clinic.country, account.held.currency)
  return prices.find((price) => price.planId === plan.id && price.interval === interval)?.netMinor
}

const noPlans = { nextPlanId: null, nextInterval: null }
const notCancelled = { cancelledAt: null, cancelReason: null }

/** A plan that costs nothing, at once: from a trial, or when nothing that was paid is left. It never ends. */
export async function takeFreePlan(account: Account, plan: Plan): Promise<Outcome<void, 'not_free' | 'paid_period'>> {
  const { held, clinic, now } = account
  if ((await priceOf(account, plan, 'month')) !== 0) return refuse('not_free')
  if (held.status === 'active' && held.netMinor > 0) return refuse('paid_period')
  const status = leadsTo(account, 'freed')
  if (status === undefined) return refuse('not_free')
  const lapsed = held.status === 'expired' || held.status === 'purge_scheduled'
  await change(account, lapsed ? 'reactivated' : 'freed', {
    ...noPlans,
    ...notCancelled,
    planId: plan.id,
    status,
    statusSince: now,
    interval: 'month',
    netMinor: 0,
    periodStart: now,
    periodEnd: null,
    billingDay: dateAt(now, clinic.zone).day,
  })
  if (lapsed) await tellReactivated(account)
  return done(undefined)
}

/** A smaller plan, or another rhythm, when what is paid is over. */
export async function planDowngrade(
  account: Account,
  plan: Plan,
  interval: Interval,
): Promise<Outcome<void, 'no_period' | 'no_price'>> {
  const { held } = account
  if (held.status !== 'active' || held.periodEnd === null) return refuse('no_period')
  if ((await priceOf(account, plan, interval)) === undefined) return refuse('no_price')
  await change(account, 'downgrade_planned', { ...notCancelled, nextPlanId: plan.id, nextInterval: interval })
  return done(undefined)
}

export async function withdrawDowngrade(account: Account): Promise<Outcome<void, 'nothing_planned'>> {
  if (account.held.nextPlanId === null) return refuse('nothing_planned')
  await change(account, 'downgrade_withdrawn', noPlans)
  return done(undefined)
}

/** Ends with the period that is paid, or with the trial. Said again it changes nothing. */
export async function cancelAtPeriodEnd(account: Account, reason: string): Promise<Outcome<void, 'no_period'>> {
  const { held, now } = account
  if ((held.status !== 'active' && held.status !== 'trialing') || held.periodEnd === null) return refuse('no_period')
  if (held.cancelledAt === null) {
    await change(account, 'cancelled', { ...noPlans, cancelledAt: now, cancelReason: reason }, reason)
  }
  return done(undefined)
}

export async function withdrawCancellation(account: Account): Promise<Outcome<void, 'not_cancelled'>> {
  if (account.held.cancelledAt === null || !['active', 'trialing', 'past_due'].includes(account.held.status)) {
    return refuse('not_cancelled')
  }
  await change(account, 'cancellation_withdrawn', notCancelled)
  return done(undefined)
}

/** The operator gives days: at the end of the present period, or from today where it is over. */
export async function extend(account: Account, days: number, reason: string): Promise<Outcome<void, 'no_period'>> {
  const { held, clinic, now } = account
  const status = leadsTo(account, 'extended')
  if (status === undefined || held.periodEnd === null) return refuse('no_period')
  const from = Temporal.Instant.compare(held.periodEnd, now) > 0 ? held.periodEnd : now
  const day = dateAt(from.subtract({ milliseconds: 1 }), clinic.zone).add({ days: days + 1 })
  const lapsed = held.status !== status
  await change(
    account,
    lapsed ? 'reactivated' : 'extended',
    {
      status,
      periodEnd: dayBounds(day, clinic.zone).from,
      billingDay: day.day,
      ...(lapsed ? { statusSince: now, ...notCancelled } : {}),
    },
    reason,
  )
  if (lapsed && held.status !== 'past_due') await tellReactivated(account)
  return done(undefined)
}

/**
 * The operator sets plan and rhythm without money: the price of the present period stays paid as it was. A plan that costs
 * nothing holds at once and for ever, whatever was before it.
 */
export async function changePlanByOperator(
  account: Account,
  plan: Plan,
  interval: Interval,
  reason: string,
): Promise<Outcome<void, 'no_price'>> {
  const { held, clinic, now } = account
  const netMinor = await priceOf(account, plan, interval)
  if (netMinor === undefined) return refuse('no_price')
  const billingDay = dateAt(now, clinic.zone).day
  const period =
    netMinor === 0
      ? { ...notCancelled, periodStart: now, periodEnd: null, status: 'active' as const }
      : held.periodEnd === null
        ? { periodStart: now, periodEnd: periodEnd(now, interval, billingDay, clinic.zone), billingDay }
        : {}
  const lapsed = held.status === 'expired' || held.status === 'purge_scheduled'
  await change(account, 'plan_changed', { ...noPlans, ...period, planId: plan.id, interval, netMinor }, reason)
  if (lapsed && netMinor === 0) await tellReactivated(account)
  return done(undefined)
}

/** Stops a clinic at once, whatever its subscription. */
export async function suspend(account: Account, reason: string): Promise<Outcome<void, 'suspended_already'>> {
  if (account.held.suspendedAt !== null) return refuse('suspended_already')
  await change(account, 'suspended', { suspendedAt: account.now, suspensionReason: reason }, reason)
  await tellOwners(account, { kind: 'suspended', key: 'subscription.mail.suspended' }, () => ({ reason }))
  return done(undefined)
}

/** Takes a suspension back; the subscription is where it would be without it. */
export async function restore(account: Account, reason: string): Promise<Outcome<void, 'not_suspended'>> {
  if (account.held.suspendedAt === null) return refuse('not_suspended')
  await change(account, 'restored', { suspendedAt: null, suspensionReason: null }, reason)
  await tellOwners(account, { kind: 'restored', key: 'subscription.mail.restored' }, () => ({}))
  return done(undefined)
}

/** Kept as the reason of a cancellation that was made by closing the clinic: taken back with it, and no other is. */
const byClosing = 'closing'

/** Its owner closes the clinic, or it is about to be erased: locked whatever is paid, and nothing is charged any more. */
export async function closeAccount(account: Account): Promise<Outcome<void, 'closed_already'>> {
  const { held, now } = account
  if (held.closedAt !== null) return refuse('closed_already')
  const runs = (held.status === 'active' || held.status === 'trialing') && held.periodEnd !== null
  const ends = runs && held.cancelledAt === null ? { ...noPlans, cancelledAt: now, cancelReason: byClosing } : {}
  await change(account, 'closed', { ...ends, closedAt: now })
  return done(undefined)
}

/** As it was before it was closed, less the time that went by. */
export async function reopenAccount(account: Account): Promise<Outcome<void, 'not_closed'>> {
  if (account.held.closedAt === null) return refuse('not_closed')
  const ours = account.held.cancelReason === byClosing
  await change(account, 'reopened', { ...(ours ? notCancelled : {}), closedAt: null })
  return done(undefined)
}

export async function tellReactivated(account: Account): Promise<void> {
  await tellOwners(account, { kind: 'reactivated', key: 'subscription.mail.reactivated' }, () => ({}))
}
