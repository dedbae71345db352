// What an owner goes through in a real browser, on a small phone: the subscription runs out, the clinic can only be looked
// at, a payment by hand with a picture of the slip brings it back. And every page of it, usable by everybody.
import type { Browser } from 'playwright-core'
import { expect, it } from 'vitest'
import { confirmPayment, openAccount } from '../../src/features/billing/actions.ts'
import type { Id } from '../../src/kernel/ids.ts'
import { bookableClinic, type Scene } from '../booking/patient.ts'
import { setLife, setPlan, instant } from '../subscription/scene.ts'
import type { TestApp } from '../support/app.ts'
import { makeDeclaredPayment, makeDocument, photograph } from '../support/books.ts'
import { describeInBrowser, expectUsable, openWindow, useCookies, withAppAndBrowser } from '../support/browser.ts'
import { makePlatformAdmin } from '../support/cast.ts'
import { makeAppointment, makePractitioner } from '../support/factories.ts'

describeInBrowser('a subscription', () => {
  let app: TestApp
  let browser: Browser
  withAppAndBrowser((started) => ({ app, browser } = started))

  async function windowOf({ clinic }: Scene) {
    const opened = await openWindow(browser, app, { viewport: { width: 360, height: 740 } })
    await useCookies(opened.context, app, await clinic.as(clinic.cast.nadia))
    return opened
  }

  it('runs out, is paid by hand, and everything is as it was', { timeout: 60_000 }, async () => {
    const scene = await bookableClinic(app)
    const { clinic } = scene
    app.clock.set('2026-12-26T07:00:00Z')
    await app.runJob('subscription.life')
    app.clock.set('2027-01-03T07:00:00Z')
    await app.runJob('subscription.life')
    await makeAppointment(clinic, { on: '2027-01-03', at: '13:00', service: scene.service })

    const { context, strangers, complaints } = await windowOf(scene)
    const page = await context.newPage()
    await page.goto(`/app/${clinic.slug}/today`)
    await page.getByText('The clinic is read-only').waitFor()
    await page
      .getByRole('button', { name: /Arrived|Check in/ })
      .first()
      .click()
    await page.getByRole('heading', { name: 'Nothing was changed' }).waitFor()
    await expectUsable(page)

    const patient = await (await openWindow(browser, app)).context.newPage()
    await patient.goto(`/c/${clinic.slug}`)
    await patient.getByText('Online booking is closed at the moment').waitFor()
    await expectUsable(patient)

    await page.getByRole('link', { name: 'Go to the subscription' }).click()
    await page.getByRole('heading', { name: 'Subscription', exact: true }).waitFor()
    await page.getByRole('link', { name: 'Pay by transfer or cash' }).click()
    await page.getByLabel('How you paid').selectOption('raast')
    await page.getByLabel('Reference').fill('R-2027-1')
    const slip = page.getByLabel('Picture of the slip')
    await slip.setInputFiles({ name: 'slip.pdf', mimeType: 'application/pdf', buffer: Buffer.from('%PDF-1.7') })
    await page.getByRole('button', { name: 'Tell Nabz that it is paid' }).click()
    await page.getByRole('alert').getByText('That is a PDF').waitFor()
    await expectUsable(page)
    expect(await page.getByLabel('Reference').inputValue()).toBe('R-2027-1')
    await slip.setInputFiles({ name: 'slip.jpg', mimeType: 'image/jpeg', buffer: await photograph() })
    await page.getByRole('button', { name: 'Tell Nabz that it is paid' }).click()
    await page.getByText('Waiting for confirmation: Rs 6,960').waitFor()
    await expectUsable(page)

    const [payment] = await app.superuser<{ id: Id<'payment'> }>(
      'select id from platform.payments where clinic_id = $1',
      [clinic.id],
    )
    const admin = await makePlatformAdmin(app)
    await openAccount(
      app.services,
      clinic.id,
      { kind: 'operator', id: admin.userId },
      { requestId: 'test' },
      (account) => confirmPayment(account, payment!.id),
    )
    await page.reload()
    await page.getByText('All is paid until').waitFor()
    await page
      .getByRole('link', { name: /NBZ-INV-/ })
      .first()
      .click()
    await page.getByText('Total').waitFor()
    await expectUsable(page)
    await patient.reload()
    await patient.getByRole('link', { name: 'See free times' }).first().waitFor()
    await page.goto(`/app/${clinic.slug}/today`)
    expect(await page.getByText('read-only').count()).toBe(0)
    expect({ strangers, complaints }).toEqual({ strangers: [], complaints: [] })
    await context.close()
    app.clock.set('2026-11-24T07:00:00Z')
  })

  it.each(['en', 'ar', 'ur'])('has pages that everybody can use, in %s', { timeout: 120_000 }, async (lang) => {
    const scene = await bookableClinic(app)
    const { clinic } = scene
    const base = `/app/${clinic.slug}/settings/subscription`
    await makePractitioner(clinic)
    await makeDeclaredPayment(clinic)
    const paper = await makeDocument(clinic, { language: lang })
    await setPlan(clinic, { doctors: 2, bookings: 600, bookingsUsed: 600, messages: 100, messagesUsed: 90 })
    await setLife(clinic, 'trialing', { periodEnd: instant('2026-11-28T19:00:00Z') })
    await app.superuser('update platform.users set language = $1 where id = $2', [lang, clinic.cast.nadia.userId])
    const { context, strangers, complaints } = await windowOf(scene)
    const page = await context.newPage()
    const look = async (path: string, status = 200) => {
      const answer = await page.goto(path)
      expect({ path, status: answer?.status() }).toEqual({ path, status })
      await expectUsable(page)
    }
    await look(base)
    await look(`${base}?interval=year`)
    await look(`${base}/change?plan=solo&interval=year`)
    await look(`${base}/change?plan=free&interval=month`)
    await look(`${base}/cancellation`)
    await look(`${base}/payment`)
    await look(`${base}/documents/${paper.id}`)
    await look(`/app/${clinic.slug}/appointments/new`)
    await look(`/app/${clinic.slug}/settings/doctors/new`)
    await look(`/c/${clinic.slug}?lang=${lang}`)
    await setLife(clinic, 'past_due')
    await look(base)
    await setLife(clinic, 'expired')
    await look(`/app/${clinic.slug}/today`)
    await setLife(clinic, 'purge_scheduled')
    await look(`/app/${clinic.slug}/today`, 403)
    await look(base)
    await setLife(clinic, 'active', { suspended: 'Complaints' })
    await look(`/app/${clinic.slug}/today`, 403)
    await look(`/c/${clinic.slug}?lang=${lang}`)
    expect({ strangers, complaints }).toEqual({ strangers: [], complaints: [] })
    await context.close()
  })
})
