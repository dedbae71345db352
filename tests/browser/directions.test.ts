// Where the words of a page in Urdu stand when a clinic writes in both directions: a sentence runs from right to left,
// and what somebody wrote in English inside it keeps its own.
import type { Browser, Locator, Page } from 'playwright-core'
import { expect, it } from 'vitest'
import type { TestApp } from '../support/app.ts'
import { describeInBrowser, openWindow, useCookies, withAppAndBrowser } from '../support/browser.ts'
import { makeClinic } from '../support/cast.ts'
import { makeBookable, makePractitioner, makeQuestion, makeShift } from '../support/factories.ts'

// Runs in the page, where the types of these tests end.
const lefts = `(selector, parts) => parts.map((part) => {
  const texts = document.createTreeWalker([...document.querySelectorAll(selector)].at(-1), NodeFilter.SHOW_TEXT)
  while (texts.nextNode()) {
    const at = texts.currentNode.textContent.indexOf(part)
    if (at < 0) continue
    const range = document.createRange()
    range.setStart(texts.currentNode, at)
    range.setEnd(texts.currentNode, at + part.length)
    return range.getBoundingClientRect().left
  }
  throw new Error('nowhere: ' + part)
})`

describeInBrowser('a page in Urdu', () => {
  let app: TestApp
  let browser: Browser
  withAppAndBrowser((started) => ({ app, browser } = started))

  /** How far from the left each of these parts begins, in the text of the last that the selector finds. */
  const leftOf = (page: Page, selector: string, parts: string[]) =>
    page.evaluate<number[]>(`(${lefts})(${JSON.stringify(selector)}, ${JSON.stringify(parts)})`)

  const expectLeftwards = async (page: Page, selector: string, parts: string[]) => {
    const found = await leftOf(page, selector, parts)
    expect(found).toEqual(found.toSorted((one, other) => other - one))
  }

  async function clinicOfTwoWritings() {
    const clinic = await makeClinic(app, { language: 'ur' })
    const scene = await makeBookable(clinic, { name: 'Check-up' })
    const dearer = await makePractitioner(clinic)
    await makeShift(clinic, { practitionerId: dearer.id, locationId: scene.locationId })
    await makeQuestion(clinic, { serviceId: scene.service.id, label: 'Why do you come? · کیا بات ہے؟' })
    await clinic.inClinic(async (ctx) => {
      await ctx.db
        .withSchema('clinic')
        .table('practitioner_services')
        .where({ practitioner_id: dearer.id })
        .update({ price_minor: 250_000 })
      ctx.settingsChanged()
    })
    return clinic
  }

  it('says prices, what was chosen and what is asked in the order it is read', { timeout: 60_000 }, async () => {
    const clinic = await clinicOfTwoWritings()
    const { context } = await openWindow(browser, app, { viewport: { width: 360, height: 740 } })
    const page = await context.newPage()
    await page.goto(`/c/${clinic.slug}?lang=ur`)
    await expectLeftwards(page, '.row-end', ['1,500', 'سے'])

    await page.setViewportSize({ width: 1280, height: 800 })
    await page.goto(`/c/${clinic.slug}/times?lang=ur`)
    await expectLeftwards(page, '.chooser-chosen', ['Check-up', '30', '1,500', 'سے'])

    await page.locator('button.slot').first().click()
    await page.waitForURL('**/bookings/**')
    const [why, mark] = await leftOf(page, 'label[for^=f-q_]', ['Why', '?'])
    expect(mark).toBeGreaterThan(why!)
    await context.close()
  })

  it('begins each line of the account’s menu at the same edge', { timeout: 60_000 }, async () => {
    const clinic = await clinicOfTwoWritings()
    await app.superuser(`update platform.users set language = 'ur'`)
    const { context } = await openWindow(browser, app, { viewport: { width: 1280, height: 800 } })
    await useCookies(context, app, await clinic.as(clinic.cast.bilal))
    const page = await context.newPage()
    await page.goto(`/app/${clinic.slug}/today`)
    await page.locator('.top-user').click()
    const edge = async (place: Locator) => {
      const { x, width } = (await place.boundingBox())!
      return Math.round(x + width)
    }
    const [name, role] = [page.locator('.menu-who strong'), page.locator('.menu-who .muted')]
    expect(await edge(name)).toBe(await edge(role))
    await context.close()
  })
})
