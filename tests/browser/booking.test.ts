// A line that fails while somebody fills in a booking: what could not be fetched is said, and what was typed stays.
import type { Browser, Page } from 'playwright-core'
import { expect, it } from 'vitest'
import { loadTranslations } from '../../src/platform/i18n/translate.ts'
import type { TestApp } from '../support/app.ts'
import { describeInBrowser, expectUsable, openWindow, useCookies, withAppAndBrowser } from '../support/browser.ts'
import { makeClinic } from '../support/cast.ts'
import { makeBookable, makePractitioner, makeQuestion, makeService, makeShift } from '../support/factories.ts'

const t = loadTranslations().en

describeInBrowser('a booking while the line fails', () => {
  let app: TestApp
  let browser: Browser
  withAppAndBrowser((started) => ({ app, browser } = started))

  async function desk() {
    const clinic = await makeClinic(app)
    const { service } = await makeBookable(clinic)
    const other = await makeService(clinic, { name: 'Vaccination' })
    const { id } = await makeQuestion(clinic, { serviceId: service.id, label: 'Why do you come?' })
    const { context } = await openWindow(browser, app, { viewport: { width: 1280, height: 900 } })
    await useCookies(context, app, await clinic.as(clinic.cast.bilal))
    const page = await context.newPage()
    const base = `/app/${clinic.slug}`
    return { clinic, page, context, base, service: service.id, other: other.id, why: `#f-q_${id}` }
  }
  const failed = (page: Page) => page.getByText(t('desk.book.look_failed'))
  const cut = (page: Page) =>
    page.route('**', (route) => (route.request().method() === 'POST' ? route.abort() : route.continue()))

  it('keeps a walk-in, and goes on without scripts', { timeout: 60_000 }, async () => {
    const { page, context, base, service, other, why } = await desk()
    await page.goto(`${base}/walk-in?service=${service}`)
    await page.locator('#f-service').selectOption(service)
    await page.locator(why).waitFor()
    await page.locator('#f-name').fill('Asma Iqbal')
    await page.locator('#f-phone').fill('03001112233')
    await page.locator(why).fill('My tooth')
    await cut(page)
    await page.locator('#f-service').selectOption(other)
    await failed(page).waitFor()
    await expectUsable(page)
    expect(await page.locator('#f-name').inputValue()).toBe('Asma Iqbal')
    expect(await page.locator('#f-phone').inputValue()).toBe('03001112233')
    expect(await page.locator(why).inputValue()).toBe('My tooth')
    expect(await page.locator('#f-service').inputValue()).toBe(other)
    await page.unroute('**')
    await page.getByRole('button', { name: t('queue.walk_in.look') }).click()
    await expect.poll(() => page.locator(why).count()).toBe(0)
    expect(await page.locator('#f-name').inputValue()).toBe('Asma Iqbal')
    expect(await failed(page).isVisible()).toBe(false)
    await context.close()
  })

  it('keeps a call, and takes up again by the next press', { timeout: 60_000 }, async () => {
    const { page, context, base, service, why } = await desk()
    await page.goto(`${base}/appointments/new?service=${service}`)
    await page.locator('details.new-person summary').click()
    await page.locator('#f-name').fill('Ayesha Siddiqua')
    await page.locator('#f-phone').fill('03001234567')
    await page.locator(why).fill('My knee')
    const typed = async () => {
      expect(await page.locator('#f-name').inputValue()).toBe('Ayesha Siddiqua')
      expect(await page.locator('#f-phone').inputValue()).toBe('03001234567')
      expect(await page.locator(why).inputValue()).toBe('My knee')
    }
    const day = page.locator('.day:not(.day-full)').last()
    const wanted = (await day.getAttribute('value'))!
    await cut(page)
    await day.click()
    await failed(page).waitFor()
    await expectUsable(page)
    await typed()
    const show = page.getByRole('button', { name: t('desk.book.look') })
    expect(await show.isVisible()).toBe(true)
    await page.unroute('**')
    // An answer that is no booking page is no better than none.
    await page.route('**', (route) =>
      route.request().method() === 'POST' ? route.fulfill({ status: 502, body: 'Bad gateway' }) : route.continue(),
    )
    await day.click()
    await page.locator('form:not([aria-busy])[data-booking]').waitFor()
    await failed(page).waitFor()
    await typed()
    await page.unroute('**')
    await page.locator(`.day[value="${wanted}"]`).click()
    await page.locator(`.day[value="${wanted}"][aria-pressed="true"]`).waitFor()
    await typed()
    expect([await failed(page).isVisible(), await show.isVisible()]).toEqual([false, false])
    await context.close()
  })

  it('asks again for a walk-in only when another service is chosen', { timeout: 60_000 }, async () => {
    const { clinic, page, context, base, service, other, why } = await desk()
    const hamid = await makePractitioner(clinic)
    await makeShift(clinic, { practitionerId: hamid.id })
    await page.goto(`${base}/walk-in`)
    const looks: string[] = []
    page.on('request', (request) => {
      if (request.method() === 'POST') looks.push(new URLSearchParams(request.postData() ?? '').get('service') ?? '')
    })
    await page.locator('#f-service').selectOption(service)
    await page.locator(why).waitFor()
    looks.length = 0
    await page.locator('#f-practitioner').selectOption(hamid.id)
    await page.locator('#f-language').selectOption('ur')
    await page.locator('#f-service').selectOption(other)
    await expect.poll(() => page.locator(why).count()).toBe(0)
    expect(looks).toEqual([other])
    expect(await page.locator('#f-practitioner').inputValue()).toBe(hamid.id)
    expect(await page.locator('#f-language').inputValue()).toBe('ur')
    await context.close()
  })
})
