// Getting in, staying in, and getting out.
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { demoPassword, limits, signInDelay } from '../../src/features/accounts/rules.ts'
import { absoluteHours, idleMinutes, sessionCookieName } from '../../src/platform/web/session.ts'
import { startTestApp, testNow, type TestApp } from '../support/app.ts'
import { makeClinic, makePlatformAdmin, unenrol } from '../support/cast.ts'
import { wordsOf, type Agent } from '../support/http.ts'
import { goodPassword, isSignedIn, openAClinic, takeSecondStep, tryToSignIn } from './scene.ts'

let app: TestApp
beforeAll(async () => {
  app = await startTestApp({ passwordCost: 4 })
})
afterAll(() => app.stop())

const cookie = (browser: Agent) => browser.cookies.get(sessionCookieName(true))
const setPassword = async (userId: string, password = goodPassword) =>
  app.superuser('update platform.users set password_hash = $2 where id = $1', [
    userId,
    await app.services.passwords.hash(password),
  ])
const renamed = async (userId: string, email: string) => {
  await app.superuser('update platform.users set email = $2 where id = $1', [userId, email])
  await setPassword(userId)
  return email
}

describe('signing in', () => {
  it('leads to the clinic, whatever case the e-mail is typed in', async () => {
    const { email, slug } = await openAClinic(app)
    const { answer, browser } = await tryToSignIn(app, ` ${email.toUpperCase()} `)
    expect(answer.headers.location).toBe(`/app/${slug}/today`)
    expect(await isSignedIn(browser)).toBe(true)
    expect((await browser.get('/app')).headers.location).toBe(`/app/${slug}/today`)
  })

  it('leads on to the page somebody was sent away from, and never off this site', async () => {
    const { email, slug } = await openAClinic(app)
    const wanted = `/app/${slug}/settings/staff`
    const browser = app.agent()
    const away = await browser.get(wanted).expect(303)
    const page = await browser.getForm(away.headers.location!)
    const next = page.forms.find(({ fields }) => 'next' in fields)!.fields.next!
    expect(next).toBe(wanted)
    const answer = await browser.postForm('/sign-in', { email, password: goodPassword, next })
    expect(answer.headers.location).toBe(wanted)
    for (const evil of ['//evil.test', '/.//evil.test', 'https://evil.test', '/\\evil.test', '/\t/evil.test']) {
      const other = app.agent()
      await other.getForm(`/sign-in?next=${encodeURIComponent(evil)}`)
      const led = await other.postForm('/sign-in', { email, password: goodPassword, next: evil }).expect(303)
      expect(led.headers.location).toBe(`/app/${slug}/today`)
    }
  })

  it('offers the choice to who works at several clinics', async () => {
    const { browser, email, slug } = await openAClinic(app, { clinicName: 'Morning Clinic' })
    const other = await openAClinic(app, { clinicName: 'Evening Clinic' })
    await app.superuser(
      `insert into platform.memberships (clinic_id, user_id, role, created_at)
       select c.id, u.id, 'doctor', now() from platform.clinics c, platform.users u where c.slug = $1 and u.email = $2`,
      [other.slug, email],
    )
    expect((await browser.get('/app')).headers.location).toBe('/account/clinics')
    const page = await browser.get('/account/clinics').expect(200)
    for (const place of [slug, other.slug]) expect(page.text).toContain(`href="/app/${place}/today"`)
    expect((await tryToSignIn(app, email)).answer.headers.location).toBe('/account/clinics')
  })

  it('tells who works nowhere so', async () => {
    const { browser, slug } = await openAClinic(app)
    await app.superuser(
      'delete from platform.memberships where clinic_id = (select id from platform.clinics where slug = $1)',
      [slug],
    )
    expect((await browser.get('/app')).headers.location).toBe('/account/clinics')
    expect(wordsOf((await browser.get('/account/clinics').expect(200)).text)).toContain('You work at no clinic')
  })

  it('leads who runs the platform to the console, which lists the clinics', async () => {
    const admin = await makePlatformAdmin(app)
    await setPassword(admin.userId)
    const email = await renamed(admin.userId, 'ops@example.org')
    const { slug } = await openAClinic(app, { clinicName: 'Listed Clinic' })
    const { browser } = await tryToSignIn(app, email)
    const answer = await takeSecondStep(app, browser, email)
    expect(answer.headers.location).toBe('/admin')
    await browser.get('/admin').expect(200)
    const page = await browser.get('/admin/clinics').expect(200)
    expect(wordsOf(page.text)).toContain('Listed Clinic')
    expect(page.text).toContain(slug)
  })

  it('V16.3.1: is written down, and so is being refused; who and whence, never the password', async () => {
    const { email } = await openAClinic(app)
    await tryToSignIn(app, email, 'not the password', '203.0.113.251')
    await tryToSignIn(app, email, goodPassword, '203.0.113.252')
    const entries = await app.superuser(
      `select action, actor_id is null as unknown, address from platform.audit_entries
       where record_id = (select id from platform.users where email = $1) order by id`,
      [email],
    )
    expect(entries).toEqual([
      { action: 'account.sign_in_refused', unknown: true, address: '203.0.113.251' },
      { action: 'account.signed_in', unknown: false, address: '203.0.113.252' },
    ])
    const all = await app.superuser<{ all: string }>(
      'select string_agg(e::text, $1) as all from platform.audit_entries e',
      ['|'],
    )
    expect(all[0]!.all).not.toContain('not the password')
    expect(app.logLines.join()).not.toContain(goodPassword)
  })

  it('V11.4.2: gives a hash of another cost a new one, and ends no session by it', async () => {
    const { browser, email } = await openAClinic(app)
    const weaker = (await import('../../src/platform/passwords.ts')).createPasswords(
      app.services.config.passwordPepper,
      5,
    )
    const old = await weaker.hash(goodPassword)
    await app.superuser('update platform.users set password_hash = $1 where email = $2', [old, email])
    expect((await tryToSignIn(app, email)).isIn).toBe(true)
    const [row] = await app.superuser<{ password_hash: string }>(
      'select password_hash from platform.users where email = $1',
      [email],
    )
    expect(row!.password_hash).toMatch(/^\$2b\$04\$/)
    expect((await tryToSignIn(app, email)).isIn).toBe(true)
    expect(await isSignedIn(browser)).toBe(true)
  })
})

