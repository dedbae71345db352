// Stripe, as far as we use it: the official package behind names of ours. Everything that comes back is looked at before
// it is believed, because the package takes an answer without the word `error` for a success, whatever its status.
import Stripe from 'stripe'
import type { Config } from '../../config.ts'
import { Temporal, type Instant } from '../../kernel/time.ts'
import { eventOf, type SignedEvent } from './stripe-facts.ts'

/** The version all requests ask for and all answers are read by; goes with the package's own types. */
export const stripeApiVersion = '2026-10-28.endive'

const timeoutMs = 10_000
/** How old a signed event may be when it comes, and how far ahead of our clock. */
const toleranceSeconds = 300

/**
 * `retry`: nobody knows, or not now: the same again, under the same key. `gone`: there is no such thing. `key_used`: this
 * idempotency key was used for something else. `final`: Stripe will say so every time.
 */
export type StripeFailure = { ok: false; reason: 'retry' | 'gone' | 'key_used' | 'final'; code: string }
export type StripeAnswer<T> = { ok: true; value: T } | StripeFailure

export type CardPrice = { amount: number; currency: string; interval: 'month' | 'year' }
export type CardCheckout = {
  customer: string
  clinicId: string
  orderId: string
  name: string
  language: string
  successUrl: string
  cancelUrl: string
  amount: number
  currency: string
  /** Renews by itself at this interval, from `firstCharge` on or at once; without, it is paid once. */
  renews?: { interval: 'month' | 'year'; firstCharge?: Instant }
}
export type CheckoutFacts = {
  id: string
  status: 'open' | 'complete' | 'expired'
  url: string | undefined
  paid: boolean
  amount: number
  currency: string
  customer: string | undefined
  subscription: string | undefined
  payment: string | undefined
  clinicId: string | undefined
  orderId: string | undefined
}
export type CardSubscription = {
  id: string
  status: string
  customer: string
  /** Ends with the present period, or on a day somebody set. */
  cancelling: boolean
  cancelsOnDay: boolean
  /** Why it ended: the customer's wish, a dispute, money that never came. */
  endedBecause: string | undefined
  periodEnd: Instant
  item: { id: string; price: CardPrice }
  cardLabel: string | undefined
}
export type CardInvoice = {
  id: string
  status: string
  customer: string | undefined
  subscription: string | undefined
  amountPaid: number
  amountDue: number
  currency: string
  attempts: number
  /** The payment that settled it; undefined where it cost nothing or was settled outside Stripe. */
  payment: string | undefined
}
export type CardCharge = {
  id: string
  payment: string | undefined
  customer: string | undefined
  currency: string
  refunds: { id: string; amount: number; status: string }[]
}
export type StripeChannel = {
  createCustomer(
    customer: { clinicId: string; name: string; email: string | undefined; language: string },
    key: string,
  ): Promise<StripeAnswer<{ id: string }>>
  createCheckout(checkout: CardCheckout, key: string): Promise<StripeAnswer<{ id: string; url: string }>>
  findCheckout(id: string): Promise<StripeAnswer<CheckoutFacts>>
  expireCheckout(id: string): Promise<StripeAnswer<undefined>>
  createPortal(customer: string, returnUrl: string, language: string): Promise<StripeAnswer<{ url: string }>>
  findSubscription(id: string): Promise<StripeAnswer<CardSubscription>>
  /** Sets what is named and leaves the rest. Nothing is charged or given back for the present period. */
  updateSubscription(
    present: CardSubscription,
    wanted: { price?: CardPrice & { product: string; name: string }; cancelling?: boolean; nextCharge?: Instant },
    key: string,
  ): Promise<StripeAnswer<undefined>>
  cancelSubscription(id: string): Promise<StripeAnswer<undefined>>
  findInvoice(id: string): Promise<StripeAnswer<CardInvoice>>
  findCharge(id: string): Promise<StripeAnswer<CardCharge>>
  /** The event in a webhook's bytes if one of our secrets signed them, not long ago. */
  eventIn(body: Buffer, signature: string, now: Instant): SignedEvent | undefined
}

