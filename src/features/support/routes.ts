// The clinic's side of support visits, and the way out of one for the visitor. Declaring and beginning one is the console's.
import { parseForm } from '../../kernel/forms.ts'
import { parseId } from '../../kernel/ids.ts'
import { accountRouter, clinicRouter, idParam } from '../../platform/web/routers.ts'
import { changeVisit, flash } from '../../platform/web/session.ts'
import { allowVisits, answerVisit, endVisit, stopVisit, withdrawVisits } from './actions.ts'
import { supportPage } from './pages.ts'
import { answerForm } from './schema.ts'

const routes = clinicRouter('support')
export const supportRoutes = routes

const page = '/settings/support'

routes.get(page, 'clinic.settings', async ({ speaker, show, inClinic }) => {
  show(await inClinic((ctx) => supportPage(ctx, speaker)))
})

routes.post(`${page}/consent`, 'clinic.settings', async ({ req, redirect, at, inClinic }) => {
  await inClinic((ctx) => allowVisits(ctx))
  flash(req, { kind: 'success', key: 'support.flash.allowed_always' })
  await redirect(at(page))
  // Lets a stranger look at every patient, so it takes more than an open screen.
}, { whileReadOnly: true, stepUp: true }) // prettier-ignore

routes.post(`${page}/consent/withdrawal`, 'clinic.settings', async ({ req, services, redirect, at, inClinic }) => {
  await inClinic((ctx) => withdrawVisits(services, ctx))
  await services.noticeboard.refresh()
  flash(req, { kind: 'success', key: 'support.flash.withdrawn' })
  await redirect(at(page))
}, { whileReadOnly: true }) // prettier-ignore

routes.post(`${page}/:id/answer`, 'clinic.settings', async ({ req, services, speaker, show, redirect, at, inClinic }) => {
  const id = idParam<'support_visit'>(req, 'id')
  const form = parseForm(answerForm, req.body)
  // A form without an answer is no yes, and no no either.
  if (!form.ok) return show(await inClinic((ctx) => supportPage(ctx, speaker)), { status: 422 })
  const allowed = form.value.answer === 'allow'
  const answered = await inClinic((ctx) => answerVisit(services, ctx, id, allowed))
  flash(
    req,
    answered.ok
      ? { kind: 'success', key: allowed ? 'support.flash.allowed' : 'support.flash.refused' }
      : { kind: 'error', key: `support.error.${answered.reason}` },
  )
  await redirect(at(page))
}, { whileReadOnly: true, stepUp: true }) // prettier-ignore

routes.post(`${page}/:id/end`, 'clinic.settings', async ({ req, services, redirect, at, inClinic }) => {
  await inClinic((ctx) => stopVisit(services, ctx, idParam<'support_visit'>(req, 'id')))
  await services.noticeboard.refresh()
  flash(req, { kind: 'success', key: 'support.flash.ended' })
  await redirect(at(page))
}, { whileReadOnly: true, whileLocked: true }) // prettier-ignore

export const visitorRoutes = accountRouter('support')

visitorRoutes.post('/account/support-visit/end', 'signed_in', async ({ req, services, origin, person, redirect }) => {
  const id = parseId<'support_visit'>(req.session.supportVisitId)
  if (id === undefined) return redirect(person.platformAdmin ? '/admin' : '/')
  await endVisit({ services, origin, operator: { userId: person.userId, name: person.name } }, id)
  flash(req, { kind: 'success', key: 'support.flash.ended' })
  await changeVisit(req, undefined)
  await redirect('/admin/support')
})
