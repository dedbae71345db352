// The requests the product makes, under Stripe's own addresses: form-encoded in, JSON out, the same answer for the same
// idempotency key.
import { createHash, timingSafeEqual } from 'node:crypto'
import express, { Router, type ErrorRequestHandler, type Request, type Response } from 'express'
import { z } from 'zod'
import { takeCounted, type StripeSettings } from './controls.ts'
import { nextEnd, paymentMethod, type Money } from './money.ts'
import { newStripeId, type Price, type Session, type StripeState, type Subscription } from './state.ts'
import type { StripeWebhooks } from './webhooks.ts'

export type ApiParts = {
  state: StripeState
  money: Money
  webhooks: StripeWebhooks
  settings: () => StripeSettings
  secretKey: string
  apiVersion: string
  now: () => number
  /** Where the browser finds the pages: `https://…/dev/stripe`. */
  pages: string
}

class Refused extends Error {
  readonly status: number
  readonly body: { type: string; code?: string; param?: string; message: string }
  constructor(status: number, body: Refused['body']) {
    super(body.message)
    this.status = status
    this.body = body
  }
}

const invalid = (message: string, param?: string): Refused =>
  new Refused(400, { type: 'invalid_request_error', message, ...(param === undefined ? {} : { param }) })
const missing = (what: string, id: string): Refused =>
  new Refused(404, {
    type: 'invalid_request_error',
    code: 'resource_missing',
    param: 'id',
    message: `No such ${what}: '${id}'`,
  })

// Everything is text on the wire.
const whole = z
  .string()
  .regex(/^\d{1,12}$/)
  .transform(Number)
const flag = z.enum(['true', 'false']).transform((text) => text === 'true')
const metadata = z.record(z.string().max(40), z.string().max(500)).default({})
const interval = z.enum(['month', 'year'])
const amount = whole.refine((value) => value <= 99_999_999, 'at most eight digits')
const address = z.url()
const customerParams = z.strictObject({
  name: z.string().max(256).optional(),
  email: z.email().optional(),
  preferred_locales: z.array(z.string()).optional(),
  metadata,
})
const sessionParams = z.strictObject({
  mode: z.enum(['payment', 'subscription']),
  customer: z.string(),
  client_reference_id: z.string().max(200).optional(),
  metadata,
  allowed_payment_method_types: z.array(z.literal('card')).optional(),
  adaptive_pricing: z.strictObject({ enabled: flag }).optional(),
  line_items: z
    .array(
      z.strictObject({
        quantity: z.literal('1'),
        price_data: z.strictObject({
          currency: z.string().regex(/^[a-z]{3}$/),
          unit_amount: amount,
          product_data: z.strictObject({ name: z.string().min(1).max(250) }),
          recurring: z.strictObject({ interval }).optional(),
        }),
      }),
    )
    .length(1),
  subscription_data: z.strictObject({ metadata, trial_end: whole.optional() }).optional(),
  payment_intent_data: z.strictObject({ metadata }).optional(),
  locale: z.enum(['auto', 'en']).optional(),
  success_url: address,
  cancel_url: address,
})
const subscriptionParams = z.strictObject({
  proration_behavior: z.enum(['none', 'create_prorations', 'always_invoice']).optional(),
  items: z
    .array(
      z.strictObject({
        id: z.string(),
        price_data: z.strictObject({
          product: z.string(),
          currency: z.string().regex(/^[a-z]{3}$/),
          unit_amount: amount,
          recurring: z.strictObject({ interval }),
        }),
      }),
    )
    .length(1)
    .optional(),
  trial_end: whole.optional(),
  cancel_at: z.literal('').optional(),
  cancel_at_period_end: flag.optional(),
})

type Handler = (req: Request) => Record<string, unknown>

