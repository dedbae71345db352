// What clinics may use and until when. Everything here is in schema `platform`; whoever changes a subscription holds its
// row locked until the transaction ends.
import type { Knex } from 'knex'
import { newId, type ClinicId } from '../../kernel/ids.ts'
import type { Instant, PlainDate } from '../../kernel/time.ts'
import { queueCardCommand } from '../../platform/card-commands.ts'
import { changes, rows } from '../../platform/db/rows.ts'
import type { Language } from '../../platform/i18n/languages.ts'
import type { Plan, PlanId } from './queries/plans.ts'
import type { Status, Standing } from './rules/life.ts'
import type { Interval } from './rules/prices.ts'

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
  /** Since when its owner has it closed, to be erased. */
  closedAt: Instant | null
  nextStepAt: Instant | null
  collection: 'manual' | 'card'
  stripeCustomer: string | null
  stripeSubscription: string | null
  cardLabel: string | null
  /** null: it was tried out, or given, and never paid for. */
  firstPaidAt: Instant | null
  createdAt: Instant
}

const subscriptionColumns = `s.clinic_id as "clinicId", s.plan_id as "planId", p.code as "planCode", s.status,
  s.status_since as "statusSince", s.billing_interval as interval, s.currency, s.net_minor as "netMinor",
  s.period_start as "periodStart", s.period_end as "periodEnd", s.billing_day as "billingDay",
  s.cancelled_at as "cancelledAt", s.cancel_reason as "cancelReason", s.next_plan_id as "nextPlanId",
  s.next_interval as "nextInterval", s.suspended_at as "suspendedAt", s.suspension_reason as "suspensionReason",
  s.closed_at as "closedAt", s.next_step_at as "nextStepAt", s.collection, s.stripe_customer as "stripeCustomer",
  s.stripe_subscription as "stripeSubscription", s.card_label as "cardLabel",
  s.first_paid_at as "firstPaidAt", s.created_at as "createdAt"`

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
    // Locked first and joined then: whoever waited here for a change of plan would be joined to the plan before it, and
    // find nothing.
    `with held as materialized (select * from platform.subscriptions where clinic_id = ? for update)
     select ${subscriptionColumns} from held s join platform.plans p on p.id = s.plan_id`,
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
       stripe_customer = ?, stripe_subscription = ?, card_label = ?, first_paid_at = ?, closed_at = ?
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
      one.firstPaidAt,
      one.closedAt,
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

export type AccountClinic = {
  id: ClinicId
  slug: string
  name: string
  city: string
  country: string
  zone: string
  language: Language
}

export async function findAccountClinic(db: Knex, id: ClinicId): Promise<AccountClinic | undefined> {
  const [clinic] = await rows<AccountClinic>(
    db,
    `select id, slug, name, city, country, time_zone as zone, language from platform.clinics where id = ?`,
    [id],
  )
  return clinic
}

/** Clinics with something for the clock to do, the longest waiting first. Claimed one by one, each in its transaction. */
export async function listDue(db: Knex, now: Instant, limit: number): Promise<ClinicId[]> {
  const due = await rows<{ id: ClinicId }>(
    db,
    `select clinic_id as id from platform.subscriptions where next_step_at <= ? order by next_step_at limit ?`,
    [now, limit],
  )
  return due.map(({ id }) => id)
}

/** Locks the row if nobody else has it and it is still due; false when another process is at it. */
export async function claimDue(trx: Knex, clinicId: ClinicId, now: Instant): Promise<boolean> {
  const claimed = await rows(
    trx,
    `select clinic_id from platform.subscriptions where clinic_id = ? and next_step_at <= ? for update skip locked`,
    [clinicId, now],
  )
  return claimed.length > 0
}

export async function updateNextStep(trx: Knex, clinicId: ClinicId, at: Instant | null): Promise<void> {
  await changes(trx, `update platform.subscriptions set next_step_at = ? where clinic_id = ?`, [at, clinicId])
}

export async function listNoticesDealtWith(trx: Knex, clinicId: ClinicId, anchor: Instant): Promise<string[]> {
  const found = await rows<{ kind: string }>(
    trx,
    `select kind from platform.subscription_notices where clinic_id = ? and anchor = ?`,
    [clinicId, anchor],
  )
  return found.map(({ kind }) => kind)
}

export async function insertNotice(
  trx: Knex,
  clinicId: ClinicId,
  notice: { anchor: Instant; kind: string; at: Instant; sent: boolean },
): Promise<boolean> {
  const made = await changes(
    trx,
    `insert into platform.subscription_notices (clinic_id, anchor, kind, at, sent) values (?, ?, ?, ?, ?)
     on conflict do nothing`,
    [clinicId, notice.anchor, notice.kind, notice.at, notice.sent],
  )
  return made > 0
}

export type NearLimit = {
  clinicId: ClinicId
  month: PlainDate
  zone: string
  bookingsUsed: number
  bookingLimit: number | null
  messagesUsed: number
  messageLimit: number | null
}

/** Clinics that used four fifths or more of a limit in the month they last counted. */
export async function listNearLimits(db: Knex): Promise<NearLimit[]> {
  return rows<NearLimit>(
    db,
    `select c.id as "clinicId", d.usage_month as month, c.time_zone as zone, d.bookings_used as "bookingsUsed",
       c.booking_limit as "bookingLimit", d.messages_used as "messagesUsed", c.message_limit as "messageLimit"
     from platform.diaries d join platform.clinics c on c.id = d.clinic_id
     where d.usage_month is not null and c.status = 'active'
       and (d.bookings_used * 5 >= c.booking_limit * 4 or d.messages_used * 5 >= c.message_limit * 4)`,
  )
}

export async function insertUsageNotice(
  trx: Knex,
  notice: { clinicId: ClinicId; month: PlainDate; metric: string; level: 80 | 100; at: Instant },
): Promise<boolean> {
  const made = await changes(
    trx,
    `insert into platform.usage_notices (clinic_id, month, metric, level, at) values (?, ?, ?, ?, ?) on conflict do nothing`,
    [notice.clinicId, notice.month, notice.metric, notice.level, notice.at],
  )
  return made > 0
}
