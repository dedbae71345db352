import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createApp } from '../../src/app.ts'
import { connect } from '../../src/platform/db/connect.ts'
import { recordChecks, type CheckState } from '../../src/platform/status.ts'
import { startTestApp, type TestApp } from '../support/app.ts'
import { wordsOf } from '../support/http.ts'
import request from 'supertest'

let app: TestApp
beforeAll(async () => {
  app = await startTestApp()
})
afterAll(() => app.stop())

const look = async (lang = 'en') => {
  // Nobody is shown what was kept for half a minute.
  app.clock.advance({ seconds: 31 })
  return app.agent().get(`/status?lang=${lang}`).expect(200)
}
const found = async (state: CheckState, names = ['website', 'whatsapp', 'mail', 'jobs'] as const) => {
  const results = names.map((name) => ({ name, state, code: state === 'ok' ? '' : 'slow' }))
  await recordChecks(app.services.db, results, app.clock.now())
}

describe('the status page', () => {
  it('says it does not know while nobody has looked', async () => {
    const words = wordsOf((await look()).text)
    expect(words).toContain("We can't say")
    expect(words).toContain('Backups Unknown')
    expect(words).toContain('Database Fine')
  })

  it('says that all is well, with the hours as bars and in words', async () => {
    await found('ok')
    const { text } = await look()
    expect(wordsOf(text)).toContain('All is well')
    expect(wordsOf(text)).toContain('100 % fine in the last 30 days')
    expect(text).toContain('aria-label="The last 24 hours: 1 fine, 0 slow, 0 not working, 23 unknown"')
    expect(text).toContain('aria-label="The last 30 days: 1 fine, 0 slow, 0 not working, 29 unknown"')
    expect((text.match(/<rect /g) ?? []).length).toBe(4 * (24 + 30))
  })

  it.each(['ar', 'ur'])('says it in %s', async (lang) => {
    await found('ok')
    expect((await look(lang)).text).toContain('overall-ok')
  })

  it('says what is slow or not working, until it is over', async () => {
    app.clock.advance({ minutes: 1 })
    await found('degraded')
    expect(wordsOf((await look()).text)).toContain('Something is slow')
    app.clock.advance({ minutes: 1 })
    await found('down')
    expect(wordsOf((await look()).text)).toContain('Something is not working')
    app.clock.advance({ minutes: 1 })
    await found('ok')
    expect(wordsOf((await look()).text)).toContain('All is well')
  })

  it('trusts no old news', async () => {
    app.clock.advance({ minutes: 10 })
    expect(wordsOf((await look()).text)).toContain("We can't say")
  })

  it.each(['en', 'ar', 'ur'])('answers while the database is away, and says so in %s', async (lang) => {
    const nowhere = connect('postgres://nabz_app:x@127.0.0.1:1/nabz', 2)
    const alone = createApp({ ...app.services, db: nowhere })
    const answer = await request(alone).get(`/status?lang=${lang}`).expect(503)
    expect(answer.text).toContain('overall-unreachable')
    expect(answer.headers['cache-control']).toBe('no-store')
    if (lang === 'en') expect(wordsOf(answer.text)).toContain('The database is unreachable')
    await nowhere.destroy()
  })
})
