// security.md 9, 10, 12 and 24: somebody who is in tries to get further. Whatever is in an address stands in
// `tests/access.test.ts`; here it is what stands behind it: every parameter and every field there is, on every route, over
// HTTP to the started server, filled with another clinic's ids, with ways off the site, and with what no form asks.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import '../../src/app.ts'
import { routeTable, type RouteEntry } from '../../src/platform/web/routers.ts'
import { bookableClinic, hold, typed } from '../booking/patient.ts'
import { openAClinic, signUpFields } from '../accounts/scene.ts'
import { startTestApp, type TestApp } from '../support/app.ts'
import { hire, signedIn } from '../support/cast.ts'
import { ask, plainText, type Agent } from '../support/http.ts'
import { leaksIn, unasked } from '../support/nonsense.ts'
import { changedTables, tableStates } from '../support/table-states.ts'
import { addressOf, makeWorld, type World } from '../support/world.ts'

let app: TestApp
let world: World
beforeAll(async () => {
  app = await startTestApp({ passwordCost: 4 })
  world = await makeWorld(app)
})
afterAll(() => app.stop())

const routes = routeTable.filter(({ path, door }) => !path.startsWith('/webhooks/') && door !== 'api')
const addressFor = (route: RouteEntry) =>
  addressOf(route, world.here.slug, world.ids) ?? addressOf(route, world.here.slug, undefined)!

/** The names of the fields on a feature's pages, and of the parameters of its links. */
const fields = new Map<string, Set<string>>()
beforeAll(async () => {
  const [owner, admin] = [await world.here.as(world.here.cast.nadia), await signedIn(app, world.adminId)]
  for (const route of routes.filter(({ method }) => method === 'get')) {
    const known = fields.get(route.feature) ?? new Set<string>()
    fields.set(route.feature, known)
    const { text } = await ask(app.origin, route.door === 'operator' ? admin : owner, 'GET', addressFor(route))
    for (const [, name = ''] of text.matchAll(/<(?:input|select|textarea|button)\b[^>]*\sname="([^"]+)"/g)) known.add(name)
    for (const [, name = ''] of text.matchAll(/[?&](?:amp;)?([\w-]+)=/g)) known.add(name)
  }
}, 60_000) // prettier-ignore

const send = (browser: Agent, route: RouteEntry, pairs: (readonly [string, string])[], headers: Record<string, string> = {}) => {
  const text = new URLSearchParams(pairs.map(([name, value]): [string, string] => [name, value])).toString()
  if (route.method === 'get') return ask(app.origin, browser, 'GET', `${addressFor(route)}?${text.slice(0, 7_000)}`, { headers })
  const body = `_csrf=${browser.csrfToken()}&${text}`
  return ask(app.origin, browser, 'POST', addressFor(route), { body, headers })
} // prettier-ignore

describe('another clinic’s ids', () => {
  it('V8.4.1: in every parameter and every field of every route of the workspace show and change nothing of it', async () => {
    const theirs = Object.entries(world.foreignIds).filter(([, id]) => /^[0-9a-f-]{36}$/.test(id))
    // The other clinic's rows are called what nothing else is called.
    const trace = 'Their very own'
    for (const table of ['patients', 'practitioners', 'services', 'locations'])
      await app.superuser(`update clinic.${table} set name = $2 where clinic_id = $1`, [world.there.id, trace])
    const before = await tableStates(app, world.there.id)
    const wrong: string[] = []
    let owner = await world.here.as(world.here.cast.nadia)
    for (const route of routes.filter(({ door }) => door === 'clinic' || door === 'patient')) {
      const names = [...(fields.get(route.feature) ?? [])].filter((name) => name !== '_csrf')
      // Each name with the id its word asks for where there is one, and all of them with each id in turn.
      const rounds = theirs.slice(0, 4).map(([, id]) => names.map((name) => [name, id] as const))
      rounds.push(
        names.map((name) => {
          const word = name.toLowerCase().replace(/_?id$/, '')
          return [name, theirs.find(([kind]) => kind.startsWith(word))?.[1] ?? world.there.id] as const
        }),
      )
      for (const pairs of rounds) {
        const { status, text, location } = await send(owner, route, pairs)
        if (location.startsWith('/sign-in')) owner = await world.here.as(world.here.cast.nadia)
        if (status >= 500) wrong.push(`${route.method} ${route.path}: ${status} ${app.lastError()}`)
        if (text.includes(trace) || text.includes(world.there.slug))
          wrong.push(`${route.method} ${route.path} shows it`)
      }
    }
    expect(wrong).toEqual([])
    expect(changedTables(before, await tableStates(app, world.there.id))).toEqual([])
  }, 120_000)
})

