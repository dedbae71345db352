// What an operator decides about a clinic's subscription. Each decision is a page that says what it will do.
import { emptyForm, parseForm, withErrors, type Form } from '../../../kernel/forms.ts'
import type { ClinicId } from '../../../kernel/ids.ts'
import { idParam, operatorRouter, type AccountRequest } from '../../../platform/web/routers.ts'
import { flash } from '../../../platform/web/session.ts'
import type { View } from '../../../platform/web/views.ts'
import { extendClinic, moveToPlan, restoreClinic, suspendClinic, type Deciding } from '../actions/decisions.ts'
import { extensionPage, planPage, restorationPage, suspensionPage } from '../pages/decisions.ts'
import { extensionForm, planChoiceForm, reasonForm } from '../schema.ts'

export const consoleSubscriptionRoutes = operatorRouter('console')
const routes = consoleSubscriptionRoutes

type Page = (
  services: AccountRequest['services'],
  speaker: AccountRequest['speaker'],
  id: ClinicId,
  form: Form,
) => Promise<View>

const deciding = ({ req, services, person, origin }: AccountRequest): Deciding => ({
  services,
  origin,
  person,
  clinicId: idParam<'clinic'>(req, 'id'),
})

/** The page again with everything typed: 422 for what was typed wrong, 409 for what can't be done as things stand. */
async function again(
  { services, speaker, show }: AccountRequest,
  page: Page,
  id: ClinicId,
  form: Form,
  status: number,
) {
  show(await page(services, speaker, id, form), { status })
}

const asked = (page: Page) => async (request: AccountRequest) => {
  const { req, services, speaker, show } = request
  show(await page(services, speaker, idParam<'clinic'>(req, 'id'), emptyForm))
}

routes.get('/clinics/:id/extension', 'console.clinics', asked(extensionPage))
routes.post('/clinics/:id/extension', 'console.clinics', async (request) => {
  const { req, redirect } = request
  const about = deciding(request)
  const form = parseForm(extensionForm, req.body)
  if (!form.ok) return again(request, extensionPage, about.clinicId, form, 422)
  const extended = await extendClinic(about, form.value.days, form.value.reason)
  if (!extended.ok) {
    const errors = { days: `console.error.${extended.reason}` }
    return again(request, extensionPage, about.clinicId, withErrors(form, errors), 409)
  }
  flash(req, { kind: 'success', key: 'console.flash.extended', params: { count: form.value.days } })
  await redirect(`/admin/clinics/${about.clinicId}`)
})

routes.get('/clinics/:id/plan', 'console.clinics', asked(planPage))
routes.post('/clinics/:id/plan', 'console.clinics', async (request) => {
  const { req, redirect } = request
  const about = deciding(request)
  const form = parseForm(planChoiceForm, req.body)
  if (!form.ok) return again(request, planPage, about.clinicId, form, 422)
  const { plan, interval, reason } = form.value
  const moved = await moveToPlan(about, plan, interval, reason)
  if (!moved.ok) {
    const errors = { plan: `console.error.${moved.reason}` }
    return again(request, planPage, about.clinicId, withErrors(form, errors), 409)
  }
  flash(req, { kind: 'success', key: 'console.flash.plan_changed' })
  await redirect(`/admin/clinics/${about.clinicId}`)
})

routes.get('/clinics/:id/suspension', 'console.clinics', asked(suspensionPage))
routes.post('/clinics/:id/suspension', 'console.clinics', async (request) => {
  const { req, redirect } = request
  const about = deciding(request)
  const form = parseForm(reasonForm, req.body)
  if (!form.ok) return again(request, suspensionPage, about.clinicId, form, 422)
  const suspended = await suspendClinic(about, form.value.reason)
  if (!suspended.ok) {
    const errors = { form: `console.error.${suspended.reason}` }
    return again(request, suspensionPage, about.clinicId, withErrors(form, errors), 409)
  }
  const path = `/admin/clinics/${about.clinicId}`
  flash(req, { kind: 'success', key: 'console.flash.suspended', undo: `${path}/suspension/undo` })
  await redirect(path)
})
routes.post('/clinics/:id/suspension/undo', 'console.clinics', async (request) => {
  const { req, speaker, redirect } = request
  const about = deciding(request)
  const restored = await restoreClinic(about, speaker.t('console.decide.taken_back'))
  const key = restored.ok ? 'console.flash.restored' : `console.error.${restored.reason}`
  flash(req, { kind: restored.ok ? 'success' : 'error', key })
  await redirect(`/admin/clinics/${about.clinicId}`)
})

routes.get('/clinics/:id/restoration', 'console.clinics', asked(restorationPage))
routes.post('/clinics/:id/restoration', 'console.clinics', async (request) => {
  const { req, redirect } = request
  const about = deciding(request)
  const form = parseForm(reasonForm, req.body)
  if (!form.ok) return again(request, restorationPage, about.clinicId, form, 422)
  const restored = await restoreClinic(about, form.value.reason)
  if (!restored.ok) {
    const errors = { form: `console.error.${restored.reason}` }
    return again(request, restorationPage, about.clinicId, withErrors(form, errors), 409)
  }
  flash(req, { kind: 'success', key: 'console.flash.restored' })
  await redirect(`/admin/clinics/${about.clinicId}`)
})
