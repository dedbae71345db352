// Repeat visits and missed visits in a real browser: in English on a phone, in Arabic at a desk.
import type { Browser, Page } from 'playwright-core'
import { expect, it } from 'vitest'
import { details, scene, valueOf } from '../appointments/scene.ts'
import { replaceQuestionsOf } from '../../src/features/clinics/queries/services.ts'
import { linkToken } from '../../src/platform/links.ts'
import type { TestApp } from '../support/app.ts'
import { describeInBrowser, expectUsable, openWindow, useCookies, withAppAndBrowser } from '../support/browser.ts'
import { makeAppointment, makePatient } from '../support/factories.ts'

const words = {
  en: { width: 360, look: 'Update the dates', count: 'Number of visits', book: 'Book all 4 visits', undo: 'Undo all of it', confirmed: 'Confirmed by phone' },
  ar: { width: 1280, look: 'حدّث المواعيد', count: 'عدد الزيارات', book: 'احجز الزيارات كلها', undo: 'تراجع عن كل ذلك', confirmed: 'أكّد بالهاتف' },
} as const // prettier-ignore

describeInBrowser('repeat visits', () => {
  let app: TestApp
  let browser: Browser
  withAppAndBrowser((started) => ({ app, browser } = started))

  it.each(['en', 'ar'] as const)(
    'are looked at, booked and taken back by keyboard and pointer, in %s',
    { timeout: 90_000 },
    async (lang) => {
      const say = words[lang]
      const { clinic, at, bookByPhone, locationId, service } = await scene(app)
      const base = `/app/${clinic.slug}`
      const visit = await bookByPhone(at('10:00'))
      await bookByPhone(at('10:00', '2026-12-02'), details(2))
      const often = await makePatient(clinic, { name: 'Hamza Sheikh' })
      for (const days of [3, 9]) {
        const missed = await makeAppointment(clinic, {
          service,
          locationId,
          patientId: often.id,
          at: days === 3 ? '13:00' : '14:00',
        })
        await app.superuser(
          `update clinic.appointments set status = 'noshow', starts_at = starts_at - make_interval(days => $3),
           ends_at = ends_at - make_interval(days => $3), occupied_from = occupied_from - make_interval(days => $3),
           occupied_to = occupied_to - make_interval(days => $3) where clinic_id = $1 and id = $2`,
          [clinic.id, missed.id, days],
        )
      }
      await makeAppointment(clinic, { service, locationId, patientId: often.id, on: '2026-11-25', at: '15:00' })
      await clinic.inClinic(async (ctx) => {
        await app.superuser(`update clinic.profiles set missed_rule = 'call' where clinic_id = $1`, [clinic.id])
        ctx.settingsChanged()
      })
      await app.superuser('update platform.users set language = $2 where id = $1', [clinic.cast.nadia.userId, lang])
      const { context, complaints } = await openWindow(browser, app, { viewport: { width: say.width, height: 900 } })
      await useCookies(context, app, await clinic.as(clinic.cast.nadia))
      const page: Page = await context.newPage()

      await page.goto(`${base}/appointments/${visit.ok ? visit.value.id : ''}`)
      await expectUsable(page)
      await page.locator(`a[href$="/repeat"]`).click()
      await page.locator('#f-count').fill('4')
      // Enter looks, it never books.
      await page.locator('#f-count').press('Enter')
      await page.waitForURL(/series\/plan/)
      await page.locator('[name="pick_2026-12-02"]').first().waitFor()
      await expectUsable(page)
      await page.locator('[name="pick_2026-12-02"]').first().focus()
      await page.keyboard.press('Space')
      await page.locator('.form-actions .btn-primary').press('Enter')
      await page.waitForURL(/\/series\/[0-9a-f-]{36}$/)
      expect(await page.locator('.list-row').count()).toBe(4)
      await expectUsable(page)
      // Meanwhile their patient, on a phone.
      const token = await clinic.inClinic((ctx) => Promise.resolve(linkToken(ctx, valueOf(visit).id, 1)))
      const phone = await openWindow(browser, app, { viewport: { width: 360, height: 740 } })
      const own = await phone.context.newPage()
      for (const below of ['', '/cancellation', '/move']) {
        await own.goto(`/a/${token}${below}?lang=${lang}`)
        await expectUsable(own)
        if (below === '') expect(await own.locator('#others ~ .rows > .row').count()).toBe(3)
      }
      await phone.context.close()
      expect(phone.complaints).toEqual([])

      await page.goto(`${base}/appointments/${visit.ok ? visit.value.id : ''}/later`)
      await expectUsable(page)
      await page.locator('[name="time"]').fill('11:30')
      await page.locator('[name="time"]').press('Enter')
      await page.waitForURL(/later\/move$/)
      await expectUsable(page)
      await page.locator('.form-actions .btn-primary').press('Enter')
      await page.waitForURL(/\/series\/[0-9a-f-]{36}$/)
      expect(await page.locator('.list-row').allInnerTexts()).toEqual(Array(4).fill(expect.stringContaining('11:30')))
      await page.getByRole('button', { name: say.undo }).click()
      await page.waitForLoadState()
      expect(await page.getByText('11:30').count()).toBe(0)
      await page.goto(`${base}/appointments/${visit.ok ? visit.value.id : ''}/later`)
      await page.locator('form[action$="/later/cancellation"] button').press('Enter')
      await page.waitForURL(/\/series\/[0-9a-f-]{36}$/)
      await expectUsable(page)
      await page.getByRole('button', { name: say.undo }).click()
      await page.waitForLoadState()

      await page.goto(`${base}/today?date=2026-11-25`)
      await page.locator('[data-key="to-confirm"]').click()
      await page.getByText('Hamza Sheikh').first().waitFor()
      await expectUsable(page)
      await page.getByRole('button', { name: say.confirmed }).click()
      await page.waitForLoadState()
      await page.goto(`${base}/settings/rules`)
      await expectUsable(page)
      expect(complaints).toEqual([])
      await context.close()
    },
  )

  it.each([
    ['en', 1280, true],
    ['ar', 360, false],
  ] as const)(
    'ask again, where their dates are, what an answer no longer fits (%s, %d, scripts: %s)',
    { timeout: 90_000 },
    async (lang, width, scripts) => {
      const { clinic, service } = await scene(app)
      const asks = (...choices: string[]) =>
        clinic.inClinic(async (ctx) => {
          const question = { kind: 'choice', label: 'Which side?', choices, required: true } as const
          await replaceQuestionsOf(ctx, service.id, [question])
          ctx.settingsChanged()
        })
      await asks('Left', 'Right')
      await app.superuser('update platform.users set language = $2 where id = $1', [clinic.cast.bilal.userId, lang])
      const { context } = await openWindow(browser, app, {
        viewport: { width, height: 900 },
        javaScriptEnabled: scripts,
      })
      await useCookies(context, app, await clinic.as(clinic.cast.bilal))
      const page = await context.newPage()
      const side = page.locator('select[name^=q_]')
      const book = page.locator('.form-actions .btn-primary')
      await page.goto(`/app/${clinic.slug}/appointments/new?service=${service.id}&name=Maryam&phone=03001234567`)
      await side.selectOption('Left')
      await page.locator('#f-repeat').selectOption('week')
      await page.locator('button[name=slot]').first().click()
      await page.waitForURL(/series\/plan/)
      // As long as every answer fits, what is asked takes no room.
      expect(await side.isVisible()).toBe(false)
      await asks('Right', 'Both')
      await book.press('Enter')
      await page.locator('#error-summary a').click()
      await side.and(page.locator(':visible')).waitFor()
      expect(await side.inputValue()).toBe('Left')
      if (scripts) {
        await page.locator('select[name^=q_]:focus').waitFor()
        await expectUsable(page)
      }
      await side.selectOption('Both')
      await book.press('Enter')
      await page.waitForURL(/\/series\/[0-9a-f-]{36}$/)
      expect(await page.locator('.list-row').count()).toBe(6)
      await context.close()
    },
  )
})
