// The calendar in hands: visits moved and stretched by pointer, keyboard and form, other windows following by themselves,
// and everything mirrored where people read from the right.
import type { Browser, Page } from 'playwright-core'
import { afterEach, beforeEach, expect, it } from 'vitest'
import type { PractitionerId } from '../../src/kernel/ids.ts'
import { loadTranslations } from '../../src/platform/i18n/translate.ts'
import { testNow, type TestApp } from '../support/app.ts'
import { describeInBrowser, expectUsable, openWindow, useCookies, withAppAndBrowser } from '../support/browser.ts'
import { makeClinic, type TestClinic } from '../support/cast.ts'
import { makeAppointment, makeBookable, makePatient, makePractitioner, makeShift } from '../support/factories.ts'

const t = loadTranslations().en

describeInBrowser('the calendar', () => {
  let app: TestApp
  let browser: Browser
  withAppAndBrowser((started) => ({ app, browser } = started))

  let clinic: TestClinic
  let hamid: PractitionerId
  let sana: string
  let opened: (Awaited<ReturnType<typeof openWindow>> | undefined)[] = []
  beforeEach(async () => {
    clinic = await makeClinic(app)
    await makeBookable(clinic)
    sana = clinic.cast.sana.practitionerId
    hamid = (await makePractitioner(clinic)).id
    await makeShift(clinic, { practitionerId: hamid })
  })
  afterEach(async () => {
    for (const one of opened) {
      expect({ complaints: one?.complaints, strangers: one?.strangers }).toEqual({ complaints: [], strangers: [] })
      await one?.context.close()
    }
    opened = []
  })

  async function open(query = '', options: Parameters<typeof openWindow>[2] = {}): Promise<Page> {
    const window = await openWindow(browser, app, { viewport: { width: 1280, height: 900 }, ...options })
    opened.push(window)
    await useCookies(window.context, app, await clinic.as(clinic.cast.bilal))
    const page = await window.context.newPage()
    await page.goto(`/app/${clinic.slug}/calendar${query}`)
    return page
  }
  const styleOf = (page: Page, selector: string, property: string) =>
    page.evaluate<string>(`getComputedStyle(document.querySelector(${JSON.stringify(selector)})).${property}`)
  const item = (page: Page, id: string) => page.locator(`.cal-visit[data-visit="${id}"]`)
  const stands = async (page: Page, id: string) => {
    const visit = item(page, id)
    return [
      await page.locator('[data-column]', { has: visit }).getAttribute('data-practitioner'),
      await visit.getAttribute('data-start'),
      await visit.getAttribute('data-minutes'),
    ]
  }
  const standsAt = (page: Page, id: string, ...where: unknown[]) =>
    expect.poll(() => stands(page, id), { timeout: 8_000 }).toEqual(where)
  const heard = (page: Page, text: string | RegExp) =>
    expect.poll(() => page.locator('#announcer').textContent(), { timeout: 8_000 }).toMatch(text)
  /** The middle of a minute in a doctor's column, in view. */
  async function pointAt(page: Page, practitioner: string, minute: number): Promise<{ x: number; y: number }> {
    const lane = page.locator(`[data-column][data-practitioner="${practitioner}"] [data-lane]`)
    const box = (await lane.boundingBox())!
    const grid = page.locator('.cal')
    const [hours, from] = [await grid.getAttribute('data-hours'), await grid.getAttribute('data-from')]
    return { x: box.x + box.width / 2, y: box.y + ((minute / 60 - Number(from)) * box.height) / Number(hours) + 2 }
  }
  async function drag(page: Page, id: string, practitioner: string, minute: number) {
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
  type Point = { x: number; y: number }
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

  it('moves a visit by dragging, also to another doctor, and takes it back', { timeout: 60_000 }, async () => {
    const visit = await makeAppointment(clinic, { at: '13:00', messagesWanted: true })
    const page = await open()
    await drag(page, visit.id, hamid, 15 * 60 + 4)
    await standsAt(page, visit.id, hamid, '900', '30')
    const flash = page.locator('main > .flash')
    await flash.getByText('Moved:').waitFor()
    expect(await flash.textContent()).toContain('leaves at')
    await heard(page, 'Moved:')
    await flash.getByRole('button').click()
    await standsAt(page, visit.id, sana, '780', '30')
    expect(new URL(page.url()).pathname).toBe(`/app/${clinic.slug}/calendar`)
  })

  it(
    'says that a time is taken, and offers the nearest or to go on top of it with a reason',
    { timeout: 60_000 },
    async () => {
      const visit = await makeAppointment(clinic, { at: '13:00' })
      await makeAppointment(clinic, { at: '14:30' })
      const page = await open()
      await drag(page, visit.id, sana, 14 * 60 + 30)
      const dialog = page.locator('#cal-taken')
      await dialog.waitFor()
      await expectUsable(page)
      await dialog.locator('.slot').first().click()
      await expect.poll(async () => (await stands(page, visit.id))[1]).not.toBe('780')
      const [, between] = await stands(page, visit.id)
      expect(Number(between)).toBeGreaterThan(13 * 60)

      await drag(page, visit.id, sana, 14 * 60 + 30)
      await dialog.waitFor()
      await dialog.getByLabel(t('desk.overbook.reason')).fill('In pain since the night')
      await dialog.getByRole('button', { name: t('calendar.taken.on_top') }).click()
      await standsAt(page, visit.id, sana, '870', '30')
      expect(await item(page, visit.id).getAttribute('class')).toContain('is-on-top')
      const [row] = await app.superuser<{ overbook_reason: string }>(
        'select overbook_reason from clinic.appointments where id = $1',
        [visit.id],
      )
      expect(row!.overbook_reason).toBe('In pain since the night')
    },
  )

  it('moves and stretches with the keyboard alone, telling what happens', { timeout: 60_000 }, async () => {
    const visit = await makeAppointment(clinic, { at: '13:00' })
    await makeAppointment(clinic, { at: '13:30' })
    const page = await open()
    await item(page, visit.id).locator('a').focus()
    await page.keyboard.press('Space')
    await heard(page, /Picked up:/)
    await page.locator('.cal-drop').first().waitFor({ state: 'attached' })
    // The next free time for it lies after the visit that follows.
    await page.keyboard.press('ArrowDown')
    await heard(page, /2:00/)
    await page.keyboard.press('ArrowRight')
    await heard(page, /Dr Hamid Raza/)
    await page.keyboard.press('Escape')
    await heard(page, t('calendar.said.put_back'))
    await standsAt(page, visit.id, sana, '780', '30')

    await page.keyboard.press('Space')
    await page.locator('.cal-drop').first().waitFor({ state: 'attached' })
    await page.keyboard.press('ArrowRight')
    await page.keyboard.press('ArrowDown')
    await page.keyboard.press('Enter')
    await standsAt(page, visit.id, hamid, '795', '30')
    await expect.poll(() => page.evaluate('document.activeElement?.dataset.key')).toBe(visit.id)

    await page.keyboard.press('Space')
    for (let press = 0; press < 3; press++) await page.keyboard.press('Shift+ArrowDown')
    await heard(page, /45 min/)
    await page.keyboard.press('Enter')
    await standsAt(page, visit.id, hamid, '795', '45')
    await heard(page, /now ends at/)
  })

  it('changes a length by the lower edge, and not into the next visit', { timeout: 60_000 }, async () => {
    const visit = await makeAppointment(clinic, { at: '13:00' })
    const next = await makeAppointment(clinic, { at: '14:00' })
    const page = await open()
    const stretch = async (minute: number) => {
      await item(page, visit.id).scrollIntoViewIfNeeded()
      const box = (await item(page, visit.id).boundingBox())!
      await page.mouse.move(box.x + box.width / 2, box.y + box.height - 3)
      await page.mouse.down()
      const to = await pointAt(page, sana, minute)
      await page.mouse.move(to.x, to.y, { steps: 6 })
      await page.mouse.up()
    }
    await stretch(13 * 60 + 50)
    await standsAt(page, visit.id, sana, '780', '50')
    await stretch(14 * 60 + 20)
    await heard(page, /next visit/)
    await standsAt(page, visit.id, sana, '780', '50')
    await standsAt(page, next.id, sana, '840', '30')
  })

  it.each([true, false])('does the same by forms, with scripts: %s', { timeout: 60_000 }, async (javaScriptEnabled) => {
    const visit = await makeAppointment(clinic, { at: '13:00' })
    const page = await open('', { javaScriptEnabled })
    await item(page, visit.id).locator('a').click()
    await page.getByRole('link', { name: t('desk.card.length') }).click()
    await page.getByLabel(t('calendar.length.minutes')).fill('50')
    await page.getByRole('button', { name: t('calendar.length.save') }).click()
    await page.locator('main > .flash').getByText('now ends at').waitFor()
    await page.getByRole('link', { name: t('desk.card.move') }).click()
    await page
      .getByRole('button', { name: /Move to 2:00/ })
      .first()
      .click()
    await page.locator('main > .flash').getByText('Moved:').waitFor()
    await page.goto(`/app/${clinic.slug}/calendar`)
    await standsAt(page, visit.id, sana, '840', '50')
  })

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

  it('books where free time is pressed, at the time that was pressed', { timeout: 60_000 }, async () => {
    const page = await open('?date=2026-11-25')
    const to = await pointAt(page, hamid, 10 * 60 + 33)
    await page.mouse.move(to.x, to.y)
    await page.locator('.cal-aim').waitFor()
    await page.mouse.click(to.x, to.y)
    await page.locator('.slot.is-wanted').waitFor()
    expect(new URL(page.url()).searchParams.get('time')).toBe('10:30')
    expect(await page.locator('.slot.is-wanted').getAttribute('aria-label')).toContain('10:30')
    expect(await page.locator('select[name=practitioner]').inputValue()).toBe(hamid)
  })

  it('opens where the first visit is when the day has not begun', async () => {
    // Half past midnight in Karachi.
    app.clock.set('2026-11-24T19:30:00Z')
    try {
      const visit = await makeAppointment(clinic, { on: '2026-11-25', at: '16:00' })
      const page = await open('', { viewport: { width: 1280, height: 600 } })
      const [lane, shown] = await Promise.all([page.locator('.cal').boundingBox(), item(page, visit.id).boundingBox()])
      expect(shown!.y).toBeGreaterThan(lane!.y)
      expect(shown!.y + shown!.height).toBeLessThan(lane!.y + lane!.height)
      // Now is earlier than the hours that are shown: its line would be drawn across what stands above them.
      expect(await page.locator('.cal-now').count()).toBe(0)
    } finally {
      app.clock.set(testNow)
    }
  })

  it(
    'follows what another window does, never under a visit in the hand, and after the line was cut',
    { timeout: 90_000 },
    async () => {
      const visit = await makeAppointment(clinic, { at: '13:00' })
      const [mine, theirs] = [await open(), await open()]
      await mine.evaluate(`document.getElementById('calendar').dataset.same = 'page'`)
      const scrolled = await mine.evaluate<number>(`document.querySelector('.cal').scrollTop = 120`)
      await drag(theirs, visit.id, hamid, 15 * 60 + 4)
      await standsAt(mine, visit.id, hamid, '900', '30')
      expect(await mine.evaluate<number>(`document.querySelector('.cal').scrollTop`)).toBe(scrolled)

      // In somebody's hand: what comes meanwhile waits until it is put down.
      await item(mine, visit.id).locator('a').focus()
      await mine.keyboard.press('Space')
      await heard(mine, /Picked up:/)
      await makeAppointment(clinic, { at: '16:00' }).then(() =>
        clinic.inClinic((ctx) => Promise.resolve(ctx.diaryChanged())),
      )
      await mine.locator('[data-live-note]').getByText(t('calendar.live.waiting')).waitFor()
      expect(await mine.locator('.cal-ghost').count()).toBe(1)
      expect(await mine.locator('.cal-visit').count()).toBe(1)
      await mine.keyboard.press('Escape')
      await expect.poll(() => mine.locator('.cal-visit').count()).toBe(2)

      // Away and back: it catches up by itself.
      await mine.context().setOffline(true)
      await makeAppointment(clinic, { at: '09:00' })
      await clinic.inClinic((ctx) => Promise.resolve(ctx.diaryChanged()))
      await mine.context().setOffline(false)
      await mine.evaluate(`document.dispatchEvent(new Event('visibilitychange'))`)
      await expect.poll(() => mine.locator('.cal-visit').count()).toBe(3)
      expect(await mine.locator('#calendar').getAttribute('data-same')).toBe('page')
    },
  )

  it('has its own keys, and none where somebody switched them off', { timeout: 60_000 }, async () => {
    const page = await open()
    const on = async (search: string) => {
      await expect.poll(() => new URL(page.url()).search).toBe(search)
      await page.waitForLoadState('load')
    }
    await page.keyboard.press('w')
    await on('?view=week')
    await page.keyboard.press('ArrowRight')
    await on('?view=week&date=2026-12-01')
    await page.keyboard.press('t')
    await on('?view=week')
    await page.keyboard.press('m')
    await on('?view=month')
    await page.keyboard.press('d')
    await on('')
    await page.keyboard.press('?')
    await page.locator('#keys').getByText(t('calendar.keys.views')).waitFor()
    await page.keyboard.press('Escape')
    await app.superuser('update platform.users set shortcuts = false where id = $1', [clinic.cast.bilal.userId])
    await page.reload()
    await page.keyboard.press('w')
    await page.keyboard.press('ArrowRight')
    expect(new URL(page.url()).search).toBe('')
  })

  it.each(['ar', 'ur'] as const)(
    'is mirrored in %s: time on the right, days and doctors from right to left',
    { timeout: 60_000 },
    async (lang) => {
      const patient = await makePatient(clinic, { name: 'Ayesha Siddiqui' })
      const visit = await makeAppointment(clinic, { at: '13:00', patientId: patient.id })
      const onTop = await makeAppointment(clinic, { at: '13:00', overbookReason: 'In pain', lane: 1001 })
      await app.superuser('update platform.users set language = $1 where id = $2', [lang, clinic.cast.bilal.userId])
      const page = await open()
      const left = async (selector: string) => (await page.locator(selector).first().boundingBox())!.x
      const right = async (selector: string) => {
        const box = (await page.locator(selector).first().boundingBox())!
        return box.x + box.width
      }
      expect(await left('.cal-axis')).toBeGreaterThan(await left('[data-column="0"]'))
      expect(await left('[data-column="0"]')).toBeGreaterThan(await left('[data-column="1"]'))
      // The mark of a visit's state is at its right edge, and what is on top of it lies to its left.
      expect(await right(`[data-visit="${visit.id}"]`)).toBeGreaterThan(await right(`[data-visit="${onTop.id}"]`))
      expect(await styleOf(page, `[data-visit="${visit.id}"] .cal-card`, 'borderRightWidth')).toBe('3px')
      await drag(page, visit.id, hamid, 15 * 60 + 4)
      await standsAt(page, visit.id, hamid, '900', '30')
      // Left is onward.
      await item(page, visit.id).locator('a').focus()
      await page.keyboard.press('Space')
      await page.locator('.cal-drop').first().waitFor({ state: 'attached' })
      await page.keyboard.press('ArrowRight')
      await page.keyboard.press('Enter')
      await standsAt(page, visit.id, sana, '900', '30')
      await page.goto(`/app/${clinic.slug}/calendar?view=week`)
      expect(await left('[data-column="0"]')).toBeGreaterThan(await left('[data-column="6"]'))
    },
  )

  it.each([
    ['en', 1280, 'light'],
    ['ar', 1280, 'dark'],
    ['ur', 360, 'light'],
    ['en', 360, 'dark'],
  ] as const)(
    'is usable by everybody in every view (%s, %d px, %s)',
    { timeout: 90_000 },
    async (lang, width, theme) => {
      for (const [at, status] of [
        ['09:00', 'fulfilled'],
        ['10:00', 'noshow'],
        ['11:30', 'arrived'],
        ['12:00', 'in_room'],
        ['14:00', 'booked'],
        ['15:00', 'pending'],
      ] as const) {
        await makeAppointment(clinic, { at, status })
      }
      await makeAppointment(clinic, { at: '14:10', overbookReason: 'In pain', lane: 1001 })
      await app.superuser('update platform.users set language = $1, theme = $2 where id = $3', [
        lang,
        theme,
        clinic.cast.bilal.userId,
      ])
      const page = await open('', { viewport: { width, height: 800 } })
      for (const query of [
        '',
        '?colour=service',
        '?view=week',
        `?view=week&doctor=${sana}`,
        '?view=month',
        `?doctor=${hamid}`,
      ]) {
        await page.goto(`/app/${clinic.slug}/calendar${query}`)
        await expectUsable(page)
      }
    },
  )

  it.each(['light', 'dark'] as const)(
    'tells what is chosen, open and free where colours are the reader’s own (%s)',
    { timeout: 60_000 },
    async (colorScheme) => {
      const visit = await makeAppointment(clinic, { at: '13:00' })
      const page = await open('', { forcedColors: 'active', colorScheme })
      const paper = await styleOf(page, 'body', 'backgroundColor')
      const isSeen = async (selector: string) =>
        expect(await styleOf(page, selector, 'backgroundColor'), selector).not.toBe(paper)
      await isSeen('.cal-bar .tabs [aria-current]')
      await isSeen('.side [aria-current]')
      expect(await styleOf(page, '.cal-work', 'borderTopStyle')).toBe('solid')
      const lines = `getComputedStyle(document.querySelector('.cal-column .cal-lane'), '::after').backgroundImage`
      expect(await page.evaluate(lines)).toContain('gradient')
      await item(page, visit.id).locator('a').focus()
      await page.keyboard.press('Space')
      await page.locator('.cal-drop').first().waitFor({ state: 'attached' })
      await isSeen('.cal-drop')
      await page.keyboard.press('Escape')
      await page.goto(`/app/${clinic.slug}/calendar?view=week`)
      expect(await styleOf(page, '.cal-what .dot', 'backgroundImage')).toContain('gradient')
      expect(await styleOf(page, '.cal-what .dot', 'color')).not.toBe(paper)
      await page.goto(`/app/${clinic.slug}/calendar?view=month`)
      await isSeen('.is-today a')
      // What is within is in the colours of what is chosen, not in our own.
      const inks = ['.is-today a', '.is-today .cal-count', '.is-today .cal-date'].map((one) =>
        styleOf(page, one, 'color'),
      )
      expect(new Set(await Promise.all(inks)).size).toBe(1)
      await page.goto(`/app/${clinic.slug}/appointments/new`)
      await isSeen('.day[aria-pressed="true"]')
      await page.locator('#f-agreed').check()
      await isSeen('#f-agreed')
    },
  )

  it('is one doctor at a time on a phone, a list of a week, and a day list on paper', { timeout: 60_000 }, async () => {
    const visit = await makeAppointment(clinic, { at: '13:00' })
    const other = await makeAppointment(clinic, { at: '13:00', practitionerId: hamid })
    const page = await open('', { viewport: { width: 360, height: 740 } })
    expect([await item(page, visit.id).isVisible(), await item(page, other.id).isVisible()]).toEqual([true, false])
    await page.locator('.cal-switch').getByRole('link', { name: 'Dr Hamid Raza' }).click()
    await expect.poll(() => item(page, other.id).isVisible()).toBe(true)
    expect(await item(page, visit.id).count()).toBe(0)
    await page.goto(`/app/${clinic.slug}/calendar?view=week`)
    expect(await styleOf(page, `[data-visit="${visit.id}"]`, 'position')).toBe('static')
    await page.emulateMedia({ media: 'print' })
    await page.goto(`/app/${clinic.slug}/calendar`)
    for (const id of [visit.id, other.id]) {
      expect(await styleOf(page, `[data-visit="${id}"]`, 'position')).toBe('static')
      expect(await item(page, id).isVisible()).toBe(true)
    }
    expect(await page.locator('.cal-free').first().isVisible()).toBe(false)
  })
})
