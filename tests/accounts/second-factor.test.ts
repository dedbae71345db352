// The second factor: setting it up, being asked for it, and using up the codes that stand in for it.
import { describe, expect, it } from 'vitest'
import { factorLimits } from '../../src/features/accounts/rules/factors.ts'
import { pendingMinutes, sessionCookieName } from '../../src/platform/web/session.ts'
import { routeTable } from '../../src/platform/web/routers.ts'
import type { TestApp } from '../support/app.ts'
import { makeClinic, makePlatformAdmin, unenrol } from '../support/cast.ts'
import { ask, wordsOf } from '../support/http.ts'
import { addressOf, makeWorld } from '../support/world.ts'
import { codeFor, codeOf, codesOn, goodPassword, isSignedIn, newestMail, tryToSignIn, withFactors } from './scene.ts'

let app: TestApp
const { able, owner, half, step, setUp } = withFactors((started) => (app = started))

describe('setting up an app', () => {
  it('shows a QR code and the key as text, counts only after a right code, ends other sessions and tells by mail', async () => {
    const clinic = await makeClinic(app)
    const { nadia } = clinic.cast
    await unenrol(app, nadia.userId)
    const [here, elsewhere] = [await clinic.as(nadia), await clinic.as(nadia)]
    await here.postForm('/account/second-factor/app').expect(303)
    const page = await here.getForm('/account/second-factor/app')
    expect(page.html).toContain('<svg class="qr"')
    expect(wordsOf(page.html)).toMatch(/([A-Z2-7]{4} ){7}[A-Z2-7]{4}/)
    const wrong = await here.postForm('/account/second-factor/app/code', { code: '000000' }).expect(422)
    expect(wordsOf(wrong.text)).toContain('That is not the code')
    await here.postForm('/account/second-factor/app/code', { code: '12a' }).expect(422)
    expect(await isSignedIn(elsewhere)).toBe(true)
    const { shown, codes } = await setUp(here, nadia.email)
    expect(shown.status).toBe(200)
    expect(codes).toHaveLength(10)
    expect(shown.text).toContain('download="nabz-recovery-codes.txt"')
    expect(await isSignedIn(elsewhere)).toBe(false)
    expect(await isSignedIn(here)).toBe(true)
    expect((await newestMail(app, nadia.email)).text).toContain('An authenticator app was set up')
  })

  it('V11.4.2: keeps of seed and codes nothing that opens anything', async () => {
    const clinic = await makeClinic(app)
    await unenrol(app, clinic.cast.nadia.userId)
    const browser = await clinic.as(clinic.cast.nadia)
    const { page, codes } = await setUp(browser, clinic.cast.nadia.email)
    const seed = /enrol-seed" dir="ltr">([^<]+)</.exec(page.html)![1]!.replaceAll(' ', '')
    const [dump] = await app.superuser<{ all: string }>(
      `select (select string_agg(s::text, '|') from platform.totp_seeds s) || (select string_agg(c::text, '|') from platform.recovery_codes c) as all`,
    )
    for (const secret of [seed, ...codes, ...codes.map((code) => code.replaceAll('-', ''))]) {
      expect(dump!.all).not.toContain(secret)
      expect(dump!.all).not.toContain(Buffer.from(secret).toString('hex'))
    }
    const hashes = await app.superuser<{ code_hash: string }>('select code_hash from platform.recovery_codes')
    for (const { code_hash } of hashes) expect(code_hash).toMatch(/^\$2b\$\d\d\$/)
    expect(app.logLines.join()).not.toContain(seed)
  })
})

