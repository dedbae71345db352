// A change of policy from the console's draft to an owner's yes, in both directions of writing.
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { loadTranslations } from '../../src/platform/i18n/translate.ts'
import { startTestApp, type TestApp } from '../support/app.ts'
import { describeInBrowser, expectUsable, openWindow, startBrowser, useCookies } from '../support/browser.ts'
import { makeClinic, makePlatformAdmin, signedIn } from '../support/cast.ts'

const say = loadTranslations()

describeInBrowser('a change of policy', () => {
  let app: TestApp
  let browser: Browser
  beforeAll(async () => {
    browser = await startBrowser()
  })
  afterAll(() => browser?.close())

  it.each(['en', 'ar', 'ur'] as const)('in %s', { timeout: 90_000 }, async (lang) => {
    const t = say[lang]
    app = await startTestApp()
    try {
      const clinic = await makeClinic(app)
      const admin = await makePlatformAdmin(app)
      await app.superuser('update platform.users set language = $1', [lang])
      Object.assign(app.services, {
        config: { ...app.services.config, hosting: { provider: 'Rack and Sons', region: 'Karachi' } },
      })

      const desk = await openWindow(browser, app, { viewport: { width: 1280, height: 900 } })
      await useCookies(desk.context, app, await signedIn(app, admin.userId))
      const page = await desk.context.newPage()
      await page.goto('/admin/policies')
      await expectUsable(page)
      await page.locator('button[name=policy][value=processors]').click()
      await page.waitForURL(/policies\/[0-9a-f-]{36}$/)
      await page.locator('.change ins').first().waitFor()
      await expectUsable(page)
      await page.locator('textarea[name=summary_en]').fill('Another host.')
      await page.locator('textarea[name=summary_ar]').fill('مزوّد استضافة آخر.')
      await page.locator('textarea[name=summary_ur]').fill('دوسرا ہوسٹنگ ادارہ۔')
      await page.locator('input[name=effective]').fill('2026-12-08T06:59')
      await page.getByRole('button', { name: t('policies.console.publish'), exact: true }).click()
      await page.getByText(t('policies.error.too_soon')).first().waitFor()
      await expectUsable(page)
      await page.locator('input[name=effective]').fill('2026-12-08T07:00')
      await page.getByRole('button', { name: t('policies.console.publish'), exact: true }).click()
      await page.getByText(t('policies.flash.published')).first().waitFor()
      await expectUsable(page)

      const phone = await openWindow(browser, app, { viewport: { width: 360, height: 740 } })
      await useCookies(phone.context, app, await clinic.as(clinic.cast.nadia))
      const owner = await phone.context.newPage()
      await owner.goto(`/app/${clinic.slug}/today`)
      await owner.getByRole('link', { name: t('policies.banner.read') }).click()
      await owner.waitForURL('**/settings/privacy/policies')
      await expectUsable(owner)
      await owner.getByRole('link', { name: t('policies.owner.compare') }).click()
      await owner.waitForURL('**/compare?**')
      await owner.locator('.change ins').first().waitFor()
      await expectUsable(owner)
      await owner.goBack()
      await owner.locator('button[value="processors:2"]').click()
      await owner.getByText(t('policies.flash.accepted')).first().waitFor()
      await expectUsable(owner)
      expect(await owner.getByText(t('policies.banner.coming_title')).count()).toBe(0)

      for (const path of [
        '/processors',
        '/processors/versions/2',
        '/privacy',
        '/cookies',
        `/c/${clinic.slug}/privacy-notice`,
      ]) {
        await owner.goto(`${path}?lang=${lang}`)
        await expectUsable(owner)
      }
      expect([...desk.complaints, ...phone.complaints, ...desk.strangers, ...phone.strangers]).toEqual([])
      await desk.context.close()
      await phone.context.close()
    } finally {
      await app.stop()
    }
  })
})
