// What Nabz exists for, from a patient's phone to the desk and back, in a real browser, in both directions of writing.
import type { Browser, Locator, Page } from 'playwright-core'
import { expect, it } from 'vitest'
import { directionOf, type Language } from '../../src/platform/i18n/languages.ts'
import { loadTranslations } from '../../src/platform/i18n/translate.ts'
import type { TestApp } from '../support/app.ts'
import {
  describeInBrowser,
  expectUsable,
  openWindow,
  useCookies,
  weighPages,
  withAppAndBrowser,
} from '../support/browser.ts'
import { makeClinic, type TestClinic } from '../support/cast.ts'
import { makeBookable } from '../support/factories.ts'

const say = loadTranslations()

describeInBrowser('the tour', () => {
  let app: TestApp
  let browser: Browser
  withAppAndBrowser((started) => ({ app, browser } = started), { simulator: true })

  const dispatch = () => app.runJob('messaging.dispatch')
  /** A press is over when the server has answered it, which a click alone does not wait for. */
  const pressed = (page: Page, button: Locator) =>
    Promise.all([page.waitForResponse((one) => one.request().method() === 'POST'), button.click()])
  const inbox = (number: string) => app.simulator!.controls.inbox(number).map(({ text }) => text)

  async function clinicIn(lang: Language): Promise<TestClinic> {
    const clinic =
      lang === 'ar'
        ? await makeClinic(app, {
            language: 'ar',
            country: 'EG',
            zone: 'Africa/Cairo',
            currency: 'EGP',
            name: 'عيادة نور',
          })
        : await makeClinic(app)
    await makeBookable(clinic, lang === 'ar' ? { name: 'كشف' } : {})
    await app.superuser('update platform.users set language = $1', [lang])
    return clinic
  }

  /** From the clinic's page to the visit's: how many pages a person saw on the way. */
  async function book(
    page: Page,
    clinic: TestClinic,
    lang: Language,
    person: { name: string; phone: string; number: string },
    // Without scripts axe can't look.
    looking = true,
  ) {
    const t = say[lang]
    let pages = 1
    await page.goto(`/c/${clinic.slug}`)
    await page.getByRole('link', { name: t('booking.clinic.see_times') }).click()
    await page.waitForURL('**/times**')
    pages++
    await page.locator('button.slot').first().click()
    await page.waitForURL('**/bookings/**')
    pages++
    if (looking) await expectUsable(page)
    await page.getByLabel(t('booking.details.name')).fill(person.name)
    await page.getByLabel(t('booking.details.phone')).fill(person.phone)
    await page.locator('input[name=consent]').check()
    await page.getByRole('button', { name: t('booking.details.submit') }).click()
    await page.getByLabel(t('booking.code.label')).waitFor()
    if (looking) await expectUsable(page)
    pages++
    await dispatch()
    const [code] = inbox(person.number)
      .map((text) => /\b\d{6}\b/.exec(text)?.[0])
      .filter(Boolean)
    await page.getByLabel(t('booking.code.label')).fill(code!)
    await page.getByRole('button', { name: t('booking.code.submit') }).click()
    await page.waitForURL('**/a/**')
    return pages
  }

  it.each([
    ['en', { name: 'Hina Tariq', phone: '0300 7654321', number: '923007654321' }],
    ['ar', { name: 'منى السيد', phone: '٠١٠٠ ٧٦٥ ٤٣٢١', number: '201007654321' }],
  ] as const)(
    'in %s: book, read it, see it at the desk, move it, reply STOP',
    { timeout: 90_000 },
    async (lang, person) => {
      const t = say[lang]
      const clinic = await clinicIn(lang)

      // The desk has Today open before anything happens.
      const desk = await openWindow(browser, app, { viewport: { width: 1280, height: 800 } })
      await useCookies(desk.context, app, await clinic.as(clinic.cast.bilal))
      const today = await desk.context.newPage()
      await today.goto(`/app/${clinic.slug}/today`)
      expect(await today.locator('html').getAttribute('dir')).toBe(directionOf(lang))
      const atDesk = today.locator('#day').getByRole('link', { name: person.name })
      expect(await atDesk.count()).toBe(0)

      // A patient books on a phone.
      const patient = await openWindow(browser, app)
      const page = await patient.context.newPage()
      const weight = await weighPages(page)
      expect(await book(page, clinic, lang, person)).toBeLessThanOrEqual(4)
      expect(await page.locator('html').getAttribute('dir')).toBe(directionOf(lang))
      await page.getByText(t('booking.visit.complete')).first().waitFor()
      expect(weight.heaviest().bytes).toBeLessThan(50 * 1024)

      // The desk sees it without touching anything.
      await atDesk.first().waitFor()

      // The confirmation is on the phone, and tapping its button tells the clinic.
      await dispatch()
      const phone = await patient.context.newPage()
      await phone.goto(`/dev/phone?number=${person.number}`)
      await phone.locator('.bubble.theirs').getByText(clinic.cast.sana.name).waitFor()
      await pressed(phone, phone.getByRole('button', { name: t('messaging.button.confirm') }))
      await app.simulator!.controls.flush()
      await app.runJob('messaging.webhooks')
      await dispatch()
      await page.reload()
      await page.getByText(t('booking.visit.you_confirmed')).waitFor()

      // The desk sees that too. A click in the moment the day is drawn anew would not be taken.
      await today.locator('#day').getByText(t('desk.card.confirmed')).first().waitFor()
      await today.waitForTimeout(500)
      await atDesk.first().click()
      await today.waitForURL('**/appointments/**')
      await expectUsable(today)

      // The desk moves it; after the three minutes of grace the phone is told.
      const moveHref = await today.locator('a[href*="/move"]').first().getAttribute('href')
      await today.goto(moveHref!)
      await today.locator('button.slot').last().click()
      await today.waitForURL((url) => !url.pathname.endsWith('/move'))
      const told = inbox(person.number).length
      await dispatch()
      expect(inbox(person.number)).toHaveLength(told)
      app.clock.advance({ minutes: 4 })
      await dispatch()
      expect(inbox(person.number)).toHaveLength(told + 1)
      await phone.reload()
      await phone.locator('.bubble.theirs').nth(told).getByText(clinic.cast.sana.name).waitFor()

      // STOP is answered once, and nothing more is sent: not even that the visit is cancelled.
      await pressed(phone, phone.locator('form.chips button').first())
      await app.simulator!.controls.flush()
      await app.runJob('messaging.webhooks')
      await dispatch()
      const [stopConfirmed] = inbox(person.number).slice(-1)
      expect(stopConfirmed).toContain(
        t('messaging.reply.stop_confirmed', { clinic: 'Nabz' }).split('Nabz')[0]!.slice(0, 20),
      )
      const before = inbox(person.number).length
      const [visit] = await app.superuser<{ id: string }>('select id from clinic.appointments where clinic_id = $1', [
        clinic.id,
      ])
      await (
        await clinic.as(clinic.cast.bilal)
      )
        .postForm(`/app/${clinic.slug}/appointments/${visit!.id}/cancellation`)
        .expect(303)
      app.clock.advance({ minutes: 10 })
      await dispatch()
      expect(inbox(person.number)).toHaveLength(before)
      await page.reload()
      await page.getByText(t('booking.visit.again')).waitFor()

      const { strangers, complaints } = patient
      expect({ strangers, complaints, desk: desk.complaints }).toEqual({ strangers: [], complaints: [], desk: [] })
      await Promise.all([patient.context.close(), desk.context.close()])
    },
  )

  it(
    'works for a patient whose browser runs no script: book, confirm, move and cancel',
    { timeout: 60_000 },
    async () => {
      const clinic = await clinicIn('en')
      const t = say.en
      const { context } = await openWindow(browser, app, { javaScriptEnabled: false })
      const page = await context.newPage()
      await book(page, clinic, 'en', { name: 'Sara Khan', phone: '+92 301 2223334', number: '923012223334' }, false)

      // Opened again, as from the message: just after booking there is nothing to confirm.
      await page.goto(new URL(page.url()).pathname)
      await page.getByRole('button', { name: t('booking.visit.confirm') }).click()
      await page.getByText(t('booking.visit.you_confirmed')).waitFor()

      const time = await page.locator('#when').textContent()
      await page.getByRole('link', { name: t('booking.visit.move') }).click()
      await page.locator('button.slot').last().click()
      await page.getByText(t('booking.visit.moved'), { exact: true }).waitFor()
      expect(await page.locator('#when').textContent()).not.toBe(time)

      await page.getByRole('link', { name: t('booking.visit.cancel') }).click()
      await page.getByRole('button', { name: t('booking.cancel.submit') }).click()
      await page.getByText(t('booking.visit.cancelled'), { exact: true }).waitFor()
      const [visit] = await app.superuser<{ status: string }>(
        'select status from clinic.appointments where clinic_id = $1',
        [clinic.id],
      )
      expect(visit?.status).toBe('cancelled')
      await context.close()
    },
  )

  it(
    'keeps what was typed when a form is not right, and says so on top and at the field',
    { timeout: 60_000 },
    async () => {
      const clinic = await clinicIn('en')
      const { context } = await openWindow(browser, app)
      const page = await context.newPage()
      await page.goto(`/c/${clinic.slug}/times`)
      await page.locator('button.slot').first().click()
      await page.getByLabel(say.en('booking.details.name')).fill('Sara Khan')
      await page.getByLabel(say.en('booking.details.phone')).fill('12')
      await page.getByRole('button', { name: say.en('booking.details.submit') }).click()
      const wrong = page.getByText(say.en('booking.error.phone_invalid'))
      await wrong.first().waitFor()
      expect(await wrong.count()).toBe(2)
      await expectUsable(page)
      expect(await page.getByLabel(say.en('booking.details.name')).inputValue()).toBe('Sara Khan')
      const phone = page.getByLabel(say.en('booking.details.phone'))
      expect(await phone.inputValue()).toBe('12')
      expect(await phone.getAttribute('aria-invalid')).toBe('true')
      // The summary's link leads to the field.
      await wrong.first().click()
      expect(await page.evaluate('document.activeElement.name')).toBe('phone')
      await context.close()
    },
  )
})
