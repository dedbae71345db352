// What is sold: plans with their prices, markets, and who issues the invoices. Read only: `subscription` writes them.
import type { Knex } from 'knex'
import { rows } from '../../../platform/db/rows.ts'
import type { Issuer, Market, Plan } from '../../subscription/queries/plans.ts'
import type { Interval } from '../../subscription/rules/prices.ts'

export type PlanLine = Plan & {
  /** Clinics that are on it now, and of them those that pay. */
  clinics: number
  paying: number
  prices: { country: string; interval: Interval; netMinor: number }[]
}

export async function listPlanLines(db: Knex): Promise<PlanLine[]> {
  return rows<PlanLine>(
    db,
    `select p.id, p.code, p.names, p.taglines, p.position, p.offered, p.practitioner_limit as "practitionerLimit",
       p.location_limit as "locationLimit", p.booking_limit as "bookingLimit", p.message_limit as "messageLimit",
       p.features, p.version,
       (select count(*)::int from platform.clinics c where c.plan = p.code) as clinics,
       (select count(*)::int from platform.clinics c
         where c.plan = p.code and c.subscription_status in ('active', 'past_due')) as paying,
       coalesce((select jsonb_agg(jsonb_build_object('country', pr.country, 'interval', pr.billing_interval,
         'netMinor', pr.net_minor)) from platform.plan_prices pr where pr.plan_id = p.id), '[]') as prices
     from platform.plans p order by p.position, p.code`,
  )
}

export type MarketLine = Market & {
  issuerName: string
  issuerCode: string
  version: number
  clinics: number
  /** Somebody buys here in this currency: it can't be another any more. The same as `findMarketUse` says of one. */
  used: boolean
}

/** In the order of their codes, everywhere else last. */
export async function listMarketLines(db: Knex): Promise<MarketLine[]> {
  return rows<MarketLine>(
    db,
    `select m.country, m.currency, m.issuer_id as "issuerId", i.name as "issuerName", i.code as "issuerCode",
       m.tax_name as "taxName", m.tax_rate_bp as "taxRateBp", m.version,
       (select count(*)::int from platform.clinics c where c.country = m.country) as clinics,
       exists (select from platform.clinics c join platform.subscriptions s on s.clinic_id = c.id
         where s.currency = m.currency and (c.country = m.country or (m.country = 'ZZ' and not exists
           (select from platform.markets o where o.country = c.country and o.currency = s.currency)))) as used
     from platform.markets m join platform.issuers i on i.id = m.issuer_id
     order by (m.country = 'ZZ'), m.country`,
  )
}

export type IssuerLine = Issuer & { version: number; documents: number }

export async function listIssuers(db: Knex): Promise<IssuerLine[]> {
  return rows<IssuerLine>(
    db,
    `select i.id, i.code, i.name, i.address, i.tax_number as "taxNumber", i.payment_note as "paymentNote", i.version,
       coalesce((select sum(n.last) from platform.document_numbers n where n.issuer_id = i.id), 0)::int as documents
     from platform.issuers i order by i.code`,
  )
}
