// One clinic on a page: how it stands, who works there, what it pays, what it sends, what befell it.
import type { ClinicId } from '../../../kernel/ids.ts'
import type { Form } from '../../../kernel/forms.ts'
import { dateAt, hours, minutes, type Instant } from '../../../kernel/time.ts'
import { inTransaction } from '../../../platform/db/transaction.ts'
import { notFound } from '../../../platform/errors.ts'
import type { Speaker } from '../../../platform/i18n/speaker.ts'
import { languageNames, parseLanguage } from '../../../platform/i18n/languages.ts'
import type { Services } from '../../../platform/services.ts'
import { view, type View } from '../../../platform/web/views.ts'
import { findSubscription, type Subscription } from '../../subscription/queries.ts'
import { listPlans } from '../../subscription/queries/plans.ts'
import {
  countWaiting,
  findClinic,
  listColleagues,
  listHistory,
  listNotes,
  listSecurityEvents,
  listSums,
  type Colleague,
  type HistoryEvent,
} from '../queries/clinic.ts'
import { countKept, listDocumentsOf, listLedger, listPaymentsOf } from '../queries/money.ts'
import { healthOf, idleDays, statusOf } from '../rules/clinics.ts'
import { clinicHref, countryName, healthPill, meter, methodWord, paymentPill, statusPill } from './words.ts'

const shownLines = 20
const countedDays = 30

