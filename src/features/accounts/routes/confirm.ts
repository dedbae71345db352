// "Confirm that it's you": before what can't be taken back, whoever sits at the desk proves to be who is signed in.
import { emptyForm, parseForm, type Form } from '../../../kernel/forms.ts'
import { accountRouter, type AccountRequest, type StepUp } from '../../../platform/web/routers.ts'
import { noteProven } from '../../../platform/web/session.ts'
import { getAccount } from '../actions/account.ts'
import { factorsOf } from '../actions/factors.ts'
import { askPasskey } from '../actions/passkeys.ts'
import { confirmsIdentity, type Offered } from '../actions/proof.ts'
import { confirmPage, type Carried } from '../pages/second-step.ts'
import { ownPath } from '../rules.ts'
import { confirmForm, proofFields } from '../schema.ts'

const routes = accountRouter('accounts')
export const confirmRoutes = routes

routes.get('/account/confirm', 'signed_in', async (request) => {
  const next = ownPath(request.req.query.next) ?? '/account'
  await ask(request, '/account/confirm', [['next', next]], emptyForm, 200)
}, { withoutFactor: true }) // prettier-ignore

routes.post('/account/confirm', 'signed_in', async (request) => {
  const form = parseForm(confirmForm, request.req.body)
  const next = (form.ok ? ownPath(form.value.next) : undefined) ?? '/account'
  if (await proves(request, '/account/confirm', [['next', next]])) await request.redirect(next)
}, { withoutFactor: true }) // prettier-ignore

routes.post('/account/confirm/passkey-options', 'signed_in', async ({ res, services, origin, person }) => {
  const asked = await askPasskey(services, origin, 'confirm', person.userId)
  if (!asked.ok) return void res.status(429).end()
  res.json(asked.value)
}, { withoutFactor: true }) // prettier-ignore

/**
 * For forms of any feature: asks with everything that was typed kept in the page, and takes the answer where the form
 * itself would have gone, so that one press is enough.
 */
export const confirmInPlace: StepUp = async (request) => {
  const { req } = request
  const { body, carried } = withoutProof(req.body)
  if (offeredIn(req.body) === undefined) {
    await ask(request, req.originalUrl, carried, emptyForm, 403)
    return false
  }
  if (!(await proves(request, req.originalUrl, carried))) return false
  req.body = body
  return true
}

/** Every field but the proof and the token, which each page has its own of. */
function withoutProof(body: unknown): { body: Record<string, unknown>; carried: Carried } {
  const all = Object.entries((body ?? {}) as Record<string, unknown>)
  const typed = all.filter(([name]) => name !== '_csrf' && !name.startsWith('confirm_'))
  const carried = typed.flatMap(([name, value]) =>
    [value].flat().flatMap((one): Carried => (typeof one === 'string' ? [[name, one]] : [])),
  )
  return { body: Object.fromEntries(all.filter(([name]) => !name.startsWith('confirm_'))), carried }
}

function offeredIn(body: unknown): Offered | undefined {
  const fields = proofFields.safeParse(body ?? {}).data
  const offered = { password: fields?.confirm_password, code: fields?.confirm_code, passkey: fields?.confirm_passkey }
  return Object.values(offered).some((value) => value !== undefined) ? offered : undefined
}

async function proves(request: AccountRequest, action: string, carried: Carried): Promise<boolean> {
  const { req, res, services, origin, person } = request
  const account = await getAccount(services, person.userId)
  const proven = await confirmsIdentity(services, origin, account, offeredIn(req.body) ?? {})
  if (proven.ok) {
    await noteProven(req, proven.value)
    return true
  }
  if (proven.reason === 'too_many') res.setHeader('Retry-After', 900)
  const [field, key] = errors[proven.reason]
  const form = { values: {}, errors: { [field]: key } }
  await ask(request, action, carried, form, proven.reason === 'too_many' ? 429 : 422)
  return false
}

const errors = {
  wrong: ['confirm_code', 'accounts.error.code_wrong'],
  too_many: ['form', 'accounts.error.code_too_many'],
  passkey_refused: ['form', 'accounts.error.passkey_refused'],
  wrong_password: ['confirm_password', 'accounts.error.current_wrong'],
} as const

async function ask(
  request: AccountRequest,
  action: string,
  carried: Carried,
  form: Form,
  status: number,
): Promise<void> {
  const { services, speaker, person, show } = request
  const factors = await factorsOf(services, person.userId)
  show(confirmPage(speaker, person, { action, carried, factors }, form), { status, layout: 'plain' })
}