export function stripeApi(parts: ApiParts): Router {
  const { state, money, settings, webhooks } = parts
  const api = Router()
  const seconds = () => Math.floor(parts.now() / 1000)
  const bodies = express.urlencoded({ extended: true, limit: '1mb' })

  api.use((req, res, next) => {
    res.setHeader('Request-Id', newStripeId('req'))
    res.setHeader('Stripe-Version', parts.apiVersion)
    if (!sameText(req.headers.authorization ?? '', `Bearer ${parts.secretKey}`)) {
      return answer(parts, req, res, 401, {
        error: { type: 'invalid_request_error', message: 'Invalid API Key provided: sk_****' },
      })
    }
    if (req.headers['stripe-version'] !== parts.apiVersion) {
      return answer(parts, req, res, 400, {
        error: { type: 'invalid_request_error', message: `This stand-in speaks ${parts.apiVersion} only` },
      })
    }
    const failing = takeCounted(settings(), 'fail', req.path)
    if (!failing) return next()
    const kind =
      failing.status >= 500 ? 'api_error' : failing.status === 429 ? 'rate_limit_error' : 'invalid_request_error'
    const error = { type: kind, message: 'As ordered.', ...(failing.code === undefined ? {} : { code: failing.code }) }
    answer(parts, req, res, failing.status, failing.bare === true ? { message: 'Bad gateway' } : { error })
  })

  const on = (method: 'get' | 'post' | 'delete', path: string, handle: Handler) => {
    api[method](path, bodies, (req: Request, res: Response) => respond(parts, req, res, handle))
  }

  on('post', '/customers', (req) => {
    const wanted = read(customerParams, req)
    return state.keep('customers', {
      id: newStripeId('cus'),
      object: 'customer',
      name: wanted.name ?? null,
      email: wanted.email ?? null,
      metadata: wanted.metadata,
      invoice_settings: { default_payment_method: null },
      created: seconds(),
    })
  })
  on('get', '/customers/:id', (req) => state.find('customers', param(req)) ?? gone('customer', req))

  on('post', '/products', (req) => {
    const { id, name } = read(z.strictObject({ id: z.string().optional(), name: z.string().min(1) }), req)
    if (id !== undefined && state.find('products', id)) {
      throw new Refused(400, {
        type: 'invalid_request_error',
        code: 'resource_already_exists',
        message: 'Product already exists.',
      })
    }
    return state.keep('products', { id: id ?? newStripeId('prod'), object: 'product', name, active: true })
  })
  on('get', '/products/:id', (req) => state.find('products', param(req)) ?? gone('product', req))

  on('post', '/checkout/sessions', (req) => startCheckout(parts, read(sessionParams, req)))
  on('get', '/checkout/sessions/:id', (req) => state.find('sessions', param(req)) ?? gone('checkout.session', req))
  on('post', '/checkout/sessions/:id/expire', (req) => {
    const session = state.find('sessions', param(req)) ?? gone('checkout.session', req)
    if (session.status !== 'open') throw invalid('Only Checkout Sessions with a status in ["open"] can be expired.')
    money.expire(session)
    return session
  })

  on('post', '/billing_portal/sessions', (req) => {
    const wanted = read(
      z.strictObject({ customer: z.string(), return_url: address, locale: z.string().optional() }),
      req,
    )
    if (!state.find('customers', wanted.customer)) throw missing('customer', wanted.customer)
    const { customer, return_url } = wanted
    const portal = state.keep('portals', { id: newStripeId('bps'), customer, return_url })
    return {
      ...portal,
      object: 'billing_portal.session',
      livemode: false,
      url: `${parts.pages}/portal/${portal.id}`,
      created: seconds(),
    }
  })

  on('get', '/subscriptions/:id', (req) => {
    const found = state.find('subscriptions', param(req)) ?? gone('subscription', req)
    return expanded(state, found, expansions(req))
  })
  on('post', '/subscriptions/:id', (req) => {
    const found = state.find('subscriptions', param(req)) ?? gone('subscription', req)
    if (found.status === 'canceled') throw invalid('A canceled subscription can only update its cancellation_details.')
    change(parts, found, read(subscriptionParams, req))
    return found
  })
  on('delete', '/subscriptions/:id', (req) => {
    const found = state.find('subscriptions', param(req))
    if (!found || found.status === 'canceled') throw missing('subscription', param(req))
    money.end(found, 'cancellation_requested')
    return found
  })

  on('get', '/invoices/:id', (req) => {
    const { payments, ...found } = state.find('invoices', param(req)) ?? gone('invoice', req)
    return expansions(req).includes('payments') ? { ...found, payments } : found
  })
  on('get', '/charges/:id', (req) => {
    const { refunds, ...found } = state.find('charges', param(req)) ?? gone('charge', req)
    return expansions(req).includes('refunds') ? { ...found, refunds } : found
  })
  on('get', '/payment_intents/:id', (req) => state.find('intents', param(req)) ?? gone('payment_intent', req))
  on('post', '/refunds', (req) => {
    const wanted = read(
      z.strictObject({
        payment_intent: z.string().optional(),
        charge: z.string().optional(),
        amount: whole.optional(),
      }),
      req,
    )
    const made = money.refund(wanted.payment_intent ?? wanted.charge ?? '', wanted.amount)
    if (made === undefined) throw invalid('There is nothing to give back.')
    const [refund] = [...state.tables.charges.values()].flatMap(({ refunds }) =>
      refunds.data.filter(({ id }) => id === made),
    )
    return { ...refund }
  })

  api.use((req: Request, res: Response) =>
    answer(parts, req, res, 404, {
      error: {
        type: 'invalid_request_error',
        message: `Unrecognized request URL (${req.method}: ${req.originalUrl}).`,
      },
    }),
  )
  const broken: ErrorRequestHandler = (error: unknown, req, res, _next) => {
    webhooks.note({ way: 'to us', what: req.path, answer: 'broke', ok: false })
    const message = error instanceof Error ? error.message : 'unreadable'
    answer(parts, req, res, 400, { error: { type: 'invalid_request_error', message } })
  }
  api.use(broken)
  return api
}

