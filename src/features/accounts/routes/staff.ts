// The clinic's people: who works here, in which role, and who is invited.
import { parseForm, withErrors } from '../../../kernel/forms.ts'
import { parseId } from '../../../kernel/ids.ts'
import { clinicRouter, idParam } from '../../../platform/web/routers.ts'
import { flash } from '../../../platform/web/session.ts'
import { changeRole, invite, inviteAgain, removeMember, withdrawInvitation } from '../actions/staff.ts'
import { staffPage } from '../pages.ts'
import { invitationForm, roleForm } from '../schema.ts'

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

staffRoutes.post(
  '/settings/staff/invitations/:id/withdrawal',
  'staff.manage',
  async ({ req, inClinic, redirect, at }) => {
    await inClinic((ctx) => withdrawInvitation(ctx, idParam(req, 'id')))
    flash(req, { kind: 'success', key: 'accounts.flash.withdrawn' })
    await redirect(at('/settings/staff'))
  },
)

staffRoutes.post('/settings/staff/:id/role', 'staff.manage', async ({ req, inClinic, redirect, at }) => {
  const form = parseForm(roleForm, req.body)
  const changed = form.ok ? await inClinic((ctx) => changeRole(ctx, idParam(req, 'id'), form.value.role)) : undefined
  flash(
    req,
    changed?.ok
      ? { kind: 'success', key: 'accounts.flash.role_changed' }
      : { kind: 'error', key: changed ? 'accounts.error.last_owner' : 'accounts.error.role' },
  )
  await redirect(at('/settings/staff'))
})

staffRoutes.post('/settings/staff/:id/removal', 'staff.manage', async ({ req, inClinic, redirect, at }) => {
  const removed = await inClinic((ctx) => removeMember(ctx, idParam(req, 'id')))
  flash(
    req,
    removed.ok
      ? { kind: 'success', key: 'accounts.flash.removed' }
      : { kind: 'error', key: 'accounts.error.last_owner' },
  )
  await redirect(at('/settings/staff'))
})