export async function clinicPage(
  { db, jobsDb, clock, speakers, config }: Pick<Services, 'db' | 'jobsDb' | 'clock' | 'speakers' | 'config'>,
  reader: Speaker,
  id: ClinicId,
  noteForm: Form,
): Promise<View> {
  const { t } = reader
  const now = clock.now()
  const today = dateAt(now, 'UTC')
  // In one transaction, so that all parts tell of the same moment, and travel together.
  const [clinic, people, subscription, history, ledger, payments, documents, sums, kept, events, notes, plans] =
    await inTransaction(db, (trx) =>
      Promise.all([
        findClinic(trx, id),
        listColleagues(trx, id),
        findSubscription(trx, id),
        listHistory(trx, id, shownLines),
        listLedger(trx, id, shownLines),
        listPaymentsOf(trx, id, shownLines),
        listDocumentsOf(trx, id, shownLines),
        listSums(trx, id, today.subtract({ days: countedDays - 1 })),
        countKept(trx, id),
        listSecurityEvents(trx, id, shownLines),
        listNotes(trx, id, 50),
        listPlans(trx),
      ]),
    )
  if (!clinic) notFound('clinic')
  const waiting = await countWaiting(jobsDb, id, {
    now,
    lateAt: now.subtract(minutes(15)),
    since: now.subtract(hours(168)),
  })
  // Money and dates of the clinic as it sees them itself.
  const speaker = speakers(reader.lang, clinic)
  const planName = (code: string | null) =>
    code === null ? '' : (plans.find((plan) => plan.code === code)?.names[reader.lang] ?? code)
  const money = (minor: number, currency: string) => speaker.money({ minor, currency })
  const href = clinicHref(id)
  const current = clinic.usageMonth?.equals(dateAt(now, clinic.zone).with({ day: 1 })) === true
  const sum = (metric: string) => sums.find((one) => one.metric === metric) ?? { recent: 0, all: 0 }
  return view('console/clinic', {
    title: clinic.name,
    scripts: ['/js/error-summary.js'],
    href,
    status: statusPill(reader, statusOf(clinic)),
    health: healthPill(reader, healthOf(clinic, today.subtract({ days: idleDays }))),
    place: `${clinic.city} · ${countryName(reader)(clinic.country)}`,
    publicHref: `/c/${clinic.slug}`,
    publicLink: `${config.baseUrl}/c/${clinic.slug}`.replace(/^https?:\/\//, ''),
    actions: actionsOf(reader, href, clinic.slug, clinic.status === 'suspended'),
    profile: [
      [t('console.clinic.specialty'), t(`clinics.specialty.${clinic.specialty}`)],
      [t('console.clinic.language'), languageNames[parseLanguage(clinic.language) ?? 'en']],
      [t('console.clinic.zone'), clinic.zone],
      [t('console.clinic.currency'), clinic.currency],
      [t('console.clinics.opened'), speaker.date(clinic.createdAt)],
      [t('console.clinics.last_active'), reader.date(clinic.lastActiveOn)],
    ],
    id,
    subscription: subscription && subscriptionPart(speaker, subscription, planName, now),
    history: history.map((event) => historyLine(speaker, event, planName)),
    people: people.map((person) => personLine(speaker, person, href, now)),
    balances: balancesOf(ledger).map(({ minor, currency }) => ({
      amount: money(Math.abs(minor), currency),
      word: t(minor > 0 ? 'console.money.owes' : minor < 0 ? 'console.money.has_credit' : 'console.money.even'),
      owes: minor > 0,
    })),
    ledger: ledger.map((line) => ({
      when: speaker.date(line.at),
      what: t(`console.ledger.${line.kind}`),
      number: line.number,
      reason: line.reason,
      amount: money(line.amountMinor, line.currency),
      balance: money(line.balanceMinor, line.currency),
    })),
    payments: payments.map((payment) => ({
      when: reader.date(payment.paidOn),
      amount: money(payment.amountMinor, payment.currency),
      method: methodWord(reader, payment.method),
      reference: payment.reference,
      status: paymentPill(reader, payment.status),
      why: payment.rejection ?? '',
      slipHref: payment.slipId === null ? undefined : `/admin/payments/${payment.id}/slip`,
      decideHref: payment.status === 'declared' ? '/admin/payments' : undefined,
      refundHref: payment.status === 'confirmed' ? `/admin/payments/${payment.id}/refund` : undefined,
    })),
    documents: documents.map((document) => ({
      number: document.number,
      kind: t(`console.document.${document.kind}`),
      when: speaker.date(document.issuedAt),
      amount: money(document.totalMinor, document.currency),
      href: `/admin/documents/${document.id}`,
    })),
    used: [
      {
        label: t('console.usage.bookings_month'),
        ...meter(reader, current ? clinic.bookingsUsed : 0, clinic.bookingLimit),
      },
      {
        label: t('console.usage.messages_month'),
        ...meter(reader, current ? clinic.messagesUsed : 0, clinic.messageLimit),
      },
    ],
    counted: ['bookings', 'bookings_online', 'fulfilled', 'noshow', 'messages', 'messages_failed'].map((metric) => ({
      label: t(`console.metric.${metric}`),
      recent: reader.number(sum(metric).recent),
      all: reader.number(sum(metric).all),
      bad: metric === 'messages_failed' && sum(metric).recent > 0,
    })),
    waiting: [
      { label: t('console.clinic.waiting'), value: reader.number(waiting.waiting), bad: false },
      { label: t('console.clinic.late'), value: reader.number(waiting.late), bad: waiting.late > 0 },
      { label: t('console.clinic.failed'), value: reader.number(waiting.failed), bad: waiting.failed > 0 },
    ],
    kept: [
      [
        t('console.clinic.slips'),
        t('console.clinic.slips_of', { count: kept.slips, size: kilobytes(reader, kept.slipBytes) }),
      ],
      [t('console.clinic.payments'), reader.number(kept.payments)],
      [t('console.clinic.documents'), reader.number(kept.documents)],
      [t('console.clinic.visits'), reader.number(sum('bookings').all)],
      [t('console.clinic.messages'), reader.number(sum('messages').all)],
    ],
    events: events.map((event) => ({
      when: reader.dateTime(event.at),
      action: event.action,
      who: event.actorName ?? '',
      details: Object.entries(event.details)
        .map(([key, value]) => `${key}: ${String(value)}`)
        .join(', '),
    })),
    notes: notes.map((note) => ({
      body: note.body,
      who: note.authorName ?? t('console.note.somebody'),
      when: reader.dateTime(note.at),
      withdrawAction: `${href}/notes/${note.id}/withdrawal`,
    })),
    form: noteForm,
    noteField: {
      name: 'body',
      label: t('console.note.label'),
      type: 'textarea',
      rows: 2,
      maxlength: 2000,
      value: noteForm.values.body,
      error: noteForm.errors.body,
    },
  })
}

/** What can be done about the clinic, the most frequent first; the first two have buttons of their own. */
function actionsOf({ t }: Speaker, href: string, slug: string, suspended: boolean) {
  return [
    { href: `${href}/payments/new`, icon: 'cash', label: t('console.action.record_payment'), primary: true },
    { href: `${href}/extension`, icon: 'calendar-plus', label: t('console.action.extend') },
    { href: `${href}/plan`, icon: 'gift', label: t('console.action.change_plan') },
    { href: `/admin/support?clinic=${slug}`, icon: 'eye', label: t('console.action.support') },
    { href: `/admin/support?clinic=${slug}`, icon: 'eye', label: t('support.console.declare') },
    suspended
      ? { href: `${href}/restoration`, icon: 'rotate', label: t('console.action.restore') }
      : { href: `${href}/suspension`, icon: 'ban', label: t('console.action.suspend'), danger: true },
  ]
}

function subscriptionPart(speaker: Speaker, one: Subscription, planName: (code: string) => string, now: Instant) {
  const { t } = speaker
  const over = one.periodEnd !== null && one.periodEnd.epochMilliseconds <= now.epochMilliseconds
  const facts: [string, string][] = [
    [t('console.subscription.plan'), planName(one.planCode)],
    [
      t('console.subscription.price'),
      one.netMinor === 0
        ? t('console.subscription.free')
        : t(`console.subscription.per_${one.interval}`, {
            amount: speaker.money({ minor: one.netMinor, currency: one.currency }),
          }),
    ],
    [t('console.subscription.since'), speaker.date(one.statusSince)],
    [
      t(over ? 'console.subscription.ended' : 'console.subscription.until'),
      one.periodEnd === null ? t('console.subscription.for_ever') : speaker.dateTime(one.periodEnd),
    ],
    [t('console.subscription.collection'), t(`console.subscription.by_${one.collection}`)],
  ]
  if (one.cardLabel !== null) facts.push([t('console.subscription.card'), one.cardLabel])
  if (one.cancelledAt !== null) {
    facts.push([
      t('console.subscription.cancelled'),
      [speaker.date(one.cancelledAt), one.cancelReason].filter(Boolean).join(' · '),
    ])
  }
  if (one.suspendedAt !== null) {
    facts.push([
      t('console.subscription.suspended'),
      [speaker.date(one.suspendedAt), one.suspensionReason].filter(Boolean).join(' · '),
    ])
  }
  return { facts, changing: one.nextPlanId !== null }
}

function historyLine(speaker: Speaker, event: HistoryEvent, planName: (code: string | null) => string) {
  const { t } = speaker
  const moved = event.fromStatus !== event.toStatus && event.toStatus !== null
  const changed = event.fromPlan !== event.toPlan && event.fromPlan !== null && event.toPlan !== null
  return {
    when: speaker.dateTime(event.at),
    what: t(`console.event.${knownEvents.includes(event.kind) ? event.kind : 'other'}`),
    status: moved ? statusPill(speaker, event.toStatus ?? '') : undefined,
    plans: changed ? t('console.history.plans', { from: planName(event.fromPlan), to: planName(event.toPlan) }) : '',
    who: event.actorName ?? t(`console.actor.${event.actorKind}`),
    reason: event.reason ?? '',
  }
}

const knownEvents = [
  'trial_started', 'freed', 'activated', 'renewed', 'upgraded', 'downgrade_planned', 'downgrade_withdrawn',
  'downgraded', 'cancelled', 'cancellation_withdrawn', 'past_due', 'expired', 'purge_scheduled', 'reactivated',
  'extended', 'plan_changed', 'suspended', 'restored', 'card_linked', 'card_unlinked', 'closed',
  'reopened',
] // prettier-ignore

function personLine(speaker: Speaker, person: Colleague, clinic: string, now: Instant) {
  const { t } = speaker
  const role = t(`shared.role.${person.role}`)
  if (!person.invited) {
    return {
      name: person.name,
      email: person.email,
      role,
      seen:
        person.lastSignIn === null
          ? t('console.people.never')
          : t('console.people.seen', { when: speaker.dateTime(person.lastSignIn) }),
    }
  }
  const over = person.expiresAt !== null && person.expiresAt.epochMilliseconds <= now.epochMilliseconds
  return {
    name: t('console.people.invited'),
    email: person.email,
    role,
    seen: t(over ? 'console.people.invitation_over' : 'console.people.invitation_until', {
      when: speaker.date(person.expiresAt ?? person.since),
    }),
    againAction: `${clinic}/invitations/${person.id}/again`,
  }
}

/** What is owed in each currency the clinic ever paid in: the last line tells. */
function balancesOf(ledger: readonly { currency: string; balanceMinor: number }[]) {
  const latest = new Map<string, number>()
  for (const { currency, balanceMinor } of ledger) if (!latest.has(currency)) latest.set(currency, balanceMinor)
  return [...latest].map(([currency, minor]) => ({ currency, minor }))
}

const kilobytes = (speaker: Speaker, bytes: number) => speaker.number(Math.round(bytes / 1024))
