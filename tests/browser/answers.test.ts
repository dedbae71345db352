// What a service asks, at the desk in a real browser: it comes and goes with the service that is chosen, and what was
// typed meanwhile stands.
import type { Browser } from 'playwright-core'
import { expect, it } from 'vitest'
import { loadTranslations } from '../../src/platform/i18n/translate.ts'
import type { TestApp } from '../support/app.ts'
import { describeInBrowser, expectUsable, openWindow, useCookies, withAppAndBrowser } from '../support/browser.ts'
import { makeClinic } from '../support/cast.ts'
import { makeBookable, makeQuestion, makeService } from '../support/factories.ts'

const say = loadTranslations()

describeInBrowser('questions at the desk', () => {
  let app: TestApp
  let browser: Browser
  withAppAndBrowser((started) => ({ app, browser } = started))

  it.each([
    ['en', 1280, true],
    ['ar', 360, true],
    ['ur', 360, false],
  ] as const)(
    'for a caller, for a walk-in, and later (%s, %d, scripts: %s)',
    { timeout: 90_000 },
    async (lang, width, scripts) => {
      const t = say[lang]
      const clinic = await makeClinic(app, { language: lang })
      const { service } = await makeBookable(clinic)
      const other = await makeService(clinic, { name: 'Vaccination' })
      const asks = { serviceId: service.id, label: 'Why do you come?', required: true }
      const why = `#f-q_${(await makeQuestion(clinic, asks)).id}`
      const fasting = await makeQuestion(clinic, { serviceId: service.id, label: 'Fasting?', kind: 'yes_no' })
      await app.superuser('update platform.users set language = $1', [lang])
      const { context } = await openWindow(browser, app, {
        viewport: { width, height: 800 },
        javaScriptEnabled: scripts,
      })
      await useCookies(context, app, await clinic.as(clinic.cast.bilal))
      const page = await context.newPage()
      const base = `${app.origin}/app/${clinic.slug}`
      const look = async (name: string) => {
        if (scripts) await expectUsable(page)
        if (process.env.SHOTS !== undefined)
          await page.screenshot({ path: `${process.env.SHOTS}/${name}-${lang}.png`, fullPage: true })
      }

      await page.goto(`${base}/appointments/new?service=${service.id}`)
      const newPatient = page.locator('details.new-person summary')
      if (scripts) await newPatient.click()
      else await page.goto(`${base}/appointments/new?service=${service.id}&name=Ayesha`)
      await page.locator('#f-name').fill('Ayesha Siddiqua')
      await page.locator('#f-phone').fill('12')
      await page.locator(why).fill('My knee')
      await look('answers-caller')
      await page.locator('button[name=slot]').first().click()
      await page.locator('#f-phone-error').waitFor()
      expect(await page.locator(why).inputValue()).toBe('My knee')
      await page.locator('#f-phone').fill('03001234567')
      if (scripts) {
        // Another day leaves the questions where they are, another service takes them away.
        await page.locator('.day:not([aria-pressed="true"]):not([disabled])').first().click()
        await page.locator('form:not([aria-busy])').first().waitFor()
        expect(await page.locator(why).inputValue()).toBe('My knee')
      }
      await page.locator('button[name=slot]').first().click()
      await page.waitForURL((url) => !url.pathname.endsWith('/appointments/new'))

      await page.goto(`${base}/walk-in`)
      await page.locator('#f-service').selectOption(other.id)
      const shown = page.locator(why)
      if (!scripts) await page.getByRole('button', { name: t('queue.walk_in.look') }).click()
      await expect.poll(() => shown.count()).toBe(0)
      await page.locator('#f-name').fill('Asma Iqbal')
      await page.locator('#f-phone').fill('03001112233')
      await page.locator('#f-service').selectOption(service.id)
      if (!scripts) await page.getByRole('button', { name: t('queue.walk_in.look') }).click()
      await shown.fill('My tooth')
      await look('answers-walk-in')
      expect(await page.locator('#f-name').inputValue()).toBe('Asma Iqbal')
      await page.locator('#f-name').press('Enter')
      await page.waitForURL('**/slip?**')

      const [visit] = await app.superuser<{ id: string }>(
        `select id from clinic.appointments where clinic_id = $1 and status = 'arrived'`,
        [clinic.id],
      )
      await page.goto(`${base}/appointments/${visit!.id}`)
      expect(await page.locator('section[aria-labelledby=answers]').innerText()).toContain('My tooth')
      await look('answers-visit')
      await page.getByRole('link', { name: t('desk.answers.change') }).click()
      await page.locator(`#f-q_${fasting.id}`).selectOption('no')
      await look('answers-later')
      await page.getByRole('button', { name: t('desk.answers.save') }).click()
      await page.waitForURL(`**/appointments/${visit!.id}`)
      expect(await page.locator('section[aria-labelledby=answers]').innerText()).toContain(t('desk.visit.no'))
    },
  )
})
