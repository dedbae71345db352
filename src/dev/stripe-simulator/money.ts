// What happens at Stripe: cards are charged, periods end, subscriptions begin and are cancelled. Each step tells of itself
// by the events that Stripe would send.
import { Temporal } from '../../kernel/time.ts'
import type { CardName } from './controls.ts'
import {
  newStripeId,
  type Card,
  type CardBehaviour,
  type Charge,
  type Event,
  type Invoice,
  type Session,
  type StripeState,
  type Subscription,
  type Wanted,
} from './state.ts'

export type Outcome = 'done' | 'declined' | 'closed'

const known: Record<CardName, { brand: string; number: string; behaves: CardBehaviour; label: string }> = {
  visa: { brand: 'visa', number: '4242424242424242', behaves: 'pays', label: 'pays' },
  mastercard: { brand: 'mastercard', number: '5555555555554444', behaves: 'pays', label: 'pays' },
  declined: { brand: 'visa', number: '4000000000000002', behaves: 'declined', label: 'is declined' },
  insufficient: { brand: 'visa', number: '4000000000009995', behaves: 'insufficient', label: 'has too little on it' },
  fails_later: {
    brand: 'visa',
    number: '4000000000000341',
    behaves: 'fails_later',
    label: 'is taken, and fails when charged',
  },
}
export const cardChoices = Object.entries(known).map(([name, { brand, number, label }]) => ({
  name,
  label: `${brand === 'visa' ? 'Visa' : 'Mastercard'} •••• ${number.slice(-4)}: ${label}`,
}))

const day = 24 * 3600
/** Days after a failed charge on which it is tried again; then the subscription is given up. */
const retries = [3, 5, 7]

export type Money = ReturnType<typeof money>

