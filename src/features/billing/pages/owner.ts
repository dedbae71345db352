// The owner's page of the subscription: how it stands, what is used, what there is to choose, what was paid.
import { dateAt, hours, type Instant } from '../../../kernel/time.ts'
import type { Ctx } from '../../../platform/clinic-scope.ts'
import type { Speaker } from '../../../platform/i18n/speaker.ts'
import { view, type View } from '../../../platform/web/views.ts'
import { settingsMenu } from '../../clinics/rules/settings.ts'
import { graceDays, windowDays } from '../../subscription/rules/life.ts'
import { intervals, taxOn, type Interval } from '../../subscription/rules/prices.ts'
import { forecast, levelOf } from '../../subscription/rules/usage.ts'
import { listDeclared, listDocuments, listLedger } from '../queries/owner.ts'
import type { Order } from '../queries/books.ts'
import { limitOf, limited, type Limited } from '../rules/choices.ts'
import { balanceText, documentRow, ledgerRow, owedIn, shownLines } from './account.ts'
import { moneyOf, priceText, rateText, sumOf, withTaxText } from './amounts.ts'
import { booksOf, choiceIn, path, planName, type Books } from './frame.ts'

/** What was turned down is shown for a fortnight. */
const rejectedFor = hours(14 * 24)

export async function subscriptionPage(
  ctx: Ctx,
  speaker: Speaker,
  options: { interval?: Interval | undefined; cards: boolean; due: Order | undefined },
): Promise<View> {
  const { t } = speaker
  const { db, clinic, now } = ctx
  const books = await booksOf(ctx)
  const [ledger, documents, declared] = await Promise.all([
    listLedger(db, clinic.id, shownLines),
    listDocuments(db, clinic.id, shownLines),
    listDeclared(db, clinic.id, now.subtract(rejectedFor)),
  ])
  const { subscription, market } = books
  const owed = owedIn(ledger, subscription.currency)
  const interval = options.interval ?? subscription.interval
  return view('billing/subscription', {
    title: t('billing.page.title'),
    menu: settingsMenu(ctx, speaker, 'subscription'),
    standing: standingOf(ctx, speaker, books, owed),
    changes: plannedOf(ctx, speaker, books),
    waiting: declared
      .filter(({ status }) => status === 'declared')
      .map((one) => ({
        title: t('billing.pending.declared', { amount: moneyOf(speaker, one) }),
        text: t('billing.pending.declared_text', {
          date: speaker.date(one.createdAt),
          method: t(`billing.method.${one.method}`),
        }),
        slipHref: one.slipId ? path(ctx, `/payments/${one.id}/slip`) : undefined,
      })),
    rejected: declared
      .filter(({ status }) => status === 'rejected')
      .map((one) => ({
        title: t('billing.pending.rejected', { amount: moneyOf(speaker, one) }),
        text: one.rejection ?? '',
      })),
    due: options.due && dueOf(ctx, speaker, books, options.due, owed, options.cards),
    portalAction: options.cards && subscription.collection === 'card' ? path(ctx, '/portal') : undefined,
    usage: limited.map((what) => usageRow(ctx, speaker, books, what)),
    intervals: intervals.map((one) => ({
      href: path(ctx, `?interval=${one}#plans`),
      label: t(`billing.plans.${one}`),
      current: one === interval,
    })),
    plans: planCards(ctx, speaker, books, interval),
    taxNote:
      market.taxRateBp === 0
        ? undefined
        : t('billing.plans.tax_note', { name: market.taxName, rate: rateText(speaker, market.taxRateBp) }),
    balance: balanceText(speaker, owed, subscription.currency),
    ledger: ledger.map((line) => ledgerRow(ctx, speaker, line)),
    documents: documents.map((one) => documentRow(ctx, speaker, one)),
    cancelHref: mayCancel(books) ? path(ctx, '/cancellation') : undefined,
  })
}

/** A period that was paid, or a trial, and not cancelled yet. What is free has nothing to cancel. */
export function mayCancel({ subscription }: Pick<Books, 'subscription'>): boolean {
  const { status, cancelledAt, periodEnd } = subscription
  return (status === 'active' || status === 'trialing') && cancelledAt === null && periodEnd !== null
}

