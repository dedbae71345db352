// The public pages over HTTP: each in three languages, for anybody, without a session.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { policyCodes } from '../../src/kernel/policies.ts'
import { languages } from '../../src/platform/i18n/languages.ts'
import { startTestApp, type TestApp } from '../support/app.ts'
import { makeClinic } from '../support/cast.ts'
import { wordsOf } from '../support/http.ts'

let app: TestApp
beforeAll(async () => {
  app = await startTestApp()
})
afterAll(() => app.stop())

const open = [
  '/',
  '/pricing',
  '/help',
  '/help/messages',
  ...policyCodes.map((code) => `/${code}`),
  '/privacy/versions/1',
  '/status',
  '/clinics',
  '/contact',
]

describe.each(open)('%s', (path) => {
  it.each(languages)('speaks %s, and tells search engines of its sisters', async (lang) => {
    const answer = await app.agent().get(`${path}?lang=${lang}`).expect(200)
    expect(answer.text).toContain(`<html lang="${lang}" dir="${lang === 'en' ? 'ltr' : 'rtl'}"`)
    expect(answer.headers['content-language']).toBe(lang)
    const shown = path === '/pricing' ? '/pricing?country=ZZ&amp;interval=month&amp;' : `${path}?`
    const address = `https://nabz.test${shown}lang=${lang}`
    expect(answer.text).toContain(`<link rel="canonical" href="${address}">`)
    for (const other of languages) expect(answer.text).toContain(`hreflang="${other}" href="https://nabz.test`)
    expect(answer.text).toContain('hreflang="x-default"')
    expect(answer.text).toContain('<meta property="og:image" content="https://nabz.test/img/card.png">')
    expect(answer.text).toContain('<meta name="twitter:card" content="summary_large_image">')
  })
})

it('gives nobody a cookie, except the form its own', async () => {
  for (const path of open) {
    const visitor = app.agent()
    await visitor.get(path).expect(200)
    expect([path, [...visitor.cookies.keys()]]).toEqual([path, path === '/contact' ? ['__Host-csrf'] : []])
  }
})

it('speaks the language the browser asks for, and says so to caches', async () => {
  const answer = await app.agent().get('/help').set('Accept-Language', 'ur-PK,en;q=0.5').expect(200)
  expect(answer.text).toContain('<html lang="ur"')
  expect(answer.headers.vary).toContain('Accept-Language')
  expect(answer.headers['cache-control']).toBe('public, max-age=60')
})

it('has no page for what is not there', async () => {
  for (const path of [
    '/help/nothing',
    '/privacy/versions/2020-01-01',
    '/privacy/versions/x',
    '/sitemaps/2',
    '/sitemaps/x',
  ]) {
    await app.agent().get(path).expect(404)
  }
})

describe('the first page', () => {
  it('shows the main job, honest prices and the way in', async () => {
    const words = wordsOf((await app.agent().get('/?lang=en').set('Accept-Language', 'en-PK').expect(200)).text)
    for (const part of [
      'A full diary, a quiet phone.',
      '30 days free, without a card',
      'Rs 2,500',
      'I will come',
      'سأحضر',
      'میں آؤں گی',
    ]) {
      expect(words).toContain(part)
    }
  })

  it('leads who is signed in to their desk, and never from a shared copy', async () => {
    const clinic = await makeClinic(app)
    await app.agent().get('/?lang=en').expect(200)
    const nadia = await clinic.as(clinic.cast.nadia)
    const answer = await nadia.get('/?lang=en').expect(200)
    expect(answer.text).toContain('href="/app?lang=en"')
    expect(answer.text).not.toContain('href="/sign-in?lang=en" class')
    expect(answer.headers['cache-control']).toBe('no-store')
    expect((await app.agent().get('/?lang=en')).text).not.toContain('href="/app?lang=en"')
  })
})

