// Payments and documents of all clinics, and the account of one. Read only: the books are written by `billing`.
import type { Knex } from 'knex'
import type { ClinicId, Id } from '../../../kernel/ids.ts'
import type { Instant, PlainDate } from '../../../kernel/time.ts'
import { rows } from '../../../platform/db/rows.ts'
import type { Look } from '../rules/paging.ts'
import { afterPrefix, Conditions, found } from './run.ts'

export type PaymentId = Id<'payment'>
export type PaymentLine = {
  id: PaymentId
  clinicId: ClinicId
  /** null: the clinic was erased; what it paid stays in the books. */
  clinicName: string | null
  slug: string | null
  country: string | null
  status: 'declared' | 'confirmed' | 'rejected'
  provider: 'manual' | 'stripe'
  method: string
  amountMinor: number
  currency: string
  reference: string
  paidOn: PlainDate
  slipId: string | null
  declaredBy: string | null
  decidedBy: string | null
  decidedAt: Instant | null
  rejection: string | null
  createdAt: Instant
}

const paymentColumns = `p.id, p.clinic_id as "clinicId", c.name as "clinicName", c.slug, c.country, p.status, p.provider,
  p.method, p.amount_minor as "amountMinor", p.currency, p.reference, p.paid_on as "paidOn", p.slip_id as "slipId",
  (select name from platform.users where id = p.declared_by) as "declaredBy",
  (select name from platform.users where id = p.decided_by) as "decidedBy",
  p.decided_at as "decidedAt", p.rejection, p.created_at as "createdAt"`

export type Declared = PaymentLine & {
  /** What the clinic's open order comes to, or else its next period; null when nothing is due. */
  expectedMinor: number | null
  expectedCurrency: string | null
  orderKind: string | null
  planNames: Record<string, string> | null
}

/** Payments that clinics say they made, the longest waiting first, beside what was due. */
export async function listDeclared(db: Knex, limit: number): Promise<Declared[]> {
  return rows<Declared>(
    db,
    'select ' +
      paymentColumns +
      // Without an order it is the plan the clinic has, or tries out, once more; half a unit of tax rounds up.
      `, coalesce(o.total_minor, next.total) as "expectedMinor", coalesce(o.currency, next.currency) as "expectedCurrency",
         coalesce(o.kind, next.kind) as "orderKind", pl.names as "planNames"
       from platform.payments p
       left join platform.clinics c on c.id = p.clinic_id
       left join platform.orders o on o.clinic_id = p.clinic_id and o.status = 'open'
       left join lateral (
         select s.plan_id, s.currency, s.net_minor + round(s.net_minor * m.tax_rate_bp / 10000.0)::bigint as total,
           case when s.status in ('active', 'past_due') then 'renew' else 'start' end as kind
         from platform.subscriptions s, platform.markets m
         where s.clinic_id = p.clinic_id and s.net_minor > 0 and m.country in (c.country, 'ZZ')
         order by (m.country = 'ZZ') limit 1) next on true
       left join platform.plans pl on pl.id = coalesce(o.plan_id, next.plan_id)
       where p.status = 'declared' order by p.created_at, p.id limit ?`,
    [limit],
  )
}

export type PaymentFilter = {
  status?: PaymentLine['status'] | undefined
  method?: string | undefined
  from?: PlainDate | undefined
  to?: PlainDate | undefined
}

/** Days are those of UTC, by when the payment was entered. */
function addDays(where: Conditions, column: string, from: PlainDate | undefined, to: PlainDate | undefined): void {
  if (from) where.add(`${column} >= ?::timestamptz`, `${from.toString()}T00:00:00Z`)
  if (to) where.add(`${column} < ?::timestamptz`, `${to.add({ days: 1 }).toString()}T00:00:00Z`)
}

/** The latest first. */
export async function listPayments(db: Knex, filter: PaymentFilter, look: Look, limit: number): Promise<PaymentLine[]> {
  const where = new Conditions()
  if (filter.status !== undefined) where.add('p.status = ?', filter.status)
  if (filter.method !== undefined) where.add('p.method = ?', filter.method)
  addDays(where, 'p.created_at', filter.from, filter.to)
  const direction = addPlace(where, 'p.created_at', 'p.id', look)
  return found<PaymentLine>(
    db,
    'select ' +
      paymentColumns +
      ' from platform.payments p left join platform.clinics c on c.id = p.clinic_id' +
      where.sql +
      ` order by p.created_at ${direction}, p.id ${direction} limit ?`,
    [...where.bindings, limit],
  )
}

function addPlace(where: Conditions, at: string, id: string, look: Look): 'asc' | 'desc' {
  const direction = look?.back ? 'asc' : 'desc'
  if (look) {
    where.add(`(${at}, ${id}) ${look.back ? '>' : '<'} (?::timestamptz, ?::uuid)`, look.from.key, look.from.id)
  }
  return direction
}

