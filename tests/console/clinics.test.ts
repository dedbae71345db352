// The list of all clinics: found, filtered, sorted, page by page, and taken along.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startTestApp, type TestApp } from '../support/app.ts'
import { makeClinic, makePlatformAdmin, signedIn } from '../support/cast.ts'
import type { Agent } from '../support/http.ts'
import { statementsOf } from '../support/statements.ts'
import { makeManyClinics } from './many-clinics.ts'

let app: TestApp
let admin: Agent
const many = 3000
beforeAll(async () => {
  app = await startTestApp()
  await makeManyClinics(app, app.clock.now().toString(), many)
  admin = await signedIn(app, (await makePlatformAdmin(app)).userId)
})
afterAll(() => app.stop())

const slugsOn = (html: string) =>
  [...html.matchAll(/<bdi dir="ltr">([a-z]+-\d+)<\/bdi><span class="dot">/g)].map(([, slug]) => slug!)
const list = async (query = '') => {
  const answer = await admin.get(`/admin/clinics${query}`).expect(200)
  return { html: answer.text, slugs: slugsOn(answer.text) }
}
const linkOn = (html: string, rel: 'prev' | 'next') =>
  new RegExp(`rel="${rel}" href="([^"]+)"`).exec(html)?.[1]?.replaceAll('&amp;', '&').replace('/admin/clinics', '')

describe('finding a clinic', () => {
  it.each([
    ['the beginning of a word', 'many-77 ', ['many-77', 'many-770', 'many-771']],
    ['its own number', '00077', ['many-77']],
    ['two words, one of them its city', 'rahma dub 02222', ['many-2222']],
    ['the beginning of its owner’s e-mail', 'owner2999@', ['many-2999']],
    ['an owner, without the sign', 'owner2999', ['many-2999']],
  ])('by %s', async (_by, q, expected) => {
    const { slugs } = await list(`?q=${encodeURIComponent(q)}&sort=name&order=asc`)
    expect(slugs).toEqual(expect.arrayContaining(expected))
    if (expected.length === 1) expect(slugs).toEqual(expected)
  })

  it('by the name it has had for a moment, in any writing', async () => {
    const clinic = await makeClinic(app, { name: 'مُستشفى النّور', city: 'Zürich' })
    expect((await list(`?q=${encodeURIComponent('مستشفي')}`)).slugs).toEqual([clinic.slug])
    expect((await list('?q=zurich')).slugs).toContain(clinic.slug)
    expect((await list(`?q=${clinic.cast.nadia.email}`)).slugs).toEqual([clinic.slug])
    // Who only works there is not who it is found by.
    expect((await list(`?q=${clinic.cast.bilal.email}`)).slugs).toEqual([])
    await app.superuser('delete from platform.clinics where id = any($1)', [[clinic.id, clinic.other.id]])
  })

  it('says what to do when there is none', async () => {
    const { html, slugs } = await list('?q=nowhere')
    expect(slugs).toEqual([])
    expect(html).toContain('No clinic is like that')
  })

  it.each([
    '?q=%00',
    '?q=a&q=b',
    '?sort=name);drop',
    '?after=x',
    `?status=${'x'.repeat(500)}`,
    '?country=<b>',
    '?q=%25_',
  ])('takes anything for a question: %s', async (query) => {
    await admin.get(`/admin/clinics${query}`).expect(200)
  })
})

describe('filters', () => {
  it.each([
    ['?plan=solo', `plan = 'solo'`],
    ['?country=GB', `country = 'GB'`],
    ['?status=past_due', `subscription_status = 'past_due'`],
    ['?status=active&plan=group&country=PK', `subscription_status = 'active' and plan = 'group' and country = 'PK'`],
    ['?health=unpaid', `subscription_status in ('past_due', 'expired')`],
    ['?health=idle', `subscription_status in ('active', 'trialing') and last_active_on < date '2026-11-10'`],
    ['?health=ok', `subscription_status in ('active', 'trialing') and last_active_on >= date '2026-11-10'`],
  ])('%s', async (query, where) => {
    const [row] = await app.superuser<{ count: number }>(
      `select count(*)::int as count from platform.clinics where ${where}`,
    )
    const { html, slugs } = await list(query)
    expect(html).toContain(`${new Intl.NumberFormat('en-GB').format(row!.count)} clinics`)
    expect(slugs).toHaveLength(50)
  })

  it('know who is suspended, whatever was paid', async () => {
    await app.superuser(`update platform.clinics set status = 'suspended' where slug = 'many-5'`)
    expect((await list('?status=suspended')).slugs).toEqual(['many-5'])
    expect((await list('?q=00005&status=past_due')).slugs).toEqual([])
    await app.superuser(`update platform.clinics set status = 'active' where slug = 'many-5'`)
  })
})

