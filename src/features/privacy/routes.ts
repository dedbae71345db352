// What an owner may know and decide about how long things are kept.
import { emptyForm, parseForm } from '../../kernel/forms.ts'
import { clinicRouter } from '../../platform/web/routers.ts'
import { flash } from '../../platform/web/session.ts'
import { changePeriods } from './actions/settings.ts'
import { hubPage } from './pages/hub.ts'
import { retentionPage } from './pages/retention.ts'
import { periodsForm } from './schema.ts'

const routes = clinicRouter('privacy')
export const privacyRoutes = routes

/** What is kept of a clinic is its business however its subscription stands. */
const always = { whileReadOnly: true, whileLocked: true }
const page = '/settings/privacy/retention'

routes.get(
  '/settings/privacy',
  'clinic.privacy',
  async ({ speaker, show, inClinic }) => {
    show(await inClinic((ctx) => hubPage(ctx, speaker)))
  },
  always,
)

routes.get(
  page,
  'clinic.privacy',
  async ({ speaker, show, inClinic }) => {
    show(await inClinic((ctx) => retentionPage(ctx, speaker)))
  },
  always,
)

// Posted twice: what it would do is shown first.
routes.post(
  page,
  'clinic.privacy',
  async ({ req, speaker, show, redirect, at, inClinic }) => {
    const form = parseForm(periodsForm, req.body)
    if (!form.ok) return show(await inClinic((ctx) => retentionPage(ctx, speaker, form)), { status: 422 })
    const { value, values } = form
    if (!value.confirmed) {
      return show(await inClinic((ctx) => retentionPage(ctx, speaker, { ...emptyForm, values }, value)))
    }
    const changed = await inClinic((ctx) => changePeriods(ctx, value))
    flash(
      req,
      changed.ok ? { kind: 'success', key: 'privacy.flash.changed' } : { kind: 'info', key: 'privacy.flash.unchanged' },
    )
    await redirect(at(page))
  },
  always,
)
