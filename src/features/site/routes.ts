// The public face of Nabz itself. What is the same for everybody is kept as bytes and mounted before cookies and
// sessions; the form needs the one, and the first page, which leads people on to their work, the other.
import { parseForm } from '../../kernel/forms.ts'
import { policyCodes } from '../../kernel/policies.ts'
import { notFound, HttpError } from '../../platform/errors.ts'
import { comingVersions, inForce, type PolicyVersion } from '../../platform/policies.ts'
import type { View } from '../../platform/web/views.ts'
import { cachedPage, sendCached } from '../../platform/web/cached-page.ts'
import { keptPage } from '../../platform/web/kept-pages.ts'
import { publicPageForAll, publicRouter, type PublicRequest } from '../../platform/web/routers.ts'
import { redirect, sessionUser } from '../../platform/web/session.ts'
import { countFound, listFoundSlugs } from '../clinics/queries/found.ts'
import { isCountry } from '../clinics/rules/countries.ts'
import { specialties } from '../clinics/rules.ts'
import { findClinics, lookAtStatus, priceList, sendContact } from './actions.ts'
import { contactPage, contactSentPage } from './pages/contact.ts'
import { directoryPage } from './pages/directory.ts'
import type { Scene } from './pages/frame.ts'
import { helpArticlePage, helpPage } from './pages/help.ts'
import { landingPage } from './pages/landing.ts'
import { policyPage, versionNamed } from './pages/policies.ts'
import { pricingPage } from './pages/pricing.ts'
import { statusPage } from './pages/status.ts'
import { requestTopics } from '../requests/rules.ts'
import {
  clinicEntries,
  robotsText,
  securityText,
  siteEntries,
  sitemap,
  sitemapIndex,
  sitemapSize,
} from './pages/machines.ts'
import { contactForm, oneWord, pageNumber } from './schema.ts'

const open = publicRouter('site')
export const siteOpenRoutes = open
const forms = publicRouter('site')
export const siteFormRoutes = forms
const home = publicRouter('site')
export const siteRoutes = home

function sceneOf({ services, speaker }: PublicRequest, path: string): Scene {
  return { speaker, baseUrl: services.config.baseUrl, path, statistics: services.config.analyticsScript }
}

/** Sends a page that is the same for everybody who reads its language; `path` with what it was asked about is its name. */
async function sendOpen(
  request: PublicRequest,
  path: string,
  seconds: number,
  make: (scene: Scene) => View | Promise<View>,
  { status = 200, key = path }: { status?: number; key?: string } = {},
): Promise<void> {
  const { req, res, services, speaker } = request
  const page = await keptPage(services, `${speaker.lang} ${key}`, seconds, async () =>
    cachedPage('text/html; charset=utf-8', publicPageForAll(request, path, await make(sceneOf(request, path)))),
  )
  res.status(status)
  await sendCached(req, res, page, {
    'Cache-Control': `public, max-age=${Math.min(seconds, 60)}`,
    'Content-Language': speaker.lang,
    Vary: 'Accept-Language',
  })
}

async function sendText(request: PublicRequest, path: string, type: string, make: () => string | Promise<string>) {
  const { req, res, services } = request
  const page = await keptPage(services, path, 600, async () => cachedPage(type, await make()))
  await sendCached(req, res, page, { 'Cache-Control': 'public, max-age=600' })
}

const minutes = 60

open.get('/pricing', 'public', async (request) => {
  const { req, services, speaker } = request
  const interval = req.query.interval === 'year' ? 'year' : 'month'
  const prices = await priceList(services, req.query.country, req.headers['accept-language'])
  const { country } = prices.market
  const path = `/pricing?country=${country}&interval=${interval}`
  await sendOpen(request, path, 5 * minutes, (scene) => {
    const local = services.speakers(speaker.lang, { country: country === 'ZZ' ? 'US' : country, zone: 'UTC' })
    return pricingPage({ ...scene, speaker: local }, prices, interval)
  })
})

open.get('/help', 'public', (request) => {
  const question = oneWord(request.req.query.q)
  const path = question === undefined ? '/help' : `/help?q=${encodeURIComponent(question)}`
  return sendOpen(request, path, 60 * minutes, (scene) => helpPage(scene, question))
})

open.get('/help/:page', 'public', (request) => {
  const name = oneWord(request.req.params.page) ?? ''
  return sendOpen(request, `/help/${name}`, 60 * minutes, (scene) => helpArticlePage(scene, name) ?? notFound('page'))
})

for (const code of policyCodes) {
  // What stands on the page may change at any instant and by any process; a page is kept for as long as it is the same.
  const send = (request: PublicRequest, path: string, asked?: PolicyVersion) => {
    const { services } = request
    const published = services.policies.published()
    const now = services.clock.now()
    const standing = [inForce(published, code, now), ...comingVersions(published, code, now)]
    const key = `${path} ${standing.map((one) => one?.version).join()}`
    const make = (scene: Scene) => policyPage(scene, published, code, now, asked) ?? notFound('page')
    return sendOpen(request, path, 10 * minutes, make, { key })
  }
  open.get(`/${code}`, 'public', (request) => send(request, `/${code}`))
  open.get(`/${code}/versions/:version`, 'public', (request) => {
    const name = oneWord(request.req.params.version, 10) ?? ''
    const asked = versionNamed(request.services.policies.published(), code, name) ?? notFound('page')
    return send(request, `/${code}/versions/${asked.version}`, asked)
  })
}

/** What people would look for. */
open.get('/subprocessors', 'public', ({ req, res, speaker }) => {
  res.redirect(301, req.query.lang === undefined ? '/processors' : `/processors?lang=${speaker.lang}`)
})

