// The owner's pages of the log: what was done, by whom, whether it is all there, and a copy of it.
import { parse } from 'csv-parse/sync'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { linkEntries, publishHeads } from '../../src/features/trail/actions.ts'
import { newId, type PatientId } from '../../src/kernel/ids.ts'
import { audit } from '../../src/platform/audit.ts'
import { startTestApp, type TestApp } from '../support/app.ts'
import { makeClinic, makePlatformAdmin, type TestClinic } from '../support/cast.ts'
import { makePatient } from '../support/factories.ts'
import { bareWordsOf, readPage, wordsOf, type Agent } from '../support/http.ts'
import { statementsOf } from '../support/statements.ts'

let app: TestApp
let clinic: TestClinic
let owner: Agent
beforeAll(async () => {
  app = await startTestApp()
})
afterAll(() => app.stop())
beforeEach(async () => {
  clinic = await makeClinic(app)
  owner = await clinic.as(clinic.cast.nadia)
})

const path = (below = '') => `/app/${clinic.slug}/settings/log${below}`
const patientNamed = async (name: string): Promise<PatientId> => (await makePatient(clinic, { name })).id
/** Names are set apart from the sentence around them, which nobody sees. */
const read = async (below = '') => bareWordsOf((await owner.get(path(below)).expect(200)).text)
/** What stands behind the filters. */
const rowsOf = (words: string) => words.slice(words.indexOf('Until'))

describe('the log', () => {
  it('says in words what was done, by whom, about what', async () => {
    const aisha = await patientNamed('Aisha Noor')
    const operator = await makePlatformAdmin(app)
    await clinic.inClinic(async (ctx) => {
      await audit(
        ctx,
        'patient.corrected',
        { kind: 'patient', id: aisha },
        { fields: 'name' },
        {
          before: { name: 'Aisha' },
          after: { name: 'Aisha Noor' },
        },
      )
      return { ok: true }
    })
    await clinic.inClinic(
      async (ctx) => {
        await audit(ctx, 'support_visit.looked', { kind: 'support_visit', id: newId() }, { page: '/today' })
        return { ok: true }
      },
      {
        kind: 'support',
        userId: operator.userId,
        name: operator.name,
        visitId: newId(),
        onBehalfOf: clinic.cast.nadia.userId,
      },
    )
    const words = await read()
    expect(words).toContain("Patient's details corrected")
    expect(words).toContain('Aisha Noor')
    expect(words).toContain('Aisha → Aisha Noor')
    expect(words).toContain(`${operator.name} of Nabz support, allowed by Nadia Khan`)
    expect(words).toMatch(/Nadia Khan Owner/i)
    expect(words).not.toContain('patient.corrected')
    const page = await owner.get(path()).expect(200)
    expect(page.text).toContain(`/app/${clinic.slug}/patients/${aisha}`)
  })

  it('is filtered by person, kind, day and record', async () => {
    const [one, two] = [await patientNamed('One Person'), await patientNamed('Two Person')]
    const { bilal } = clinic.cast
    await clinic.inClinic(
      async (ctx) => {
        await audit(ctx, 'patient.opened', { kind: 'patient', id: one })
        return { ok: true }
      },
      { kind: 'user', userId: bilal.userId, name: bilal.name, role: 'receptionist' },
    )
    await clinic.inClinic(async (ctx) => {
      await audit(ctx, 'patient.restricted', { kind: 'patient', id: one })
      await audit(ctx, 'patient.opened', { kind: 'patient', id: two })
      await audit(ctx, 'service.changed', { kind: 'service', id: newId() })
      return { ok: true }
    })
    expect(rowsOf(await read(`?person=${bilal.userId}`))).not.toContain('Two Person')
    expect(rowsOf(await read('?kind=settings'))).toContain('Service changed')
    expect(rowsOf(await read('?kind=settings'))).not.toContain('One Person')
    const looked = rowsOf(await read(`?patient=${one}`))
    expect(looked).toContain('Bilal Ahmed')
    expect(looked).not.toContain('restricted')
    expect(rowsOf(await read(`?record=${one}`))).toContain('restricted')
    expect(await read('?from=2020-01-01&to=2020-01-02')).toContain('No entry fits')
    // What makes no sense filters nothing.
    expect(rowsOf(await read('?person=nobody&kind=all&from=soon&after=%00'))).toContain('Service changed')
    const patient = await owner.get(`/app/${clinic.slug}/patients/${one}`).expect(200)
    expect(patient.text).toContain(path(`?patient=${one}`))
    const desk = await (await clinic.as(bilal)).get(`/app/${clinic.slug}/patients/${one}`).expect(200)
    expect(desk.text).not.toContain('/settings/log')
  })

  it('shows 50 a page by at most five statements, and never another clinic’s', async () => {
    await clinic.inClinic(async (ctx) => {
      for (let i = 0; i < 120; i++) await audit(ctx, 'service.changed', { kind: 'service', id: newId() }, { count: i })
      return { ok: true }
    })
    const all = new Set<string>()
    let next: string | undefined = path()
    for (let pages = 0; next !== undefined && pages < 4; pages++) {
      const page: string = (await owner.get(next).expect(200)).text
      for (const [, count = ''] of page.matchAll(/How many<\/bdi><\/dt><dd><bdi>(\d+)</g)) all.add(count)
      next = /rel="next" href="([^"]+)"/.exec(page)?.[1]?.replaceAll('&amp;', '&')
    }
    expect(all.size).toBe(120)
    const statements = await statementsOf(() => owner.get(path()).expect(200))
    const own = statements.slice(statements.findIndex((sql) => sql.includes('app_set_clinic')))
    expect(own.length, statements.join('\n')).toBeLessThanOrEqual(5)
    const stranger = await clinic.as(clinic.cast.omar)
    await stranger.get(path()).expect(404)
  })

  it('is taken along as a file, which stands in it and in the platform’s', async () => {
    await clinic.inClinic(async (ctx) => {
      await audit(ctx, 'service.changed', { kind: 'service', id: newId() }, { name: '=1+1' })
      return { ok: true }
    })
    const { csrf } = readPage(await owner.get(path('?kind=settings')))
    const file = await owner.post(path('/export')).type('form').send({ _csrf: csrf, kind: 'settings' }).expect(200)
    expect(file.headers['content-type']).toContain('text/csv')
    const lines = parse<Record<string, string>>(file.text, { bom: true, columns: true })
    expect(lines.length).toBeGreaterThanOrEqual(1)
    expect(lines.every(({ action }) => action !== 'log.exported')).toBe(true)
    expect(lines[0]).toMatchObject({
      action: 'service.changed',
      words: 'Service changed',
      who: 'Nadia Khan',
      role: 'owner',
    })
    expect(await read('?kind=log')).toContain('This log exported')
    const noted = await app.superuser('select 1 from platform.audit_entries where action = $1 and clinic_id = $2', [
      'log.exported',
      clinic.id,
    ])
    expect(noted).toHaveLength(1)
  })
})