/**
 * Stripe by its own library, at the address that is configured and the version of the API this was written for. What
 * it refuses, or does not answer within ten seconds when asked twice, comes back as a `StripeAnswer`; nothing here
 * throws for it.
 */
export function stripeChannel(settings: NonNullable<Config['stripe']>): StripeChannel {
  const { hostname, port, protocol } = new URL(settings.baseUrl)
  const stripe = new Stripe(settings.secretKey, {
    apiVersion: stripeApiVersion,
    host: hostname,
    ...(port === '' ? {} : { port }),
    protocol: protocol === 'http:' ? 'http' : 'https',
    timeout: timeoutMs,
    maxNetworkRetries: 1,
    telemetry: false,
  })
  return {
    createCustomer: ({ clinicId, name, email, language }, key) =>
      answer(async () => {
        const made = await stripe.customers.create(
          {
            name,
            ...(email === undefined ? {} : { email }),
            preferred_locales: [language],
            metadata: { clinic_id: clinicId },
          },
          { idempotencyKey: key },
        )
        return { id: named(made.id) }
      }),

    createCheckout: (checkout, key) =>
      answer(async () => {
        const made = await stripe.checkout.sessions.create(sessionOf(checkout), { idempotencyKey: key })
        return { id: named(made.id), url: named(made.url) }
      }),

    findCheckout: (id) => answer(async () => checkoutFacts(await stripe.checkout.sessions.retrieve(id))),

    expireCheckout: (id) =>
      answer(async () => {
        named((await stripe.checkout.sessions.expire(id)).id)
        return undefined
      }),

    createPortal: (customer, returnUrl, language) =>
      answer(async () => {
        const made = await stripe.billingPortal.sessions.create({
          customer,
          return_url: returnUrl,
          locale: localeOf(language),
        })
        return { url: named(made.url) }
      }),

    findSubscription: (id) =>
      answer(async () =>
        subscriptionFacts(
          await stripe.subscriptions.retrieve(id, {
            expand: ['default_payment_method', 'customer.invoice_settings.default_payment_method'],
          }),
        ),
      ),

    updateSubscription: (present, { price, cancelling, nextCharge }, key) =>
      answer(async () => {
        if (price) await haveProduct(stripe, price.product, price.name)
        const updated = await stripe.subscriptions.update(
          present.id,
          {
            proration_behavior: 'none',
            ...(price
              ? {
                  items: [
                    {
                      id: present.item.id,
                      price_data: {
                        product: price.product,
                        currency: price.currency.toLowerCase(),
                        unit_amount: price.amount,
                        recurring: { interval: price.interval },
                      },
                    },
                  ],
                }
              : {}),
            ...(nextCharge ? { trial_end: seconds(nextCharge) } : {}),
            ...(cancelling === undefined
              ? {}
              : !cancelling && present.cancelsOnDay
                ? { cancel_at: '' as const }
                : { cancel_at_period_end: cancelling }),
          },
          { idempotencyKey: key },
        )
        named(updated.id)
        return undefined
      }),

    cancelSubscription: (id) =>
      answer(async () => {
        named((await stripe.subscriptions.cancel(id)).id)
        return undefined
      }),

    findInvoice: (id) => answer(async () => invoiceFacts(await stripe.invoices.retrieve(id, { expand: ['payments'] }))),

    findCharge: (id) =>
      answer(async () => {
        const charge = await stripe.charges.retrieve(id, { expand: ['refunds'] })
        return {
          id: named(charge.id),
          payment: idOf(charge.payment_intent),
          customer: idOf(charge.customer),
          currency: named(charge.currency).toUpperCase(),
          refunds: (charge.refunds?.data ?? []).map((refund) => ({
            id: named(refund.id),
            amount: whole(refund.amount),
            status: refund.status ?? 'pending',
          })),
        }
      }),

    eventIn: (body, signature, now) => {
      const signed = settings.webhookSecrets.some((secret) => isSigned(stripe, body, signature, secret, now))
      return signed ? eventOf(body.toString('utf8')) : undefined
    },
  }
}

