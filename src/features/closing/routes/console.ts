// What whoever runs the service sees of closings: all of them, and the way back where an owner asked for it elsewhere.
import { z } from 'zod'
import { emptyForm, parseForm } from '../../../kernel/forms.ts'
import { idParam, operatorRouter } from '../../../platform/web/routers.ts'
import { flash } from '../../../platform/web/session.ts'
import { undoForOwner } from '../actions.ts'
import { closingsPage, undoPage } from '../pages/console.ts'
import { undoForm } from '../schema.ts'

const routes = operatorRouter('closing')
export const closingConsoleRoutes = routes

const pageNumber = z.coerce.number().int().min(1).max(1000).catch(1)

routes.get('/closings', 'console.clinics', async ({ req, services, speaker, show }) => {
  show(await closingsPage(services, speaker, pageNumber.parse(req.query.page)))
})

routes.get('/closings/:id/undo', 'console.clinics', async ({ req, services, speaker, show }) => {
  show(await undoPage(services, speaker, idParam<'closing'>(req, 'id'), emptyForm))
})

routes.post(
  '/closings/:id/undo',
  'console.clinics',
  async ({ req, services, origin, speaker, person, show, redirect }) => {
    const id = idParam<'closing'>(req, 'id')
    const form = parseForm(undoForm, req.body)
    if (!form.ok) return show(await undoPage(services, speaker, id, form), { status: 422 })
    const undone = await undoForOwner(services, origin, person, id, form.value.reason)
    flash(
      req,
      undone.ok
        ? { kind: 'success', key: 'closing.flash.undone_for_owner' }
        : { kind: 'error', key: `closing.flash.${undone.reason}` },
    )
    await redirect('/admin/closings')
  },
)