describe('the second step', () => {
  it('V6.3.3: is asked after the password, and leads where the password would have', async () => {
    const { email, clinic, seed } = await owner()
    const wanted = `/app/${clinic.slug}/settings/staff`
    const browser = app.agent()
    await browser.getForm(`/sign-in?next=${encodeURIComponent(wanted)}`)
    await browser.postForm('/sign-in', { email, password: goodPassword, next: wanted }).expect(303)
    expect(await isSignedIn(browser)).toBe(false)
    await browser.getForm('/sign-in/second-step')
    expect((await step(browser, codeOf(app, seed))).headers.location).toBe(wanted)
    await browser.get(wanted).expect(200)
    const entries = await app.superuser<{ action: string; details: unknown }>(
      `select action, details from platform.audit_entries where record_id = (select id from platform.users where email = $1) order by id`,
      [email],
    )
    expect(entries).toEqual([
      { action: 'account.password_proven', details: {} },
      { action: 'account.signed_in', details: { factor: 'code' } },
      { action: 'account.new_browser', details: {} },
    ])
  })

  it.each([
    ['Arabic', (code: string) => code.replace(/\d/g, (digit) => '٠١٢٣٤٥٦٧٨٩'[Number(digit)]!)],
    ['Urdu', (code: string) => code.replace(/\d/g, (digit) => '۰۱۲۳۴۵۶۷۸۹'[Number(digit)]!)],
    ['spaced', (code: string) => ` ${code.slice(0, 3)} ${code.slice(3)} `],
  ])('takes the code in %s digits', async (_name, written) => {
    const { email, seed } = await owner()
    expect((await step(await half(email), written(codeOf(app, seed)))).status).toBe(303)
  })

  it('takes the code of a clock that is half a minute off, and of none further', async () => {
    const { email, seed } = await owner()
    for (const steps of [-2, 2]) expect((await step(await half(email), codeOf(app, seed, steps))).status).toBe(422)
    for (const steps of [-1, 1]) expect((await step(await half(email), codeOf(app, seed, steps))).status).toBe(303)
  })

  it('V6.5.1: takes each code once: not again in its window, nor in the next, nor an older one', async () => {
    const { email, seed } = await owner()
    const code = codeOf(app, seed)
    const before = codeOf(app, seed, -1)
    expect((await step(await half(email), code)).status).toBe(303)
    const again = await step(await half(email), code)
    expect(again.status).toBe(422)
    expect(wordsOf(again.text)).toContain('was used already')
    expect((await step(await half(email), before)).status).toBe(422)
    app.clock.advance({ seconds: 30 })
    expect((await step(await half(email), code)).status).toBe(422)
    expect((await step(await half(email), codeOf(app, seed))).status).toBe(303)
  })

  it('V6.5.1: takes a code that arrives five times at once from one of them', async () => {
    const { email, seed } = await owner()
    const browsers = await Promise.all(Array.from({ length: 5 }, () => half(email)))
    const code = codeOf(app, seed)
    const answers = await Promise.all(browsers.map((browser) => step(browser, code)))
    expect(answers.map(({ status }) => status).sort()).toEqual([303, 422, 422, 422, 422])
  })

  it('V6.5.1: takes no code of the app from before another was set up', async () => {
    const { email, clinic, userId, seed } = await owner()
    const browser = await clinic.as({ userId })
    await setUp(browser, email)
    app.clock.advance({ minutes: 1 })
    expect((await step(await half(email), codeOf(app, seed))).status).toBe(422)
    expect((await step(await half(email), await codeFor(app, email))).status).toBe(303)
  })

  it('V6.3.1: waits after five wrong codes, also for the right one, and no longer than that', async () => {
    const { email, seed } = await owner()
    const browser = await half(email)
    for (let i = 0; i < factorLimits.factorAccount.max; i++) expect((await step(browser, '000000')).status).toBe(422)
    const refused = await step(browser, codeOf(app, seed))
    expect(refused.status).toBe(429)
    expect(wordsOf(refused.text)).toContain('Too many wrong codes')
    app.clock.advance({ minutes: 15 })
    expect((await step(await half(email), codeOf(app, seed))).status).toBe(303)
  })

  it('V6.3.1: counts tries that arrive at once', async () => {
    const { email } = await owner()
    const browser = await half(email)
    const answers = await Promise.all(Array.from({ length: 15 }, (_, i) => step(browser, String(100000 + i))))
    expect(answers.filter(({ status }) => status === 422)).toHaveLength(factorLimits.factorAccount.max)
  })

  it('is over ten minutes after the password, and when the password was changed meanwhile', async () => {
    const { email, seed, userId } = await owner()
    const late = await half(email)
    app.clock.advance({ minutes: pendingMinutes, seconds: 1 })
    expect((await step(late, codeOf(app, seed))).headers.location).toBe('/sign-in?lang=en')
    const outdated = await half(email)
    await app.superuser('update platform.users set password_version = password_version + 1 where id = $1', [userId])
    expect((await step(outdated, codeOf(app, seed))).headers.location).toBe('/sign-in?lang=en')
    expect(await isSignedIn(outdated)).toBe(false)
  })

  it('V7.2.4: begins and ends with a new session; one planted before is worth nothing after', async () => {
    const { email, seed } = await owner()
    const browser = app.agent()
    const cookie = () => browser.cookies.get(sessionCookieName(true))
    await browser.getForm('/sign-in')
    await browser.postForm('/sign-in', { email, password: goodPassword })
    const pending = cookie()!
    await step(browser, codeOf(app, seed))
    expect(cookie()).not.toBe(pending)
    expect(await isSignedIn(browser)).toBe(true)
    const thief = app.agent()
    thief.cookies.set(sessionCookieName(true), pending)
    expect(await isSignedIn(thief)).toBe(false)
    expect((await step(thief, codeOf(app, seed, 1))).headers.location).toBe('/sign-in?lang=en')
  })

  it('V6.4.3: is asked of who sets a new password by the link, too', async () => {
    const { email, seed } = await owner()
    await app.agent().postForm('/forgot-password', { email })
    const { path } = await newestMail(app, email)
    const browser = app.agent()
    await browser.getForm(path)
    const answer = await browser.postForm(path, { password: 'yellow bicycles at noon' }).expect(303)
    expect(answer.headers.location).toBe('/sign-in/second-step?lang=en')
    expect(await isSignedIn(browser)).toBe(false)
    await browser.getForm('/sign-in/second-step')
    await step(browser, codeOf(app, seed)).expect(303)
    expect(await isSignedIn(browser)).toBe(true)
  })

  it('V6.3.3: between the steps nothing opens: every route takes such a session for nobody’s', async () => {
    const world = await makeWorld(app)
    const pending = await half((await able(world.here.cast.nadia)).email)
    const operator = await half((await able(await makePlatformAdmin(app))).email)
    const open: string[] = []
    for (const route of routeTable.filter(({ door }) => ['account', 'clinic', 'operator'].includes(door))) {
      const path = addressOf(route, world.here.slug, world.ids) ?? addressOf(route, world.here.slug, undefined)!
      const browser = route.door === 'operator' ? operator : pending
      const body = new URLSearchParams({ _csrf: browser.csrfToken() }).toString()
      const answer = await ask(
        app.origin,
        browser,
        route.method.toUpperCase(),
        path,
        route.method === 'post' ? { body } : {},
      )
      if (answer.status !== 401 && !(answer.status === 303 && answer.location.startsWith('/sign-in'))) {
        open.push(`${route.method} ${route.path}: ${answer.status} ${answer.location}`)
      }
    }
    expect(open).toEqual([])
  })
})

