// An owner closes the clinic and takes it back, in a real browser and both directions; and anybody checks a certificate.
import type { Browser } from 'playwright-core'
import { expect, it } from 'vitest'
import { Temporal } from '../../src/kernel/time.ts'
import { closingPath, runAt } from '../closing/scene.ts'
import { furnishedClinic } from '../export/scene.ts'
import { testNow, type TestApp } from '../support/app.ts'
import { makePlatformAdmin, signedIn } from '../support/cast.ts'
import { describeInBrowser, expectUsable, openWindow, useCookies, withAppAndBrowser } from '../support/browser.ts'
import { makeAppointment } from '../support/factories.ts'

describeInBrowser('closing a clinic', () => {
  let app: TestApp
  let browser: Browser
  withAppAndBrowser((started) => ({ app, browser } = started))

  const words = {
    en: {
      close: 'Close the clinic', keep: 'We tell them ourselves', name: /type the clinic’s name/,
      differs: 'That is not the name of this clinic', left: '7 days left', undo: 'Take it back', open: 'The clinic is open again.',
      genuine: 'This certificate is genuine', altered: 'This certificate is not valid', certificate: 'The certificate', check: 'Check',
    },
    ar: {
      close: 'إغلاق العيادة', keep: 'نخبرهم بأنفسنا', name: /اكتب اسم العيادة/,
      differs: 'ليس هذا اسم هذه العيادة', left: 'بقيت 7 أيام', undo: 'التراجع عن الإغلاق', open: 'العيادة مفتوحة من جديد.',
      genuine: 'هذه الشهادة صحيحة', altered: 'هذه الشهادة غير صالحة', certificate: 'الشهادة', check: 'تحقق',
    },
  } as const // prettier-ignore

  it.each(['en', 'ar'] as const)('and taking it back, and the end of it, in %s', { timeout: 120_000 }, async (lang) => {
    const say = words[lang]
    const start = Temporal.Instant.from(testNow)
    app.clock.set(start)
    const clinic = await furnishedClinic(app)
    await makeAppointment(clinic, { on: '2026-12-01', at: '10:00' })
    await app.superuser('update platform.users set language = $1 where id = $2', [lang, clinic.cast.nadia.userId])
    const { context, strangers, complaints } = await openWindow(browser, app, { viewport: { width: 360, height: 740 } })
    await useCookies(context, app, await clinic.as(clinic.cast.nadia))
    const page = await context.newPage()
    const shoot = async (name: string) => {
      if (!process.env.SHOTS) return
      for (const width of [360, 1280]) {
        await page.setViewportSize({ width, height: 900 })
        await page.screenshot({ path: `${process.env.SHOTS}/closing-${name}-${lang}-${width}.png`, fullPage: true })
      }
      await page.setViewportSize({ width: 360, height: 740 })
    }
    const closeIt = async (name: string) => {
      await page.getByLabel(say.keep).check()
      await page.getByLabel(say.name).fill(name)
      await page.getByLabel(say.name).press('Enter')
    }
    await page.goto(closingPath(clinic))
    await expectUsable(page)
    await shoot('ask')
    await closeIt('Another Clinic')
    await page.getByRole('alert').getByText(say.differs).waitFor()
    await expectUsable(page)
    await closeIt('Shifa Clinic')
    await page.getByText(say.left).waitFor()
    await expectUsable(page)
    await shoot('open')
    await page.getByRole('button', { name: say.undo }).click()
    await page.getByText(say.open).waitFor()
    await expectUsable(page)

    await closeIt('Shifa Clinic')
    await page.getByText(say.left).waitFor()
    const admin = await makePlatformAdmin(app)
    await app.superuser('update platform.users set language = $1 where id = $2', [lang, admin.userId])
    await context.clearCookies()
    await useCookies(context, app, await signedIn(app, admin.userId))
    await page.goto('/admin/closings')
    await expectUsable(page)
    await shoot('console')
    await page.goto((await page.locator('a[href$="/undo"]').first().getAttribute('href'))!)
    await expectUsable(page)

    await runAt(app, start.add({ hours: 7 * 24, seconds: 1 }))
    const [made] = await app.superuser<{ id: string }>(
      'select id from platform.certificates order by issued_at desc limit 1',
    )
    await context.clearCookies()
    await page.goto(`/certificates/${made!.id}?lang=${lang}`)
    await expectUsable(page)
    await shoot('certificate')
    const file = (await app.agent().get(`/certificates/${made!.id}/file`)).text
    for (const [text, verdict] of [
      [file, say.genuine],
      [file.replace('"because":"asked"', '"because":"expired"'), say.altered],
    ] as const) {
      await page.goto(`/certificates/verify?lang=${lang}`)
      await expectUsable(page)
      await page.getByLabel(say.certificate).first().fill(text)
      await page.getByRole('button', { name: say.check, exact: true }).click()
      await page.getByText(verdict, { exact: true }).waitFor()
      await expectUsable(page)
      await shoot(text === file ? 'genuine' : 'altered')
    }
    await page.goto(`/certificates/key?lang=${lang}`)
    await expectUsable(page)
    await shoot('key')
    expect({ strangers, complaints }).toEqual({ strangers: [], complaints: [] })
    await context.close()
  })
})
