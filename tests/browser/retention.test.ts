// Retention in a real browser and both directions: an owner reads it, shortens a period and sees beforehand what that
// does; the console orders a hold, which the owner sees, and lifts it.
import type { Browser, Page } from 'playwright-core'
import { expect, it } from 'vitest'
import { applyRetention } from '../../src/features/privacy/actions.ts'
import type { Language } from '../../src/platform/i18n/languages.ts'
import { loadTranslations } from '../../src/platform/i18n/translate.ts'
import type { TestApp } from '../support/app.ts'
import { describeInBrowser, expectUsable, openWindow, useCookies, withAppAndBrowser } from '../support/browser.ts'
import { makeClinic, makePlatformAdmin, signedIn, type TestClinic } from '../support/cast.ts'
import { makeAppointment, makeBookable, makePatient } from '../support/factories.ts'

const say = loadTranslations()

describeInBrowser('retention', () => {
  let app: TestApp
  let browser: Browser
  withAppAndBrowser((started) => ({ app, browser } = started))

  /** Visits nine months ago and today, something erased already, a clinic whose turn is late. */
  async function furnished(): Promise<TestClinic> {
    const clinic = await makeClinic(app)
    const { service, locationId } = await makeBookable(clinic)
    for (const [hours, count] of [
      [-24 * 270, 3],
      [2, 2],
    ] as const) {
      for (let visit = 0; visit < count; visit++) {
        const { id } = await makePatient(clinic)
        const startsAt = app.clock.now().add({ hours: hours + visit })
        await makeAppointment(clinic, { service, locationId, patientId: id, startsAt })
      }
    }
    await app.superuser(`insert into platform.sessions (sid, sess, expire) values ($1, '{}', '2026-01-01')`, [
      clinic.slug,
    ])
    await app.superuser('delete from platform.retention_clock')
    await applyRetention(app.services, { everyClinic: true })
    await app.superuser(
      `insert into platform.erasures (id, run, rule, clinic_id, count, at) values (gen_random_uuid(), $1, 'messages', $1, 1280, $2)`,
      [clinic.id, app.clock.now().toString()],
    )
    await app.superuser(
      `update platform.retention_turns set done_at = $2, behind = '{messages,codes}' where clinic_id = $1`,
      [clinic.other.id, app.clock.now().subtract({ hours: 30 }).toString()],
    )
    return clinic
  }

  async function windowFor(lang: Language, width: number, userId: Parameters<typeof signedIn>[1], dark = false) {
    await app.superuser('update platform.users set language = $1', [lang])
    const opened = await openWindow(browser, app, {
      viewport: { width, height: 800 },
      ...(dark ? { colorScheme: 'dark' as const } : {}),
    })
    await useCookies(opened.context, app, await signedIn(app, userId))
    return { ...opened, page: await opened.context.newPage() }
  }

  async function look(page: Page, name: string) {
    await expectUsable(page)
    if (process.env.SHOTS) await page.screenshot({ path: `${process.env.SHOTS}/${name}.png`, fullPage: true })
  }

  it.each([
    ['en', 360, false],
    ['ar', 360, true],
    ['en', 1280, true],
    ['ar', 1280, false],
    ['ur', 360, false],
  ] as const)(
    'is read by an owner and by the console, in %s at %i px',
    { timeout: 120_000 },
    async (lang, width, dark) => {
      const clinic = await furnished()
      const name = `${lang}-${width}${dark ? '-dark' : ''}`
      const { page, context, strangers, complaints } = await windowFor(lang, width, clinic.cast.nadia.userId, dark)
      await page.goto(`/app/${clinic.slug}/settings/privacy`)
      await look(page, `hub-${name}`)
      await page.getByRole('link', { name: say[lang]('privacy.hub.retention.name') }).click()
      await page.getByRole('heading', { level: 1, name: say[lang]('privacy.retention.title') }).waitFor()
      await look(page, `retention-${name}`)
      await context.close()

      const admin = await windowFor(lang, width, (await makePlatformAdmin(app)).userId, dark)
      await admin.page.goto('/admin/retention')
      await look(admin.page, `console-${name}`)
      await admin.page.goto('/admin/retention/holds/new')
      await look(admin.page, `hold-new-${name}`)
      await admin.context.close()
      expect({ strangers, complaints }).toEqual({ strangers: [], complaints: [] })
    },
  )

  it.each(['en', 'ar'] as const)(
    'is changed by an owner who saw what that does, in %s',
    { timeout: 120_000 },
    async (lang) => {
      const t = say[lang]
      const clinic = await furnished()
      const { page, context, complaints } = await windowFor(lang, 360, clinic.cast.nadia.userId)
      await page.goto(`/app/${clinic.slug}/settings/privacy/retention`)
      await page.getByLabel(t('privacy.retention.identity')).fill('5')
      await page.getByRole('button', { name: t('privacy.retention.look') }).click()
      await page.getByRole('alert').getByText(t('privacy.error.identity')).waitFor()
      expect(await page.getByLabel(t('privacy.retention.identity')).inputValue()).toBe('5')
      await look(page, `wrong-${lang}`)
      await page.getByLabel(t('privacy.retention.identity')).fill('6')
      await page.getByRole('button', { name: t('privacy.retention.look') }).click()
      await page.getByText(t('privacy.effect.visits', { count: 3 })).waitFor()
      await look(page, `effect-${lang}`)
      await page.getByRole('button', { name: t('privacy.effect.confirm') }).click()
      await page.getByText(t('privacy.flash.changed')).waitFor()
      await look(page, `changed-${lang}`)
      expect(complaints.filter((one) => !one.includes('422'))).toEqual([])
      await context.close()
    },
  )

  it.each(['en', 'ar'] as const)('is paused by the law and goes on, in %s', { timeout: 120_000 }, async (lang) => {
    const t = say[lang]
    const clinic = await furnished()
    const { page, context } = await windowFor(lang, 1280, (await makePlatformAdmin(app)).userId)
    await page.goto('/admin/retention')
    await page.getByRole('link', { name: t('privacy.hold.new') }).click()
    await page.getByLabel(t('privacy.hold.clinic'), { exact: true }).fill(clinic.slug)
    await page.getByLabel(t('privacy.hold.owner_name')).fill('Nadia Khan')
    await page.locator('#f-reason').fill('Order of the court, file 17/2026')
    await page.locator('#f-until').fill('2027-06-30')
    await page.locator('#f-typed').fill('another')
    await page.getByRole('button', { name: t('privacy.hold.set') }).click()
    await page.getByText(t('privacy.error.typed')).first().waitFor()
    expect(await page.locator('#f-until').inputValue()).toBe('2027-06-30')
    await look(page, `hold-wrong-${lang}`)
    await page.locator('#f-typed').fill(clinic.slug)
    await page.getByRole('button', { name: t('privacy.hold.set') }).click()
    await page.getByText(t('privacy.flash.hold_set')).waitFor()
    await look(page, `console-held-${lang}`)

    const owner = await windowFor(lang, 360, clinic.cast.nadia.userId)
    await owner.page.goto(`/app/${clinic.slug}/settings/privacy/retention`)
    await owner.page.getByText(t('privacy.hold.banner')).waitFor()
    await look(owner.page, `held-${lang}`)
    await owner.context.close()

    await page.getByRole('link', { name: 'Shifa Clinic' }).first().click()
    await look(page, `hold-${lang}`)
    await page.locator('#f-typed').fill(clinic.slug)
    await page.getByRole('button', { name: t('privacy.hold.lift') }).click()
    await page.getByText(t('privacy.flash.hold_lifted')).waitFor()
    await look(page, `console-lifted-${lang}`)
    await context.close()
  })
})
