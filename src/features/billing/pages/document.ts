// An invoice, receipt or credit note as it was issued: everything on it comes from the snapshot it was issued with.
import { z } from 'zod'
import type { Id } from '../../../kernel/ids.ts'
import type { Ctx } from '../../../platform/clinic-scope.ts'
import { notFound } from '../../../platform/errors.ts'
import { directionOf, parseLanguage, type Language } from '../../../platform/i18n/languages.ts'
import type { Speaker } from '../../../platform/i18n/speaker.ts'
import type { Services } from '../../../platform/services.ts'
import { view, type View } from '../../../platform/web/views.ts'
import { findAnyDocument } from '../queries/documents.ts'
import { findDocument, type DocumentRow } from '../queries/owner.ts'
import { rateText } from './amounts.ts'

const party = z.object({ name: z.string(), address: z.string().default(''), taxNumber: z.string().default('') })
const snapshot = z.object({
  seller: party,
  buyer: party,
  lines: z.array(z.object({ text: z.string(), netMinor: z.number() })).default([]),
  tax: z.object({ name: z.string(), rateBp: z.number() }).default({ name: '', rateBp: 0 }),
  method: z.string().optional(),
  reference: z.string().optional(),
})

export async function documentPage(
  ctx: Ctx,
  speakers: (language: Language) => Speaker,
  id: Id<'document'>,
  back: { href: string; label: string },
): Promise<View> {
  const document = (await findDocument(ctx.db, ctx.clinic.id, id)) ?? notFound('document')
  const language = parseLanguage(document.language) ?? 'en'
  return view('billing/document', {
    ...paperOf(speakers(language), document),
    lang: language,
    dir: directionOf(language),
    back: back.href,
    readerTitle: back.label,
  })
}

/** The same for people of the platform, who see those of every clinic, also of one that is no more. */
export async function anyDocumentPage(
  { db, speakers }: Pick<Services, 'db' | 'speakers'>,
  reader: Speaker,
  id: Id<'document'>,
): Promise<View> {
  const document = (await findAnyDocument(db, id)) ?? notFound('document')
  const language = parseLanguage(document.language) ?? 'en'
  return view('billing/document', {
    ...paperOf(speakers(language, document), document),
    lang: language,
    dir: directionOf(language),
    back: '/admin/documents',
    readerTitle: reader.t('console.payments.tab_documents'),
  })
}

/** The paper itself, in the language it was issued in, whoever reads it. */
function paperOf(speaker: Speaker, document: DocumentRow) {
  const { t } = speaker
  const { seller, buyer, lines, tax, method, reference } = snapshot.parse(document.facts)
  const money = (minor: number) => speaker.money({ minor, currency: document.currency })
  const kind = t(`billing.documents.${document.kind}`)
  return {
    title: `${kind} ${document.number}`,
    kind,
    number: document.number,
    seller,
    buyer,
    facts: [
      { label: t('billing.documents.number'), text: document.number, ltr: true },
      { label: t('billing.documents.issued'), text: speaker.date(document.issuedAt) },
      ...(document.corrects === null
        ? []
        : [{ label: t('billing.documents.corrects'), text: document.corrects, ltr: true }]),
      ...(method === undefined ? [] : [{ label: t('billing.documents.paid_by'), text: methodText(speaker, method) }]),
      ...(reference === undefined || reference === ''
        ? []
        : [{ label: t('billing.hand.reference'), text: reference, ltr: true }]),
    ],
    lines: lines.map((line) => ({ text: line.text, amount: money(line.netMinor) })),
    words: {
      from: t('billing.documents.from'),
      to: t('billing.documents.to'),
      taxNumber: t('billing.documents.tax_number'),
      what: t('billing.documents.what'),
      amount: t('billing.books.amount'),
    },
    sums: [
      ...(document.taxMinor === 0
        ? []
        : [
            { label: t('billing.documents.net'), amount: money(document.netMinor) },
            {
              label: t('billing.due.tax', { name: tax.name, rate: rateText(speaker, tax.rateBp) }),
              amount: money(document.taxMinor),
            },
          ]),
      { label: t('billing.documents.total'), amount: money(document.totalMinor), total: true },
    ],
    note: seller.name,
  }
}

const known = [
  'bank_transfer', 'cash', 'jazzcash', 'easypaisa', 'raast', 'instapay', 'vodafone_cash', 'upi', 'benefit_pay', 'cheque',
  'card', 'other',
] // prettier-ignore

const methodText = ({ t }: Speaker, method: string): string =>
  known.includes(method) ? t(`billing.method.${method}`) : method
