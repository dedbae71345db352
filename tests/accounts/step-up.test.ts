// "Confirm that it's you": what an open session on a desk is not enough for.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  absoluteHours,
  freshMinutes,
  idleMinutes,
  strictAbsoluteHours,
  strictIdleMinutes,
} from '../../src/platform/web/session.ts'
import { routeTable } from '../../src/platform/web/routers.ts'
import { startTestApp, testNow, type TestApp } from '../support/app.ts'
import { enrol, makeClinic, makePlatformAdmin, signedIn, unenrol, type TestClinic } from '../support/cast.ts'
import { wordsOf, type Agent } from '../support/http.ts'
import { codeOf, goodPassword } from './scene.ts'

let app: TestApp
beforeAll(async () => {
  app = await startTestApp({ passwordCost: 4 })
})
afterAll(() => app.stop())

const page = ({ slug }: TestClinic) => `/app/${slug}/settings/export`
const exportsOf = (clinic: TestClinic) =>
  app.superuser('select protected from clinic.exports where clinic_id = $1', [clinic.id])

/** Nadia, with or without an app, signed in `minutes` ago. */
async function waitingOwner(factor: boolean, minutes = freshMinutes, seconds = 1) {
  const clinic = await makeClinic(app)
  const { userId } = clinic.cast.nadia
  const seed = await enrol(app, userId)
  if (!factor) await unenrol(app, userId)
  await app.superuser('update platform.users set password_hash = $2 where id = $1', [
    userId,
    await app.services.passwords.hash(goodPassword),
  ])
  const nadia = await clinic.as(clinic.cast.nadia)
  app.clock.advance({ minutes, seconds })
  return { clinic, nadia, seed }
}

/** The confirm page as it stands: every hidden field of its form, to be sent with the proof. */
async function answer(browser: Agent, html: { text: string }, proof: Record<string, string>) {
  const fields = Object.fromEntries(
    [...html.text.matchAll(/<input type="hidden" name="([^"]+)" value="([^"]*)">/g)].map(([, name, value]) => [
      name!,
      value!,
    ]),
  )
  const action = /<form class="form" method="post" action="([^"]+)"/.exec(html.text)![1]!
  return browser.postForm(action, { ...fields, ...proof })
}

