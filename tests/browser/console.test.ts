// The console in a real browser: a tour of its pages in both directions of writing, and a payment made by hand that brings
// a clinic to life.
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { loadTranslations } from '../../src/platform/i18n/translate.ts'
import { startTestApp, type TestApp } from '../support/app.ts'
import { makeDeclaredPayment } from '../support/books.ts'
import { describeInBrowser, expectUsable, openWindow, startBrowser, useCookies } from '../support/browser.ts'
import { makeClinic, makePlatformAdmin, signedIn, type TestClinic } from '../support/cast.ts'
import { makeManyClinics } from '../console/many-clinics.ts'

const say = loadTranslations()

describeInBrowser('the console', () => {
  let app: TestApp
  let browser: Browser
  let clinic: TestClinic
  let adminId: Awaited<ReturnType<typeof makePlatformAdmin>>['userId']
  beforeAll(async () => {
    app = await startTestApp()
    browser = await startBrowser()
    await makeManyClinics(app, app.clock.now().toString(), 120)
    clinic = await makeClinic(app, { name: 'عيادة النور' })
    adminId = (await makePlatformAdmin(app)).userId
  })
  afterAll(async () => {
    await browser?.close()
    await app?.stop()
  })

  async function open(width: number): Promise<{ page: Page; complaints: string[]; close: () => Promise<void> }> {
    const { context, complaints } = await openWindow(browser, app, { viewport: { width, height: 800 } })
    await useCookies(context, app, await signedIn(app, adminId))
    return { page: await context.newPage(), complaints, close: () => context.close() }
  }

  it.each([
    ['en', 1280],
    ['ar', 360],
  ] as const)(
    'shows each of its pages to everybody: %s, %i wide',
    async (lang, width) => {
      await app.superuser('update platform.users set language = $1', [lang])
      const { id } = await makeDeclaredPayment(clinic)
      const [plan] = await app.superuser<{ id: string }>(`select id from platform.plans where code = 'clinic'`)
      const { page, complaints, close } = await open(width)
      for (const path of [
        '/admin',
        '/admin/clinics',
        '/admin/clinics?q=nothing',
        `/admin/clinics/${clinic.id}`,
        `/admin/clinics/${clinic.id}/payments/new`,
        `/admin/clinics/${clinic.id}/suspension`,
        `/admin/clinics/${clinic.id}/plan`,
        '/admin/payments',
        '/admin/payments/all',
        `/admin/payments/${id}/rejection`,
        '/admin/documents',
        '/admin/plans',
        `/admin/plans/${plan!.id}`,
        '/admin/markets/PK',
      ]) {
        await page.goto(path)
        await expectUsable(page)
      }
      expect(complaints).toEqual([])
      await close()
    },
    120_000,
  )

  it('finds a clinic from anywhere by one key, filters as it is chosen, and goes on and back', async () => {
    await app.superuser(`update platform.users set language = 'en'`)
    const { page, close } = await open(1280)
    await page.goto('/admin')
    await page.keyboard.press('/')
    await page.keyboard.type('النور')
    await page.keyboard.press('Enter')
    await page.waitForURL('**/admin/clinics?q=**')
    await page.getByRole('link', { name: 'عيادة النور' }).click()
    await page.waitForURL(`**/admin/clinics/${clinic.id}`)
    await page.goto('/admin/clinics')
    await page.getByLabel(say.en('console.clinics.country')).selectOption('PK')
    await page.waitForURL('**country=PK**')
    await page.getByRole('link', { name: say.en('shared.pagination.next') }).count()
    await page.goto('/admin/clinics?sort=name&order=asc')
    const first = await page.locator('tbody .list-name').first().textContent()
    await page.getByRole('link', { name: say.en('shared.pagination.next') }).click()
    await page.waitForURL('**after=**')
    await page.getByRole('link', { name: say.en('shared.pagination.previous') }).click()
    await page.waitForURL('**before=**')
    expect(await page.locator('tbody .list-name').first().textContent()).toBe(first)
    await close()
  })

  it('confirms a payment made by hand by one key, and the clinic is active', async () => {
    const other = await makeClinic(app, { name: 'Hand Clinic' })
    await app.superuser(`delete from platform.payments`)
    await makeDeclaredPayment(other)
    await app.superuser(`update platform.payments set amount_minor = 696000`)
    const { page, close } = await open(1280)
    await page.goto('/admin/payments')
    await page.locator('.slip img').waitFor()
    expect(await page.evaluate(`document.querySelector('.slip img').naturalWidth`)).toBeGreaterThan(0)
    await page.keyboard.press('c')
    await page.getByText(say.en('console.flash.confirmed_bought')).waitFor()
    await expectUsable(page)
    await page.goto(`/admin/clinics/${other.id}`)
    await page.locator('.clinic-line').getByText(say.en('console.status.active')).waitFor()
    await page.getByRole('link', { name: /NBZ-INV-/ }).click()
    await page.waitForURL('**/admin/documents/**')
    await close()
  })
})
