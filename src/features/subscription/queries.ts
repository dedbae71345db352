// What clinics may use and until when. Everything here is in schema `platform`; whoever changes a subscription holds its
// row locked until the transaction ends.
import type { Knex } from 'knex'
import { newId, type ClinicId, type Id } from '../../kernel/ids.ts'
import type { Instant } from '../../kernel/time.ts'
import { queueCardCommand } from '../../platform/card-commands.ts'
import { changes, rows } from '../../platform/db/rows.ts'
import type { Status, Standing } from './rules/life.ts'
import type { Interval } from './rules/prices.ts'

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

export type Subscription = {
  clinicId: ClinicId
  planId: PlanId
  planCode: string
  status: Status
  statusSince: Instant
  interval: Interval
  currency: string
  /** The net price of a period, without tax. */
  netMinor: number
  periodStart: Instant
  periodEnd: Instant | null
  billingDay: number
  cancelledAt: Instant | null
  cancelReason: string | null
  nextPlanId: PlanId | null
  nextInterval: Interval | null
  suspendedAt: Instant | null
  suspensionReason: string | null
  nextStepAt: Instant | null
  collection: 'manual' | 'card'
  stripeCustomer: string | null
  stripeSubscription: string | null
  cardLabel: string | null
  createdAt: Instant
}

const subscriptionColumns = `s.clinic_id as "clinicId", s.plan_id as "planId", p.code as "planCode", s.status,
  s.status_since as "statusSince", s.billing_interval as interval, s.currency, s.net_minor as "netMinor",
  s.period_start as "periodStart", s.period_end as "periodEnd", s.billing_day as "billingDay",
  s.cancelled_at as "cancelledAt", s.cancel_reason as "cancelReason", s.next_plan_id as "nextPlanId",
  s.next_interval as "nextInterval", s.suspended_at as "suspendedAt", s.suspension_reason as "suspensionReason",
  s.next_step_at as "nextStepAt", s.collection, s.stripe_customer as "stripeCustomer",
  s.stripe_subscription as "stripeSubscription", s.card_label as "cardLabel", s.created_at as "createdAt"`

export async function findSubscription(db: Knex, clinicId: ClinicId): Promise<Subscription | undefined> {
  const [found] = await rows<Subscription>(
    db,
    `select ${subscriptionColumns} from platform.subscriptions s join platform.plans p on p.id = s.plan_id
     where s.clinic_id = ?`,
    [clinicId],
  )
  return found
}

/** The same, locked until the transaction ends: nobody else decides about it meanwhile. */
export async function lockSubscription(trx: Knex, clinicId: ClinicId): Promise<Subscription | undefined> {
  const [found] = await rows<Subscription>(
    trx,
    `select ${subscriptionColumns} from platform.subscriptions s join platform.plans p on p.id = s.plan_id
     where s.clinic_id = ? for update of s`,
    [clinicId],
  )
  return found
}

export async function insertSubscription(trx: Knex, one: Omit<Subscription, 'planCode'>): Promise<void> {
  await changes(
    trx,
    `insert into platform.subscriptions (clinic_id, plan_id, status, status_since, billing_interval, currency, net_minor,
       period_start, period_end, billing_day, next_step_at, collection, created_at)
     values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    [
      one.clinicId,
      one.planId,
      one.status,
      one.statusSince,
      one.interval,
      one.currency,
      one.netMinor,
      one.periodStart,
      one.periodEnd,
      one.billingDay,
      one.nextStepAt,
      one.collection,
      one.createdAt,
    ],
  )
}

/** Writes what may change of a subscription, whole. One that is charged by Stripe is brought in line there afterwards. */
export async function updateSubscription(trx: Knex, one: Omit<Subscription, 'planCode' | 'createdAt'>): Promise<void> {
  await changes(
    trx,
    `update platform.subscriptions set plan_id = ?, status = ?, status_since = ?, billing_interval = ?, currency = ?,
       net_minor = ?, period_start = ?, period_end = ?, billing_day = ?, cancelled_at = ?, cancel_reason = ?,
       next_plan_id = ?, next_interval = ?, suspended_at = ?, suspension_reason = ?, next_step_at = ?, collection = ?,
       stripe_customer = ?, stripe_subscription = ?, card_label = ?
     where clinic_id = ?`,
    [
      one.planId,
      one.status,
      one.statusSince,
      one.interval,
      one.currency,
      one.netMinor,
      one.periodStart,
      one.periodEnd,
      one.billingDay,
      one.cancelledAt,
      one.cancelReason,
      one.nextPlanId,
      one.nextInterval,
      one.suspendedAt,
      one.suspensionReason,
      one.nextStepAt,
      one.collection,
      one.stripeCustomer,
      one.stripeSubscription,
      one.cardLabel,
      one.clinicId,
    ],
  )
  if (one.stripeSubscription !== null) {
    await queueCardCommand(trx, { kind: 'follow', clinicId: one.clinicId, target: one.stripeSubscription })
  }
}

/** Copies plan and standing to where the clinic's doors read them. */
export async function updateStanding(trx: Knex, clinicId: ClinicId, standing: Standing, plan: Plan): Promise<void> {
  await changes(
    trx,
    `update platform.clinics set status = ?, plan = ?, practitioner_limit = ?, location_limit = ?, booking_limit = ?,
       message_limit = ?, features = ?
     where id = ?`,
    [
      standing,
      plan.code,
      plan.practitionerLimit,
      plan.locationLimit,
      plan.bookingLimit,
      plan.messageLimit,
      plan.features,
      clinicId,
    ],
  )
}

export type SubscriptionEvent = {
  clinicId: ClinicId
  at: Instant
  kind: string
  fromStatus: Status | null
  toStatus: Status | null
  fromPlan: string | null
  toPlan: string | null
  mrrBeforeMinor: number
  mrrAfterMinor: number
  currency: string
  country: string
  actorKind: 'user' | 'operator' | 'system' | 'provider'
  actorId: string | null
  reason: string | null
}

export async function insertEvent(trx: Knex, event: SubscriptionEvent): Promise<void> {
  await changes(
    trx,
    `insert into platform.subscription_events (id, clinic_id, at, kind, from_status, to_status, from_plan, to_plan,
       mrr_before_minor, mrr_after_minor, currency, country, actor_kind, actor_id, reason)
     values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    [
      newId(),
      event.clinicId,
      event.at,
      event.kind,
      event.fromStatus,
      event.toStatus,
      event.fromPlan,
      event.toPlan,
      event.mrrBeforeMinor,
      event.mrrAfterMinor,
      event.currency,
      event.country,
      event.actorKind,
      event.actorId,
      event.reason,
    ],
  )
}
