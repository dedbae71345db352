// What is sold, read: plans and their prices, markets, and who issues the invoices.
import type { Knex } from 'knex'
import type { Id } from '../../../kernel/ids.ts'
import { rows } from '../../../platform/db/rows.ts'
import type { Interval } from '../rules/prices.ts'

export type PlanId = Id<'plan'>
export type Names = { en: string; ar: string; ur: string }
export type Plan = {
  id: PlanId
  code: string
  names: Names
  taglines: Partial<Names>
  position: number
  offered: boolean
  practitionerLimit: number | null
  locationLimit: number | null
  bookingLimit: number | null
  messageLimit: number | null
  features: string[]
  version: number
}

const planColumns = `id, code, names, taglines, position, offered, practitioner_limit as "practitionerLimit",
  location_limit as "locationLimit", booking_limit as "bookingLimit", message_limit as "messageLimit", features, version`

export async function listPlans(db: Knex): Promise<Plan[]> {
  return rows<Plan>(db, `select ${planColumns} from platform.plans order by position, code`)
}

export async function findPlan(db: Knex, code: string): Promise<Plan | undefined> {
  const [plan] = await rows<Plan>(db, `select ${planColumns} from platform.plans where code = ?`, [code])
  return plan
}

export async function findPlanById(db: Knex, id: PlanId): Promise<Plan | undefined> {
  const [plan] = await rows<Plan>(db, `select ${planColumns} from platform.plans where id = ?`, [id])
  return plan
}

/** Where a country's clinics buy: its own market, or everywhere else's. */
export type Market = {
  country: string
  currency: string
  issuerId: Id<'issuer'>
  taxName: string
  taxRateBp: number
}

export async function getMarket(db: Knex, country: string): Promise<Market> {
  const [market] = await rows<Market>(
    db,
    `select country, currency, issuer_id as "issuerId", tax_name as "taxName", tax_rate_bp as "taxRateBp"
     from platform.markets where country in (?, 'ZZ') order by (country = 'ZZ') limit 1`,
    [country],
  )
  if (!market) throw new Error('no market for everywhere else')
  return market
}

/** All markets, everywhere else last. */
export async function listMarkets(db: Knex): Promise<Market[]> {
  return rows<Market>(
    db,
    `select country, currency, issuer_id as "issuerId", tax_name as "taxName", tax_rate_bp as "taxRateBp"
     from platform.markets order by (country = 'ZZ'), country`,
  )
}

export type Price = { planId: PlanId; interval: Interval; netMinor: number }

/** The price list of a market. */
export async function listPrices(db: Knex, marketCountry: string): Promise<Price[]> {
  return rows<Price>(
    db,
    `select plan_id as "planId", billing_interval as interval, net_minor as "netMinor"
     from platform.plan_prices where country = ?`,
    [marketCountry],
  )
}

/**
 * The price list for a clinic whose books are in `currency`: its country's, or everywhere else's where the country's market
 * was opened later and sells in another currency. Empty when neither sells in this one any more.
 */
export async function listPricesIn(db: Knex, country: string, currency: string): Promise<Price[]> {
  return rows<Price>(
    db,
    `select plan_id as "planId", billing_interval as interval, net_minor as "netMinor"
     from platform.plan_prices where country =
       (select country from platform.markets where country in (?, 'ZZ') and currency = ?
        order by (country = 'ZZ') limit 1)`,
    [country, currency],
  )
}

export type Issuer = {
  id: Id<'issuer'>
  code: string
  name: string
  address: string
  taxNumber: string
  paymentNote: Partial<Names>
}

const issuerColumns = `id, code, name, address, tax_number as "taxNumber", payment_note as "paymentNote"`

export async function listIssuers(db: Knex): Promise<Issuer[]> {
  return rows<Issuer>(db, `select ${issuerColumns} from platform.issuers order by code`)
}

export async function findIssuer(db: Knex, id: Id<'issuer'>): Promise<Issuer | undefined> {
  const [issuer] = await rows<Issuer>(db, `select ${issuerColumns} from platform.issuers where id = ?`, [id])
  return issuer
}
