// Who may go where, for every route there is: a route added tomorrow is in the table, and so in these tests.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import '../src/app.ts'
import { removeMember } from '../src/features/accounts/actions/staff.ts'
import { allowed, roles, scopesAllow, type Permission, type Scope } from '../src/kernel/permissions.ts'
import type { ApiClientId } from '../src/platform/api-tokens.ts'
import { routeTable, type RouteEntry } from '../src/platform/web/routers.ts'
import { startTestApp, stripeSecrets, type TestApp } from './support/app.ts'
import { expired, hire, makePlatformAdmin, signedIn, visiting } from './support/cast.ts'
import { ask, csrfTokenFor, type Agent, type Answer } from './support/http.ts'
import { changedTables, tableStates } from './support/table-states.ts'
import { addressOf, makeWorld, namesARow, type World } from './support/world.ts'

let app: TestApp
beforeAll(async () => {
  // With cards, though nobody answers there.
  app = await startTestApp({ config: { ...stripeSecrets, STRIPE_BASE_URL: 'http://127.0.0.1:1' } })
})
afterAll(() => app.stop())

const people = [
  ...roles,
  'nobody',
  'owner of another clinic',
  'removed member',
  'owner whose session is over',
  'platform admin',
  'platform admin on a support visit',
  'tool with the scope',
  'tool without it',
] as const
type Person = (typeof people)[number]

/** What the clinic's tools were given: one may read what there is to read, the other something else. */
const toolScopes: Partial<Record<Person, Scope[]>> = {
  'tool with the scope': ['appointments.read'],
  'tool without it': ['patients.read'],
}

/** The whole world and whoever is not of its cast: made before anything is counted. */
async function peopledWorld() {
  const world = await makeWorld(app)
  const { here } = world
  const [assistant, accountant, leaver, visitor] = await Promise.all([
    hire(here, 'assistant'),
    hire(here, 'accountant'),
    hire(here, 'owner'),
    makePlatformAdmin(app),
  ])
  const removed = await here.inClinic((ctx) => removeMember(ctx, app.services, leaver.userId))
  if (!removed.ok) throw new Error('nobody could be removed')
  const clientId = world.ids.api as ApiClientId
  const tokens = new Map<Person, string>()
  for (const [tool, scopes] of Object.entries(toolScopes)) {
    tokens.set(tool as Person, await app.services.apiTokens.issue({ clientId, clinicId: here.id, scopes }))
  }
  return {
    ...world,
    assistant,
    accountant,
    leaver,
    onVisit: await visiting(here, visitor.userId),
    tokens,
  }
}
type Peopled = Awaited<ReturnType<typeof peopledWorld>>

async function browserOf(person: Person, world: Peopled): Promise<Agent> {
  const { here, there, adminId } = world
  switch (person) {
    case 'owner':
      return here.as(here.cast.nadia)
    case 'doctor':
      return here.as(here.cast.sana)
    case 'receptionist':
      return here.as(here.cast.bilal)
    case 'assistant':
      return here.as(world.assistant)
    case 'accountant':
      return here.as(world.accountant)
    // Their own account is theirs as before.
    case 'removed member':
      return here.as(world.leaver)
    case 'owner whose session is over':
      return expired(app, here.cast.nadia.userId)
    case 'platform admin on a support visit':
      return world.onVisit
    case 'owner of another clinic':
      return there.as(there.cast.nadia)
    case 'platform admin':
      return signedIn(app, adminId)
    case 'nobody':
    case 'tool with the scope':
    case 'tool without it':
      return app.agent()
  }
}

const toldOf = ({ status, location }: Answer) =>
  status >= 500 ? `${status} ${app.lastError()}` : `${status} ${location}`
type Meaning = 'sign in' | 'forbidden' | 'not there' | 'let in'

const meaningOf = ({ status, location }: Answer): Meaning => {
  if (status === 401 || (status === 303 && location.startsWith('/sign-in'))) return 'sign in'
  if (status === 403) return 'forbidden'
  if (status === 404) return 'not there'
  return 'let in'
}

/** Called by a provider's servers or a clinic's own tools, who prove by a signature or token that it is them. */
const forMachines = ({ door, path }: RouteEntry) =>
  door === 'api' || path.startsWith('/webhooks/') || path === '/oauth/token'

/** The promise of DESIGN.md section 6 and of `kernel/permissions`, as one function. */
function expectedFor(route: RouteEntry, person: Person): Meaning {
  const { door, access } = route
  if (route.path === '/oauth/token') return 'let in'
  const scopes = toolScopes[person]
  if (door === 'api') return !scopes ? 'sign in' : scopesAllow(scopes, access as Permission) ? 'let in' : 'forbidden'
  if (forMachines(route)) return route.method === 'get' ? 'forbidden' : 'sign in'
  if (door === 'public' || door === 'patient') return 'let in'
  // A token opens the API and nothing else.
  if (person === 'nobody' || person === 'owner whose session is over' || scopes) return 'sign in'
  if (door === 'account') return 'let in'
  if (door === 'operator') {
    return isAdmin(person) && allowed('platform_admin', access as Permission) ? 'let in' : 'not there'
  }
  if (person === 'platform admin on a support visit') {
    return route.method === 'get' && allowed('support', access as Permission) ? 'let in' : 'forbidden'
  }
  const role = roleOf(person)
  if (role === undefined) return 'not there'
  return allowed(role, access as Permission) ? 'let in' : 'forbidden'
}

