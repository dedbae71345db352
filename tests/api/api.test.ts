// A clinic's own tools: RFC 6749 client credentials, RFC 9068 tokens, and answers that are what their description says.
import { Ajv2020 } from 'ajv/dist/2020.js'
import formats from 'ajv-formats'
import { SignJWT, generateKeyPair, importJWK, jwtVerify, type JWK } from 'jose'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import '../../src/app.ts'
import { createClient } from '../../src/features/api/actions.ts'
import type { Scope } from '../../src/kernel/permissions.ts'
import { routeTable } from '../../src/platform/web/routers.ts'
import { startTestApp, type TestApp } from '../support/app.ts'
import { makeClinic, type TestClinic } from '../support/cast.ts'
import { makeAppointment, makeBookable, makePatient } from '../support/factories.ts'
import { ask } from '../support/http.ts'

let app: TestApp
let here: TestClinic
let there: TestClinic
beforeAll(async () => {
  app = await startTestApp()
  here = await makeClinic(app)
  there = await makeClinic(app)
  for (const clinic of [here, there]) {
    const setup = await makeBookable(clinic)
    const patient = await makePatient(clinic, { name: `Canary of ${clinic.slug}` })
    for (let i = 0; i < 5; i++) {
      await makeAppointment(clinic, {
        ...setup,
        patientId: patient.id,
        startsAt: app.clock.now().add({ hours: 24 + i }),
      })
    }
  }
})
afterAll(() => app.stop())

type Key = { id: string; secret: string }
async function keyFor(clinic: TestClinic, scopes: Scope[] = ['appointments.read', 'patients.read']): Promise<Key> {
  // As an owner who ends what is no longer used.
  await app.superuser(
    `delete from platform.api_clients where id in (
       select id from platform.api_clients where clinic_id = $1 order by id desc offset 12)`,
    [clinic.id],
  )
  const made = await clinic.inClinic((ctx) => createClient(ctx, { name: 'Till', scopes }))
  if (!made.ok) throw new Error(made.reason)
  return made.value
}

const basic = ({ id, secret }: Key) => `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`
function askToken(body: Record<string, string>, authorization?: string) {
  return fetch(`${app.origin}/oauth/token`, {
    method: 'POST',
    body: new URLSearchParams(body),
    headers: authorization === undefined ? {} : { authorization },
  })
}
async function tokenFor(key: Key, scope?: string): Promise<string> {
  const answer = await askToken({ grant_type: 'client_credentials', ...(scope ? { scope } : {}) }, basic(key))
  expect(answer.status).toBe(200)
  return ((await answer.json()) as { access_token: string }).access_token
}
const get = (path: string, token?: string) =>
  fetch(`${app.origin}${path}`, token === undefined ? {} : { headers: { authorization: `Bearer ${token}` } })
const span = () => {
  const now = app.clock.now()
  return `from=${now.toString()}&to=${now.add({ hours: 48 }).toString()}`
}
const list = (token?: string, more = '') => get(`/api/v1/appointments?${span()}${more}`, token)
type Listed = {
  data: { id: string; patient: { id: string; name?: string; phone?: string } | null }[]
  next: string | null
}
const listed = async (token: string, more = '') => (await (await list(token, more)).json()) as Listed

type Description = {
  paths: Record<
    string,
    Record<string, { responses: Record<string, { content?: Record<string, { schema: { $ref: string } }> }> }>
  >
}

/** Whether an answer is what the served description says it is, by a validator that is not ours. */
async function expectDescribed(answer: Response, path: string, method: 'get' | 'post'): Promise<void> {
  const description = (await (await get('/api/v1/openapi.json')).json()) as Description
  const ajv = new Ajv2020({ strict: false, allErrors: true })
  formats.default(ajv)
  ajv.addSchema(description, 'api')
  const content = description.paths[path]?.[method]?.responses[String(answer.status)]?.content
  const [[type, { schema }] = ['', { schema: { $ref: '' } }]] = Object.entries(content ?? {})
  expect(answer.headers.get('content-type')).toContain(type)
  const validate = ajv.getSchema(`api${schema.$ref}`)
  expect(validate?.(await answer.clone().json()), JSON.stringify(validate?.errors)).toBe(true)
}

