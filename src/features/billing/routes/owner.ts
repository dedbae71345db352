// The owner's subscription: looking at it, choosing, paying by hand, leaving, and the papers, which the books have too.
import type { View } from '../../../platform/web/views.ts'
import { parseForm, withErrors, type Form } from '../../../kernel/forms.ts'
import { allowed } from '../../../kernel/permissions.ts'
import { dateAt } from '../../../kernel/time.ts'
import { repaint, type Picture } from '../../../platform/pictures.ts'
import { uploadOf } from '../../../platform/web/uploads.ts'
import { notFound } from '../../../platform/errors.ts'
import { clinicRouter, idParam, operatorRouter, type ClinicRequest } from '../../../platform/web/routers.ts'
import { flash } from '../../../platform/web/session.ts'
import { cancellationPage, changePage } from '../pages/change.ts'
import { documentPage } from '../pages/document.ts'
import { accountPage } from '../pages/account.ts'
import { subscriptionPage } from '../pages/owner.ts'
import { paymentPage } from '../pages/payment.ts'
import { choosePlan, declareByHand, findDue, keepPlan, leave, stay } from '../actions/owner.ts'
import { openAnySlip, openOwnSlip } from '../actions/slips.ts'
import { cancellationForm, choiceForm, declarationForm } from '../schema.ts'

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
      await inClinic(async (ctx) =>
        subscriptionPage(ctx, speaker, {
          due: await findDue(ctx, services),
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

routes.post(
  `${home}/change`,
  'clinic.subscription',
  async ({ req, services, speaker, inClinic, redirect, at }) => {
    const asked = parseForm(choiceForm, req.body)
    const chosen = asked.ok ? await inClinic((ctx) => choosePlan(ctx, services, asked.value)) : undefined
    if (!chosen?.ok) {
      flash(req, { kind: 'error', key: 'billing.flash.not_possible' })
      return redirect(at(home))
    }
    const { value } = chosen
    if (value.kind === 'ordered') {
      flash(req, { kind: 'success', key: 'billing.flash.ordered' })
    } else if (value.kind === 'planned') {
      flash(req, { kind: 'success', key: 'billing.flash.change_planned', params: { date: speaker.date(value.at) } })
    } else {
      flash(req, { kind: 'success', key: value.kind === 'freed' ? 'billing.flash.freed' : 'billing.flash.changed' })
    }
    await redirect(at(home))
  },
  always,
)

routes.post(
  `${home}/change/undo`,
  'clinic.subscription',
  async (request) => {
    const kept = await request.inClinic((ctx) => keepPlan(ctx, request.services))
    await said(request, kept.ok ? 'change_withdrawn' : undefined)
  },
  always,
)

/** Back to the page with a word about what was done, or that it could not be. */
async function said({ req, redirect, at }: ClinicRequest, word: string | undefined): Promise<void> {
  flash(
    req,
    word === undefined
      ? { kind: 'error', key: 'billing.flash.not_possible' }
      : { kind: 'success', key: `billing.flash.${word}` },
  )
  await redirect(at(home))
}

routes.get(
  `${home}/cancellation`,
  'clinic.subscription',
  async (request) => showOrBack(request, await request.inClinic((ctx) => cancellationPage(ctx, request.speaker))),
  always,
)

routes.post(
  `${home}/cancellation`,
  'clinic.subscription',
  async (request) => {
    const { req, services, speaker, inClinic, redirect, at } = request
    const form = parseForm(cancellationForm, req.body)
    if (!form.ok) return showOrBack(request, await inClinic((ctx) => cancellationPage(ctx, speaker, form)), 422)
    const { reason, note } = form.value
    const left = await inClinic((ctx) => leave(ctx, services, { reason, note }))
    if (!left.ok) return said(request, undefined)
    flash(req, { kind: 'success', key: 'billing.flash.cancelled', params: { date: speaker.date(left.value) } })
    await redirect(at(home))
  },
  always,
)

routes.post(
  `${home}/cancellation/undo`,
  'clinic.subscription',
  async (request) => {
    const stayed = await request.inClinic((ctx) => stay(ctx, request.services))
    await said(request, stayed.ok ? 'cancel_withdrawn' : undefined)
  },
  always,
)

routes.get(`${home}/payment`, 'clinic.subscription', async (request) => showPayment(request), always)

async function showPayment(request: ClinicRequest, refused?: Form): Promise<void> {
  const { inClinic, services, speaker } = request
  const page = await inClinic(async (ctx) => paymentPage(ctx, speaker, await findDue(ctx, services), refused))
  await showOrBack(request, page, refused ? 422 : 200)
}

/** 10 MB: any photograph a phone takes, and no film. */
const slipBytes = 10 * 1024 * 1024

routes.post(
  `${home}/payment`,
  'clinic.subscription',
  async (request) => {
    const { req, services, clinic, inClinic } = request
    const due = await inClinic((ctx) => findDue(ctx, services))
    if (!due) return said(request, undefined)
    const today = dateAt(services.clock.now(), clinic.zone)
    const form = parseForm(declarationForm(clinic.country, due.currency, today), req.body)
    const slip = await slipOf(req)
    if (!form.ok || !slip.ok) {
      const errors = {
        ...(form.ok ? {} : form.errors),
        // A browser forgets the file when a form comes back.
        ...(slip.ok ? (slip.value && !form.ok ? { slip: 'billing.error.slip_missing' } : {}) : { slip: slip.key }),
      }
      return showPayment(request, withErrors(form, errors))
    }
    const { method, amount, paid_on: paidOn, reference } = form.value
    const paid = { method, amountMinor: amount, paidOn, reference }
    const declared = await inClinic((ctx) => declareByHand(ctx, services, paid, slip.value))
    await said(request, declared.ok ? 'declared' : undefined)
  },
  { ...always, upload: { maxBytes: slipBytes } },
)

/** The picture that came with the form, painted anew; nothing when none did. */
async function slipOf(
  req: ClinicRequest['req'],
): Promise<{ ok: true; value: Picture | undefined } | { ok: false; key: string }> {
  const upload = uploadOf(req)
  if (!upload) return { ok: true, value: undefined }
  if (!upload.ok) return { ok: false, key: `billing.error.slip_${upload.reason}` }
  const painted = await repaint(upload.bytes, upload.fileName)
  return painted.ok ? painted : { ok: false, key: `billing.error.slip_${painted.reason}` }
}

routes.get('/books', 'clinic.books', async ({ speaker, show, inClinic }) =>
  show(await inClinic((ctx) => accountPage(ctx, speaker))),
)

routes.get(
  `${home}/documents/:id`,
  'clinic.books',
  async ({ req, services, show, speaker, inClinic, clinic, role, at }) => {
    const id = idParam<'document'>(req, 'id')
    const speakers = (lang: 'en' | 'ar' | 'ur') => services.speakers(lang, clinic)
    const owner = allowed(role, 'clinic.subscription')
    const back = owner
      ? { href: at(home), label: speaker.t('billing.page.title') }
      : { href: at('/books'), label: speaker.t('billing.account.title') }
    show(await inClinic((ctx) => documentPage(ctx, speakers, id, back)), { layout: 'bare' })
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
