// The waiting list in a real browser, in both directions: a patient joins without scripts on a narrow phone, is offered a
// time that came free on the phone of the simulator, says yes there; the desk sees the list and offers by hand.
import type { Browser, Page } from 'playwright-core'
import { expect, it } from 'vitest'
import { cancelByPatient } from '../../src/features/appointments/actions/run.ts'
import { dispatchDue } from '../../src/features/messaging/actions/dispatch.ts'
import { workOnEvents } from '../../src/features/messaging/actions/events.ts'
import { codesOf } from '../portal/scene.ts'
import { testNow, type TestApp } from '../support/app.ts'
import {
  describeInBrowser,
  expectUsable,
  openWindow,
  useCookies,
  weighPages,
  withAppAndBrowser,
} from '../support/browser.ts'
import { makePractitioner } from '../support/factories.ts'
import { offersIn, patientActor, visitsIn, waitingScene } from '../waitlist/scene.ts'

describeInBrowser('the waiting list', () => {
  let app: TestApp
  let browser: Browser
  withAppAndBrowser((started) => ({ app, browser } = started), { simulator: true })

  const words = {
    en: {
      suit: 'Join the waiting list', wednesday: 'Wed', morning: 'Morning', name: 'Name', phone: 'Phone', agree: /may send me WhatsApp/,
      join: 'Join the waiting list', code: 'Code', prove: /^Confirm|^Book/, on: 'You are on the waiting list', yes: 'Yes, please',
    },
    ar: {
      suit: 'انضم إلى قائمة الانتظار', wednesday: 'الأربعاء', morning: 'الصباح', name: 'الاسم', phone: 'الهاتف', agree: /أوافق على أن ترسل/,
      join: 'انضم إلى قائمة الانتظار', code: 'الرمز', prove: /./, on: 'أنت في قائمة الانتظار', yes: 'نعم، أريده',
    },
  } as const // prettier-ignore

  let shot = 0
  async function look(page: Page, name: string) {
    await expectUsable(page)
    if (!process.env.SHOTS) return
    await page.screenshot({
      path: `${process.env.SHOTS}/${String(++shot).padStart(2, '0')}-${name}.png`,
      fullPage: true,
    })
  }

  it.each(['en', 'ar'] as const)('is joined without scripts, and left by a yes on the phone, in %s', { timeout: 120_000 }, async (lang) => {
    app.clock.set(testNow)
    const say = words[lang]
    const scene = await waitingScene(app)
    await makePractitioner(scene.clinic)
    const visit = await scene.book()
    const { context, strangers, complaints } = await openWindow(browser, app, {
      viewport: { width: 360, height: 740 },
      javaScriptEnabled: false,
    })
    // What looks at a page runs in it: a second window with scripts opens the same addresses.
    const { context: seeing } = await openWindow(browser, app, { viewport: { width: 360, height: 740 } })
    const page = await context.newPage()
    const eyes = await seeing.newPage()
    const weights = await weighPages(page)
    await page.goto(`/c/${scene.clinic.slug}/times?lang=${lang}&service=${scene.service.id}`)
    await page.getByRole('link', { name: say.suit }).first().click()
    await eyes.goto(page.url())
    await look(eyes, `${lang}-join`)
    await page.getByLabel(say.wednesday, { exact: true }).check()
    await page.getByLabel(say.morning, { exact: true }).check()
    await page.locator('[name=until]').fill('2026-11-25')
    await page.locator('[name=name]').fill('Ayesha Waits')
    await page.locator('[name=phone]').fill('0300 7654321')
    await page.getByRole('button', { name: say.join }).click()
    expect(await page.locator('.error-summary').count()).toBe(1)
    await page.getByLabel(say.agree).check()
    await page.getByRole('button', { name: say.join }).click()
    await page.locator('[name=code]').waitFor()
    await page.locator('[name=code]').fill((await codesOf(app, scene.clinic)).at(-1) ?? '')
    await page.locator('button[value=code]').click()
    await page.getByText(say.on).first().waitFor()
    const place = page.url()
    await eyes.goto(place)
    await look(eyes, `${lang}-place`)

    await app.runJob('waitlist.offer')
    await scene.clinic.inClinic((ctx) => cancelByPatient(ctx, visit.id), patientActor)
    await app.runJob('waitlist.offer')
    await dispatchDue(app.services)
    await eyes.goto(place)
    await look(eyes, `${lang}-offer`)
    expect(weights.heaviest().bytes, weights.heaviest().url).toBeLessThanOrEqual(50 * 1024)

    const phone = await seeing.newPage()
    await phone.goto('/dev/phone?number=%2B923007654321')
    await phone.getByText(say.yes).last().click()
    await expect.poll(async () => {
      await app.simulator!.controls.flush()
      await workOnEvents(app.services)
      return (await visitsIn(scene.clinic)).length
    }).toBe(1)
    expect(await offersIn(scene.clinic)).toMatchObject([{ state: 'accepted' }])
    await eyes.goto(place)
    await look(eyes, `${lang}-booked`)
    expect({ strangers, complaints }).toEqual({ strangers: [], complaints: [] })
    await Promise.all([context.close(), seeing.close()])
  }) // prettier-ignore

  it.each(['en', 'ar'] as const)('is seen and worked at the desk, in %s', { timeout: 120_000 }, async (lang) => {
    app.clock.set(testNow)
    const scene = await waitingScene(app)
    await app.superuser('update platform.users set language = $2 where id = $1', [scene.clinic.cast.nadia.userId, lang])
    const nadia = await scene.clinic.as(scene.clinic.cast.nadia)
    const { context, complaints } = await openWindow(browser, app, { viewport: { width: 1280, height: 900 } })
    await useCookies(context, app, nadia)
    const page = await context.newPage()
    const path = `/app/${scene.clinic.slug}/waiting-list`
    await page.goto(path)
    await look(page, `${lang}-desk-empty`)
    const visit = await scene.book()
    await scene.join({ weekdays: [3], parts: ['morning'] }, { name: 'Ayesha Waits' })
    await scene.join({}, { name: 'عائشة خان' })
    await app.runJob('waitlist.offer')
    await app.superuser(`update clinic.appointments set status = 'cancelled' where id = $1`, [visit.id])
    await page.goto(path)
    await look(page, `${lang}-desk-list`)
    await page.goto(`${path}/new`)
    await look(page, `${lang}-desk-add`)
    await page.goto(`${path}/offer?service=${scene.service.id}&date=2026-11-25`)
    await page.locator('nav.slots a').first().click()
    await look(page, `${lang}-desk-offer`)
    await page.locator('form[aria-labelledby=fits] button').click()
    await page.locator('.flash').waitFor()
    expect(await offersIn(scene.clinic)).toHaveLength(2)
    await look(page, `${lang}-desk-asked`)
    await page.goto(`/app/${scene.clinic.slug}/settings/waiting-list`)
    await look(page, `${lang}-desk-settings`)
    await page.setViewportSize({ width: 360, height: 740 })
    await page.goto(path)
    await look(page, `${lang}-desk-narrow`)
    expect(complaints).toEqual([])
    await context.close()
  })
})
