// The calendar under fingers: a visit that is held is lifted, and what moves before scrolls.
import type { Page } from 'playwright-core'
import { expect, it } from 'vitest'
import type { PractitionerId } from '../../src/kernel/ids.ts'
import { describeInBrowser } from '../support/browser.ts'
import type { TestClinic } from '../support/cast.ts'
import { makeAppointment } from '../support/factories.ts'
import { item, pointAt, stands, standsAt, withCalendar, type Point } from './calendar-scene.ts'

/** Fingers on the glass, as the browser is told of them: whoever is not named any more has left it. */
async function fingersOn(page: Page) {
  const glass = await page.context().newCDPSession(page)
  const touch = (type: 'touchStart' | 'touchMove' | 'touchEnd', ...points: Point[]) =>
    glass.send('Input.dispatchTouchEvent', { type, touchPoints: points.map((at, id) => ({ ...at, id })) })
  const slide = async (from: Point, to: Point) => {
    for (let step = 1; step <= 8; step++)
      await touch('touchMove', {
        x: from.x + ((to.x - from.x) * step) / 8,
        y: from.y + ((to.y - from.y) * step) / 8,
      })
  }
  return { touch, slide }
}

const scrolled = (page: Page) => page.evaluate<number>(`scrollY + document.querySelector('.cal').scrollTop`)

/** A push goes on for a while. */
const atRest = async (page: Page) => {
  let last = -1
  await expect.poll(async () => last === (last = await scrolled(page)), { interval: 200, timeout: 8_000 }).toBe(true)
}

/** In view, on a page that moves no more: a letter that comes late moves what a finger was to be put on. */
async function inMiddle(page: Page, id: string) {
  await page.waitForLoadState('load')
  await page.evaluate(`document.fonts.ready.then(() => undefined)`)
  await page.evaluate(`document.querySelector('[data-visit="${id}"]').scrollIntoView({ block: 'center' })`)
  await atRest(page)
}

async function handleOf(page: Page, id: string): Promise<Point> {
  const box = (await item(page, id).boundingBox())!
  return { x: box.x + box.width / 2, y: box.y + 8 }
}

describeInBrowser('the calendar', () => {
  let clinic: TestClinic
  let hamid: PractitionerId
  let sana: string
  const open = withCalendar((started) => ({ clinic, hamid, sana } = started))

  it(
    'moves a visit by touch once it was held for a moment; a finger that moves before scrolls',
    { timeout: 60_000 },
    async () => {
      const visit = await makeAppointment(clinic, { at: '13:00' })
      const page = await open('', { viewport: { width: 1024, height: 800 }, hasTouch: true })
      const { touch, slide } = await fingersOn(page)
      await inMiddle(page, visit.id)

      const [before, start] = [await scrolled(page), await handleOf(page, visit.id)]
      // Told together: however slow the machine, the finger has moved before a moment has passed.
      const moved = { x: start.x, y: start.y - 20 }
      await Promise.all([touch('touchStart', start), touch('touchMove', moved)])
      await slide(moved, { x: start.x, y: start.y - 120 })
      await touch('touchEnd')
      await expect.poll(() => scrolled(page)).toBeGreaterThan(before + 40)
      await atRest(page)
      expect(await page.locator('.cal-ghost').count()).toBe(0)
      expect(await stands(page, visit.id)).toEqual([sana, '780', '30'])

      await inMiddle(page, visit.id)
      const held = await handleOf(page, visit.id)
      await touch('touchStart', held)
      await page.locator('.cal-drop').first().waitFor({ state: 'attached' })
      const to = await pointAt(page, hamid, 13 * 60 + 30)
      await slide(held, { x: to.x, y: to.y + 8 })
      // Had the page scrolled instead, the browser would have taken the finger away and the visit would be back.
      await touch('touchEnd')
      await standsAt(page, visit.id, hamid, '810', '30')
      expect(new URL(page.url()).pathname).toBe(`/app/${clinic.slug}/calendar`)
      // A tap opens, as ever.
      const tapped = await handleOf(page, visit.id)
      await touch('touchStart', tapped)
      await touch('touchEnd')
      await page.waitForURL(new RegExp(visit.id))
    },
  )

  it(
    'brings a phone’s page along while a lifted visit rests at its edge, and puts down under the finger',
    { timeout: 60_000 },
    async () => {
      const visit = await makeAppointment(clinic, { at: '09:00' })
      const page = await open('', { viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true })
      const { touch, slide } = await fingersOn(page)
      await inMiddle(page, visit.id)
      const held = await handleOf(page, visit.id)
      await touch('touchStart', held)
      await page.locator('.cal-drop').first().waitFor({ state: 'attached' })
      const before = await scrolled(page)
      // Above the bar at the bottom, and no further event from there on.
      const edge = { x: held.x, y: (await page.locator('.bar').boundingBox())!.y - 4 }
      await slide(held, edge)
      await expect.poll(() => scrolled(page), { timeout: 20_000 }).toBeGreaterThan(before + 200)
      const ghost = (await page.locator('.cal-ghost').boundingBox())!
      expect(Math.abs(ghost.y + 8 - edge.y)).toBeLessThan(60)

      await touch('touchMove', { x: held.x, y: 400 })
      await atRest(page)
      const lane = (await page.locator(`[data-practitioner="${sana}"] [data-lane]`).boundingBox())!
      const [hours, from] = await Promise.all(
        ['data-hours', 'data-from'].map(async (name) => Number(await page.locator('.cal').getAttribute(name))),
      )
      const under = from! * 60 + ((400 - lane.y) / lane.height) * hours! * 60
      const minute = Math.round(under / 15) * 15
      expect(minute).toBeGreaterThan(11 * 60)
      const to = await pointAt(page, sana, minute)
      await touch('touchMove', { x: to.x, y: to.y + 8 })
      await touch('touchEnd')
      await standsAt(page, visit.id, sana, String(minute), '30')
    },
  )

  it('leaves a lifted visit to the finger that holds it', { timeout: 60_000 }, async () => {
    const visit = await makeAppointment(clinic, { at: '13:00' })
    const page = await open('', { viewport: { width: 1024, height: 800 }, hasTouch: true })
    const { touch, slide } = await fingersOn(page)
    await inMiddle(page, visit.id)
    const held = await handleOf(page, visit.id)
    await touch('touchStart', held)
    await page.locator('.cal-drop').first().waitFor({ state: 'attached' })
    const at = await pointAt(page, hamid, 13 * 60 + 30)
    const first = { x: at.x, y: at.y + 8 }
    await slide(held, first)
    const ghost = () => page.locator('.cal-ghost strong').textContent()
    const shown = '1:30 pm – 2:00 pm'
    await expect.poll(ghost).toBe(shown)

    const second = await pointAt(page, sana, 12 * 60 + 15)
    await touch('touchStart', first, second)
    await touch('touchMove', first, { x: second.x + 40, y: second.y - 40 })
    expect(await ghost()).toBe(shown)
    // The second finger leaves, the first is still there.
    await touch('touchMove', first)
    expect(await ghost()).toBe(shown)
    await touch('touchEnd')
    await standsAt(page, visit.id, hamid, '810', '30')
  })
})
