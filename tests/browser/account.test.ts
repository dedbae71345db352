// One's own account in a browser: who one is to colleagues, and where one is signed in.
import type { Browser } from 'playwright-core'
import sharp from 'sharp'
import { expect, it } from 'vitest'
import type { Language } from '../../src/platform/i18n/languages.ts'
import { loadTranslations } from '../../src/platform/i18n/translate.ts'
import type { TestApp } from '../support/app.ts'
import { describeInBrowser, expectUsable, openWindow, useCookies, withAppAndBrowser } from '../support/browser.ts'
import { makeClinic } from '../support/cast.ts'

const say = loadTranslations()
const folder = process.env.SHOTS

describeInBrowser('one’s own account', () => {
  let app: TestApp
  let browser: Browser
  withAppAndBrowser((started) => ({ app, browser } = started), { passwordCost: 4 })

  const picture = async () => ({
    name: 'me.jpg',
    mimeType: 'image/jpeg',
    buffer: await sharp({ create: { width: 900, height: 600, channels: 3, background: '#3a7d6c' } })
      .withExif({ IFD0: { Artist: 'Somebody Secret' } })
      .jpeg()
      .toBuffer(),
  })

  it.each([
    ['en', 1280],
    ['en', 360],
    ['ar', 1280],
    ['ar', 360],
  ] as const)('in %s at %i: a photo without what the camera wrote, phones, and one’s sessions', async (lang, width) => {
    const t = say[lang as Language]
    const clinic = await makeClinic(app)
    const { userId } = clinic.cast.nadia
    // The demo's accounts keep their looks.
    await app.superuser('update platform.users set language = $2, email = $3, email_unproven = true where id = $1', [
      userId,
      lang,
      `nadia-${userId.slice(-6)}@example.org`,
    ])
    const elsewhere = await clinic.as(clinic.cast.nadia)
    const { context, complaints } = await openWindow(browser, app, { viewport: { width, height: 900 } })
    await useCookies(context, app, await clinic.as(clinic.cast.nadia))
    const page = await context.newPage()
    await page.goto('/account')
    await page.locator('input[name=phone]').fill('0300 1234567')
    await page.locator('form[action="/account/profile"] button').click()
    expect(await page.locator('input[name=phone]').inputValue()).toBe('+92 300 1234567')
    await page.locator('input[name=photo]').setInputFiles(await picture())
    await page.locator('form[action="/account/photo"] button').click()
    const photo = page.locator('img.person-photo')
    expect(await photo.getAttribute('alt')).toBe(t('accounts.photo.of', { name: 'Nadia Khan' }))
    const kept = await clinic.as(clinic.cast.nadia).then((agent) => agent.get('/account/photo').expect(200))
    const meta = await sharp(kept.body as Buffer).metadata()
    expect([meta.width, meta.height, meta.exif]).toEqual([256, 256, undefined])
    await expectUsable(page)
    if (folder) await page.screenshot({ path: `${folder}/account-${lang}-${width}.png`, fullPage: true })

    await page.locator('form[action="/account/sessions/end-others"] button').click()
    expect((await elsewhere.get('/account')).status).toBe(303)
    expect(await page.locator('form[action="/account/sessions/end-others"]').count()).toBe(0)

    await page.goto(`/app/${clinic.slug}/settings/staff`)
    expect(await page.locator('.list img.person-photo').count()).toBe(1)
    expect(await page.locator('.list').first().innerText()).toContain('+92 300 1234567')
    await expectUsable(page)
    if (folder) await page.screenshot({ path: `${folder}/staff-${lang}-${width}.png`, fullPage: true })
    expect(complaints).toEqual([])
    await context.close()
  })
})