function standingOf(ctx: Ctx, speaker: Speaker, books: Books, owed: number) {
  const { t } = speaker
  const { subscription, plan, market } = books
  const { status, statusSince, periodStart, periodEnd, netMinor, interval, currency, collection } = subscription
  const free = status === 'active' && periodEnd === null
  const shown =
    subscription.suspendedAt !== null
      ? 'suspended'
      : free
        ? 'free'
        : status === 'active' && subscription.cancelledAt !== null
          ? 'cancelled'
          : status
  const end = endOf(status, statusSince, periodEnd)
  const text = shown === 'cancelled' ? 'active' : shown === 'active' && collection === 'card' ? 'active_card' : shown
  const fact = (label: string, words: string, note?: string) => ({ label: t(label), text: words, note })
  return {
    plan: planName(speaker, plan),
    pill: pills(t)[shown],
    text: t(`billing.standing.${text}_text`, { date: end ? speaker.date(end) : '' }),
    facts: [
      fact(
        'billing.standing.price',
        priceText(speaker, netMinor, interval, currency),
        withTaxText(speaker, netMinor, currency, market),
      ),
      fact('billing.standing.since', speaker.date(periodStart)),
      ...(periodEnd ? [fact('billing.standing.until', speaker.date(periodEnd))] : []),
      ...(free || status === 'trialing'
        ? []
        : [
            fact(
              'billing.standing.paid_by',
              collection === 'card'
                ? t('billing.standing.by_card', { card: `\u2066${subscription.cardLabel ?? ''}\u2069` })
                : t('billing.standing.by_hand'),
            ),
          ]),
      ...(owed < 0 ? [fact('billing.standing.credit', speaker.money({ minor: -owed, currency }))] : []),
    ],
  }
}

const pills = (t: Speaker['t']) => ({
  trialing: { kind: 'info', icon: 'clock', text: t('billing.standing.trialing') },
  active: { kind: 'success', icon: 'circle-check', text: t('billing.standing.active') },
  free: { kind: 'success', icon: 'circle-check', text: t('billing.standing.free') },
  cancelled: { kind: 'warning', icon: 'clock', text: t('billing.standing.cancelled') },
  past_due: { kind: 'warning', icon: 'alert-triangle', text: t('billing.standing.past_due') },
  expired: { kind: 'danger', icon: 'lock', text: t('billing.standing.expired') },
  purge_scheduled: { kind: 'danger', icon: 'lock', text: t('billing.standing.purge_scheduled') },
  suspended: { kind: 'danger', icon: 'lock', text: t('billing.standing.suspended') },
})

/** The date a status is spoken of with: when what is paid ends, when it becomes read-only, when data is to go. */
function endOf(status: Books['subscription']['status'], since: Instant, periodEnd: Instant | null) {
  if (status === 'past_due') return since.add(hours(graceDays * 24))
  if (status === 'expired') return since.add(hours(windowDays * 24))
  return periodEnd ?? undefined
}

/** What is planned for the end of the period, each with a way to think better of it. */
function plannedOf(ctx: Ctx, speaker: Speaker, { subscription, plans }: Books) {
  const { t } = speaker
  const { cancelledAt, nextPlanId, periodEnd, status } = subscription
  if (!periodEnd || (status !== 'active' && status !== 'trialing' && status !== 'past_due')) return []
  const date = speaker.date(periodEnd)
  const next = plans.find(({ id }) => id === nextPlanId)
  return [
    ...(cancelledAt === null
      ? []
      : [
          {
            text: t('billing.pending.cancelled', { date }),
            undoAction: path(ctx, '/cancellation/undo'),
            undo: t('billing.pending.cancelled_undo'),
          },
        ]),
    ...(next === undefined
      ? []
      : [
          {
            text: t('billing.pending.change', { date, plan: planName(speaker, next) }),
            undoAction: path(ctx, '/change/undo'),
            undo: t('billing.pending.change_undo'),
          },
        ]),
  ]
}

