// Money of all clinics: what waits to be confirmed, every payment, every document.
import { moneyText } from '../../../kernel/money.ts'
import { parseInstant, type Instant, type PlainDate } from '../../../kernel/time.ts'
import { inPages, type Cell } from '../../../platform/csv.ts'
import type { Speaker } from '../../../platform/i18n/speaker.ts'
import type { Services } from '../../../platform/services.ts'
import { view, type View } from '../../../platform/web/views.ts'
import {
  listDeclared,
  listDocuments,
  listPayments,
  type Declared,
  type DocumentLine,
  type PaymentLine,
} from '../queries/money.ts'
import { documentKinds, paymentStatuses } from '../rules/money.ts'
import { pageOf, parseLook, withQuery, type Place } from '../rules/paging.ts'
import type { DocumentsQuery, PaymentsQuery } from '../schema.ts'
import { clinicHref, methodWord, paymentPill } from './words.ts'

type Reader = Pick<Services, 'db'>
const pageSize = 50
/** More than anybody confirms in one go. */
const queueSize = 50

export const tabsOf = ({ t }: Speaker, current: 'queue' | 'all' | 'documents' | 'cards') =>
  (
    [
      ['queue', '/admin/payments'],
      ['all', '/admin/payments/all'],
      ['documents', '/admin/documents'],
      ['cards', '/admin/payments/cards'],
    ] as const
  ).map(([name, href]) => ({ href, label: t(`console.payments.tab_${name}`), current: name === current }))

export async function queuePage({ db }: Reader, speaker: Speaker): Promise<View> {
  const { t } = speaker
  const declared = await listDeclared(db, queueSize)
  return view('console/payments', {
    title: t('console.nav.payments'),
    tabs: tabsOf(speaker, 'queue'),
    count: t('console.payments.waiting', { count: declared.length }),
    payments: declared.map((payment) => ({
      clinic: payment.clinicName ?? t('console.payments.erased'),
      clinicHref: clinicHref(payment.clinicId),
      amount: speaker.money({ minor: payment.amountMinor, currency: payment.currency }),
      ...comparison(speaker, payment),
      facts: [
        [t('console.payments.method'), methodWord(speaker, payment.method)],
        [t('console.payments.reference'), payment.reference || '–'],
        [t('console.payments.paid_on'), speaker.date(payment.paidOn)],
        [
          t('console.payments.declared'),
          [speaker.dateTime(payment.createdAt), payment.declaredBy].filter(Boolean).join(' · '),
        ],
      ],
      slipHref: payment.slipId === null ? undefined : `/admin/payments/${payment.id}/slip`,
      confirmAction: `/admin/payments/${payment.id}/confirmation`,
      rejectHref: `/admin/payments/${payment.id}/rejection`,
    })),
  })
}

/** What was due beside what is said to have been paid. */
function comparison(speaker: Speaker, payment: Declared) {
  const { t } = speaker
  const { expectedMinor, expectedCurrency, amountMinor, currency } = payment
  if (expectedMinor === null || expectedCurrency === null) {
    return {
      expected: t('console.payments.nothing_due'),
      match: { css: 'pill-warning', icon: 'info-circle', word: t('console.payments.becomes_credit') },
    }
  }
  const expected = t(`console.payments.due_${payment.orderKind ?? 'start'}`, {
    amount: speaker.money({ minor: expectedMinor, currency: expectedCurrency }),
    plan: payment.planNames?.[speaker.lang] ?? '',
  })
  if (currency !== expectedCurrency) {
    return {
      expected,
      match: { css: 'pill-danger', icon: 'alert-triangle', word: t('console.payments.other_currency') },
    }
  }
  const difference = amountMinor - expectedMinor
  if (difference === 0) {
    return { expected, match: { css: 'pill-success', icon: 'check', word: t('console.payments.matches') } }
  }
  const amount = speaker.money({ minor: Math.abs(difference), currency })
  return {
    expected,
    match: {
      css: difference < 0 ? 'pill-danger' : 'pill-info',
      icon: difference < 0 ? 'alert-triangle' : 'info-circle',
      word: t(difference < 0 ? 'console.payments.short_by' : 'console.payments.over_by', { amount }),
    },
  }
}

const instantKey = (key: string) => parseInstant(key) !== undefined
const placeAt = (id: string, at: Instant): Place => ({ id, key: at.toString() })
const daysOf = ({ from, to }: { from: PlainDate | undefined; to: PlainDate | undefined }) => ({
  from: from?.toString(),
  to: to?.toString(),
})

