// One's own sessions, and the mail about a browser that is new.
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { browserOf, networkOf } from '../../src/platform/browsers.ts'
import { freshMinutes, idleMinutes, sessionCookieName } from '../../src/platform/web/session.ts'
import { startTestApp, testNow, type TestApp } from '../support/app.ts'
import { wordsOf, type Agent } from '../support/http.ts'
import { goodPassword, isSignedIn, mailsTo, newestMail, openAClinic } from './scene.ts'

let app: TestApp
beforeAll(async () => {
  app = await startTestApp({ passwordCost: 4 })
})
afterAll(() => app.stop())

const firefox = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0'
const iphone =
  'Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1'
const edge =
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/138.0.0.0 Safari/537.36 Edg/138.0.0.0'
const chromeOnAndroid =
  'Mozilla/5.0 (Linux; Android 15; Pixel 9) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/138.0.0.0 Mobile Safari/537.36'

let made = 0

/** Signs in by the form with a browser that says what it is, from an address of its own. */
async function signInWith(email: string, userAgent: string, address = `198.18.${++made % 200}.7`): Promise<Agent> {
  const browser = app.agent(address)
  await browser.getForm('/sign-in')
  await browser.postForm('/sign-in', { email, password: goodPassword }).set('User-Agent', userAgent).expect(303)
  return browser
}

const cookie = (browser: Agent) => browser.cookies.get(sessionCookieName(true))
const buttons = async (browser: Agent) => {
  const { html } = await browser.getForm('/account')
  return [...html.matchAll(/name="session" value="([^"]+)"/g)].map(([, id]) => id!)
}

describe('the list of one’s own sessions', () => {
  it('V7.1.2, V7.5.2: says in words which browser it is, from which network, since when, and which is this one', async () => {
    const { email } = await openAClinic(app)
    const phone = await signInWith(email, iphone, '203.0.113.77')
    app.clock.advance({ minutes: 3 })
    const desk = await signInWith(email, edge, '2001:db8:1:2::9')
    const page = await desk.get('/account').expect(200)
    const words = wordsOf(page.text)
    expect(words).toContain('Safari on an iPhone')
    expect(words).toContain('Edge on Windows')
    expect(words).toContain('203.0.113.*')
    expect(words).toContain('2001:db8:1:*')
    expect(words.match(/This one/g)).toHaveLength(1)
    // By the clock of the clinic in Karachi, and it says so.
    expect(words).toContain('12:03 pm (GMT+5)')
    expect(words).toMatch(/Edge on Windows.*This one.*Safari on an iPhone/)
    // Neither whole addresses, nor what opens a session.
    for (const secret of [
      '203.0.113.77',
      '2001:db8:1:2',
      iphone,
      cookie(phone)!.slice(4, 36),
      cookie(desk)!.slice(4, 36),
    ]) {
      expect(page.text).not.toContain(secret)
    }
    app.clock.set(testNow)
  })

  it('V7.5.2: ends one at its next request, and no other', async () => {
    const { browser, email } = await openAClinic(app)
    const lost = await signInWith(email, firefox)
    const [id] = await buttons(browser)
    await browser.postForm('/account/sessions/end', { session: id! }).expect(303)
    expect((await lost.get('/account').expect(303)).headers.location).toBe('/sign-in?next=%2Faccount')
    expect(await isSignedIn(browser)).toBe(true)
    expect(await buttons(browser)).toEqual([])
  })

  it('V7.5.2: ends all others, those half signed in too, after a fresh proof', async () => {
    const { browser, email } = await openAClinic(app)
    const others = [await signInWith(email, firefox), await signInWith(email, edge)]
    app.clock.advance({ minutes: freshMinutes, seconds: 1 })
    await browser.getForm('/account')
    const asked = await browser.postForm('/account/sessions/end-others').expect(403)
    expect(wordsOf(asked.text)).toContain('Confirm that it’s you')
    for (const one of others) expect(await isSignedIn(one)).toBe(true)
    await browser.postForm('/account/sessions/end-others', { confirm_password: goodPassword }).expect(303)
    for (const one of others) expect(await isSignedIn(one)).toBe(false)
    expect(await isSignedIn(browser)).toBe(true)
    app.clock.set(testNow)
  })

  it('V8.2.2: ends nobody else’s', async () => {
    const mine = await openAClinic(app)
    const theirs = await openAClinic(app)
    await signInWith(theirs.email, firefox)
    const [id] = await buttons(theirs.browser)
    await mine.browser.getForm('/account')
    await mine.browser.postForm('/account/sessions/end', { session: id! }).expect(303)
    await mine.browser.postForm('/account/sessions/end', { session: "' or true --" }).expect(303)
    expect(await buttons(theirs.browser)).toEqual([id])
  })

  it('V7.4.1: stays ended, though a request of it was on its way: what that writes brings nothing back', async () => {
    const { browser, email } = await openAClinic(app)
    const lost = await signInWith(email, firefox)
    const sid = decodeURIComponent(cookie(lost)!).slice(2).split('.')[0]!
    // Long enough ago that the next page notes a sign of life.
    app.clock.advance({ minutes: 2 })
    const blocker = new pg.Client({ connectionString: app.database.superuserUrl })
    await blocker.connect()
    try {
      // The request has read its session and waits for whose it is.
      await blocker.query('begin; lock table platform.users in access exclusive mode')
      const underWay = lost.get('/account').then((answer) => answer)
      await vi.waitFor(async () =>
        expect(
          await app.superuser(`select 1 from pg_locks where not granted and relation = 'platform.users'::regclass`),
        ).toHaveLength(1),
      )
      await app.superuser('delete from platform.sessions where sid = $1', [sid])
      await blocker.query('commit')
      expect((await underWay).status).toBe(200)
      expect(await app.superuser('select 1 from platform.sessions where sid = $1', [sid])).toEqual([])
      expect(await isSignedIn(lost)).toBe(false)
    } finally {
      await blocker.end()
    }
    expect(await isSignedIn(browser)).toBe(true)
    app.clock.set(testNow)
  })

  it('forgets what has reached its limit, and keeps nothing of it beside the session', async () => {
    const { email } = await openAClinic(app)
    await signInWith(email, iphone)
    app.clock.advance({ minutes: idleMinutes, seconds: 1 })
    const later = await signInWith(email, edge)
    const page = await later.get('/account')
    expect(wordsOf(page.text)).not.toContain('iPhone')
    app.clock.set(testNow)
  })
})

