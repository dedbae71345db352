// What an owner sets up: the clinic itself, how it takes bookings, its link. People and hours have files of their own.
import { parseForm } from '../../kernel/forms.ts'
import { parseLanguage } from '../../platform/i18n/languages.ts'
import { clinicRouter, type ClinicRequest } from '../../platform/web/routers.ts'
import { flash } from '../../platform/web/session.ts'
import { changeBookingPolicy, changeProfile, hideChecklist, markLinkShared } from './actions/profile.ts'
import { clinicPage, rulesPage } from './pages/profile.ts'
import { posterPage, sharePage } from './pages/share.ts'
import { oneText, profileForm, rulesForm } from './schema.ts'

const routes = clinicRouter('clinics')
export const clinicsRoutes = routes

// The clinic itself.

routes.get('/settings', 'clinic.settings', async ({ services, speaker, show, inClinic }) => {
  show(await inClinic((ctx) => clinicPage(ctx, speaker, services.config.baseUrl)))
})

routes.post('/settings', 'clinic.settings', async (request) => {
  const { req, services, speaker, clinic, show, redirect, at, inClinic } = request
  const form = parseForm(profileForm(clinic.country), oneText(req.body, ['languages']))
  if (!form.ok) {
    show(await inClinic((ctx) => clinicPage(ctx, speaker, services.config.baseUrl, form)), { status: 422 })
    return
  }
  await inClinic((ctx) => changeProfile(ctx, form.value))
  flash(req, { kind: 'success', key: 'clinics.flash.saved' })
  await redirect(at('/settings'))
})

routes.get('/settings/rules', 'clinic.settings', async ({ speaker, show, inClinic }) => {
  show(await inClinic((ctx) => rulesPage(ctx, speaker)))
})

routes.post('/settings/rules', 'clinic.settings', async ({ req, speaker, show, redirect, at, inClinic }) => {
  const form = parseForm(rulesForm, req.body)
  if (!form.ok) {
    show(await inClinic((ctx) => rulesPage(ctx, speaker, form)), { status: 422 })
    return
  }
  await inClinic((ctx) => changeBookingPolicy(ctx, form.value))
  flash(req, { kind: 'success', key: 'clinics.flash.saved' })
  await redirect(at('/settings/rules'))
})

// The link, and the first steps.

routes.get('/settings/share', 'clinic.settings', async ({ services, speaker, clinic, show, inClinic }) => {
  const patients = services.speakers(parseLanguage(clinic.language) ?? 'en', clinic)
  show(await inClinic((ctx) => sharePage(ctx, speaker, patients, services.config.baseUrl)))
})

routes.post('/settings/share', 'clinic.settings', async ({ req, redirect, at, inClinic }) => {
  await inClinic((ctx) => markLinkShared(ctx))
  // Copying the link says so in the background, and shows no page to flash on.
  if (req.headers['x-requested-with'] === undefined) flash(req, { kind: 'success', key: 'clinics.flash.shared' })
  await redirect(at('/settings/share'))
})

routes.get('/settings/share/poster', 'clinic.settings', async (request: ClinicRequest) => {
  const { req, services, speaker, clinic, show, inClinic } = request
  const lang = parseLanguage(req.query.in) ?? parseLanguage(clinic.language) ?? 'en'
  const patients = services.speakers(lang, clinic)
  const doctor = typeof req.query.doctor === 'string' ? req.query.doctor : undefined
  const { baseUrl } = services.config
  show(await inClinic((ctx) => posterPage(ctx, speaker, patients, baseUrl, doctor)), { layout: 'bare' })
})

routes.post('/settings/checklist/dismissal', 'clinic.settings', async ({ req, redirect, at, inClinic }) => {
  await inClinic((ctx) => hideChecklist(ctx, true))
  const undo = at('/settings/checklist/dismissal/undo')
  flash(req, { kind: 'info', key: 'clinics.flash.checklist_hidden', undo })
  await redirect(at('/today'))
})

routes.post('/settings/checklist/dismissal/undo', 'clinic.settings', async ({ redirect, at, inClinic }) => {
  await inClinic((ctx) => hideChecklist(ctx, false))
  await redirect(at('/today'))
})
