// Checkouts, the last agreed state of subscriptions at Stripe, and what only a person can settle.
import type { Knex } from 'knex'
import { newId, type ClinicId } from '../../../kernel/ids.ts'
import type { Instant } from '../../../kernel/time.ts'
import { changes, rows } from '../../../platform/db/rows.ts'
import type { Language } from '../../../platform/i18n/languages.ts'
import type { Order } from './books.ts'

export type CheckoutState = 'begun' | 'open' | 'complete' | 'expired'
export type Checkout = {
  id: string
  clinicId: ClinicId
  orderId: string
  attempt: number
  session: string | null
  url: string | null
  state: CheckoutState
  language: Language
}

const checkoutColumns = `id, clinic_id as "clinicId", order_id as "orderId", attempt, session, url, state, language`

export async function findLatestCheckout(db: Knex, orderId: string): Promise<Checkout | undefined> {
  const [found] = await rows<Checkout>(
    db,
    `select ${checkoutColumns} from platform.card_checkouts where order_id = ? order by attempt desc limit 1`,
    [orderId],
  )
  return found
}

export async function findCheckoutBySession(db: Knex, session: string): Promise<Checkout | undefined> {
  const [found] = await rows<Checkout>(db, `select ${checkoutColumns} from platform.card_checkouts where session = ?`, [
    session,
  ])
  return found
}

/** The payment pages of a clinic that may still be paid on. */
export async function listOpenCheckouts(db: Knex, clinicId: ClinicId): Promise<Checkout[]> {
  return rows<Checkout>(
    db,
    `select ${checkoutColumns} from platform.card_checkouts
     where clinic_id = ? and state in ('begun', 'open') order by created_at, id`,
    [clinicId],
  )
}

export async function insertCheckout(
  db: Knex,
  checkout: Pick<Checkout, 'clinicId' | 'orderId' | 'attempt' | 'language'>,
  now: Instant,
): Promise<Checkout> {
  const id = newId()
  await changes(
    db,
    `insert into platform.card_checkouts (id, clinic_id, order_id, attempt, language, created_at) values (?, ?, ?, ?, ?, ?)`,
    [id, checkout.clinicId, checkout.orderId, checkout.attempt, checkout.language, now],
  )
  return { id, ...checkout, session: null, url: null, state: 'begun' }
}

/** False when it is over already. */
export async function updateCheckout(
  db: Knex,
  id: string,
  now: { session: string | null; url: string | null; state: CheckoutState },
): Promise<boolean> {
  const changed = await changes(
    db,
    `update platform.card_checkouts set session = ?, url = ?, state = ? where id = ? and state in ('begun', 'open')`,
    [now.session, now.url, now.state, id],
  )
  return changed > 0
}

/** `telling`: what Stripe is being told about cancelling, while it is not known to have arrived. */
export type CardLink = {
  subscription: string
  cancelling: boolean
  telling: boolean | null
  status: string
}

export async function findCardLink(db: Knex, clinicId: ClinicId): Promise<CardLink | undefined> {
  const [found] = await rows<CardLink>(
    db,
    `select subscription, cancelling, telling, status from platform.card_links where clinic_id = ?`,
    [clinicId],
  )
  return found
}

export async function upsertCardLink(db: Knex, clinicId: ClinicId, link: CardLink, now: Instant): Promise<void> {
  await changes(
    db,
    `insert into platform.card_links (clinic_id, subscription, cancelling, telling, status, seen_at)
     values (?, ?, ?, ?, ?, ?)
     on conflict (clinic_id) do update set subscription = excluded.subscription, cancelling = excluded.cancelling,
       telling = excluded.telling, status = excluded.status, seen_at = excluded.seen_at`,
    [clinicId, link.subscription, link.cancelling, link.telling, link.status, now],
  )
}

/** What was being told has arrived, if it is still the same. */
export async function updateCardTold(db: Knex, clinicId: ClinicId, subscription: string, told: boolean): Promise<void> {
  await changes(
    db,
    `update platform.card_links set cancelling = ?, telling = null
     where clinic_id = ? and subscription = ? and telling = ?`,
    [told, clinicId, subscription, told],
  )
}