describe('checking it', () => {
  const check = async () => {
    const { csrf } = readPage(await owner.get(path('/check')))
    await owner.post(path('/check')).type('form').send({ _csrf: csrf }).expect(303)
    return wordsOf((await owner.get(path('/check'))).text)
  }

  it('says that it is whole, with the published heads, and when it was looked at', async () => {
    expect(await read('/check')).toContain('Not checked by anybody yet')
    await clinic.inClinic(async (ctx) => {
      await audit(ctx, 'service.changed', { kind: 'service', id: newId() })
      return { ok: true }
    })
    await publishHeads(app.services)
    const words = await check()
    expect(words).toContain('The log is whole.')
    expect(words).toContain('Agrees with every seal published until')
    expect(words).toMatch(/Checked .* by Nadia Khan/)
    const [head] = await app.superuser<{ hash: string }>(
      `select encode(hash, 'hex') as hash from clinic.audit_heads where clinic_id = $1`,
      [clinic.id],
    )
    expect(words).toContain(head?.hash)
  })

  it('names the first bad entry', async () => {
    await clinic.inClinic(async (ctx) => {
      for (let i = 0; i < 4; i++) await audit(ctx, 'service.changed', { kind: 'service', id: newId() })
      return { ok: true }
    })
    await linkEntries(app.services, await clinic.proven())
    const [second] = await app.superuser<{ id: string }>(
      'select entry_id as id from clinic.audit_links where clinic_id = $1 and seq = 2',
      [clinic.id],
    )
    await app.superuser(`update clinic.audit_entries set action = 'service.added' where clinic_id = $1 and id = $2`, [
      clinic.id,
      second?.id,
    ])
    const words = await check()
    expect(words).toContain('The log was tampered with.')
    expect(words).toContain('Number 2')
    expect(words).toContain('This entry is not what was written.')
    expect(words).toContain(second?.id)
  })

  it('is not done without end', async () => {
    for (let i = 0; i < 12; i++) await check()
    const { csrf } = readPage(await owner.get(path('/check')))
    const refused = await owner.post(path('/check')).type('form').send({ _csrf: csrf }).expect(429)
    expect(wordsOf(refused.text)).toContain('Try again in an hour')
  })

  it('lets the owner say how often seals are mailed, and writes that down', async () => {
    const { csrf } = readPage(await owner.get(path('/check')))
    const send = (mail: string) => owner.post(path('/mail')).type('form').send({ _csrf: csrf, mail })
    await send('daily').expect(303)
    await send('daily').expect(303)
    await send('hourly').expect(422)
    const [profile] = await app.superuser<{ mail: string }>(
      'select audit_mail as mail from clinic.profiles where clinic_id = $1',
      [clinic.id],
    )
    expect(profile?.mail).toBe('daily')
    const log = rowsOf(await read('?kind=log'))
    expect(log.match(/How often seals are mailed changed/g)?.length).toBe(2) // once in the row, once for screen readers
    await (await clinic.as(clinic.cast.bilal)).get(path('/check')).expect(403)
  })
})
