// Doors for people who are not signed in yet: opening a clinic, signing in, a forgotten password.
import countries from 'countries-and-timezones'
import { parseForm, withErrors } from '../../../kernel/forms.ts'
import { startOf } from '../../../kernel/permissions.ts'
import { agreedCodes } from '../../../kernel/policies.ts'
import { HttpError, notFound } from '../../../platform/errors.ts'
import { inForce, type PolicyVersion } from '../../../platform/policies.ts'
import type { Services } from '../../../platform/services.ts'
import { rotateCsrf } from '../../../platform/web/csrf.ts'
import { membershipsOf, publicRouter, type PublicRequest } from '../../../platform/web/routers.ts'
import { flash, startPending, startSession, type Factor } from '../../../platform/web/session.ts'
import { hasSecondFactor } from '../actions/factors.ts'
import { askForReset, findResetAccount, resetPassword } from '../actions/password.ts'
import { noteBrowser } from '../actions/sessions.ts'
import { noteFirstStep, signIn } from '../actions/sign-in.ts'
import { signUp } from '../actions/sign-up.ts'
import { looksLikeToken } from '../actions/tokens.ts'
import { forgotPage, notePage, resetPage, signInPage, signUpPage } from '../pages/visitors.ts'
import type { Account } from '../queries.ts'
import { ownPath, passwordFault, zoneFor, zonesFor } from '../rules.ts'
import { forgotForm, newPasswordForm, signInForm, signUpForm } from '../schema.ts'

export const visitorRoutes = publicRouter('accounts')

/** Who is here already signs in as ever; only new clinics wait. */
const signUpClosed = ({ speaker }: PublicRequest) =>
  notePage(speaker, 'sign_up_closed', { href: '/sign-in', label: speaker.t('accounts.sign_in.title') })

visitorRoutes.get('/sign-up', 'public', (request) => {
  const { services, show, speaker } = request
  show(services.switches.on('sign_up') ? signUpPage(speaker, agreedNow(services)) : signUpClosed(request))
})

visitorRoutes.post('/sign-up', 'public', async (request) => {
  const { req, services, speaker, origin, show, redirect } = request
  if (!services.switches.on('sign_up')) return show(signUpClosed(request), { status: 409 })
  const form = parseForm(signUpForm, req.body)
  const zones = zonesOf(form.values.country)
  const zone = zoneFor(zones, form.values.zone)
  const errors: Record<string, string> = form.ok ? {} : { ...form.errors }
  const { password, name = '', email = '', clinicName = '', city = '' } = form.values
  if (password !== undefined && errors.password === undefined) {
    const fault = passwordFault(password, [name, email, clinicName, city], services.config.demo)
    if (fault) errors.password = `accounts.error.password.${fault}`
  }
  if (zone.toChoose) errors.zone = 'accounts.error.zone'
  if (!form.ok || Object.keys(errors).length > 0) {
    const typed = { values: { ...form.values, zone: zone.zone ?? '' } }
    return show(signUpPage(speaker, agreedNow(services), withErrors(typed, errors), zones), { status: 422 })
  }
  const opened = await signUp(services, origin, { ...form.value, zone: zone.zone })
  if (!opened.ok) {
    if (opened.reason === 'too_many') throw new HttpError(429, 'too many sign-ups', opened.seconds)
    return show(notePage(speaker, 'sign_up_known', { href: '/sign-in', label: speaker.t('accounts.sign_in.title') }))
  }
  await enter(request, opened.value.account, ['password'], { fresh: true })
  await redirect(`/app/${opened.value.slug}/today`)
})

/** What somebody who opens a clinic now agrees to. */
const agreedNow = ({ policies, clock }: Services): PolicyVersion[] =>
  agreedCodes.flatMap((code) => inForce(policies.published(), code, clock.now()) ?? [])

function zonesOf(country: string | undefined): string[] {
  return zonesFor(country, country === undefined ? [] : (countries.getCountry(country)?.timezones ?? []))
}

visitorRoutes.get('/sign-in', 'public', ({ req, show, speaker }) =>
  show(signInPage(speaker, undefined, ownPath(req.query.next) ?? '')),
)

