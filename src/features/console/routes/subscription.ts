// What an operator decides about a clinic's subscription. Each decision is a page that says what it will do.
import { emptyForm, parseForm, withErrors, type Form } from '../../../kernel/forms.ts'
import type { ClinicId } from '../../../kernel/ids.ts'
import type { Outcome } from '../../../kernel/outcome.ts'
import { idParam, operatorRouter, type AccountRequest } from '../../../platform/web/routers.ts'
import { flash, type Flash } from '../../../platform/web/session.ts'
import type { View } from '../../../platform/web/views.ts'
import { extendClinic, moveToPlan, restoreClinic, suspendClinic, type Deciding } from '../actions/decisions.ts'
import { extensionPage, planPage, restorationPage, suspensionPage } from '../pages/decisions.ts'
import { extensionForm, planChoiceForm, reasonForm } from '../schema.ts'
import type { z } from 'zod'

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

const asked = (page: Page) => async (request: AccountRequest) => {
  const { req, services, speaker, show } = request
  show(await page(services, speaker, idParam<'clinic'>(req, 'id'), emptyForm))
}

/**
 * A decision from its form, and back to the clinic with the words for it. The page again with everything typed: 422 for
 * what was typed wrong, 409 for what can't be done as things stand, which is said at `field`.
 */
const decided =
  <Typed extends z.ZodType>(
    page: Page,
    schema: Typed,
    field: string,
    decide: (about: Deciding, typed: z.output<Typed>) => Promise<Outcome<unknown, string>>,
    said: (about: Deciding, typed: z.output<Typed>) => Omit<Flash, 'kind'>,
  ) =>
  async (request: AccountRequest) => {
    const { req, services, speaker, show, redirect } = request
    const about = deciding(request)
    const again = async (form: Form, status: 409 | 422) =>
      show(await page(services, speaker, about.clinicId, form), { status })
    const form = parseForm(schema, req.body)
    if (!form.ok) return again(form, 422)
    const done = await decide(about, form.value)
    if (!done.ok) return again(withErrors(form, { [field]: `console.error.${done.reason}` }), 409)
    flash(req, { kind: 'success', ...said(about, form.value) })
    await redirect(clinicPath(about))
  }

const clinicPath = ({ clinicId }: Deciding) => `/admin/clinics/${clinicId}`

routes.get('/clinics/:id/extension', 'console.clinics', asked(extensionPage))
routes.post(
  '/clinics/:id/extension',
  'console.clinics',
  decided(
    extensionPage,
    extensionForm,
    'days',
    (about, { days, reason }) => extendClinic(about, days, reason),
    (_about, { days }) => ({ key: 'console.flash.extended', params: { count: days } }),
  ),
)

routes.get('/clinics/:id/plan', 'console.clinics', asked(planPage))
routes.post(
  '/clinics/:id/plan',
  'console.clinics',
  decided(
    planPage,
    planChoiceForm,
    'plan',
    (about, { plan, interval, reason }) => moveToPlan(about, plan, interval, reason),
    () => ({ key: 'console.flash.plan_changed' }),
  ),
)

routes.get('/clinics/:id/suspension', 'console.clinics', asked(suspensionPage))
routes.post(
  '/clinics/:id/suspension',
  'console.clinics',
  decided(
    suspensionPage,
    reasonForm,
    'form',
    (about, { reason }) => suspendClinic(about, reason),
    (about) => ({ key: 'console.flash.suspended', undo: `${clinicPath(about)}/suspension/undo` }),
  ),
)
routes.post('/clinics/:id/suspension/undo', 'console.clinics', async (request) => {
  const { req, speaker, redirect } = request
  const about = deciding(request)
  const restored = await restoreClinic(about, speaker.t('console.decide.taken_back'))
  const key = restored.ok ? 'console.flash.restored' : `console.error.${restored.reason}`
  flash(req, { kind: restored.ok ? 'success' : 'error', key })
  await redirect(clinicPath(about))
})

routes.get('/clinics/:id/restoration', 'console.clinics', asked(restorationPage))
routes.post(
  '/clinics/:id/restoration',
  'console.clinics',
  decided(
    restorationPage,
    reasonForm,
    'form',
    (about, { reason }) => restoreClinic(about, reason),
    () => ({ key: 'console.flash.restored' }),
  ),
)