export function money(state: StripeState, now: () => number, push: (event: Event) => void, apiVersion: string) {
  const seconds = () => Math.floor(now() / 1000)

  function tell(type: string, object: Record<string, unknown>): void {
    push({
      id: newStripeId('evt'),
      object: 'event',
      api_version: apiVersion,
      created: seconds(),
      type,
      // As it is now: what comes late is old news, as with Stripe.
      data: { object: structuredClone(object) },
      livemode: false,
      pending_webhooks: 1,
      request: { id: null, idempotency_key: null },
    })
  }

  function addCard(customer: string, name: CardName): Card {
    const { brand, number, behaves } = known[name]
    return state.keep('cards', { id: newStripeId('pm'), customer, brand, number, behaves })
  }

  function charge(
    customer: string,
    card: Card,
    amount: number,
    currency: string,
    metadata: Record<string, string>,
  ): Charge | undefined {
    if (card.behaves !== 'pays') return undefined
    const [intentId, id] = [newStripeId('pi'), newStripeId('ch')]
    state.keep('intents', {
      id: intentId,
      object: 'payment_intent',
      amount,
      currency,
      status: 'succeeded',
      customer,
      latest_charge: id,
      metadata,
    })
    const made = state.keep('charges', {
      id,
      object: 'charge',
      amount,
      amount_refunded: 0,
      refunded: false,
      paid: true,
      status: 'succeeded',
      currency,
      customer,
      payment_intent: intentId,
      payment_method_details: { type: 'card', card: { brand: card.brand, last4: card.number.slice(-4) } },
      refunds: { object: 'list', data: [] },
      created: seconds(),
    })
    tell('charge.succeeded', made)
    tell('payment_intent.succeeded', state.get('intents', intentId))
    return made
  }

  function invoice(subscription: Subscription, reason: Invoice['billing_reason'], amount: number): Invoice {
    const made = state.keep('invoices', {
      id: newStripeId('in'),
      object: 'invoice',
      status: 'open',
      billing_reason: reason,
      customer: subscription.customer,
      currency: priceOf(subscription).currency,
      total: amount,
      amount_due: amount,
      amount_paid: 0,
      amount_remaining: amount,
      attempt_count: 0,
      attempted: false,
      next_payment_attempt: null,
      parent: {
        type: 'subscription_details',
        subscription_details: { subscription: subscription.id, metadata: subscription.metadata },
      },
      payments: { object: 'list', data: [] },
      created: seconds(),
      livemode: false,
    })
    subscription.latest_invoice = made.id
    tell('invoice.created', made)
    tell('invoice.finalized', made)
    return made
  }

  /** Tries the card of the subscription; whether the invoice is paid. */
  function collect(subscription: Subscription, due: Invoice): boolean {
    const card = cardOf(subscription)
    if (due.total > 0) {
      due.attempt_count++
      due.attempted = true
      const paid = card && charge(due.customer, card, due.amount_due, due.currency, subscription.metadata)
      if (!paid) {
        const wait = retries[due.attempt_count - 1]
        due.next_payment_attempt = wait === undefined ? null : seconds() + wait * day
        tell('invoice.payment_failed', due)
        return false
      }
      due.payments.data.push({
        id: newStripeId('inpay'),
        object: 'invoice_payment',
        status: 'paid',
        amount_paid: due.amount_due,
        payment: { type: 'payment_intent', payment_intent: paid.payment_intent },
      })
    }
    Object.assign(due, {
      status: 'paid',
      amount_paid: due.amount_due,
      amount_remaining: 0,
      next_payment_attempt: null,
    })
    tell('invoice.paid', due)
    tell('invoice.payment_succeeded', due)
    return true
  }

  function cardOf(subscription: Subscription): Card | undefined {
    const usual = state.find('customers', subscription.customer)?.invoice_settings.default_payment_method ?? null
    return state.find('cards', subscription.default_payment_method) ?? state.find('cards', usual)
  }

  function begin(session: Session, wanted: Wanted, card: Card): Subscription {
    const start = seconds()
    const trialing = wanted.trialEnd !== undefined && wanted.trialEnd > start
    const anchor = trialing ? (wanted.trialEnd ?? start) : start
    const subscription = state.keep('subscriptions', {
      id: newStripeId('sub'),
      object: 'subscription',
      status: trialing ? 'trialing' : 'active',
      customer: session.customer,
      cancel_at_period_end: false,
      cancel_at: null,
      canceled_at: null,
      ended_at: null,
      cancellation_details: { reason: null },
      billing_cycle_anchor: anchor,
      trial_end: trialing ? anchor : null,
      default_payment_method: card.id,
      latest_invoice: null,
      items: {
        object: 'list',
        data: [
          {
            id: newStripeId('si'),
            object: 'subscription_item',
            quantity: 1,
            price: wanted.price,
            current_period_start: start,
            current_period_end: trialing ? anchor : nextEnd(anchor, wanted.price, anchor),
          },
        ],
      },
      metadata: wanted.metadata,
      created: start,
      livemode: false,
    })
    return subscription
  }

  function pay(sessionId: string, name: CardName): Outcome {
    const session = state.get('sessions', sessionId)
    const wanted = state.get('wanted', sessionId)
    if (session.status !== 'open') return 'closed'
    const card = addCard(session.customer, name)
    // The payment page asks the bank even where nothing is due yet; only such a card as fails later gets past it.
    const chargedNow = session.mode === 'payment' || wanted.trialEnd === undefined || wanted.trialEnd <= seconds()
    if (card.behaves !== 'pays' && (chargedNow || card.behaves !== 'fails_later')) return 'declined'
    if (session.mode === 'payment') {
      const paid = charge(session.customer, card, session.amount_total, session.currency, wanted.metadata)
      session.payment_intent = paid?.payment_intent ?? null
    } else {
      const subscription = begin(session, wanted, card)
      session.subscription = subscription.id
      tell('customer.subscription.created', subscription)
      const due = invoice(subscription, 'subscription_create', chargedNow ? wanted.price.unit_amount : 0)
      collect(subscription, due)
    }
    Object.assign(session, {
      status: 'complete',
      url: null,
      payment_status: chargedNow ? 'paid' : 'no_payment_required',
    })
    tell('checkout.session.completed', session)
    state.save()
    return 'done'
  }

  function expire(session: Session): void {
    Object.assign(session, { status: 'expired', url: null })
    tell('checkout.session.expired', session)
    state.save()
  }

  /** The period ends: the next begins, and is charged. */
  function renew(subscription: Subscription): void {
    const [item] = subscription.items.data
    item.current_period_start = item.current_period_end
    item.current_period_end = nextEnd(subscription.billing_cycle_anchor, item.price, item.current_period_start)
    subscription.trial_end = null
    const due = invoice(subscription, 'subscription_cycle', item.price.unit_amount)
    subscription.status = collect(subscription, due) ? 'active' : 'past_due'
    tell('customer.subscription.updated', subscription)
    state.save()
  }

  /** Tries again what is owed. */
  function retry(subscription: Subscription): void {
    const due = state.find('invoices', subscription.latest_invoice)
    if (due?.status !== 'open' || subscription.status !== 'past_due') return
    if (collect(subscription, due)) {
      subscription.status = 'active'
      tell('customer.subscription.updated', subscription)
    } else if (due.next_payment_attempt === null) end(subscription, 'payment_failed')
    state.save()
  }

  function end(subscription: Subscription, reason: 'cancellation_requested' | 'payment_failed'): void {
    Object.assign(subscription, { status: 'canceled', canceled_at: seconds(), ended_at: seconds() })
    subscription.cancellation_details.reason = reason
    tell('customer.subscription.deleted', subscription)
    state.save()
  }

  /** At the end of the period, or not after all. */
  function cancelAtEnd(subscription: Subscription, cancelling: boolean): void {
    if (subscription.status === 'canceled') return
    Object.assign(subscription, {
      cancel_at_period_end: cancelling,
      cancel_at: cancelling ? subscription.items.data[0].current_period_end : null,
      canceled_at: cancelling ? seconds() : null,
      cancellation_details: { reason: cancelling ? 'cancellation_requested' : null },
    })
    tell('customer.subscription.updated', subscription)
    state.save()
  }

  function changeCard(customerId: string, name: CardName): void {
    const customer = state.get('customers', customerId)
    const card = addCard(customerId, name)
    customer.invoice_settings.default_payment_method = card.id
    tell('payment_method.attached', paymentMethod(card))
    tell('customer.updated', customer)
    for (const subscription of state.tables.subscriptions.values()) {
      if (subscription.customer !== customerId || subscription.status === 'canceled') continue
      subscription.default_payment_method = card.id
      tell('customer.subscription.updated', subscription)
      retry(subscription)
    }
    state.save()
  }

  function refund(payment: string, amount?: number): string | undefined {
    const paid = [...state.tables.charges.values()].find(
      ({ id, payment_intent: intent }) => id === payment || intent === payment,
    )
    const left = paid ? paid.amount - paid.amount_refunded : 0
    if (!paid || left <= 0 || (amount ?? left) > left) return undefined
    const made = {
      id: newStripeId('re'),
      object: 'refund',
      amount: amount ?? left,
      currency: paid.currency,
      status: 'succeeded',
      charge: paid.id,
    } as const
    paid.refunds.data.unshift(made)
    paid.amount_refunded += made.amount
    paid.refunded = paid.amount_refunded === paid.amount
    tell('refund.created', made)
    tell('charge.refunded', paid)
    state.save()
    return made.id
  }

  function dispute(payment: string): boolean {
    const paid = [...state.tables.charges.values()].find(
      ({ id, payment_intent: intent }) => id === payment || intent === payment,
    )
    if (!paid) return false
    tell('charge.dispute.created', {
      id: newStripeId('dp'),
      object: 'dispute',
      amount: paid.amount,
      currency: paid.currency,
      charge: paid.id,
      payment_intent: paid.payment_intent,
      reason: 'fraudulent',
      status: 'needs_response',
    })
    return true
  }

  /** Does what the time that passed would have done, in the order in which it would have. */
  function tick(): void {
    for (const session of state.tables.sessions.values()) {
      if (session.status === 'open' && session.expires_at <= seconds()) expire(session)
    }
    for (const subscription of state.tables.subscriptions.values()) {
      for (let step = 0; step < 500 && stepDue(subscription); step++);
    }
    state.save()
  }

  function stepDue(subscription: Subscription): boolean {
    if (subscription.status === 'canceled') return false
    const ends = subscription.items.data[0].current_period_end
    const due = state.find('invoices', subscription.latest_invoice)
    const again = subscription.status === 'past_due' ? (due?.next_payment_attempt ?? null) : null
    if (again !== null && again <= seconds() && again <= ends) retry(subscription)
    else if (ends > seconds()) return false
    else if (subscription.cancel_at_period_end) end(subscription, 'cancellation_requested')
    else renew(subscription)
    return true
  }

  return { tell, pay, expire, renew, retry, end, cancelAtEnd, changeCard, refund, dispute, tick, addCard }
}

const priceOf = (subscription: Subscription) => subscription.items.data[0].price

/** The first end after `from` of periods counted from the anchor, so that the 31st comes back after February. */
export function nextEnd(anchor: number, price: Wanted['price'], from: number): number {
  const start = Temporal.Instant.fromEpochMilliseconds(anchor * 1000).toZonedDateTimeISO('UTC')
  const unit = price.recurring?.interval === 'year' ? 'years' : 'months'
  for (let count = 1; ; count++) {
    const end = Math.floor(start.add({ [unit]: count }).epochMilliseconds / 1000)
    if (end > from) return end
  }
}

export function paymentMethod(card: Card): Record<string, unknown> {
  return {
    id: card.id,
    object: 'payment_method',
    type: 'card',
    customer: card.customer,
    card: { brand: card.brand, last4: card.number.slice(-4), exp_month: 12, exp_year: 2034 },
  }
}
