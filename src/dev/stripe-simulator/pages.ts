// What people see of Stripe's side: the payment page, the portal, and a desk from which to make things happen.
import { fileURLToPath } from 'node:url'
import ejs from 'ejs'
import express, { Router, type Request, type Response } from 'express'
import { minorDigits } from '../../kernel/money.ts'
import { field, form, ownForms } from '../whatsapp-simulator/posted-forms.ts'
import { stripeControlApi } from './control-api.ts'
import { cardNames, type CardName, type StripeSettings } from './controls.ts'
import { cardChoices } from './money.ts'
import type { StripeControls } from './simulator.ts'
import type { Session, StripeState, Subscription } from './state.ts'

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url))
export type PageParts = { state: StripeState; controls: StripeControls }

export function stripePages(parts: PageParts): Router {
  const router = Router()
  router.use('/stripe-assets', express.static(here('./assets'), { maxAge: 0 }))
  router.use('/stripe', ownForms)
  checkoutPages(router, parts)
  portalPages(router, parts)
  deskPages(router, parts)
  router.use(stripeControlApi(parts))
  return router
}

function checkoutPages(router: Router, { state, controls }: PageParts): void {
  const show = (res: Response, req: Request, session: Session, problem: string) => {
    const wanted = state.get('wanted', session.id)
    const { price, trialEnd } = wanted
    return page(res, req, 'pay', {
      session,
      problem,
      cards: cardChoices,
      product: state.find('products', price.product)?.name ?? '',
      price: amountText(price.unit_amount, price.currency),
      each: price.recurring?.interval,
      today: amountText(session.amount_total, session.currency),
      later: trialEnd === undefined ? undefined : dayText(trialEnd),
      business: 'Nabz',
    })
  }
  router.get('/stripe/pay/:id', (req, res) => {
    const session = state.find('sessions', req.params.id)
    return session ? show(res, req, session, '') : nothing(res, req)
  })
  router.post('/stripe/pay/:id', form, (req, res) => {
    const session = state.find('sessions', String(req.params.id))
    if (!session) return nothing(res, req)
    if (field(req, 'do') === 'cancel') return res.redirect(303, session.cancel_url)
    const outcome = controls.pay(session.id, cardOf(req))
    if (outcome !== 'done') return show(res.status(402), req, session, outcome)
    res.redirect(303, session.success_url.replace('{CHECKOUT_SESSION_ID}', session.id))
  })
}

function portalPages(router: Router, { state, controls }: PageParts): void {
  router.get('/stripe/portal/:id', (req, res) => {
    const portal = state.find('portals', req.params.id)
    if (!portal) return nothing(res, req)
    return page(res, req, 'portal', {
      portal,
      cards: cardChoices,
      customer: state.find('customers', portal.customer),
      subscriptions: subscriptionsOf(state, portal.customer).map((one) => subscriptionView(state, one)),
    })
  })
  router.post('/stripe/portal/:id', form, (req, res) => {
    const portal = state.find('portals', String(req.params.id))
    if (!portal) return nothing(res, req)
    const own = subscriptionsOf(state, portal.customer).find(({ id }) => id === field(req, 'subscription'))
    const wish = field(req, 'do')
    if (wish === 'card') controls.changeCard(portal.customer, cardOf(req))
    if (wish === 'cancel' && own) controls.cancel(own.id)
    if (wish === 'resume' && own) controls.resume(own.id)
    res.redirect(303, `${req.baseUrl}/stripe/portal/${portal.id}`)
  })
}

const switches: { name: keyof StripeSettings; label: string }[] = [
  { name: 'late', label: 'Keep webhooks back until released' },
  { name: 'twice', label: 'Deliver every webhook twice' },
  { name: 'wrongSignature', label: 'Sign with the wrong secret' },
  { name: 'stale', label: 'Sign as of ten minutes ago' },
]