describe('a browser that is new for an account', () => {
  it('is told of by mail, once, and not the one it was opened with', async () => {
    const { email } = await openAClinic(app)
    const subject = 'A new sign-in to Nabz'
    await signInWith(email, firefox)
    await signInWith(email, firefox.replaceAll('140.0', '141.0'))
    expect((await mailsTo(app, email)).filter((one) => one === subject)).toHaveLength(1)
    expect((await newestMail(app, email)).text).toContain('Firefox on Linux')
    await signInWith(email, iphone)
    expect((await mailsTo(app, email)).filter((one) => one === subject)).toHaveLength(2)
  })

  it('is kept as a keyed hash, another one for every account', async () => {
    const [one, two] = [await openAClinic(app), await openAClinic(app)]
    await signInWith(one.email, edge)
    await signInWith(two.email, edge)
    const hashes = await app.superuser<{ hash: string }>(
      `select encode(browser_hash, 'hex') as hash from platform.known_browsers b join platform.users u on u.id = b.user_id
       where u.email = any($1)`,
      [[one.email, two.email]],
    )
    expect(hashes).toHaveLength(4)
    expect(new Set(hashes.map(({ hash }) => hash)).size).toBe(4)
  })

  it('V6.3.5, V7.4.3: comes with a link that ends every session and the password, and sends one for a new password', async () => {
    const { browser, email } = await openAClinic(app)
    const thief = await signInWith(email, edge)
    const { path, text } = await newestMail(app, email)
    expect(text).toContain('Edge on Windows')
    const owner = app.agent()
    // Looking does nothing: mail programs look.
    await owner.getForm(path)
    expect(await isSignedIn(thief)).toBe(true)
    const page = path.split('?')[0]!
    const answers = await Promise.all(Array.from({ length: 8 }, () => owner.postForm(page)))
    expect(answers.map(({ status }) => status).sort()).toEqual([200, ...Array<number>(7).fill(404)])
    for (const one of [thief, browser]) expect(await isSignedIn(one)).toBe(false)
    const again = app.agent('198.18.250.1')
    await again.getForm('/sign-in')
    await again.postForm('/sign-in', { email, password: goodPassword }).expect(422)
    const reset = await newestMail(app, email)
    expect(reset.subject).toBe('A new password for Nabz')
    await owner.getForm(reset.path)
    await owner.postForm(reset.path.split('?')[0]!, { password: 'another slow turtle' }).expect(303)
    expect(await isSignedIn(owner)).toBe(true)
  })

  it('has a link that an intruder cannot void by changing the password', async () => {
    const { email } = await openAClinic(app)
    const thief = await signInWith(email, edge)
    const { path } = await newestMail(app, email)
    await thief.getForm('/account')
    await thief.postForm('/account/password', { current: goodPassword, password: 'the thief was here' }).expect(303)
    await app.agent().postForm(path.split('?')[0]!).expect(200)
    expect(await isSignedIn(thief)).toBe(false)
  })
})

describe('what is kept of a browser', () => {
  it.each([
    [firefox, 'firefox', 'linux'],
    [iphone, 'safari', 'iphone'],
    [edge, 'edge', 'windows'],
    [chromeOnAndroid, 'chrome', 'android'],
    ['curl/8.5.0', 'other', 'other'],
    ['', 'other', 'other'],
  ])('%s', (said, family, platform) => {
    expect(browserOf(said)).toEqual({ family, platform })
  })

  it.each([
    ['203.0.113.77', '203.0.113.*'],
    ['::ffff:203.0.113.77', '203.0.113.*'],
    ['2001:db8:1:2::9', '2001:db8:1:*'],
    ['', ''],
  ])('of the address %s only the network: %s', (address, network) => {
    expect(networkOf(address)).toBe(network)
  })
})
