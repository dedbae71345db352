// What people do with their own account, and choosing where to work.
import { parseForm, withErrors } from '../../../kernel/forms.ts'
import { accountRouter, membershipsOf, type AccountRequest } from '../../../platform/web/routers.ts'
import { destroySession, flash, sessionCookieName } from '../../../platform/web/session.ts'
import { rotateCsrf } from '../../../platform/web/csrf.ts'
import { notFound } from '../../../platform/errors.ts'
import { changePassword } from '../actions/password.ts'
import { accountPage, chooserPage } from '../pages.ts'
import { findAccount, updateLanguage, updateProfile, updateTheme } from '../queries.ts'
import { ownPath, passwordFault } from '../rules.ts'
import { changePasswordForm, languageForm, profileForm, themeForm } from '../schema.ts'
import { homeOf } from './visitors.ts'

export const accountRoutes = accountRouter('accounts')

const own = async ({ services, person }: AccountRequest) =>
  (await findAccount(services.db, person.userId)) ?? notFound('account')

accountRoutes.get('/app', 'signed_in', async ({ services, person, redirect }) =>
  redirect(await homeOf(services, { id: person.userId, platformAdmin: person.platformAdmin })),
)

accountRoutes.get('/clinics', 'signed_in', async ({ services, person, speaker, show }) => {
  const memberships = await membershipsOf(services, person.userId)
  show(
    chooserPage(
      speaker,
      memberships.map(({ name, city, slug, role }) => ({ name, city, role, href: `/app/${slug}/today` })),
    ),
  )
})

accountRoutes.post('/sign-out', 'signed_in', async ({ req, res, services }) => {
  await destroySession(req)
  rotateCsrf(req, res)
  res.clearCookie(sessionCookieName(services.config.secureCookies), { path: '/' })
  res.setHeader('Clear-Site-Data', '"cache", "storage"')
  res.redirect(303, '/sign-in')
})

accountRoutes.get('/account', 'signed_in', async (request) =>
  request.show(accountPage(request.speaker, await own(request))),
)

accountRoutes.post('/account/profile', 'signed_in', async (request) => {
  const { req, services, person, speaker, show, redirect } = request
  const form = parseForm(profileForm, req.body)
  if (!form.ok) return show(accountPage(speaker, await own(request), { profile: form }), { status: 422 })
  const shortcuts = form.value.shortcuts !== undefined
  await updateProfile(services.db, person.userId, { name: form.value.name, shortcuts })
  flash(req, { kind: 'success', key: 'accounts.flash.saved' })
  await redirect('/account')
})

accountRoutes.post('/account/password', 'signed_in', async (request) => {
  const { req, services, speaker, show, redirect } = request
  const account = await own(request)
  const form = parseForm(changePasswordForm, req.body)
  if (!form.ok) return show(accountPage(speaker, account, { password: form }), { status: 422 })
  const fault = passwordFault(form.value.password, [account.name, account.email], services.config.demo)
  const refused = (errors: Record<string, string>, status: 422 | 429 = 422) =>
    show(accountPage(speaker, account, { password: withErrors(form, errors) }), { status })
  if (fault) return refused({ password: `accounts.error.password.${fault}` })
  const changed = await changePassword(services, account, form.value)
  if (!changed.ok) {
    if (changed.reason === 'too_many') return refused({ current: 'accounts.error.sign_in_too_many' }, 429)
    return refused({ current: `accounts.error.current_${changed.reason}` })
  }
  // The session it was changed in goes on; all others carry the old version.
  req.session.passwordVersion = changed.value
  flash(req, { kind: 'success', key: 'accounts.flash.password_changed' })
  await redirect('/account')
})

accountRoutes.post('/account/language', 'signed_in', async ({ req, services, person, redirect }) => {
  const form = parseForm(languageForm, req.body)
  if (form.ok) await updateLanguage(services.db, person.userId, form.value.language)
  await redirect(cameFrom(req.headers.referer) ?? '/account')
})

accountRoutes.post('/account/theme', 'signed_in', async ({ req, services, person, redirect }) => {
  const form = parseForm(themeForm, req.body)
  if (form.ok) await updateTheme(services.db, person.userId, form.value.theme)
  await redirect(cameFrom(req.headers.referer) ?? '/account')
})

/** The page of ours a form was on. */
function cameFrom(referer: string | undefined): string | undefined {
  if (referer === undefined || !URL.canParse(referer)) return undefined
  const { pathname, search } = new URL(referer)
  return ownPath(pathname + search)
}
