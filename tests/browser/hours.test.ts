// The hours pages in a browser's hands: both calendars while a date is chosen, breaks, and the tick that closes a holiday.
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { startTestApp, type TestApp } from '../support/app.ts'
import { describeInBrowser, expectUsable, openWindow, startBrowser, useCookies } from '../support/browser.ts'
import { makeClinic, type TestClinic } from '../support/cast.ts'
import { makeLocation, makeService, makeShift } from '../support/factories.ts'

describeInBrowser('hours', () => {
  let app: TestApp
  let browser: Browser
  let clinic: TestClinic
  let context: BrowserContext
  let page: Page
  beforeAll(async () => {
    app = await startTestApp()
    browser = await startBrowser()
    clinic = await makeClinic(app)
    await makeLocation(clinic, { name: 'Clifton' })
    await makeShift(clinic, { weekdays: [1, 2, 3, 4, 5, 6] })
    await makeService(clinic)
    context = (await openWindow(browser, app, { viewport: { width: 1280, height: 900 } })).context
    await useCookies(context, app, await clinic.as(clinic.cast.nadia))
    page = await context.newPage()
  })
  afterAll(async () => {
    await browser?.close()
    await app?.stop()
  })

  const special = () => `/app/${clinic.slug}/settings/hours/${clinic.cast.sana.practitionerId}/special`

  it.each(['en', 'ar'])(
    'in %s: Ramadan nights from an empty form to the public page',
    { timeout: 60_000 },
    async (lang) => {
      await app.superuser('update platform.users set language = $1', [lang])
      await page.goto(`${special()}?kind=dates`)
      await page.fill('#f-valid_from', '2027-02-08')
      await page.fill('#f-valid_to', '2027-03-08')
      const both = await page.locator('.hijri-dates').innerText()
      expect(both).toContain(lang === 'en' ? '1 Ramadan 1448' : '1 رمضان 1448')
      expect(both).toContain(lang === 'en' ? '29 Ramadan 1448' : '29 رمضان 1448')
      await page.check('#f-off')
      expect(await page.locator('#week').isVisible()).toBe(false)
      await expectUsable(page)
      await page.uncheck('#f-off')
      await page.click('#break > summary')
      await page.check('input[name=break_days][value="1"]')
      await page.fill('#f-break_from', '13:00')
      await page.fill('#f-break_to', '14:00')
      await page.click('button[value=break]')
      await page.waitForSelector('[name=d1_2_from]')
      expect(await page.inputValue('[name=d1_1_to]')).toBe('13:00')
      expect(await page.inputValue('#f-valid_to')).toBe('2027-03-08')
      await page.click('button[value=friday]')
      await page.waitForSelector('[name=d5_2_from]')
      expect(await page.inputValue('[name=d5_2_from]')).toBe('14:15')
      await expectUsable(page)
    },
  )

  it('closes on the ticked holidays, and patients read their name', { timeout: 60_000 }, async () => {
    await app.superuser('update platform.users set language = $1', ['en'])
    await page.goto(`/app/${clinic.slug}/settings/closures/holidays`)
    await page.check('text=Quaid-e-Azam Day')
    await Promise.all([page.waitForURL('**/settings/closures'), page.click('form.panel button.btn-primary')])
    expect(await page.locator('main').innerText()).toContain('Quaid-e-Azam Day')
    await page.goto(`/c/${clinic.slug}/times?from=2026-12-22`)
    expect(await page.locator('.announced').innerText()).toContain('Quaid-e-Azam Day')
    await expectUsable(page)
    await page.goto(`/c/${clinic.slug}/times?from=2026-12-22&lang=ur`)
    expect(await page.locator('.announced').innerText()).toContain('یومِ قائدِاعظم')
  })
})