it('filters by periods that end this week: those the overview counts, and leads to', async () => {
  const ends = (slug: string, after: string, status: string) =>
    app.superuser(
      `update platform.subscriptions set period_end = $2::timestamptz + $3::interval, status = $4
       where clinic_id = (select id from platform.clinics where slug = $1)`,
      [slug, app.clock.now().toString(), after, status],
    )
  await ends('many-1', '6 days', 'active')
  await ends('many-2', '1 second', 'trialing')
  await ends('many-3', '7 days', 'active')
  await ends('many-4', '-1 second', 'active')
  await ends('many-6', '6 days', 'past_due')
  const overview = (await admin.get('/admin').expect(200)).text
  expect(overview).toContain('href="/admin/clinics?ends=week"')
  const { html, slugs } = await list('?ends=week&sort=name&order=asc')
  expect(slugs).toEqual(['many-1', 'many-2'])
  expect(html).toContain('2 clinics')
  expect((await list('?ends=week&country=GB')).slugs).not.toContain('many-1')
  expect((await list('?ends=never')).slugs).toHaveLength(50)
  const statements = await statementsOf(() => admin.get('/admin/clinics?ends=week').expect(200))
  expect(statements.length, statements.join('\n')).toBeLessThanOrEqual(5)
})

describe('order', () => {
  it.each([
    ['created', 'id'],
    ['name', 'name_key'],
    ['active', 'last_active_on'],
    ['usage', 'bookings_this_month'],
  ])('by %s, up and down, each clinic once, there and back', async (sort, column) => {
    for (const order of ['asc', 'desc'] as const) {
      const expected = await app.superuser<{ slug: string }>(
        `select slug from platform.clinics where country = 'EG' order by ${column} ${order}, id ${order}`,
      )
      const seen: string[] = []
      let query: string | undefined = `?country=EG&sort=${sort}&order=${order}`
      let back: string | undefined
      while (query !== undefined) {
        const page = await list(query)
        seen.push(...page.slugs)
        query = linkOn(page.html, 'next')
        back = linkOn(page.html, 'prev')
      }
      expect(seen).toEqual(expected.map(({ slug }) => slug))
      const before = await list(back)
      expect(before.slugs).toEqual(seen.slice(seen.length - (seen.length % 50 || 50) - 50).slice(0, 50))
    }
  })
})

it('sends at most five statements a page, however it is asked', async () => {
  for (const query of ['', '?q=shifa+kar', '?status=active&health=idle&plan=solo&sort=usage', '?q=owner2@many.test']) {
    const statements = await statementsOf(() => admin.get(`/admin/clinics${query}`).expect(200))
    expect(statements.length, statements.join('\n')).toBeLessThanOrEqual(5)
  }
  const overview = await statementsOf(() => admin.get('/admin').expect(200))
  expect(overview.length, overview.join('\n')).toBeLessThanOrEqual(5)
})

describe('taking the list along', () => {
  it('gives a file of all that was filtered, defused, and notes it', async () => {
    await app.superuser(`update platform.clinics set name = '=HYPERLINK("http://evil.test")' where slug = 'many-7'`)
    const answer = await admin.postForm('/admin/clinics/export?country=AE&sort=name&order=asc').expect(200)
    expect(answer.headers['content-type']).toContain('text/csv')
    expect(answer.headers['content-disposition']).toBe('attachment; filename="nabz-clinics-2026-11-24.csv"')
    const lines = answer.text.trimEnd().split('\r\n')
    expect(lines).toHaveLength(many / 5 + 1)
    expect(lines[0]).toBe(
      '\ufeffid,name,address,city,country,plan,status,health,bookings_this_month,booking_limit,messages_this_month,' +
        'message_limit,last_active_on,opened_on',
    )
    expect(answer.text).toContain(`"'=HYPERLINK(""http://evil.test"")",many-7,`)
    const [entry] = await app.superuser(`select details from platform.audit_entries where action = 'list.exported'`)
    expect(entry).toEqual({ details: { list: 'clinics' } })
  })

  it('reads more than one page of the database', async () => {
    const answer = await admin.postForm('/admin/clinics/export').expect(200)
    expect(answer.text.trimEnd().split('\r\n')).toHaveLength(many + 1)
  })
})

describe('the counting job', () => {
  it('brings usage, last activity and failing messages up to date, and again changes nothing', async () => {
    const clinic = await makeClinic(app)
    await clinic.inClinic((ctx) => {
      ctx.tally('bookings', 3)
      ctx.tally('messages', 10)
      ctx.tally('messages_failed', 6)
      return Promise.resolve()
    })
    const stored = async () =>
      app.superuser(
        `select last_active_on::text, bookings_this_month, messages_this_month, messages_failing
         from platform.clinics where id = $1`,
        [clinic.id],
      )
    await app.superuser(`update platform.clinics set last_active_on = '2026-10-01' where id = $1`, [clinic.id])
    await app.runJob('console.count')
    const expected = {
      last_active_on: '2026-11-24',
      bookings_this_month: 3,
      messages_this_month: 10,
      messages_failing: true,
    }
    expect(await stored()).toEqual([expected])
    await app.runJob('console.count')
    expect(await stored()).toEqual([expected])
    app.clock.set('2026-12-02T07:00:00Z')
    await app.runJob('console.count')
    expect(await stored()).toEqual([
      { ...expected, bookings_this_month: 0, messages_this_month: 0, messages_failing: false },
    ])
  })
})
