// A lost second factor: an owner or the platform vouches for a person, who can say no by a link for a day.
import { emptyForm, parseForm, withErrors } from '../../../kernel/forms.ts'
import {
  clinicRouter,
  idParam,
  operatorRouter,
  publicRouter,
  type PublicRequest,
} from '../../../platform/web/routers.ts'
import { flash } from '../../../platform/web/session.ts'
import {
  askResetAsOperator,
  askResetAsOwner,
  cancelReset,
  findResetByLink,
  takeBackReset,
  takeBackResetAsOperator,
} from '../actions/factor-resets.ts'
import { setFactorPolicy } from '../actions/factor-policy.ts'
import { cancelResetPage, operatorResetPage, resetFactorPage } from '../pages/factor-resets.ts'
import { staffPage } from '../pages/staff.ts'
import { notePage } from '../pages/visitors.ts'
import { factorPolicyForm, operatorResetForm, resetProofForm } from '../schema.ts'
import { tokenOf } from './visitors.ts'

const staff = clinicRouter('accounts')
export const factorStaffRoutes = staff

staff.get('/settings/staff/:id/second-factor', 'staff.manage', async ({ req, speaker, show, inClinic }) => {
  const id = idParam<'user'>(req, 'id')
  show(await inClinic((ctx) => resetFactorPage(ctx, speaker, id)))
}, { stepUp: true }) // prettier-ignore

staff.post('/settings/staff/:id/second-factor', 'staff.manage', async (request) => {
  const { req, services, speaker, show, inClinic, redirect, at } = request
  const id = idParam<'user'>(req, 'id')
  const form = parseForm(resetProofForm, req.body)
  if (!form.ok) return show(await inClinic((ctx) => resetFactorPage(ctx, speaker, id, form)), { status: 422 })
  const asked = await inClinic((ctx) => askResetAsOwner(ctx, services, id, form.value.proof))
  if (!asked.ok) {
    const refused = withErrors(form, { proof: `accounts.error.reset_${asked.reason}` })
    return show(await inClinic((ctx) => resetFactorPage(ctx, speaker, id, refused)), { status: 422 })
  }
  flash(req, { kind: 'success', key: 'accounts.flash.reset_asked' })
  await redirect(at(`/settings/staff/${id}`))
}, { stepUp: true }) // prettier-ignore

staff.post('/settings/staff/:id/second-factor/cancellation', 'staff.manage', async (request) => {
  const { req, inClinic, redirect, at } = request
  const id = idParam<'user'>(req, 'id')
  await inClinic((ctx) => takeBackReset(ctx, id))
  flash(req, { kind: 'success', key: 'accounts.flash.reset_taken_back' })
  await redirect(at(`/settings/staff/${id}`))
  // Somebody who pretended must be stopped within the day, whether or not the clinic has paid.
}, { whileReadOnly: true }) // prettier-ignore

staff.post('/settings/second-factor', 'staff.manage', async ({ req, speaker, show, inClinic, redirect, at }) => {
  const form = parseForm(factorPolicyForm, req.body)
  if (!form.ok) return show(await inClinic((ctx) => staffPage(ctx, speaker)), { status: 422 })
  const required = form.value.required === 'yes'
  await inClinic((ctx) => setFactorPolicy(ctx, required))
  flash(req, { kind: 'success', key: `accounts.flash.factor_${required ? 'required' : 'relaxed'}` })
  await redirect(at('/settings/staff'))
}, { stepUp: true }) // prettier-ignore

const operators = operatorRouter('accounts')
export const factorOperatorRoutes = operators

operators.get('/second-factors', 'console.operate', async ({ services, speaker, show }) => {
  show(await operatorResetPage(services, speaker, emptyForm))
})

operators.post('/second-factors', 'console.operate', async (request) => {
  const { req, services, origin, person, speaker, show, redirect } = request
  const form = parseForm(operatorResetForm, req.body)
  if (!form.ok) return show(await operatorResetPage(services, speaker, form), { status: 422 })
  const asked = await askResetAsOperator(services, origin, person, form.value)
  if (!asked.ok) {
    const refused = withErrors(form, { email: `accounts.error.reset_${asked.reason}` })
    return show(await operatorResetPage(services, speaker, refused), { status: 422 })
  }
  flash(req, { kind: 'success', key: 'accounts.flash.reset_asked' })
  await redirect('/admin/second-factors')
}, { stepUp: true }) // prettier-ignore

operators.post('/second-factors/:id/cancellation', 'console.operate', async (request) => {
  const { req, services, origin, person, redirect } = request
  await takeBackResetAsOperator(services, origin, person, idParam<'factor_reset'>(req, 'id'))
  flash(req, { kind: 'success', key: 'accounts.flash.reset_taken_back' })
  await redirect('/admin/second-factors')
})

const visitors = publicRouter('accounts')
export const factorVisitorRoutes = visitors

visitors.get('/second-factor-reset/:token', 'public', async (request) => {
  const { req, res, services, speaker, show } = request
  res.setHeader('Cache-Control', 'no-store')
  const token = tokenOf(req.params.token)
  const reset = await findResetByLink(services, token)
  if (!reset) return over(request, 404)
  show(cancelResetPage(speaker, `/second-factor-reset/${token}`, reset))
})

visitors.post('/second-factor-reset/:token', 'public', async (request) => {
  const { req, res, services, origin, speaker, show } = request
  res.setHeader('Cache-Control', 'no-store')
  const reset = await findResetByLink(services, tokenOf(req.params.token))
  if (!reset || !(await cancelReset(services, origin, reset))) return over(request, 404)
  show(notePage(speaker, 'reset_cancelled', { href: '/forgot-password', label: speaker.t('accounts.forgot.title') }))
})

function over({ speaker, show }: PublicRequest, status: number): void {
  show(notePage(speaker, 'reset_over', { href: '/sign-in', label: speaker.t('accounts.sign_in.title') }), { status })
}