/** What is to be paid, and what it is made of. Also for the page of paying by hand. */
export function orderSum(speaker: Speaker, { subscription, plans }: Books, order: Order, owed: number) {
  const { t } = speaker
  const plan = plans.find(({ id }) => id === order.planId)
  const name = plan ? planName(speaker, plan) : ''
  const partial = order.kind === 'upgrade' && order.interval === subscription.interval
  const label = partial
    ? t('billing.due.line_rest', {
        plan: name,
        date: subscription.periodEnd ? speaker.date(subscription.periodEnd) : '',
      })
    : t(order.netMinor === order.planNetMinor ? 'billing.due.line' : 'billing.due.line_new', {
        plan: name,
        interval: t(`billing.due.${order.interval}`),
      })
  return sumOf(speaker, { ...order, title: t(`billing.due.${order.kind}`, { plan: name }), label, creditMinor: -owed })
}

function dueOf(ctx: Ctx, speaker: Speaker, books: Books, order: Order, owed: number, cards: boolean) {
  return {
    ...orderSum(speaker, books, order, owed),
    cardAction: cards ? path(ctx, '/card') : undefined,
    handHref: path(ctx, '/payment'),
  }
}

function usageRow({ clinic, now }: Ctx, speaker: Speaker, { counts }: Books, what: Limited) {
  const { t } = speaker
  const used = counts[what]
  // As the doors have it.
  const limit = limitOf(clinic, what)
  const level = levelOf(used, limit)
  const monthly = what === 'bookings' || what === 'messages'
  return {
    key: what,
    label: t(`billing.usage.${what}`),
    level: monthly || level === 'full' ? level : 'fine',
    value: Math.min(used, limit ?? used),
    max: limit ?? undefined,
    text:
      limit === null
        ? t('billing.usage.any', { used: speaker.number(used) })
        : t('billing.usage.of', { used: speaker.number(used), limit: speaker.number(limit) }),
    note: note(),
  }

  function note(): string | undefined {
    const nextMonth = dateAt(now, clinic.zone).with({ day: 1 }).add({ months: 1 })
    if (level === 'full') return t(`billing.usage.full_${what}`, { date: speaker.date(nextMonth) })
    const then = monthly ? forecast(used, now, clinic.zone) : undefined
    if (!then) return undefined
    const words = { used: speaker.number(then.used), date: speaker.date(then.by) }
    return limit === null
      ? t('billing.usage.forecast_any', words)
      : t('billing.usage.forecast', { ...words, limit: speaker.number(limit) })
  }
}

function planCards(ctx: Ctx, speaker: Speaker, books: Books, interval: Interval) {
  const { t } = speaker
  const { market, plan: present, subscription } = books
  const money = (minor: number) => speaker.money({ minor, currency: subscription.currency })
  return books.plans
    .filter((plan) => plan.offered || plan.id === present.id)
    .flatMap((plan) => {
      const found = choiceIn(books, plan, interval)
      if (!found) return []
      const { choice, netMinor } = found
      const free = netMinor === 0
      const planned = subscription.nextPlanId === plan.id && subscription.nextInterval === interval
      return [
        {
          name: planName(speaker, plan),
          current: plan.id === present.id,
          price: free ? money(0) : money(netMinor),
          per: free ? t('site.plan.for_ever') : t(`site.plan.per_${interval}`),
          note: free
            ? t('billing.plans.free_note')
            : market.taxRateBp === 0
              ? t('billing.plans.no_tax')
              : t('billing.plans.gross', {
                  total: money(netMinor + taxOn(netMinor, market.taxRateBp)),
                  name: market.taxName,
                }),
          limits: limitWords(speaker, plan),
          href:
            choice === 'current' || planned ? undefined : path(ctx, `/change?plan=${plan.code}&interval=${interval}`),
          action: choice === 'current' ? undefined : t(`billing.plans.${free ? 'free' : choice}`),
          up: choice === 'upgrade' || choice === 'renew' || (choice === 'start' && plan.id === present.id),
        },
      ]
    })
}

function limitWords({ t }: Speaker, plan: Books['plan']): string[] {
  const words = { doctors: 'doctors', locations: 'places', bookings: 'bookings', messages: 'messages' } as const
  const features = (['directory', 'priority_help'] as const).filter((feature) => plan.features.includes(feature))
  return [
    ...limited.map((what) => {
      const limit = limitOf(plan, what)
      return limit === null ? t(`site.plan.${words[what]}_any`) : t(`site.plan.${words[what]}`, { count: limit })
    }),
    ...features.map((feature) => t(`site.plan.${feature}`)),
  ]
}
