// Who may go where, for every route there is: a route added tomorrow is in the table, and so in these tests.
import { randomBytes } from 'node:crypto'
import { request as httpRequest } from 'node:http'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import '../src/app.ts'
import { newId } from '../src/kernel/ids.ts'
import { allowed, roles, type Permission } from '../src/kernel/permissions.ts'
import { minutes } from '../src/kernel/time.ts'
import { registerLink } from '../src/platform/links.ts'
import { routeTable, type RouteEntry } from '../src/platform/web/routers.ts'
import { startTestApp, type TestApp } from './support/app.ts'
import { makeClinic, makePlatformAdmin, signedIn, type TestClinic } from './support/cast.ts'
import { makeAppointment, makeBookable, makePatient } from './support/factories.ts'
import { csrfTokenFor, type Agent } from './support/http.ts'

let app: TestApp
beforeAll(async () => {
  app = await startTestApp()
})
afterAll(() => app.stop())

const people = [...roles, 'nobody', 'owner of another clinic', 'platform admin'] as const
type Person = (typeof people)[number]

/** A clinic in which every kind of row that an address may name exists, and the same at Omar's. */
type World = { here: TestClinic; there: TestClinic; ids: Ids; foreignIds: Ids; adminId: Parameters<typeof signedIn>[1] }
type Ids = Record<string, string>

async function makeWorld(): Promise<World> {
  const [here, there, admin] = await Promise.all([makeClinic(app), makeClinic(app), makePlatformAdmin(app)])
  const [ids, foreignIds] = await Promise.all([furnish(here), furnish(there)])
  return { here, there, ids, foreignIds, adminId: admin.userId }
}

/** Ids by the word that stands before them in an address. */
async function furnish(clinic: TestClinic): Promise<Ids> {
  const { service, locationId, practitionerId } = await makeBookable(clinic)
  const patient = await makePatient(clinic)
  const visit = await makeAppointment(clinic, { service, locationId, patientId: patient.id, at: '16:00' })
  const token = await clinic.inClinic((ctx) => registerLink(ctx, visit.id, 1, visit.endsAt.add(minutes(1440))))
  const [shift] = await app.superuser<{ id: string }>('select id from clinic.shifts where clinic_id = $1', [clinic.id])
  const closureId = newId()
  await app.superuser(
    `insert into clinic.closures (clinic_id, id, starts_at, ends_at, reason, created_at)
     values ($1, $2, '2027-01-01T00:00Z', '2027-01-02T00:00Z', 'New year', now())`,
    [clinic.id, closureId],
  )
  const invitationId = newId()
  await app.superuser(
    `insert into platform.invitations (id, clinic_id, email, role, language, token_hash, invited_by, created_at, expires_at)
     values ($1, $2, 'new@shifa.test', 'receptionist', 'en', $5, $3, $4, $4::timestamptz + interval '7 days')`,
    [invitationId, clinic.id, clinic.cast.nadia.userId, app.clock.now().toString(), randomBytes(32)],
  )
  return {
    appointments: visit.id,
    visits: visit.id,
    patients: patient.id,
    services: service.id,
    locations: locationId,
    practitioners: practitionerId,
    doctors: practitionerId,
    shifts: shift!.id,
    closures: closureId,
    invitations: invitationId,
    staff: clinic.cast.bilal.userId,
    people: clinic.cast.bilal.userId,
    a: token,
  }
}

/** The address with its parameters filled in; `ids` undefined means ids nobody has. Undefined when one is not known. */
function addressOf(route: RouteEntry, slug: string, ids: Ids | undefined): string | undefined {
  let unknown = false
  const path = route.path
    .split('/')
    .map((part, at, parts) => {
      if (!part.startsWith(':')) return part
      if (part === ':slug') return slug
      if (ids === undefined) return newId()
      const id = ids[parts[at - 1] ?? '']
      unknown ||= id === undefined
      return id ?? ''
    })
    .join('/')
  return unknown ? undefined : path
}

const namesARow = (route: RouteEntry) => /:(?!slug\b)/.test(route.path)

async function browserOf(person: Person, { here, there, adminId }: World): Promise<Agent> {
  switch (person) {
    case 'owner':
      return here.as(here.cast.nadia)
    case 'doctor':
      return here.as(here.cast.sana)
    case 'receptionist':
      return here.as(here.cast.bilal)
    case 'owner of another clinic':
      return there.as(there.cast.nadia)
    case 'platform admin':
      return signedIn(app, adminId)
    case 'nobody':
      return app.agent()
  }
}

