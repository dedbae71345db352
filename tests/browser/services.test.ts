// Services as they are, in a real browser and both directions: an owner sets one up with a room and questions, a patient
// answers them and books, the desk reads the answers.
import type { Browser, Page } from 'playwright-core'
import { expect, it } from 'vitest'
import type { Language } from '../../src/platform/i18n/languages.ts'
import { loadTranslations } from '../../src/platform/i18n/translate.ts'
import type { TestApp } from '../support/app.ts'
import { describeInBrowser, expectUsable, openWindow, useCookies, withAppAndBrowser } from '../support/browser.ts'
import { makeClinic, signedIn } from '../support/cast.ts'
import { makeBookable, makeResource } from '../support/factories.ts'
import { setProfile } from '../booking/patient.ts'

const say = loadTranslations()

describeInBrowser('services', () => {
  let app: TestApp
  let browser: Browser
  withAppAndBrowser((started) => ({ app, browser } = started))

  async function look(page: Page, name: string) {
    await expectUsable(page)
    const folder = process.env.SHOTS
    if (folder !== undefined) await page.screenshot({ path: `${folder}/${name}.png`, fullPage: true })
  }

  it.each([
    ['en', 1280],
    ['ar', 360],
  ] as const)(
    'an owner sets it up, a patient answers, the desk reads (%s, %d)',
    async (lang: Language, width: number) => {
      const t = say[lang]
      const clinic = await makeClinic(app, { language: lang })
      const { service, locationId } = await makeBookable(clinic)
      await setProfile(clinic, { code_policy: 'off' })
      await makeResource(clinic, { name: 'Room 1', kind: 'room', locationId })
      await makeResource(clinic, { name: 'Ultrasound' })
      await app.superuser('update platform.users set language = $1', [lang])

      const owner = await openWindow(browser, app, { viewport: { width, height: 900 } })
      await useCookies(owner.context, app, await signedIn(app, clinic.cast.nadia.userId))
      const page = await owner.context.newPage()
      const base = `${app.origin}/app/${clinic.slug}`
      await page.goto(`${base}/settings/rooms`)
      await look(page, `rooms-${lang}`)
      await page.goto(`${base}/settings/rooms/new`)
      await look(page, `room-${lang}`)
      await page.goto(`${base}/settings/services/${service.id}`)
      await page.getByLabel('Room 1').check()
      await page.getByLabel('Ultrasound').check()
      await page.getByText(t('clinics.services.question_add'), { exact: true }).click()
      await page.locator('#f-q1_label').fill('Have you been fasting?')
      await page.locator('#f-q1_kind').selectOption('yes_no')
      await page.locator('#f-q1_required').check()
      await page.getByText(t('clinics.services.follow_up'), { exact: true }).click()
      await page.getByText(t('clinics.services.own'), { exact: true }).click()
      await page.getByText(t('clinics.services.own_rules'), { exact: true }).click()
      await look(page, `service-${lang}`)
      await page.getByRole('button', { name: t('clinics.action.save') }).click()
      await page.waitForURL('**/settings/services')
      await page.goto(`${base}/settings/services/${service.id}`)
      expect(await page.getByLabel('Room 1').isChecked()).toBe(true)

      const patient = await openWindow(browser, app, { viewport: { width: 360, height: 780 } })
      const phone = await patient.context.newPage()
      await phone.goto(`${app.origin}/c/${clinic.slug}/times?lang=${lang}`)
      await phone.locator('button[name=slot]').first().click()
      await look(phone, `details-${lang}`)
      await phone.getByRole('button', { name: t('booking.details.submit') }).click()
      expect(await phone.locator('body').innerText()).toContain(t('booking.error.choice_required'))
      await look(phone, `details-wrong-${lang}`)
      await phone.getByLabel(t('booking.details.yes'), { exact: true }).check()
      await phone.locator('#f-name').fill('Ayesha Khan')
      await phone.locator('#f-phone').fill('0300 1234567')
      await phone.getByRole('button', { name: t('booking.details.submit') }).click()
      await phone.waitForURL('**/a/**')

      const [visit] = await app.superuser<{ id: string }>('select id from clinic.appointments where clinic_id = $1', [
        clinic.id,
      ])
      await page.goto(`${base}/appointments/${visit!.id}`)
      const words = await page.locator('main').innerText()
      expect(words).toContain('Have you been fasting?')
      expect(words).toContain(t('desk.visit.yes'))
      expect(words).toContain('Ultrasound')
      await look(page, `visit-${lang}`)
      await owner.context.close()
      await patient.context.close()
    },
    120_000,
  )
})
