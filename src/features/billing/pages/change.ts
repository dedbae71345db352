// Before anything is decided: what choosing a plan, or leaving, would mean.
import { emptyForm, type Form } from '../../../kernel/forms.ts'
import type { Ctx } from '../../../platform/clinic-scope.ts'
import type { Speaker } from '../../../platform/i18n/speaker.ts'
import { view, type View } from '../../../platform/web/views.ts'
import { settingsMenu } from '../../clinics/rules/settings.ts'
import type { Plan } from '../../subscription/queries/plans.ts'
import type { Interval } from '../../subscription/rules/prices.ts'
import { listLedger } from '../queries/owner.ts'
import { netDue, withTax } from '../rules/quotes.ts'
import { cancelReasons, limitOf, limited, overLimit, type Choice } from '../rules/choices.ts'
import { priceText, sumOf, type Sum } from './amounts.ts'
import { booksOf, choiceIn, path, planName, type Books } from './frame.ts'
import { mayCancel } from './owner.ts'

/** What taking a plan means; undefined when there is nothing to take: not on sale, or in force already. */
export async function changePage(
  ctx: Ctx,
  speaker: Speaker,
  asked: { plan: string; interval: Interval },
): Promise<View | undefined> {
  const { t } = speaker
  const books = await booksOf(ctx)
  const plan = books.plans.find(({ code, offered, id }) => code === asked.plan && (offered || id === books.plan.id))
  const found = plan && choiceIn(books, plan, asked.interval)
  if (!plan || !found || found.choice === 'current') return undefined
  const { choice, netMinor } = found
  const name = planName(speaker, plan)
  const { subscription } = books
  const end = subscription.periodEnd ? speaker.date(subscription.periodEnd) : ''
  const free = netMinor === 0
  const paidNow = !free && choice !== 'downgrade'
  const over = overLimit(plan, books.counts)
  return view('billing/change', {
    title: t(choice === 'upgrade' || choice === 'downgrade' ? 'billing.change.title' : 'billing.change.title_start', {
      plan: name,
    }),
    back: { href: path(ctx), label: t('billing.page.title') },
    menu: settingsMenu(ctx, speaker, 'subscription'),
    lead: t(leadOf(books, choice, free, asked.interval), { date: end }),
    over: over.map(({ what, used, limit }) =>
      t('billing.change.over_line', {
        label: t(`billing.change.${what}`),
        used: speaker.number(used),
        limit: speaker.number(limit),
      }),
    ),
    rows: rowsOf(speaker, books, plan, asked.interval, netMinor),
    sum: paidNow ? await dueSum(ctx, speaker, books, { plan, choice, netMinor, interval: asked.interval }) : undefined,
    action: path(ctx, '/change'),
    plan: plan.code,
    interval: asked.interval,
    submit: paidNow
      ? t('billing.change.go_pay')
      : choice === 'downgrade'
        ? t('billing.change.do_downgrade', { date: end })
        : t('billing.change.do_free'),
  })
}

function leadOf({ subscription }: Books, choice: Choice, free: boolean, interval: Interval): string {
  if (free) return choice === 'downgrade' ? 'billing.change.free_later_text' : 'billing.change.free_text'
  if (choice === 'downgrade') return 'billing.change.downgrade_text'
  if (choice === 'upgrade') {
    return interval === subscription.interval ? 'billing.change.upgrade_text' : 'billing.change.upgrade_new_text'
  }
  return subscription.status === 'trialing' ? 'billing.change.start_trial_text' : 'billing.change.start_text'
}

function rowsOf(speaker: Speaker, { plan, subscription }: Books, target: Plan, interval: Interval, netMinor: number) {
  const { t } = speaker
  const count = (limit: number | null) => (limit === null ? t('billing.change.any') : speaker.number(limit))
  return [
    {
      label: t('billing.change.price'),
      now: priceText(speaker, subscription.netMinor, subscription.interval, subscription.currency),
      then: priceText(speaker, netMinor, interval, subscription.currency),
    },
    ...limited.map((what) => ({
      label: t(`billing.change.${what}`),
      now: count(limitOf(plan, what)),
      then: count(limitOf(target, what)),
    })),
  ]
}

/** The very sum that will be due, shown before anybody agrees to it. */
async function dueSum(
  ctx: Ctx,
  speaker: Speaker,
  { subscription, market }: Books,
  to: { plan: Plan; choice: Choice; netMinor: number; interval: Interval },
): Promise<Sum> {
  const { t } = speaker
  const { periodEnd, currency } = subscription
  const ledger = await listLedger(ctx.db, ctx.clinic.id, 1)
  const owed = ledger.find((line) => line.currency === currency)?.balanceMinor ?? 0
  const plan = planName(speaker, to.plan)
  const upgrade = to.choice === 'upgrade'
  const { netMinor, taxMinor } = withTax(
    netDue(upgrade ? 'upgrade' : 'start', subscription, to, ctx.now),
    market.taxRateBp,
  )
  const words = { plan, interval: t(`billing.due.${to.interval}`), date: periodEnd ? speaker.date(periodEnd) : '' }
  const key = !upgrade ? 'line' : to.interval === subscription.interval ? 'line_rest' : 'line_new'
  return sumOf(speaker, {
    title: t('billing.change.sum_title'),
    label: t(`billing.due.${key}`, words),
    netMinor,
    taxMinor,
    taxName: market.taxName,
    taxRateBp: market.taxRateBp,
    currency,
    creditMinor: -owed,
  })
}

/** What leaving means, and a kind question; undefined when there is nothing to leave. */
export async function cancellationPage(ctx: Ctx, speaker: Speaker, form: Form = emptyForm): Promise<View | undefined> {
  const { t } = speaker
  const books = await booksOf(ctx)
  const { periodEnd } = books.subscription
  if (!mayCancel(books) || !periodEnd) return undefined
  return view('billing/cancellation', {
    title: t('billing.cancel.title'),
    scripts: ['/js/error-summary.js'],
    back: { href: path(ctx), label: t('billing.page.title') },
    menu: settingsMenu(ctx, speaker, 'subscription'),
    lead: t('billing.cancel.lead', { date: speaker.date(periodEnd) }),
    points: (['closed', 'read', 'purge'] as const).map((point) => t(`billing.cancel.point_${point}`)),
    form,
    fields: [
      {
        name: 'reason',
        type: 'radio',
        label: t('billing.cancel.reason'),
        options: cancelReasons.map((reason) => ({ value: reason, label: t(`billing.cancel.reason_${reason}`) })),
        value: form.values.reason ?? '',
        error: form.errors.reason,
      },
      {
        name: 'note',
        type: 'textarea',
        label: t('billing.cancel.note'),
        required: false,
        maxlength: 500,
        rows: 3,
        value: form.values.note ?? '',
        error: form.errors.note,
      },
    ],
    action: path(ctx, '/cancellation'),
  })
}