describe('a token', () => {
  it('is given for a key, by header or body, for all its scopes or fewer', async () => {
    const key = await keyFor(here)
    const byHeader = await askToken({ grant_type: 'client_credentials' }, basic(key))
    expect(byHeader.headers.get('cache-control')).toBe('no-store')
    await expectDescribed(byHeader, '/oauth/token', 'post')
    expect(await byHeader.json()).toMatchObject({
      token_type: 'Bearer',
      expires_in: 600,
      scope: 'appointments.read patients.read',
    })
    const asked = {
      grant_type: 'client_credentials',
      scope: 'appointments.read',
      client_id: key.id,
      client_secret: key.secret,
    }
    expect(await (await askToken(asked)).json()).toMatchObject({ scope: 'appointments.read' })
  })

  it.each([
    ['another grant', { grant_type: 'password' }, 'key', 400, 'unsupported_grant_type'],
    ['no grant', {}, 'key', 400, 'invalid_request'],
    ['a scope there is not', { scope: 'everything' }, 'key', 400, 'invalid_scope'],
    ['a scope the key has not', { scope: 'patients.read' }, 'key', 400, 'invalid_scope'],
    ['another secret', {}, 'wrong', 401, 'invalid_client'],
    ['no secret', {}, 'none', 401, 'invalid_client'],
    ['an empty secret', {}, 'empty', 401, 'invalid_client'],
    ['a key there is not', {}, 'unknown', 401, 'invalid_client'],
    ['what is no key', {}, 'garbage', 401, 'invalid_client'],
  ])('is not given for %s', async (what, fields, credentials, status, error) => {
    const key = await keyFor(here, ['appointments.read'])
    const header = {
      key: basic(key),
      wrong: basic({ ...key, secret: `${key.secret}x` }),
      none: undefined,
      empty: basic({ ...key, secret: '' }),
      unknown: basic({ ...key, id: '01a1fd3d-c261-77a3-a2b6-e02032031cc3' }),
      garbage: 'Basic %%%',
    }[credentials]
    const grant = what === 'no grant' ? {} : { grant_type: 'client_credentials' }
    const answer = await askToken({ ...grant, ...fields }, header)
    expect([answer.status, await answer.json()]).toEqual([status, { error }])
  })

  it('tells a tool to wait that guesses, and nobody else', async () => {
    const key = await keyFor(here)
    const guess = { ...key, secret: 'guess' }
    let answer = await askToken({ grant_type: 'client_credentials' }, basic(guess))
    for (let i = 0; i < 60 && answer.status === 401; i++)
      answer = await askToken({ grant_type: 'client_credentials' }, basic(guess))
    expect(answer.status).toBe(429)
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0)
    app.clock.advance({ minutes: 16 })
    await tokenFor(key)
  })

  it('can be checked by whoever has the published key', async () => {
    const token = await tokenFor(await keyFor(here))
    const { keys } = (await (await get('/.well-known/jwks.json')).json()) as { keys: JWK[] }
    const { payload, protectedHeader } = await jwtVerify(token, await importJWK(keys[0]!, 'EdDSA'), {
      currentDate: new Date(app.clock.now().epochMilliseconds),
    })
    expect(protectedHeader).toEqual({ alg: 'EdDSA', typ: 'at+jwt' })
    expect(payload).toMatchObject({ clinic: here.id, aud: `${app.services.config.baseUrl}/api` })
    expect(JSON.stringify(keys)).not.toContain('"d"')
  })

  it('is refused a second after its ten minutes, altered, unsigned, or signed by another', async () => {
    const key = await keyFor(here)
    const token = await tokenFor(key)
    expect((await list(token)).status).toBe(200)
    const [head, body, signature] = token.split('.') as [string, string, string]
    const claims = JSON.parse(Buffer.from(body, 'base64url').toString()) as Record<string, unknown>
    const encoded = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
    const { privateKey } = await generateKeyPair('EdDSA')
    const forged = await new SignJWT({ ...claims, clinic: there.id })
      .setProtectedHeader({ alg: 'EdDSA', typ: 'at+jwt' })
      .sign(privateKey)
    const tries = {
      altered: [head, encoded({ ...claims, clinic: there.id }), signature].join('.'),
      unsigned: [encoded({ alg: 'none', typ: 'at+jwt' }), body, ''].join('.'),
      'by the public key': [encoded({ alg: 'HS256', typ: 'at+jwt' }), body, signature].join('.'),
      forged,
      nothing: 'x',
    }
    for (const [what, one] of Object.entries(tries)) expect([what, (await list(one)).status]).toEqual([what, 401])
    app.clock.advance({ minutes: 9, seconds: 59 })
    expect((await list(token)).status).toBe(200)
    app.clock.advance({ seconds: 1 })
    const late = await list(token)
    expect([late.status, late.headers.get('www-authenticate')]).toEqual([
      401,
      'Bearer realm="nabz", error="invalid_token"',
    ])
    await expectDescribed(late, '/api/v1/appointments', 'get')
  })

  it('is refused from the very request on in which its key was ended', async () => {
    const key = await keyFor(here)
    const token = await tokenFor(key)
    const nadia = await here.as(here.cast.nadia)
    const path = `/app/${here.slug}/settings/api/${key.id}/revocation`
    const body = new URLSearchParams({ _csrf: nadia.csrfToken() }).toString()
    expect((await ask(app.origin, nadia, 'POST', path, { body })).status).toBe(303)
    expect((await list(token)).status).toBe(401)
    expect((await askToken({ grant_type: 'client_credentials' }, basic(key))).status).toBe(401)
  })

  it('keeps nothing that opens anything in the database', async () => {
    const key = await keyFor(here)
    const token = await tokenFor(key)
    const [row] = await app.superuser<{ text: string }>(
      'select c::text as text from platform.api_clients c where id = $1',
      [key.id],
    )
    for (const canary of [key.secret, token]) {
      expect(row?.text).not.toContain(canary)
      expect(app.logLines.join('\n')).not.toContain(canary)
    }
  })
})