describe('being refused', () => {
  /** A page without what is new each time: the token of its forms, and the e-mail that was typed. */
  const plain = (html: string, email: string) =>
    html.replaceAll(email, 'EMAIL').replace(/name="_csrf" value="[^"]*"/g, 'TOKEN')

  it('V6.3.8: says the same, byte for byte, of a wrong password and of an e-mail nobody has', async () => {
    const { email } = await openAClinic(app)
    const known = await tryToSignIn(app, email, 'not the password')
    const unknown = await tryToSignIn(app, 'nobody@example.org', 'not the password')
    expect(known.answer.status).toBe(422)
    expect(unknown.answer.status).toBe(422)
    expect(plain(unknown.answer.text, 'nobody@example.org')).toBe(plain(known.answer.text, email))
    expect(wordsOf(known.answer.text)).toContain('E-mail and password do not belong together')
  })

  it('V6.3.8: costs one look at a hash either way, so that the time tells nothing', async () => {
    const { email } = await openAClinic(app)
    const verify = vi.spyOn(app.services.passwords, 'verify')
    const pretend = vi.spyOn(app.services.passwords, 'pretend')
    const looks = async (who: string) => {
      verify.mockClear()
      pretend.mockClear()
      await tryToSignIn(app, who, 'not the password')
      return verify.mock.calls.length + pretend.mock.calls.length
    }
    expect([await looks(email), await looks('nobody@example.org')]).toEqual([1, 1])
    verify.mockRestore()
    pretend.mockRestore()
  })

  it.each([[''], ['no address'], ["' or 1=1 --"]])('is not thrown by the e-mail %j', async (email) => {
    expect((await tryToSignIn(app, email)).answer.status).toBe(422)
  })

  it('V6.3.2: happens to the demo’s accounts, and to anybody with the demo’s password, outside the demo', async () => {
    const clinic = await makeClinic(app)
    for (const email of ['owner@shifa.test', 'doctor@nour-dental.test', 'desk@thames-physio.test', 'admin@nabz.test']) {
      await renamed(clinic.cast.nadia.userId, email)
      expect((await tryToSignIn(app, email)).isIn).toBe(false)
    }
    await app.superuser('update platform.users set email = $2 where id = $1', [
      clinic.cast.nadia.userId,
      'moved@example.org',
    ])
    await setPassword(clinic.cast.nadia.userId, demoPassword)
    expect((await tryToSignIn(app, 'moved@example.org', demoPassword)).isIn).toBe(false)
    await setPassword(clinic.cast.nadia.userId)
    expect((await tryToSignIn(app, 'moved@example.org')).isIn).toBe(true)
  })
})