open.get('/status', 'public', async (request) => {
  const { res, services } = request
  const lines = await lookAtStatus(services)
  const now = services.clock.now()
  if (lines !== undefined) return sendOpen(request, '/status', 30, (scene) => statusPage(scene, lines, now))
  // Never kept: the moment the database is back, people want to know.
  const page = publicPageForAll(request, '/status', statusPage(sceneOf(request, '/status'), undefined, now))
  res.setHeader('Retry-After', '30')
  res.setHeader('Cache-Control', 'no-store')
  res.setHeader('Content-Language', request.speaker.lang)
  res.status(503).type('html').send(page)
})

open.get('/clinics', 'public', (request) => {
  const { req, services, origin } = request
  if (!services.switches.on('directory')) notFound('page')
  const { query } = req
  const country = oneWord(query.country, 2)?.toUpperCase()
  const search = {
    country: country !== undefined && isCountry(country) ? country : undefined,
    city: oneWord(query.city),
    specialty: specialties.find((code) => code === query.specialty),
    q: oneWord(query.q),
  }
  const page = pageNumber(query.page, 500)
  const asked = new URLSearchParams()
  for (const [name, value] of Object.entries(search)) if (value !== undefined) asked.set(name, value)
  if (page > 1) asked.set('page', String(page))
  const path = `/clinics${asked.size > 0 ? `?${asked.toString()}` : ''}`
  return sendOpen(request, path, 2 * minutes, async (scene) =>
    directoryPage(scene, search, page, await findClinics(services, origin, search, page)),
  )
})

open.get('/.well-known/security.txt', 'public', (request) =>
  sendText(request, '/.well-known/security.txt', 'text/plain; charset=utf-8', () =>
    securityText(request.services.config.baseUrl, request.services.clock.now()),
  ),
)

open.get('/robots.txt', 'public', (request) =>
  sendText(request, '/robots.txt', 'text/plain; charset=utf-8', () => robotsText(request.services.config.baseUrl)),
)

const xmlType = 'application/xml; charset=utf-8'

open.get('/sitemap.xml', 'public', (request) => {
  const { db, config } = request.services
  return sendText(request, '/sitemap.xml', xmlType, async () => {
    const clinics = await countFound(db, {})
    const own = siteEntries(config.baseUrl)
    if (own.length + clinics > sitemapSize) return sitemapIndex(config.baseUrl, Math.ceil(clinics / sitemapSize))
    return sitemap([...own, ...clinicEntries(config.baseUrl, await listFoundSlugs(db, sitemapSize, 0))])
  })
})

open.get('/sitemaps/:file', 'public', async (request) => {
  const { db, config } = request.services
  const { file } = request.req.params
  if (file === 'site') {
    return sendText(request, '/sitemaps/site', xmlType, () => sitemap(siteEntries(config.baseUrl)))
  }
  const number = typeof file === 'string' && /^[1-9]\d{0,3}$/.test(file) ? Number(file) : notFound('page')
  return sendText(request, `/sitemaps/${number}`, xmlType, async () => {
    const slugs = await listFoundSlugs(db, sitemapSize, (number - 1) * sitemapSize)
    return slugs.length === 0 ? notFound('page') : sitemap(clinicEntries(config.baseUrl, slugs))
  })
})

// The form.

forms.get('/contact', 'public', (request) => {
  const { req, res, show } = request
  res.setHeader('Cache-Control', 'no-store')
  // A link may name what it is about.
  const topic = requestTopics.find((one) => one === req.query.topic)
  const form = { values: topic === undefined ? {} : { topic }, errors: {} }
  show(contactPage(sceneOf(request, '/contact'), form), { layout: 'site' })
})

forms.post('/contact', 'public', async (request) => {
  const { req, res, services, origin, speaker, show } = request
  const form = parseForm(contactForm, req.body)
  if (!form.ok) {
    show(contactPage(sceneOf(request, '/contact'), form), { status: 422, layout: 'site' })
    return
  }
  const sent = await sendContact(services, origin, form.value, speaker.lang)
  if (!sent.ok) throw new HttpError(429, 'too many messages')
  const reference = sent.value.reference === undefined ? '' : `reference=${sent.value.reference}&`
  await redirect(req, res, `/contact/sent?${reference}lang=${speaker.lang}`)
})

forms.get('/contact/sent', 'public', (request) => {
  request.res.setHeader('Cache-Control', 'no-store')
  const reference = oneWord(request.req.query.reference, 20)
  request.show(contactSentPage(sceneOf(request, '/contact/sent'), reference), { layout: 'site' })
})

// The first page.

home.get('/', 'public', async (request) => {
  const { req, res, services, speaker, show } = request
  const prices = await priceList(services, undefined, req.headers['accept-language'])
  const { country } = prices.market
  const place = { country: country === 'ZZ' ? 'US' : country, zone: 'UTC' }
  const page = (scene: Scene, signedIn: boolean) =>
    landingPage(
      { ...scene, speaker: services.speakers(speaker.lang, place) },
      {
        signedIn,
        prices,
        speakers: {
          en: services.speakers('en', place),
          ar: services.speakers('ar', place),
          ur: services.speakers('ur', place),
        },
      },
    )
  if ((await sessionUser(req, true)) !== undefined) {
    res.setHeader('Cache-Control', 'no-store')
    show(page(sceneOf(request, '/'), true), { layout: 'site' })
    return
  }
  const kept = await keptPage(services, `${speaker.lang} / ${country}`, 5 * minutes, () =>
    cachedPage('text/html; charset=utf-8', publicPageForAll(request, '/', page(sceneOf(request, '/'), false))),
  )
  // Whoever signs in comes back to another page.
  await sendCached(req, res, kept, {
    'Cache-Control': 'no-cache',
    'Content-Language': speaker.lang,
    Vary: 'Accept-Language, Cookie',
  })
})
