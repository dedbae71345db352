// security.md 24, at the doors: somebody without a key tries one, over HTTP to the started server as from the street. What
// each lock does in every case is proven beside its feature (`tests/accounts`, `tests/booking/code.test.ts`); here stands
// whether the doors hold when they are tried one after the other.
import bcrypt from 'bcrypt'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { limits } from '../../src/features/accounts/rules.ts'
import { factorLimits } from '../../src/features/accounts/rules/factors.ts'
import { newId } from '../../src/kernel/ids.ts'
import { sessionCookieName } from '../../src/platform/web/session.ts'
import { codeFor, goodPassword, isSignedIn, newestMail, openAClinic, tryToSignIn } from '../accounts/scene.ts'
import { bookableClinic, hold, typed } from '../booking/patient.ts'
import { startTestApp, testNow, type TestApp } from '../support/app.ts'
import { enrol } from '../support/cast.ts'
import type { Agent } from '../support/http.ts'

// One by which a hash is told from others, and that takes no half a second.
const passwordCost = 8
let app: TestApp
beforeAll(async () => {
  app = await startTestApp({ passwordCost })
})
afterAll(() => app.stop())

const cookieOf = (browser: Agent) => browser.cookies.get(sessionCookieName(true))
const withCookie = (value: string | undefined) => {
  const thief = app.agent('198.51.100.66')
  if (value !== undefined) thief.cookies.set(sessionCookieName(true), value)
  return thief
}
const userIdOf = async (email: string) =>
  (await app.superuser<{ id: string }>('select id from platform.users where email = $1', [email]))[0]!.id

describe('spraying passwords', () => {
  it('V6.3.1: one address comes as far as thirty, whoever it is they try, and then waits', async () => {
    const victims = [await openAClinic(app), await openAClinic(app)]
    const statuses: number[] = []
    for (let i = 0; i < limits.signInAddress.max + 10; i++) {
      const target = i % 15 === 0 ? victims[i % 2]!.email : `staff-${i}@clinic.example`
      statuses.push((await tryToSignIn(app, target, 'clinic password 1', '198.51.100.10')).answer.status)
    }
    expect(statuses.filter((status) => status === 422)).toHaveLength(limits.signInAddress.max)
    expect(new Set(statuses.slice(limits.signInAddress.max))).toEqual(new Set([429]))
    // Those who were meant come in as before.
    for (const { email } of victims) expect((await tryToSignIn(app, email)).isIn).toBe(true)
  })

  it('V6.2.4: what a sprayer tries first is nobody’s password, since it can’t be chosen', async () => {
    for (const password of ['passwordpassword', 'Welcome123456', 'qwertyuiop123', 'administrator', 'mailcreated5240']) {
      const email = `weak-${newId()}@example.org`
      await expect(openAClinic(app, { email, password })).rejects.toThrow('422')
      expect(await app.superuser('select 1 from platform.users where email = $1', [email])).toEqual([])
    }
  })
})

