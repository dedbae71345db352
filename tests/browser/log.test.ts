// The owner's log and the account's activity in a real browser, on a phone and on a desk, in both directions of writing.
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { publishHeads } from '../../src/features/trail/actions.ts'
import { newId } from '../../src/kernel/ids.ts'
import { audit, auditPlatform } from '../../src/platform/audit.ts'
import { startTestApp, type TestApp } from '../support/app.ts'
import { describeInBrowser, expectUsable, openWindow, startBrowser, useCookies } from '../support/browser.ts'
import { makeClinic, makePlatformAdmin, type TestClinic } from '../support/cast.ts'
import { makeAppointment, makeBookable, makePatient } from '../support/factories.ts'

describeInBrowser('the log', () => {
  let app: TestApp
  let browser: Browser
  let clinic: TestClinic
  let patientId: string
  beforeAll(async () => {
    app = await startTestApp()
    browser = await startBrowser()
    clinic = await makeClinic(app)
    await makeBookable(clinic)
    await makeAppointment(clinic)
    const patient = await makePatient(clinic, { name: 'Aisha Noor' })
    patientId = patient.id
    const operator = await makePlatformAdmin(app)
    const { nadia, bilal } = clinic.cast
    await clinic.inClinic(async (ctx) => {
      const record = { kind: 'patient', id: patient.id }
      await audit(
        ctx,
        'patient.corrected',
        record,
        { fields: 'name' },
        { before: { name: 'Aisha' }, after: { name: 'Aisha Noor' } },
      )
      await audit(ctx, 'staff.role_changed', { kind: 'user', id: bilal.userId }, { from: 'doctor', to: 'receptionist' })
      return { ok: true }
    })
    await clinic.inClinic(
      async (ctx) => {
        await audit(ctx, 'patient.opened', { kind: 'patient', id: patient.id })
        return { ok: true }
      },
      { kind: 'user', userId: bilal.userId, name: bilal.name, role: 'receptionist' },
    )
    await clinic.inClinic(
      async (ctx) => {
        await audit(ctx, 'support_visit.looked', { kind: 'support_visit', id: newId() }, { page: '/today' })
        return { ok: true }
      },
      { kind: 'support', userId: operator.userId, name: operator.name, visitId: newId(), onBehalfOf: nadia.userId },
    )
    await publishHeads(app.services)
    for (const [person, action] of [
      [nadia, 'account.signed_in'],
      [nadia, 'account.sign_in_refused'],
      [bilal, 'account.sign_in_refused'],
    ] as const) {
      await auditPlatform(app.services.db, action, {
        at: app.clock.now(),
        origin: {
          requestId: 'r',
          address: '198.51.100.77',
          browser: 'Mozilla/5.0 (Linux; Android 14) Chrome/131.0 Mobile Safari/537.36',
        },
        record: { kind: 'user', id: person.userId },
      })
    }
  })
  afterAll(async () => {
    await browser?.close()
    await app?.stop()
  })

  it.each([
    ['en', { width: 360, height: 740 }],
    ['ar', { width: 1280, height: 900 }],
    ['ar', { width: 360, height: 740 }],
    ['en', { width: 1280, height: 900 }],
  ] as const)(
    'is read, checked and understood (%s, %o)',
    async (lang, viewport) => {
      await app.superuser('update platform.users set language = $1 where id = $2', [lang, clinic.cast.nadia.userId])
      const owner = await clinic.as(clinic.cast.nadia)
      const { context } = await openWindow(browser, app, { viewport })
      await useCookies(context, app, owner)
      const page = await context.newPage()
      const log = `/app/${clinic.slug}/settings/log`
      const look = async (name: string) => {
        await expectUsable(page)
        if (process.env.SHOTS) {
          await page.screenshot({
            path: `${process.env.SHOTS}/log-${name}-${lang}-${viewport.width}.png`,
            fullPage: true,
          })
        }
      }
      await page.goto(app.origin + log)
      expect(await page.locator('.log-list > li').count()).toBeGreaterThan(3)
      await page.locator('.log-more summary').first().click()
      await look('list')
      await page.goto(`${app.origin}${log}?patient=${patientId}`)
      expect(await page.locator('.log-list > li').count()).toBe(1)
      await look('patient')
      await page.goto(`${app.origin}${log}/check`)
      await page.locator(`form[action="${log}/check"] button`).click()
      await page.locator('.notice-success').waitFor()
      await look('check')
      await page.goto(`${app.origin}${log}/security`)
      await look('security')
      await page.goto(`${app.origin}/account/activity`)
      await look('activity')
      await context.close()
    },
    60_000,
  )
})
