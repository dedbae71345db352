// A password that was forgotten, and one that is changed.
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { limits, resetMinutes, signInDelay } from '../../src/features/accounts/rules.ts'
import { startTestApp, testNow, type TestApp } from '../support/app.ts'
import { wordsOf } from '../support/http.ts'
import { goodPassword, isSignedIn, mailsTo, newestMail, openAClinic, tryToSignIn } from './scene.ts'

let app: TestApp
beforeAll(async () => {
  app = await startTestApp({ passwordCost: 4 })
})
afterAll(() => app.stop())

const newPassword = 'yellow bicycles at noon'
let made = 0
const ask = async (email: string, headers: Record<string, string> = {}) => {
  const browser = app.agent(`203.0.113.${(++made % 250) + 1}`)
  await browser.getForm('/forgot-password')
  return browser.postForm('/forgot-password', { email }).set(headers)
}
const askForLink = async (email: string) => {
  await ask(email)
  return (await newestMail(app, email)).path
}
const choose = async (path: string, password = newPassword) => {
  const browser = app.agent(`203.0.113.${(++made % 250) + 1}`)
  await browser.getForm(path)
  const answer = await browser.postForm(path, { password })
  return { browser, answer }
}

describe('a forgotten password', () => {
  it('is replaced by a link in the mail, which leads in; every other session ends and a mail says so', async () => {
    const { browser: elsewhere, email, slug } = await openAClinic(app)
    const answer = await ask(email)
    expect(wordsOf(answer.text)).toContain('Look in your mail')
    const mail = await newestMail(app, email)
    expect(mail.subject).toBe('A new password for Nabz')
    expect(mail.text).toContain(`for ${resetMinutes} minutes`)
    const { browser, answer: chosen } = await choose(mail.path)
    expect(chosen.status).toBe(303)
    expect(chosen.headers.location).toBe(`/app/${slug}/today`)
    expect(wordsOf((await browser.get(`/app/${slug}/today`)).text)).toContain('The password is changed')
    expect(await isSignedIn(elsewhere)).toBe(false)
    expect((await tryToSignIn(app, email)).isIn).toBe(false)
    expect((await tryToSignIn(app, email, newPassword)).isIn).toBe(true)
    expect((await mailsTo(app, email)).at(-1)).toBe('Your Nabz password was changed')
  })

  it('V6.3.8: is answered alike, byte for byte, whether the e-mail has an account, and costs a hash either way', async () => {
    const { email } = await openAClinic(app)
    const pretend = vi.spyOn(app.services.passwords, 'pretend')
    const plain = (html: string) => html.replace(/name="_csrf" value="[^"]*"/g, 'TOKEN')
    const known = await ask(email)
    const unknown = await ask('nobody@example.org')
    expect(pretend).toHaveBeenCalledTimes(2)
    pretend.mockRestore()
    expect(unknown.status).toBe(known.status)
    expect(plain(unknown.text)).toBe(plain(known.text))
    expect(await mailsTo(app, 'nobody@example.org')).toEqual([])
  })

  it('leads in where too many tries have closed the usual door: nobody can lock an owner out', async () => {
    const { email } = await openAClinic(app)
    for (let i = 0; i <= signInDelay.free; i++) await tryToSignIn(app, email, 'not the password')
    expect((await tryToSignIn(app, email)).answer.status).toBe(429)
    const { browser } = await choose(await askForLink(email))
    expect(await isSignedIn(browser)).toBe(true)
    expect((await tryToSignIn(app, email, newPassword)).isIn).toBe(true)
  })

  it('is not a way to fill somebody’s mailbox', async () => {
    const { email } = await openAClinic(app)
    for (let i = 0; i < limits.resetAccount.max + 3; i++) expect((await ask(email)).status).toBe(200)
    expect(await mailsTo(app, email)).toHaveLength(limits.resetAccount.max)
  })

  it('refuses a new one that is weak or personal, and spends nothing by it', async () => {
    const { email, clinicName } = await openAClinic(app, { clinicName: 'Gulshan Family Practice' })
    const path = await askForLink(email)
    for (const weak of ['short', 'password123456', 'nabz demo only', clinicName, 'Huda Saleem 1']) {
      expect((await choose(path, weak)).answer.status).toBe(422)
    }
    expect((await choose(path)).answer.status).toBe(303)
  })
})