describe('a way off the site', () => {
  const evil = [
    '//evil.test',
    'https://evil.test/',
    '/\\evil.test',
    '/\t/evil.test',
    '/.//evil.test',
    'javascript:alert(1)',
  ]
  const names = [
    'next',
    'back',
    'return',
    'returnTo',
    'return_to',
    'redirect',
    'redirect_uri',
    'url',
    'to',
    'continue',
    'from',
  ]
  const forged = { Referer: 'https://evil.test/page', 'X-Forwarded-Host': 'evil.test', Forwarded: 'host=evil.test', 'X-Original-URL': 'https://evil.test' } // prettier-ignore
  const leavesSite = (location: string) =>
    location !== '' && !/^\/(?![/\\])/.test(location) && new URL(location, app.origin).origin !== app.origin

  const linksOff = (html: string) =>
    [...html.matchAll(/(?:href|action|src|content)="([^"]*)"/g)].some(([, value = '']) => {
      const address = plainText(value).replace(/^\d+;url=/, '')
      if (!URL.canParse(address, app.origin)) return false
      const { hostname, protocol } = new URL(address, app.origin)
      return hostname.endsWith('evil.test') || protocol === 'javascript:'
    })

  it('V3.7.2, V1.2.2: is taken by no route, whatever its parameters, its form or its headers say', async () => {
    const wrong: string[] = []
    for (const route of routes) {
      for (const target of evil) {
        const browser =
          route.door === 'operator' ? await admin() : route.door === 'public' ? app.agent() : await owner()
        const answer = await send(browser, route, names.map((name) => [name, target] as const), forged) // prettier-ignore
        if (leavesSite(answer.location)) wrong.push(`${route.method} ${route.path} → ${answer.location}`)
        if (linksOff(answer.text)) wrong.push(`${route.method} ${route.path} links to ${target}`)
      }
    }
    expect(wrong).toEqual([])
  }, 180_000)

  it('V4.1.3: a name that is not ours is answered by nobody, and mails name the one that is', async () => {
    const browser = app.agent()
    for (const host of ['evil.test', 'nabz.test.evil.test', 'nabz.test@evil.test', 'evil.test:443']) {
      const { status } = await ask(app.origin, browser, 'GET', '/sign-in', { headers: { Host: host } })
      expect([host, status]).toEqual([host, host.includes('@') ? status : 421])
      expect(status).toBeGreaterThanOrEqual(400)
    }
    const { email } = await openAClinic(app)
    await browser.getForm('/forgot-password')
    await browser.postForm('/forgot-password', { email }).set('X-Forwarded-Host', 'evil.test').set(forged)
    await app.runJob('messaging.mails')
    const text = app.mail.mailsTo(email).at(-1)?.text ?? ''
    expect(text).toContain('https://nabz.test/reset-password/')
    expect(text).not.toContain('evil.test')
  })

  let kept: { owner?: Agent; admin?: Agent } = {}
  const still = async (browser: Agent | undefined) => browser && (await browser.get('/account')).status === 200
  async function owner(): Promise<Agent> {
    if (!(await still(kept.owner))) kept = { ...kept, owner: await world.here.as(world.here.cast.nadia) }
    return kept.owner!
  }
  async function admin(): Promise<Agent> {
    if (!(await still(kept.admin))) kept = { ...kept, admin: await signedIn(app, world.adminId) }
    return kept.admin!
  }
})

