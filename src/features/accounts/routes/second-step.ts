// Signing in beyond the password: a code or a passkey as the second step, or a passkey alone.
import { emptyForm, parseForm, withErrors } from '../../../kernel/forms.ts'
import { publicRouter, type PublicRequest } from '../../../platform/web/routers.ts'
import { flash, pendingOf } from '../../../platform/web/session.ts'
import { factorsOf } from '../actions/factors.ts'
import { askPasskey } from '../actions/passkeys.ts'
import { finishSignIn, signInWithPasskey, type Offered } from '../actions/proof.ts'
import { secondStepPage } from '../pages/second-step.ts'
import { signInPage } from '../pages/visitors.ts'
import { ownPath } from '../rules.ts'
import { fewRecoveryCodes } from '../rules/factors.ts'
import { codeForm, passkeySignInForm } from '../schema.ts'
import { recoveryCodesLeft } from '../actions/recovery-codes.ts'
import { enter, homeOf } from './visitors.ts'

const routes = publicRouter('accounts')
export const secondStepRoutes = routes

const page = '/sign-in/second-step'

async function showStep(request: PublicRequest, form = emptyForm, status = 200): Promise<void> {
  const { req, res, services, speaker, show } = request
  res.setHeader('Cache-Control', 'no-store')
  const pending = pendingOf(req)
  if (!pending) return startAgain(request)
  show(secondStepPage(speaker, await factorsOf(services, pending.userId), form), { status })
}

/** The first step is too long ago, or never was. */
function startAgain({ res, url }: PublicRequest): void {
  res.redirect(303, url('/sign-in'))
}

// Whoever comes here by a bookmark, with nothing begun, begins.
routes.get(page, 'public', (request) =>
  pendingOf(request.req) ? showStep(request) : request.show(signInPage(request.speaker)),
)

routes.post(page, 'public', async (request) => {
  const form = parseForm(codeForm, request.req.body)
  if (!form.ok) return showStep(request, form, 422)
  await finish(request, { code: form.value.code }, form.values)
})

routes.post(`${page}/passkey`, 'public', async (request) => {
  const form = parseForm(passkeySignInForm, request.req.body)
  if (!form.ok) return showStep(request, withErrors(form, { form: 'accounts.error.passkey_refused' }), 422)
  await finish(request, { passkey: form.value.response }, {})
})

async function finish(request: PublicRequest, offered: Offered, values: Record<string, string>): Promise<void> {
  const { req, res, services, origin, redirect } = request
  const pending = pendingOf(req)
  if (!pending) return startAgain(request)
  const finished = await finishSignIn(services, origin, pending, offered)
  if (!finished.ok) {
    if (finished.reason === 'over') return startAgain(request)
    const field = finished.reason === 'passkey_refused' ? 'form' : 'code'
    if (finished.reason === 'too_many') res.setHeader('Retry-After', 900)
    const errors = {
      [field]: `accounts.error.${finished.reason === 'wrong' ? 'code_wrong' : finished.reason === 'too_many' ? 'code_too_many' : 'passkey_refused'}`,
    }
    return showStep(request, withErrors({ values }, errors), finished.reason === 'too_many' ? 429 : 422)
  }
  const { account, factor } = finished.value
  await enter(request, account, ['password', factor])
  const left = factor === 'code' ? await recoveryCodesLeft(services, account.id) : undefined
  if (left !== undefined && left <= fewRecoveryCodes) {
    flash(req, { kind: 'info', key: 'accounts.factor.few_codes', params: { count: left } })
  }
  await redirect(pending.next ?? (await homeOf(services, account)))
}

// Both ask for something to sign; where nobody is known yet, the passkey says whose it is.
routes.post(`${page}/passkey-options`, 'public', async ({ req, res, services, origin }) => {
  const asked = await askPasskey(services, origin, 'sign_in', pendingOf(req)?.userId)
  if (!asked.ok) return void res.status(429).end()
  res.json(asked.value)
})

routes.post('/sign-in/passkey-options', 'public', async ({ res, services, origin }) => {
  const asked = await askPasskey(services, origin, 'sign_in', undefined)
  if (!asked.ok) return void res.status(429).end()
  res.json(asked.value)
})

routes.post('/sign-in/passkey', 'public', async (request) => {
  const { req, services, origin, speaker, show, redirect } = request
  const form = parseForm(passkeySignInForm, req.body)
  const next = form.ok ? ownPath(form.value.next) : undefined
  const found = form.ok ? await signInWithPasskey(services, origin, form.value.response) : undefined
  if (!found?.ok) {
    const refused = withErrors({ values: {} }, { form: 'accounts.error.passkey_refused' })
    return show(signInPage(speaker, refused, next ?? ''), { status: 422 })
  }
  await enter(request, found.value, ['passkey'])
  await redirect(next ?? (await homeOf(services, found.value)))
})