function sessionOf(checkout: CardCheckout): Stripe.Checkout.SessionCreateParams {
  const { clinicId, orderId, renews } = checkout
  const metadata = { clinic_id: clinicId, order_id: orderId }
  return {
    mode: renews ? 'subscription' : 'payment',
    customer: checkout.customer,
    client_reference_id: clinicId,
    metadata,
    allowed_payment_method_types: ['card'],
    // The price is the one we invoice, in the clinic's own currency.
    adaptive_pricing: { enabled: false },
    line_items: [
      {
        quantity: 1,
        price_data: {
          currency: checkout.currency.toLowerCase(),
          unit_amount: checkout.amount,
          product_data: { name: checkout.name },
          ...(renews ? { recurring: { interval: renews.interval } } : {}),
        },
      },
    ],
    ...(renews
      ? {
          subscription_data: {
            metadata,
            ...(renews.firstCharge ? { trial_end: seconds(renews.firstCharge) } : {}),
          },
        }
      : { payment_intent_data: { metadata } }),
    locale: localeOf(checkout.language),
    success_url: checkout.successUrl,
    cancel_url: checkout.cancelUrl,
  }
}

/** Stripe's pages speak neither Arabic nor Urdu: there the browser's own wishes decide. */
const localeOf = (language: string): 'en' | 'auto' => (language === 'en' ? 'en' : 'auto')

async function haveProduct(stripe: Stripe, id: string, name: string): Promise<void> {
  try {
    named((await stripe.products.retrieve(id)).id)
  } catch (error) {
    if (failureOf(error)?.reason !== 'gone') throw error
    try {
      await stripe.products.create({ id, name })
    } catch (late) {
      // Somebody else made it meanwhile.
      if (failureOf(late)?.code !== 'resource_already_exists') throw late
    }
  }
}

function checkoutFacts(session: Stripe.Checkout.Session): CheckoutFacts {
  return {
    id: named(session.id),
    status: one(session.status, ['open', 'complete', 'expired']),
    url: session.url ?? undefined,
    paid: session.payment_status === 'paid',
    amount: whole(session.amount_total),
    currency: named(session.currency).toUpperCase(),
    customer: idOf(session.customer),
    subscription: idOf(session.subscription),
    payment: idOf(session.payment_intent),
    clinicId: session.client_reference_id ?? undefined,
    orderId: session.metadata?.order_id,
  }
}

function subscriptionFacts(subscription: Stripe.Subscription): CardSubscription {
  const [item] = subscription.items.data
  if (!item) throw new OddAnswer()
  const { customer } = subscription
  const own = subscription.default_payment_method
  const usual =
    typeof customer === 'object' && 'invoice_settings' in customer
      ? customer.invoice_settings.default_payment_method
      : undefined
  return {
    id: named(subscription.id),
    status: named(subscription.status),
    customer: named(idOf(customer)),
    cancelling: subscription.cancel_at_period_end || typeof subscription.cancel_at === 'number',
    cancelsOnDay: !subscription.cancel_at_period_end && typeof subscription.cancel_at === 'number',
    endedBecause: subscription.cancellation_details?.reason ?? undefined,
    periodEnd: instant(item.current_period_end),
    item: {
      id: named(item.id),
      price: {
        amount: whole(item.price.unit_amount),
        currency: item.price.currency.toUpperCase(),
        interval: one(item.price.recurring?.interval, ['month', 'year']),
      },
    },
    cardLabel: labelOf(own) ?? labelOf(usual),
  }
}

