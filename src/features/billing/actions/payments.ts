// Money that came in, and money that went back. One transaction enters a payment, writes its receipt, and buys what is
// due if there is enough for it.
import { newId, type Id } from '../../../kernel/ids.ts'
import { done, refuse, type Outcome } from '../../../kernel/outcome.ts'
import { dateAt, type PlainDate } from '../../../kernel/time.ts'
import { tellOwners, type Account } from '../../subscription/actions/account.ts'
import { getMarket } from '../../subscription/queries/plans.ts'
import { share } from '../../subscription/rules/prices.ts'
import {
  decidePayment,
  findEntry,
  findPaymentRow,
  findTwin,
  getBalance,
  getRefunded,
  insertEntry,
  insertPayment,
  listInvoices,
  type EntryKind,
  type InvoiceRow,
  type NewEntry,
  type PaymentId,
  type PaymentRow,
} from '../queries/books.ts'
import { issue } from './documents.ts'
import { settle } from './orders.ts'

export type ByHand = {
  method: string
  amountMinor: number
  currency: string
  reference: string
  paidOn: PlainDate
  slipId?: Id<'slip'>
}
type Paid = { paymentId: PaymentId; bought: boolean }

/** The owner says that they paid: it waits for somebody of the platform to find it. */
export async function declarePayment(account: Account, paid: ByHand): Promise<Outcome<PaymentId, 'other_currency'>> {
  if (paid.currency !== account.held.currency) return refuse('other_currency')
  const id = newId<'payment'>()
  await insertPayment(account.db, { ...manual(account, paid), id, status: 'declared', decidedBy: null }, account.now)
  await account.note('payment.declared', { amount: paid.amountMinor, currency: paid.currency, method: paid.method })
  return done(id)
}

/**
 * Somebody of the platform enters a payment they found themselves. Entered twice, as by a double click, it is entered
 * once; one that the owner declared is confirmed by it.
 */
export async function recordPayment(account: Account, paid: ByHand): Promise<Outcome<Paid, 'other_currency'>> {
  if (paid.currency !== account.held.currency) return refuse('other_currency')
  const twin = await findTwin(account.db, account.clinic.id, paid)
  if (twin) {
    const confirmed = await confirmPayment(account, twin.id)
    return confirmed.ok ? confirmed : done({ paymentId: twin.id, bought: false })
  }
  const id = newId<'payment'>()
  const row = { ...manual(account, paid), id, status: 'confirmed', decidedBy: account.by.id, declaredBy: null } as const
  await insertPayment(account.db, row, account.now)
  return done(await enter(account, { ...paid, id }))
}

function manual(account: Account, { slipId, ...paid }: ByHand) {
  return {
    ...paid,
    clinicId: account.clinic.id,
    provider: 'manual' as const,
    providerRef: null,
    slipId: slipId ?? null,
    declaredBy: account.by.id,
  }
}

export async function confirmPayment(account: Account, id: PaymentId): Promise<Outcome<Paid, 'decided_already'>> {
  const payment = await findPaymentRow(account.db, id)
  if (payment?.clinicId !== account.clinic.id) return refuse('decided_already')
  const decision = { status: 'confirmed', by: account.by.id, rejection: null, now: account.now } as const
  if (!(await decidePayment(account.db, id, decision))) return refuse('decided_already')
  return done(await enter(account, payment))
}

/** The money was not found; the owners are told why, and may declare it anew. */
export async function rejectPayment(
  account: Account,
  id: PaymentId,
  reason: string,
): Promise<Outcome<void, 'decided_already'>> {
  const payment = await findPaymentRow(account.db, id)
  if (payment?.clinicId !== account.clinic.id) return refuse('decided_already')
  const decision = { status: 'rejected', by: account.by.id, rejection: reason, now: account.now } as const
  if (!(await decidePayment(account.db, id, decision))) return refuse('decided_already')
  await account.note('payment.rejected', { payment: id })
  await tellOwners(account, { kind: 'payment_rejected', key: 'billing.mail.rejected' }, (speaker) => ({
    amount: speaker.money({ minor: payment.amountMinor, currency: payment.currency }),
    date: speaker.date(payment.paidOn),
    reason,
  }))
  return done(undefined)
}

/** A provider tells of a payment; told again it is `known`. Amount and currency were compared with what was asked. */
export async function enterProviderPayment(
  account: Account,
  paid: { ref: string; method: string; amountMinor: number; currency: string },
): Promise<Outcome<Paid, 'known'>> {
  const { db, clinic, now } = account
  const id = newId<'payment'>()
  const payment = {
    id,
    method: paid.method,
    amountMinor: paid.amountMinor,
    currency: paid.currency,
    reference: '',
    paidOn: dateAt(now, clinic.zone),
  }
  const made = await insertPayment(
    db,
    {
      ...payment,
      clinicId: clinic.id,
      status: 'confirmed',
      provider: 'stripe',
      providerRef: paid.ref,
      slipId: null,
      declaredBy: null,
      decidedBy: null,
    },
    now,
  )
  if (!made) return refuse('known')
  return done(await enter(account, payment))
}

/** The entry, the receipt, the mail, and what the money buys. */
async function enter(account: Account, payment: Omit<PaymentRow, 'clinicId' | 'status'>): Promise<Paid> {
  const { amountMinor, currency, method, reference } = payment
  const speaker = account.speakers(account.clinic.language, account.clinic)
  const receipt = await issue(account, {
    kind: 'receipt',
    netMinor: amountMinor,
    taxMinor: 0,
    currency,
    lines: [{ text: speaker.t('billing.document.line_payment'), netMinor: amountMinor }],
    method,
    reference,
    paymentId: payment.id,
  })
  await entry(account, 'payment', -amountMinor, currency, { documentId: receipt.id, paymentId: payment.id })
  await account.note('payment.entered', { amount: amountMinor, currency, method, receipt: receipt.number })
  await tellOwners(
    account,
    { kind: 'receipt', key: 'billing.mail.receipt', path: `/settings/subscription/documents/${receipt.id}` },
    (reader) => ({ number: receipt.number, amount: reader.money({ minor: amountMinor, currency }) }),
  )
  return { paymentId: payment.id, bought: await settle(account) }
}

