// The price list: what changes, for whom, and what happens when two people change it at once.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startTestApp, type TestApp } from '../support/app.ts'
import { makeClinic, makePlatformAdmin, signedIn } from '../support/cast.ts'
import type { Agent, FormPage } from '../support/http.ts'
import { filledIn } from './scene.ts'

let app: TestApp
let admin: Agent
beforeAll(async () => {
  app = await startTestApp()
  admin = await signedIn(app, (await makePlatformAdmin(app)).userId)
})
afterAll(() => app.stop())

const idOf = async (table: 'plans' | 'issuers', code: string) =>
  (await app.superuser<{ id: string }>(`select id from platform.${table} where code = $1`, [code]))[0]!.id
const fieldsOf = ({ html }: FormPage) => filledIn(html)

describe('a plan', () => {
  it('says how many clinics are on it, and its limits hold for them at once; what they pay stays', async () => {
    const clinic = await makeClinic(app)
    const path = `/admin/plans/${await idOf('plans', 'clinic')}`
    const page = await admin.getForm(path)
    expect(page.html).toMatch(/\d+ clinics are on this plan/)
    const fields = { ...fieldsOf(page), practitioner_limit: '9', message_limit: '', price_PK_month: '7,500.50' }
    await admin.postForm(path, fields).expect(303)
    expect(await clinic.proven()).toMatchObject({ practitionerLimit: 9, messageLimit: null })
    const [stored] = await app.superuser(
      `select net_minor::int as price, s.paid from platform.plan_prices pr join platform.plans p on p.id = pr.plan_id,
         lateral (select net_minor::int as paid from platform.subscriptions where clinic_id = $1) s
       where p.code = 'clinic' and country = 'PK' and billing_interval = 'month'`,
      [clinic.id],
    )
    expect(stored).toEqual({ price: 750_050, paid: 600_000 })
    const [entry] = await app.superuser(
      `select details->>'code' as code from platform.audit_entries where action = 'plan.changed'`,
    )
    expect(entry).toEqual({ code: 'clinic' })
  })

  it('is not overwritten by whoever was slower, who keeps what they typed and sees what is stored', async () => {
    const path = `/admin/plans/${await idOf('plans', 'solo')}`
    const mine = fieldsOf(await admin.getForm(path))
    await admin.postForm(path, { ...mine, name_en: 'Solo plus' }).expect(303)
    const answer = await admin.postForm(path, { ...mine, name_en: 'My own name' }).expect(409)
    expect(answer.text).toContain('Somebody changed this')
    expect(answer.text).toContain('value="My own name"')
    expect(answer.text).toContain('Solo plus')
    // Saved again, knowing: the page carries the version that is stored now.
    const again = /name="version" value="(\d+)"/.exec(answer.text)![1]!
    await admin.postForm(path, { ...mine, version: again, name_en: 'My own name' }).expect(303)
  })

  it('tells of every field what is wrong with it', async () => {
    const path = `/admin/plans/${await idOf('plans', 'group')}`
    const fields = fieldsOf(await admin.getForm(path))
    const answer = await admin
      .postForm(path, { ...fields, name_ur: '', booking_limit: 'many', price_KW_year: '1.2345' })
      .expect(422)
    for (const field of ['name_ur', 'booking_limit', 'price_KW_year'])
      expect(answer.text).toContain(`href="#f-${field}"`)
  })

  it('can be added, under a code nobody has', async () => {
    const fields = fieldsOf(await admin.getForm(`/admin/plans/${await idOf('plans', 'group')}`))
    await admin.postForm('/admin/plans/new', { ...fields, code: 'solo' }).expect(409)
    await admin.postForm('/admin/plans/new', { ...fields, code: 'No spaces' }).expect(422)
    await admin.postForm('/admin/plans/new', { ...fields, code: 'giant', name_en: 'Giant' }).expect(303)
    expect((await admin.get('/admin/plans').expect(200)).text).toContain('Giant')
  })
})

describe('a market', () => {
  it('keeps its currency once somebody bought in it', async () => {
    await makeClinic(app)
    const fields = fieldsOf(await admin.getForm('/admin/markets/PK'))
    await admin.postForm('/admin/markets/PK', { ...fields, currency: 'USD' }).expect(409)
    await admin.postForm('/admin/markets/PK', { ...fields, tax_rate: '17.5', tax_name: 'GST' }).expect(303)
    const [market] = await app.superuser(`select tax_rate_bp, currency from platform.markets where country = 'PK'`)
    expect(market).toEqual({ tax_rate_bp: 1750, currency: 'PKR' })
    await admin.postForm('/admin/markets/PK', { ...fields, tax_rate: '10' }).expect(409)
    await admin.get('/admin/markets/XX').expect(404)
  })

  it('for everywhere else keeps its currency for those who buy there, not for countries with a market of their own', async () => {
    await makeClinic(app, { country: 'US', currency: 'USD', zone: 'America/New_York' })
    const currencyField = async () =>
      /<input[^>]*name="currency"[^>]*>/.exec((await admin.getForm('/admin/markets/ZZ')).html)![0]
    expect(await currencyField()).not.toContain('readonly')
    await makeClinic(app, { country: 'NG', currency: 'USD', zone: 'Africa/Lagos' })
    expect(await currencyField()).toContain('readonly')
  })

  it('opens with a price for each plan', async () => {
    const page = await admin.getForm('/admin/markets/new')
    const fields = { ...fieldsOf(page), country: 'TR', currency: 'TRY', tax_name: 'KDV', tax_rate: '20' }
    await admin.postForm('/admin/markets/new', fields).expect(422)
    const prices = Object.fromEntries(
      Object.keys(fields)
        .filter((name) => name.startsWith('price_'))
        .map((name) => [name, '100']),
    )
    await admin.postForm('/admin/markets/new', { ...fields, ...prices }).expect(303)
    const clinic = await makeClinic(app, { country: 'TR', currency: 'TRY', zone: 'Europe/Istanbul' })
    const [bought] = await app.superuser(`select currency from platform.subscriptions where clinic_id = $1`, [
      clinic.id,
    ])
    expect(bought).toEqual({ currency: 'TRY' })
    await admin.postForm('/admin/markets/new', { ...fields, ...prices }).expect(409)
  })
})

describe('an issuer', () => {
  it('is changed for what comes, and added', async () => {
    const path = `/admin/issuers/${await idOf('issuers', 'NBZ')}`
    const fields = fieldsOf(await admin.getForm(path))
    await admin.postForm(path, { ...fields, name: 'Nabz Ltd', note_en: 'Bank: 123' }).expect(303)
    await admin.postForm(path, { ...fields, name: 'Slower' }).expect(409)
    await admin.postForm('/admin/issuers/new', { version: '1', code: 'nbz', name: 'Twin' }).expect(409)
    await admin.postForm('/admin/issuers/new', { version: '1', code: 'nbx', name: 'Nabz Gulf' }).expect(303)
    expect((await admin.get('/admin/plans').expect(200)).text).toContain('NBX')
  })
})
