import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { mostSites, siteOrigin, snippetFor } from '../../src/features/embed/rules.ts'
import { startTestApp, type TestApp } from '../support/app.ts'
import { makeClinic, type TestClinic } from '../support/cast.ts'
import { makeBookable } from '../support/factories.ts'
import { wordsOf } from '../support/http.ts'

describe('a site', () => {
  it.each([
    ['https://www.shifa.example/contact?a=b', 'https://www.shifa.example'],
    ['shifa.example', 'https://shifa.example'],
    ['https://shifa.example:8443', 'https://shifa.example:8443'],
    ['https://عيادة.مصر', 'https://xn--mgber2b7e.xn--wgbh1c'],
    ['http://shifa.example', undefined],
    ['https://localhost', undefined],
    ['https://192.168.1.1', undefined],
    ['https://[::1]', undefined],
    ['https://user:pass@shifa.example', undefined],
    ["https://shifa.example; script-src 'unsafe-inline'", undefined],
    ['https://*.example', undefined],
    ['*', undefined],
    ["'self'", undefined],
    ['javascript:alert(1)', undefined],
    ['data:text/html,x', undefined],
  ])('V3.4.6: is an origin by https and nothing else: %s', (typed, origin) => {
    expect(siteOrigin(typed)).toBe(origin)
  })

  it('gets two lines in which a name stays a name', () => {
    const snippet = snippetFor('https://nabz.test', '/c/x/embed', '"><script>alert(1)</script>')
    expect(snippet.match(/<script/g)).toHaveLength(1)
    expect(snippet).toContain('title="&quot;&gt;&lt;script&gt;')
  })
})

describe('free times on the clinic’s own site', () => {
  let app: TestApp
  let clinic: TestClinic
  beforeAll(async () => {
    app = await startTestApp()
    clinic = await makeClinic(app)
    await makeBookable(clinic)
  })
  afterAll(() => app.stop())

  const frame = () => fetch(`${app.origin}/c/${clinic.slug}/embed`)
  const settings = () => `/app/${clinic.slug}/settings/embed`
  const allow = async (sites: string) => {
    const nadia = await clinic.as(clinic.cast.nadia)
    await nadia.getForm(settings())
    return nadia.postForm(settings(), { sites })
  }

  it('V3.4.6: may be framed by the sites the owner named, and every other page by nobody', async () => {
    const closed = await frame()
    expect(closed.headers.get('content-security-policy')).toContain("frame-ancestors 'none'")
    expect(closed.headers.get('x-frame-options')).toBe('DENY')
    expect((await allow('https://www.shifa.example/about\nshifa.example')).status).toBe(303)
    const open = await frame()
    const policy = open.headers.get('content-security-policy')
    expect(policy).toContain('frame-ancestors https://www.shifa.example https://shifa.example;')
    expect(policy).toContain("script-src 'self';")
    expect(open.headers.get('x-frame-options')).toBeNull()
    for (const path of [`/c/${clinic.slug}`, `/c/${clinic.slug}/times`, '/sign-in', `/c/${clinic.other.slug}/embed`]) {
      const { headers } = await fetch(app.origin + path)
      expect([path, headers.get('x-frame-options')]).toEqual([path, 'DENY'])
      expect(headers.get('content-security-policy')).toContain("frame-ancestors 'none'")
    }
  })

  it('sets no cookie, holds no form, and leads to the booking page in a tab of its own', async () => {
    const answer = await frame()
    const html = await answer.text()
    expect(answer.headers.get('set-cookie')).toBeNull()
    expect(html).not.toContain('<form')
    const links = [...html.matchAll(/<a\b[^>]*>/g)].map(([tag]) => tag)
    expect(links.length).toBeGreaterThan(1)
    for (const tag of links) {
      expect(tag).toContain('target="_blank"')
      expect(tag).toContain('rel="noopener"')
    }
    expect(wordsOf(html)).toContain('Dr Sana Malik')
    const [, times] = /href="(\/c\/[^"]+practitioner=[^"]+)"/.exec(html) ?? []
    expect((await fetch(app.origin + times!.replaceAll('&amp;', '&'))).status).toBe(200)
  })

  it('gives other sites one script, which they may load', async () => {
    const answer = await fetch(`${app.origin}/embed.js`)
    expect(answer.headers.get('content-type')).toContain('text/javascript')
    expect(answer.headers.get('cross-origin-resource-policy')).toBe('cross-origin')
    expect((await fetch(`${app.origin}/js/embed.js`)).headers.get('cross-origin-resource-policy')).toBe('same-origin')
  })

  it('says that booking is closed where it is', async () => {
    await app.superuser(`update platform.clinics set status = 'read_only' where id = $1`, [clinic.id])
    expect(wordsOf(await (await frame()).text())).toContain('Online booking is closed')
    await app.superuser(`update platform.clinics set status = 'active' where id = $1`, [clinic.id])
  })

  it('takes no address that is none, keeps what was typed, and writes changes down once', async () => {
    const bad = await allow('https://shifa.example\nhttp://evil.test; frame-ancestors *')
    expect(bad.status).toBe(422)
    expect(wordsOf(bad.text)).toContain('begin with https')
    expect(bad.text).toContain('evil.test')
    expect((await frame()).headers.get('content-security-policy')).not.toContain('evil')
    const many = Array.from({ length: mostSites + 1 }, (_, i) => `https://site-${i}.example`).join('\n')
    expect((await allow(many)).status).toBe(422)
    const entries = () =>
      app.superuser(`select 1 from clinic.audit_entries where clinic_id = $1 and action = 'embed.sites_changed'`, [
        clinic.id,
      ])
    const before = (await entries()).length
    await allow('https://other.example')
    await allow('https://other.example')
    expect((await entries()).length).toBe(before + 1)
    expect((await allow('')).status).toBe(303)
    expect((await frame()).headers.get('x-frame-options')).toBe('DENY')
    await (await clinic.as(clinic.cast.bilal)).get(settings()).expect(403)
  })
})