const isAdmin = (person: Person) => person === 'platform admin' || person === 'platform admin on a support visit'
const roleOf = (person: Person) => roles.find((role) => role === person)

function send(browser: Agent, route: RouteEntry, path: string, token?: string): Promise<Answer> {
  const headers: Record<string, string> = token === undefined ? {} : { Authorization: `Bearer ${token}` }
  if (route.method === 'get') return ask(app.origin, browser, 'GET', path, { headers })
  // An empty form, except where the button pressed is all there is to it.
  const pressed: Record<string, string> = path.endsWith('/position') ? { move: 'up' } : {}
  const body = new URLSearchParams({ _csrf: browser.csrfToken(), ...pressed }).toString()
  return ask(app.origin, browser, 'POST', path, { body, headers })
}

const everyRow = () => tableStates(app)

const named = (route: RouteEntry) => [`${route.method.toUpperCase()} ${route.path} (${route.access})`, route] as const
const reading = routeTable.filter(({ method }) => method === 'get').map(named)
const writing = routeTable.filter(({ method }) => method === 'post').map(named)
// Machines post these: they carry a signature instead of a form's token.
const forms = writing.filter(([, route]) => !forMachines(route))

describe('the table of routes', () => {
  it('has every route the application answers', () => {
    type Layer = { route?: { path: string; methods: Record<string, boolean> }; handle: { stack?: Layer[] } }
    const walk = (layers: Layer[]): string[] =>
      layers.flatMap(({ route, handle }) =>
        route ? Object.keys(route.methods).map((method) => `${method} ${route.path}`) : walk(handle.stack ?? []),
      )
    const answered = walk((app.app.router as unknown as { stack: Layer[] }).stack)
    const listed = routeTable.map(({ method, path }) => `${method} ${path}`)
    expect(answered.filter((route) => !listed.includes(route)).sort()).toEqual([
      'get /healthz',
      'get /metrics',
      'get /readyz',
    ])
    expect(new Set(listed).size).toBe(listed.length)
  })

  it('says public only outside the workspace and the console', () => {
    expect(
      routeTable.filter(({ door, access }) => (access === 'public') !== (door === 'public' || door === 'patient')),
    ).toEqual([])
  })
})

/** Patients may ask who looked at their record: a look at it leaves an entry in the log, and nothing else. */
const lookIsNoted = new Set(['/app/:slug/patients/:id', '/app/:slug/settings/privacy/requests/:request'])

const ofThisClinic = (person: Person) => person !== 'owner of another clinic' && person !== 'platform admin'
/** As `makePatient` names them. */
const aPatient = 'Ayesha Patient'

type Case = { what: string; path: string; expected: Meaning }

/** What a person may try with a route: rows that exist and, for who is let in, rows that are nobody's or another's. */
function casesFor(route: RouteEntry, person: Person, { here, ids, foreignIds }: World): Case[] {
  const expected = expectedFor(route, person)
  const nowhere = addressOf(route, here.slug, undefined)
  const existing = addressOf(route, here.slug, ids) ?? (expected === 'let in' ? undefined : nowhere)
  const cases = [{ what: 'what exists', path: existing, expected }]
  if (expected === 'let in' && namesARow(route)) {
    cases.unshift({ what: 'what nobody has', path: nowhere, expected: 'not there' })
    // An operator's rows are every clinic's.
    const ownOnly = route.door !== 'public' && route.door !== 'operator'
    const theirs = !ownOnly ? undefined : addressOf(route, here.slug, foreignIds)
    cases.unshift({ what: 'what another clinic has', path: theirs, expected: 'not there' })
  }
  return cases.filter((one): one is Case => one.path !== undefined)
}