/** Notes a failure; false when this very one was noted before. */
export async function updateCardFailed(db: Knex, clinicId: ClinicId, failed: string | null): Promise<boolean> {
  const changed = await changes(
    db,
    `update platform.card_links set failed = ? where clinic_id = ? and failed is distinct from ?`,
    [failed, clinicId, failed],
  )
  return changed > 0
}

export async function deleteCardLink(db: Knex, clinicId: ClinicId): Promise<void> {
  await changes(db, `delete from platform.card_links where clinic_id = ?`, [clinicId])
}

export async function findClinicOfCustomer(db: Knex, customer: string): Promise<ClinicId | undefined> {
  const [found] = await rows<{ clinicId: ClinicId }>(
    db,
    `select clinic_id as "clinicId" from platform.subscriptions where stripe_customer = ?`,
    [customer],
  )
  return found?.clinicId
}

export type IncidentKind =
  | 'unknown_payer'
  | 'amount_mismatch'
  | 'second_subscription'
  | 'foreign_session'
  | 'unknown_refund'
  | 'dispute'
  | 'unworked'

/** Keeps for a person what can't be decided by itself; once, however often it is told. */
export async function insertIncident(
  db: Knex,
  incident: {
    key: string
    kind: IncidentKind
    clinicId: ClinicId | null
    details: Record<string, string | number | null>
    now: Instant
  },
): Promise<boolean> {
  const { key, kind, clinicId, details, now } = incident
  const made = await changes(
    db,
    `insert into platform.card_incidents (id, key, kind, clinic_id, details, at) values (?, ?, ?, ?, ?, ?)
     on conflict (key) do nothing`,
    [newId(), key, kind, clinicId, JSON.stringify(details), now],
  )
  return made > 0
}

export type Incident = {
  id: string
  kind: IncidentKind
  clinicId: ClinicId | null
  details: Record<string, string | number | null>
  at: Instant
}

/** What waits for a person of the platform, latest first. */
export async function listIncidents(db: Knex, limit: number): Promise<Incident[]> {
  return rows<Incident>(
    db,
    `select id, kind, clinic_id as "clinicId", details, at from platform.card_incidents
     where settled_at is null order by at desc, id desc limit ?`,
    [limit],
  )
}

export async function updateIncidentSettled(db: Knex, id: string, by: string, now: Instant): Promise<boolean> {
  const settled = await changes(
    db,
    `update platform.card_incidents set settled_at = ?, settled_by = ? where id = ? and settled_at is null`,
    [now, by, id],
  )
  return settled > 0
}

export async function isIncident(db: Knex, id: string): Promise<boolean> {
  return (await rows(db, `select 1 from platform.card_incidents where id = ?`, [id])).length > 0
}

export type CardOrder = {
  id: string
  clinicId: ClinicId
  kind: 'start' | 'renew' | 'upgrade'
  status: 'open' | 'paid' | 'void'
  currency: string
  totalMinor: number
}

export async function findOrderById(db: Knex, id: string): Promise<CardOrder | undefined> {
  const [found] = await rows<CardOrder>(
    db,
    `select id, clinic_id as "clinicId", kind, status, currency, total_minor as "totalMinor"
     from platform.orders where id = ?`,
    [id],
  )
  return found
}

/** What the last payment page that was paid on was for, if that order was given up since. */
export async function findLostOrder(db: Knex, clinicId: ClinicId): Promise<Order | undefined> {
  const [found] = await rows<Order>(
    db,
    `select o.id, o.clinic_id as "clinicId", o.kind, o.plan_id as "planId", o.billing_interval as interval, o.currency,
       o.plan_net_minor as "planNetMinor", o.net_minor as "netMinor", o.tax_minor as "taxMinor",
       o.total_minor as "totalMinor", o.tax_name as "taxName", o.tax_rate_bp as "taxRateBp", o.status,
       o.expires_at as "expiresAt"
     from platform.card_checkouts c join platform.orders o on o.id = c.order_id
     where c.clinic_id = ? and c.state = 'complete' order by c.created_at desc, c.id desc limit 1`,
    [clinicId],
  )
  return found?.status === 'void' && found.kind !== 'upgrade' ? found : undefined
}

/** What Stripe will charge later must still be there then. */
export async function updateOrderKept(db: Knex, id: string): Promise<void> {
  await changes(db, `update platform.orders set expires_at = null where id = ? and status = 'open'`, [id])
}
