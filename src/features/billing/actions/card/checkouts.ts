// The way to Stripe's payment page and back.
import { hours, Temporal, type Instant } from '../../../../kernel/time.ts'
import { done, refuse, type Outcome } from '../../../../kernel/outcome.ts'
import type { UserId } from '../../../../kernel/ids.ts'
import { audit } from '../../../../platform/audit.ts'
import { queueCardCommand } from '../../../../platform/card-commands.ts'
import type { CheckoutFacts, StripeFailure } from '../../../../platform/channels/stripe.ts'
import { chargeable } from '../../../../platform/channels/stripe-facts.ts'
import type { Clinic, Ctx } from '../../../../platform/clinic-scope.ts'
import type { Language } from '../../../../platform/i18n/languages.ts'
import { accountOf, type Account } from '../../../subscription/actions/account.ts'
import { linkCustomer } from '../../../subscription/actions/card.ts'
import type { Subscription } from '../../../subscription/queries.ts'
import { findPlanById } from '../../../subscription/queries/plans.ts'
import {
  findCheckoutBySession,
  findLatestCheckout,
  findOrderById,
  insertCheckout,
  listOpenCheckouts,
  updateCheckout,
  updateOrderKept,
  type Checkout,
} from '../../queries/card.ts'
import { findOpenOrder, findProviderPayment, insertOrder, type Order } from '../../queries/books.ts'
import { dueNow, voidOrder } from '../orders.ts'
import { enterProviderPayment } from '../payments.ts'
import { clinicOfCustomer, inClinicOf, reportIncident, type Cards, type NewIncident } from './incidents.ts'
import { takeSubscription } from './subscriptions.ts'

/** Stripe lets the first charge be later only when it is two days off or more. */
const soonest = hours(49)

export type Payer = { userId: UserId; name: string; email: string; language: Language }
type InClinic = <T>(work: (ctx: Ctx) => Promise<T>) => Promise<T>
export type CheckoutRefusal = 'nothing_due' | 'paid_already' | 'has_card' | 'try_later'

type Begun = { order: Order; checkout: Checkout; customer: string | null; name: string; firstCharge?: Instant }

/**
 * The address of a payment page for what the clinic owes. The attempt is written down before Stripe is asked and is part
 * of the key it is asked under: asked again, after a crash or a second click, Stripe answers with the same page.
 */
export async function startCheckout(
  cards: Cards,
  inClinic: InClinic,
  clinic: Clinic,
  payer: Payer,
): Promise<Outcome<string, CheckoutRefusal>> {
  for (let round = 0; round < 3; round++) {
    const begun = await inClinic((ctx) => begin(cards, ctx, payer))
    if (!begun.ok) return begun
    const { checkout } = begun.value
    if (checkout.session !== null) {
      const page = await openPage(cards, checkout.session)
      if (page !== 'over') return page
      await inClinic((ctx) => close(ctx, checkout, 'expired'))
      continue
    }
    const made = await askForPage(cards, inClinic, clinic, payer, begun.value)
    if (made.ok) return done(made.value.url)
    if (made.reason === 'retry') return refuse('try_later')
    // Asked before under this key with other words, or refused: another attempt, once or twice.
    await inClinic((ctx) => close(ctx, checkout, 'expired'))
  }
  return refuse('try_later')
}