describe('a fresh proof', () => {
  it('V7.5.3: is asked of a page after ten minutes, not a second before, and leads back to it', async () => {
    const { clinic, nadia } = await waitingOwner(false, freshMinutes, 0)
    await nadia.get(page(clinic)).expect(200)
    app.clock.advance({ seconds: 1 })
    const away = await nadia.get(page(clinic)).expect(303)
    expect(away.headers.location).toBe(`/account/confirm?next=${encodeURIComponent(page(clinic))}`)
    const asked = await nadia.getForm(away.headers.location!)
    expect(wordsOf(asked.html)).toContain('Confirm that it’s you')
    const wrong = await answer(nadia, { text: asked.html }, { confirm_password: 'not that one' })
    expect(wrong.status).toBe(422)
    expect(wordsOf(wrong.text)).toContain('That is not your password')
    await nadia.get(page(clinic)).expect(303)
    const right = await answer(nadia, wrong, { confirm_password: goodPassword })
    expect(right.headers.location).toBe(page(clinic))
    await nadia.get(page(clinic)).expect(200)
  })

  it('V7.5.3: is asked of a form with everything typed kept, and one press is enough', async () => {
    const { clinic, nadia } = await waitingOwner(false)
    const typed = { password: 'Correct-horse-9', again: 'Correct-horse-9' }
    const asked = await nadia.postForm(page(clinic), typed).expect(403)
    expect(await exportsOf(clinic)).toEqual([])
    expect(asked.headers['cache-control']).toBe('no-store')
    const wrong = await answer(nadia, asked, { confirm_password: 'no' })
    expect(wrong.status).toBe(422)
    expect(await exportsOf(clinic)).toEqual([])
    await answer(nadia, wrong, { confirm_password: goodPassword }).then(({ status }) => expect(status).toBe(303))
    expect(await exportsOf(clinic)).toEqual([{ protected: true }])
  })

  it('V6.3.3: is the second factor of who has one; the password alone is none, a code is used up', async () => {
    const { clinic, nadia, seed } = await waitingOwner(true)
    const asked = await nadia.postForm(page(clinic)).expect(403)
    expect((await answer(nadia, asked, { confirm_password: goodPassword })).status).toBe(422)
    const code = codeOf(app, seed)
    expect((await answer(nadia, asked, { confirm_code: code })).status).toBe(303)
    expect(await exportsOf(clinic)).toHaveLength(1)
    // Somebody looking over a shoulder.
    app.clock.advance({ minutes: freshMinutes, seconds: 1 })
    expect((await answer(nadia, asked, { confirm_code: code })).status).toBe(422)
  })

  it('V7.2.4: gives the session a new id, and lengthens nothing', async () => {
    const { clinic, nadia } = await waitingOwner(false)
    const before = new Map(nadia.cookies)
    const asked = await nadia.postForm(page(clinic))
    await answer(nadia, asked, { confirm_password: goodPassword })
    const stolen = app.agent()
    for (const [name, value] of before) stolen.cookies.set(name, value)
    await stolen.get(`/app/${clinic.slug}/today`).expect(303)
    await nadia.get(`/app/${clinic.slug}/today`).expect(200)
  })

  it('is never a way off this site', async () => {
    const { nadia } = await waitingOwner(false)
    for (const evil of ['//evil.test', 'https://evil.test', '/\\evil.test']) {
      const asked = await nadia.getForm(`/account/confirm?next=${encodeURIComponent(evil)}`)
      expect(asked.forms.find(({ fields }) => 'next' in fields)!.fields.next).toBe('/account')
    }
    const led = await nadia.postForm('/account/confirm', { next: '//evil.test', confirm_password: goodPassword })
    expect(led.headers.location).toBe('/account')
  })

  it('V6.3.1: is no place to guess', async () => {
    const { clinic, nadia } = await waitingOwner(false)
    const asked = await nadia.postForm(page(clinic))
    for (let i = 0; i < 10; i++) expect((await answer(nadia, asked, { confirm_password: 'guess' })).status).toBe(422)
    expect((await answer(nadia, asked, { confirm_password: goodPassword })).status).toBe(429)
  })

  it('V7.5.3: stands before all that can’t be taken back', () => {
    const asking = routeTable
      .filter(({ options }) => options.stepUp !== undefined)
      .map(({ method, path }) => `${method} ${path}`)
    expect(asking).toEqual(
      expect.arrayContaining([
        'post /app/:slug/settings/export',
        'post /app/:slug/settings/export/:id/download',
        'post /app/:slug/patients/:id/export',
        'post /app/:slug/settings/support/consent',
        'post /app/:slug/settings/support/:id/answer',
        'post /app/:slug/settings/second-factor',
        'post /app/:slug/settings/staff/:id/second-factor',
        'post /admin/second-factors',
        'post /account/password',
        'post /account/passkeys',
        'post /account/passkeys/:id/removal',
        'post /account/second-factor/app',
        'post /account/second-factor/app/code',
        'post /account/second-factor/app/removal',
        'post /account/second-factor/codes',
      ]),
    )
  })
})

describe('sessions of the platform’s own people', () => {
  const isIn = async (browser: Agent) => (await browser.get('/admin')).status === 200

  it(`V7.3.1: end after ${strictIdleMinutes} minutes without a sign of life, to the second`, async () => {
    const admin = await signedIn(app, (await makePlatformAdmin(app)).userId)
    app.clock.advance({ minutes: strictIdleMinutes })
    expect(await isIn(admin)).toBe(true)
    app.clock.advance({ minutes: strictIdleMinutes, seconds: 1 })
    expect(await isIn(admin)).toBe(false)
    app.clock.set(testNow)
  })

  it(`V7.3.2: end after ${strictAbsoluteHours} hours, however busy`, async () => {
    const admin = await signedIn(app, (await makePlatformAdmin(app)).userId)
    for (let minutes = 0; minutes < strictAbsoluteHours * 60; minutes += 10) {
      expect(await isIn(admin)).toBe(true)
      app.clock.advance({ minutes: 10 })
    }
    app.clock.advance({ seconds: 1 })
    expect(await isIn(admin)).toBe(false)
    app.clock.set(testNow)
  })

  it('V7.1.1: are shorter than everybody’s, by the table of the README', async () => {
    const { readFile } = await import('node:fs/promises')
    const readme = await readFile(new URL('../../README.md', import.meta.url), 'utf8')
    const row = (idle: number, absolute: number) => new RegExp(`\\| *${idle} min *\\| *${absolute} h *\\|`)
    expect(readme).toMatch(row(idleMinutes, absoluteHours))
    expect(readme).toMatch(row(strictIdleMinutes, strictAbsoluteHours))
  })
})
