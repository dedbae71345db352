import { parseForm, withErrors } from '../../kernel/forms.ts'
import { calendarType } from '../../kernel/calendar-file.ts'
import { notFound } from '../../platform/errors.ts'
import { clinicRouter, idParam, publicRouter } from '../../platform/web/routers.ts'
import { flash } from '../../platform/web/session.ts'
import { createFeed, readFeed, revokeFeed } from './actions.ts'
import { feedsPage, path } from './pages.ts'
import { tokenOf } from './rules.ts'
import { feedForm } from './schema.ts'

/** Mounted before cookies and sessions: a calendar has neither, and needs none. */
export const feedOpenRoutes = publicRouter('feeds')
const settings = clinicRouter('feeds')
export const feedRoutes = settings

feedOpenRoutes.get('/feeds/:token.ics', 'public', async ({ req, res, services }) => {
  res.setHeader('Cache-Control', 'private, no-cache')
  const file = await readFeed(services, tokenOf(req.params.token), req.ip)
  if (!file.ok) {
    if (file.reason === 'unknown') notFound('feed')
    res.setHeader('Retry-After', file.wait)
    return void res.status(429).end()
  }
  const { text, etag } = file.value
  res.setHeader('ETag', etag)
  res.setHeader('X-Robots-Tag', 'noindex')
  if (req.headers['if-none-match']?.split(/\s*,\s*/).some((one) => one.replace(/^W\//, '') === etag)) {
    return void res.status(304).end()
  }
  res.setHeader('Content-Type', calendarType)
  res.send(text)
})

settings.get(path, 'clinic.api', async ({ services, speaker, show, inClinic }) => {
  show(await inClinic((ctx) => feedsPage(ctx, speaker, services.config.baseUrl)))
})

settings.post(
  path,
  'clinic.api',
  async ({ req, services, speaker, show, inClinic }) => {
    const { baseUrl } = services.config
    const form = parseForm(feedForm, req.body)
    if (!form.ok) return show(await inClinic((ctx) => feedsPage(ctx, speaker, baseUrl, form)), { status: 422 })
    const made = await inClinic((ctx) => createFeed(ctx, form.value))
    if (!made.ok) {
      const refused = withErrors(form, { form: 'feeds.error.too_many' })
      return show(await inClinic((ctx) => feedsPage(ctx, speaker, baseUrl, refused)), { status: 409 })
    }
    // Shown by the answer itself: kept anywhere for a page after it, the address would no longer be told only once.
    show(await inClinic((ctx) => feedsPage(ctx, speaker, baseUrl, undefined, made.value)))
  },
  { stepUp: true },
)

settings.post(
  `${path}/:id/revocation`,
  'clinic.api',
  async ({ req, redirect, at, inClinic }) => {
    const id = idParam<'feed'>(req, 'id')
    await inClinic((ctx) => revokeFeed(ctx, id))
    flash(req, { kind: 'success', key: 'feeds.flash.revoked' })
    await redirect(at(path))
  },
  { whileReadOnly: true },
)
