// The second factor: setting it up, being asked for it, using it up, losing it.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { factorGraceDays } from '../../src/kernel/permissions.ts'
import { factorLimits, resetDelayHours } from '../../src/features/accounts/rules/factors.ts'
import { pendingMinutes, sessionCookieName } from '../../src/platform/web/session.ts'
import { routeTable } from '../../src/platform/web/routers.ts'
import { startTestApp, testNow, type TestApp } from '../support/app.ts'
import { enrol, makeClinic, makePlatformAdmin, signedIn, unenrol } from '../support/cast.ts'
import { ask, wordsOf, type Agent } from '../support/http.ts'
import { addressOf, makeWorld } from '../support/world.ts'
import { codeFor, codeOf, goodPassword, isSignedIn, mailsTo, newestMail, tryToSignIn } from './scene.ts'

let app: TestApp
beforeAll(async () => {
  app = await startTestApp({ passwordCost: 4 })
})
afterAll(() => app.stop())

/** Makes somebody of the cast one who can sign in by the form: a password, and an address that is none of the demo's. */
async function able<P extends { userId: string; email: string }>(person: P): Promise<P> {
  const email = person.email.replace(/@.*/, '@example.org')
  await app.superuser('update platform.users set password_hash = $2, email = $3 where id = $1', [
    person.userId,
    await app.services.passwords.hash(goodPassword),
    email,
  ])
  return { ...person, email }
}

/** Nadia with a password and an app of this seed. */
async function owner() {
  const clinic = await makeClinic(app)
  const { userId, email } = await able(clinic.cast.nadia)
  return { clinic, userId, email, seed: await enrol(app, userId) }
}

const half = async (email: string) => {
  const { browser, answer } = await tryToSignIn(app, email)
  expect(answer.headers.location).toBe('/sign-in/second-step?lang=en')
  await browser.getForm('/sign-in/second-step')
  return browser
}
const step = (browser: Agent, code: string) => browser.postForm('/sign-in/second-step', { code })
const codesOn = (html: string) => [...html.matchAll(/<li>(\d-[A-Z2-7]{5}-[A-Z2-7]{5})<\/li>/g)].map(([, code]) => code!)

/** Sets an app up by the pages; answers the codes that were shown. */
async function setUp(browser: Agent, email: string) {
  await browser.getForm('/account/second-factor')
  await browser.postForm('/account/second-factor/app').expect(303)
  const page = await browser.getForm('/account/second-factor/app')
  const shown = await browser.postForm('/account/second-factor/app/code', { code: await codeFor(app, email) })
  return { page, shown, codes: codesOn(shown.text) }
}

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

