// Which order a charge to a card was for. The books themselves are kept where everybody's are.
import { chargeable } from '../../../../platform/channels/stripe-facts.ts'
import type { Account } from '../../../subscription/actions/account.ts'
import { findPlanById, getMarket } from '../../../subscription/queries/plans.ts'
import { findOpenOrder, type Order } from '../../queries/books.ts'
import { findLostOrder } from '../../queries/card.ts'
import { dueNow, openOrder, renewalOf, voidOrder } from '../orders.ts'

type Charged = { amountMinor: number; currency: string }
export type Match = { ok: true } | { ok: false; expected: number | null; currency: string | null }

const fits = (order: Order, { amountMinor, currency }: Charged): boolean =>
  order.currency === currency && chargeable(order.totalMinor, order.currency) === amountMinor

/**
 * Sees to it that what Stripe charged for a period is what will be bought with it: exactly as much as was due, or
 * nothing is entered.
 */
export async function makeWayFor(account: Account, charged: Charged): Promise<Match> {
  const { db, clinic } = account
  const open = await findOpenOrder(db, clinic.id)
  const difference = open?.kind === 'upgrade'
  const due = difference ? await renewalOf(account, await getMarket(db, clinic.country)) : await dueNow(account)
  if (due && fits(due, charged)) {
    // The difference to a dearer plan was worked out for the period before.
    if (difference) await voidOrder(account)
    return { ok: true }
  }
  if (await reopened(account, charged)) return { ok: true }
  return { ok: false, expected: due?.totalMinor ?? null, currency: due?.currency ?? null }
}

/** Stripe goes on trying for what was ordered at the checkout, also when the order was given up here meanwhile. */
async function reopened(account: Account, charged: Charged): Promise<boolean> {
  const lost = await findLostOrder(account.db, account.clinic.id)
  const plan = lost && (await findPlanById(account.db, lost.planId))
  if (!lost || !plan || !fits(lost, charged)) return false
  const again = await openOrder(account, lost.kind, plan, lost.interval)
  return again.ok && fits(again.value, charged)
}
