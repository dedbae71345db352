// One's own account.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { sessionCookieName } from '../../src/platform/web/session.ts'
import { startTestApp, type TestApp } from '../support/app.ts'
import { makeClinic, type TestClinic } from '../support/cast.ts'
import { wordsOf, type Agent } from '../support/http.ts'

let app: TestApp
let clinic: TestClinic
let bilal: Agent
beforeAll(async () => {
  app = await startTestApp()
})
beforeEach(async () => {
  clinic = await makeClinic(app)
  bilal = await clinic.as(clinic.cast.bilal)
  await bilal.getForm('/account')
})
afterAll(() => app.stop())

const today = () => bilal.get(`/app/${clinic.slug}/today`)

describe('one’s own account', () => {
  it('changes its name, which colleagues see', async () => {
    await bilal.postForm('/account/profile', { name: ' Bilal  Ahmed Khan ', shortcuts: 'yes' }).expect(303)
    expect(wordsOf((await bilal.get('/account')).text)).toContain('Saved.')
    const nadia = await clinic.as(clinic.cast.nadia)
    expect(wordsOf((await nadia.get(`/app/${clinic.slug}/settings/staff`)).text)).toContain('Bilal Ahmed Khan')
  })

  it('needs a name', async () => {
    const answer = await bilal.postForm('/account/profile', { name: ' ' }).expect(422)
    expect(wordsOf(answer.text)).toContain('Enter your name')
  })

  it('switches single keys off and on at the desk', async () => {
    expect((await today()).text).toContain('data-shortcuts="on"')
    await bilal.postForm('/account/profile', { name: 'Bilal Ahmed' }).expect(303)
    expect((await today()).text).toContain('data-shortcuts="off"')
    await bilal.postForm('/account/profile', { name: 'Bilal Ahmed', shortcuts: 'yes' }).expect(303)
    expect((await today()).text).toContain('data-shortcuts="on"')
  })

  it('speaks another language from the next page on, and goes back to the page it was on', async () => {
    const from = `https://nabz.test/app/${clinic.slug}/today?day=2026-11-25`
    const answer = await bilal.postForm('/account/language', { language: 'ur' }).set('Referer', from).expect(303)
    expect(answer.headers.location).toBe(`/app/${clinic.slug}/today?day=2026-11-25`)
    expect((await today()).text).toContain('<html lang="ur" dir="rtl"')
    await bilal.postForm('/account/language', { language: 'xx' }).expect(303)
    expect((await today()).text).toContain('<html lang="ur" dir="rtl"')
  })

  it('is light or dark', async () => {
    await bilal.postForm('/account/theme', { theme: 'dark' }).expect(303)
    expect((await today()).text).toContain('data-theme="dark"')
    expect((await bilal.get('/account')).text).toContain('data-theme="dark"')
    await bilal.postForm('/account/theme', { theme: 'purple' }).expect(303)
    expect((await today()).text).toContain('data-theme="dark"')
  })

  it('never leads off this site, whatever page the form says it was on', async () => {
    for (const from of ['https://evil.test//evil.test', 'https://evil.test/.//evil.test', 'nonsense']) {
      const answer = await bilal.postForm('/account/theme', { theme: 'light' }).set('Referer', from)
      expect(new URL(answer.headers.location!, 'https://nabz.test').origin).toBe('https://nabz.test')
    }
  })

  it('takes no field that is not its to change', async () => {
    await bilal
      .postForm('/account/profile', { name: 'Bilal', platform_admin: 'true', email: 'x@example.org' })
      .expect(303)
    const [row] = await app.superuser('select email, platform_admin from platform.users where id = $1', [
      clinic.cast.bilal.userId,
    ])
    expect(row).toEqual({ email: clinic.cast.bilal.email, platform_admin: false })
    await bilal.get('/admin').expect(404)
  })

  it('is asked for only by who is signed in', async () => {
    for (const path of ['/account', '/app', '/account/clinics', '/admin']) {
      expect((await app.agent().get(path).expect(303)).headers.location).toBe(
        `/sign-in?next=${encodeURIComponent(path)}`,
      )
    }
  })
})

describe('the first page', () => {
  it.each([
    ['en', 'Open your clinic', 'ltr'],
    ['ar', 'افتح عيادتك', 'rtl'],
    ['ur', 'اپنا کلینک کھولیں', 'rtl'],
  ])('speaks %s', async (lang, words, dir) => {
    const page = await app.agent().get(`/?lang=${lang}`).expect(200)
    expect(page.text).toContain(`<html lang="${lang}" dir="${dir}"`)
    expect(wordsOf(page.text)).toContain(words)
    expect(page.text).toContain(`href="/sign-up?lang=${lang}"`)
  })

  it('leads who is signed in to work, and gives who is not no session', async () => {
    expect((await bilal.get('/').expect(200)).text).toContain('href="/app?lang=en"')
    const visitor = app.agent()
    await visitor.get('/').expect(200)
    expect(visitor.cookies.get(sessionCookieName(true))).toBeUndefined()
  })
})
