// Changing what is sold. Whoever saves names the version they looked at; if somebody was faster, nothing is written.
import { newId, type Id, type UserId } from '../../../kernel/ids.ts'
import { done, refuse, type Outcome } from '../../../kernel/outcome.ts'
import { auditPlatform, type AuditDetails } from '../../../platform/audit.ts'
import type { Origin } from '../../../platform/clinic-scope.ts'
import { inTransaction, type Transaction } from '../../../platform/db/transaction.ts'
import type { Services } from '../../../platform/services.ts'
import type { PlanId } from '../queries/plans.ts'
import {
  findMarketUse,
  insertIssuer,
  insertMarket,
  insertPlan,
  replacePrices,
  updateClinicsOnPlan,
  updateIssuer,
  updateMarket,
  updatePlan,
  upsertMarketPrices,
  type IssuerFacts,
  type MarketFacts,
  type PlanFacts,
  type PriceFacts,
} from '../queries/price-list.ts'
import type { Interval } from '../rules/prices.ts'

type Seller = { services: Pick<Services, 'db' | 'clock'>; origin: Origin; actorId: UserId }

async function noted(
  { services, origin, actorId }: Seller,
  trx: Transaction,
  action: string,
  record: { kind: string; id: string },
  details: AuditDetails,
): Promise<void> {
  await auditPlatform(trx, action, { at: services.clock.now(), origin, actorId, record, details })
}

/**
 * Changes a plan. Its limits and features hold at once for every clinic on it; its prices are those of the next purchase,
 * as what was sold stands in each subscription. Answers how many clinics are on it.
 */
export async function savePlan(
  seller: Seller,
  id: PlanId,
  version: number,
  plan: PlanFacts,
  prices: readonly PriceFacts[],
): Promise<Outcome<number, 'changed_meanwhile'>> {
  return inTransaction(seller.services.db, async (trx) => {
    const code = await updatePlan(trx, id, version, plan, seller.services.clock.now())
    if (code === undefined) return refuse('changed_meanwhile')
    await replacePrices(trx, id, prices)
    const clinics = await updateClinicsOnPlan(trx, code, plan)
    await noted(seller, trx, 'plan.changed', { kind: 'plan', id }, { code, clinics, ...limitsOf(plan) })
    return done(clinics)
  })
}

export async function addPlan(
  seller: Seller,
  code: string,
  plan: PlanFacts,
  prices: readonly PriceFacts[],
): Promise<Outcome<PlanId, 'code_taken'>> {
  return inTransaction(seller.services.db, async (trx) => {
    const id = newId<'plan'>()
    if (!(await insertPlan(trx, id, code, plan, seller.services.clock.now()))) return refuse('code_taken')
    await replacePrices(trx, id, prices)
    await noted(seller, trx, 'plan.added', { kind: 'plan', id }, { code, ...limitsOf(plan) })
    return done(id)
  })
}

const limitsOf = ({
  offered,
  practitionerLimit,
  locationLimit,
  bookingLimit,
  messageLimit,
}: PlanFacts): AuditDetails => ({
  offered,
  practitionerLimit,
  locationLimit,
  bookingLimit,
  messageLimit,
})

/** Changes a market. Its currency stays once somebody buys in it: their books are written in it. */
export async function saveMarket(
  seller: Seller,
  country: string,
  version: number,
  facts: MarketFacts,
): Promise<Outcome<void, 'changed_meanwhile' | 'currency_used'>> {
  return inTransaction(seller.services.db, async (trx) => {
    const before = await findMarketUse(trx, country)
    if (!before) return refuse('changed_meanwhile')
    if (before.currency !== facts.currency && before.used) return refuse('currency_used')
    if (!(await updateMarket(trx, country, version, facts))) return refuse('changed_meanwhile')
    const { currency, taxRateBp } = facts
    await noted(seller, trx, 'market.changed', { kind: 'issuer', id: facts.issuerId }, { country, currency, taxRateBp })
    return done(undefined)
  })
}

/** Opens a market with a price for each plan: a plan without one would be given away there. */
export async function addMarket(
  seller: Seller,
  country: string,
  facts: MarketFacts,
  prices: readonly { planId: PlanId; interval: Interval; netMinor: number }[],
): Promise<Outcome<void, 'country_taken'>> {
  return inTransaction(seller.services.db, async (trx) => {
    if (!(await insertMarket(trx, country, facts))) return refuse('country_taken')
    await upsertMarketPrices(trx, country, prices)
    const { currency, taxRateBp } = facts
    await noted(seller, trx, 'market.added', { kind: 'issuer', id: facts.issuerId }, { country, currency, taxRateBp })
    return done(undefined)
  })
}

/** Changes who issues documents from now on; what was issued keeps the name it was issued under. */
export async function saveIssuer(
  seller: Seller,
  id: Id<'issuer'>,
  version: number,
  issuer: IssuerFacts,
): Promise<Outcome<void, 'changed_meanwhile'>> {
  return inTransaction(seller.services.db, async (trx) => {
    if (!(await updateIssuer(trx, id, version, issuer))) return refuse('changed_meanwhile')
    await noted(seller, trx, 'issuer.changed', { kind: 'issuer', id }, {})
    return done(undefined)
  })
}

export async function addIssuer(
  seller: Seller,
  code: string,
  issuer: IssuerFacts,
): Promise<Outcome<Id<'issuer'>, 'code_taken'>> {
  return inTransaction(seller.services.db, async (trx) => {
    const id = newId<'issuer'>()
    if (!(await insertIssuer(trx, id, code, issuer, seller.services.clock.now()))) return refuse('code_taken')
    await noted(seller, trx, 'issuer.added', { kind: 'issuer', id }, { code })
    return done(id)
  })
}