export async function findPayment(db: Knex, id: PaymentId): Promise<PaymentLine | undefined> {
  const [payment] = await rows<PaymentLine>(
    db,
    'select ' +
      paymentColumns +
      ' from platform.payments p left join platform.clinics c on c.id = p.clinic_id where p.id = ?',
    [id],
  )
  return payment
}

export async function listPaymentsOf(db: Knex, clinicId: ClinicId, limit: number): Promise<PaymentLine[]> {
  return rows<PaymentLine>(
    db,
    'select ' +
      paymentColumns +
      ` from platform.payments p left join platform.clinics c on c.id = p.clinic_id
        where p.clinic_id = ? order by p.created_at desc, p.id desc limit ?`,
    [clinicId, limit],
  )
}

export type DocumentId = Id<'document'>
export type DocumentLine = {
  id: DocumentId
  kind: 'invoice' | 'receipt' | 'credit_note'
  number: string
  clinicId: ClinicId
  clinicName: string | null
  issuedAt: Instant
  currency: string
  netMinor: number
  taxMinor: number
  totalMinor: number
  corrects: string | null
}

const documentColumns = `d.id, d.kind, d.number, d.clinic_id as "clinicId",
  coalesce(c.name, d.facts #>> '{buyer,name}') as "clinicName", d.issued_at as "issuedAt", d.currency,
  d.net_minor as "netMinor", d.tax_minor as "taxMinor", d.total_minor as "totalMinor",
  (select number from platform.documents where id = d.corrects) as corrects`

export type DocumentFilter = {
  kind?: DocumentLine['kind'] | undefined
  /** The beginning of a number. */
  number?: string | undefined
  from?: PlainDate | undefined
  to?: PlainDate | undefined
}

/** The latest first. */
export async function listDocuments(
  db: Knex,
  filter: DocumentFilter,
  look: Look,
  limit: number,
): Promise<DocumentLine[]> {
  const where = new Conditions()
  if (filter.kind !== undefined) where.add('d.kind = ?', filter.kind)
  if (filter.number !== undefined) {
    where.add('d.number collate "C" >= ? and d.number collate "C" < ?', filter.number, afterPrefix(filter.number))
  }
  addDays(where, 'd.issued_at', filter.from, filter.to)
  const direction = addPlace(where, 'd.issued_at', 'd.id', look)
  return found<DocumentLine>(
    db,
    'select ' +
      documentColumns +
      ' from platform.documents d left join platform.clinics c on c.id = d.clinic_id' +
      where.sql +
      ` order by d.issued_at ${direction}, d.id ${direction} limit ?`,
    [...where.bindings, limit],
  )
}

export async function listDocumentsOf(db: Knex, clinicId: ClinicId, limit: number): Promise<DocumentLine[]> {
  return rows<DocumentLine>(
    db,
    'select ' +
      documentColumns +
      ` from platform.documents d left join platform.clinics c on c.id = d.clinic_id
        where d.clinic_id = ? order by d.issued_at desc, d.id desc limit ?`,
    [clinicId, limit],
  )
}

export type LedgerLine = {
  at: Instant
  kind: 'charge' | 'payment' | 'refund' | 'credit' | 'correction'
  amountMinor: number
  currency: string
  number: string | null
  reason: string
  /** What the clinic owed after it, in that currency. */
  balanceMinor: number
}

/** The clinic's account, the latest first, each line with what was owed after it. */
export async function listLedger(db: Knex, clinicId: ClinicId, limit: number): Promise<LedgerLine[]> {
  return rows<LedgerLine>(
    db,
    `select l.at, l.kind, l.amount_minor as "amountMinor", l.currency, d.number, l.reason,
       (sum(l.amount_minor) over (partition by l.currency order by l.at, l.id))::bigint as "balanceMinor"
     from platform.ledger_entries l left join platform.documents d on d.id = l.document_id
     where l.clinic_id = ? order by l.at desc, l.id desc limit ?`,
    [clinicId, limit],
  )
}

export type Kept = { slips: number; slipBytes: number; documents: number; payments: number }

/** How much the service keeps about the clinic in its own books. */
export async function countKept(db: Knex, clinicId: ClinicId): Promise<Kept> {
  const [row] = await rows<Kept>(
    db,
    `select count(p.slip_id)::int as slips, coalesce(sum(s.bytes), 0)::bigint as "slipBytes", count(*)::int as payments,
       (select count(*)::int from platform.documents where clinic_id = ?) as documents
     from platform.payments p left join platform.slips s on s.id = p.slip_id where p.clinic_id = ?`,
    [clinicId, clinicId],
  )
  return row ?? { slips: 0, slipBytes: 0, documents: 0, payments: 0 }
}
