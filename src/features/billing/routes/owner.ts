// The owner's subscription: looking at it, choosing, paying by hand, leaving, and the papers.
import type { View } from '../../../platform/web/views.ts'
import { parseForm } from '../../../kernel/forms.ts'
import { notFound } from '../../../platform/errors.ts'
import { clinicRouter, idParam, operatorRouter, type ClinicRequest } from '../../../platform/web/routers.ts'
import { cancellationPage, changePage } from '../pages/change.ts'
import { documentPage } from '../pages/document.ts'
import { subscriptionPage } from '../pages/owner.ts'
import { paymentPage } from '../pages/payment.ts'
import { openAnySlip, openOwnSlip } from '../actions/slips.ts'
import { choiceForm } from '../schema.ts'

const routes = clinicRouter('billing')
export const subscriptionRoutes = routes

/** A clinic that may do nothing else may still see to its subscription: it is the way out. */
const always = { whileReadOnly: true, whileLocked: true }
const home = '/settings/subscription'

routes.get(
  home,
  'clinic.subscription',
  async ({ req, services, speaker, clinic, show, inClinic }) => {
    const { interval } = req.query
    const cards = services.stripe !== undefined && services.switches.on('card_payments', clinic)
    show(
      await inClinic((ctx) =>
        subscriptionPage(ctx, speaker, {
          interval: interval === 'month' || interval === 'year' ? interval : undefined,
          cards,
        }),
      ),
    )
  },
  always,
)

/** What can't be done as things stand is not an error: the page says how they stand. */
async function showOrBack({ show, redirect, at }: ClinicRequest, page: View | undefined, status = 200): Promise<void> {
  if (page) show(page, { status })
  else await redirect(at(home))
}

routes.get(
  `${home}/change`,
  'clinic.subscription',
  async (request) => {
    const asked = parseForm(choiceForm, request.req.query)
    const page = asked.ok ? await request.inClinic((ctx) => changePage(ctx, request.speaker, asked.value)) : undefined
    await showOrBack(request, page)
  },
  always,
)

routes.get(
  `${home}/cancellation`,
  'clinic.subscription',
  async (request) => showOrBack(request, await request.inClinic((ctx) => cancellationPage(ctx, request.speaker))),
  always,
)

routes.get(
  `${home}/payment`,
  'clinic.subscription',
  async (request) => showOrBack(request, await request.inClinic((ctx) => paymentPage(ctx, request.speaker))),
  always,
)

routes.get(
  `${home}/documents/:id`,
  'clinic.subscription',
  async ({ req, services, show, speaker, inClinic, clinic }) => {
    const id = idParam<'document'>(req, 'id')
    const speakers = (lang: 'en' | 'ar' | 'ur') => services.speakers(lang, clinic)
    show(await inClinic((ctx) => documentPage(ctx, speaker, speakers, id)), { layout: 'bare' })
  },
  always,
)

// Pictures of slips: of one's own clinic, or, for people of the platform, of any.

type Shown = { res: ClinicRequest['res'] }

/** Never a page: whatever is in the picture, the browser saves or draws it and runs nothing. */
function sendPicture({ res }: Shown, picture: { bytes: Buffer; mediaType: string }): void {
  res.setHeader('Content-Type', picture.mediaType)
  res.setHeader('Content-Disposition', `inline; filename="slip.jpg"; filename*=UTF-8''slip.jpg`)
  res.setHeader('X-Content-Type-Options', 'nosniff')
  res.setHeader('Content-Security-Policy', "sandbox; default-src 'none'")
  res.setHeader('Cache-Control', 'no-store')
  res.send(picture.bytes)
}

routes.get(
  `${home}/payments/:id/slip`,
  'clinic.subscription',
  async (request) => {
    const id = idParam<'payment'>(request.req, 'id')
    sendPicture(request, (await request.inClinic((ctx) => openOwnSlip(ctx, id))) ?? notFound('slip'))
  },
  always,
)

const operator = operatorRouter('billing')
export const slipRoutes = operator

operator.get('/payments/:id/slip', 'console.money', async (request) => {
  const { services } = request
  const id = idParam<'payment'>(request.req, 'id')
  sendPicture(request, (await openAnySlip(services, id)) ?? notFound('slip'))
})
