// An owner closes the clinic, and takes it back.
import { emptyForm, parseForm, withErrors } from '../../kernel/forms.ts'
import { clinicRouter } from '../../platform/web/routers.ts'
import { flash } from '../../platform/web/session.ts'
import { closeClinic, undoClosing } from './actions.ts'
import { closingPage } from './pages.ts'
import { sameName } from './rules.ts'
import { chosenReasons, closeForm } from './schema.ts'

const routes = clinicRouter('closing')
export const closingRoutes = routes

/** Whoever may not work here any more may still leave, and come back. */
const always = { whileReadOnly: true, whileLocked: true }
const page = '/settings/privacy/closing'

routes.get(
  page,
  'clinic.privacy',
  async ({ speaker, show, inClinic }) => {
    show(await inClinic((ctx) => closingPage(ctx, speaker, emptyForm)))
  },
  always,
)

routes.post(
  page,
  'clinic.privacy',
  async ({ req, services, speaker, clinic, show, redirect, at, inClinic }) => {
    const form = parseForm(closeForm, req.body)
    const reasons = chosenReasons(req.body)
    const again = async (errors: Record<string, string>) =>
      show(await inClinic((ctx) => closingPage(ctx, speaker, withErrors(form, errors), reasons)), { status: 422 })
    if (!form.ok) return again(form.errors)
    if (!sameName(form.value.name, clinic.name)) return again({ name: 'closing.error.name_differs' })
    const closed = await inClinic((ctx) => closeClinic(ctx, services, form.value))
    flash(
      req,
      closed.ok
        ? { kind: 'success', key: 'closing.flash.closed' }
        : { kind: 'info', key: 'closing.flash.closed_already' },
    )
    await redirect(at(page))
  },
  // Everything typed is kept while the owner proves to be the owner.
  { ...always, stepUp: true },
)

routes.post(
  `${page}/undo`,
  'clinic.privacy',
  async ({ req, services, redirect, at, inClinic }) => {
    const undone = await inClinic((ctx) => undoClosing(ctx, services))
    flash(
      req,
      undone.ok
        ? { kind: 'success', key: 'closing.flash.undone' }
        : { kind: 'error', key: `closing.flash.${undone.reason}` },
    )
    await redirect(at(page))
  },
  always,
)