type Answer = { status: number; location: string }
type Meaning = 'sign in' | 'forbidden' | 'not there' | 'let in'

const meaningOf = ({ status, location }: Answer): Meaning => {
  if (status === 401 || (status === 303 && location.startsWith('/sign-in'))) return 'sign in'
  if (status === 403) return 'forbidden'
  if (status === 404) return 'not there'
  return 'let in'
}

/** Called by a provider's servers, who prove by a signature that it is them: of people they let in nobody. */
const forMachines = ({ path }: RouteEntry) => path.startsWith('/webhooks/')

/** The promise of DESIGN.md section 6 and of `kernel/permissions`, as one function. */
function expectedFor(route: RouteEntry, person: Person): Meaning {
  const { door, access } = route
  if (forMachines(route)) return route.method === 'get' ? 'forbidden' : 'sign in'
  if (door === 'public' || door === 'patient') return 'let in'
  if (person === 'nobody') return 'sign in'
  if (door === 'account') return 'let in'
  if (door === 'operator') {
    return person === 'platform admin' && allowed('platform_admin', access as Permission) ? 'let in' : 'not there'
  }
  if (person === 'owner of another clinic' || person === 'platform admin') return 'not there'
  return allowed(person, access as Permission) ? 'let in' : 'forbidden'
}

/** Asks without waiting for the end of what has none: an event stream is left as soon as it begins. */
function ask(
  browser: Agent,
  method: string,
  path: string,
  options: { body?: string; headers?: Record<string, string> } = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(
      app.origin + path,
      {
        method,
        agent: false,
        headers: {
          'X-Forwarded-Proto': 'https',
          Cookie: [...browser.cookies].map(([name, value]) => `${name}=${value}`).join('; '),
          ...(options.body === undefined ? {} : { 'Content-Type': 'application/x-www-form-urlencoded' }),
          ...options.headers,
        },
      },
      (response) => {
        const answer = { status: response.statusCode ?? 0, location: response.headers.location ?? '' }
        if (response.headers['content-type']?.startsWith('text/event-stream')) response.destroy()
        response.resume()
        response.once('close', () => resolve(answer))
      },
    )
    request.once('error', reject)
    request.end(options.body)
  })
}

function send(browser: Agent, route: RouteEntry, path: string): Promise<Answer> {
  if (route.method === 'get') return ask(browser, 'GET', path)
  return ask(browser, 'POST', path, { body: new URLSearchParams({ _csrf: browser.csrfToken() }).toString() })
}

/** A digest of every row of every table, but for what counts requests and remembers browsers. */
async function everyRow(): Promise<Record<string, string>> {
  const tables = await app.superuser<{ name: string }>(`
    select n.nspname || '.' || c.relname as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where n.nspname in ('clinic', 'platform') and c.relkind = 'r' and c.relname not in ('throttles', 'sessions') order by 1`)
  const [row] = await app.superuser<Record<string, string>>(
    'select ' +
      tables
        .map(
          ({ name }) =>
            `(select md5(coalesce(string_agg(t::text, '|' order by t::text), '')) from ${name} t) as "${name}"`,
        )
        .join(', '),
  )
  return row!
}

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
    expect(answered.filter((route) => !listed.includes(route)).sort()).toEqual(['get /healthz', 'get /readyz'])
    expect(new Set(listed).size).toBe(listed.length)
  })

  it('says public only outside the workspace and the console', () => {
    expect(
      routeTable.filter(({ door, access }) => (access === 'public') !== (door === 'public' || door === 'patient')),
    ).toEqual([])
  })
})

