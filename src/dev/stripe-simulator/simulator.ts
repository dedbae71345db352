// A stand-in for Stripe's side: it takes the official package's requests, shows a payment page and a portal in the
// browser, charges cards that are none, and calls back with signed webhooks. It knows nothing of the product but its
// webhook's address.
import { Router } from 'express'
import type { Line } from '../webhook-post.ts'
import { stripeApi } from './api.ts'
import { controlSettings, type CardName, type StripeSettings } from './controls.ts'
import { money, type Money, type Outcome } from './money.ts'
import { stripePages } from './pages.ts'
import { newStripeId, StripeState, type Event } from './state.ts'
import { signedHeader, StripeWebhooks } from './webhooks.ts'

export type StripeSimulatorOptions = {
  secretKey: string
  webhookSecret: string
  webhookUrl: string
  /** Where the browser finds this stand-in's pages: `https://…/dev`. */
  publicUrl: string
  /** Milliseconds; the test's own clock. */
  now?: () => number
  /** `manual`: nothing is called back before `flush`, and no time passes but by `tick`. */
  deliver?: 'manual' | 'auto'
  stateFile?: string
}

export type StripeControls = {
  /** Misbehave like this from now on; what is left out behaves. */
  set(settings: StripeSettings): void
  settings(): StripeSettings
  flush(): Promise<number[]>
  release(): Promise<number[]>
  waiting(): number
  lines(): readonly Line[]
  /** Everything it ever told, oldest first. */
  events(): readonly Event[]
  /** Sends an event again, or one that never happened. */
  send(event: Event | { type: string; object: Record<string, unknown> }): void
  pay(session: string, card?: CardName): Outcome
  expire(session: string): void
  /** Charges what is due by now, expires what is over. */
  tick(): void
  /** Ends the present period now; `fails` lets the card fail. */
  renew(subscription: string, fails?: boolean): void
  cancel(subscription: string, at?: 'end' | 'once'): void
  resume(subscription: string): void
  changeCard(customer: string, card: CardName): void
  refund(payment: string, amount?: number): string | undefined
  dispute(payment: string): boolean
  /** The header for a body of one's own. */
  sign(body: string, secret?: string, at?: number): string
  reset(): void
}

export type StripeSimulator = {
  /** To be mounted at `/v1`, where the official package looks. */
  api: Router
  /** To be mounted at the path of `publicUrl`. */
  router: Router
  controls: StripeControls
  state: StripeState
  stop(): Promise<void>
}

const apiVersion = '2026-10-28.endive'

export function createStripeSimulator(options: StripeSimulatorOptions): StripeSimulator {
  const state = new StripeState(options.stateFile)
  const now = options.now ?? (() => Date.now())
  let settings: StripeSettings = {}
  const auto = options.deliver === 'auto'
  const webhooks = new StripeWebhooks({ ...options, now, auto }, () => settings)
  const happenings: Money = money(state, now, (event) => webhooks.push(event), apiVersion)

  const controls: StripeControls = {
    set: (wanted) => {
      settings = structuredClone(controlSettings.parse(wanted))
      if (settings.late !== true) webhooks.letGo()
    },
    settings: () => structuredClone(settings),
    flush: () => webhooks.flush(),
    release: () => webhooks.release(),
    waiting: () => webhooks.waiting,
    lines: () => webhooks.lines,
    events: () => webhooks.events,
    send: (event) => {
      if ('id' in event) webhooks.send(event)
      else happenings.tell(event.type, event.object)
    },
    pay: (session, card = 'visa') => happenings.pay(session, card),
    expire: (session) => happenings.expire(state.get('sessions', session)),
    tick: () => happenings.tick(),
    renew: (id, fails = false) => {
      const subscription = state.get('subscriptions', id)
      if (fails) subscription.default_payment_method = happenings.addCard(subscription.customer, 'fails_later').id
      happenings.renew(subscription)
    },
    cancel: (id, at = 'end') => {
      const subscription = state.get('subscriptions', id)
      if (at === 'once') happenings.end(subscription, 'cancellation_requested')
      else happenings.cancelAtEnd(subscription, true)
    },
    resume: (id) => happenings.cancelAtEnd(state.get('subscriptions', id), false),
    changeCard: (customer, card) => happenings.changeCard(customer, card),
    refund: (payment, amount) => happenings.refund(payment, amount),
    dispute: (payment) => happenings.dispute(payment),
    sign: (body, secret = options.webhookSecret, at = now()) => signedHeader(body, secret, at),
    reset: () => {
      settings = {}
      webhooks.clear()
      state.reset()
    },
  }
  const passing = auto ? setInterval(() => happenings.tick(), 30_000) : undefined
  passing?.unref()
  const api = stripeApi({
    state,
    money: happenings,
    webhooks,
    settings: () => settings,
    secretKey: options.secretKey,
    apiVersion,
    now,
    pages: `${options.publicUrl}/stripe`,
  })
  return {
    api: Router().use(api),
    router: stripePages({ state, controls }),
    controls,
    state,
    stop: () => {
      clearInterval(passing)
      webhooks.clear()
      state.save()
      return Promise.resolve()
    },
  }
}

/** An event as Stripe would write it, for tests that forge one. */
export function eventText(type: string, object: Record<string, unknown>, created: number): string {
  return JSON.stringify({
    id: newStripeId('evt'),
    object: 'event',
    api_version: apiVersion,
    created,
    type,
    data: { object },
    livemode: false,
    pending_webhooks: 1,
    request: { id: null, idempotency_key: null },
  })
}
