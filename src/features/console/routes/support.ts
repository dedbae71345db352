// Declaring a visit to a clinic, beginning it once it is allowed, and ending it.
import { parseForm, withErrors } from '../../../kernel/forms.ts'
import { idParam, operatorRouter, type AccountRequest } from '../../../platform/web/routers.ts'
import { changeVisit, flash } from '../../../platform/web/session.ts'
import { askForVisit, endVisit, startVisit, type Operating } from '../../support/actions.ts'
import { supportVisitsPage } from '../pages/support.ts'
import { declareForm, supportQuery } from '../schema/operations.ts'

const routes = operatorRouter('console')
export const consoleSupportRoutes = routes

const operating = ({ services, origin, person }: AccountRequest): Operating => ({
  services,
  origin,
  operator: { userId: person.userId, name: person.name },
})

routes.get('/support', 'console.clinics', async ({ req, services, speaker, person, show }) => {
  show(await supportVisitsPage(services, speaker, person.userId, supportQuery.parse(req.query)))
})

routes.post('/support', 'console.clinics', async (request) => {
  const { req, services, speaker, person, show, redirect } = request
  const form = parseForm(declareForm, req.body)
  if (!form.ok) return show(await supportVisitsPage(services, speaker, person.userId, {}, form), { status: 422 })
  const asked = await askForVisit(operating(request), form.value.clinic, form.value.reason)
  if (!asked.ok) {
    const wrong = withErrors(form, { clinic: `support.error.${asked.reason}` })
    return show(await supportVisitsPage(services, speaker, person.userId, {}, wrong), { status: 422 })
  }
  flash(req, { kind: 'success', key: asked.value.allowed ? 'support.flash.allowed' : 'support.flash.asked' })
  await redirect('/admin/support')
})

routes.post('/support/:id/start', 'console.clinics', async (request) => {
  const { req, redirect } = request
  const id = idParam<'support_visit'>(req, 'id')
  const started = await startVisit(operating(request), id)
  if (!started.ok) {
    flash(req, { kind: 'error', key: `support.error.${started.reason}` })
    return redirect('/admin/support')
  }
  flash(req, { kind: 'info', key: 'support.flash.started' })
  await changeVisit(req, id)
  await redirect(`/app/${started.value.slug}/today`)
})

routes.post('/support/:id/end', 'console.clinics', async (request) => {
  const { req, redirect } = request
  const id = idParam<'support_visit'>(req, 'id')
  await endVisit(operating(request), id)
  flash(req, { kind: 'success', key: 'support.flash.ended' })
  if (req.session.supportVisitId === id) await changeVisit(req, undefined)
  await redirect('/admin/support')
})