describe('asking who has an account', () => {
  /** The cost of each hash that the answer to a form waits for: whatever else is done hides in their time. */
  async function hashesFor(send: () => Promise<unknown>): Promise<number[]> {
    const compare = bcrypt.compare.bind(bcrypt) as (password: string, hash: string) => Promise<boolean>
    const costs: number[] = []
    let answered = false
    const spy = vi.spyOn(bcrypt, 'compare').mockImplementation(async (password: string | Buffer, hash: string) => {
      // Whoever did not wait would have answered while another page is.
      await app.agent().get('/sign-in').expect(200)
      if (!answered) costs.push(bcrypt.getRounds(hash))
      return compare(String(password), hash)
    })
    try {
      await send()
      answered = true
      return costs
    } finally {
      spy.mockRestore()
    }
  }

  it('V6.3.8: neither words nor status nor what takes the time of signing in or of a reset tell', async () => {
    const emails: string[] = []
    for (let i = 0; i < 3; i++) emails.push(`colleague-${i}@example.org`)
    const hash = await app.services.passwords.hash(goodPassword)
    for (const email of emails) {
      await app.superuser(
        `insert into platform.users (id, email, name, password_hash, created_at) values ($1, $2, 'Colleague', $3, $4)`,
        [newId(), email, hash, testNow],
      )
    }
    const said = new Map<string, Set<string>>()
    const form = (path: string, fields: (email: string) => Record<string, string>) => {
      const browser = app.agent()
      return async (email: string, address: string) => {
        const answer = await browser
          .postForm(path, fields(email))
          .set('X-Forwarded-For', address)
          .then((response) => response)
        const words = answer.text
          .replaceAll(email, '…')
          .replace(/value="[^"]*"/g, '')
          .replace(/[0-9a-f-]{36}/g, '')
        said.set(path, (said.get(path) ?? new Set()).add(`${answer.status} ${answer.headers.location ?? ''} ${words}`))
      }
    }
    const signIn = form('/sign-in', (email) => ({ email, password: 'not the password' }))
    const reset = form('/forgot-password', (email) => ({ email }))
    for (const [purpose, send] of [signIn, reset].entries()) {
      for (const [at, email] of emails.entries()) {
        for (const each of [email, `no-${email}`]) {
          expect(await hashesFor(() => send(each, `10.${purpose}.${at}.1`)), each).toEqual([passwordCost])
        }
      }
    }
    for (const [path, answers] of said) expect([path, answers.size]).toEqual([path, 1])
  }, 60_000)
})

describe('a session that is somebody else’s', () => {
  it('V7.2.4: planted before signing in, it is worth nothing after', async () => {
    const { email } = await openAClinic(app)
    const attacker = await openAClinic(app)
    const planted = cookieOf(attacker.browser)
    const victim = withCookie(planted)
    await victim.getForm('/sign-in')
    await victim.postForm('/sign-in', { email, password: goodPassword })
    expect(cookieOf(victim)).toBeDefined()
    expect(cookieOf(victim)).not.toBe(planted)
    const still = await withCookie(planted).get('/account')
    expect(still.text).not.toContain(email)
    // A made-up one is not taken over either.
    const made = `s%3A${'a'.repeat(32)}.${'b'.repeat(43)}`
    const other = withCookie(made)
    await other.getForm('/sign-in')
    await other.postForm('/sign-in', { email, password: goodPassword })
    expect(cookieOf(other)).not.toBe(made)
    expect(await isSignedIn(withCookie(made))).toBe(false)
  })

  it('V7.4.3: stolen, it ends when its owner changes the password', async () => {
    const { browser, email } = await openAClinic(app)
    const second = await tryToSignIn(app, email)
    const stolen = cookieOf(second.browser)
    expect(await isSignedIn(withCookie(stolen))).toBe(true)
    await browser.getForm('/account')
    const fields = { current: goodPassword, password: 'quiet purple mountains' }
    await browser.postForm('/account/password', fields).expect(303)
    expect(await isSignedIn(withCookie(stolen))).toBe(false)
    expect(await isSignedIn(browser)).toBe(true)
    expect((await tryToSignIn(app, email)).isIn).toBe(false)
  })

  it('V7.4.2, V7.5.2: stolen, it ends when it is ended from the list, or its owner signs out', async () => {
    const { browser, email } = await openAClinic(app)
    const { browser: lost } = await tryToSignIn(app, email)
    const stolen = cookieOf(lost)
    const { html } = await browser.getForm('/account')
    const [, session] = /name="session" value="([^"]+)"/.exec(html) ?? []
    await browser.postForm('/account/sessions/end', { session: session! }).expect(303)
    expect(await isSignedIn(withCookie(stolen))).toBe(false)
    const own = cookieOf(browser)
    await browser.postForm('/sign-out').expect(303)
    expect(await isSignedIn(withCookie(own))).toBe(false)
  })
})

