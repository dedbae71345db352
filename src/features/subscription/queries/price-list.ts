// Writes what is sold: plans and their prices, markets, issuers. Each write names the version it was made from.
import type { Knex } from 'knex'
import type { Id } from '../../../kernel/ids.ts'
import type { Instant } from '../../../kernel/time.ts'
import { changes, rows } from '../../../platform/db/rows.ts'
import type { Names, Plan, PlanId } from './plans.ts'
import type { Interval } from '../rules/prices.ts'

/** What may be said anew of a plan: all but its code. */
export type PlanFacts = Omit<Plan, 'id' | 'code' | 'version' | 'taglines'> & { taglines: Names }
export type PriceFacts = { country: string; interval: Interval; netMinor: number }

/** Answers the plan's code; undefined when the plan is not of that version any more. */
export async function updatePlan(
  trx: Knex,
  id: PlanId,
  version: number,
  plan: PlanFacts,
  now: Instant,
): Promise<string | undefined> {
  const [updated] = await rows<{ code: string }>(
    trx,
    `update platform.plans set names = ?, taglines = ?, position = ?, offered = ?, practitioner_limit = ?,
       location_limit = ?, booking_limit = ?, message_limit = ?, features = ?, version = version + 1, updated_at = ?
     where id = ? and version = ? returning code`,
    [
      JSON.stringify(plan.names),
      JSON.stringify(plan.taglines),
      plan.position,
      plan.offered,
      plan.practitionerLimit,
      plan.locationLimit,
      plan.bookingLimit,
      plan.messageLimit,
      plan.features,
      now,
      id,
      version,
    ],
  )
  return updated?.code
}

/** False when a plan is called that already. */
export async function insertPlan(trx: Knex, id: PlanId, code: string, plan: PlanFacts, now: Instant): Promise<boolean> {
  const inserted = await changes(
    trx,
    `insert into platform.plans (id, code, names, taglines, position, offered, practitioner_limit, location_limit,
       booking_limit, message_limit, features, updated_at)
     values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) on conflict (code) do nothing`,
    [
      id,
      code,
      JSON.stringify(plan.names),
      JSON.stringify(plan.taglines),
      plan.position,
      plan.offered,
      plan.practitionerLimit,
      plan.locationLimit,
      plan.bookingLimit,
      plan.messageLimit,
      plan.features,
      now,
    ],
  )
  return inserted === 1
}

/** The whole price list of a plan. What clinics pay already stands in their subscriptions and stays. */
export async function replacePrices(trx: Knex, planId: PlanId, prices: readonly PriceFacts[]): Promise<void> {
  await changes(trx, 'delete from platform.plan_prices where plan_id = ?', [planId])
  await changes(
    trx,
    `insert into platform.plan_prices (plan_id, country, billing_interval, net_minor)
     select ?::uuid, country, billing_interval, net_minor
     from unnest(?::text[], ?::text[], ?::bigint[]) as t (country, billing_interval, net_minor)`,
    [
      planId,
      prices.map(({ country }) => country),
      prices.map(({ interval }) => interval),
      prices.map(({ netMinor }) => netMinor),
    ],
  )
}

/** Copies limits and features to where the doors of the clinics on the plan read them. Answers how many there are. */
export async function updateClinicsOnPlan(trx: Knex, code: string, plan: PlanFacts): Promise<number> {
  return changes(
    trx,
    `update platform.clinics set practitioner_limit = ?, location_limit = ?, booking_limit = ?, message_limit = ?,
       features = ? where plan = ?`,
    [plan.practitionerLimit, plan.locationLimit, plan.bookingLimit, plan.messageLimit, plan.features, code],
  )
}

export type MarketFacts = { currency: string; issuerId: Id<'issuer'>; taxName: string; taxRateBp: number }

/** Whether somebody buys in this market and its currency: then it can't be another. */
export async function findMarketUse(
  trx: Knex,
  country: string,
): Promise<{ currency: string; used: boolean } | undefined> {
  const [market] = await rows<{ currency: string; used: boolean }>(
    trx,
    `select m.currency, exists (
       select from platform.subscriptions s join platform.clinics c on c.id = s.clinic_id
       where s.currency = m.currency and (c.country = m.country or
         (m.country = 'ZZ' and not exists
           (select from platform.markets o where o.country = c.country and o.currency = s.currency)))) as used
     from platform.markets m where m.country = ? for update of m`,
    [country],
  )
  return market
}

export async function updateMarket(trx: Knex, country: string, version: number, facts: MarketFacts): Promise<boolean> {
  const changed = await changes(
    trx,
    `update platform.markets set currency = ?, issuer_id = ?, tax_name = ?, tax_rate_bp = ?, version = version + 1
     where country = ? and version = ?`,
    [facts.currency, facts.issuerId, facts.taxName, facts.taxRateBp, country, version],
  )
  return changed === 1
}

export async function insertMarket(trx: Knex, country: string, facts: MarketFacts): Promise<boolean> {
  const inserted = await changes(
    trx,
    `insert into platform.markets (country, currency, issuer_id, tax_name, tax_rate_bp) values (?, ?, ?, ?, ?)
     on conflict (country) do nothing`,
    [country, facts.currency, facts.issuerId, facts.taxName, facts.taxRateBp],
  )
  return inserted === 1
}

/** The prices of one market, for the plans named. */
export async function upsertMarketPrices(
  trx: Knex,
  country: string,
  prices: readonly { planId: PlanId; interval: Interval; netMinor: number }[],
): Promise<void> {
  await changes(
    trx,
    `insert into platform.plan_prices (plan_id, country, billing_interval, net_minor)
     select plan_id, ?, billing_interval, net_minor
     from unnest(?::uuid[], ?::text[], ?::bigint[]) as t (plan_id, billing_interval, net_minor)
     on conflict (plan_id, country, billing_interval) do update set net_minor = excluded.net_minor`,
    [
      country,
      prices.map(({ planId }) => planId),
      prices.map(({ interval }) => interval),
      prices.map(({ netMinor }) => netMinor),
    ],
  )
}

export type IssuerFacts = { name: string; address: string; taxNumber: string; paymentNote: Partial<Names> }

export async function updateIssuer(
  trx: Knex,
  id: Id<'issuer'>,
  version: number,
  issuer: IssuerFacts,
): Promise<boolean> {
  const changed = await changes(
    trx,
    `update platform.issuers set name = ?, address = ?, tax_number = ?, payment_note = ?, version = version + 1
     where id = ? and version = ?`,
    [issuer.name, issuer.address, issuer.taxNumber, JSON.stringify(issuer.paymentNote), id, version],
  )
  return changed === 1
}

export async function insertIssuer(
  trx: Knex,
  id: Id<'issuer'>,
  code: string,
  issuer: IssuerFacts,
  now: Instant,
): Promise<boolean> {
  const inserted = await changes(
    trx,
    `insert into platform.issuers (id, code, name, address, tax_number, payment_note, created_at)
     values (?, ?, ?, ?, ?, ?, ?) on conflict (code) do nothing`,
    [id, code, issuer.name, issuer.address, issuer.taxNumber, JSON.stringify(issuer.paymentNote), now],
  )
  return inserted === 1
}
