// Ending sessions: one's own one by one or all at once, and everybody's by the link of a mail that warned.
import { emptyForm, parseForm } from '../../../kernel/forms.ts'
import { accountRouter, publicRouter, type PublicRequest } from '../../../platform/web/routers.ts'
import { flash } from '../../../platform/web/session.ts'
import { endOtherSessions, endSession, findUndoing, throwOut } from '../actions/sessions.ts'
import { askPage } from '../pages/links.ts'
import { notePage } from '../pages/visitors.ts'
import { endSessionForm } from '../schema.ts'
import { tokenOf } from './visitors.ts'

export const sessionRoutes = accountRouter('accounts')

sessionRoutes.post('/account/sessions/end', 'signed_in', async ({ req, services, origin, person, redirect }) => {
  const form = parseForm(endSessionForm, req.body)
  if (form.ok) await endSession(services, origin, person.userId, form.value.session)
  flash(req, { kind: 'success', key: 'accounts.flash.session_ended' })
  await redirect('/account')
}, { stepUp: true }) // prettier-ignore

sessionRoutes.post('/account/sessions/end-others', 'signed_in', async ({ req, services, origin, person, redirect }) => {
  await endOtherSessions(services, origin, person.userId, req.sessionID)
  flash(req, { kind: 'success', key: 'accounts.flash.sessions_ended' })
  await redirect('/account')
}, { stepUp: true }) // prettier-ignore

export const alertRoutes = publicRouter('accounts')

alertRoutes.get('/not-me/:token', 'public', async (request) => {
  const { req, res, services, speaker, show } = request
  res.setHeader('Cache-Control', 'no-store')
  const token = tokenOf(req.params.token)
  const link = await findUndoing(services, token)
  if (!link) return deadAlert(request)
  show(askPage(speaker, link.purpose, link.email, `/not-me/${token}`, emptyForm))
})

alertRoutes.post('/not-me/:token', 'public', async (request) => {
  const { req, res, services, speaker, origin, show } = request
  res.setHeader('Cache-Control', 'no-store')
  const thrown = await throwOut(services, origin, tokenOf(req.params.token))
  if (!thrown.ok) return deadAlert(request)
  show(notePage(speaker, 'thrown_out', { href: '/sign-in', label: speaker.t('accounts.sign_in.back') }))
})

function deadAlert({ speaker, show }: PublicRequest): void {
  const link = { href: '/forgot-password', label: speaker.t('accounts.forgot.again') }
  show(notePage(speaker, 'dead_alert', link), { status: 404 })
}