describe.runIf(reading.length > 0)('looking at a page', () => {
  let world: World
  beforeAll(async () => {
    world = await makeWorld()
  })

  it.each(reading)('%s: to each what is theirs, and nothing changes', async (_name, route) => {
    const before = await everyRow()
    const wrong: string[] = []
    const see = async (what: string, person: Person, path: string | undefined, expected: Meaning[]) => {
      if (path === undefined) return
      const answer = await send(await browserOf(person, world), route, path)
      const meaning = meaningOf(answer)
      if (answer.status >= 500 || !expected.includes(meaning))
        wrong.push(`${person} sees ${what}: ${answer.status} ${answer.location}, should be ${expected.join(' or ')}`)
    }
    const row = namesARow(route)
    for (const person of people) {
      const expected = expectedFor(route, person)
      await see('what exists', person, addressOf(route, world.here.slug, world.ids), [expected])
      const missing: Meaning[] = expected === 'let in' && row ? ['not there'] : [expected]
      await see('what nobody has', person, addressOf(route, world.here.slug, undefined), missing)
      if (route.door !== 'public')
        await see('what another clinic has', person, addressOf(route, world.here.slug, world.foreignIds), missing)
    }
    expect(wrong).toEqual([])
    expect(await everyRow()).toEqual(before)
  })
})

describe.runIf(writing.length > 0)('posting a form', () => {
  it.each(writing)('%s: only who may, and nothing happens for the others', async (_name, route) => {
    const world = await makeWorld()
    const wrong: string[] = []
    const attempt = async (what: string, person: Person, path: string | undefined, expected: Meaning[]) => {
      if (path === undefined) return
      const before = await everyRow()
      const answer = await send(await browserOf(person, world), route, path)
      const meaning = meaningOf(answer)
      const told = `${person} posts to ${what}: ${answer.status} ${answer.location}`
      // A form is looked at before the row it is about, so an empty one may be refused first.
      if (
        answer.status >= 500 ||
        !(
          expected.includes(meaning) ||
          (expected[0] === 'not there' && answer.status === 422 && expectedFor(route, person) === 'let in')
        )
      ) {
        wrong.push(`${told}, should be ${expected.join(' or ')}`)
      }
      if (expected[0] !== 'let in') {
        const after = await everyRow()
        const changed = Object.keys(after).filter((table) => after[table] !== before[table])
        if (changed.length > 0) wrong.push(`${told}, and changed ${changed.join(', ')}`)
      }
    }
    const row = namesARow(route)
    // Who may comes last: removing a colleague works.
    const inOrder = [...people].sort(
      (a, b) => Number(expectedFor(route, a) === 'let in') - Number(expectedFor(route, b) === 'let in'),
    )
    let taken = false
    for (const person of inOrder) {
      const expected = expectedFor(route, person)
      const missing: Meaning[] = expected === 'let in' && row ? ['not there'] : [expected]
      // Anybody's form may lead to signing in or say no for reasons of its own.
      const open: Meaning[] =
        route.access === 'public' || route.access === 'signed_in'
          ? ['let in', 'sign in', 'forbidden', 'not there']
          : ['let in']
      if (route.door !== 'public') {
        await attempt('what another clinic has', person, addressOf(route, world.here.slug, world.foreignIds), missing)
      }
      await attempt(
        'what nobody has',
        person,
        addressOf(route, world.here.slug, undefined),
        row || expected !== 'let in' ? missing : open,
      )
      await attempt(
        'what exists',
        person,
        addressOf(route, world.here.slug, world.ids),
        expected === 'let in' ? [...open, ...(taken ? (['not there'] as const) : [])] : [expected],
      )
      // The first of them may have removed it.
      taken ||= expected === 'let in'
    }
    expect(wrong).toEqual([])
  })

  it.each(forms)('V3.5.1: %s: not without the token of this browser, nor from another site', async (_name, route) => {
    const world = await makeWorld()
    const path = addressOf(route, world.here.slug, world.ids) ?? addressOf(route, world.here.slug, undefined)!
    const before = await everyRow()
    const person: Person = route.door === 'operator' ? 'platform admin' : 'owner'
    for (const forged of ['nothing', 'a stranger’s token', 'another site', 'another site by its own word'] as const) {
      const browser = await browserOf(person, world)
      const token =
        forged === 'nothing' ? '' : forged === 'a stranger’s token' ? csrfTokenFor('stranger') : browser.csrfToken()
      browser.csrfToken()
      const headers: Record<string, string> =
        forged === 'another site'
          ? { Origin: 'https://evil.test' }
          : forged === 'another site by its own word'
            ? { 'Sec-Fetch-Site': 'cross-site' }
            : {}
      const answer = await ask(browser, 'POST', path, {
        body: new URLSearchParams({ _csrf: token }).toString(),
        headers,
      })
      expect({ forged, status: answer.status }).toEqual({ forged, status: 403 })
    }
    expect(await everyRow()).toEqual(before)
  })
})
