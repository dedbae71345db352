// What the next charge to a card is to be.
import type { Ctx } from '../../../../platform/clinic-scope.ts'
import type { Subscription } from '../../../subscription/queries.ts'
import { getMarket, listPricesIn, type PlanId } from '../../../subscription/queries/plans.ts'
import { taxOn, type Interval } from '../../../subscription/rules/prices.ts'
import { findDueOrder } from '../../queries/owner.ts'

export type RenewalDue = { planId: PlanId; interval: Interval; currency: string; totalMinor: number }

/** Undefined where nothing is to be charged ever: the clinic is on a plan that costs nothing, or its time is over. */
export async function renewalDue(ctx: Ctx, held: Subscription): Promise<RenewalDue | undefined> {
  // What was just ordered is on its way, also where it brings back what had lapsed.
  const order = await findDueOrder(ctx.db, ctx.clinic.id, ctx.now)
  if (order && order.kind !== 'upgrade') return order
  if (held.status === 'expired' || held.status === 'purge_scheduled') return undefined
  const market = await getMarket(ctx.db, ctx.clinic.country)
  const [planId, interval] = [held.nextPlanId ?? held.planId, held.nextInterval ?? held.interval]
  const changes = planId !== held.planId || interval !== held.interval
  const listed = changes ? await listPricesIn(ctx.db, ctx.clinic.country, held.currency) : []
  const price = listed.find((one) => one.planId === planId && one.interval === interval)
  // The price that was agreed to holds as long as the plan does.
  const netMinor = changes ? (price?.netMinor ?? held.netMinor) : held.netMinor
  if (netMinor === 0 && !changes) return undefined
  const totalMinor = netMinor + taxOn(netMinor, market.taxRateBp)
  return { planId, interval, currency: held.currency, totalMinor }
}