describe('the demo', () => {
  it('lets its accounts in, and nobody take one over', async () => {
    const demo = await startTestApp({ passwordCost: 4, config: { NABZ_DEMO: 'on' } })
    try {
      const clinic = await makeClinic(demo)
      await demo.superuser('update platform.users set email = $2, password_hash = $3 where id = $1', [
        clinic.cast.nadia.userId,
        'owner@shifa.test',
        await demo.services.passwords.hash(demoPassword),
      ])
      await unenrol(demo, clinic.cast.nadia.userId)
      const { browser, isIn } = await tryToSignIn(demo, 'owner@shifa.test', demoPassword)
      expect(isIn).toBe(true)
      await browser.getForm('/account')
      const change = { current: demoPassword, password: goodPassword }
      const refused = await browser.postForm('/account/password', change).expect(422)
      expect(wordsOf(refused.text)).toContain('everybody shares them')
      await demo.agent().postForm('/forgot-password', { email: 'owner@shifa.test' }).expect(200)
      await demo.runJob('messaging.mails')
      expect(demo.mail.mailsTo('owner@shifa.test')).toEqual([])
      expect((await tryToSignIn(demo, 'owner@shifa.test', demoPassword)).isIn).toBe(true)
    } finally {
      await demo.stop()
    }
  })
})

describe('a session', () => {
  it('V7.2.4: is a new one at sign-in; an id planted before is worth nothing', async () => {
    const mine = await openAClinic(app)
    const planted = cookie(mine.browser)!
    // The victim's browser carries the attacker's session when it signs in.
    const victim = await openAClinic(app)
    const browser = app.agent()
    browser.cookies.set(sessionCookieName(true), planted)
    await browser.getForm('/sign-in')
    await browser.postForm('/sign-in', { email: victim.email, password: goodPassword }).expect(303)
    expect(cookie(browser)).not.toBe(planted)
    await browser.get(`/app/${victim.slug}/today`).expect(200)
    const attacker = app.agent()
    attacker.cookies.set(sessionCookieName(true), planted)
    await attacker.get(`/app/${victim.slug}/today`).expect(303)
    expect(await isSignedIn(attacker)).toBe(false)
  })

  it('V3.3.1: lives in a cookie that ends with the browser and that no script and no other site gets', async () => {
    const { email } = await openAClinic(app)
    const { answer } = await tryToSignIn(app, email)
    const line = ([answer.headers['set-cookie']].flat() as string[]).find((each) => each.startsWith('__Host-nabz='))!
    expect(line).toMatch(/; Path=\/; HttpOnly; Secure; SameSite=Lax$/)
  })

  it('V3.5.1: has a new CSRF secret: a form opened before signing in is refused after', async () => {
    const { email } = await openAClinic(app)
    const browser = app.agent()
    const before = (await browser.getForm('/sign-in')).csrf!
    await browser.postForm('/sign-in', { email, password: goodPassword }).expect(303)
    await browser.post('/account/theme').type('form').send({ _csrf: before, theme: 'dark' }).expect(403)
  })

  it(`V7.3.1: ends after ${idleMinutes} minutes without a sign of life, to the second`, async () => {
    const { email } = await openAClinic(app)
    const { browser } = await tryToSignIn(app, email)
    app.clock.advance({ minutes: idleMinutes })
    expect(await isSignedIn(browser)).toBe(true)
    app.clock.advance({ minutes: idleMinutes, seconds: 1 })
    expect(await isSignedIn(browser)).toBe(false)
    app.clock.set(testNow)
  })

  it(`V7.3.2: ends after ${absoluteHours} hours, however busy, to the second`, async () => {
    const { email } = await openAClinic(app)
    const { browser } = await tryToSignIn(app, email)
    for (let minutes = 0; minutes < absoluteHours * 60; minutes += idleMinutes) {
      expect(await isSignedIn(browser)).toBe(true)
      app.clock.advance({ minutes: idleMinutes })
    }
    expect(await isSignedIn(browser)).toBe(true)
    app.clock.advance({ seconds: 1 })
    expect(await isSignedIn(browser)).toBe(false)
    app.clock.set(testNow)
  })

  it('V7.4.1: is gone when its person signs out, in the browser and on the server', async () => {
    const { browser } = await openAClinic(app)
    const kept = cookie(browser)!
    await browser.getForm('/account')
    const answer = await browser.postForm('/sign-out').expect(303)
    expect(answer.headers.location).toBe('/sign-in?lang=en')
    expect(answer.headers['clear-site-data']).toBe('"cache", "storage"')
    expect(cookie(browser)).toBeUndefined()
    browser.cookies.set(sessionCookieName(true), kept)
    expect(await isSignedIn(browser)).toBe(false)
  })

  it('is not ended by a mere link to sign out', async () => {
    const { browser } = await openAClinic(app)
    await browser.get('/sign-out').expect(404)
    expect(await isSignedIn(browser)).toBe(true)
  })

  it('V14.3.2: shows pages that no cache may keep', async () => {
    const { browser } = await openAClinic(app)
    expect((await browser.get('/account')).headers['cache-control']).toBe('no-store')
  })
})

