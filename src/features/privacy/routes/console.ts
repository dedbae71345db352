// Retention for whoever runs the service, and the holds the law orders.
import { parseForm, withErrors } from '../../../kernel/forms.ts'
import { idParam, operatorRouter, type AccountRequest } from '../../../platform/web/routers.ts'
import { flash } from '../../../platform/web/session.ts'
import { extendHold, liftHold, setHold, type Ordering } from '../actions/holds.ts'
import { listOverdue } from '../actions/watch.ts'
import { holdPage, newHoldPage, retentionConsolePage } from '../pages/console.ts'
import { extensionForm, holdForm, liftingForm } from '../schema.ts'

const routes = operatorRouter('privacy')
export const retentionConsoleRoutes = routes

const ordering = ({ services, origin, person }: AccountRequest): Ordering => ({ services, origin, by: person.userId })

routes.get('/retention', 'console.see', async ({ services, speaker, show }) => {
  show(await retentionConsolePage(services, speaker, await listOverdue(services)))
})

routes.get('/retention/holds/new', 'console.operate', ({ services, speaker, show }) => {
  show(newHoldPage(services, speaker))
})

routes.post('/retention/holds', 'console.operate', async (request) => {
  const { req, services, speaker, show, redirect } = request
  const form = parseForm(holdForm, req.body)
  if (!form.ok) return show(newHoldPage(services, speaker, form), { status: 422 })
  const set = await setHold(ordering(request), form.value)
  if (!set.ok) {
    const field = { no_clinic: 'clinic', typed: 'typed', until_past: 'until', until_far: 'until' }[set.reason]
    return show(newHoldPage(services, speaker, withErrors(form, { [field]: `privacy.error.${set.reason}` })), {
      status: 422,
    })
  }
  flash(req, { kind: 'success', key: 'privacy.flash.hold_set' })
  await redirect('/admin/retention')
})

routes.get('/retention/holds/:id', 'console.see', async ({ req, services, speaker, show }) => {
  show(await holdPage(services, speaker, idParam<'legal_hold'>(req, 'id')))
})

routes.post('/retention/holds/:id/extension', 'console.operate', async (request) => {
  const { req, services, speaker, show, redirect } = request
  const id = idParam<'legal_hold'>(req, 'id')
  const form = parseForm(extensionForm, req.body)
  if (!form.ok) return show(await holdPage(services, speaker, id, form), { status: 422 })
  const { until, extension_typed: typed } = form.value
  const extended = await extendHold(ordering(request), id, { until, typed })
  if (!extended.ok) {
    const field = extended.reason === 'typed' ? 'extension_typed' : 'until'
    const wrong = withErrors(form, { [field]: `privacy.error.${extended.reason}` })
    return show(await holdPage(services, speaker, id, wrong), { status: 422 })
  }
  flash(req, { kind: 'success', key: 'privacy.flash.hold_extended' })
  await redirect(`/admin/retention/holds/${id}`)
})

routes.post('/retention/holds/:id/lifting', 'console.operate', async (request) => {
  const { req, services, speaker, show, redirect } = request
  const id = idParam<'legal_hold'>(req, 'id')
  const form = parseForm(liftingForm, req.body)
  if (!form.ok) return show(await holdPage(services, speaker, id, form), { status: 422 })
  const lifted = await liftHold(ordering(request), id, form.value.typed)
  if (!lifted.ok) {
    const wrong = withErrors(form, { typed: `privacy.error.${lifted.reason}` })
    return show(await holdPage(services, speaker, id, wrong), { status: 422 })
  }
  flash(req, { kind: 'success', key: 'privacy.flash.hold_lifted' })
  await redirect('/admin/retention')
})
