// V1.3.11 and security.md 17: what people type into names and addresses adds no header, no recipient and no second message
// to a mail. Looked at as a real SMTP server received it.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { newestMail, openAClinic, signUpFields } from '../accounts/scene.ts'
import { startTestApp, type TestApp } from '../support/app.ts'
import { makeClinic, makePlatformAdmin, signedIn } from '../support/cast.ts'

let app: TestApp
beforeAll(async () => {
  app = await startTestApp({ passwordCost: 4 })
})
afterAll(() => app.stop())

const injected = '\r\nBcc: all@evil.test\r\nX-Evil: yes\r\n\r\nSecond body'
/** Header names of every mail of ours; anything else was put there. */
const usual = new Set([
  'from', 'to', 'subject', 'message-id', 'date', 'mime-version', 'content-type', 'content-transfer-encoding',
  'auto-submitted', 'list-unsubscribe', 'list-unsubscribe-post', 'reply-to', 'x-auto-response-suppress',
]) // prettier-ignore

/** Every mail there is: each to one address, with no header that is not ours and no copy to anybody. */
async function expectHarmless(atLeast: number): Promise<void> {
  await app.runJob('messaging.mails')
  const { mails } = app.mail
  expect(mails.length).toBeGreaterThanOrEqual(atLeast)
  for (const mail of mails) {
    expect(mail.envelopeTo).toHaveLength(1)
    expect(mail.envelopeTo[0]).not.toMatch(/@evil\.test$/)
    expect(mail.headers.map(({ key }) => key).filter((key) => !usual.has(key))).toEqual([])
    expect([mail.cc, mail.bcc].map((list) => list ?? [])).toEqual([[], []])
    expect(mail.subject).not.toMatch(/[\r\n]/)
    expect(mail.to).toHaveLength(1)
    expect(mail.attachments).toEqual([])
  }
}

describe('a mail', () => {
  it.each([
    'victim@example.org\r\nBcc: all@evil.test',
    'victim@example.org,all@evil.test',
    'victim@example.org;all@evil.test',
    '"a" <all@evil.test>, victim@example.org',
    'victim@example.org%0aBcc:all@evil.test',
    'victim@example.org\u2028Bcc: all@evil.test',
    '=?utf-8?q?all=40evil.test?=@example.org\n',
  ])('goes to one address or to none: %j', async (email) => {
    const before = await queued()
    const visitor = app.agent('203.0.113.20')
    await visitor.getForm('/sign-up')
    await visitor.postForm('/sign-up', signUpFields(email))
    await visitor.postForm('/forgot-password', { email })
    const contact = { topic: 'question', name: 'Huda', email, clinic: '', message: 'Hello', website: '' }
    await app.agent(`203.0.113.${50 + Math.floor(before % 100)}`).postForm('/contact', contact)
    const { browser, slug } = await openAClinic(app)
    await browser.getForm(`/app/${slug}/settings/staff`)
    await browser.postForm(`/app/${slug}/settings/staff/invitations`, { email, role: 'receptionist' })
    await browser.getForm('/account')
    await browser.postForm('/account/email', { email, password: 'slow green turtles' })
    await expectHarmless(0)
  })

  it('has the names of people and clinics in it as text and nothing else', async () => {
    const name = `Huda${injected}`
    const { browser, email, slug } = await openAClinic(app, { name: 'Huda Saleem', clinicName: 'Marina Clinic' })
    // Past the form, as an import or an older row might: the mail must hold by itself.
    await app.superuser('update platform.users set name = $2 where email = $1', [email, name])
    await app.superuser('update platform.clinics set name = $2 where slug = $1', [slug, `Marina${injected}`])
    await browser.getForm(`/app/${slug}/settings/staff`)
    const guest = `guest-${slug}@example.org`
    await browser.postForm(`/app/${slug}/settings/staff/invitations`, { email: guest, role: 'doctor' }).expect(303)
    await app.runJob('messaging.mails')
    expect(app.mail.mailsTo(guest)[0]!.subject).toMatch(/^Join Marina.*on Nabz$/)
    const anybody = app.agent('203.0.113.30')
    await anybody.getForm('/forgot-password')
    await anybody.postForm('/forgot-password', { email })
    expect((await newestMail(app, email)).text).toContain('Huda')
    await expectHarmless(2)
  })

  it('typed with line breaks is refused, or cleaned of them before it is kept', async () => {
    const typed = `Typed${injected}`
    const { browser, slug } = await openAClinic(app)
    await browser.getForm('/account')
    await browser.postForm('/account', { name: typed })
    await browser.getForm(`/app/${slug}/settings/profile`)
    await browser.postForm(`/app/${slug}/settings/profile`, { name: typed, city: 'Karachi', language: 'en' })
    const visitor = app.agent('203.0.113.40')
    await visitor.getForm('/contact')
    const contact = { topic: 'question', email: 'huda@example.org', message: 'Hello', website: '' }
    await visitor.postForm('/contact', { ...contact, name: typed, clinic: typed })
    await visitor.getForm('/sign-up')
    const fields = { name: typed, clinicName: typed }
    await visitor.postForm('/sign-up', signUpFields('typed@example.org', fields))
    const names = await app.superuser<{ name: string }>(
      'select name from platform.users union all select name from platform.clinics',
    )
    expect(names.filter(({ name }) => name.startsWith('Typed') && /[\r\n]/.test(name))).toEqual([])
    await expectHarmless(2)
  })

  it('to the platform’s own people about a request says what was typed, in its text', async () => {
    await makeClinic(app)
    const admin = await signedIn(app, (await makePlatformAdmin(app)).userId)
    await admin.get('/admin').expect(200)
    const visitor = app.agent('203.0.113.41')
    await visitor.getForm('/contact')
    const typed = { topic: 'security', name: 'Huda', email: 'huda@example.org', clinic: '', website: '' }
    await visitor.postForm('/contact', { ...typed, message: `Hello${injected}` }).expect(303)
    await expectHarmless(2)
  })
})

async function queued(): Promise<number> {
  const [row] = await app.superuser<{ count: number }>('select count(*)::int as count from platform.mails')
  return row!.count
}