describe('recovery codes', () => {
  async function withCodes() {
    const made = await owner()
    const browser = await made.clinic.as(made.clinic.cast.nadia)
    await browser.getForm('/account/second-factor')
    const codes = codesOn((await browser.postForm('/account/second-factor/codes').expect(200)).text)
    return { ...made, browser, codes }
  }

  it('V6.5.2: sign in once each, however they are typed; a mail says so, and warns when three are left', async () => {
    const { email, codes } = await withCodes()
    expect(codes).toHaveLength(10)
    const written = [codes[0]!.toLowerCase(), codes[1]!.replaceAll('-', ''), ` ${codes[2]!.replaceAll('-', ' ')} `]
    for (const code of written) expect((await step(await half(email), code)).status).toBe(303)
    expect((await step(await half(email), codes[0]!)).status).toBe(422)
    const mail = await newestMail(app, email)
    expect(mail.subject).toBe('A recovery code of yours was used')
    expect(mail.text).toContain('7 are left')
    for (const code of codes.slice(3, 6)) await step(await half(email), code).expect(303)
    const browser = await half(email)
    const led = await step(browser, codes[6]!).expect(303)
    expect(wordsOf((await browser.get(led.headers.location!)).text)).toContain('Only 3 recovery codes are left')
    expect((await newestMail(app, email)).text).toContain('Only 3 recovery codes are left')
  })

  it('V6.5.2: of the same one three times at once, one is taken', async () => {
    const { email, codes } = await withCodes()
    const browsers = await Promise.all(Array.from({ length: 3 }, () => half(email)))
    const answers = await Promise.all(browsers.map((browser) => step(browser, codes[4]!)))
    expect(answers.map(({ status }) => status).sort()).toEqual([303, 422, 422])
  })

  it('V2.3.4: are renewed one after the other by who asks five times at once: the last ten are there, and no more', async () => {
    const { email, userId, clinic } = await owner()
    const browser = await clinic.as({ userId })
    await browser.getForm('/account/second-factor')
    const answers = await Promise.all(Array.from({ length: 5 }, () => browser.postForm('/account/second-factor/codes')))
    expect(answers.filter(({ status }) => status >= 500 && status !== 503)).toEqual([])
    const [kept] = await app.superuser(
      `select count(*)::int as count from platform.recovery_codes c join platform.users u on u.id = c.user_id where u.email = $1`,
      [email],
    )
    expect(kept).toEqual({ count: 10 })
  })

  it('V6.5.2: are void once there are new ones, and gone with the last factor', async () => {
    const { email, codes, browser, clinic } = await withCodes()
    const fresh = codesOn((await browser.postForm('/account/second-factor/codes').expect(200)).text)
    expect((await step(await half(email), codes[0]!)).status).toBe(422)
    await step(await half(email), fresh[0]!).expect(303)
    await app.superuser('update platform.clinics set factor_required = false where id = $1', [clinic.id])
    const removed = await browser.postForm('/account/second-factor/app/removal').expect(303)
    expect(wordsOf((await browser.get(removed.headers.location!)).text)).toContain('The app is removed')
    expect((await newestMail(app, email)).text).toContain('The authenticator app was removed')
    expect(
      await app.superuser('select 1 from platform.recovery_codes where user_id = $1', [clinic.cast.nadia.userId]),
    ).toEqual([])
    expect((await tryToSignIn(app, email)).answer.headers.location).toBe(`/app/${clinic.slug}/today`)
  })
})
