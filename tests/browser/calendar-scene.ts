// The calendar of a clinic with two doctors, in windows of the desk, and what is seen and done there with a mouse.
import type { Browser, Page } from 'playwright-core'
import { afterEach, beforeEach, expect } from 'vitest'
import type { PractitionerId } from '../../src/kernel/ids.ts'
import type { TestApp } from '../support/app.ts'
import { openWindow, useCookies, withAppAndBrowser } from '../support/browser.ts'
import { makeClinic, type TestClinic } from '../support/cast.ts'
import { makeBookable, makePractitioner, makeShift } from '../support/factories.ts'

export type Point = { x: number; y: number }

/**
 * An app and a browser for the file's tests, and for each of them a clinic whose doctors are Sana and Hamid. Answers how
 * its calendar is opened; no window may have had anything to complain of when the test is over.
 */
export function withCalendar(
  take: (started: { app: TestApp; clinic: TestClinic; sana: string; hamid: PractitionerId }) => void,
) {
  let app: TestApp
  let browser: Browser
  withAppAndBrowser((started) => ({ app, browser } = started))

  let clinic: TestClinic
  let opened: (Awaited<ReturnType<typeof openWindow>> | undefined)[] = []
  beforeEach(async () => {
    clinic = await makeClinic(app)
    await makeBookable(clinic)
    const { id: hamid } = await makePractitioner(clinic)
    await makeShift(clinic, { practitionerId: hamid })
    take({ app, clinic, sana: clinic.cast.sana.practitionerId, hamid })
  })
  afterEach(async () => {
    for (const one of opened) {
      expect({ complaints: one?.complaints, strangers: one?.strangers }).toEqual({ complaints: [], strangers: [] })
      await one?.context.close()
    }
    opened = []
  })

  return async function open(query = '', options: Parameters<typeof openWindow>[2] = {}): Promise<Page> {
    const window = await openWindow(browser, app, { viewport: { width: 1280, height: 900 }, ...options })
    opened.push(window)
    await useCookies(window.context, app, await clinic.as(clinic.cast.bilal))
    const page = await window.context.newPage()
    await page.goto(`/app/${clinic.slug}/calendar${query}`)
    return page
  }
}

export const styleOf = (page: Page, selector: string, property: string) =>
  page.evaluate<string>(`getComputedStyle(document.querySelector(${JSON.stringify(selector)})).${property}`)

export const item = (page: Page, id: string) => page.locator(`.cal-visit[data-visit="${id}"]`)

/** Whose column a visit is in, the minute of the day at which it starts, and how many it lasts. */
export const stands = async (page: Page, id: string) => {
  const visit = item(page, id)
  return [
    await page.locator('[data-column]', { has: visit }).getAttribute('data-practitioner'),
    await visit.getAttribute('data-start'),
    await visit.getAttribute('data-minutes'),
  ]
}

export const standsAt = (page: Page, id: string, ...where: unknown[]) =>
  expect.poll(() => stands(page, id), { timeout: 8_000 }).toEqual(where)

export const heard = (page: Page, text: string | RegExp) =>
  expect.poll(() => page.locator('#announcer').textContent(), { timeout: 8_000 }).toMatch(text)

/** The middle of a minute in a doctor's column, in view. */
export async function pointAt(page: Page, practitioner: string, minute: number): Promise<Point> {
  const lane = page.locator(`[data-column][data-practitioner="${practitioner}"] [data-lane]`)
  const box = (await lane.boundingBox())!
  const grid = page.locator('.cal')
  const [hours, from] = [await grid.getAttribute('data-hours'), await grid.getAttribute('data-from')]
  return { x: box.x + box.width / 2, y: box.y + ((minute / 60 - Number(from)) * box.height) / Number(hours) + 2 }
}

export async function drag(page: Page, id: string, practitioner: string, minute: number) {
  const visit = item(page, id)
  await visit.scrollIntoViewIfNeeded()
  const box = (await visit.boundingBox())!
  await page.mouse.move(box.x + 20, box.y + 6)
  await page.mouse.down()
  await page.mouse.move(box.x + 30, box.y + 16, { steps: 3 })
  // The times that are free are marked once they are known.
  await page.locator('.cal-drop').first().waitFor({ state: 'attached' })
  const to = await pointAt(page, practitioner, minute)
  await page.mouse.move(to.x, to.y + 6, { steps: 6 })
  await page.mouse.up()
}
