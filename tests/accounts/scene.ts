// What people of these tests do before the test begins, through the same pages as everybody.
import type { TestApp } from '../support/app.ts'
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

/** Somebody who opened a clinic by the form, and their browser, signed in. */
export async function openAClinic(app: TestApp, overrides: Record<string, string> = {}): Promise<Opened> {
  // From an address of their own: ten clinics an hour is all one address may open.
  const browser = app.agent(`198.51.100.${(++made % 250) + 1}`)
  const email = overrides.email ?? `huda-${made}@example.org`
  await browser.getForm('/sign-up')
  const answer = await browser.postForm('/sign-up', signUpFields(email, overrides)).expect(303)
  const slug = /^\/app\/([^/]+)\/today$/.exec(answer.headers.location ?? '')?.[1]
  if (slug === undefined) throw new Error(`opened nothing: ${answer.headers.location}`)
  return { browser, email, slug, clinicName: overrides.clinicName ?? 'Marina Clinic' }
}

/** Tries to sign in with a browser of its own, from an address of its own. */
export async function tryToSignIn(app: TestApp, email: string, password = goodPassword, address?: string) {
  const browser = app.agent(address ?? `203.0.113.${(++made % 250) + 1}`)
  await browser.getForm('/sign-in')
  const answer = await browser.postForm('/sign-in', { email, password })
  return { browser, answer, isIn: answer.status === 303 }
}

/** Whether this browser may still see its account. */
export const isSignedIn = async (browser: Agent) => (await browser.get('/account')).status === 200

/** The newest mail to an address, sent by the job, and the path of the first link in it. */
export async function newestMail(app: TestApp, to: string) {
  await app.runJob('messaging.mails')
  const mail = app.mail.mailsTo(to).at(-1)
  if (!mail) throw new Error(`no mail for ${to}`)
  const text = mail.text ?? ''
  const link = /https?:\/\/\S+/.exec(text)?.[0] ?? ''
  return { subject: mail.subject ?? '', text, link, path: link.replace(/^https?:\/\/[^/]+/, '') }
}

export async function mailsTo(app: TestApp, to: string): Promise<string[]> {
  await app.runJob('messaging.mails')
  return app.mail.mailsTo(to).map(({ subject }) => subject ?? '')
}