visitorRoutes.post('/sign-in', 'public', async (request) => {
  const { req, services, speaker, origin, show, redirect } = request
  const form = parseForm(signInForm, req.body)
  if (!form.ok) return show(signInPage(speaker, form), { status: 422 })
  const found = await signIn(services, origin, form.value)
  if (!found.ok) {
    const wrong = withErrors(form, { form: `accounts.error.sign_in_${found.reason}` })
    if (found.reason === 'too_many') request.res.setHeader('Retry-After', found.seconds)
    return show(signInPage(speaker, wrong), { status: found.reason === 'too_many' ? 429 : 422 })
  }
  const next = ownPath(form.value.next)
  const { account, half } = found.value
  if (half) return enterHalf(request, account, next)
  await enter(request, account)
  await redirect(next ?? (await homeOf(services, account)))
})

/** A session that opens nothing but the page for the second factor. */
export async function enterHalf(request: PublicRequest, account: Account, next?: string): Promise<void> {
  const { req, res } = request
  await startPending(req, account, next)
  rotateCsrf(req, res)
  res.redirect(303, request.url('/sign-in/second-step'))
}

/**
 * A new session and a new CSRF secret: what was known before signing in is worth nothing after. `fresh`: the account was
 * made just now, by whoever sits there.
 */
export async function enter(
  { req, res, services, origin }: Pick<PublicRequest, 'req' | 'res' | 'services' | 'origin'>,
  account: Account,
  factors: readonly Factor[] = ['password'],
  { fresh = false } = {},
): Promise<void> {
  await startSession(req, account, factors)
  await noteBrowser(services, origin, account, { fresh })
  rotateCsrf(req, res)
}

/** Where somebody's work begins: the console, their clinic, or the choice of several. */
export async function homeOf(
  services: Services,
  account: { id: Account['id']; platformAdmin: boolean },
): Promise<string> {
  const memberships = await membershipsOf(services, account.id)
  const [first] = memberships
  if (!first) return account.platformAdmin ? '/admin' : '/account/clinics'
  return memberships.length === 1 ? `/app/${first.slug}${startOf(first.role)}` : '/account/clinics'
}

visitorRoutes.get('/forgot-password', 'public', ({ show, speaker }) => show(forgotPage(speaker)))

visitorRoutes.post('/forgot-password', 'public', async ({ req, services, origin, speaker, show }) => {
  const form = parseForm(forgotForm, req.body)
  if (!form.ok) return show(forgotPage(speaker, form), { status: 422 })
  await askForReset(services, origin, form.value.email)
  show(notePage(speaker, 'forgot_sent', { href: '/sign-in', label: speaker.t('accounts.sign_in.back') }))
})

visitorRoutes.get('/reset-password/:token', 'public', async (request) => {
  const { req, res, services, speaker, show } = request
  res.setHeader('Cache-Control', 'no-store')
  const token = tokenOf(req.params.token)
  const account = await findResetAccount(services, token)
  if (!account) return deadLink(request)
  show(resetPage(speaker, { action: `/reset-password/${token}`, email: account.email }))
})

visitorRoutes.post('/reset-password/:token', 'public', async (request) => {
  const { req, res, services, origin, speaker, show, redirect } = request
  res.setHeader('Cache-Control', 'no-store')
  const token = tokenOf(req.params.token)
  const account = await findResetAccount(services, token)
  if (!account) return deadLink(request)
  const facts = { action: `/reset-password/${token}`, email: account.email }
  const form = parseForm(newPasswordForm, req.body)
  if (!form.ok) return show(resetPage(speaker, facts, form), { status: 422 })
  const reset = await resetPassword(services, origin, token, form.value.password)
  if (!reset.ok) {
    if (reset.reason === 'link_dead') return deadLink(request)
    const wrong = withErrors(form, { password: `accounts.error.password.${reset.reason}` })
    return show(resetPage(speaker, facts, wrong), { status: 422 })
  }
  // Whoever held the link chose the password: asking for it again would prove nothing more. A second factor it would.
  const half = await hasSecondFactor(services, reset.value.id)
  await noteFirstStep(services, origin, reset.value, half)
  if (half) return enterHalf(request, reset.value)
  await enter(request, reset.value)
  flash(req, { kind: 'success', key: 'accounts.flash.password_changed' })
  await redirect(await homeOf(services, reset.value))
})

function deadLink({ speaker, show }: PublicRequest): void {
  const link = { href: '/forgot-password', label: speaker.t('accounts.forgot.again') }
  show(notePage(speaker, 'dead_link', link), { status: 404 })
}

export function tokenOf(token: unknown): string {
  return looksLikeToken(token) ? token : notFound('link')
}
