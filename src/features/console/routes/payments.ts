// Money of all clinics: what waits, every payment, every document.
import { sendCsv } from '../../../platform/csv.ts'
import { emptyForm, parseForm, withErrors } from '../../../kernel/forms.ts'
import { notFound } from '../../../platform/errors.ts'
import { repaint, type Picture } from '../../../platform/pictures.ts'
import { settleIncident } from '../../billing/actions/card/incidents.ts'
import { flash } from '../../../platform/web/session.ts'
import { idParam, operatorRouter, type AccountRequest } from '../../../platform/web/routers.ts'
import { uploadOf } from '../../../platform/web/uploads.ts'
import { noteExport } from '../actions/export.ts'
import { confirmDeclared, enterPayment, refundPayment, rejectDeclared } from '../actions/money.ts'
import { paymentGround, recordPage, refundCurrency, refundPage, rejectionPage } from '../pages/decisions.ts'
import { cardsPage } from '../pages/cards.ts'
import {
  documentLines,
  documentsHeader,
  documentsPage,
  paymentLines,
  paymentsHeader,
  paymentsPage,
  queuePage,
} from '../pages/payments.ts'
import { documentsQuery, paymentForm, paymentsQuery, reasonForm, refundForm } from '../schema.ts'

export const consolePaymentsRoutes = operatorRouter('console')

consolePaymentsRoutes.get('/payments', 'console.money', async ({ services, speaker, show }) => {
  show(await queuePage(services, speaker))
})

consolePaymentsRoutes.get('/payments/all', 'console.money', async ({ req, services, speaker, show }) => {
  show(await paymentsPage(services, speaker, paymentsQuery.parse(req.query)))
})

consolePaymentsRoutes.get('/payments/cards', 'console.money', async ({ services, speaker, show }) => {
  show(await cardsPage(services, speaker))
})

consolePaymentsRoutes.post('/payments/cards/:incident/settled', 'console.money', async (request) => {
  const { req, services, person, origin, redirect } = request
  const about = { id: idParam(req, 'incident'), by: person.userId, origin }
  const settled = (await settleIncident(services, about)) ?? notFound('incident')
  flash(req, {
    kind: settled ? 'success' : 'error',
    key: settled ? 'console.flash.settled' : 'console.error.settled_already',
  })
  await redirect('/admin/payments/cards')
})

consolePaymentsRoutes.post('/payments/export', 'console.money', async ({ req, res, services, person, origin }) => {
  const name = await noteExport(services, origin, person.userId, 'payments')
  await sendCsv(res, name, paymentsHeader, paymentLines(services, paymentsQuery.parse(req.query)))
})

consolePaymentsRoutes.get('/documents', 'console.money', async ({ req, services, speaker, show }) => {
  show(await documentsPage(services, speaker, documentsQuery.parse(req.query)))
})

consolePaymentsRoutes.post('/documents/export', 'console.money', async ({ req, res, services, person, origin }) => {
  const name = await noteExport(services, origin, person.userId, 'documents')
  await sendCsv(res, name, documentsHeader, documentLines(services, documentsQuery.parse(req.query)))
})

/** `paid` names a payment that was confirmed, `id` any. */
const aboutPayment = ({ req, services, origin, person }: AccountRequest, param: 'id' | 'paid' = 'id') => ({
  services,
  origin,
  person,
  id: idParam<'payment'>(req, param),
})

consolePaymentsRoutes.post('/payments/:id/confirmation', 'console.money', async (request) => {
  const { req, redirect } = request
  const confirmed = await confirmDeclared(aboutPayment(request))
  const key = confirmed.ok
    ? `console.flash.${confirmed.value.bought ? 'confirmed_bought' : 'confirmed_credit'}`
    : `console.error.${confirmed.reason}`
  flash(req, { kind: confirmed.ok ? 'success' : 'error', key })
  await redirect('/admin/payments')
})