describe('what a tool reads', () => {
  it('is its own clinic’s visits, as described, page by page', async () => {
    const token = await tokenFor(await keyFor(here))
    const whole = await list(token)
    await expectDescribed(whole, '/api/v1/appointments', 'get')
    const all = (await whole.json()) as Listed & { timeZone: string }
    expect([all.data.length, all.next, all.timeZone]).toEqual([5, null, 'Asia/Karachi'])
    expect(all.data[0]?.patient).toMatchObject({
      name: `Canary of ${here.slug}`,
      phone: expect.stringMatching(/^\+/) as string,
    })
    expect(JSON.stringify(all)).not.toContain(there.slug)

    const pages: string[][] = []
    let after: string | null = null
    do {
      const page: Listed = await listed(token, `&limit=2${after === null ? '' : `&after=${after}`}`)
      pages.push(page.data.map(({ id }) => id))
      after = page.next
    } while (after !== null)
    expect(pages.map(({ length }) => length)).toEqual([2, 2, 1])
    expect(pages.flat()).toEqual(all.data.map(({ id }) => id))
  })

  it('names nobody without the scope, and nobody whose data is restricted', async () => {
    const without = await listed(await tokenFor(await keyFor(here, ['appointments.read'])))
    expect(JSON.stringify(without)).not.toContain('Canary')
    expect(Object.keys(without.data[0]?.patient ?? {})).toEqual(['id'])
    const token = await tokenFor(await keyFor(here))
    await app.superuser('update clinic.patients set restricted_at = now() where clinic_id = $1', [here.id])
    expect((await listed(token)).data.map(({ patient }) => patient)).toEqual([null, null, null, null, null])
    await app.superuser('update clinic.patients set restricted_at = null where clinic_id = $1', [here.id])
  })

  it('stands in the clinic’s log when there were names in it', async () => {
    const key = await keyFor(here)
    await listed(await tokenFor(key))
    await listed(await tokenFor(key, 'appointments.read'))
    const entries = await app.superuser(
      `select actor_kind as kind, actor_id as id, details->>'count' as count from clinic.audit_entries
       where clinic_id = $1 and action = 'api.patients_read' and record_id = $2`,
      [here.id, key.id],
    )
    expect(entries).toEqual([{ kind: 'api', id: key.id, count: '5' }])
  })

  it.each([
    ['from=x&to=y', 'from: must be'],
    ['from=2027-01-01T00:00:00Z', 'to:'],
    ['from=2027-01-02T00:00:00Z&to=2027-01-01T00:00:00Z', 'to: must be later'],
    ['from=2027-01-01T00:00:00Z&to=2027-06-01T00:00:00Z', 'to: must be at most'],
    ['from=2027-01-01T00:00:00Z&to=2027-01-02T00:00:00Z&limit=0', 'limit: must be'],
    ['from=2027-01-01T00:00:00Z&to=2027-01-02T00:00:00Z&limit=201', 'limit: must be'],
    ['from=2027-01-01T00:00:00Z&to=2027-01-02T00:00:00Z&after=x', 'after: must be'],
    ['from=2027-01-01T00:00:00Z&from=2027-01-01T00:00:00Z&to=2027-01-02T00:00:00Z', 'from:'],
    ['from=2027-01-01T00:00:00Z&to=2027-01-02T00:00:00Z&clinic=other', 'clinic'],
  ])('is refused for %s', async (query, says) => {
    const answer = await get(`/api/v1/appointments?${query}`, await tokenFor(await keyFor(here)))
    await expectDescribed(answer, '/api/v1/appointments', 'get')
    expect(answer.status).toBe(422)
    expect(((await answer.json()) as { detail: string }).detail).toContain(says)
  })

  it('ends when the clinic is closed, and goes on while it can only be read', async () => {
    const token = await tokenFor(await keyFor(there))
    for (const [status, expected] of [
      ['read_only', 200],
      ['suspended', 403],
      ['locked', 403],
      ['active', 200],
    ] as const) {
      await app.superuser('update platform.clinics set status = $2 where id = $1', [there.id, status])
      expect([status, (await list(token)).status]).toEqual([status, expected])
    }
  })
})

