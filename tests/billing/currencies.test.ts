// A clinic's books are in one currency for ever, whatever is opened or changed around it.
import { afterAll, beforeAll, expect, it } from 'vitest'
import { openOrder } from '../../src/features/billing/actions.ts'
import { choosePlan } from '../../src/features/billing/actions/owner.ts'
import { renewalDue } from '../../src/features/billing/actions/card/renewals.ts'
import { planDowngrade } from '../../src/features/subscription/actions/decisions.ts'
import { findSubscription } from '../../src/features/subscription/queries.ts'
import { startTestApp, type TestApp } from '../support/app.ts'
import { makeClinic, makePlatformAdmin, signedIn, type TestClinic } from '../support/cast.ts'
import { filledIn } from '../console/scene.ts'
import { setLife } from '../subscription/scene.ts'
import { inAccount, owner, planOf } from './scene.ts'

let app: TestApp
let clinic: TestClinic
let admin: Awaited<ReturnType<typeof signedIn>>

/** Kenya's clinics bought where everybody else does, in dollars, until Nabz opened there in shillings at 9,999 each. */
beforeAll(async () => {
  app = await startTestApp()
  admin = await signedIn(app, (await makePlatformAdmin(app)).userId)
  clinic = await makeClinic(app, { country: 'KE', currency: 'KES', zone: 'Africa/Nairobi' })
  const page = await admin.getForm('/admin/markets/new')
  const fields = { ...filledIn(page.html), country: 'KE', currency: 'KES', tax_name: 'VAT', tax_rate: '16' }
  const prices = Object.keys(fields).filter((name) => name.startsWith('price_'))
  await admin
    .postForm('/admin/markets/new', { ...fields, ...Object.fromEntries(prices.map((name) => [name, '9999'])) })
    .expect(303)
})
afterAll(() => app.stop())

const dollarsFor = async (code: string) => {
  const [price] = await app.superuser<{ net: string }>(
    `select net_minor as net from platform.plan_prices pr join platform.plans p on p.id = pr.plan_id
     where p.code = $1 and country = 'ZZ' and billing_interval = 'month'`,
    [code],
  )
  return Number(price!.net)
}

it('orders at the price of its own currency', async () => {
  const plan = await planOf(app, 'group')
  const opened = await inAccount(clinic, (account) => openOrder(account, 'start', plan, 'month'), owner)
  expect(opened).toMatchObject({ value: { currency: 'USD', planNetMinor: await dollarsFor('group') } })
})

it('is shown and chooses by the prices of its own currency', async () => {
  const nadia = await clinic.as(clinic.cast.nadia)
  const { text } = await nadia.get(`/app/${clinic.slug}/settings/subscription`).expect(200)
  expect(text).not.toMatch(/9,999|KES/)
  const tools = app.services
  await clinic.inClinic((ctx) => choosePlan(ctx, tools, { plan: 'solo', interval: 'month' }))
  const [order] = await app.superuser(
    `select currency, plan_net_minor as net from platform.orders where clinic_id = $1 and status = 'open'`,
    [clinic.id],
  )
  expect(order).toEqual({ currency: 'USD', net: await dollarsFor('solo') })
})

it('is charged on a card what the planned plan costs in its own currency', async () => {
  await setLife(clinic, 'active')
  const solo = await planOf(app, 'solo')
  await inAccount(clinic, (account) => planDowngrade(account, solo, 'month'), owner)
  const due = await clinic.inClinic(async (ctx) => renewalDue(ctx, (await findSubscription(ctx.db, clinic.id))!))
  expect(due).toMatchObject({ currency: 'USD', planId: solo.id })
  expect(due!.totalMinor).toBeLessThan(2 * (await dollarsFor('solo')))
})

it('keeps the currency of everywhere else, as long as one who bought there still pays in it', async () => {
  const fields = filledIn((await admin.getForm('/admin/markets/ZZ')).html)
  await admin.postForm('/admin/markets/ZZ', { ...fields, currency: 'EUR' }).expect(409)
})