describe('fields that no form asks for', () => {
  const extra = Object.entries(unasked)
  const powers = () =>
    app.superuser(
      `select (select json_agg(json_build_array(id, email, platform_admin, password_hash) order by id) from platform.users) as users,
              (select json_agg(m order by clinic_id, user_id) from platform.memberships m) as memberships,
              (select json_agg(c order by id) from platform.clinics c) as clinics,
              (select json_agg(s order by clinic_id) from platform.subscriptions s) as subscriptions`,
    )

  it('V15.3.3: give nobody at a clinic more power, on any route they may use', async () => {
    const staff = [
      world.here.cast.sana,
      world.here.cast.bilal,
      await hire(world.here, 'assistant'),
      await hire(world.here, 'accountant'),
    ]
    const before = await powers()
    for (const person of staff) {
      let browser = await world.here.as(person)
      for (const route of routes.filter(({ method, door }) => method === 'post' && door !== 'operator')) {
        if (['/account/shared', '/sign-up'].includes(route.path)) continue
        const { status, location, text } = await send(browser, route, extra)
        if (location.startsWith('/sign-in') || route.path === '/sign-out') browser = await world.here.as(person)
        expect([route.path, status < 500]).toEqual([route.path, true])
        if (status >= 400) expect([route.path, leaksIn(text)]).toEqual([route.path, []])
      }
      expect(await powers()).toEqual(before)
    }
  }, 120_000)

  it('V15.3.3, V2.2.3: change nothing about a clinic, its owner, a service, a visit and an invitation that are made', async () => {
    const visitor = app.agent('203.0.113.60')
    await visitor.getForm('/sign-up')
    const answer = await visitor.postForm('/sign-up', { ...unasked, ...signUpFields('mass@example.org') }).expect(303)
    const slug = /^\/app\/([^/]+)\//.exec(answer.headers.location as string)![1]!
    const [made] = await app.superuser(
      `select u.platform_admin as admin, c.plan, c.status, c.practitioner_limit as doctors, m.role from platform.users u
       join platform.memberships m on m.user_id = u.id join platform.clinics c on c.id = m.clinic_id where u.email = $1`,
      ['mass@example.org'],
    )
    const { slug: plain } = await openAClinic(app)
    const [usual] = await app.superuser(
      `select false as admin, c.plan, c.status, c.practitioner_limit as doctors, 'owner' as role from platform.clinics c where slug = $1`,
      [plain],
    )
    expect(made).toEqual(usual)
    await app.superuser(`update platform.users set email_unproven = false where email = 'mass@example.org'`)
    await visitor.getForm(`/app/${slug}/settings/staff`)
    const invite = { ...unasked, email: 'invited@example.org', role: 'assistant' }
    await visitor.postForm(`/app/${slug}/settings/staff/invitations`, invite).expect(303)
    const [invited] = await app.superuser(
      `select i.role, c.slug from platform.invitations i join platform.clinics c on c.id = i.clinic_id where i.email = $1`,
      ['invited@example.org'],
    )
    expect(invited).toEqual({ role: 'assistant', slug })
    await visitor.getForm('/account')
    await visitor.postForm('/account/profile', { ...unasked, name: 'Mass', email: 'taken@evil.test' })
    const [account] = await app.superuser('select platform_admin as admin from platform.users where email = $1', [
      'mass@example.org',
    ])
    expect(account).toEqual({ admin: false })
  })

  it('V2.3.1, V15.3.3: book no visit of another price, state, patient or clinic', async () => {
    const scene = await bookableClinic(app)
    const patient = app.agent('203.0.113.61')
    const path = await hold(patient, scene)
    const wishes = { starts_at: '2026-11-25T20:00:00Z', service_id: world.foreignIds.services!, source: 'desk' }
    await patient.postForm(path, { ...unasked, ...wishes, ...typed(), status: 'fulfilled' }).expect(303)
    const visits = await app.superuser<Record<string, unknown>>(
      `select a.status, a.source, a.service_id = $2 as "sameService", to_char(a.starts_at at time zone 'Asia/Karachi', 'HH24:MI') as at
       from clinic.appointments a where a.clinic_id = $1`,
      [scene.clinic.id, scene.service.id],
    )
    expect(visits).toEqual([{ status: 'booked', source: 'online', sameService: true, at: '10:00' }])
  })
})
