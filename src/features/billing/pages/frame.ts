// What every page of the subscription rests on: how it stands, what is on the price list, what is in use.
import type { Ctx } from '../../../platform/clinic-scope.ts'
import type { Speaker } from '../../../platform/i18n/speaker.ts'
import { listLocations, listPractitioners } from '../../clinics/queries.ts'
import { findSubscription, type Subscription } from '../../subscription/queries.ts'
import {
  getMarket,
  listPlans,
  listPricesIn,
  type Market,
  type Plan,
  type Price,
} from '../../subscription/queries/plans.ts'
import type { Interval } from '../../subscription/rules/prices.ts'
import { usageOf } from '../../subscription/rules/usage.ts'
import { choiceOf, type Choice, type Counts } from '../rules/choices.ts'

export type Books = {
  subscription: Subscription
  /** The plan in force. */
  plan: Plan
  plans: Plan[]
  market: Market
  prices: Price[]
  counts: Counts
}

export async function booksOf(ctx: Ctx): Promise<Books> {
  const { clinic, db, now } = ctx
  const subscription = await findSubscription(db, clinic.id)
  if (!subscription) throw new Error('a clinic without a subscription')
  const [market, plans, prices, doctors, locations] = await Promise.all([
    getMarket(db, clinic.country),
    listPlans(db),
    listPricesIn(db, clinic.country, subscription.currency),
    listPractitioners(ctx, { activeOnly: true }),
    listLocations(ctx, { activeOnly: true }),
  ])
  const plan = plans.find(({ id }) => id === subscription.planId)
  if (!plan) throw new Error('a subscription to no plan')
  const counts = {
    doctors: doctors.length,
    locations: locations.length,
    bookings: usageOf(clinic, 'bookings', now).used,
    messages: usageOf(clinic, 'messages', now).used,
  }
  return { subscription, plan, plans, market, prices, counts }
}

/** The price on today's list; undefined where a plan is not sold that way. */
export function listPrice({ prices }: Pick<Books, 'prices'>, plan: Plan, interval: Interval): number | undefined {
  return prices.find((price) => price.planId === plan.id && price.interval === interval)?.netMinor
}

/** What taking a plan would mean now; undefined when it is not on sale here. */
export function choiceIn(
  books: Books,
  plan: Plan,
  interval: Interval,
): { choice: Choice; netMinor: number } | undefined {
  const netMinor = listPrice(books, plan, interval)
  if (netMinor === undefined) return undefined
  const monthly = (one: Plan) => listPrice(books, one, 'month') ?? 0
  const choice = choiceOf(
    books.subscription,
    { planId: plan.id, interval, netMinor },
    monthly(books.plan),
    monthly(plan),
  )
  return { choice, netMinor }
}

export const planName = ({ lang }: Speaker, plan: Plan): string => plan.names[lang]

export const path = (ctx: Ctx, rest = ''): string => `/app/${ctx.clinic.slug}/settings/subscription${rest}`
