// A clinic's log as its owner reads it: what was done, whether it is all there, and a copy of it.
import { emptyForm, parseForm, withErrors } from '../../kernel/forms.ts'
import { sendCsv } from '../../platform/csv.ts'
import { accountRouter, clinicRouter } from '../../platform/web/routers.ts'
import { flash } from '../../platform/web/session.ts'
import { checkTrail, noteLogExport, setAuditMail } from './actions/owner.ts'
import { activityPage, securityPage } from './pages/activity.ts'
import { checkPage } from './pages/check.ts'
import { chosenOf, logHeader, logLines, logPage } from './pages/log.ts'
import { logQuery, mailForm } from './schema.ts'

const routes = clinicRouter('trail')
export const trailRoutes = routes
/** How one's own account was used. */
export const activityRoutes = accountRouter('trail')

/** Whatever stands with the subscription, what was done stays open to the owner. */
const always = { whileReadOnly: true, whileLocked: true }
const path = '/settings/log'

routes.get(
  path,
  'clinic.log',
  async ({ req, speaker, show, inClinic }) => {
    show(await inClinic((ctx) => logPage(ctx, speaker, logQuery.parse(req.query))))
  },
  always,
)

routes.get(
  `${path}/security`,
  'clinic.log',
  async ({ speaker, show, inClinic }) => {
    show(await inClinic((ctx) => securityPage(ctx, speaker)))
  },
  always,
)

activityRoutes.get('/account/activity', 'signed_in', async ({ services, person, speaker, show }) => {
  show(await activityPage(services, speaker, person))
})

// Not a GET: that the log left the house is an event of its own.
routes.post(
  `${path}/export`,
  'clinic.log',
  async ({ req, res, speaker, inClinic }) => {
    const query = logQuery.parse(req.body ?? {})
    const name = await inClinic((ctx) => noteLogExport(ctx, chosenOf(query)))
    await sendCsv(res, name, logHeader, logLines(inClinic, speaker, query))
  },
  { ...always, stepUp: true },
)

routes.get(
  `${path}/check`,
  'clinic.log',
  async ({ speaker, show, inClinic }) => {
    show(await inClinic((ctx) => checkPage(ctx, speaker, emptyForm)))
  },
  always,
)

routes.post(
  `${path}/check`,
  'clinic.log',
  async ({ services, clinic, speaker, show, redirect, at, inClinic }) => {
    const checked = await checkTrail(services, clinic, inClinic)
    if (checked.ok) return redirect(at(`${path}/check`))
    const form = withErrors(emptyForm, { form: `trail.error.${checked.reason}` })
    show(await inClinic((ctx) => checkPage(ctx, speaker, form)), { status: checked.reason === 'too_often' ? 429 : 503 })
  },
  always,
)

routes.post(
  `${path}/mail`,
  'clinic.log',
  async ({ req, speaker, show, redirect, at, inClinic }) => {
    const form = parseForm(mailForm, req.body)
    if (!form.ok) return show(await inClinic((ctx) => checkPage(ctx, speaker, form)), { status: 422 })
    await inClinic((ctx) => setAuditMail(ctx, form.value.mail))
    flash(req, { kind: 'success', key: 'trail.flash.mail' })
    await redirect(at(`${path}/check`))
  },
  always,
)
