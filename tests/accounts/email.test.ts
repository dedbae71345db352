// The e-mail of an account: showing that one reads it, changing it, taking a change back.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { freshMinutes } from '../../src/platform/web/session.ts'
import { startTestApp, testNow, type TestApp } from '../support/app.ts'
import { wordsOf } from '../support/http.ts'
import { goodPassword, isSignedIn, mailsTo, newestMail, openAClinic, tryToSignIn } from './scene.ts'

let app: TestApp
beforeAll(async () => {
  app = await startTestApp({ passwordCost: 4 })
})
afterAll(() => app.stop())

let made = 0
const newAddress = () => `moved-${++made}@example.net`
const pathOf = (path: string) => path.split('?')[0]!

/** Somebody who asked for another e-mail, and the link that waits in its mailbox. */
async function asked() {
  const opened = await openAClinic(app)
  const to = newAddress()
  await opened.browser.getForm('/account')
  await opened.browser.postForm('/account/email', { new_email: to }).expect(303)
  return { ...opened, to, link: pathOf((await newestMail(app, to)).path) }
}

describe('the e-mail of a sign-up', () => {
  it('is confirmed by a link that was mailed; until then colleagues can’t be invited', async () => {
    const { browser, email, slug } = await openAClinic(app, {}, { unproven: true })
    expect(wordsOf((await browser.get(`/app/${slug}/today`)).text)).toContain('Confirm your e-mail')
    await browser.getForm(`/app/${slug}/settings/staff`)
    const invitation = { email: 'colleague@example.org', role: 'receptionist' }
    const refused = await browser.postForm(`/app/${slug}/settings/staff/invitations`, invitation).expect(422)
    expect(wordsOf(refused.text)).toContain('Confirm your own e-mail first')
    expect(await mailsTo(app, 'colleague@example.org')).toEqual([])
    const { path, subject } = await newestMail(app, email)
    expect(subject).toBe('Confirm your e-mail for Nabz')
    // In another browser, signed in as nobody; and looking confirms nothing.
    const mailProgram = app.agent()
    expect(wordsOf((await mailProgram.getForm(path)).html)).toContain(email)
    expect(wordsOf((await browser.get(`/app/${slug}/today`)).text)).toContain('Confirm your e-mail')
    await mailProgram.postForm(pathOf(path)).expect(200)
    await mailProgram.postForm(pathOf(path)).expect(404)
    expect(wordsOf((await browser.get(`/app/${slug}/today`)).text)).not.toContain('Confirm your e-mail')
    await browser.postForm(`/app/${slug}/settings/staff/invitations`, invitation).expect(303)
  })

  it('is sent again on request, five times a day at most, and the newest link is the one that works', async () => {
    const { browser, email } = await openAClinic(app, {}, { unproven: true })
    const first = pathOf((await newestMail(app, email)).path)
    await browser.getForm('/account')
    for (let i = 0; i < 8; i++) await browser.postForm('/account/email/verification').expect(303)
    expect(await mailsTo(app, email)).toHaveLength(6)
    await app.agent().postForm(first).expect(404)
    await app
      .agent()
      .postForm(pathOf((await newestMail(app, email)).path))
      .expect(200)
  })
})

