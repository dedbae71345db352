import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startTestApp, type TestApp } from '../support/app.ts'
import { makeClinic } from '../support/cast.ts'
import { csrfTokenFor } from '../support/http.ts'
import { testRoutes } from '../support/test-routes.ts'

let app: TestApp
beforeAll(async () => {
  app = await startTestApp({ outside: testRoutes })
})
afterAll(() => app.stop())

describe('a form', () => {
  it('is taken from the page it was on, and costs a visitor no session', async () => {
    const visitor = app.agent()
    const page = await visitor.getForm('/t/form')
    expect([...visitor.cookies.keys()]).toEqual(['__Host-csrf'])
    expect(page.response.headers['set-cookie']).toEqual([
      expect.stringMatching(/^__Host-csrf=[\w-]+; Path=\/; HttpOnly; Secure; SameSite=Lax$/),
    ])
    await visitor.postForm('/t/form').expect(200, 'done')
    expect(await app.superuser('select 1 from platform.sessions')).toEqual([])
  })

  it('is refused without a token, with a made-up one, and with that of somebody else', async () => {
    const visitor = app.agent()
    await visitor.getForm('/t/form')
    const stranger = (await app.agent().getForm('/t/form')).csrf!
    for (const token of [undefined, '', 'x', 'a-b', stranger, csrfTokenFor('not the secret')]) {
      const answer = await visitor
        .post('/t/form')
        .type('form')
        .send(token === undefined ? {} : { _csrf: token })
      expect(answer.status).toBe(403)
      expect(answer.text).toContain('lang="en"')
    }
  })

  it('is refused when its token is in the address, where logs would keep it', async () => {
    const visitor = app.agent()
    const { csrf } = await visitor.getForm('/t/form')
    await visitor.post(`/t/form?_csrf=${csrf}`).type('form').send({}).expect(403)
  })

  it('is refused when two tokens were sent in its name', async () => {
    const visitor = app.agent()
    const { csrf } = await visitor.getForm('/t/form')
    await visitor.post('/t/form').type('form').send(`_csrf=${csrf}&_csrf=${csrf}`).expect(403)
  })

  it('is taken with the token in a header, as scripts send it', async () => {
    const visitor = app.agent()
    const { csrf } = await visitor.getForm('/t/form')
    await visitor.post('/t/form').set('X-CSRF-Token', csrf!).expect(200)
  })

  it.each([
    ['Origin', 'https://evil.test', 403],
    ['Origin', 'http://nabz.test', 403],
    ['Origin', 'https://nabz.test.evil.test', 403],
    ['Origin', 'null', 403],
    ['Origin', 'https://nabz.test', 200],
    ['Sec-Fetch-Site', 'cross-site', 403],
    ['Sec-Fetch-Site', 'same-site', 403],
    ['Sec-Fetch-Site', 'same-origin', 200],
    ['Sec-Fetch-Site', 'none', 200],
  ])('with a good token and %s: %s is answered %i', async (header, value, status) => {
    const visitor = app.agent()
    await visitor.getForm('/t/form')
    await visitor.postForm('/t/form').set(header, value).expect(status)
  })

  it('is told by the browser rather than by a header a page can set', async () => {
    const visitor = app.agent()
    await visitor.getForm('/t/form')
    await visitor.postForm('/t/form').set({ Origin: 'https://nabz.test', 'Sec-Fetch-Site': 'cross-site' }).expect(403)
  })

  it('of before signing in is worth nothing after', async () => {
    const { cast } = await makeClinic(app)
    const browser = app.agent()
    const before = (await browser.getForm('/t/form')).csrf!
    await browser.postForm('/t/sign-in', { userId: cast.nadia.userId }).expect(303)
    await browser.post('/t/form').type('form').send({ _csrf: before }).expect(403)
    await browser.getForm('/t/form')
    await browser.postForm('/t/form').expect(200)
    await browser.post('/t/form').type('form').send({ _csrf: before }).expect(403)
  })
})