async function entry(
  account: Account,
  kind: EntryKind,
  amountMinor: number,
  currency: string,
  more: Partial<NewEntry>,
): Promise<boolean> {
  const { db, clinic, now, by } = account
  const market = await getMarket(db, clinic.country)
  return insertEntry(db, {
    issuerId: market.issuerId,
    clinicId: clinic.id,
    at: now,
    kind,
    amountMinor,
    taxMinor: 0,
    currency,
    documentId: null,
    paymentId: null,
    corrects: null,
    reason: '',
    actorKind: by.kind,
    actorId: by.id,
    providerRef: null,
    ...more,
  })
}

export type Refund = {
  amountMinor: number
  reason: string
  paymentId?: PaymentId
  /** Takes this much of what was invoiced back with a credit note; without it only credit on the account goes back. */
  takesBack: boolean
}

/** Money back by hand. What was not invoiced, or not taken back, can't be given twice, nor more of a payment than it was. */
export async function refund(
  account: Account,
  { amountMinor, reason, paymentId, takesBack }: Refund,
): Promise<Outcome<void, 'more_than_paid' | 'more_than_credit' | 'more_than_invoiced'>> {
  const { currency } = account.held
  if (paymentId !== undefined) {
    const payment = await findPaymentRow(account.db, paymentId)
    if (payment?.clinicId !== account.clinic.id || payment.status !== 'confirmed') return refuse('more_than_paid')
    const before = await getRefunded(account.db, account.clinic.id, paymentId)
    if (before + amountMinor > payment.amountMinor) return refuse('more_than_paid')
  }
  if (takesBack) {
    const invoice = await invoiceOver(account, amountMinor, currency)
    if (!invoice) return refuse('more_than_invoiced')
    await takeBack(account, invoice, amountMinor, reason)
  } else if (-(await getBalance(account.db, account.clinic.id, currency)) < amountMinor) {
    return refuse('more_than_credit')
  }
  await entry(account, 'refund', amountMinor, currency, { reason, ...(paymentId ? { paymentId } : {}) })
  await account.note('payment.refunded', { amount: amountMinor, currency, takesBack })
  return done(undefined)
}

/**
 * A provider gave money back, which is a fact whatever our books would have allowed: an invoice large enough is taken
 * back by as much, else the account simply owes it. Told again it changes nothing.
 */
export async function enterProviderRefund(
  account: Account,
  paymentId: PaymentId,
  { ref, amountMinor, currency }: { ref: string; amountMinor: number; currency: string },
): Promise<Outcome<void, 'known'>> {
  const made = await entry(account, 'refund', amountMinor, currency, { paymentId, providerRef: ref })
  if (!made) return refuse('known')
  const invoice = await invoiceOver(account, amountMinor, currency)
  if (invoice) await takeBack(account, invoice, amountMinor, '')
  await account.note('payment.refunded', { amount: amountMinor, currency, takesBack: invoice !== undefined })
  return done(undefined)
}

async function invoiceOver(account: Account, amountMinor: number, currency: string): Promise<InvoiceRow | undefined> {
  const invoices = await listInvoices(account.db, account.clinic.id)
  return invoices.find((one) => one.currency === currency && one.totalMinor - one.creditedMinor >= amountMinor)
}

async function takeBack(account: Account, invoice: InvoiceRow, amountMinor: number, reason: string): Promise<void> {
  const rest = invoice.totalMinor - invoice.creditedMinor
  // The last note takes exactly what is left of the tax, so that the notes of an invoice add up to it.
  const taxLeft = invoice.taxMinor - invoice.creditedTaxMinor
  const taxMinor =
    amountMinor === rest ? taxLeft : Math.min(taxLeft, share(invoice.taxMinor, amountMinor, invoice.totalMinor))
  const speaker = account.speakers(account.clinic.language, account.clinic)
  const netMinor = amountMinor - taxMinor
  const note = await issue(account, {
    kind: 'credit_note',
    netMinor,
    taxMinor,
    currency: invoice.currency,
    tax: invoice.facts.tax,
    lines: [{ text: speaker.t('billing.document.line_credit', { number: invoice.number }), netMinor }],
    corrects: invoice.id,
  })
  const more = { taxMinor: -taxMinor, documentId: note.id, reason }
  await entry(account, 'credit', -amountMinor, invoice.currency, more)
  await tellOwners(
    account,
    { kind: 'credit_note', key: 'billing.mail.credit_note', path: `/settings/subscription/documents/${note.id}` },
    (reader) => ({
      number: note.number,
      invoice: invoice.number,
      amount: reader.money({ minor: amountMinor, currency: invoice.currency }),
    }),
  )
}

/** Puts a wrong entry right with another one: entries are never changed. `amountMinor` is signed as in the ledger. */
export async function correctLedger(
  account: Account,
  correction: { entryId: string; amountMinor: number; reason: string },
): Promise<Outcome<void, 'no_entry'>> {
  const wrong = await findEntry(account.db, account.clinic.id, correction.entryId)
  if (!wrong) return refuse('no_entry')
  const { amountMinor, reason } = correction
  await entry(account, 'correction', amountMinor, wrong.currency, { corrects: wrong.id, reason })
  await account.note('ledger.corrected', { entry: wrong.id, amount: amountMinor })
  return done(undefined)
}
