// What an owner's page reads of the books. Written elsewhere; here they are only looked at, and only one clinic's.
import type { Knex } from 'knex'
import type { ClinicId, Id } from '../../../kernel/ids.ts'
import type { Instant, PlainDate } from '../../../kernel/time.ts'
import { rows } from '../../../platform/db/rows.ts'
import type { Names, PlanId } from '../../subscription/queries/plans.ts'
import type { Interval } from '../../subscription/rules/prices.ts'

export type DueOrder = {
  id: Id<'order'>
  kind: 'start' | 'renew' | 'upgrade'
  planId: PlanId
  interval: Interval
  currency: string
  planNetMinor: number
  netMinor: number
  taxMinor: number
  totalMinor: number
  taxName: string
  taxRateBp: number
}

/** What the clinic is to pay next, if anything: there is never more than one. */
export async function findDueOrder(db: Knex, clinicId: ClinicId, now: Instant): Promise<DueOrder | undefined> {
  const [order] = await rows<DueOrder>(
    db,
    `select id, kind, plan_id as "planId", billing_interval as interval, currency, plan_net_minor as "planNetMinor",
       net_minor as "netMinor", tax_minor as "taxMinor", total_minor as "totalMinor", tax_name as "taxName",
       tax_rate_bp as "taxRateBp"
     from platform.orders where clinic_id = ? and status = 'open' and (expires_at is null or expires_at > ?)`,
    [clinicId, now],
  )
  return order
}

export type LedgerLine = {
  id: string
  at: Instant
  kind: 'charge' | 'payment' | 'refund' | 'credit' | 'correction'
  amountMinor: number
  currency: string
  reason: string
  documentId: string | null
  number: string | null
  /** What was owed once this was entered. */
  balanceMinor: number
}

/** The last entries, newest first, each with what was owed after it. */
export async function listLedger(db: Knex, clinicId: ClinicId, limit: number): Promise<LedgerLine[]> {
  return rows<LedgerLine>(
    db,
    `select e.id, e.at, e.kind, e.amount_minor as "amountMinor", e.currency, e.reason, e.document_id as "documentId",
       d.number, (sum(e.amount_minor) over (partition by e.currency order by e.at, e.id))::bigint as "balanceMinor"
     from platform.ledger_entries e left join platform.documents d on d.id = e.document_id
     where e.clinic_id = ? order by e.at desc, e.id desc limit ?`,
    [clinicId, limit],
  )
}

export type DocumentLine = {
  id: Id<'document'>
  kind: 'invoice' | 'receipt' | 'credit_note'
  number: string
  issuedAt: Instant
  currency: string
  totalMinor: number
}

export async function listDocuments(db: Knex, clinicId: ClinicId, limit: number): Promise<DocumentLine[]> {
  return rows<DocumentLine>(
    db,
    `select id, kind, number, issued_at as "issuedAt", currency, total_minor as "totalMinor"
     from platform.documents where clinic_id = ? order by issued_at desc, id desc limit ?`,
    [clinicId, limit],
  )
}

export type DocumentRow = DocumentLine & {
  language: string
  netMinor: number
  taxMinor: number
  facts: unknown
  /** The number of the document it takes back. */
  corrects: string | null
}

export async function findDocument(db: Knex, clinicId: ClinicId, id: Id<'document'>): Promise<DocumentRow | undefined> {
  const [row] = await rows<DocumentRow>(
    db,
    `select d.id, d.kind, d.number, d.issued_at as "issuedAt", d.currency, d.total_minor as "totalMinor", d.language,
       d.net_minor as "netMinor", d.tax_minor as "taxMinor", d.facts, c.number as corrects
     from platform.documents d left join platform.documents c on c.id = d.corrects
     where d.clinic_id = ? and d.id = ?`,
    [clinicId, id],
  )
  return row
}

export type DeclaredPayment = {
  id: Id<'payment'>
  status: 'declared' | 'rejected'
  method: string
  amountMinor: number
  currency: string
  reference: string
  paidOn: PlainDate
  slipId: Id<'slip'> | null
  rejection: string | null
  createdAt: Instant
}

/** What the owner said was paid: what waits, and what was turned down since a moment. */
export async function listDeclared(db: Knex, clinicId: ClinicId, since: Instant): Promise<DeclaredPayment[]> {
  return rows<DeclaredPayment>(
    db,
    `select id, status, method, amount_minor as "amountMinor", currency, reference, paid_on as "paidOn", slip_id as "slipId",
       rejection, created_at as "createdAt"
     from platform.payments
     where clinic_id = ? and (status = 'declared' or (status = 'rejected' and decided_at > ?))
     order by created_at desc, id desc limit 5`,
    [clinicId, since],
  )
}

export type Instructions = { name: string; paymentNote: Partial<Names> }

export async function findInstructions(db: Knex, issuerId: Id<'issuer'>): Promise<Instructions | undefined> {
  const [row] = await rows<Instructions>(
    db,
    'select name, payment_note as "paymentNote" from platform.issuers where id = ?',
    [issuerId],
  )
  return row
}

export type SlipRow = { id: Id<'slip'>; mediaType: string; sealed: Buffer }

export type Slip = { paymentId: Id<'payment'>; mediaType: string; createdAt: Instant }

/** The slips of a clinic's payments, without the pictures, in the order of the payments after `last`. */
export async function listSlipsOf(
  db: Knex,
  clinicId: ClinicId,
  last: Id<'payment'> | undefined,
  limit: number,
): Promise<Slip[]> {
  return rows<Slip>(
    db,
    `select p.id as "paymentId", s.media_type as "mediaType", s.created_at as "createdAt"
     from platform.payments p join platform.slips s on s.id = p.slip_id
     where p.clinic_id = ? and p.id > ? order by p.id limit ?`,
    [clinicId, last ?? '00000000-0000-0000-0000-000000000000', limit],
  )
}

export async function countSlipsOf(db: Knex, clinicId: ClinicId): Promise<number> {
  const [row] = await rows<{ count: number }>(
    db,
    'select count(*) as count from platform.payments where clinic_id = ? and slip_id is not null',
    [clinicId],
  )
  return row?.count ?? 0
}

/** The picture of a payment's slip: of this clinic's payments, or, where none is named, of any. */
export async function findSlipOf(
  db: Knex,
  paymentId: Id<'payment'>,
  clinicId?: ClinicId,
): Promise<SlipRow | undefined> {
  const [row] = await rows<SlipRow & { clinicId: ClinicId }>(
    db,
    `select s.id, s.media_type as "mediaType", s.image_sealed as sealed, p.clinic_id as "clinicId"
     from platform.payments p join platform.slips s on s.id = p.slip_id where p.id = ?`,
    [paymentId],
  )
  return clinicId === undefined || row?.clinicId === clinicId ? row : undefined
}
