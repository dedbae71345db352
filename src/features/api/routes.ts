// A clinic's own tools: their keys, the tokens they get for them, and what they may ask for.
import { emptyForm, parseForm, withErrors } from '../../kernel/forms.ts'
import { cachedPage, sendCached, type CachedPage } from '../../platform/web/cached-page.ts'
import { apiRouter, clinicRouter, idParam, problem, publicRouter } from '../../platform/web/routers.ts'
import { flash } from '../../platform/web/session.ts'
import { createClient, issueToken, readAppointments, revokeClient } from './actions.ts'
import { apiDescription } from './pages/description.ts'
import { apiPage, path } from './pages/settings.ts'
import { appointmentsQuery, clientForm, credentialsOf, tokenRequest } from './schema.ts'

/** Mounted before cookies and sessions: nothing here has either. */
export const apiOpenRoutes = publicRouter('api')
export const apiRoutes = apiRouter('api')
const settings = clinicRouter('api')
export const apiSettingsRoutes = settings

let description: { baseUrl: string; page: Promise<CachedPage> } | undefined

apiOpenRoutes.get('/api/v1/openapi.json', 'public', async ({ req, res, services }) => {
  const { baseUrl } = services.config
  if (description?.baseUrl !== baseUrl) {
    const text = JSON.stringify(apiDescription(baseUrl), null, 2)
    description = { baseUrl, page: Promise.resolve(cachedPage('application/json; charset=utf-8', text)) }
  }
  res.setHeader('Access-Control-Allow-Origin', '*')
  await sendCached(req, res, await description.page, { 'Cache-Control': 'public, max-age=300' })
})

apiOpenRoutes.get('/.well-known/jwks.json', 'public', async ({ res, services }) => {
  res.setHeader('Cache-Control', 'public, max-age=3600')
  res.json({ keys: [await services.apiTokens.publicKey()] })
})

apiOpenRoutes.post('/oauth/token', 'public', async ({ req, res, services }) => {
  res.setHeader('Cache-Control', 'no-store')
  const refuse = (status: number, error: string) => void res.status(status).json({ error })
  const asked = tokenRequest.safeParse(req.body ?? {})
  if (!asked.success) return refuse(400, 'invalid_request')
  if (asked.data.grant_type !== 'client_credentials') return refuse(400, 'unsupported_grant_type')
  const headers = req.headersDistinct.authorization ?? []
  const credentials = headers.length > 1 ? undefined : credentialsOf(headers[0], asked.data)
  const issued = credentials && (await issueToken(services, credentials, asked.data.scope, req.ip))
  if (issued?.ok) return void res.json(issued.value)
  if (issued?.reason === 'slow_down') {
    res.setHeader('Retry-After', issued.wait)
    return refuse(429, 'slow_down')
  }
  if (issued?.reason === 'invalid_scope') return refuse(400, 'invalid_scope')
  res.setHeader('WWW-Authenticate', 'Basic realm="nabz"')
  return refuse(401, 'invalid_client')
})

apiRoutes.get('/appointments', 'today.see', async ({ req, res, scopes, inClinic }) => {
  const query = appointmentsQuery.safeParse(req.query)
  if (!query.success) {
    const detail = query.error.issues.map((issue) => `${issue.path.join('.') || 'query'}: ${issue.message}`).join('; ')
    return problem(req, res, { status: 422, code: 'query_invalid', detail })
  }
  res.json(await inClinic((ctx) => readAppointments(ctx, query.data, scopes)))
})

settings.get(path, 'clinic.api', async ({ services, speaker, show, inClinic }) => {
  show(await inClinic((ctx) => apiPage(ctx, speaker, services.config.baseUrl, emptyForm)))
})

settings.post(
  path,
  'clinic.api',
  async ({ req, services, speaker, show, inClinic }) => {
    const { baseUrl } = services.config
    const form = parseForm(clientForm, req.body)
    if (!form.ok) return show(await inClinic((ctx) => apiPage(ctx, speaker, baseUrl, form)), { status: 422 })
    const made = await inClinic((ctx) => createClient(ctx, form.value))
    if (!made.ok) {
      const refused = withErrors(form, { form: 'api.error.too_many' })
      return show(await inClinic((ctx) => apiPage(ctx, speaker, baseUrl, refused)), { status: 409 })
    }
    // Shown by the answer itself: kept anywhere for a page after it, the secret would no longer be told only once.
    show(await inClinic((ctx) => apiPage(ctx, speaker, baseUrl, emptyForm, made.value)))
  },
  { stepUp: true },
)

settings.post(
  `${path}/:id/revocation`,
  'clinic.api',
  async ({ req, redirect, at, inClinic }) => {
    const id = idParam<'api_client'>(req, 'id')
    await inClinic((ctx) => revokeClient(ctx, id))
    flash(req, { kind: 'success', key: 'api.flash.revoked' })
    await redirect(at(path))
  },
  { whileReadOnly: true },
)
