// Whatever is typed, posted or put into an address, the answer is a page and not a failure: every form of every page is
// sent back with values nobody should send, and every address gets parameters nobody should use. Then each form some
// hundred times with input at random; ten thousand for each go through their schemas in `tests/attacker/forms.test.ts`.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import '../src/app.ts'
import { routeTable, type RouteEntry } from '../src/platform/web/routers.ts'
import { startTestApp, type TestApp } from './support/app.ts'
import { signedIn } from './support/cast.ts'
import { ask, type Agent } from './support/http.ts'
import { leaksIn, nonsense, unasked } from './support/nonsense.ts'
import { changedTables, tableStates } from './support/table-states.ts'
import { addressOf, makeWorld, type World } from './support/world.ts'

const values = [
  '',
  ' ',
  '\u0000',
  'a\u0000b',
  "' or 1=1 --",
  '<script>alert(1)</script>',
  '\u202eevil\u2069',
  '٣٠/١٣/٢٠٢٦',
  '99999999999999999999',
  '-1',
  '1e400',
  'NaN',
  '2026-02-30',
  '275760-09-13',
  'infinity',
  '25:61',
  '{"$ne":null}',
  '../../etc/passwd',
  '%00%ff',
  '\ud800',
  'x'.repeat(20_000),
]
const names = [
  '__proto__',
  'constructor',
  'toString',
  'id',
  'slug',
  'lang',
  'q',
  'page',
  'day',
  'from',
  'to',
  'next',
  'cursor',
]

/** Over all forms more than ten thousand. */
const [randomPerForm, atOnce] = [96, 8]

let app: TestApp
let world: World
beforeAll(async () => {
  app = await startTestApp({ passwordCost: 4 })
  world = await makeWorld(app)
})
afterAll(() => app.stop())

async function browserFor(route: RouteEntry): Promise<Agent> {
  if (route.door === 'operator') return signedIn(app, world.adminId)
  if (route.door === 'clinic' || route.door === 'account') return world.here.as(world.here.cast.nadia)
  return app.agent()
}

const encode = (pairs: (readonly [string, string])[]) =>
  // As bytes on the wire: a lone surrogate is no character, and encodeURIComponent would refuse it.
  pairs
    .map(
      ([name, value]) => `${encodeURIComponent(name)}=${value === '\ud800' ? '%ED%A0%80' : encodeURIComponent(value)}`,
    )
    .join('&')

const addressFor = (route: RouteEntry) =>
  addressOf(route, world.here.slug, world.ids) ?? addressOf(route, world.here.slug, undefined)!
const named = (route: RouteEntry) => [`${route.method.toUpperCase()} ${route.path}`, route] as const
const reading = routeTable.filter(({ method }) => method === 'get').map(named)
const writing = routeTable.filter(({ method, path }) => method === 'post' && !path.startsWith('/webhooks/')).map(named)

/** The names of all fields on the pages of a feature, and of the parameters its links carry. */
const fieldsOf = new Map<string, Set<string>>()

describe('an address', () => {
  it.each(reading)('%s answers nonsense with a page', async (_name, route) => {
    const browser = await browserFor(route)
    const path = addressFor(route)
    const { type } = await ask(app.origin, browser, 'GET', path)
    const html = type.startsWith('text/html') ? (await browser.get(path)).text : ''
    const known = fieldsOf.get(route.feature) ?? new Set(names)
    fieldsOf.set(route.feature, known)
    for (const [, name = ''] of html.matchAll(/<(?:input|select|textarea|button)\b[^>]*\sname="([^"]+)"/g))
      known.add(name)
    for (const [, name = ''] of html.matchAll(/[?&](?:amp;)?([\w-]+)=/g)) known.add(name)

    const failed: string[] = []
    const check = async (address: string) => {
      const { status, text } = await ask(app.origin, browser, 'GET', address)
      if (status >= 500) failed.push(`${status} for ${address.slice(0, 200)}: ${app.lastError()}`)
      if (status >= 400 && leaksIn(text).length > 0)
        failed.push(`${address.slice(0, 200)} tells ${leaksIn(text).join()}`)
    }
    for (const value of values)
      await check(`${path}?${encode([...known].map((name) => [name, value] as const)).slice(0, 7_000)}`)
    await check(`${path}?${encode([...known].flatMap((name) => [[name, 'a'], [name, 'b'], [`${name}[x]`, 'c']] as const))}`) // prettier-ignore
    const ids = [...route.path.matchAll(/:(?!slug\b)\w+/g)].map(([name]) => name)
    for (const value of values.slice(1)) {
      if (value.length > 5_000) continue
      const part = value === '\ud800' ? '%ED%A0%80' : encodeURIComponent(value)
      for (const id of ids.length > 0 ? ids : [':slug']) {
        if (route.path.includes(id))
          await check(route.path.replace(id, part).replace(':slug', world.here.slug).replace(/:\w+/g, 'x'))
      }
    }
    expect(failed.slice(0, 5)).toEqual([])
  })
})