export async function paymentsPage({ db }: Reader, speaker: Speaker, query: PaymentsQuery): Promise<View> {
  const { t } = speaker
  const look = parseLook(query.after, query.before, instantKey)
  const lines = await listPayments(db, query, look, pageSize + 1)
  const { shown, previous, next } = pageOf(lines, pageSize, look, (line) => placeAt(line.id, line.createdAt))
  const chosen = {
    status: query.status,
    method: query.method,
    ...daysOf(query),
  }
  const address = (more: Record<string, string | undefined>, path = '/admin/payments/all') =>
    withQuery(path, { ...chosen, ...more })
  return view('console/payments-all', {
    title: t('console.nav.payments'),
    scripts: ['/js/console.js'],
    tabs: tabsOf(speaker, 'all'),
    filtered: Object.values(chosen).some(Boolean),
    from: chosen.from ?? '',
    to: chosen.to ?? '',
    filters: [
      {
        name: 'status',
        label: t('console.payments.status'),
        value: query.status ?? '',
        options: [
          { value: '', label: t('console.filter.any_status') },
          ...paymentStatuses.map((status) => ({ value: status, label: t(`console.payment.${status}`) })),
        ],
      },
    ],
    payments: shown.map((line) => ({
      clinic: line.clinicName ?? t('console.payments.erased'),
      clinicHref: line.clinicName === null ? undefined : clinicHref(line.clinicId),
      entered: speaker.date(line.createdAt),
      paidOn: speaker.date(line.paidOn),
      amount: speaker.money({ minor: line.amountMinor, currency: line.currency }),
      method: methodWord(speaker, line.method),
      reference: line.reference,
      status: paymentPill(speaker, line.status),
      decided: [line.decidedBy, line.rejection].filter(Boolean).join(' · '),
      slipHref: line.slipId === null ? undefined : `/admin/payments/${line.id}/slip`,
    })),
    exportAction: address({}, '/admin/payments/export'),
    pagination: {
      ...(previous === undefined ? {} : { previous: address({ before: previous }) }),
      ...(next === undefined ? {} : { next: address({ after: next }) }),
    },
  })
}

export const paymentsHeader = [
  'id', 'clinic_id', 'clinic', 'country', 'status', 'provider', 'method', 'amount', 'currency', 'reference', 'paid_on',
  'entered_at', 'decided_at',
] // prettier-ignore

export async function* paymentLines({ db }: Reader, query: PaymentsQuery): AsyncGenerator<Cell[]> {
  const lines = inPages<PaymentLine>(1000, (last, size) =>
    listPayments(db, query, last && { from: placeAt(last.id, last.createdAt), back: false }, size),
  )
  for await (const line of lines) {
    yield [
      line.id,
      line.clinicId,
      line.clinicName,
      line.country,
      line.status,
      line.provider,
      line.method,
      { decimal: moneyText({ minor: line.amountMinor, currency: line.currency }) },
      line.currency,
      line.reference,
      line.paidOn.toString(),
      line.createdAt.toString(),
      line.decidedAt?.toString(),
    ]
  }
}

export async function documentsPage({ db }: Reader, speaker: Speaker, query: DocumentsQuery): Promise<View> {
  const { t } = speaker
  const look = parseLook(query.after, query.before, instantKey)
  const filter = { ...query, number: query.q === '' ? undefined : query.q.toUpperCase() }
  const lines = await listDocuments(db, filter, look, pageSize + 1)
  const { shown, previous, next } = pageOf(lines, pageSize, look, (line) => placeAt(line.id, line.issuedAt))
  const chosen = {
    q: query.q,
    kind: query.kind,
    ...daysOf(query),
  }
  const address = (more: Record<string, string | undefined>, path = '/admin/documents') =>
    withQuery(path, { ...chosen, ...more })
  const money = (line: DocumentLine, minor: number) => speaker.money({ minor, currency: line.currency })
  return view('console/documents', {
    title: t('console.nav.payments'),
    scripts: ['/js/console.js'],
    tabs: tabsOf(speaker, 'documents'),
    filtered: Object.values(chosen).some(Boolean),
    q: query.q,
    from: chosen.from ?? '',
    to: chosen.to ?? '',
    filters: [
      {
        name: 'kind',
        label: t('console.documents.kind'),
        value: query.kind ?? '',
        options: [
          { value: '', label: t('console.documents.any_kind') },
          ...documentKinds.map((kind) => ({ value: kind, label: t(`console.document.${kind}`) })),
        ],
      },
    ],
    documents: shown.map((line) => ({
      number: line.number,
      href: `/admin/documents/${line.id}`,
      kind: t(`console.document.${line.kind}`),
      corrects: line.corrects,
      clinic: line.clinicName ?? t('console.payments.erased'),
      clinicHref: clinicHref(line.clinicId),
      issued: speaker.date(line.issuedAt),
      net: money(line, line.netMinor),
      tax: money(line, line.taxMinor),
      total: money(line, line.totalMinor),
    })),
    exportAction: address({}, '/admin/documents/export'),
    pagination: {
      ...(previous === undefined ? {} : { previous: address({ before: previous }) }),
      ...(next === undefined ? {} : { next: address({ after: next }) }),
    },
  })
}

export const documentsHeader = [
  'number', 'kind', 'issued_at', 'clinic_id', 'clinic', 'currency', 'net', 'tax', 'total', 'corrects',
] // prettier-ignore

export async function* documentLines({ db }: Reader, query: DocumentsQuery): AsyncGenerator<Cell[]> {
  const filter = { ...query, number: query.q === '' ? undefined : query.q.toUpperCase() }
  const lines = inPages<DocumentLine>(1000, (last, size) =>
    listDocuments(db, filter, last && { from: placeAt(last.id, last.issuedAt), back: false }, size),
  )
  for await (const line of lines) {
    const amount = (minor: number) => ({ decimal: moneyText({ minor, currency: line.currency }) })
    yield [
      line.number,
      line.kind,
      line.issuedAt.toString(),
      line.clinicId,
      line.clinicName,
      line.currency,
      amount(line.netMinor),
      amount(line.taxMinor),
      amount(line.totalMinor),
      line.corrects,
    ]
  }
}
