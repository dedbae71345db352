// What people of these tests do before the test begins, through the same pages as everybody.
import { generateSync } from 'otplib'
import { beforeAll, expect } from 'vitest'
import { openMail } from '../../src/platform/mails.ts'
import { startTestApp, type TestApp } from '../support/app.ts'
import { enrol, makeClinic } from '../support/cast.ts'
import type { Agent } from '../support/http.ts'

export const goodPassword = 'slow green turtles'

let made = 0

export type Opened = { browser: Agent; email: string; slug: string; clinicName: string }

export const signUpFields = (email: string, overrides: Record<string, string> = {}) => ({
  clinicName: 'Marina Clinic',
  city: 'Karachi',
  country: 'PK',
  specialty: 'general_practice',
  language: 'en',
  name: 'Huda Saleem',
  email,
  password: goodPassword,
  ...overrides,
})

/** Somebody who opened a clinic by the form, and their browser, signed in. Their e-mail is proven, unless it is said not. */
export async function openAClinic(
  app: TestApp,
  overrides: Record<string, string> = {},
  { unproven = false } = {},
): Promise<Opened> {
  // From an address of their own: ten clinics an hour is all one address may open.
  const browser = app.agent(`198.51.100.${(++made % 250) + 1}`)
  const email = overrides.email ?? `huda-${made}@example.org`
  await browser.getForm('/sign-up')
  const answer = await browser.postForm('/sign-up', signUpFields(email, overrides)).expect(303)
  const slug = /^\/app\/([^/]+)\/today$/.exec(answer.headers.location ?? '')?.[1]
  if (slug === undefined) throw new Error(`opened nothing: ${answer.headers.location}`)
  if (!unproven) {
    await app.superuser('update platform.users set email_unproven = false where email = $1', [email])
    await app.superuser(`delete from platform.mails where kind = 'verify_email' and status = 'queued'`)
  }
  return { browser, email, slug, clinicName: overrides.clinicName ?? 'Marina Clinic' }
}

/** Tries to sign in with a browser of its own, from an address of its own. */
export async function tryToSignIn(app: TestApp, email: string, password = goodPassword, address?: string) {
  const browser = app.agent(address ?? `203.0.113.${(++made % 250) + 1}`)
  await browser.getForm('/sign-in')
  const answer = await browser.postForm('/sign-in', { email, password })
  return { browser, answer, isIn: answer.status === 303 }
}

/** The code somebody's app would show now, or so many steps of 30 seconds from now. */
export async function codeFor(app: TestApp, email: string, steps = 0): Promise<string> {
  const [row] = await app.superuser<{ id: string; seed: Buffer }>(
    `select s.id, s.seed_sealed as seed from platform.totp_seeds s join platform.users u on u.id = s.user_id
     where u.email = $1 order by s.confirmed_at is null desc limit 1`,
    [email],
  )
  if (!row) throw new Error(`${email} has no app`)
  return codeOf(app, app.services.keys.platform.open(row.seed, 'totp_seeds.seed', row.id), steps)
}

export const codeOf = (app: TestApp, seed: string, steps = 0): string =>
  generateSync({ secret: seed, epoch: Math.floor(app.clock.now().epochMilliseconds / 1000) + steps * 30 })

/** The second step, with the code of the app. */
export async function takeSecondStep(app: TestApp, browser: Agent, email: string) {
  await browser.getForm('/sign-in/second-step')
  const answer = await browser.postForm('/sign-in/second-step', { code: await codeFor(app, email) })
  // Used up: whoever signs in again does so with the next one.
  await app.superuser('update platform.totp_seeds set last_step = 0')
  return answer
}

/** Whether this browser may still see its account. */
export const isSignedIn = async (browser: Agent) => (await browser.get('/account')).status === 200

/** The newest mail to an address, sent by the job, and the path of the first link in it. */
export async function newestMail(app: TestApp, to: string) {
  // Several that go at once arrive in any order.
  const queued = await app.superuser<{ id: string; sealed: Buffer }>(
    `select id, mail_sealed as sealed from platform.mails where status = 'queued' order by id`,
  )
  const written = queued.map(({ id, sealed }) => openMail(app.services.keys.platform, id, sealed))
  await app.runJob('messaging.mails')
  const mail = written.findLast((one) => one.to === to) ?? app.mail.mailsTo(to).at(-1)
  if (!mail) throw new Error(`no mail for ${to}`)
  const text = mail.text ?? ''
  const link = /https?:\/\/\S+/.exec(text)?.[0] ?? ''
  return { subject: mail.subject ?? '', text, link, path: link.replace(/^https?:\/\/[^/]+/, '') }
}

export async function mailsTo(app: TestApp, to: string): Promise<string[]> {
  await app.runJob('messaging.mails')
  return app.mail.mailsTo(to).map(({ subject }) => subject ?? '')
}

/** An app for the file's tests of the second step; answers who can take it, and how they do. */
export function withFactors(take: (app: TestApp) => void) {
  let app: TestApp
  beforeAll(async () => {
    app = await startTestApp({ passwordCost: 4 })
    take(app)
    return () => app.stop()
  })

  /** Makes somebody of the cast one who can sign in by the form: a password, and an address that is none of the demo's. */
  const able = async <P extends { userId: string; email: string }>(person: P): Promise<P> => {
    const email = person.email.replace(/@.*/, '@example.org')
    await app.superuser('update platform.users set password_hash = $2, email = $3 where id = $1', [
      person.userId,
      await app.services.passwords.hash(goodPassword),
      email,
    ])
    return { ...person, email }
  }
  /** Nadia with a password and an app of this seed. */
  const owner = async () => {
    const clinic = await makeClinic(app)
    const { userId, email } = await able(clinic.cast.nadia)
    return { clinic, userId, email, seed: await enrol(app, userId) }
  }
  /** A browser in which the password was right, and the code is asked for. */
  const half = async (email: string) => {
    const { browser, answer } = await tryToSignIn(app, email)
    expect(answer.headers.location).toBe('/sign-in/second-step?lang=en')
    await browser.getForm('/sign-in/second-step')
    return browser
  }
  const step = (browser: Agent, code: string) => browser.postForm('/sign-in/second-step', { code })
  /** Sets an app up by the pages; answers the codes that were shown. */
  const setUp = async (browser: Agent, email: string) => {
    await browser.getForm('/account/second-factor')
    await browser.postForm('/account/second-factor/app').expect(303)
    const page = await browser.getForm('/account/second-factor/app')
    const shown = await browser.postForm('/account/second-factor/app/code', { code: await codeFor(app, email) })
    return { page, shown, codes: codesOn(shown.text) }
  }
  return { able, owner, half, step, setUp }
}

export const codesOn = (html: string) =>
  [...html.matchAll(/<li>(\d-[A-Z2-7]{5}-[A-Z2-7]{5})<\/li>/g)].map(([, code]) => code!)