describe('a form', () => {
  it.each(writing)('%s answers nonsense with a page', async (_name, route) => {
    const path = addressFor(route)
    const fields = [...(fieldsOf.get(route.feature) ?? new Set(names))].filter((name) => name !== '_csrf')
    const failed: string[] = []
    // Signing out is one of the forms: whoever was signed out signs in again.
    let browser = await browserFor(route)
    const send = async (pairs: (readonly [string, string])[], what: string) => {
      const body = encode([['_csrf', browser.csrfToken()], ...pairs])
      const { status, location } = await ask(app.origin, browser, 'POST', path, { body })
      if (location.startsWith('/sign-in')) browser = await browserFor(route)
      if (status >= 500) failed.push(`${status} for ${what}: ${app.lastError()}`)
    }
    for (const value of values)
      await send(
        fields.map((name) => [name, value] as const),
        `all fields ${JSON.stringify(value.slice(0, 20))}`,
      )
    await send(fields.flatMap((name) => [[name, 'a'], [name, 'b']] as const), 'all fields twice') // prettier-ignore
    await send(
      fields.map((name) => [`${name}[x]`, 'a'] as const),
      'fields inside fields',
    )
    // A few bad fields among plausible ones come further than all bad ones together: every field is bad once.
    for (let round = 0; round < 8; round++) {
      const mixed = fields.map(
        (name, at) => [name, at % 8 === round ? values[(at + round) % values.length]! : '1'] as const,
      )
      await send(mixed, `every eighth field bad, round ${round}`)
    }
    expect(failed.slice(0, 5)).toEqual([])
  })

  // V15.3.3, V16.5.1 and security.md 24.
  it.each(writing)(
    '%s answers input at random with a page that tells nothing, and a refusal changes nothing',
    async (_name, route) => {
      const path = addressFor(route)
      const fields = [...(fieldsOf.get(route.feature) ?? new Set(names))].filter((name) => name !== '_csrf')
      const random = nonsense(writing.findIndex(([, one]) => one === route) + 1)
      const failed: string[] = []
      let browser = await browserFor(route)
      let taken = 0
      const [before, theirs] = [await tableStates(app), await tableStates(app, world.there.id)]
      const send = async () => {
        const pairs = fields.flatMap((name): [string, string][] => {
          const value = random.text()
          return random.below(5) === 0
            ? []
            : random.below(12) === 0
              ? [
                  [name, value],
                  [name, random.text()],
                ]
              : [[name, value]]
        })
        const extra = Object.entries(unasked)[random.below(Object.keys(unasked).length)]!
        const body = encode([['_csrf', browser.csrfToken()], ...pairs, extra]).slice(0, 60_000)
        const { status, location, text } = await ask(app.origin, browser, 'POST', path, { body })
        if (location.startsWith('/sign-in')) browser = await browserFor(route)
        if (status < 400) taken += 1
        // 503 asks to come back: several hashes at once are more than the house checks.
        if (status >= 500 && status !== 503) failed.push(`${status} for ${body.slice(0, 300)}: ${app.lastError()}`)
        const told = status < 400 ? [] : leaksIn(text)
        if (told.length > 0) failed.push(`${body.slice(0, 300)} is told ${told.join()}`)
      }
      for (let i = 0; i < randomPerForm; i += atOnce) await Promise.all(Array.from({ length: atOnce }, send))
      expect(failed.slice(0, 5)).toEqual([])
      if (taken === 0) expect(changedTables(before, await tableStates(app))).toEqual([])
      expect(changedTables(theirs, await tableStates(app, world.there.id))).toEqual([])
    },
    60_000,
  )
})
