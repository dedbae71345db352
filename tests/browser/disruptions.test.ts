// A doctor who is late, in a real browser: said, looked at, chosen otherwise for one visit, done, and taken back; in both
// directions of writing, on a phone too.
import type { Browser } from 'playwright-core'
import { expect, it } from 'vitest'
import type { Language } from '../../src/platform/i18n/languages.ts'
import { loadTranslations } from '../../src/platform/i18n/translate.ts'
import type { TestApp } from '../support/app.ts'
import { describeInBrowser, expectUsable, openWindow, useCookies, withAppAndBrowser } from '../support/browser.ts'
import { makeClinic } from '../support/cast.ts'
import { makeBookable } from '../support/factories.ts'
import { booked, timeOf } from '../disruptions/scene.ts'

const say = loadTranslations()
const shots = process.env.SHOTS

describeInBrowser('a doctor who is late', () => {
  let app: TestApp
  let browser: Browser
  withAppAndBrowser((started) => ({ app, browser } = started), { simulator: true })

  it.each([
    ['en', 1280],
    ['ar', 360],
  ] as const)(
    'in %s at %d pixels',
    async (lang: Language, width) => {
      app.clock.set('2026-11-24T07:00:00Z')
      const clinic = await makeClinic(app, lang === 'ar' ? { language: 'ar', name: 'عيادة نور' } : {})
      await makeBookable(clinic)
      const first = await booked(clinic, 'Ayesha Khan', '12:30')
      const second = await booked(clinic, 'منى حسن', '13:00', { language: 'ar' })
      await booked(clinic, 'بشریٰ نور', '13:30', { language: 'ur' })
      app.clock.set('2026-11-24T07:10:00Z')
      await app.runJob('messaging.dispatch')
      await app.superuser('update platform.users set language = $1', [lang])
      const t = say[lang]
      const { context } = await openWindow(browser, app, { viewport: { width, height: 900 } })
      await useCookies(context, app, await clinic.as(clinic.cast.bilal))
      const page = await context.newPage()
      const shoot = async (name: string) => {
        if (shots) await page.screenshot({ path: `${shots}/${lang}-${name}.png`, fullPage: true })
      }
      await page.goto(`/app/${clinic.slug}/today`)
      await page.getByRole('link', { name: t('disruptions.bar.open') }).click()
      await page.waitForURL('**/disruptions/new**')
      await expectUsable(page)
      await shoot('1-form')
      await page.getByLabel(t('disruptions.new.what_leave')).check()
      await expect.poll(() => page.getByLabel(t('disruptions.new.from_date')).isVisible()).toBe(true)
      await page.getByLabel(t('disruptions.new.what_late')).check()
      await expect.poll(() => page.getByLabel(t('disruptions.new.from_date')).isVisible()).toBe(false)
      await page.getByLabel(t('disruptions.new.late_min')).fill('60')
      await page.getByRole('button', { name: t('disruptions.new.submit') }).click()
      await page.locator('.disruption-visit').first().waitFor()
      expect(await page.locator('.disruption-text').count()).toBe(3)
      await expectUsable(page)
      await shoot('2-preview')
      await page.locator('.disruption-visit select').nth(1).selectOption('cancel')
      await page
        .getByRole('button', { name: t('disruptions.preview.look') })
        .last()
        .click()
      await page.locator('.disruption-becomes.is-off').waitFor()
      await page.locator('button[value=confirm]').click()
      await page.waitForURL((url) => /disruptions\/[0-9a-f-]{36}$/.test(url.pathname))
      await expectUsable(page)
      await shoot('3-done')
      expect(await timeOf(clinic, first.id)).toBe('13:10')
      await page.goto(`/app/${clinic.slug}/today`)
      await page.locator('.disruption-bar').waitFor()
      await expectUsable(page)
      await shoot('4-today')
      if (width === 1280) {
        await page.emulateMedia({ colorScheme: 'dark' })
        await page.evaluate('document.documentElement.setAttribute("data-bs-theme", "dark")')
        await page.goto(`/app/${clinic.slug}/disruptions`)
        await expectUsable(page)
        await page.goBack()
      }
      await page
        .locator('.disruption-bar')
        .getByRole('button', { name: t('disruptions.bar.undo') })
        .click()
      await page.waitForURL((url) => /disruptions\/[0-9a-f-]{36}$/.test(url.pathname))
      expect(await timeOf(clinic, first.id)).toBe('12:30')
      app.clock.set('2026-11-24T07:30:00Z')
      await app.runJob('messaging.dispatch')
      expect(app.simulator!.controls.inbox(second.phone)).toHaveLength(1)
    },
    90_000,
  )
})
