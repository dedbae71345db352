// Paying by hand: where to, how much, and telling us that it is done.
import { filledForm, type Form } from '../../../kernel/forms.ts'
import { moneyText } from '../../../kernel/money.ts'
import { dateAt } from '../../../kernel/time.ts'
import type { Ctx } from '../../../platform/clinic-scope.ts'
import type { Speaker } from '../../../platform/i18n/speaker.ts'
import { view, type View } from '../../../platform/web/views.ts'
import { settingsMenu } from '../../clinics/rules/settings.ts'
import type { Order } from '../queries/books.ts'
import { findInstructions, listLedger } from '../queries/owner.ts'
import { methodsOf } from '../rules/choices.ts'
import { booksOf, path } from './frame.ts'
import { orderSum } from './owner.ts'

/** undefined when there is nothing to pay. */
export async function paymentPage(
  ctx: Ctx,
  speaker: Speaker,
  order: Order | undefined,
  refused?: Form,
): Promise<View | undefined> {
  const { t, lang } = speaker
  const { db, clinic, now } = ctx
  if (!order) return undefined
  const [books, ledger] = await Promise.all([booksOf(ctx), listLedger(db, clinic.id, 1)])
  const instructions = await findInstructions(db, books.market.issuerId)
  const owed = ledger.find(({ currency }) => currency === order.currency)?.balanceMinor ?? 0
  const due = orderSum(speaker, books, order, owed)
  const today = dateAt(now, clinic.zone).toString()
  const form =
    refused ?? filledForm({ amount: moneyText({ minor: due.toPayMinor, currency: order.currency }), paid_on: today })
  const field = (name: string, rest: Record<string, unknown>) => ({
    name,
    value: form.values[name] ?? '',
    error: form.errors[name],
    ...rest,
  })
  const note = instructions?.paymentNote[lang] ?? instructions?.paymentNote.en
  return view('billing/payment', {
    title: t('billing.hand.title'),
    scripts: ['/js/error-summary.js'],
    back: { href: path(ctx), label: t('billing.page.title') },
    menu: settingsMenu(ctx, speaker, 'subscription'),
    due,
    instructions: note === undefined || note === '' ? t('billing.hand.no_instructions') : note,
    purpose: `Nabz ${clinic.slug}`,
    form,
    fields: [
      field('method', {
        type: 'select',
        label: t('billing.hand.method'),
        css: 'input-medium',
        options: methodsOf(clinic.country).map((method) => ({ value: method, label: t(`billing.method.${method}`) })),
      }),
      field('amount', {
        label: t('billing.hand.amount'),
        inputmode: 'decimal',
        css: 'input-short',
        dir: 'ltr',
        suffix: order.currency,
      }),
      field('paid_on', { type: 'date', label: t('billing.hand.date'), css: 'input-medium', max: today }),
      field('reference', {
        label: t('billing.hand.reference'),
        hint: t('billing.hand.reference_hint'),
        maxlength: 100,
        dir: 'auto',
        autocomplete: 'off',
      }),
      // Last, so that all that was typed has come before it, however large it is.
      field('slip', {
        type: 'file',
        label: t('billing.hand.slip'),
        hint: t('billing.hand.slip_hint'),
        accept: 'image/jpeg,image/png,image/webp',
        required: false,
      }),
    ],
    action: path(ctx, '/payment'),
  })
}
