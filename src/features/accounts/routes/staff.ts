// The clinic's people: who works here, in which role, and who is invited.
import { parseForm, withErrors, type Form } from '../../../kernel/forms.ts'
import { parseId } from '../../../kernel/ids.ts'
import { clinicRouter, idParam } from '../../../platform/web/routers.ts'
import { flash } from '../../../platform/web/session.ts'
import { handOverPath } from '../../clinics/rules/settings.ts'
import { invite, inviteAgain, withdrawInvitation } from '../actions/invitations.ts'
import { changeMember, removeMember } from '../actions/staff.ts'
import { rolesPage } from '../pages/roles.ts'
import { memberPage, removalPage, staffPage } from '../pages/staff.ts'
import { invitationForm, memberForm, removalForm } from '../schema.ts'

export const staffRoutes = clinicRouter('accounts')

staffRoutes.get('/settings/staff', 'staff.manage', async ({ show, inClinic, speaker }) =>
  show(await inClinic((ctx) => staffPage(ctx, speaker))),
)

staffRoutes.post('/settings/staff/invitations', 'staff.manage', async (request) => {
  const { req, services, speaker, person, show, inClinic, redirect, at } = request
  const form = parseForm(invitationForm, req.body)
  if (!form.ok) return show(await inClinic((ctx) => staffPage(ctx, speaker, form)), { status: 422 })
  const { email, role, practitionerId } = form.value
  const wanted = { email, role, practitionerId: parseId<'practitioner'>(practitionerId), language: person.language }
  const invited = await inClinic((ctx) => invite(ctx, services, wanted))
  if (!invited.ok) {
    const refused = withErrors(form, { email: `accounts.error.invite_${invited.reason}` })
    return show(await inClinic((ctx) => staffPage(ctx, speaker, refused)), { status: 422 })
  }
  flash(req, { kind: 'success', key: 'accounts.flash.invited', params: { email } })
  await redirect(at('/settings/staff'))
})

staffRoutes.post('/settings/staff/invitations/:id/again', 'staff.manage', async (request) => {
  const { req, services, inClinic, redirect, at } = request
  const sent = await inClinic((ctx) => inviteAgain(ctx, services, idParam(req, 'id')))
  flash(
    req,
    sent.ok
      ? { kind: 'success', key: 'accounts.flash.invited_again' }
      : { kind: 'error', key: `accounts.error.invite_${sent.reason}` },
  )
  await redirect(at('/settings/staff'))
})

staffRoutes.post('/settings/staff/invitations/:id/withdrawal', 'staff.manage', async (request) => {
  const { req, inClinic, redirect, at } = request
  await inClinic((ctx) => withdrawInvitation(ctx, idParam(req, 'id')))
  flash(req, { kind: 'success', key: 'accounts.flash.withdrawn' })
  await redirect(at('/settings/staff'))
})

// Before the people, of whom none is called that.
staffRoutes.get('/settings/staff/roles', 'staff.manage', async ({ show, inClinic, speaker }) =>
  show(await inClinic((ctx) => Promise.resolve(rolesPage(ctx, speaker)))),
)

staffRoutes.get('/settings/staff/:id', 'staff.manage', async ({ req, speaker, show, inClinic }) => {
  const id = idParam<'user'>(req, 'id')
  show(await inClinic((ctx) => memberPage(ctx, speaker, id)))
})

staffRoutes.post('/settings/staff/:id', 'staff.manage', async (request) => {
  const { req, speaker, show, inClinic, redirect, at } = request
  const id = idParam<'user'>(req, 'id')
  const form = parseForm(memberForm, req.body)
  if (!form.ok) return show(await inClinic((ctx) => memberPage(ctx, speaker, id, form)), { status: 422 })
  const { role, practitionerId } = form.value
  const wanted = { role, practitionerId: parseId<'practitioner'>(practitionerId) }
  const changed = await inClinic((ctx) => changeMember(ctx, id, wanted))
  if (!changed.ok) {
    const field = changed.reason === 'last_owner' ? 'role' : 'practitionerId'
    const refused = withErrors(form, { [field]: `accounts.error.${changed.reason}` })
    return show(await inClinic((ctx) => memberPage(ctx, speaker, id, refused)), { status: 422 })
  }
  flash(req, { kind: 'success', key: 'accounts.flash.saved' })
  await redirect(at('/settings/staff'))
})

staffRoutes.get('/settings/staff/:id/removal', 'staff.manage', async ({ req, speaker, show, inClinic }) => {
  const id = idParam<'user'>(req, 'id')
  show(await inClinic((ctx) => removalPage(ctx, speaker, id)))
})

staffRoutes.post('/settings/staff/:id/removal', 'staff.manage', async (request) => {
  const { req, services, speaker, person, show, inClinic, redirect, at } = request
  const id = idParam<'user'>(req, 'id')
  const form = parseForm(removalForm, req.body)
  const again = async (refused: Form) =>
    show(await inClinic((ctx) => removalPage(ctx, speaker, id, refused)), { status: 422 })
  if (!form.ok) return again(form)
  const { visits, to } = form.value
  const doctor = parseId<'practitioner'>(to)
  if (visits === 'move' && doctor === undefined) return again(withErrors(form, { to: 'accounts.error.no_such_doctor' }))
  const handover = visits === 'move' ? doctor && { visits, to: doctor } : visits && { visits }
  const removed = await inClinic((ctx) => removeMember(ctx, services, id, { handover }))
  if (!removed.ok) {
    if (removed.reason === 'visits') return again(withErrors(form, { visits: 'accounts.error.visits' }))
    if (removed.reason === 'no_such_doctor') return again(withErrors(form, { to: 'accounts.error.no_such_doctor' }))
    if (removed.reason === 'changed_meanwhile') return again(withErrors(form, { visits: 'accounts.error.visits_changed' }))
    flash(req, { kind: 'error', key: 'accounts.error.last_owner' })
    return redirect(at('/settings/staff'))
  }
  const { moved, cancelled, left, handOver } = removed.value
  const told = { moved: { moved, left }, cancelled: { cancelled, left }, kept: { left } }
  const what = moved > 0 || visits === 'move' ? 'moved' : cancelled > 0 ? 'cancelled' : 'kept'
  const none = moved + cancelled + left === 0
  flash(
    req,
    none
      ? { kind: 'success', key: 'accounts.flash.removed' }
      : { kind: 'success', key: `accounts.flash.removed_${what}`, params: told[what] },
  )
  if (id === person.userId) return redirect('/app')
  await redirect(at(handOver ? handOverPath(handOver) : '/settings/staff'))
  // Whoever has left must not go on reading while nobody has paid.
}, { whileReadOnly: true }) // prettier-ignore
