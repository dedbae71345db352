// One's own second factor: an authenticator app, passkeys, recovery codes. Also for who can do nothing else before.
import { emptyForm, parseForm, withErrors, type Form } from '../../../kernel/forms.ts'
import { accountRouter, idParam, type AccountRequest } from '../../../platform/web/routers.ts'
import { flash, renewSession } from '../../../platform/web/session.ts'
import { getAccount } from '../actions/account.ts'
import { cancelReset, findReset } from '../actions/factor-resets.ts'
import type { Changed } from '../actions/factors.ts'
import { addPasskey, askForPasskey, removePasskey } from '../actions/passkeys.ts'
import { renewCodes } from '../actions/recovery-codes.ts'
import { confirmTotp, findTotpStart, removeTotp, startTotp } from '../actions/totp.ts'
import { codesPage, factorPage, newPasskeyPage, totpPage } from '../pages/second-factor.ts'
import { codeForm, passkeyForm } from '../schema.ts'

const routes = accountRouter('accounts')
export const secondFactorRoutes = routes

const page = '/account/second-factor'
const open = { withoutFactor: true } as const
const proven = { withoutFactor: true, stepUp: true } as const

const own = ({ services, person }: AccountRequest) => getAccount(services, person.userId)

/** The session the change was made in goes on, under a new id; all others carry the old version. */
async function goOn(request: AccountRequest, { version }: Changed, factor?: 'code' | 'passkey'): Promise<void> {
  const { req, services } = request
  const now = services.clock.now().epochMilliseconds
  const shown = factor && { ...req.session.proven, [factor]: now }
  await renewSession(req, { passwordVersion: version, ...(shown ? { proven: shown } : {}) })
}

async function showCodes(request: AccountRequest, codes: string[]): Promise<void> {
  const { person, speaker, services, show } = request
  show(codesPage(speaker, person, codes, services.clock.now()))
  await Promise.resolve()
}

async function changed(request: AccountRequest, codes: string[] | undefined, key: string): Promise<void> {
  if (codes) return showCodes(request, codes)
  flash(request.req, { kind: 'success', key })
  await request.redirect(page)
}

routes.get(page, 'signed_in', async ({ services, speaker, person, show }) => {
  show(await factorPage(services, speaker, person))
}, open) // prettier-ignore

// A form, because the new secret is kept; the app that counts is not touched before the new one shows a code.
routes.post(`${page}/app`, 'signed_in', async (request) => {
  await startTotp(request.services, await own(request))
  await request.redirect(`${page}/app`)
}, proven) // prettier-ignore

routes.get(`${page}/app`, 'signed_in', (request) => showTotp(request, emptyForm, 200), proven)

async function showTotp(request: AccountRequest, form: Form, status: number): Promise<void> {
  const { services, speaker, person, show, redirect } = request
  const start = await findTotpStart(services, await own(request))
  if (!start) return redirect(page)
  show(totpPage(speaker, person, start, form), { status })
}

routes.post(`${page}/app/code`, 'signed_in', async (request) => {
  const { req, services, origin } = request
  const form = parseForm(codeForm, req.body)
  if (!form.ok) return showTotp(request, form, 422)
  const confirmed = await confirmTotp(services, origin, await own(request), form.value.code)
  if (!confirmed.ok) {
    const key = confirmed.reason === 'too_many' ? 'code_too_many' : 'code_wrong_new'
    return showTotp(request, withErrors(form, { code: `accounts.error.${key}` }), confirmed.reason === 'too_many' ? 429 : 422)
  }
  await goOn(request, confirmed.value, 'code')
  await changed(request, confirmed.value.codes, 'accounts.flash.app_added')
}, proven) // prettier-ignore

routes.post(`${page}/app/removal`, 'signed_in', async (request) => {
  const { services, origin, person } = request
  const removed = await removeTotp(services, origin, await own(request), person)
  if (removed.ok) await goOn(request, removed.value)
  await after(request, removed.ok ? undefined : removed.reason, 'accounts.flash.app_removed')
}, proven) // prettier-ignore

async function after(request: AccountRequest, refused: string | undefined, key: string): Promise<void> {
  const said =
    refused === undefined
      ? { kind: 'success' as const, key }
      : { kind: 'error' as const, key: `accounts.error.factor_${refused}` }
  flash(request.req, said)
  await request.redirect(page)
}

routes.post(`${page}/codes`, 'signed_in', async (request) => {
  const renewed = await renewCodes(request.services, request.origin, await own(request))
  if (!renewed.ok) return request.redirect(page)
  await goOn(request, renewed.value)
  await showCodes(request, renewed.value.codes)
}, proven) // prettier-ignore

routes.get('/account/passkeys/new', 'signed_in', ({ speaker, person, show }) => {
  show(newPasskeyPage(speaker, person))
}, proven) // prettier-ignore

routes.post('/account/passkeys/options', 'signed_in', async (request) => {
  request.res.json(await askForPasskey(request.services, await own(request)))
}, proven) // prettier-ignore

routes.post('/account/passkeys', 'signed_in', async (request) => {
  const { req, services, origin, speaker, person, show } = request
  const form = parseForm(passkeyForm, req.body)
  if (!form.ok) return show(newPasskeyPage(speaker, person, form), { status: 422 })
  const added = await addPasskey(services, origin, await own(request), form.value)
  if (!added.ok) {
    const refused = withErrors(form, { name: `accounts.error.passkey_${added.reason}` })
    return show(newPasskeyPage(speaker, person, refused), { status: 422 })
  }
  await goOn(request, added.value, 'passkey')
  await changed(request, added.value.codes, 'accounts.flash.passkey_added')
}, proven) // prettier-ignore

routes.post('/account/passkeys/:id/removal', 'signed_in', async (request) => {
  const { req, services, origin, person } = request
  const removed = await removePasskey(services, origin, await own(request), person, idParam(req, 'id'))
  if (removed.ok) await goOn(request, removed.value)
  await after(request, removed.ok ? undefined : removed.reason, 'accounts.flash.passkey_removed')
}, proven) // prettier-ignore

// Whoever is in has lost nothing.
routes.post(`${page}/reset/cancellation`, 'signed_in', async ({ req, services, origin, person, redirect }) => {
  const reset = await findReset(services, person.userId)
  if (reset) await cancelReset(services, origin, reset)
  flash(req, { kind: 'success', key: 'accounts.flash.reset_cancelled' })
  await redirect(page)
}, open) // prettier-ignore
