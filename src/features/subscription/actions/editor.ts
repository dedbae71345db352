// The plans editor: what is sold, where, by whom. Running subscriptions keep the price they were sold at; limits follow
// their plan at once.
import type { UserId } from '../../../kernel/ids.ts'
import { done, refuse, type Outcome } from '../../../kernel/outcome.ts'
import { auditPlatform } from '../../../platform/audit.ts'
import type { Origin } from '../../../platform/clinic-scope.ts'
import type { Services } from '../../../platform/services.ts'
import {
  inTransaction,
  updatePlan,
  updatePlanCopies,
  upsertIssuer,
  upsertMarket,
  upsertPrice,
  type Issuer,
  type Market,
  type PlanChange,
  type PlanId,
  type Price,
} from '../queries.ts'

export type Editor = { userId: UserId; origin: Origin }

/** Refused when somebody changed the plan since `version` was read. Answers how many clinics are on it. */
export async function savePlan(
  { db, clock }: Services,
  editor: Editor,
  plan: PlanChange & { id: PlanId; version: number },
): Promise<Outcome<{ clinics: number }, 'changed_meanwhile'>> {
  const { id, version, ...rest } = plan
  const now = clock.now()
  return inTransaction(db, async (trx) => {
    if (!(await updatePlan(trx, id, version, rest, now))) return refuse('changed_meanwhile')
    const clinics = await updatePlanCopies(trx, id)
    await auditPlatform(trx, 'plan.changed', {
      at: now,
      origin: editor.origin,
      actorId: editor.userId,
      record: { kind: 'plan', id },
      details: { version: version + 1, clinics },
    })
    return done({ clinics })
  })
}

/** The prices of a plan in one market. */
export async function savePrices(
  { db, clock }: Services,
  editor: Editor,
  planId: PlanId,
  country: string,
  prices: readonly Omit<Price, 'planId'>[],
): Promise<void> {
  await inTransaction(db, async (trx) => {
    for (const price of prices) await upsertPrice(trx, planId, country, price)
    await auditPlatform(trx, 'prices.changed', {
      at: clock.now(),
      origin: editor.origin,
      actorId: editor.userId,
      record: { kind: 'plan', id: planId },
      details: { country, ...Object.fromEntries(prices.map(({ interval, netMinor }) => [interval, netMinor])) },
    })
  })
}

export async function saveMarket({ db, clock }: Services, editor: Editor, market: Market): Promise<void> {
  await inTransaction(db, async (trx) => {
    await upsertMarket(trx, market)
    const { country, taxName, taxRateBp } = market
    await auditPlatform(trx, 'market.changed', {
      at: clock.now(),
      origin: editor.origin,
      actorId: editor.userId,
      details: { country, taxName, taxRateBp },
    })
  })
}

export async function saveIssuer({ db, clock }: Services, editor: Editor, issuer: Issuer): Promise<void> {
  const now = clock.now()
  await inTransaction(db, async (trx) => {
    await upsertIssuer(trx, issuer, now)
    await auditPlatform(trx, 'issuer.changed', {
      at: now,
      origin: editor.origin,
      actorId: editor.userId,
      record: { kind: 'issuer', id: issuer.id },
    })
  })
}
