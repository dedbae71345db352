// The books: orders, payments, documents and the ledger. Append-only where the law wants it; whoever writes holds the
// clinic's subscription locked.
import type { Knex } from 'knex'
import { newId, type ClinicId, type Id, type UserId } from '../../../kernel/ids.ts'
import type { Instant, PlainDate } from '../../../kernel/time.ts'
import { changes, rows } from '../../../platform/db/rows.ts'
import type { PlanId } from '../../subscription/queries/plans.ts'
import type { Interval } from '../../subscription/rules/prices.ts'
import type { OrderKind } from '../rules/quotes.ts'

export type OrderId = Id<'order'>
export type PaymentId = Id<'payment'>
export type DocumentId = Id<'document'>

export type Order = {
  id: OrderId
  clinicId: ClinicId
  kind: OrderKind
  planId: PlanId
  interval: Interval
  currency: string
  planNetMinor: number
  netMinor: number
  taxMinor: number
  totalMinor: number
  taxName: string
  taxRateBp: number
  status: 'open' | 'paid' | 'void'
  expiresAt: Instant | null
}

const orderColumns = `id, clinic_id as "clinicId", kind, plan_id as "planId", billing_interval as interval, currency,
  plan_net_minor as "planNetMinor", net_minor as "netMinor", tax_minor as "taxMinor", total_minor as "totalMinor",
  tax_name as "taxName", tax_rate_bp as "taxRateBp", status, expires_at as "expiresAt"`

export async function findOpenOrder(db: Knex, clinicId: ClinicId): Promise<Order | undefined> {
  const [order] = await rows<Order>(
    db,
    `select ${orderColumns} from platform.orders where clinic_id = ? and status = 'open'`,
    [clinicId],
  )
  return order
}