describe('who must have one', () => {
  const hub = '/account/second-factor'
  const openTo = async (browser: Agent, path: string) => {
    const { status, headers } = await browser.get(path)
    return status === 303 && headers.location === hub ? 'enrolment' : status
  }
  async function without(role: 'nadia' | 'sana' | 'bilal') {
    const clinic = await makeClinic(app)
    const person = clinic.cast[role]
    await unenrol(app, person.userId)
    return { clinic, person, today: `/app/${clinic.slug}/today` }
  }

  it('V6.3.3: platform admins, from their first sign-in on: nothing else opens before', async () => {
    const { userId } = await makePlatformAdmin(app)
    await unenrol(app, userId)
    const admin = await signedIn(app, userId)
    for (const path of ['/admin', '/admin/clinics', '/account', '/account/clinics', '/app']) {
      expect({ path, opens: await openTo(admin, path) }).toEqual({ path, opens: 'enrolment' })
    }
    expect(wordsOf((await admin.get(hub).expect(200)).text)).toContain('Whoever runs the service')
    expect((await admin.postForm('/account/profile', { name: 'Eve' })).headers.location).toBe(hub)
    await enrol(app, userId)
    expect(await openTo(admin, '/admin')).toBe(200)
  })

  it.each(['nadia', 'sana'] as const)(
    'V6.3.3: %s, seven days after the role: a banner counts them down',
    async (who) => {
      const { clinic, person, today } = await without(who)
      expect(wordsOf((await (await clinic.as(person)).get(today)).text)).toContain(
        `needed for your role in ${factorGraceDays} days`,
      )
      app.clock.advance({ hours: 24 * (factorGraceDays - 1) })
      expect(wordsOf((await (await clinic.as(person)).get(today)).text)).toContain(
        'needed for your role from tomorrow on',
      )
      app.clock.advance({ hours: 23, minutes: 59, seconds: 59 })
      const browser = await clinic.as(person)
      expect(await openTo(browser, today)).toBe(200)
      app.clock.advance({ seconds: 1 })
      expect(await openTo(browser, today)).toBe('enrolment')
      const { codes } = await setUp(browser, person.email)
      expect(codes).toHaveLength(10)
      const page = await browser.get(today).expect(200)
      expect(wordsOf(page.text)).not.toContain('Two-step sign-in is needed')
      app.clock.set(testNow)
    },
  )

  it('not the desk; but whoever becomes a doctor, seven days from then', async () => {
    const { clinic, person, today } = await without('bilal')
    app.clock.advance({ hours: 24 * 30 })
    expect(await openTo(await clinic.as(person), today)).toBe(200)
    const nadia = await clinic.as(clinic.cast.nadia)
    await nadia.postForm(`/app/${clinic.slug}/settings/staff/${person.userId}`, { role: 'doctor' }).expect(303)
    app.clock.advance({ hours: 24 * factorGraceDays - 1 })
    expect(await openTo(await clinic.as(person), today)).toBe(200)
    app.clock.advance({ hours: 1 })
    expect(await openTo(await clinic.as(person), today)).toBe('enrolment')
    app.clock.set(testNow)
  })

  it('V6.3.3: nobody where an owner relaxes it, which is written down and said on the page; new days when it is asked again', async () => {
    const { clinic, person, today } = await without('sana')
    app.clock.advance({ hours: 24 * factorGraceDays })
    const nadia = await clinic.as(clinic.cast.nadia)
    const settings = `/app/${clinic.slug}/settings`
    expect(await openTo(await clinic.as(person), today)).toBe('enrolment')
    await nadia.postForm(`${settings}/second-factor`, { required: 'no' }).expect(303)
    expect(wordsOf((await nadia.get(`${settings}/staff`)).text)).toContain('Relaxed by Nadia Khan')
    expect(await openTo(await clinic.as(person), today)).toBe(200)
    await nadia.postForm(`${settings}/second-factor`, { required: 'yes' }).expect(303)
    expect(wordsOf((await nadia.get(`${settings}/staff`)).text)).toContain('Asked for by Nadia Khan')
    expect(await openTo(await clinic.as(person), today)).toBe(200)
    const entries = await app.superuser<{ action: string }>(
      `select action from clinic.audit_entries where clinic_id = $1 and action like 'clinic.factor%' order by id`,
      [clinic.id],
    )
    expect(entries.map(({ action }) => action)).toEqual(['clinic.factor_relaxed', 'clinic.factor_required'])
    await (await clinic.as(person)).postForm(`${settings}/second-factor`, { required: 'no' }).expect(403)
    app.clock.set(testNow)
  })

  it('and then it can’t be taken away, only replaced', async () => {
    const { clinic, userId } = await owner()
    const browser = await clinic.as({ userId })
    const answer = await browser.postForm('/account/second-factor/app/removal').expect(303)
    expect(wordsOf((await browser.get(answer.headers.location!)).text)).toContain('Your role needs a second step')
    expect(await app.superuser('select 1 from platform.totp_seeds where user_id = $1', [userId])).toHaveLength(1)
  })
})

