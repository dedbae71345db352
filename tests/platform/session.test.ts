import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { absoluteHours, idleMinutes } from '../../src/platform/web/session.ts'
import { startTestApp, type TestApp } from '../support/app.ts'
import { makeClinic, type TestClinic } from '../support/cast.ts'
import type { Agent } from '../support/http.ts'
import { testRoutes } from '../support/test-routes.ts'

let app: TestApp
let clinic: TestClinic
beforeAll(async () => {
  app = await startTestApp({ outside: testRoutes })
  clinic = await makeClinic(app)
})
afterAll(() => app.stop())

const isIn = async (browser: Agent, path = '/t/account') => {
  const answer = await browser.get(path)
  if (answer.status === 303) expect(answer.headers.location).toMatch(/^\/sign-in\?next=/)
  return answer.status === 200
}

describe('a session', () => {
  it('begins at sign-in with a cookie that ends with the browser and nobody else may read', async () => {
    const browser = app.agent()
    const answer = await browser.postForm('/t/sign-in', { userId: clinic.cast.nadia.userId })
    const cookie = [answer.headers['set-cookie'] as unknown as string[]]
      .flat()
      .find((line) => line.startsWith('__Host-nabz='))
    expect(cookie).toMatch(/^__Host-nabz=s%3A[^;]+; Path=\/; HttpOnly; Secure; SameSite=Lax$/)
    expect(await isIn(browser)).toBe(true)
  })

  it('gets an id of its own at sign-in, so that a planted one is worth nothing', async () => {
    const [victim, attacker] = [app.agent(), await clinic.as(clinic.cast.bilal)]
    const planted = attacker.cookies.get('__Host-nabz')!
    victim.cookies.set('__Host-nabz', planted)
    await victim.postForm('/t/sign-in', { userId: clinic.cast.nadia.userId })
    expect(victim.cookies.get('__Host-nabz')).not.toBe(planted)
    expect(await isIn(attacker)).toBe(false)
    expect(await isIn(victim)).toBe(true)
  })

  it('is over when its person signs out: the same cookie opens nothing', async () => {
    const browser = await clinic.as(clinic.cast.nadia)
    await browser.postForm('/t/sign-out')
    expect(await isIn(browser)).toBe(false)
  })

  it('is over on every other device when the password changes', async () => {
    const browser = await clinic.as(clinic.cast.bilal)
    await app.superuser('update platform.users set password_version = password_version + 1 where id = $1', [
      clinic.cast.bilal.userId,
    ])
    expect(await isIn(browser)).toBe(false)
  })

  it('is not opened by a cookie that was altered or signed by somebody else', async () => {
    const browser = await clinic.as(clinic.cast.nadia)
    const good = browser.cookies.get('__Host-nabz')!
    for (const bad of [good.slice(0, -3) + 'AAA', good.split('.')[0]!, 'x', '']) {
      browser.cookies.set('__Host-nabz', bad)
      expect(await isIn(browser)).toBe(false)
    }
  })

  it(`lasts ${idleMinutes} minutes of doing nothing, and no second more`, async () => {
    const [in_time, late] = [await clinic.as(clinic.cast.nadia), await clinic.as(clinic.cast.nadia)]
    app.clock.advance({ minutes: idleMinutes })
    expect(await isIn(in_time)).toBe(true)
    app.clock.advance({ seconds: 1 })
    expect(await isIn(late)).toBe(false)
    // The one that was used counts its minutes from then.
    app.clock.advance({ minutes: idleMinutes - 1 })
    expect(await isIn(in_time)).toBe(true)
  })

  it(`lasts ${absoluteHours} hours however busy, and no second more`, async () => {
    const browser = await clinic.as(clinic.cast.nadia)
    for (let minutes = 0; minutes < absoluteHours * 60; minutes += 20) {
      expect(await isIn(browser)).toBe(true)
      app.clock.advance({ minutes: 20 })
    }
    expect(await isIn(browser)).toBe(true)
    app.clock.advance({ seconds: 1 })
    expect(await isIn(browser)).toBe(false)
  })

  it('is not kept alive by a page that only polls', async () => {
    const browser = await clinic.as(clinic.cast.nadia)
    app.clock.advance({ minutes: idleMinutes - 1 })
    expect(await isIn(browser, '/t/poll')).toBe(true)
    app.clock.advance({ minutes: 2 })
    expect((await browser.get('/t/poll')).status).toBe(401)
  })

  it('carries one message to the next page and no further', async () => {
    const browser = await clinic.as(clinic.cast.nadia)
    await browser.postForm('/t/account').expect(303)
    const [row] = await app.superuser<{ flash: unknown }>(
      `select sess->'flash' as flash from platform.sessions where sess->>'userId' = $1 and sess ? 'flash'`.replace(
        ' ? ',
        ' :: jsonb ? ',
      ),
      [clinic.cast.nadia.userId],
    )
    expect(row?.flash).toEqual({ kind: 'success', key: 'shared.action.undo' })
  })
})

describe('the doors', () => {
  it('let members in, with the role they have there', async () => {
    const path = `/app/${clinic.slug}/t/today`
    for (const person of [clinic.cast.nadia, clinic.cast.sana]) {
      const answer = await (await clinic.as(person)).get(path).expect(200)
      expect(answer.body).toEqual({ role: person.role })
    }
  })

  it('tell a colleague without the right so, and a stranger nothing', async () => {
    const path = `/app/${clinic.slug}/t/settings`
    await (await clinic.as(clinic.cast.nadia)).get(path).expect(200)
    await (await clinic.as(clinic.cast.sana)).get(path).expect(403)
    const unknown = await (await clinic.as(clinic.cast.omar)).get('/app/no-such-clinic/t/settings').expect(404)
    const foreign = await (await clinic.as(clinic.cast.omar)).get(path).expect(404)
    const plain = (html: string) =>
      html.replace(/[0-9a-f]{8}-[0-9a-f-]{27}/g, 'ID').replaceAll(clinic.slug, 'no-such-clinic')
    expect(plain(foreign.text)).toBe(plain(unknown.text))
  })

  it('forget a member who was removed at once', async () => {
    const fired = await makeClinic(app)
    const browser = await fired.as(fired.cast.bilal)
    await browser.get(`/app/${fired.slug}/t/today`).expect(200)
    await app.superuser('delete from platform.memberships where user_id = $1', [fired.cast.bilal.userId])
    await browser.get(`/app/${fired.slug}/t/today`).expect(404)
  })

  it('hide the console from everybody who is not of the platform', async () => {
    await (await clinic.as(clinic.cast.nadia)).get('/admin/t').expect(404)
    await app.agent().get('/admin/t').expect(303)
  })

  it('find a clinic by its address, and answer 404 for one that is not there', async () => {
    const answer = await app.agent().get(`/c/${clinic.slug}/t?lang=ar`).expect(200)
    expect(answer.body).toEqual({ id: clinic.id, back: '/c/x?day=2&lang=ar#top' })
    await app.agent().get('/c/nobody/t').expect(404)
  })

  it('send who is not signed in to sign in, and back afterwards, without keeping the page in any cache', async () => {
    const answer = await app.agent().get(`/app/${clinic.slug}/t/today?day=2`).expect(303)
    expect(answer.headers.location).toBe(`/sign-in?next=${encodeURIComponent(`/app/${clinic.slug}/t/today?day=2`)}`)
    expect(answer.headers['cache-control']).toBe('no-store')
  })
})
