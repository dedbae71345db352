// One clinic: looking at it, notes about it, its invitations.
import { emptyForm, parseForm } from '../../../kernel/forms.ts'
import { flash } from '../../../platform/web/session.ts'
import { idParam, operatorRouter } from '../../../platform/web/routers.ts'
import { resendInvitation } from '../actions/invitations.ts'
import { noteClinic, withdrawNote } from '../actions/notes.ts'
import { clinicPage } from '../pages/clinic.ts'
import { noteForm } from '../schema.ts'

export const consoleClinicRoutes = operatorRouter('console')

const pathOf = (id: string) => `/admin/clinics/${id}`

consoleClinicRoutes.get('/clinics/:id', 'console.see', async ({ req, services, speaker, show }) => {
  show(await clinicPage(services, speaker, idParam<'clinic'>(req, 'id'), emptyForm))
})

consoleClinicRoutes.post('/clinics/:id/notes', 'console.clinics', async (request) => {
  const { req, services, speaker, person, origin, show, redirect } = request
  const id = idParam<'clinic'>(req, 'id')
  const form = parseForm(noteForm, req.body)
  if (!form.ok) return show(await clinicPage(services, speaker, id, form), { status: 422 })
  const note = await noteClinic({ services, origin, actorId: person.userId }, id, form.value.body)
  flash(req, { kind: 'success', key: 'console.flash.noted', undo: `${pathOf(id)}/notes/${note}/withdrawal` })
  await redirect(pathOf(id))
})

consoleClinicRoutes.post('/clinics/:id/notes/:note/withdrawal', 'console.clinics', async (request) => {
  const { req, services, person, origin, redirect } = request
  const [id, note] = [idParam<'clinic'>(req, 'id'), idParam<'note'>(req, 'note')]
  await withdrawNote({ services, origin, actorId: person.userId }, id, note, true)
  const undo = `${pathOf(id)}/notes/${note}/withdrawal/undo`
  flash(req, { kind: 'success', key: 'console.flash.note_withdrawn', undo })
  await redirect(pathOf(id))
})

consoleClinicRoutes.post('/clinics/:id/notes/:note/withdrawal/undo', 'console.clinics', async (request) => {
  const { req, services, person, origin, redirect } = request
  const [id, note] = [idParam<'clinic'>(req, 'id'), idParam<'note'>(req, 'note')]
  await withdrawNote({ services, origin, actorId: person.userId }, id, note, false)
  flash(req, { kind: 'success', key: 'console.flash.note_restored' })
  await redirect(pathOf(id))
})

consoleClinicRoutes.post('/clinics/:id/invitations/:invitation/again', 'console.clinics', async (request) => {
  const { req, services, person, origin, redirect } = request
  const [id, invitation] = [idParam<'clinic'>(req, 'id'), idParam<'invitation'>(req, 'invitation')]
  const sent = await resendInvitation(services, origin, person, id, invitation)
  flash(
    req,
    sent.ok
      ? { kind: 'success', key: 'console.flash.invited_again' }
      : { kind: 'error', key: `console.flash.invitation_${sent.reason}` },
  )
  await redirect(pathOf(id))
})