function respond(parts: ApiParts, req: Request, res: Response, handle: Handler): void {
  const { state } = parts
  const key = req.headers['idempotency-key']
  const asked = createHash('sha256')
    .update(JSON.stringify([req.method, req.path, req.body ?? {}]))
    .digest('hex')
  if (typeof key === 'string' && req.method === 'POST') {
    if (key.length > 255) {
      return answer(parts, req, res, 400, { error: invalid('Idempotency keys are at most 255 characters.').body })
    }
    res.setHeader('Idempotency-Key', key)
    const kept = state.tables.answers.get(key)
    if (kept && kept.asked !== asked) {
      const message = `Keys for idempotent requests can only be used with the same parameters they were first used with.`
      return answer(parts, req, res, 400, { error: { type: 'idempotency_error', message } })
    }
    if (kept) {
      res.setHeader('Idempotent-Replayed', 'true')
      if (brokenOff(parts, req)) return
      return answer(parts, req, res, kept.status, JSON.parse(kept.body) as Record<string, unknown>)
    }
  }
  let [status, body]: [number, Record<string, unknown>] = [200, {}]
  try {
    // As it is now: whatever changes later must not change an answer that was given.
    body = structuredClone(handle(req))
  } catch (error) {
    if (!(error instanceof Refused)) throw error
    status = error.status
    body = { error: error.body }
  }
  if (typeof key === 'string' && status === 200) {
    state.tables.answers.set(key, { asked, status, body: JSON.stringify(body) })
  }
  state.save()
  if (brokenOff(parts, req)) return
  answer(parts, req, res, status, body)
}

function brokenOff(parts: ApiParts, req: Request): boolean {
  if (!takeCounted(parts.settings(), 'breakAfter', req.path)) return false
  parts.webhooks.note({ way: 'to us', what: `${req.method} ${req.path}`, answer: 'done, line broken', ok: false })
  req.socket.destroy()
  return true
}

function answer(parts: ApiParts, req: Request, res: Response, status: number, body: Record<string, unknown>): void {
  const { error } = body as { error?: { code?: string; type: string } }
  const code = error ? `, ${error.code ?? error.type}` : ''
  parts.webhooks.note({
    way: 'to us',
    what: `${req.method} ${req.path}`,
    answer: `${status}${code}`,
    ok: status < 400,
  })
  res.status(status).json(body)
}

function startCheckout(parts: ApiParts, wanted: z.output<typeof sessionParams>): Session {
  const { state, pages } = parts
  const seconds = Math.floor(parts.now() / 1000)
  if (!state.find('customers', wanted.customer)) throw missing('customer', wanted.customer)
  const [line] = wanted.line_items
  if (!line) throw invalid('You must have at least one line item.', 'line_items')
  const { currency, unit_amount, product_data, recurring } = line.price_data
  if ((wanted.mode === 'subscription') !== (recurring !== undefined)) {
    throw invalid('You must provide one recurring price in `subscription` mode, and none in `payment` mode.', 'mode')
  }
  const trialEnd = wanted.subscription_data?.trial_end
  if (trialEnd !== undefined && trialEnd < seconds + 48 * 3600) {
    throw invalid('The `trial_end` date has to be at least 2 days in the future.', 'subscription_data[trial_end]')
  }
  if (['bhd', 'jod', 'kwd', 'omr', 'tnd'].includes(currency) && unit_amount % 10 !== 0) {
    throw invalid('Amounts in this currency must end in 0.', 'line_items[0][price_data][unit_amount]')
  }
  const id = newStripeId('cs_test')
  const product = state.keep('products', {
    id: newStripeId('prod'),
    object: 'product',
    name: product_data.name,
    active: true,
  })
  const price = priceOf(currency, unit_amount, product.id, recurring?.interval)
  state.tables.wanted.set(id, {
    price,
    trialEnd,
    metadata: wanted.subscription_data?.metadata ?? wanted.payment_intent_data?.metadata ?? {},
  })
  return state.keep('sessions', {
    id,
    object: 'checkout.session',
    mode: wanted.mode,
    status: 'open',
    payment_status: 'unpaid',
    url: `${pages}/pay/${id}`,
    amount_total: trialEnd === undefined ? unit_amount : 0,
    currency,
    customer: wanted.customer,
    subscription: null,
    payment_intent: null,
    client_reference_id: wanted.client_reference_id ?? null,
    metadata: wanted.metadata,
    success_url: wanted.success_url,
    cancel_url: wanted.cancel_url,
    created: seconds,
    expires_at: seconds + 24 * 3600,
    livemode: false,
  })
}

