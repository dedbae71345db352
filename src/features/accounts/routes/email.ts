// The e-mail of an account: another one, and showing that one reads it.
import { emptyForm, parseForm, withErrors } from '../../../kernel/forms.ts'
import { accountRouter, publicRouter, type PublicRequest } from '../../../platform/web/routers.ts'
import { flash } from '../../../platform/web/session.ts'
import { getAccount } from '../actions/account.ts'
import { askAgainToVerify, askForEmailChange, confirmEmail, findConfirming } from '../actions/email.ts'
import { askPage } from '../pages/links.ts'
import { notePage } from '../pages/visitors.ts'
import { changeEmailForm } from '../schema.ts'
import { cameFrom, showAccount } from './account.ts'
import { tokenOf } from './visitors.ts'

export const emailRoutes = accountRouter('accounts')

emailRoutes.post('/account/email', 'signed_in', async (request) => {
  const { req, services, origin, person, redirect } = request
  const form = parseForm(changeEmailForm, req.body)
  if (!form.ok) return showAccount(request, { email: form }, 422)
  const account = await getAccount(services, person.userId)
  const asked = await askForEmailChange(services, origin, account, form.value.new_email)
  if (!asked.ok) {
    const wrong = withErrors(form, { new_email: `accounts.error.email_${asked.reason}` })
    return showAccount(request, { email: wrong }, asked.reason === 'too_many' ? 429 : 422)
  }
  flash(req, { kind: 'info', key: 'accounts.flash.email_asked', params: { email: form.value.new_email } })
  await redirect('/account')
}, { stepUp: true }) // prettier-ignore

emailRoutes.post('/account/email/verification', 'signed_in', async ({ req, services, person, redirect }) => {
  const asked = await askAgainToVerify(services, await getAccount(services, person.userId))
  flash(req, asked.ok
    ? { kind: 'info', key: 'accounts.flash.verify_sent' }
    : { kind: 'error', key: 'accounts.error.email_too_many' }) // prettier-ignore
  await redirect(cameFrom(req.headers.referer) ?? '/account')
}, { withoutFactor: true }) // prettier-ignore

export const emailLinkRoutes = publicRouter('accounts')

emailLinkRoutes.get('/confirm-email/:token', 'public', async (request) => {
  const { req, res, services, speaker, show } = request
  res.setHeader('Cache-Control', 'no-store')
  const token = tokenOf(req.params.token)
  const link = await findConfirming(services, token)
  if (!link) return dead(request)
  show(askPage(speaker, link.purpose, link.email, `/confirm-email/${token}`, emptyForm))
})

emailLinkRoutes.post('/confirm-email/:token', 'public', async (request) => {
  const { req, res, services, speaker, origin, show } = request
  res.setHeader('Cache-Control', 'no-store')
  const confirmed = await confirmEmail(services, origin, tokenOf(req.params.token))
  if (!confirmed.ok) return dead(request)
  const link = { href: '/app', label: speaker.t('accounts.account.back') }
  show(notePage(speaker, confirmed.value.changed ? 'email_changed' : 'email_verified', link))
})

function dead({ speaker, show }: PublicRequest): void {
  const link = { href: '/account', label: speaker.t('accounts.account.title') }
  show(notePage(speaker, 'dead_confirmation', link), { status: 404 })
}