describe('the link', () => {
  it('V6.4.1: is kept as a hash only: the database does not know it', async () => {
    const { email } = await openAClinic(app)
    const path = await askForLink(email)
    const token = /reset-password\/([^?]+)/.exec(path)![1]!
    expect(token).toHaveLength(43)
    const [row] = await app.superuser<{ all: string }>(
      `select (select string_agg(t::text, '') from platform.account_tokens t) ||
              (select string_agg(encode(mail_sealed, 'escape'), '') from platform.mails) as all`,
    )
    expect(row!.all).not.toContain(token)
    expect(app.logLines.join()).not.toContain(token)
  })

  it('is made of the configured address, whatever the request says its host is', async () => {
    const { email } = await openAClinic(app)
    await ask(email, { 'X-Forwarded-Host': 'evil.test' })
    const { link, text } = await newestMail(app, email)
    expect(link).toMatch(/^https:\/\/nabz\.test\/reset-password\//)
    expect(text).not.toContain('evil')
  })

  it('is not spent by looking at it, as mail scanners do', async () => {
    const { email } = await openAClinic(app)
    const path = await askForLink(email)
    for (let i = 0; i < 3; i++) {
      const page = await app.agent().get(path).expect(200)
      expect(page.headers['cache-control']).toBe('no-store')
      expect(page.headers['referrer-policy']).toBe('same-origin')
    }
    expect((await choose(path)).answer.status).toBe(303)
  })

  it('works once', async () => {
    const { email } = await openAClinic(app)
    const path = await askForLink(email)
    expect((await choose(path)).answer.status).toBe(303)
    const again = await choose(path, 'purple mountains at dusk')
    expect(again.answer.status).toBe(404)
    expect(wordsOf(again.answer.text)).toContain('This link no longer works')
    expect((await tryToSignIn(app, email, newPassword)).isIn).toBe(true)
  })

  it('V2.3.4: works once also for twenty at the same time', async () => {
    const { email } = await openAClinic(app)
    const path = await askForLink(email)
    const tries = await Promise.all(Array.from({ length: 20 }, (_, i) => choose(path, `yellow bicycle number ${i}`)))
    const won = tries.flatMap(({ answer }, i) => (answer.status === 303 ? [i] : []))
    expect(won).toHaveLength(1)
    expect(tries.filter(({ answer }) => answer.status === 404)).toHaveLength(19)
    expect((await tryToSignIn(app, email, `yellow bicycle number ${won[0]}`)).isIn).toBe(true)
  })

  it(`V6.5.5: is over after ${resetMinutes} minutes, to the second`, async () => {
    const { email } = await openAClinic(app)
    const path = await askForLink(email)
    app.clock.advance({ seconds: resetMinutes * 60 - 1 })
    await app.agent().get(path).expect(200)
    app.clock.advance({ seconds: 1 })
    await app.agent().get(path).expect(404)
    const late = app.agent()
    await late.getForm('/sign-in')
    await late.postForm(path, { password: newPassword }).expect(404)
    app.clock.set(testNow)
  })

  it('is void once a newer one was asked for', async () => {
    const { email } = await openAClinic(app)
    const first = await askForLink(email)
    const second = await askForLink(email)
    expect(second).not.toBe(first)
    await app.agent().get(first).expect(404)
    await app.agent().get(second).expect(200)
  })

  it('is void once the password was changed', async () => {
    const { browser, email } = await openAClinic(app)
    const path = await askForLink(email)
    await browser.getForm('/account')
    await browser.postForm('/account/password', { current: goodPassword, password: newPassword }).expect(303)
    await app.agent().get(path).expect(404)
    const late = app.agent()
    await late.getForm('/sign-in')
    await late.postForm(path, { password: 'purple mountains at dusk' }).expect(404)
  })

  it.each(['x', 'A'.repeat(43), 'A'.repeat(44), '../sign-in', '%00', "'--"])(
    'that was never sent is not there: %s',
    async (token) => {
      await app
        .agent()
        .get(`/reset-password/${encodeURIComponent(token)}`)
        .expect(404)
    },
  )

  it('opens no other account: only the one that asked', async () => {
    const one = await openAClinic(app)
    const two = await openAClinic(app)
    await choose(await askForLink(one.email))
    expect((await tryToSignIn(app, two.email)).isIn).toBe(true)
    expect(await isSignedIn(two.browser)).toBe(true)
  })
})

describe('changing the password', () => {
  it('V6.2.3, V7.4.3: asks for the one there is, keeps this session, ends the others and sends a mail', async () => {
    const { browser, email } = await openAClinic(app)
    const { browser: phone } = await tryToSignIn(app, email)
    await browser.getForm('/account')
    const refused = await browser.postForm('/account/password', { current: 'a guess of mine', password: newPassword })
    expect(refused.status).toBe(422)
    expect(wordsOf(refused.text)).toContain('That is not your password')
    await browser.postForm('/account/password', { current: goodPassword, password: newPassword }).expect(303)
    expect(await isSignedIn(browser)).toBe(true)
    expect(await isSignedIn(phone)).toBe(false)
    expect((await newestMail(app, email)).subject).toBe('Your Nabz password was changed')
    expect((await tryToSignIn(app, email, newPassword)).isIn).toBe(true)
  })

  it('refuses a weak one with the words of why, at its field', async () => {
    const { browser } = await openAClinic(app)
    await browser.getForm('/account')
    const refused = await browser.postForm('/account/password', { current: goodPassword, password: 'password123456' })
    expect(refused.status).toBe(422)
    expect(refused.text).toContain('id="f-password-error"')
    expect(wordsOf(refused.text)).toContain('one of the first that guessers try')
  })

  it('is no way to guess the one there is from a desk left open', async () => {
    const { browser } = await openAClinic(app)
    await browser.getForm('/account')
    const guess = () => browser.postForm('/account/password', { current: 'a guess of mine', password: newPassword })
    for (let i = 0; i < signInDelay.free; i++) expect((await guess()).status).toBe(422)
    expect((await guess()).status).toBe(429)
  })
})