describe('guessing', () => {
  const wrong = (email: string, address: string) => tryToSignIn(app, email, 'not the password', address)

  it('V6.3.1: is stopped per account, from wherever it comes, known or not, with the time to wait', async () => {
    const { email } = await openAClinic(app)
    for (const target of [email, 'nobody-at-all@example.org']) {
      for (let i = 0; i < signInDelay.free; i++) {
        expect((await wrong(target, `192.0.2.${i + 10}`)).answer.status).toBe(422)
      }
      const { answer } = await wrong(target, '192.0.2.99')
      expect(answer.status).toBe(429)
      expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0)
      expect(wordsOf(answer.text)).toContain('Too many tries')
    }
    // Not even the right password is looked at now.
    expect((await tryToSignIn(app, email)).answer.status).toBe(429)
    app.clock.advance({ minutes: 15 })
    expect((await tryToSignIn(app, email)).isIn).toBe(true)
  })

  it('V6.1.1, V6.3.1: is looked at ever later: a minute, two, four, eight, and never more than a quarter of an hour', async () => {
    const { email } = await openAClinic(app)
    for (let i = 0; i < signInDelay.free; i++) expect((await wrong(email, `192.0.2.${i + 10}`)).answer.status).toBe(422)
    for (const minutes of [1, 2, 4, 8, 15, 15]) {
      const { answer } = await wrong(email, '192.0.2.100')
      expect([answer.status, answer.headers['retry-after']]).toEqual([429, String(minutes * 60)])
      // Tries that come too early make it no longer.
      app.clock.advance({ seconds: minutes * 60 - 1 })
      expect((await wrong(email, '192.0.2.101')).answer.headers['retry-after']).toBe('1')
      app.clock.advance({ seconds: 1 })
      expect((await wrong(email, '192.0.2.102')).answer.status).toBe(422)
    }
    app.clock.advance({ minutes: 15 })
    expect((await tryToSignIn(app, email)).isIn).toBe(true)
    expect((await wrong(email, '192.0.2.103')).answer.status).toBe(422)
    app.clock.set(testNow)
  })

  it('V6.3.1: is braked everywhere while the alarm about it is on, and people who know their password are let in', async () => {
    const { email } = await openAClinic(app)
    await app.superuser(
      `insert into platform.alarms (name, since, code, value, told_at) values ('sign_ins', $1, 'many', 400, $1)`,
      [testNow],
    )
    try {
      for (let i = 0; i < 3; i++)
        expect((await wrong('braked@example.org', `192.0.2.${i + 150}`)).answer.status).toBe(422)
      expect((await wrong('braked@example.org', '192.0.2.153')).answer.status).toBe(429)
      for (let i = 0; i < 6; i++) expect((await wrong(`b-${i}@example.org`, '192.0.2.160')).answer.status).toBe(422)
      expect((await wrong('b-last@example.org', '192.0.2.160')).answer.status).toBe(429)
      expect((await tryToSignIn(app, email)).isIn).toBe(true)
    } finally {
      await app.superuser(`delete from platform.alarms where name = 'sign_ins'`)
    }
  })

  it('V6.3.1: counts tries that arrive at once', async () => {
    const { email } = await openAClinic(app)
    const answers = await Promise.all(Array.from({ length: 25 }, (_, i) => wrong(email, `192.0.2.${i + 100}`)))
    const looked = answers.filter(({ answer }) => answer.status === 422)
    expect(looked.length).toBe(signInDelay.free)
  })

  it('V6.3.1: is stopped per address, also for who has an account of their own to sign in with in between', async () => {
    const { email } = await openAClinic(app)
    const from = '192.0.2.200'
    for (let i = 0; i < limits.signInAddress.max; i++) {
      expect((await wrong(`spray-${i}@example.org`, from)).answer.status).toBe(422)
      if (i % 10 === 5) expect((await tryToSignIn(app, email, goodPassword, from)).isIn).toBe(true)
    }
    expect((await wrong('spray-last@example.org', from)).answer.status).toBe(429)
    expect((await tryToSignIn(app, email, goodPassword, '192.0.2.201')).isIn).toBe(true)
  })

  it('does not count against who knows the password: a desk may sign in all day', async () => {
    const { email } = await openAClinic(app)
    for (let i = 0; i < limits.signInAddress.max + 5; i++) {
      expect((await tryToSignIn(app, email, goodPassword, '192.0.2.210')).isIn).toBe(true)
    }
  })

  it('gains nothing by a made-up address', async () => {
    const { email } = await openAClinic(app)
    for (let i = 0; i < limits.signInAddress.max; i++) await wrong(`forge-${i}@example.org`, `10.9.8.${i}, 192.0.2.220`)
    const { answer } = await tryToSignIn(app, email, goodPassword, '10.9.9.9, 192.0.2.220')
    expect(answer.status).toBe(429)
  })
})
