// What people do with their own account, and choosing where to work.
import { parseForm, withErrors } from '../../../kernel/forms.ts'
import { rotateCsrf } from '../../../platform/web/csrf.ts'
import { accountRouter, membershipsOf, type AccountRequest } from '../../../platform/web/routers.ts'
import { destroySession, flash, sessionCookieName } from '../../../platform/web/session.ts'
import { changeProfile, chooseLanguage, chooseTheme, getAccount } from '../actions/account.ts'
import { changePassword } from '../actions/password.ts'
import { signOut } from '../actions/sign-in.ts'
import { sessionsOf } from '../actions/sessions.ts'
import { accountPage, chooserPage, type AccountForms } from '../pages/account.ts'
import { ownPath } from '../rules.ts'
import { changePasswordForm, languageForm, profileForm, themeForm } from '../schema.ts'
import { homeOf } from './visitors.ts'

export const accountRoutes = accountRouter('accounts')

const own = ({ services, person }: AccountRequest) => getAccount(services, person.userId)

/** One's own page, with the forms as they were sent when something is wrong with one. */
export async function showAccount(request: AccountRequest, forms: AccountForms = {}, status = 200): Promise<void> {
  const { req, services, person, speaker, show } = request
  const [account, sessions] = await Promise.all([own(request), sessionsOf(services, person.userId)])
  const { secondFactor } = person
  show(accountPage(speaker, { account, secondFactor, sessions, current: req.session.facts?.id }, forms), { status })
}

accountRoutes.get('/app', 'signed_in', async ({ services, person, redirect }) =>
  redirect(await homeOf(services, { id: person.userId, platformAdmin: person.platformAdmin })),
)

accountRoutes.get('/account/clinics', 'signed_in', async ({ services, person, speaker, show }) => {
  const memberships = await membershipsOf(services, person.userId)
  show(chooserPage(speaker, person, memberships))
})

accountRoutes.post('/sign-out', 'signed_in', async ({ req, res, services, origin, person }) => {
  await destroySession(req)
  await signOut(services, origin, person.userId)
  rotateCsrf(req, res)
  res.clearCookie(sessionCookieName(services.config.secureCookies), { path: '/' })
  res.setHeader('Clear-Site-Data', '"cache", "storage"')
  res.redirect(303, `/sign-in?lang=${person.language}`)
}, { withoutFactor: true }) // prettier-ignore

accountRoutes.get('/account', 'signed_in', (request) => showAccount(request))

accountRoutes.post('/account/profile', 'signed_in', async (request) => {
  const { req, services, person, redirect } = request
  const [workplace] = await membershipsOf(services, person.userId)
  const form = parseForm(profileForm(workplace?.country ?? ''), req.body)
  if (!form.ok) return showAccount(request, { profile: form }, 422)
  await changeProfile(services, person.userId, form.value)
  flash(req, { kind: 'success', key: 'accounts.flash.saved' })
  await redirect('/account')
})

accountRoutes.post('/account/password', 'signed_in', async (request) => {
  const { req, services, origin, redirect } = request
  const account = await own(request)
  const form = parseForm(changePasswordForm, req.body)
  if (!form.ok) return showAccount(request, { password: form }, 422)
  const changed = await changePassword(services, origin, account, form.value)
  if (!changed.ok) {
    const errors = changePasswordErrors(changed.reason)
    const status = changed.reason === 'too_many' ? 429 : 422
    return showAccount(request, { password: withErrors(form, errors) }, status)
  }
  // The session it was changed in goes on; all others carry the old version.
  req.session.passwordVersion = changed.value
  flash(req, { kind: 'success', key: 'accounts.flash.password_changed' })
  await redirect('/account')
}, { stepUp: 'second' }) // prettier-ignore

type Refused = Exclude<Awaited<ReturnType<typeof changePassword>>, { ok: true }>['reason']

function changePasswordErrors(reason: Refused): Record<string, string> {
  if (reason === 'too_many') return { current: 'accounts.error.sign_in_too_many' }
  if (reason === 'wrong' || reason === 'shared') return { current: `accounts.error.current_${reason}` }
  return { password: `accounts.error.password.${reason}` }
}

accountRoutes.post('/account/language', 'signed_in', async ({ req, services, person, redirect }) => {
  const form = parseForm(languageForm, req.body)
  if (form.ok) await chooseLanguage(services, person.userId, form.value.language)
  await redirect(cameFrom(req.headers.referer) ?? '/account')
}, { withoutFactor: true }) // prettier-ignore

accountRoutes.post('/account/theme', 'signed_in', async ({ req, services, person, redirect }) => {
  const form = parseForm(themeForm, req.body)
  if (form.ok) await chooseTheme(services, person.userId, form.value.theme)
  await redirect(cameFrom(req.headers.referer) ?? '/account')
})

/** The page of ours a form was on. */
export function cameFrom(referer: string | undefined): string | undefined {
  if (referer === undefined || !URL.canParse(referer)) return undefined
  const { pathname, search } = new URL(referer)
  return ownPath(pathname + search)
}
