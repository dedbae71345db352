// Checkouts, the last agreed state of subscriptions at Stripe, and what only a person can settle.
import type { Knex } from 'knex'
import { newId, type ClinicId } from '../../../kernel/ids.ts'
import type { Instant } from '../../../kernel/time.ts'
import { changes, rows } from '../../../platform/db/rows.ts'

export type CheckoutState = 'begun' | 'open' | 'complete' | 'expired'
export type Checkout = {
  id: string
  clinicId: ClinicId
  orderId: string
  attempt: number
  session: string | null
  url: string | null
  state: CheckoutState
  language: string
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

export async function updateCheckout(
  db: Knex,
  id: string,
  now: { session: string | null; url: string | null; state: CheckoutState },
): Promise<void> {
  await changes(
    db,
    `update platform.card_checkouts set session = ?, url = ?, state = ? where id = ? and state in ('begun', 'open')`,
    [now.session, now.url, now.state, id],
  )
}

export type CardLink = { subscription: string; cancelling: boolean; status: string; failed: string | null }

export async function findCardLink(db: Knex, clinicId: ClinicId): Promise<CardLink | undefined> {
  const [found] = await rows<CardLink>(
    db,
    `select subscription, cancelling, status, failed from platform.card_links where clinic_id = ?`,
    [clinicId],
  )
  return found
}

export async function upsertCardLink(
  db: Knex,
  clinicId: ClinicId,
  link: Omit<CardLink, 'failed'>,
  now: Instant,
): Promise<void> {
  await changes(
    db,
    `insert into platform.card_links (clinic_id, subscription, cancelling, status, seen_at) values (?, ?, ?, ?, ?)
     on conflict (clinic_id) do update set subscription = excluded.subscription, cancelling = excluded.cancelling,
       status = excluded.status, seen_at = excluded.seen_at`,
    [clinicId, link.subscription, link.cancelling, link.status, now],
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

/** Whether something decided here has still to be told to Stripe. */
export async function findWaitingCommand(db: Knex, clinicId: ClinicId): Promise<boolean> {
  const found = await rows(
    db,
    `select 1 from platform.card_commands where clinic_id = ? and kind = 'follow' and due_at is not null limit 1`,
    [clinicId],
  )
  return found.length > 0
}

export type IncidentKind =
  'unknown_payer' | 'amount_mismatch' | 'second_subscription' | 'foreign_session' | 'unknown_refund' | 'dispute'

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

export async function countIncidents(db: Knex): Promise<number> {
  const [found] = await rows<{ count: number }>(
    db,
    `select count(*) as count from platform.card_incidents where settled_at is null`,
  )
  return found?.count ?? 0
}

export async function updateIncidentSettled(db: Knex, id: string, by: string, now: Instant): Promise<boolean> {
  const settled = await changes(
    db,
    `update platform.card_incidents set settled_at = ?, settled_by = ? where id = ? and settled_at is null`,
    [now, by, id],
  )
  return settled > 0
}
