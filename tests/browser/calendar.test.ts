// The calendar in hands: visits moved and stretched by pointer, keyboard and form, other windows following by themselves,
// and everything mirrored where people read from the right.
import { expect, it } from 'vitest'
import type { PractitionerId } from '../../src/kernel/ids.ts'
import { loadTranslations } from '../../src/platform/i18n/translate.ts'
import { testNow, type TestApp } from '../support/app.ts'
import { describeInBrowser, expectUsable } from '../support/browser.ts'
import type { TestClinic } from '../support/cast.ts'
import { makeAppointment, makePatient } from '../support/factories.ts'
import { drag, heard, item, pointAt, stands, standsAt, styleOf, withCalendar } from './calendar-scene.ts'

const t = loadTranslations().en

describeInBrowser('the calendar', () => {
  let app: TestApp
  let clinic: TestClinic
  let hamid: PractitionerId
  let sana: string
  const open = withCalendar((started) => ({ app, clinic, hamid, sana } = started))

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