async function begin(cards: Cards, ctx: Ctx, payer: Payer): Promise<Outcome<Begun, CheckoutRefusal>> {
  const { db, clinic, now } = ctx
  const account = await accountOf(ctx, cards)
  const { held } = account
  const order = await orderToPay(account)
  if (!order || order.totalMinor === 0) return refuse('nothing_due')
  // A second subscription would charge twice: what a card that we have is to pay is settled in the portal.
  if (held.stripeSubscription !== null && order.kind !== 'upgrade') return refuse('has_card')
  const plan = await findPlanById(db, order.planId)
  if (!plan) throw new Error('an order for no plan')
  const latest = await findLatestCheckout(db, order.id)
  if (latest?.state === 'complete') return refuse('paid_already')
  for (const stray of await listOpenCheckouts(db, clinic.id)) {
    if (stray.orderId === order.id) continue
    if (stray.session !== null) {
      await queueCardCommand(db, { kind: 'expire', clinicId: clinic.id, target: stray.session })
    }
    await close(ctx, stray, 'expired')
  }
  const usable = latest?.state === 'begun' || latest?.state === 'open' ? latest : undefined
  const attempt = (latest?.attempt ?? 0) + 1
  const { language } = payer
  const checkout =
    usable ?? (await insertCheckout(db, { clinicId: clinic.id, orderId: order.id, attempt, language }, now))
  if (!usable) await audit(ctx, 'checkout.begun', { kind: 'order', id: order.id }, { attempt, kind: order.kind })
  const { t } = cards.speakers(checkout.language, clinic)
  const name = t(`billing.card.line.${order.kind === 'upgrade' ? 'upgrade' : order.interval}`, {
    plan: plan.names[checkout.language],
  })
  const firstCharge = firstChargeOf(held, now)
  return done({ order, checkout, customer: held.stripeCustomer, name, ...(firstCharge ? { firstCharge } : {}) })
}

/** What is due is due also where nobody has ordered it; what is charged has to be written down. */
async function orderToPay(account: Account): Promise<Order | undefined> {
  const { db, clinic, now } = account
  const order = await dueNow(account)
  const open = await findOpenOrder(db, clinic.id)
  if (!order || open?.id === order.id) return order
  if (open) await voidOrder(account)
  await insertOrder(db, order, now)
  return order
}

/** While something runs that was given or paid for, nothing is charged before its end. */
function firstChargeOf(held: Subscription, now: Instant): Instant | undefined {
  const running = held.status === 'trialing' || held.status === 'active'
  if (!running || held.periodEnd === null) return undefined
  return Temporal.Instant.compare(held.periodEnd, now.add(soonest)) > 0 ? held.periodEnd : undefined
}

async function askForPage(
  cards: Cards,
  inClinic: InClinic,
  clinic: Clinic,
  payer: Payer,
  { order, checkout, customer, name, firstCharge }: Begun,
): Promise<{ ok: true; value: { url: string } } | StripeFailure> {
  const known = customer ?? (await newCustomer(cards, inClinic, clinic, payer))
  if (typeof known !== 'string') return known
  const base = `${cards.config.baseUrl}/app/${clinic.slug}/settings/subscription/card`
  const made = await cards.stripe.createCheckout(
    {
      customer: known,
      clinicId: clinic.id,
      orderId: order.id,
      name,
      language: checkout.language,
      successUrl: `${base}/paid?session={CHECKOUT_SESSION_ID}`,
      cancelUrl: `${base}/cancelled`,
      amount: chargeable(order.totalMinor, order.currency),
      currency: order.currency,
      ...(order.kind === 'upgrade'
        ? {}
        : { renews: { interval: order.interval, ...(firstCharge ? { firstCharge } : {}) } }),
    },
    `checkout:${clinic.id}:${order.id}:${checkout.attempt}`,
  )
  if (!made.ok) return made
  const { id: session, url } = made.value
  await inClinic(async (ctx) => {
    if (await updateCheckout(ctx.db, checkout.id, { session, url, state: 'open' })) return
    // What it is for was paid or given up while Stripe made the page.
    await queueCardCommand(ctx.db, { kind: 'expire', clinicId: clinic.id, target: session })
  })
  return made
}

async function newCustomer(
  cards: Cards,
  inClinic: InClinic,
  clinic: Clinic,
  payer: Payer,
): Promise<string | StripeFailure> {
  const { email, language } = payer
  const asked = { clinicId: clinic.id, name: clinic.name, email, language }
  // The payer is part of the key: another owner's address would be other words under the same one.
  const made = await cards.stripe.createCustomer(asked, `customer:${clinic.id}:${payer.userId}:1`)
  if (!made.ok) return made
  return inClinic(async (ctx) => linkCustomer(await accountOf(ctx, cards), made.value.id))
}