/** Brand and last four digits, which is all Stripe tells and all we keep. */
function labelOf(method: string | Stripe.PaymentMethod | null | undefined): string | undefined {
  if (typeof method !== 'object' || !method?.card) return undefined
  const { brand, last4 } = method.card
  if (!/^\d{4}$/.test(last4) || !/^[a-z_ ]{2,20}$/.test(brand)) return undefined
  const name = brand.replaceAll('_', ' ').replace(/\b[a-z]/g, (letter) => letter.toUpperCase())
  return `${name} •••• ${last4}`
}

function invoiceFacts(invoice: Stripe.Invoice): CardInvoice {
  const settled = invoice.payments?.data.find(({ status }) => status === 'paid')
  return {
    id: named(invoice.id),
    status: invoice.status ?? 'draft',
    customer: idOf(invoice.customer),
    subscription: idOf(invoice.parent?.subscription_details?.subscription),
    amountPaid: whole(invoice.amount_paid),
    amountDue: whole(invoice.amount_due),
    currency: named(invoice.currency).toUpperCase(),
    attempts: whole(invoice.attempt_count),
    payment: idOf(settled?.payment.payment_intent),
  }
}

class OddAnswer extends Error {
  override name = 'OddAnswer'
}

const named = (text: unknown): string => {
  if (typeof text !== 'string' || text === '') throw new OddAnswer()
  return text
}
const one = <T extends string>(text: unknown, known: readonly T[]): T => {
  const found = known.find((each) => each === text)
  if (found === undefined) throw new OddAnswer()
  return found
}
const whole = (amount: unknown): number => {
  if (typeof amount !== 'number' || !Number.isSafeInteger(amount)) throw new OddAnswer()
  return amount
}
const idOf = (thing: string | { id: string } | null | undefined): string | undefined =>
  typeof thing === 'string' ? thing : (thing?.id ?? undefined)
const seconds = (at: Instant): number => Math.floor(at.epochMilliseconds / 1000)
const instant = (at: unknown): Instant => Temporal.Instant.fromEpochMilliseconds(whole(at) * 1000)

async function answer<T>(ask: () => Promise<T>): Promise<StripeAnswer<T>> {
  try {
    return { ok: true, value: await ask() }
  } catch (error) {
    const failure = failureOf(error)
    if (failure) return failure
    throw error
  }
}

function failureOf(error: unknown): StripeFailure | undefined {
  // Nothing we know was there: a page of some proxy, or half an answer.
  if (error instanceof OddAnswer || error instanceof TypeError || error instanceof SyntaxError) {
    return { ok: false, reason: 'retry', code: 'odd_answer' }
  }
  if (!(error instanceof Stripe.errors.StripeError)) return undefined
  const code = error.code ?? error.type
  const status = error.statusCode ?? 0
  if (error instanceof Stripe.errors.StripeConnectionError) return { ok: false, reason: 'retry', code: 'connection' }
  if (error instanceof Stripe.errors.StripeIdempotencyError) return { ok: false, reason: 'key_used', code }
  if (error.code === 'resource_missing' || status === 404) return { ok: false, reason: 'gone', code }
  // 409: another request under this key is on its way. 429: later. A bad key of ours passes once the operator mends it.
  if (status === 0 || status >= 500 || [401, 403, 409, 429].includes(status)) {
    return { ok: false, reason: 'retry', code }
  }
  return { ok: false, reason: 'final', code }
}

function isSigned(stripe: Stripe, body: Buffer, signature: string, secret: string, now: Instant): boolean {
  const at = /(?:^|,)t=(\d{1,12})(?:,|$)/.exec(signature)?.[1]
  // The package lets the future pass.
  if (at === undefined || Number(at) - seconds(now) > toleranceSeconds) return false
  try {
    return (
      stripe.webhooks.signature?.verifyHeader(
        body,
        signature,
        secret,
        toleranceSeconds,
        undefined,
        now.epochMilliseconds,
      ) ?? false
    )
  } catch (error) {
    if (error instanceof Stripe.errors.StripeSignatureVerificationError) return false
    throw error
  }
}
