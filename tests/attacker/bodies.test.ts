// security.md 20 and 24: bodies and heads that are too big, broken, nested, of another kind than they say, or never end,
// written onto a socket of the started server. The answer is a refusal that tells nothing, and the next visitor is served.
import { connect } from 'node:net'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import '../../src/app.ts'
import { routeTable } from '../../src/platform/web/routers.ts'
import { startTestApp, type TestApp } from '../support/app.ts'
import { ask, type Agent } from '../support/http.ts'
import { leaksIn } from '../support/nonsense.ts'
import { changedTables, tableStates, type TableStates } from '../support/table-states.ts'
import { addressOf, makeWorld, type World } from '../support/world.ts'

let app: TestApp
let world: World
let before: TableStates
let browser: Agent
beforeAll(async () => {
  app = await startTestApp()
  world = await makeWorld(app)
  browser = await world.here.as(world.here.cast.nadia)
  browser.csrfToken()
  before = await tableStates(app)
})
afterEach(async () => {
  expect(changedTables(before, await tableStates(app))).toEqual([])
  expect((await fetch(`${app.origin}/healthz`)).status).toBe(200)
})
afterAll(() => app.stop())

/** One of each kind of door that takes a form. */
const targets = () => [
  '/sign-in', '/sign-up', '/contact', '/forgot-password', '/account', '/account/photo',
  `/c/${world.here.slug}/holds`, `/app/${world.here.slug}/settings/profile`, `/app/${world.here.slug}/settings/services`,
] // prettier-ignore
const urlencoded = 'application/x-www-form-urlencoded'

async function refused(
  body: string | Buffer,
  type = urlencoded,
  allowed: readonly number[] = [400, 403, 404, 413, 415, 422],
) {
  for (const path of targets()) {
    const answer = await fetch(app.origin + path, {
      method: 'POST',
      redirect: 'manual',
      body: typeof body === 'string' ? body : new Uint8Array(body),
      headers: {
        'content-type': type,
        'x-forwarded-proto': 'https',
        cookie: [...browser.cookies].map(([name, value]) => `${name}=${value}`).join('; '),
      },
    })
    const text = await answer.text()
    expect([path, allowed.includes(answer.status), answer.status]).toEqual([path, true, answer.status])
    expect([path, leaksIn(text)]).toEqual([path, []])
  }
}
const token = () => `_csrf=${browser.csrfToken()}`

describe('V15.1.3, V4.1: a body', () => {
  it.each([
    ['longer than any form, by a field', () => `${token()}&name=${'x'.repeat(65_000)}`],
    ['longer than any form, by many fields', () => `${token()}&${'name=x&'.repeat(20_000)}`],
    ['of a megabyte', () => 'a'.repeat(1_000_000)],
    ['of a thousand fields', () => `${token()}&${Array.from({ length: 1000 }, (_, i) => `f${i}=1`).join('&')}`],
    ['nested a thousand deep', () => `${token()}&a${'[b]'.repeat(1000)}=1`],
    ['with prototypes for names', () => `${token()}&__proto__[admin]=1&constructor[prototype][admin]=1`],
    ['with a broken escape', () => `${token()}&name=%E0%A4%A&email=%zz&%=1&=&&&`],
    ['that is no UTF-8', () => Buffer.concat([Buffer.from(`${token()}&name=`), Buffer.from([0xff, 0xfe, 0xc0, 0x80])])],
    ['with NUL bytes', () => Buffer.from(`${token()}&name=a\u0000b&email=\u0000&\u0000=1`)],
    ['that is a zip', () => Buffer.from('504b0304140000000800', 'hex')],
  ])('%s', (_what, body) => refused(body()))

  it.each([
    ['JSON', 'application/json', '{"email":{"$ne":null},"password":"x"}'],
    ['JSON that is not', 'application/json', '{"a":'.repeat(5_000)],
    ['XML with entities', 'application/xml', '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>'],
    ['text', 'text/plain', 'email=a@b.test'],
    ['a type with a line break of its own', 'text/html; charset=utf-7', '+ADw-script+AD4-'],
    ['an unknown charset', `${urlencoded}; charset=utf-32`, 'email=a'],
    ['a form of parts without a boundary', 'multipart/form-data', 'x'],
    ['a form of parts that never ends', 'multipart/form-data; boundary=x', '--x\r\nContent-Disposition: form-data; name="a"'],
    ['parts without end', 'multipart/form-data; boundary=x', '--x\r\nContent-Disposition: form-data; name="a"\r\n\r\nb\r\n'.repeat(3_000)],
    ['nothing at all', urlencoded, ''],
  ])('of another kind: %s', (_what, type, body) => refused(body, type)) // prettier-ignore

  it('that says it is packed and is not, or unpacks without end', async () => {
    for (const encoding of ['gzip', 'br', 'deflate', 'nonsense', 'gzip, gzip, gzip']) {
      const { status, text } = await ask(app.origin, browser, 'POST', '/sign-in', {
        body: token(),
        headers: { 'Content-Encoding': encoding },
      })
      expect([encoding, status >= 400 && status < 500]).toEqual([encoding, true])
      expect(leaksIn(text)).toEqual([])
    }
  })
})

