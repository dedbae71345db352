// The page of roles, a doctor who leaves with visits ahead, and the accountant's page, in a real browser, both directions.
import type { Browser } from 'playwright-core'
import { expect, it } from 'vitest'
import type { TestApp } from '../support/app.ts'
import { makeDocument } from '../support/books.ts'
import { hire, makeClinic } from '../support/cast.ts'
import { describeInBrowser, expectUsable, openWindow, useCookies, withAppAndBrowser } from '../support/browser.ts'
import { makeAppointment, makeBookable, makePatient, makePractitioner } from '../support/factories.ts'

describeInBrowser('roles', () => {
  let app: TestApp
  let browser: Browser
  withAppAndBrowser((started) => ({ app, browser } = started))

  const words = {
    en: { keep: 'They stay on the doctor’s list', remove: 'Remove', left: 'Visits that stay on the doctor’s list: 1' },
    ar: { keep: 'تبقى في جدول الطبيب', remove: 'إزالة', left: 'الزيارات الباقية في جدول الطبيب: 1' },
  } as const

  it.each(['en', 'ar'] as const)('are read, given up and kept apart in %s', { timeout: 120_000 }, async (lang) => {
    const clinic = await makeClinic(app)
    const { nadia, sana } = clinic.cast
    const bookable = await makeBookable(clinic)
    await makePractitioner(clinic)
    await makeAppointment(clinic, { ...bookable, patientId: (await makePatient(clinic)).id, at: '16:00' })
    await makeDocument(clinic)
    const accountant = await hire(clinic, 'accountant', 'Faisal Rafiq')
    await app.superuser('update platform.users set language = $1 where id = any($2)', [
      lang,
      [nadia.userId, accountant.userId],
    ])
    const at = (path: string) => `/app/${clinic.slug}${path}`
    const { context, strangers, complaints } = await openWindow(browser, app, { viewport: { width: 360, height: 740 } })
    await useCookies(context, app, await clinic.as(nadia))
    const page = await context.newPage()
    const look = async (name: string) => {
      await expectUsable(page)
      if (!process.env.SHOTS) return
      for (const width of [360, 1280]) {
        await page.setViewportSize({ width, height: 900 })
        await page.screenshot({ path: `${process.env.SHOTS}/roles-${name}-${lang}-${width}.png`, fullPage: true })
      }
      await page.setViewportSize({ width: 360, height: 740 })
    }
    await page.goto(at('/settings/staff'))
    await look('staff')
    await page.goto(at('/settings/staff/roles'))
    await look('table')
    await page.goto(at(`/settings/staff/${sana.userId}/removal`))
    await page.getByRole('button', { name: words[lang].remove }).press('Enter')
    await page.locator('.error-summary').waitFor()
    await look('removal')
    await page.getByLabel(words[lang].keep).check()
    await page.getByRole('button', { name: words[lang].remove }).press('Enter')
    await page.getByText(words[lang].left).waitFor()

    await useCookies(context, app, await clinic.as(accountant))
    await page.goto('/app')
    expect(new URL(page.url()).pathname).toBe(at('/books'))
    await look('books')
    expect({ strangers, complaints }).toEqual({ strangers: [], complaints: [] })
    await context.close()
  })
})