describe('a code', () => {
  async function withApp() {
    const opened = await openAClinic(app)
    await enrol(app, (await userIdOf(opened.email)) as Parameters<typeof enrol>[1])
    const half = async () => {
      const { browser, answer } = await tryToSignIn(app, opened.email)
      expect(answer.headers.location).toContain('/sign-in/second-step')
      await browser.getForm('/sign-in/second-step')
      return browser
    }
    return {
      ...opened,
      half,
      try: (browser: Agent, code: string) => browser.postForm('/sign-in/second-step', { code }),
    }
  }

  it('V6.5.1: seen over a shoulder, it has been used: not in its window, nor the next', async () => {
    const person = await withApp()
    const [first, thief] = [await person.half(), await person.half()]
    const code = await codeFor(app, person.email)
    expect((await person.try(first, code)).status).toBe(303)
    expect((await person.try(thief, code)).status).toBe(422)
    app.clock.advance({ seconds: 30 })
    expect((await person.try(thief, code)).status).toBe(422)
    expect(await isSignedIn(thief)).toBe(false)
    app.clock.set(testNow)
  })

  it('V6.5.5, V6.3.1: guessed over and over, also from ten browsers at once, it is looked at five times', async () => {
    const person = await withApp()
    const browsers = await Promise.all(Array.from({ length: 10 }, () => person.half()))
    const right = await codeFor(app, person.email)
    const wrong = Array.from({ length: 40 }, (_, i) => String((Number(right) + 1 + i) % 1_000_000).padStart(6, '0'))
    const answers = await Promise.all(wrong.map((code, i) => person.try(browsers[i % browsers.length]!, code)))
    const looked = answers.filter(({ status }) => status === 422).length
    expect(looked).toBe(factorLimits.factorAccount.max)
    expect((await person.try(browsers[0]!, right)).status).toBe(429)
    for (const browser of browsers) expect(await isSignedIn(browser)).toBe(false)
  })

  it('V6.6.3: of a patient, guessed, is worth nothing after five; nothing is booked', async () => {
    const scene = await bookableClinic(app, { codePolicy: 'always' })
    const guesser = app.agent('203.0.113.9')
    const path = await hold(guesser, scene)
    await guesser.postForm(path, typed({ phone: '+923014000999' }))
    const statuses: number[] = []
    for (let i = 0; i < 12; i++) {
      const answer = await guesser.postForm(path, { step: 'code', code: String(100_000 + i * 7) })
      statuses.push(answer.status)
    }
    expect(statuses.every((status) => status >= 400 && status < 500)).toBe(true)
    const booked = await app.superuser(
      `select 1 from clinic.appointments where clinic_id = $1 and status <> 'pending'`,
      [scene.clinic.id],
    )
    expect(booked).toEqual([])
  })
})

describe('an invitation', () => {
  it('V6.4.1: used once, is nothing to whoever finds the mail later, in whatever way it is asked', async () => {
    const { browser } = await openAClinic(app)
    const staff = ((await browser.get('/app')).headers.location as string).replace('/today', '/settings/staff')
    await browser.getForm(staff)
    const guest = `guest-${newId()}@example.org`
    await browser.postForm(`${staff}/invitations`, { email: guest, role: 'receptionist' }).expect(303)
    const { path } = await newestMail(app, guest)
    const joining = app.agent()
    await joining.getForm(path)
    // V15.3.3: with a role of one's own choosing, which nobody asked for.
    const wish = { name: 'Guest', password: goodPassword, role: 'owner', email: 'other@evil.test', clinicId: newId() }
    await joining.postForm(path, wish).expect(303)
    const [joined] = await app.superuser(
      `select m.role, u.platform_admin as admin from platform.memberships m join platform.users u on u.id = m.user_id
       where u.email = $1`,
      [guest],
    )
    expect(joined).toEqual({ role: 'receptionist', admin: false })
    expect(await app.superuser(`select 1 from platform.users where email = 'other@evil.test'`)).toEqual([])
    for (const again of [path, path.toUpperCase(), `${path}/`, `${path}?lang=ar`, path.slice(0, -1)]) {
      const finder = app.agent()
      const page = await finder.getForm(again)
      expect(page.response.text).not.toContain('name="password"')
      const answer = await finder.postForm(again, { name: 'Finder', password: 'quiet purple mountains' })
      expect(await isSignedIn(finder)).toBe(false)
      expect(answer.status).toBeGreaterThanOrEqual(400)
    }
  })
})