/** A page made before, if it may still be paid on. */
async function openPage(cards: Cards, session: string): Promise<Outcome<string, CheckoutRefusal> | 'over'> {
  const found = await cards.stripe.findCheckout(session)
  if (!found.ok) return found.reason === 'gone' ? 'over' : refuse('try_later')
  if (found.value.status === 'complete') return refuse('paid_already')
  return found.value.status === 'open' && found.value.url !== undefined ? done(found.value.url) : 'over'
}

async function close(ctx: Ctx, { id, session, url }: Checkout, state: 'complete' | 'expired'): Promise<void> {
  await updateCheckout(ctx.db, id, { session, url, state })
}

/** Something happened on a payment page. */
export async function takeCheckout(cards: Cards, session: string): Promise<'done' | 'later'> {
  const found = await cards.stripe.findCheckout(session)
  if (!found.ok) return found.reason === 'gone' ? 'done' : 'later'
  const facts = found.value
  if (facts.status === 'open') return 'done'
  const clinic = await clinicOfCustomer(cards, facts.customer)
  const problem = await strangeIn(cards, clinic, facts)
  if (!clinic || problem) {
    if (facts.status === 'complete' && problem) await reportIncident(cards, problem)
    return 'done'
  }
  if (facts.status === 'complete' && facts.subscription !== undefined) {
    if ((await takeSubscription(cards, facts.subscription)) === 'later') return 'later'
  }
  const mismatch = await inClinicOf(cards, clinic, (ctx) => settleCheckout(ctx, cards, facts))
  if (mismatch) await reportIncident(cards, mismatch)
  return 'done'
}

/** Whether this page is one we asked for, for the clinic whose customer paid on it. */
async function strangeIn(
  cards: Cards,
  clinic: Clinic | undefined,
  facts: CheckoutFacts,
): Promise<NewIncident | undefined> {
  const stored = await findCheckoutBySession(cards.db, facts.id)
  // Made, and the process died before it was written down: the order says whose it is.
  const order = stored ? undefined : facts.orderId && (await findOrderById(cards.db, facts.orderId))
  const clinicId = stored?.clinicId ?? (order ? order.clinicId : undefined)
  const orderId = stored?.orderId ?? (order ? order.id : undefined)
  const ours =
    clinic !== undefined && clinicId === clinic.id && facts.clinicId === clinic.id && facts.orderId === orderId
  if (ours) return undefined
  return {
    key: `checkout:${facts.id}`,
    kind: 'foreign_session',
    clinicId: clinic?.id ?? null,
    details: { session: facts.id, customer: facts.customer ?? null, clinic: facts.clinicId ?? null },
  }
}

async function settleCheckout(ctx: Ctx, cards: Cards, facts: CheckoutFacts): Promise<NewIncident | undefined> {
  const { db, clinic } = ctx
  const account = await accountOf(ctx, cards)
  const orderId = facts.orderId ?? ''
  const checkout = (await findCheckoutBySession(db, facts.id)) ?? (await findLatestCheckout(db, orderId))
  if (checkout && (checkout.state === 'begun' || checkout.state === 'open')) {
    const state = facts.status === 'complete' ? 'complete' : 'expired'
    await updateCheckout(db, checkout.id, { session: facts.id, url: null, state })
  }
  if (facts.status !== 'complete') return undefined
  // A subscription is paid by its invoices, at once or when what runs is over.
  if (facts.subscription !== undefined) {
    await updateOrderKept(db, orderId)
    return undefined
  }
  if (!facts.paid || facts.payment === undefined || (await findProviderPayment(db, facts.payment))) return undefined
  const order = await findOrderById(db, orderId)
  const expected = order && chargeable(order.totalMinor, order.currency)
  if (!order || order.status !== 'open' || facts.currency !== order.currency || facts.amount !== expected) {
    const { id: session, payment, amount: paid, currency } = facts
    return {
      key: `checkout:${session}`,
      kind: 'amount_mismatch',
      clinicId: clinic.id,
      details: { session, payment, paid, currency, expected: expected ?? null, order: order?.status ?? null },
    }
  }
  await enterProviderPayment(account, {
    ref: facts.payment,
    method: 'card',
    amountMinor: facts.amount,
    currency: facts.currency,
  })
  return undefined
}
