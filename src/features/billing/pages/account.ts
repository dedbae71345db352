// What the clinic owes and paid, with the papers: a part of the owner's page, and a page of its own for who keeps the books.
import type { Ctx } from '../../../platform/clinic-scope.ts'
import type { Speaker } from '../../../platform/i18n/speaker.ts'
import { view, type View } from '../../../platform/web/views.ts'
import { listDocuments, listLedger, type DocumentLine, type LedgerLine } from '../queries/owner.ts'
import { moneyOf } from './amounts.ts'
import { booksOf, path, planName } from './frame.ts'

export const shownLines = 50

/** Money and nothing else: no patient is named here, and nothing can be bought or ended. */
export async function accountPage(ctx: Ctx, speaker: Speaker): Promise<View> {
  const { t } = speaker
  const { subscription, plan } = await booksOf(ctx)
  const [ledger, documents] = await Promise.all([
    listLedger(ctx.db, ctx.clinic.id, shownLines),
    listDocuments(ctx.db, ctx.clinic.id, shownLines),
  ])
  return view('billing/account', {
    title: t('billing.account.title'),
    plan: t('billing.account.plan', { plan: planName(speaker, plan) }),
    balance: balanceText(speaker, owedIn(ledger, subscription.currency), subscription.currency),
    ledger: ledger.map((line) => ledgerRow(ctx, speaker, line)),
    documents: documents.map((one) => documentRow(ctx, speaker, one)),
  })
}

/** The newest line of a currency knows what is owed in it. */
export const owedIn = (ledger: readonly LedgerLine[], currency: string): number =>
  ledger.find((line) => line.currency === currency)?.balanceMinor ?? 0

export function balanceText(speaker: Speaker, owed: number, currency: string): string {
  if (owed === 0) return speaker.t('billing.books.balance_even')
  return speaker.t(owed > 0 ? 'billing.books.balance_owed' : 'billing.books.balance_credit', {
    amount: speaker.money({ minor: Math.abs(owed), currency }),
  })
}

export function ledgerRow(ctx: Ctx, speaker: Speaker, line: LedgerLine) {
  return {
    date: speaker.date(line.at),
    what: speaker.t(`billing.books.${line.kind}`),
    href: line.documentId ? path(ctx, `/documents/${line.documentId}`) : undefined,
    number: line.number,
    amount: moneyOf(speaker, line),
    balance: moneyOf(speaker, { amountMinor: line.balanceMinor, currency: line.currency }),
  }
}

export function documentRow(ctx: Ctx, speaker: Speaker, one: DocumentLine) {
  return {
    href: path(ctx, `/documents/${one.id}`),
    icon: one.kind === 'receipt' ? 'receipt' : 'file-text',
    kind: speaker.t(`billing.documents.${one.kind}`),
    number: one.number,
    date: speaker.date(one.issuedAt),
    total: moneyOf(speaker, { amountMinor: one.totalMinor, currency: one.currency }),
  }
}
