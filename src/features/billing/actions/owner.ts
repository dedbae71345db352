// What an owner decides on the page of the subscription. The deciding itself is done where everybody else's is.
import { done, refuse, type Outcome } from '../../../kernel/outcome.ts'
import type { Instant } from '../../../kernel/time.ts'
import type { Ctx } from '../../../platform/clinic-scope.ts'
import type { Picture } from '../../../platform/pictures.ts'
import type { Services } from '../../../platform/services.ts'
import { accountOf, type Account } from '../../subscription/actions/account.ts'
import {
  cancelAtPeriodEnd,
  planDowngrade,
  takeFreePlan,
  withdrawCancellation,
  withdrawDowngrade,
} from '../../subscription/actions/decisions.ts'
import { listPlans, listPricesIn } from '../../subscription/queries/plans.ts'
import type { Interval } from '../../subscription/rules/prices.ts'
import type { Order } from '../queries/books.ts'
import { listDeclared } from '../queries/owner.ts'
import { choiceOf } from '../rules/choices.ts'
import { dueNow, openOrder, settle, voidOrder } from './orders.ts'
import { declarePayment, type ByHand } from './payments.ts'
import { keepSlip } from './slips.ts'

type Tools = Pick<Services, 'speakers' | 'config'>

/** What came of a choice: something to pay, a change at a date, or the free plan. */
export type Chosen = { kind: 'ordered' | 'bought' } | { kind: 'planned'; at: Instant } | { kind: 'freed' }

/** Takes the plan the owner chose, as far as that goes without money. */
export async function choosePlan(
  ctx: Ctx,
  tools: Tools,
  asked: { plan: string; interval: Interval },
): Promise<Outcome<Chosen, 'not_possible'>> {
  const account = await accountOf(ctx, tools)
  const { held, clinic, db } = account
  const [plans, prices] = [await listPlans(db), await listPricesIn(db, clinic.country, held.currency)]
  const price = (planId: string, interval: Interval) =>
    prices.find((one) => one.planId === planId && one.interval === interval)?.netMinor
  const plan = plans.find(({ code, offered, id }) => code === asked.plan && (offered || id === held.planId))
  const netMinor = plan && price(plan.id, asked.interval)
  if (!plan || netMinor === undefined) return refuse('not_possible')
  const target = { planId: plan.id, interval: asked.interval, netMinor }
  const choice = choiceOf(held, target, price(held.planId, 'month') ?? 0, price(plan.id, 'month') ?? 0)
  if (choice === 'current') return refuse('not_possible')
  if (choice === 'downgrade') {
    const planned = await planDowngrade(account, plan, asked.interval)
    if (!planned.ok || !held.periodEnd) return refuse('not_possible')
    // What was ordered before is not wanted any more.
    await voidOrder(account)
    return done({ kind: 'planned', at: held.periodEnd })
  }
  if (netMinor === 0) {
    const freed = await takeFreePlan(account, plan)
    if (!freed.ok) return refuse('not_possible')
    await voidOrder(account)
    return done({ kind: 'freed' })
  }
  const kind = choice === 'renew' ? (held.status === 'past_due' ? 'renew' : 'start') : choice
  const ordered = await openOrder(account, kind, plan, asked.interval)
  if (!ordered.ok && ordered.reason === 'no_price') return refuse('not_possible')
  // What stands on the account may be enough for it, and then nobody is asked to pay.
  return done({ kind: (await settle(account)) ? 'bought' : 'ordered' })
}

/** What is to be paid as things stand, ordered or not. */
export async function findDue(ctx: Ctx, tools: Tools): Promise<Order | undefined> {
  return dueNow(await accountOf(ctx, tools))
}

/** The owner says that they paid. Said twice, as by a double click, it is said once. */
export async function declareByHand(
  ctx: Ctx,
  tools: Tools,
  paid: Omit<ByHand, 'slipId' | 'currency'>,
  slip: Picture | undefined,
): Promise<Outcome<void, 'not_possible'>> {
  const account = await accountOf(ctx, tools)
  const { currency } = account.held
  const before = await listDeclared(ctx.db, ctx.clinic.id, ctx.now)
  const twin = before.some(
    (one) => one.status === 'declared' && one.reference === paid.reference && one.amountMinor === paid.amountMinor,
  )
  if (twin) return done(undefined)
  const slipId = slip && (await keepSlip(ctx, slip))
  const declared = await declarePayment(account, { ...paid, currency, ...(slipId === undefined ? {} : { slipId }) })
  return declared.ok ? done(undefined) : refuse('not_possible')
}

const decided = async (outcome: Promise<Outcome<void, string>>): Promise<Outcome<void, 'not_possible'>> =>
  (await outcome).ok ? done(undefined) : refuse('not_possible')

export const keepPlan = async (ctx: Ctx, tools: Tools) => decided(withdrawDowngrade(await accountOf(ctx, tools)))

/** Leaves with the end of what is paid; answers when that is. */
export async function leave(
  ctx: Ctx,
  tools: Tools,
  why: { reason: string; note: string | undefined },
): Promise<Outcome<Instant, 'not_possible'>> {
  const account: Account = await accountOf(ctx, tools)
  const left = await cancelAtPeriodEnd(account, why.note === undefined ? why.reason : `${why.reason}: ${why.note}`)
  const { periodEnd } = account.held
  if (!left.ok || !periodEnd) return refuse('not_possible')
  await voidOrder(account)
  return done(periodEnd)
}

export const stay = async (ctx: Ctx, tools: Tools) => decided(withdrawCancellation(await accountOf(ctx, tools)))
