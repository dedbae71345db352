// The page an invitation's link leads to: a new account, or the one the person has.
import { emptyForm, parseForm, withErrors, type Form } from '../../../kernel/forms.ts'
import { startOf } from '../../../kernel/permissions.ts'
import { notFound } from '../../../platform/errors.ts'
import { publicRouter, type PublicRequest } from '../../../platform/web/routers.ts'
import { sessionUser } from '../../../platform/web/session.ts'
import { findAccountOfSession, hasAccount } from '../actions/account.ts'
import { findOpenInvitation, join, joinWithNewAccount } from '../actions/invitations.ts'
import { invitationPage, notePage } from '../pages/visitors.ts'
import type { Invitation } from '../queries.ts'
import { joinForm } from '../schema.ts'
import { enter, tokenOf } from './visitors.ts'

export const invitationRoutes = publicRouter('accounts')

invitationRoutes.get('/invitations/:token', 'public', async (request) => {
  const token = tokenOf(request.req.params.token)
  const invitation = await findOpenInvitation(request.services, token)
  if (!invitation) return gone(request)
  await showInvitation(request, token, invitation)
})

invitationRoutes.post('/invitations/:token', 'public', async (request) => {
  const { req, services, origin, redirect } = request
  const token = tokenOf(req.params.token)
  const invitation = await findOpenInvitation(services, token)
  if (!invitation) return gone(request)
  const state = await stateOf(request, invitation)
  if (state.name === 'new') return createAccount(request, token, invitation)
  if (state.name !== 'ready') return showInvitation(request, token, invitation)
  const joined = await join(services, origin, token, state.account)
  if (!joined.ok) return gone(request)
  await redirect(`/app/${joined.value.slug}${startOf(invitation.role)}`)
})

async function createAccount(request: PublicRequest, token: string, invitation: Invitation): Promise<void> {
  const { req, services, origin, redirect } = request
  const form = parseForm(joinForm, req.body)
  if (!form.ok) return showInvitation(request, token, invitation, form)
  const joined = await joinWithNewAccount(services, origin, token, form.value)
  if (joined.ok) {
    await enter(request, joined.value.account, ['password'], { fresh: true })
    return redirect(`/app/${joined.value.slug}${startOf(invitation.role)}`)
  }
  if (joined.reason === 'link_dead') return gone(request)
  // Somebody signed up with this e-mail just now.
  if (joined.reason === 'email_known') return showInvitation(request, token, invitation)
  const errors = { password: `accounts.error.password.${joined.reason}` }
  return showInvitation(request, token, invitation, withErrors(form, errors))
}

/** Whether the invited person has an account, and who is looking. */
async function stateOf({ req, services }: PublicRequest, invitation: Invitation) {
  const userId = await sessionUser(req, false)
  // A session that is over has just ended, and nothing of it is left to read.
  const version = userId === undefined ? undefined : req.session.passwordVersion
  const account = await findAccountOfSession(services, userId, version)
  if (account?.email === invitation.email) return { name: 'ready', account } as const
  if (account) return { name: 'other_account' } as const
  return { name: (await hasAccount(services, invitation.email)) ? 'sign_in' : 'new' } as const
}

async function showInvitation(request: PublicRequest, token: string, invitation: Invitation, form: Form = emptyForm) {
  const { services, speaker, show, res } = request
  res.setHeader('Cache-Control', 'no-store')
  const clinic = (await services.clinics.byId(invitation.clinicId)) ?? notFound('clinic')
  const { role, email } = invitation
  const state = (await stateOf(request, invitation)).name
  const facts = { clinic: clinic.name, role, email, action: `/invitations/${token}` }
  show(invitationPage(speaker, facts, state, form), { status: Object.keys(form.errors).length > 0 ? 422 : 200 })
}

function gone({ speaker, show, res }: PublicRequest): void {
  res.setHeader('Cache-Control', 'no-store')
  show(notePage(speaker, 'dead_invitation', { href: '/sign-in', label: speaker.t('accounts.sign_in.title') }), {
    status: 404,
  })
}