describe('a second factor that was lost', () => {
  const proof = 'Came in person with her identity card'
  async function lost() {
    const clinic = await makeClinic(app)
    const { nadia } = clinic.cast
    const sana = await able(clinic.cast.sana)
    const browser = await clinic.as(nadia)
    const path = `/app/${clinic.slug}/settings/staff/${sana.userId}/second-factor`
    return { clinic, nadia, sana, browser, path }
  }
  const due = () => {
    app.clock.advance({ hours: resetDelayHours })
    return app.runJob('accounts.factor_resets')
  }

  it('V6.4.4: is reset a day after an owner vouched in words; the person hears at once, and sets up a new one', async () => {
    const { clinic, sana, browser, path } = await lost()
    await browser.get(path).expect(200)
    await browser.postForm(path, { proof: 'I know' }).expect(422)
    await browser.postForm(path, { proof }).expect(303)
    const mail = await newestMail(app, sana.email)
    expect(mail.text).toContain('Nadia Khan says that you lost your phone')
    expect(wordsOf((await browser.postForm(path, { proof }).expect(422)).text)).toContain('under way already')
    app.clock.advance({ hours: resetDelayHours - 1, minutes: 59 })
    await app.runJob('accounts.factor_resets')
    await half(sana.email)
    app.clock.advance({ minutes: 1 })
    await app.runJob('accounts.factor_resets')
    expect((await newestMail(app, sana.email)).text).toContain('Your second step was reset')
    expect((await tryToSignIn(app, sana.email)).answer.headers.location).toBe(`/app/${clinic.slug}/today`)
    const entries = await app.superuser<{ action: string }>(
      `select action from platform.audit_entries where record_id = $1 and action like '%reset%' order by id`,
      [sana.userId],
    )
    expect(entries.map(({ action }) => action)).toEqual(['account.factor_reset_asked', 'account.factor_reset'])
    const [entry] = await app.superuser<{ all: string }>(
      `select string_agg(r::text, '|') as all from platform.factor_resets r`,
    )
    expect(entry!.all).not.toContain('identity card')
    app.clock.set(testNow)
  })

  it('V6.4.4: stays when the person says no, by the link or signed in', async () => {
    const { sana, clinic, browser, path } = await lost()
    await browser.postForm(path, { proof }).expect(303)
    const link = (await newestMail(app, sana.email)).path
    const anybody = app.agent()
    await anybody.getForm(link)
    expect(wordsOf((await anybody.postForm(link).expect(200)).text)).toContain('The reset is cancelled')
    await anybody.get(link).expect(404)
    await anybody.postForm(link).expect(404)
    await due()
    await half(sana.email)
    const again = await clinic.as(clinic.cast.nadia)
    await again.postForm(path, { proof }).expect(303)
    const herself = await clinic.as(sana)
    expect(wordsOf((await herself.get('/account/second-factor')).text)).toContain('Cancel the reset')
    await herself.postForm('/account/second-factor/reset/cancellation').expect(303)
    await due()
    await half(sana.email)
    app.clock.set(testNow)
  })

  it('V6.4.4: is taken back by the clinic that asked, or the platform, and by nobody else', async () => {
    const { clinic, sana, browser, path } = await lost()
    const takeBack = `${path}/cancellation`
    const member = path.replace('/second-factor', '')
    await browser.postForm(takeBack).expect(404)
    await browser.postForm(path, { proof }).expect(303)
    expect(wordsOf((await browser.get(member).expect(200)).text)).toContain('Nadia Khan asked for the reset')
    const theirs = takeBack.replace(clinic.slug, clinic.other.slug)
    await (await clinic.as(clinic.cast.omar)).postForm(theirs).expect(404)
    await (await clinic.as(clinic.cast.bilal)).postForm(takeBack).expect(403)
    await browser.postForm(takeBack).expect(303)
    expect(wordsOf((await browser.get(member)).text)).toContain('Taken back. Nothing will be reset.')
    await due()
    await half(sana.email)
    app.clock.set(testNow)
    // What the platform was asked for is not the owner's to take back.
    const admin = await signedIn(app, (await makePlatformAdmin(app)).userId)
    await admin.postForm('/admin/second-factors', { email: sana.email, proof }).expect(303)
    const owner = await clinic.as(clinic.cast.nadia)
    await owner.postForm(takeBack).expect(404)
    const { forms } = await admin.getForm('/admin/second-factors')
    const [row] = await app.superuser<{ id: string }>(
      'select id from platform.factor_resets where user_id = $1 and cancelled_at is null',
      [sana.userId],
    )
    const form = forms.find(({ action }) => action === `/admin/second-factors/${row!.id}/cancellation`)
    await admin.postForm(form!.action).expect(303)
    await admin.postForm(form!.action).expect(404)
    await due()
    await half(sana.email)
    app.clock.set(testNow)
  })

  it('V6.4.4: can be taken back while the clinic is read-only, by the person and by who asked', async () => {
    const { clinic, sana, browser, path } = await lost()
    const ask = async () => {
      await app.superuser(`update platform.clinics set status = 'active' where id = $1`, [clinic.id])
      await browser.postForm(path, { proof }).expect(303)
      await app.superuser(`update platform.clinics set status = 'read_only' where id = $1`, [clinic.id])
    }
    const standing = async () =>
      (
        await app.superuser<{ count: number }>(
          `select count(*)::int as count from platform.factor_resets where user_id = $1 and cancelled_at is null`,
          [sana.userId],
        )
      )[0]!.count
    await ask()
    await browser.postForm(path, { proof }).expect(409)
    await browser.postForm(`${path}/cancellation`).expect(303)
    expect(await standing()).toBe(0)
    await ask()
    await (await clinic.as(sana)).postForm('/account/second-factor/reset/cancellation').expect(303)
    expect(await standing()).toBe(0)
    await ask()
    await app
      .agent()
      .postForm((await newestMail(app, sana.email)).path)
      .expect(200)
    expect(await standing()).toBe(0)
  })

  it('V6.4.4: is nobody’s own to reset, nor an owner’s whose colleague works elsewhere, nor the desk’s', async () => {
    const { clinic, nadia, sana, browser, path } = await lost()
    const own = path.replace(sana.userId, nadia.userId)
    expect(wordsOf((await browser.postForm(own, { proof }).expect(422)).text)).toContain('Somebody else has to vouch')
    await app.superuser(
      `insert into platform.memberships (clinic_id, user_id, role, created_at) values ($1, $2, 'doctor', now())`,
      [clinic.other.id, sana.userId],
    )
    expect(wordsOf((await browser.postForm(path, { proof }).expect(422)).text)).toContain('work elsewhere too')
    await (await clinic.as(clinic.cast.bilal)).postForm(path, { proof }).expect(403)
    const theirs = path.replace(sana.userId, clinic.cast.omar.userId)
    await browser.postForm(theirs, { proof }).expect(404)
    expect(await app.superuser('select 1 from platform.factor_resets where user_id = $1', [sana.userId])).toEqual([])
  })

  it('V6.4.4: is reset by the platform too, for whoever has an account', async () => {
    const nadia = await able((await makeClinic(app)).cast.nadia)
    const admin = await signedIn(app, (await makePlatformAdmin(app)).userId)
    const path = '/admin/second-factors'
    await admin.postForm(path, { email: 'nobody@example.org', proof }).expect(422)
    await admin.postForm(path, { email: nadia.email, proof }).expect(303)
    expect(wordsOf((await admin.get(path)).text)).toContain(nadia.email)
    expect(await mailsTo(app, nadia.email)).toEqual(['Did you lose your second step?'])
    await due()
    expect((await tryToSignIn(app, nadia.email)).answer.headers.location).not.toContain('second-step')
    app.clock.set(testNow)
  })
})
