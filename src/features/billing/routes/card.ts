// To Stripe's pages and back, and what Stripe calls us with.
import { noteForged } from '../../../platform/security-notes.ts'
import { clinicRouter, publicRouter } from '../../../platform/web/routers.ts'
import { flash } from '../../../platform/web/session.ts'
import { startCheckout } from '../actions/card/checkouts.ts'
import { takesCards } from '../actions/card/incidents.ts'
import { openPortal } from '../actions/card/portal.ts'
import { keepStripeEvent } from '../actions/card/webhook.ts'
import { leftPage, paidPage } from '../pages/card.ts'

const routes = clinicRouter('billing')
export const cardRoutes = routes

/** A clinic that may do nothing else may still pay: it is the way out. */
const always = { whileReadOnly: true, whileLocked: true }

routes.post('/settings/subscription/card', 'clinic.subscription', async (request) => {
  const { req, res, services, clinic, person, at, inClinic, redirect } = request
  // The switch stops new payments by card; a card that is there already is still looked after in the portal.
  const started = takesCards(services) && services.switches.on('card_payments', clinic)
    ? await startCheckout(services, inClinic, clinic, person)
    : ({ ok: false, reason: 'no_cards' } as const)
  if (started.ok) {
    res.redirect(303, started.value)
    return
  }
  // The card that is there already is asked again in Stripe's portal, never beside it.
  if (started.reason === 'has_card') return toPortal(request)
  flash(req, { kind: 'error', key: `billing.card.flash.${started.reason}` })
  await redirect(at('/settings/subscription'))
}, always) // prettier-ignore

routes.post('/settings/subscription/portal', 'clinic.subscription', (request) => toPortal(request), always)

type OwnerRequest = Parameters<Parameters<typeof routes.post>[2]>[0]

async function toPortal({ req, res, services, clinic, person, at, redirect }: OwnerRequest): Promise<void> {
  const opened = takesCards(services)
    ? await openPortal(services, clinic, person.language)
    : ({ ok: false, reason: 'no_cards' } as const)
  if (opened.ok) {
    res.redirect(303, opened.value)
    return
  }
  flash(req, { kind: 'error', key: `billing.card.flash.${opened.reason}` })
  await redirect(at('/settings/subscription'))
}

routes.get('/settings/subscription/card/paid', 'clinic.subscription', async (request) => {
  const { req, speaker, show, inClinic } = request
  const { session } = req.query
  const known = typeof session === 'string' && /^cs_\w{1,250}$/.test(session) ? session : ''
  show(await inClinic((ctx) => paidPage(ctx, speaker, known)))
}, always) // prettier-ignore

routes.get('/settings/subscription/card/cancelled', 'clinic.subscription', async ({ speaker, show, inClinic }) => {
  show(await inClinic((ctx) => Promise.resolve(leftPage(ctx, speaker))))
}, always) // prettier-ignore

/** Mounted before every body parser but one that keeps the raw bytes: the signature is over those. */
export const stripeWebhookRoutes = publicRouter('billing')

stripeWebhookRoutes.post('/webhooks/stripe', 'public', async ({ req, res, services, origin }) => {
  const { stripe, log } = services
  const answer = (status: number, text: string) => {
    res.status(status).type('text/plain').send(text)
  }
  if (!stripe) {
    answer(503, 'no cards here')
    return
  }
  // As Node saw it: a header sent twice is two values here, and neither is believed.
  const signatures = req.headersDistinct['stripe-signature'] ?? []
  const [signature] = signatures
  const body: unknown = req.body
  const event =
    Buffer.isBuffer(body) && signature !== undefined && signatures.length === 1
      ? stripe.eventIn(body, signature, services.clock.now())
      : undefined
  if (!event) {
    log.warn('webhook.refused', { status: 401 })
    await noteForged(services, origin, 'stripe')
    answer(401, 'not signed')
    return
  }
  const count = await keepStripeEvent(services, event)
  log.info('webhook.kept', { count })
  answer(200, 'ok')
})