describe('another e-mail', () => {
  it('V6.4.3: takes a fresh proof, a link mailed to it, and is told to the old one', async () => {
    const { browser, email, to, link } = await asked()
    expect((await tryToSignIn(app, to)).isIn).toBe(false)
    await app.agent().get(link).expect(200)
    expect((await tryToSignIn(app, email)).isIn).toBe(true)
    await app.agent().postForm(link).expect(200)
    expect((await tryToSignIn(app, email)).isIn).toBe(false)
    expect((await tryToSignIn(app, to)).isIn).toBe(true)
    const told = await newestMail(app, email)
    expect(told.subject).toBe('The e-mail of your Nabz account was changed')
    expect(told.text).toContain(to)
    expect(wordsOf((await browser.get('/account')).text)).toContain(to)
  })

  it('V7.5.1: is not for an open screen: after ten minutes the password is asked again', async () => {
    const { browser } = await openAClinic(app)
    app.clock.advance({ minutes: freshMinutes, seconds: 1 })
    await browser.getForm('/account')
    const to = newAddress()
    const answer = await browser.postForm('/account/email', { new_email: to }).expect(403)
    expect(wordsOf(answer.text)).toContain('Confirm that it’s you')
    expect(await mailsTo(app, to)).toEqual([])
    app.clock.set(testNow)
  })

  it('V6.4.1: is made once, of many tries at once by one, and never by a link that is old or older than another', async () => {
    const { link, browser } = await asked()
    await browser.postForm('/account/email', { new_email: newAddress() }).expect(303)
    await app.agent().postForm(link).expect(404)
    const second = await asked()
    const answers = await Promise.all(Array.from({ length: 20 }, () => app.agent().postForm(second.link)))
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
    const late = await asked()
    app.clock.advance({ hours: 24, seconds: 1 })
    await app.agent().postForm(late.link).expect(404)
    app.clock.set(testNow)
  })

  it('V6.4.1: is void once the password was changed', async () => {
    const { link, browser } = await asked()
    await browser.postForm('/account/password', { current: goodPassword, password: 'another slow turtle' }).expect(303)
    await app.agent().postForm(link).expect(404)
  })

  it('V6.3.8: says the same whether it has an account or not; its owner is told, and nothing changes', async () => {
    const other = await openAClinic(app)
    const { browser, email } = await openAClinic(app)
    await browser.getForm('/account')
    const known = await browser.postForm('/account/email', { new_email: other.email }).expect(303)
    const toKnown = wordsOf((await browser.get('/account')).text).replaceAll(other.email, 'EMAIL')
    const free = newAddress()
    const unknown = await browser.postForm('/account/email', { new_email: free }).expect(303)
    expect(unknown.headers.location).toBe(known.headers.location)
    expect(wordsOf((await browser.get('/account')).text).replaceAll(free, 'EMAIL')).toBe(toKnown)
    const told = await newestMail(app, other.email)
    expect(told.subject).toBe('This e-mail has a Nabz account')
    expect(told.link).toBe('')
    expect((await tryToSignIn(app, email)).isIn).toBe(true)
  })

  it('is not had by two who ask at once', async () => {
    const [one, two] = [await openAClinic(app), await openAClinic(app)]
    const to = newAddress()
    const links: string[] = []
    for (const { browser } of [one, two]) {
      await browser.getForm('/account')
      await browser.postForm('/account/email', { new_email: to }).expect(303)
      links.push(pathOf((await newestMail(app, to)).path))
    }
    await app.agent().postForm(links[0]!).expect(200)
    await app.agent().postForm(links[1]!).expect(404)
  })

  it.each(['', 'no address', 'a@b.test\r\nBcc: all@example.org'])('is an address: %j', async (typed) => {
    const { browser } = await openAClinic(app)
    await browser.getForm('/account')
    await browser.postForm('/account/email', { new_email: typed }).expect(422)
  })
})

describe('taking a change back', () => {
  it('gives the old e-mail back within seven days, whatever the intruder did since, and throws them out', async () => {
    const { browser, email, to, link } = await asked()
    await app.agent().postForm(link).expect(200)
    const undo = pathOf((await newestMail(app, email)).path)
    await browser.getForm('/account')
    await browser.postForm('/account/password', { current: goodPassword, password: 'the thief was here' }).expect(303)
    app.clock.advance({ hours: 7 * 24 - 1 })
    expect(wordsOf((await app.agent().get(undo).expect(200)).text)).toContain('Take the change of e-mail back?')
    await app.agent().postForm(undo).expect(200)
    expect(await isSignedIn(browser)).toBe(false)
    expect((await tryToSignIn(app, to, 'the thief was here')).isIn).toBe(false)
    expect((await tryToSignIn(app, email, 'the thief was here')).isIn).toBe(false)
    const reset = await newestMail(app, email)
    expect(reset.subject).toBe('A new password for Nabz')
    const owner = app.agent()
    await owner.getForm(reset.path)
    await owner.postForm(pathOf(reset.path), { password: 'another slow turtle' }).expect(303)
    expect((await tryToSignIn(app, email, 'another slow turtle')).isIn).toBe(true)
    await app.agent().postForm(undo).expect(404)
    app.clock.set(testNow)
  })

  it('is too late after seven days', async () => {
    const { email, link } = await asked()
    await app.agent().postForm(link).expect(200)
    const undo = pathOf((await newestMail(app, email)).path)
    app.clock.advance({ hours: 7 * 24, seconds: 1 })
    await app.agent().postForm(undo).expect(404)
    app.clock.set(testNow)
  })
})