/** What comes back on a socket, until the server ends it or a while has passed. */
function spoken(lines: string | Buffer): Promise<string> {
  return new Promise((resolve) => {
    const { port } = new URL(app.origin)
    const socket = connect(Number(port), '127.0.0.1')
    let said = ''
    const done = () => {
      clearTimeout(timer)
      socket.destroy()
      resolve(said)
    }
    const timer = setTimeout(done, 3_000)
    socket.setEncoding('utf8').on('data', (part: string) => (said += part))
    socket.once('close', done).once('error', done)
    socket.write(lines)
  })
}
const statusIn = (said: string) => Number(/^HTTP\/1\.1 (\d{3})/.exec(said)?.[1] ?? 0)

describe('V4.2.1, V15.2.2: a request on the wire', () => {
  const head = (more: string, method = 'POST', path = '/sign-in') =>
    `${method} ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n${more}\r\n`

  it.each([
    ['with two lengths', `Content-Length: 5\r\nContent-Length: 6\r\n`, 'a=bcd&'],
    ['with a length and chunks, as smugglers do', `Content-Length: 5\r\nTransfer-Encoding: chunked\r\n`, '0\r\n\r\nG'],
    ['with a chunk that is no number', `Transfer-Encoding: chunked\r\n`, 'zz\r\nabc\r\n'],
    ['with a negative length', `Content-Length: -1\r\n`, 'a=b'],
    ['with a head that is far too big', `X-Big: ${'x'.repeat(70_000)}\r\n`, ''],
  ])('%s is refused and not read on', async (_what, more, body) => {
    const said = await spoken(head(`Content-Type: ${urlencoded}\r\n${more}`) + body)
    expect(statusIn(said)).toBeOneOf([400, 413, 431])
    expect(leaksIn(said)).toEqual([])
    expect(said.match(/HTTP\/1\.1/g)).toHaveLength(1)
  })

  it.each([
    ['TRACE', '/'],
    ['PUT', '/sign-in'],
    ['DELETE', '/account'],
    ['PATCH', '/account'],
    ['PROPFIND', '/'],
  ])('V13.4: %s does nothing', async (method, path) => {
    const said = await spoken(head('Content-Length: 0\r\n', method, path))
    expect(statusIn(said)).toBeGreaterThanOrEqual(400)
    expect(statusIn(said)).toBeLessThan(500)
    // Nothing that was sent comes back, as TRACE would have it.
    expect(said).not.toContain('Connection: close\r\nContent-Length: 0')
  })

  it.each(['/%2e%2e/%2e%2e/etc/passwd', '/css/..%2f..%2fpackage.json', '/css/%00', '/%ff', '/vendor/tabler/..%5c..%5c', '//evil.test/%2f..', '/?' + 'a=b&'.repeat(1500)])(
    'V5.3.2: %s leads to nothing of the machine',
    async (path) => {
      const said = await spoken(head('', 'GET', path))
      expect(statusIn(said)).toBeLessThan(500)
      expect(statusIn(said)).toBeGreaterThan(0)
      expect(said).not.toContain('root:')
      expect(said).not.toContain('"dependencies"')
      expect(leaksIn(said)).toEqual([])
    },
  ) // prettier-ignore

  it('that never ends holds nobody up, and its line is cut after half a minute', async () => {
    const { port } = new URL(app.origin)
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    const lines = Array.from({ length: 50 }, () => connect(Number(port), '127.0.0.1').on('error', () => undefined))
    try {
      const type = `Content-Type: ${urlencoded}\r\nContent-Length: 60000\r\n`
      for (const line of lines) line.write(head(type) + 'email=a')
      await expect.poll(() => vi.getTimerCount()).toBeGreaterThanOrEqual(lines.length)
      expect((await fetch(`${app.origin}/sign-in`)).status).toBe(200)
      vi.advanceTimersByTime(29_000)
      expect((await fetch(`${app.origin}/sign-in`)).status).toBe(200)
      // All of them still wait to be read, and nothing was said to any.
      expect(lines.filter(({ closed, bytesRead }) => closed || bytesRead > 0)).toEqual([])
      const cut = Promise.all(lines.map((line) => new Promise((closed) => line.once('close', closed))))
      vi.advanceTimersByTime(1_000)
      await cut
      expect(lines.filter(({ bytesRead }) => bytesRead > 0)).toEqual([])
    } finally {
      vi.useRealTimers()
      for (const line of lines) line.destroy()
    }
  })
})

it('V4.1.4: a form’s address answers a look with the same fields in it by doing nothing', async () => {
  const asked = routeTable.filter(({ method, path }) => method === 'post' && !path.startsWith('/webhooks/'))
  const pages = new Set(routeTable.filter(({ method }) => method === 'get').map(({ path }) => path))
  const wrong: string[] = []
  for (const route of asked.filter(({ path }) => !pages.has(path))) {
    const path = addressOf(route, world.here.slug, world.ids) ?? addressOf(route, world.here.slug, undefined)!
    const { status } = await ask(app.origin, browser, 'GET', `${path}?_csrf=${browser.csrfToken()}&_method=POST&name=x`)
    if (status < 300 || status >= 500) wrong.push(`${path}: ${status}`)
  }
  expect(wrong).toEqual([])
}, 60_000)