describe('prices', () => {
  const prices = async (query: string, header = 'en-GB') => {
    const answer = await app.agent().get(`/pricing${query}`).set('Accept-Language', header).expect(200)
    return wordsOf(answer.text)
  }

  it('are in the money of where the browser says it is, or of the country chosen', async () => {
    expect(await prices('', 'en-PK')).toContain('Rs 6,000 a month')
    expect(await prices('', 'en-GB')).toContain('£59 a month')
    expect(await prices('?country=KW')).toContain('28 a month')
    expect(await prices('?country=BR')).toContain('$69 a month')
    expect(await prices('?country=EG&lang=ar')).toContain('1,199')
  })

  it('are by the year on a page of its own, with what that saves', async () => {
    const words = await prices('?country=PK&interval=year')
    expect(words).toContain('Rs 60,000 a year')
    expect(words).toContain('Rs 5,000\u2069 a month')
    expect(words).toContain('2 months free')
  })

  it('say the tax, or that there is none', async () => {
    expect(await prices('?country=PK')).toMatch(
      /In Pakistan, \u2068Sales tax\u2069 of 16 % is added: Clinic then comes to \u2066Rs 6,960\u2069/,
    )
    expect(await prices('?country=QA')).toContain('no tax is added')
  })

  it('say the limits and features of each plan in words', async () => {
    const words = await prices('?country=GB')
    for (const part of [
      '1 doctor',
      'up to 6 doctors',
      'up to 3 places',
      '60 bookings a month',
      '2,500 messages a month',
      'a place in the directory',
    ]) {
      expect(words).toContain(part)
    }
  })

  it('follow the plans as they are edited, within minutes', async () => {
    const before = await prices('?country=OM')
    expect(before).toContain('35')
    await app.superuser(
      `update platform.plan_prices set net_minor = 41000 where country = 'OM' and billing_interval = 'month' and net_minor = 35000`,
    )
    await app.superuser(`update platform.plans set offered = false where code = 'group'`)
    app.clock.advance({ minutes: 6 })
    const after = await prices('?country=OM')
    expect(after).toContain('41')
    expect(after).not.toContain('Several places, many doctors')
    await app.superuser(`update platform.plans set offered = true where code = 'group'`)
  })
})

describe('help', () => {
  it('finds pages by words, in each language', async () => {
    const found = async (q: string, lang: string) =>
      wordsOf(
        (
          await app
            .agent()
            .get(`/help?q=${encodeURIComponent(q)}&lang=${lang}`)
            .expect(200)
        ).text,
      )
    expect(await found('STOP reminder', 'en')).toContain('WhatsApp messages and STOP')
    expect(await found('ادوار المالك', 'ar')).toContain('الأدوار')
    expect(await found('zzzz', 'en')).toContain('Nothing has all of these words')
    expect((await app.agent().get('/help?q=stop')).text).toContain('<meta name="robots" content="noindex">')
  })

  it('prints what was searched for as text', async () => {
    const answer = await app.agent().get('/help?q=%3Cscript%3Ealert(1)%3C%2Fscript%3E').expect(200)
    expect(answer.text).not.toContain('<script>alert')
  })
})

it('a policy says since when it is in force, and each version has its address', async () => {
  const now = wordsOf((await app.agent().get('/privacy?lang=en').expect(200)).text)
  expect(now).toContain('Version 1, in force from Sat, 21 Nov 2026')
  const version = await app.agent().get('/privacy/versions/2026-11-21?lang=en').expect(200)
  expect(wordsOf(version.text)).toContain('Version 1, in force from Sat, 21 Nov 2026')
})

describe('what programs read', () => {
  it('security.txt names a contact and expires within a year, whenever it is read', async () => {
    const { text, headers } = await app.agent().get('/.well-known/security.txt').expect(200)
    expect(headers['content-type']).toBe('text/plain; charset=utf-8')
    expect(text).toContain('Contact: https://nabz.test/contact?topic=security\n')
    expect(text).toContain('Canonical: https://nabz.test/.well-known/security.txt\n')
    const expires = Date.parse(/Expires: (.+)/.exec(text)?.[1] ?? '')
    const days = (expires - app.clock.now().epochMilliseconds) / 86_400_000
    expect(days).toBeGreaterThan(170)
    expect(days).toBeLessThan(365)
  })

  it('robots.txt keeps crawlers from what is behind a door', async () => {
    const { text } = await app.agent().get('/robots.txt').expect(200)
    for (const line of [
      'Disallow: /app',
      'Disallow: /admin',
      'Disallow: /a/',
      'Sitemap: https://nabz.test/sitemap.xml',
    ]) {
      expect(text).toContain(line)
    }
  })

  it('the sitemap has every page in every language', async () => {
    const { text, headers } = await app.agent().get('/sitemap.xml').expect(200)
    expect(headers['content-type']).toBe('application/xml; charset=utf-8')
    for (const path of ['/', '/pricing', '/help/messages', '/privacy', '/contact']) {
      for (const lang of languages) expect(text).toContain(`<loc>https://nabz.test${path}?lang=${lang}</loc>`)
    }
    expect((text.match(/<url>/g) ?? []).length).toBe((text.match(/hreflang="ar"/g) ?? []).length)
    await app.agent().get('/sitemaps/site').expect(200)
  })
})