describe('looking at a page', () => {
  let world: Peopled
  let traces: string[]
  const browsers = new Map<Person, Agent>()
  beforeAll(async () => {
    world = await peopledWorld()
    traces = [world.there.slug, world.there.id, ...Object.values(world.foreignIds)]
    for (const person of people) browsers.set(person, await browserOf(person, world))
  })

  async function look(route: RouteEntry, person: Person): Promise<string[]> {
    const wrong: string[] = []
    for (const { what, path, expected } of casesFor(route, person, world)) {
      const answer = await send(browsers.get(person)!, route, path, world.tokens.get(person))
      // Of one's own there may be nothing to see.
      const nothing = route.door === 'account' && answer.status === 404
      if (answer.status >= 500 || (meaningOf(answer) !== expected && !nothing)) {
        wrong.push(`${person} sees ${what}: ${toldOf(answer)}, should be ${expected}`)
      }
      // The other clinic has the same people, services and times: nothing of its may be on any page of this one.
      if (what === 'what exists' && ofThisClinic(person) && route.door !== 'operator') {
        const leaked = traces.filter((trace) => answer.text.includes(trace))
        if (leaked.length > 0) wrong.push(`${person} sees of another clinic: ${leaked.join(', ')}`)
      }
      if (person === 'accountant' && route.door === 'clinic' && answer.text.includes(aPatient)) {
        wrong.push(`${person} sees a patient`)
      }
    }
    return wrong
  }

  async function looked(before: Record<string, string>, noted: boolean) {
    const after = await everyRow()
    if (noted) {
      delete before['clinic.audit_entries']
      delete after['clinic.audit_entries']
    }
    expect(after).toEqual(before)
  }

  it.each(reading)('%s: to each what is theirs, and nothing changes', async (_name, route) => {
    // Whatever somebody of the platform looks at stands in the clinic's log: that is what the visit was allowed for.
    const visitor = 'platform admin on a support visit'
    const apart = route.door === 'clinic'
    const before = await everyRow()
    const wrong: string[] = []
    for (const person of people) if (person !== visitor || !apart) wrong.push(...(await look(route, person)))
    expect(wrong).toEqual([])
    await looked(before, lookIsNoted.has(route.path))
    if (!apart) return
    const between = await everyRow()
    expect(await look(route, visitor)).toEqual([])
    await looked(between, true)
  })
})

describe('posting a form', () => {
  // Made anew only once somebody changed something: most empty forms are refused by their own page.
  let untouched: Peopled | undefined

  it.each(writing)('%s: only who may, and nothing happens for the others', async (_name, route) => {
    const world = untouched ?? (await peopledWorld())
    untouched = undefined
    const wrong: string[] = []
    let taken = false
    // Anybody's form may send people on, or say no for reasons of its own.
    const forAnybody = route.access === 'public' || route.access === 'signed_in'

    const fits = ({ status }: Answer, meaning: Meaning, expected: Meaning, person: Person) => {
      if (status >= 500) return false
      if (meaning === expected) return true
      // A form is looked at before the row it is about, so an empty one may be refused first.
      if (expected === 'not there') return status === 422 && expectedFor(route, person) === 'let in'
      if (expected !== 'let in') return false
      // Somebody before may have removed the row; and what was not taken away can't be brought back.
      return forAnybody || (meaning === 'not there' && (taken || route.path.endsWith('/undo')))
    }
    const post = async (person: Person, { what, path, expected }: Case) => {
      const answer = await send(await browserOf(person, world), route, path, world.tokens.get(person))
      const told = `${person} posts to ${what}: ${toldOf(answer)}`
      if (!fits(answer, meaningOf(answer), expected, person)) wrong.push(`${told}, should be ${expected}`)
      return told
    }

    // Who may comes last: removing a colleague works. The others all at once, and one look at what they did.
    const mayNot = people.filter((person) => expectedFor(route, person) !== 'let in')
    const may = people.filter((person) => !mayNot.includes(person))
    const first = await everyRow()
    let before = first
    const unchanged = async (told: string) => {
      const after = await everyRow()
      const changed = changedTables(before, after)
      if (changed.length > 0) wrong.push(`${told}, and changed ${changed.join(', ')}`)
      before = after
    }
    const refused = mayNot.flatMap((person) => casesFor(route, person, world).map((one) => post(person, one)))
    await unchanged((await Promise.all(refused)).join('; '))
    for (const person of may) {
      for (const one of casesFor(route, person, world)) {
        const told = await post(person, one)
        if (one.expected === 'let in') before = await everyRow()
        else await unchanged(told)
      }
      taken = true
    }
    expect(wrong).toEqual([])
    if (Object.keys(first).every((table) => first[table] === before[table])) untouched = world
  })
})

describe('a forged form', () => {
  let world: Peopled
  const forger = (route: RouteEntry) => (route.door === 'operator' ? 'platform admin' : 'owner')
  beforeAll(async () => {
    world = await peopledWorld()
  })

  it.each(forms)('V3.5.1: %s: not without the token of this browser, nor from another site', async (_name, route) => {
    const browser = await browserOf(forger(route), world)
    const path = addressOf(route, world.here.slug, world.ids) ?? addressOf(route, world.here.slug, undefined)!
    const before = await everyRow()
    for (const forged of ['nothing', 'a stranger’s token', 'another site', 'another site by its own word'] as const) {
      const token =
        forged === 'nothing' ? '' : forged === 'a stranger’s token' ? csrfTokenFor('stranger') : browser.csrfToken()
      browser.csrfToken()
      const headers: Record<string, string> =
        forged === 'another site'
          ? { Origin: 'https://evil.test' }
          : forged === 'another site by its own word'
            ? { 'Sec-Fetch-Site': 'cross-site' }
            : {}
      const answer = await ask(app.origin, browser, 'POST', path, {
        body: new URLSearchParams({ _csrf: token }).toString(),
        headers,
      })
      expect({ forged, status: answer.status }).toEqual({ forged, status: 403 })
    }
    expect(await everyRow()).toEqual(before)
  })
})
