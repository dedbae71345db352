// The page an invitation's link leads to: a new account, or the one the person has.
import { emptyForm, parseForm, withErrors, type Form } from '../../../kernel/forms.ts'
import { notFound } from '../../../platform/errors.ts'
import { publicRouter, type PublicRequest } from '../../../platform/web/routers.ts'
import { sessionUser } from '../../../platform/web/session.ts'
import { findOpenInvitation, join, joinWithNewAccount } from '../actions/staff.ts'
import { invitationPage, notePage } from '../pages.ts'
import { findAccount, findAccountByEmail, type Invitation } from '../queries.ts'
import { passwordFault } from '../rules.ts'
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
  const { req, services, redirect } = request
  const token = tokenOf(req.params.token)
  const invitation = await findOpenInvitation(services, token)
  if (!invitation) return gone(request)
  const state = await stateOf(request, invitation)
  if (state.name === 'new') return createAccount(request, token, invitation)
  if (state.name !== 'ready') return showInvitation(request, token, invitation)
  const joined = await join(services, token, state.account)
  if (!joined.ok) return gone(request)
  await redirect(`/app/${joined.value.slug}/today`)
})

async function createAccount(request: PublicRequest, token: string, invitation: Invitation): Promise<void> {
  const { req, services, redirect } = request
  const form = parseForm(joinForm, req.body)
  if (!form.ok) return showInvitation(request, token, invitation, form)
  const fault = passwordFault(form.value.password, [form.value.name, invitation.email], services.config.demo)
  if (fault) {
    const wrong = withErrors(form, { password: `accounts.error.password.${fault}` })
    return showInvitation(request, token, invitation, wrong)
  }
  const joined = await joinWithNewAccount(services, token, form.value)
  if (!joined.ok) return gone(request)
  await enter(request, joined.value)
  await redirect('/app')
}

/** Whether the invited person has an account, and who is looking. */
async function stateOf({ req, services }: PublicRequest, invitation: Invitation) {
  const userId = await sessionUser(req, false)
  const account = userId && (await findAccount(services.db, userId))
  if (account && account.email === invitation.email) return { name: 'ready', account } as const
  if (account) return { name: 'other_account' } as const
  const known = await findAccountByEmail(services.db, invitation.email)
  return { name: known ? 'sign_in' : 'new' } as const
}

async function showInvitation(request: PublicRequest, token: string, invitation: Invitation, form: Form = emptyForm) {
  const { services, speaker, show, res } = request
  res.setHeader('Cache-Control', 'no-store')
  const clinic = (await services.clinics.byId(invitation.clinicId)) ?? notFound('clinic')
  const { role, email } = invitation
  const state = (await stateOf(request, invitation)).name
  const failed = Object.keys(form.errors).length > 0
  show(invitationPage(speaker, { clinic: clinic.name, role, email, action: `/invitations/${token}` }, state, form), {
    status: failed ? 422 : 200,
  })
}

function gone({ speaker, show }: PublicRequest): void {
  show(notePage(speaker, 'dead_invitation', { href: '/sign-in', label: speaker.t('accounts.sign_in.title') }), {
    status: 404,
  })
}
