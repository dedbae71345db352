// The steps of the desk's day, pressed in a real browser: with scripts in place, without them by leaving the page.
import type { Browser } from 'playwright-core'
import { expect, it } from 'vitest'
import { loadTranslations } from '../../src/platform/i18n/translate.ts'
import type { TestApp } from '../support/app.ts'
import { describeInBrowser, openWindow, useCookies, withAppAndBrowser } from '../support/browser.ts'
import { makeClinic } from '../support/cast.ts'
import { makeAppointment, makeBookable } from '../support/factories.ts'

const t = loadTranslations().en

describeInBrowser('the steps of a day', () => {
  let app: TestApp
  let browser: Browser
  withAppAndBrowser((started) => ({ app, browser } = started))

  it.each([true, false])(
    'are taken on Today and on the visit, with scripts: %s',
    { timeout: 60_000 },
    async (scripts) => {
      const clinic = await makeClinic(app)
      await makeBookable(clinic)
      const visit = await makeAppointment(clinic, { at: '11:30' })
      const { context } = await openWindow(browser, app, { javaScriptEnabled: scripts })
      await useCookies(context, app, await clinic.as(clinic.cast.bilal))
      const page = await context.newPage()
      const card = page.locator(`[data-visit="${visit.id}"]`)
      const press = (step: string) => card.locator(`[data-key="${visit.id}:${step}"]`).click()
      // What moved under the pointer a moment ago takes no click.
      const openMenu = () =>
        expect
          .poll(async () => {
            await press('menu')
            return card.locator('details.menu').getAttribute('open')
          })
          .not.toBeNull()
      const becomes = (status: string) => expect.poll(() => card.getAttribute('data-status')).toBe(status)

      await page.goto(`/app/${clinic.slug}/today`)
      await press('main')
      await becomes('arrived')
      await page.locator('main > .flash').getByText('is checked in').waitFor()
      await openMenu()
      await press('undo')
      await becomes('booked')
      expect(new URL(page.url()).pathname).toBe(`/app/${clinic.slug}/today`)

      await page.goto(`/app/${clinic.slug}/appointments/${visit.id}`)
      await page.locator('[data-key="main"]').click()
      await page.getByText(t('shared.status.arrived')).first().waitFor()
      await context.close()
    },
  )
})
