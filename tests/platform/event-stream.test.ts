import { get, type IncomingMessage } from 'node:http'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { idleMinutes } from '../../src/platform/web/session.ts'
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
afterEach(() => vi.useRealTimers())

type Stream = { answer: IncomingMessage; text: () => string; ended: Promise<void>; leave: () => void }

function listen(browser: Agent): Promise<Stream> {
  return new Promise((resolve, reject) => {
    const headers = { Cookie: [...browser.cookies].map(([name, value]) => `${name}=${value}`).join('; ') }
    const request = get(`${app.origin}/app/${clinic.slug}/t/stream`, { headers, agent: false }, (answer) => {
      let text = ''
      answer.setEncoding('utf8').on('data', (part: string) => (text += part))
      const ended = new Promise<void>((end) => answer.once('close', end))
      resolve({ answer, text: () => text, ended, leave: () => request.destroy() })
    })
    request.once('error', reject)
  })
}

describe('an event stream', () => {
  it('says that there is something new, and is held back by no proxy', async () => {
    const stream = await listen(await clinic.as(clinic.cast.nadia))
    await expect.poll(stream.text).toBe('retry: 3000\n\nevent: diary\ndata: 7\n\n')
    expect(stream.answer.headers).toMatchObject({
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store, no-transform',
      'x-accel-buffering': 'no',
    })
    expect(stream.answer.headers['content-encoding']).toBeUndefined()
    stream.leave()
    await stream.ended
  })

  it('is for members: others are not sent anywhere, a script could not follow', async () => {
    expect((await listen(app.agent())).answer.statusCode).toBe(401)
    expect((await listen(await clinic.as(clinic.cast.omar))).answer.statusCode).toBe(404)
  })

  it('is one of six a session may have; one that is left makes room', async () => {
    const browser = await clinic.as(clinic.cast.bilal)
    const streams = await Promise.all(Array.from({ length: 6 }, () => listen(browser)))
    expect(streams.map(({ answer }) => answer.statusCode)).toEqual(Array(6).fill(200))
    const seventh = await listen(browser)
    expect(seventh.answer.statusCode).toBe(429)
    streams[0]!.leave()
    await expect.poll(async () => {
      const again = await listen(browser)
      again.leave()
      return again.answer.statusCode
    }).toBe(200) // prettier-ignore
    for (const { leave } of streams) leave()
  })

  it.each([
    [
      'the person is removed from the clinic',
      () => app.superuser('delete from platform.memberships where user_id = $1', [clinic.cast.sana.userId]),
    ],
    ['the session has been idle too long', () => Promise.resolve(app.clock.advance({ minutes: idleMinutes + 1 }))],
  ])('ends within a minute when %s', async (_why, happens) => {
    const browser = await clinic.as(clinic.cast.sana)
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
    const stream = await listen(browser)
    await vi.advanceTimersByTimeAsync(60_000)
    vi.useRealTimers()
    await app.superuser('select pg_sleep(0.1)')
    expect(stream.answer.closed).toBe(false)
    stream.leave()
    await stream.ended

    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
    const next = await listen(browser)
    await happens()
    await vi.advanceTimersByTimeAsync(60_000)
    vi.useRealTimers()
    await next.ended
    await app.superuser(
      `insert into platform.memberships (clinic_id, user_id, role, created_at) values ($1, $2, 'doctor', now()) on conflict do nothing`,
      [clinic.id, clinic.cast.sana.userId],
    )
  })
})