describe('every route', () => {
  const reading = routeTable.filter(({ method }) => method === 'get')
  it.each(reading.filter(({ door }) => door === 'api').map((route) => [route.path, route] as const))(
    '%s wants a token with a scope for it',
    async (path, { access }) => {
      const none = await get(path)
      expect([none.status, none.headers.get('content-type')]).toEqual([401, 'application/problem+json; charset=utf-8'])
      expect(none.headers.get('www-authenticate')).toBe('Bearer realm="nabz"')
      const withoutScope = await tokenFor(
        await keyFor(here, [access === 'today.see' ? 'patients.read' : 'appointments.read']),
      )
      expect((await get(path, withoutScope)).status).toBe(403)
      expect((await get(path, await tokenFor(await keyFor(here)))).status).not.toBeOneOf([401, 403, 404, 500])
    },
  )

  it('of people takes no token for a session', async () => {
    const token = await tokenFor(await keyFor(here))
    for (const { path, door } of reading.filter((route) => ['clinic', 'account', 'operator'].includes(route.door))) {
      const address = path.replace(':slug', here.slug).replace(/:\w+/g, '01a1fd3d-c261-77a3-a2b6-e02032031cc3')
      const answer = await fetch(app.origin + address, {
        redirect: 'manual',
        headers: { authorization: `Bearer ${token}` },
      })
      expect([door, address, answer.status === 303 || answer.status === 401]).toEqual([door, address, true])
    }
  })

  it('of tools takes no session for a token', async () => {
    const nadia = await here.as(here.cast.nadia)
    expect((await ask(app.origin, nadia, 'GET', `/api/v1/appointments?${span()}`)).status).toBe(401)
  })
})

describe('the page of keys', () => {
  it('shows a secret once, says what is missing, and keeps what was typed', async () => {
    const clinic = await makeClinic(app)
    const nadia = await clinic.as(clinic.cast.nadia)
    const page = `/app/${clinic.slug}/settings/api`
    const post = (fields: Record<string, string>) =>
      ask(app.origin, nadia, 'POST', page, {
        body: new URLSearchParams({ _csrf: nadia.csrfToken(), ...fields }).toString(),
      })
    const refused = await post({ name: 'Accounting' })
    expect(refused.status).toBe(422)
    expect(refused.text).toContain('Choose at least one thing')
    expect(refused.text).toContain('value="Accounting"')
    const made = await post({ name: 'Accounting', scope_appointments_read: 'yes' })
    const secret = /nabz_[\w-]{43}/.exec(made.text)?.[0]
    expect(secret).toBeDefined()
    const again = await ask(app.origin, nadia, 'GET', page)
    expect(again.text).toContain('Accounting')
    expect(again.text).not.toContain(secret)
    for (let i = 1; i < 20; i++) await post({ name: `Key ${i}`, scope_appointments_read: 'yes' })
    const tooMany = await post({ name: 'One more', scope_appointments_read: 'yes' })
    expect([tooMany.status, tooMany.text.includes('There are 20 keys already')]).toEqual([409, true])
  })
})