function deskPages(router: Router, { state, controls }: PageParts): void {
  router.get('/stripe', (req, res) => {
    const settings = controls.settings()
    return page(res, req, 'desk', {
      subscriptions: [...state.tables.subscriptions.values()].reverse().map((one) => subscriptionView(state, one)),
      sessions: [...state.tables.sessions.values()].filter(({ status }) => status === 'open').reverse(),
      charges: [...state.tables.charges.values()]
        .reverse()
        .slice(0, 25)
        .map((one) => ({
          id: one.id,
          payment: one.payment_intent,
          amount: amountText(one.amount, one.currency),
          given: one.amount_refunded === 0 ? '' : amountText(one.amount_refunded, one.currency),
          card: `${one.payment_method_details.card.brand} •••• ${one.payment_method_details.card.last4}`,
          customer: state.find('customers', one.customer)?.name ?? '',
          whole: one.refunded,
        })),
      switches: switches.map((one) => ({ ...one, on: settings[one.name] === true })),
      failing: settings.fail?.count ?? 0,
      waiting: controls.waiting(),
      lines: controls
        .lines()
        .slice(0, 30)
        .map((line) => ({ ...line, time: new Date(line.at).toISOString().slice(11, 19) })),
    })
  })
  router.post('/stripe/do', form, async (req, res) => {
    const subscription = state.find('subscriptions', field(req, 'subscription'))
    switch (field(req, 'do')) {
      case 'renew':
      case 'fail':
        if (subscription && subscription.status !== 'canceled') {
          controls.renew(subscription.id, field(req, 'do') === 'fail')
        }
        break
      case 'end':
        if (subscription && subscription.status !== 'canceled') controls.cancel(subscription.id, 'once')
        break
      case 'refund':
        controls.refund(field(req, 'payment'))
        break
      case 'dispute':
        controls.dispute(field(req, 'payment'))
        break
      case 'release':
        await controls.release()
        break
      case 'switches':
        controls.set({
          ...Object.fromEntries(switches.flatMap(({ name }) => (field(req, name) === '' ? [] : [[name, true]]))),
          ...(Number(field(req, 'failing')) > 0
            ? { fail: { count: Math.min(Number(field(req, 'failing')), 1000), status: 503 } }
            : {}),
        })
        break
    }
    res.redirect(303, `${req.baseUrl}/stripe`)
  })
}

const cardOf = (req: Request): CardName => cardNames.find((name) => name === field(req, 'card')) ?? 'visa'

const subscriptionsOf = (state: StripeState, customer: string) =>
  [...state.tables.subscriptions.values()].filter((one) => one.customer === customer)

function subscriptionView(state: StripeState, one: Subscription) {
  const [item] = one.items.data
  const card = state.find('cards', one.default_payment_method)
  return {
    id: one.id,
    status: one.status,
    cancelling: one.cancel_at_period_end,
    over: one.status === 'canceled',
    customer: state.find('customers', one.customer)?.name ?? '',
    product: state.find('products', item.price.product)?.name ?? '',
    price: `${amountText(item.price.unit_amount, item.price.currency)} a ${item.price.recurring?.interval ?? ''}`,
    until: dayText(item.current_period_end),
    card: card ? `${card.brand} •••• ${card.number.slice(-4)}` : 'no card',
  }
}

const day = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'long', year: 'numeric', timeZone: 'UTC' })
const dayText = (seconds: number): string => day.format(seconds * 1000)

function amountText(minor: number, currency: string): string {
  const digits = minorDigits(currency.toUpperCase())
  return `${currency.toUpperCase()} ${(minor / 10 ** digits).toLocaleString('en-GB', { minimumFractionDigits: digits })}`
}

function nothing(res: Response, req: Request): Promise<void> {
  return page(res.status(404), req, 'nothing', {})
}

async function page(res: Response, req: Request, name: string, model: Record<string, unknown>): Promise<void> {
  const html = await ejs.renderFile(here(`./views/${name}.ejs`), { base: req.baseUrl, ...model })
  res.type('html').set('Cache-Control', 'no-store').send(html)
}