export async function insertOrder(trx: Knex, order: Order, now: Instant): Promise<void> {
  await changes(
    trx,
    `insert into platform.orders (id, clinic_id, kind, plan_id, billing_interval, currency, plan_net_minor, net_minor,
       tax_minor, total_minor, tax_name, tax_rate_bp, status, created_at, expires_at, closed_at)
     values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    [
      order.id,
      order.clinicId,
      order.kind,
      order.planId,
      order.interval,
      order.currency,
      order.planNetMinor,
      order.netMinor,
      order.taxMinor,
      order.totalMinor,
      order.taxName,
      order.taxRateBp,
      order.status,
      now,
      order.expiresAt,
      order.status === 'open' ? null : now,
    ],
  )
}

export async function closeOrder(trx: Knex, id: OrderId, status: 'paid' | 'void', now: Instant): Promise<void> {
  await changes(trx, `update platform.orders set status = ?, closed_at = ? where id = ? and status = 'open'`, [
    status,
    now,
    id,
  ])
}

export type NewPayment = {
  id: PaymentId
  clinicId: ClinicId
  status: 'declared' | 'confirmed'
  provider: 'manual' | 'stripe'
  providerRef: string | null
  method: string
  amountMinor: number
  currency: string
  reference: string
  paidOn: PlainDate
  slipId: Id<'slip'> | null
  declaredBy: UserId | null
  decidedBy: UserId | null
}

/** False when the provider told of this payment before. */
export async function insertPayment(trx: Knex, one: NewPayment, now: Instant): Promise<boolean> {
  const made = await changes(
    trx,
    `insert into platform.payments (id, clinic_id, status, provider, provider_ref, method, amount_minor, currency,
       reference, paid_on, slip_id, declared_by, decided_by, decided_at, created_at)
     values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
     on conflict (provider, provider_ref) do nothing`,
    [
      one.id,
      one.clinicId,
      one.status,
      one.provider,
      one.providerRef,
      one.method,
      one.amountMinor,
      one.currency,
      one.reference,
      one.paidOn,
      one.slipId,
      one.declaredBy,
      one.decidedBy,
      one.status === 'confirmed' ? now : null,
      now,
    ],
  )
  return made > 0
}

export type PaymentRow = {
  id: PaymentId
  clinicId: ClinicId
  status: 'declared' | 'confirmed' | 'rejected'
  method: string
  amountMinor: number
  currency: string
  reference: string
  paidOn: PlainDate
}

const paymentColumns = `id, clinic_id as "clinicId", status, method, amount_minor as "amountMinor", currency, reference,
  paid_on as "paidOn"`

export async function findPaymentRow(db: Knex, id: PaymentId): Promise<PaymentRow | undefined> {
  const [payment] = await rows<PaymentRow>(db, `select ${paymentColumns} from platform.payments where id = ?`, [id])
  return payment
}

export async function findProviderPayment(db: Knex, ref: string): Promise<PaymentRow | undefined> {
  const [payment] = await rows<PaymentRow>(
    db,
    `select ${paymentColumns} from platform.payments where provider = 'stripe' and provider_ref = ?`,
    [ref],
  )
  return payment
}

/** The same payment, entered or declared by hand before: nobody has two with one reference, amount and day. */
export async function findTwin(
  db: Knex,
  clinicId: ClinicId,
  { reference, amountMinor, paidOn }: { reference: string; amountMinor: number; paidOn: PlainDate },
): Promise<PaymentRow | undefined> {
  const [twin] = await rows<PaymentRow>(
    db,
    `select ${paymentColumns} from platform.payments
     where clinic_id = ? and provider = 'manual' and status <> 'rejected' and reference = ? and reference <> ''
       and amount_minor = ? and paid_on = ?
     order by created_at limit 1`,
    [clinicId, reference, amountMinor, paidOn],
  )
  return twin
}

/** What the clinic says it paid, and nobody has looked at yet. */
export async function getDeclared(db: Knex, clinicId: ClinicId, currency: string): Promise<number> {
  const [found] = await rows<{ declared: number }>(
    db,
    `select coalesce(sum(amount_minor), 0)::bigint as declared from platform.payments
     where clinic_id = ? and status = 'declared' and currency = ?`,
    [clinicId, currency],
  )
  return found?.declared ?? 0
}

/** How much of a payment went back. */
export async function getRefunded(db: Knex, clinicId: ClinicId, paymentId: PaymentId): Promise<number> {
  const [found] = await rows<{ refunded: number }>(
    db,
    `select coalesce(sum(amount_minor), 0)::bigint as refunded from platform.ledger_entries
     where clinic_id = ? and kind = 'refund' and payment_id = ?`,
    [clinicId, paymentId],
  )
  return found?.refunded ?? 0
}

/** False when somebody decided about it before. */
export async function decidePayment(
  trx: Knex,
  id: PaymentId,
  decision: { status: 'confirmed' | 'rejected'; by: UserId | null; rejection: string | null; now: Instant },
): Promise<boolean> {
  const decided = await changes(
    trx,
    `update platform.payments set status = ?, decided_by = ?, decided_at = ?, rejection = ?
     where id = ? and status = 'declared'`,
    [decision.status, decision.by, decision.now, decision.rejection, id],
  )
  return decided > 0
}

export type EntryKind = 'charge' | 'payment' | 'refund' | 'credit' | 'correction'
export type NewEntry = {
  issuerId: Id<'issuer'>
  clinicId: ClinicId
  at: Instant
  kind: EntryKind
  /** Signed: what raises the debt is above zero. */
  amountMinor: number
  taxMinor: number
  currency: string
  documentId: DocumentId | null
  paymentId: PaymentId | null
  corrects: string | null
  reason: string
  actorKind: string
  actorId: UserId | null
  providerRef: string | null
}

/** False when the provider told of it before. */
export async function insertEntry(trx: Knex, entry: NewEntry): Promise<boolean> {
  const made = await changes(
    trx,
    `insert into platform.ledger_entries (id, issuer_id, clinic_id, at, kind, amount_minor, tax_minor, currency,
       document_id, payment_id, corrects, reason, actor_kind, actor_id, provider_ref)
     values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) on conflict (provider_ref) do nothing`,
    [
      newId(),
      entry.issuerId,
      entry.clinicId,
      entry.at,
      entry.kind,
      entry.amountMinor,
      entry.taxMinor,
      entry.currency,
      entry.documentId,
      entry.paymentId,
      entry.corrects,
      entry.reason,
      entry.actorKind,
      entry.actorId,
      entry.providerRef,
    ],
  )
  return made > 0
}

/** What the clinic owes; below zero it has credit. */
export async function getBalance(db: Knex, clinicId: ClinicId, currency: string): Promise<number> {
  const [found] = await rows<{ owed: number }>(
    db,
    `select coalesce(sum(amount_minor), 0)::bigint as owed from platform.ledger_entries
     where clinic_id = ? and currency = ?`,
    [clinicId, currency],
  )
  return found?.owed ?? 0
}

export type EntryRow = { id: string; issuerId: Id<'issuer'>; amountMinor: number; currency: string }

export async function findEntry(db: Knex, clinicId: ClinicId, id: string): Promise<EntryRow | undefined> {
  const [entry] = await rows<EntryRow>(
    db,
    `select id, issuer_id as "issuerId", amount_minor as "amountMinor", currency
     from platform.ledger_entries where clinic_id = ? and id = ?`,
    [clinicId, id],
  )
  return entry
}

export type DocumentKind = 'invoice' | 'receipt' | 'credit_note'

/**
 * The next number of an issuer's series. The series is locked until the transaction ends, so that a number that was
 * given is used or given again: there are no gaps.
 */
export async function takeNumber(trx: Knex, issuerId: Id<'issuer'>, kind: DocumentKind): Promise<number> {
  const [taken] = await rows<{ last: number }>(
    trx,
    `insert into platform.document_numbers (issuer_id, kind, last) values (?, ?, 1)
     on conflict (issuer_id, kind) do update set last = document_numbers.last + 1 returning last`,
    [issuerId, kind],
  )
  if (!taken) throw new Error('a series gave no number')
  return taken.last
}

export type NewDocument = {
  id: DocumentId
  issuerId: Id<'issuer'>
  kind: DocumentKind
  sequence: number
  number: string
  clinicId: ClinicId
  issuedAt: Instant
  language: string
  currency: string
  netMinor: number
  taxMinor: number
  totalMinor: number
  facts: unknown
  paymentId: PaymentId | null
  corrects: DocumentId | null
}

export async function insertDocument(trx: Knex, one: NewDocument): Promise<void> {
  await changes(
    trx,
    `insert into platform.documents (id, issuer_id, kind, sequence, number, clinic_id, issued_at, language, currency,
       net_minor, tax_minor, total_minor, facts, payment_id, corrects)
     values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    [
      one.id,
      one.issuerId,
      one.kind,
      one.sequence,
      one.number,
      one.clinicId,
      one.issuedAt,
      one.language,
      one.currency,
      one.netMinor,
      one.taxMinor,
      one.totalMinor,
      JSON.stringify(one.facts),
      one.paymentId,
      one.corrects,
    ],
  )
}

export type InvoiceRow = {
  id: DocumentId
  issuerId: Id<'issuer'>
  number: string
  currency: string
  netMinor: number
  taxMinor: number
  totalMinor: number
  facts: { seller: unknown; buyer: unknown; tax: { name: string; rateBp: number } }
  /** What credit notes took back of it already. */
  creditedMinor: number
  creditedTaxMinor: number
}

/** The clinic's invoices that are not wholly taken back, the latest first. */
export async function listInvoices(db: Knex, clinicId: ClinicId): Promise<InvoiceRow[]> {
  return rows<InvoiceRow>(
    db,
    `select d.id, d.issuer_id as "issuerId", d.number, d.currency, d.net_minor as "netMinor", d.tax_minor as "taxMinor",
       d.total_minor as "totalMinor", d.facts, coalesce(sum(c.total_minor), 0)::bigint as "creditedMinor",
       coalesce(sum(c.tax_minor), 0)::bigint as "creditedTaxMinor"
     from platform.documents d left join platform.documents c on c.corrects = d.id
     where d.clinic_id = ? and d.kind = 'invoice'
     group by d.id having d.total_minor > coalesce(sum(c.total_minor), 0)
     order by d.issued_at desc, d.id desc`,
    [clinicId],
  )
}