consolePaymentsRoutes.get('/payments/:id/rejection', 'console.money', async (request) => {
  const { services, speaker, show } = request
  show(await rejectionPage(services, speaker, aboutPayment(request).id, emptyForm))
})
consolePaymentsRoutes.post('/payments/:id/rejection', 'console.money', async (request) => {
  const { req, services, speaker, show, redirect } = request
  const about = aboutPayment(request)
  const form = parseForm(reasonForm, req.body)
  if (!form.ok) return show(await rejectionPage(services, speaker, about.id, form), { status: 422 })
  const rejected = await rejectDeclared(about, form.value.reason)
  const key = rejected.ok ? 'console.flash.rejected' : `console.error.${rejected.reason}`
  flash(req, { kind: rejected.ok ? 'success' : 'error', key })
  await redirect('/admin/payments')
})

consolePaymentsRoutes.get('/payments/:paid/refund', 'console.money', async (request) => {
  const { services, speaker, show } = request
  show(await refundPage(services, speaker, aboutPayment(request, 'paid').id, emptyForm))
})
consolePaymentsRoutes.post('/payments/:paid/refund', 'console.money', async (request) => {
  const { req, services, speaker, show, redirect } = request
  const about = aboutPayment(request, 'paid')
  const form = parseForm(refundForm(await refundCurrency(services, about.id)), req.body)
  if (!form.ok) return show(await refundPage(services, speaker, about.id, form), { status: 422 })
  const { amount: amountMinor, takes_back: takesBack, reason } = form.value
  const refunded = await refundPayment(about, { amountMinor, takesBack, reason })
  if (!refunded.ok) {
    const again = withErrors(form, { amount: `console.error.${refunded.reason}` })
    return show(await refundPage(services, speaker, about.id, again), { status: 409 })
  }
  flash(req, { kind: 'success', key: 'console.flash.refunded' })
  await redirect('/admin/payments/all')
})

consolePaymentsRoutes.get('/clinics/:id/payments/new', 'console.money', async ({ req, services, speaker, show }) => {
  show(await recordPage(services, speaker, idParam<'clinic'>(req, 'id'), emptyForm))
})
/** 10 MB: any photograph a phone takes. */
const slipBytes = 10 * 1024 * 1024
consolePaymentsRoutes.post(
  '/clinics/:id/payments/new',
  'console.money',
  async (request) => {
    const { req, services, origin, person, speaker, show, redirect } = request
    const clinicId = idParam<'clinic'>(req, 'id')
    const { country, currency, today } = await paymentGround(services, clinicId)
    const form = parseForm(paymentForm(country, currency, today), req.body)
    const slip = await slipOf(request)
    if (!form.ok || slip.error !== undefined) {
      const errors = {
        ...(form.ok ? {} : form.errors),
        // A browser forgets the file when a form comes back.
        ...(slip.error === undefined
          ? slip.picture
            ? { slip: 'billing.error.slip_missing' }
            : {}
          : { slip: slip.error }),
      }
      return show(await recordPage(services, speaker, clinicId, withErrors(form, errors)), { status: 422 })
    }
    const { method, amount: amountMinor, paid_on: paidOn, reference } = form.value
    const paid = { method, amountMinor, paidOn, reference: reference ?? '' }
    const entered = await enterPayment({ services, origin, person, clinicId }, paid, slip.picture)
    if (!entered.ok) {
      const again = withErrors(form, { amount: `console.error.${entered.reason}` })
      return show(await recordPage(services, speaker, clinicId, again), { status: 409 })
    }
    flash(req, {
      kind: 'success',
      key: `console.flash.${entered.value.bought ? 'confirmed_bought' : 'confirmed_credit'}`,
    })
    await redirect(`/admin/clinics/${clinicId}`)
  },
  { upload: { maxBytes: slipBytes } },
)

/** The picture that came with the form, painted anew; nothing when none did. */
async function slipOf({ req }: AccountRequest): Promise<{ picture?: Picture; error?: string }> {
  const upload = uploadOf(req)
  if (!upload) return {}
  if (!upload.ok) return { error: `billing.error.slip_${upload.reason}` }
  const painted = await repaint(upload.bytes, upload.fileName)
  return painted.ok ? { picture: painted.value } : { error: `billing.error.slip_${painted.reason}` }
}
