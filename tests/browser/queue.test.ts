// The line in a real browser: from a walk-in to done with nothing but keys, and the screen on the waiting room's wall.
import type { Browser, Page } from 'playwright-core'
import { expect, it } from 'vitest'
import { callNext } from '../../src/features/queue/actions/call.ts'
import { takeStep } from '../../src/features/appointments/actions/run.ts'
import { registerLink } from '../../src/platform/links.ts'
import type { TestApp } from '../support/app.ts'
import { describeInBrowser, expectUsable, openWindow, useCookies, withAppAndBrowser } from '../support/browser.ts'
import { makeClinic } from '../support/cast.ts'
import { makeAppointment, makeBookable, makePatient, makePractitioner, makeShift } from '../support/factories.ts'

describeInBrowser('the line', () => {
  let app: TestApp
  let browser: Browser
  withAppAndBrowser((started) => ({ app, browser } = started))

  async function waitingRoom(language = 'en') {
    const clinic = await makeClinic(app, { language })
    const bookable = await makeBookable(clinic)
    const hamid = await makePractitioner(clinic)
    await makeShift(clinic, { practitionerId: hamid.id, locationId: bookable.locationId })
    const { service, practitionerId } = bookable
    const names = ['Zara Ahmed', 'Bushra Noor', 'عائشة خان', 'Usman Tariq', 'Maryam Ali']
    const visits = []
    for (const [index, name] of names.entries()) {
      const patient = await makePatient(clinic, { name })
      const at = `${12 + Math.floor(index / 2)}:${index % 2 === 0 ? '00' : '30'}`
      const visit = await makeAppointment(clinic, { service, at, patientId: patient.id, practitionerId })
      await clinic.inClinic((ctx) => takeStep(ctx, visit.id, 'arrive'))
      visits.push(visit)
    }
    const other = await makeAppointment(clinic, { service, at: '12:00', practitionerId: hamid.id })
    await clinic.inClinic((ctx) => takeStep(ctx, other.id, 'arrive'))
    const call = () => clinic.inClinic((ctx) => callNext(ctx, practitionerId))
    return { clinic, ...bookable, visits, call, screen: `/q/${clinic.slug}/${bookable.locationId}` }
  }

  /** Tab by tab to what has the focus's words, as somebody without a mouse does. */
  async function tabTo(page: Page, words: string | RegExp) {
    for (let tabs = 0; tabs < 80; tabs++) {
      await page.keyboard.press('Tab')
      const focused = await page.evaluate<string>(
        `document.activeElement?.getAttribute('aria-label') ?? document.activeElement?.textContent ?? ''`,
      )
      if (focused.replace(/\s+/g, ' ').match(words)) return
    }
    throw new Error(`nothing says ${String(words)}`)
  }

  it.each([true, false])(
    'takes a walk-in to done with keys alone, with scripts: %s',
    { timeout: 90_000 },
    async (scripts) => {
      const clinic = await makeClinic(app)
      await makeBookable(clinic)
      const { context } = await openWindow(browser, app, { javaScriptEnabled: scripts })
      await useCookies(context, app, await clinic.as(clinic.cast.bilal))
      const page = await context.newPage()
      await page.goto(`/app/${clinic.slug}/today`)
      if (scripts) await page.keyboard.press('w')
      else {
        await tabTo(page, /^\s*Walk-in\s*$/)
        await page.keyboard.press('Enter')
      }
      await page.waitForURL('**/walk-in?**')
      // The form begins with the name.
      expect(await page.evaluate(`document.activeElement?.getAttribute('name')`)).toBe('name')
      await page.keyboard.type('Asma Iqbal')
      await page.keyboard.press('Tab')
      await page.keyboard.type('03001112233')
      await page.keyboard.press('Enter')
      await page.waitForURL('**/slip?**')
      expect(await page.locator('.slip-token').textContent()).toBe('1')
      await page.goto(`/app/${clinic.slug}/queue`)
      await tabTo(page, /Call 1/)
      await page.keyboard.press('Enter')
      await page.locator('.queue-row[data-status="in_room"]').waitFor()
      await tabTo(page, /^Done/)
      await page.keyboard.press('Enter')
      await expect.poll(() => page.locator('.queue-row').count()).toBe(0)
      const [visit] = await app.superuser<{ status: string }>(
        'select status from clinic.appointments where clinic_id = $1',
        [clinic.id],
      )
      expect(visit?.status).toBe('fulfilled')
      await context.close()
    },
  )

  it('shows on the wall what was called, at once, and after a cut connection too', { timeout: 60_000 }, async () => {
    const room = await waitingRoom()
    const { context, strangers, complaints } = await openWindow(browser, app, {
      viewport: { width: 1920, height: 1080 },
    })
    const page = await context.newPage()
    await page.goto(room.screen)
    const now = page.locator('.screen-line', { hasText: 'Dr Sana' }).locator('[data-now] bdi')
    const next = page.locator('.screen-line', { hasText: 'Dr Sana' }).locator('.screen-next li')
    expect(await next.allTextContents()).toEqual(['1', '2', '3'])
    await room.call()
    await expect.poll(() => now.allTextContents()).toEqual(['1'])
    expect(await next.allTextContents()).toEqual(['2', '3', '4'])
    // Silent until somebody wants to hear it.
    const sound = page.locator('[data-sound]')
    expect(await sound.getAttribute('aria-pressed')).toBe('false')
    await sound.click()
    expect(await sound.getAttribute('aria-pressed')).toBe('true')

    await context.setOffline(true)
    await room.clinic.inClinic((ctx) => takeStep(ctx, room.visits[0]!.id, 'finish'))
    await room.call()
    await context.setOffline(false)
    await expect.poll(() => now.allTextContents(), { timeout: 20_000 }).toEqual(['2'])
    expect([...strangers, ...complaints]).toEqual([])
    await context.close()
  })

  it.each(['en', 'ar', 'ur'])('is usable by everybody, in %s', { timeout: 120_000 }, async (lang) => {
    const room = await waitingRoom(lang)
    const { clinic } = room
    await room.call()
    await app.superuser('update platform.users set language = $2 where id = $1', [clinic.cast.bilal.userId, lang])
    const me = room.visits[3]!
    const token = await clinic.inClinic((ctx) => registerLink(ctx, me.id, 1, ctx.now.add({ hours: 24 })))
    for (const width of [360, 1280]) {
      const { context } = await openWindow(browser, app, { viewport: { width, height: 800 } })
      await useCookies(context, app, await clinic.as(clinic.cast.bilal))
      const page = await context.newPage()
      for (const path of [
        `/app/${clinic.slug}/queue`,
        `/app/${clinic.slug}/today`,
        `/app/${clinic.slug}/walk-in`,
        `/app/${clinic.slug}/appointments/${me.id}/slip`,
        `${room.screen}?lang=${lang}`,
        `/a/${token}?lang=${lang}`,
      ]) {
        await page.goto(path)
        expect(await page.evaluate('document.documentElement.dir')).toBe(
          lang === 'en' || path.includes('/slip') ? 'ltr' : 'rtl',
        )
        await expectUsable(page)
      }
      await context.close()
    }
  })
})