function change(parts: ApiParts, found: Subscription, wanted: z.output<typeof subscriptionParams>): void {
  const { state, money } = parts
  const seconds = Math.floor(parts.now() / 1000)
  const [item] = found.items.data
  const [line] = wanted.items ?? []
  if (line && line.id !== item.id) throw missing('subscription_item', line.id)
  if (line && !state.find('products', line.price_data.product)) throw missing('product', line.price_data.product)
  if (wanted.trial_end !== undefined && wanted.trial_end <= seconds) {
    throw invalid('Timestamp must be an integer Unix timestamp in the future.', 'trial_end')
  }
  if ((line !== undefined || wanted.trial_end !== undefined) && wanted.proration_behavior !== 'none') {
    throw invalid('This stand-in does not compute prorations.', 'proration_behavior')
  }
  const before = item.price.recurring?.interval
  if (line) {
    const { currency, unit_amount, product, recurring } = line.price_data
    if (currency !== item.price.currency) throw invalid('You cannot combine currencies on a single customer.', 'items')
    item.price = priceOf(currency, unit_amount, product, recurring.interval)
  }
  if (wanted.trial_end !== undefined) {
    Object.assign(found, { status: 'trialing', trial_end: wanted.trial_end, billing_cycle_anchor: wanted.trial_end })
    item.current_period_end = wanted.trial_end
  } else if (line && line.price_data.recurring.interval !== before && found.status !== 'trialing') {
    // Another interval begins a new period, and charges it, now.
    found.billing_cycle_anchor = seconds
    item.current_period_end = seconds
    money.renew(found)
    item.current_period_end = nextEnd(seconds, item.price, seconds)
  }
  if (wanted.cancel_at === '' && !found.cancel_at_period_end) found.cancel_at = null
  if (wanted.cancel_at_period_end !== undefined && wanted.cancel_at_period_end !== found.cancel_at_period_end) {
    money.cancelAtEnd(found, wanted.cancel_at_period_end)
  } else money.tell('customer.subscription.updated', found)
}

function priceOf(currency: string, amount: number, product: string, each: 'month' | 'year' | undefined): Price {
  return {
    id: newStripeId('price'),
    object: 'price',
    currency,
    unit_amount: amount,
    product,
    recurring: each ? { interval: each, interval_count: 1 } : null,
  }
}

function expanded(state: StripeState, subscription: Subscription, wanted: string[]): Record<string, unknown> {
  const method = (id: string | null | undefined) => {
    const card = state.find('cards', id ?? null)
    return card ? paymentMethod(card) : null
  }
  const customer = state.find('customers', subscription.customer)
  const usual = 'customer.invoice_settings.default_payment_method'
  return {
    ...subscription,
    ...(wanted.includes('default_payment_method')
      ? { default_payment_method: method(subscription.default_payment_method) }
      : {}),
    ...(wanted.includes(usual) && customer
      ? {
          customer: {
            ...customer,
            invoice_settings: { default_payment_method: method(customer.invoice_settings.default_payment_method) },
          },
        }
      : {}),
  }
}

function expansions(req: Request): string[] {
  const query = new URLSearchParams(req.originalUrl.split('?')[1] ?? '')
  return [...query].filter(([name]) => /^expand\[\d*\]$/.test(name)).map(([, value]) => value)
}

const param = (req: Request): string => String(req.params.id)
const gone = (what: string, req: Request): never => {
  throw missing(what, param(req))
}

function read<Schema extends z.ZodType>(schema: Schema, req: Request): z.output<Schema> {
  const parsed = schema.safeParse(req.body ?? {})
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  throw invalid(`Received unknown or wrong parameter: ${issue?.message ?? ''}`, issue?.path.map(String).join('.'))
}

function sameText(one: string, other: string): boolean {
  const [a, b] = [Buffer.from(one), Buffer.from(other)]
  return a.length === b.length && timingSafeEqual(a, b)
}
