// An owner takes everything along, in a real browser and both directions: asks, is asked for the password, sees it being
// made, and gets a file.
import type { Browser } from 'playwright-core'
import { readFile } from 'node:fs/promises'
import { expect, it } from 'vitest'
import { furnishedClinic, unzip } from '../export/scene.ts'
import type { TestApp } from '../support/app.ts'
import { describeInBrowser, expectUsable, openWindow, useCookies, withAppAndBrowser } from '../support/browser.ts'

describeInBrowser('an export', () => {
  let app: TestApp
  let browser: Browser
  withAppAndBrowser((started) => ({ app, browser } = started))

  const words = {
    en: {
      button: 'Make the export',
      waiting: 'Waiting',
      ready: 'Ready',
      download: 'Download',
      read: 'Read and print',
    },
    ar: {
      button: 'إنشاء التصدير',
      waiting: 'في الانتظار',
      ready: 'جاهز',
      download: 'تنزيل',
      read: 'قراءة وطباعة',
    },
  } as const

  it.each(['en', 'ar'] as const)('is asked for, made and taken, in %s', { timeout: 60_000 }, async (lang) => {
    const say = words[lang]
    const clinic = await furnishedClinic(app)
    await app.superuser('update platform.users set language = $1 where id = $2', [lang, clinic.cast.nadia.userId])
    const { context, strangers, complaints } = await openWindow(browser, app, { viewport: { width: 360, height: 740 } })
    await useCookies(context, app, await clinic.as(clinic.cast.nadia))
    const page = await context.newPage()
    await page.goto(`/app/${clinic.slug}/settings/export`)
    await expectUsable(page)
    await page.getByRole('button', { name: say.button }).click()
    await page.getByText(say.waiting, { exact: true }).waitFor()
    // The page hears of it by itself.
    await app.runJob('export.make')
    await page.getByText(say.ready, { exact: true }).waitFor()
    await expectUsable(page)
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: say.download }).click(),
    ])
    expect((await unzip(await readFile(await download.path())))!['patients.csv']).toContain('p0@patient.test')

    const [patient] = await app.superuser<{ id: string }>(
      'select id from clinic.patients where clinic_id = $1 order by id limit 1',
      [clinic.id],
    )
    await page.goto(`/app/${clinic.slug}/patients/${patient!.id}`)
    await expectUsable(page)
    await page.getByRole('button', { name: say.read }).click()
    await page.getByText('p0@patient.test').waitFor()
    await expectUsable(page)
    if (process.env.SHOTS) {
      await page.screenshot({ path: `${process.env.SHOTS}/patient-${lang}.png`, fullPage: true })
      await page.goto(`/app/${clinic.slug}/settings/export`)
      await page.screenshot({ path: `${process.env.SHOTS}/export-${lang}.png`, fullPage: true })
      await page.setViewportSize({ width: 1280, height: 900 })
      await page.screenshot({ path: `${process.env.SHOTS}/export-wide-${lang}.png`, fullPage: true })
    }
    expect({ strangers, complaints: complaints.filter((one) => !one.includes('422')) }).toEqual({
      strangers: [],
      complaints: [],
    })
    await context.close()
  })
})
