import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startTestApp, type TestApp } from '../support/app.ts'
import { makeClinic } from '../support/cast.ts'
import { wordsOf } from '../support/http.ts'
import { testRoutes } from '../support/test-routes.ts'

let app: TestApp
beforeAll(async () => {
  app = await startTestApp({ outside: testRoutes })
})
afterAll(() => app.stop())

const secretToken = 'sEcReT-tOkEn-0123456789'

describe('an error page', () => {
  it.each(['400', '403', '404', '409', '413', '421', '422', '429', '500', '503'])(
    'for %s says what happened and which request it was, and no more',
    async (status) => {
      const answer = await app.agent().get(`/t/fails/${secretToken}?status=${status}`).expect(Number(status))
      expect(answer.headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/)
      expect(answer.text).toContain(answer.headers['x-request-id'])
      expect(answer.headers['cache-control']).toBe('no-store')
      expect(wordsOf(answer.text).length).toBeGreaterThan(40)
      expect(answer.text).not.toMatch(/secret|HttpError|Error:|node_modules|\.ts\b|at \w+ \(/)
    },
  )

  it.each(['ar', 'ur'])('speaks %s to who does, from right to left', async (lang) => {
    for (const status of ['403', '404', '409', '422', '429', '500']) {
      const answer = await app.agent().get(`/t/fails/x?status=${status}`).set('Accept-Language', lang)
      expect(answer.text).toContain(`lang="${lang}" dir="rtl"`)
      expect(wordsOf(answer.text)).toMatch(/\p{Script=Arabic}{3}/u)
    }
  })

  it('says when it is worth trying again', async () => {
    const answer = await app.agent().get('/t/fails/x?status=429')
    expect(answer.headers['retry-after']).toBe('42')
    expect((await app.agent().get('/t/fails/x?status=503')).headers['retry-after']).toBe('5')
  })

  it('is data for a program that asks for data', async () => {
    const answer = await app.agent().get('/t/fails/x?status=500').set('Accept', 'application/json').expect(500)
    expect(answer.body).toEqual({ error: { status: 500, requestId: answer.headers['x-request-id'] } })
  })

  it('answers nonsense calmly: broken encodings, bodies too large, unknown methods and addresses', async () => {
    const agent = app.agent()
    await agent.get('/nothing/here').expect(404)
    await agent.get('/c/%E0%A4%A/t').expect(400)
    await agent.get('/%00').expect(404)
    await agent.get('/css/../../package.json').expect(404)
    await agent.get('/css/%2e%2e%2f%2e%2e%2fpackage.json').expect((response) => {
      expect([400, 403, 404]).toContain(response.status)
    })
    await agent.postForm('/nothing/here', { text: 'x'.repeat(70_000) }).expect(413)
    await agent.postForm('/nothing/here').expect(404)
  })
})

describe('the log', () => {
  it('names the route and the request, never the address, a token, an error of the database in its own words, or a person', async () => {
    await makeClinic(app)
    app.logLines.length = 0
    const agent = app.agent('203.0.113.77')
    const ids: string[] = []
    for (const status of ['500', 'database', '404', '429']) {
      const answer = await agent
        .get(`/t/fails/${secretToken}?status=${status}&phone=%2B923001234567`)
        .set({ 'User-Agent': 'Canary/1.0', Referer: 'https://nabz.test/canary' })
      ids.push(answer.headers['x-request-id']!)
    }
    await agent.get('/sign-in-canary?name=Ayesha')
    const log = app.logLines.join('')
    for (const id of ids) expect(log).toContain(id)
    expect(log).toContain('"route":"/t/fails/:token"')
    expect(log).toContain('"code":"23505"')
    expect(log).toContain('"constraint":"users_pkey"')
    for (const canary of [
      secretToken,
      '923001234567',
      'nadia',
      '203.0.113.77',
      'Canary',
      'canary',
      'Ayesha',
      'already exists',
      'insert into',
    ]) {
      expect(log, canary).not.toContain(canary)
    }
    for (const line of app.logLines) expect(() => JSON.parse(line) as unknown).not.toThrow()
  })
})
