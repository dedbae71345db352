// What Stripe charged for a subscription, or failed to.
import type { CardInvoice } from '../../../../platform/channels/stripe.ts'
import type { Clinic, Ctx } from '../../../../platform/clinic-scope.ts'
import { accountOf, tellOwners } from '../../../subscription/actions/account.ts'
import { updateCardFailed } from '../../queries/card.ts'
import { findProviderPayment } from '../../queries/books.ts'
import { enterProviderPayment } from '../payments.ts'
import { makeWayFor } from './books.ts'
import { clinicOfCustomer, inClinicOf, reportIncident, type Cards } from './incidents.ts'
import { takeSubscription } from './subscriptions.ts'

export async function takeInvoice(cards: Cards, id: string): Promise<'done' | 'later'> {
  const found = await cards.stripe.findInvoice(id)
  if (!found.ok) return found.reason === 'gone' ? 'done' : 'later'
  const invoice = found.value
  const paid = invoice.status === 'paid' && invoice.amountPaid > 0
  const failed = invoice.status === 'open' && invoice.attempts > 0
  if (!paid && !failed) return 'done'
  const clinic = await clinicOfCustomer(cards, invoice.customer)
  if (!clinic) {
    const kind = 'unknown_payer'
    await reportIncident(cards, { key: `invoice:${id}`, kind, clinicId: null, details: factsOf(invoice) })
    return 'done'
  }
  // An invoice may come before the word that its subscription began: then that is looked at first.
  if (invoice.subscription !== undefined) {
    const linked = await takeSubscription(cards, invoice.subscription)
    if (linked === 'later') return 'later'
  }
  return paid ? takePaid(cards, clinic, invoice) : takeFailed(cards, clinic, invoice)
}

async function takePaid(cards: Cards, clinic: Clinic, invoice: CardInvoice): Promise<'done'> {
  const verdict = await inClinicOf(cards, clinic, (ctx) => enter(ctx, cards, invoice))
  if (verdict.kind === 'entered') return 'done'
  const details = { ...factsOf(invoice), ...verdict.details }
  await reportIncident(cards, { key: `invoice:${invoice.id}`, kind: verdict.kind, clinicId: clinic.id, details })
  return 'done'
}

type Verdict =
  | { kind: 'entered' }
  | { kind: 'amount_mismatch' | 'second_subscription'; details: Record<string, string | number | null> }

async function enter(ctx: Ctx, cards: Cards, invoice: CardInvoice): Promise<Verdict> {
  const account = await accountOf(ctx, cards)
  const { held } = account
  const ref = invoice.payment ?? invoice.id
  if (await findProviderPayment(ctx.db, ref)) return { kind: 'entered' }
  // Of another subscription than the one we know: money all the same, but for what? One that has ended since is known.
  if (held.stripeSubscription !== null && held.stripeSubscription !== invoice.subscription) {
    return { kind: 'second_subscription', details: { ours: held.stripeSubscription } }
  }
  const paid = { amountMinor: invoice.amountPaid, currency: invoice.currency }
  const match = await makeWayFor(account, paid)
  if (!match.ok) {
    return { kind: 'amount_mismatch', details: { expected: match.expected, expectedCurrency: match.currency } }
  }
  await enterProviderPayment(account, { ref, method: 'card', ...paid })
  await updateCardFailed(ctx.db, ctx.clinic.id, null)
  return { kind: 'entered' }
}

/** The owners are told, once for each try. */
async function takeFailed(cards: Cards, clinic: Clinic, invoice: CardInvoice): Promise<'done'> {
  await inClinicOf(cards, clinic, async (ctx) => {
    const account = await accountOf(ctx, cards)
    if (account.held.stripeSubscription !== invoice.subscription) return
    if (!(await updateCardFailed(ctx.db, clinic.id, `${invoice.id}:${invoice.attempts}`))) return
    await tellOwners(account, { kind: 'card_failed', key: 'billing.card.mail.failed' }, (speaker) => ({
      amount: speaker.money({ minor: invoice.amountDue, currency: invoice.currency }),
      card: account.held.cardLabel ?? speaker.t('billing.card.no_label'),
    }))
  })
  return 'done'
}

const factsOf = ({ id, customer, subscription, payment, amountPaid, currency }: CardInvoice) => ({
  invoice: id,
  customer: customer ?? null,
  subscription: subscription ?? null,
  payment: payment ?? null,
  paid: amountPaid,
  currency,
})
