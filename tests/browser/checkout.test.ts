// From the trial to a paid plan in a real browser: choose, go to Stripe, have a card declined, pay with another, come
// back, and be active once Stripe has said so itself.
import type { Browser } from 'playwright-core'
import { expect, it } from 'vitest'
import type { TestApp } from '../support/app.ts'
import { describeInBrowser, expectUsable, openWindow, useCookies, withAppAndBrowser } from '../support/browser.ts'
import { makeClinic } from '../support/cast.ts'

describeInBrowser('paying by card', () => {
  let app: TestApp
  let browser: Browser
  withAppAndBrowser((started) => ({ app, browser } = started), { stripe: true })

  it('leads from the trial to an active plan', { timeout: 60_000 }, async () => {
    const clinic = await makeClinic(app)
    // The trial's last day: from now on a card is charged at once.
    const [held] = await app.superuser<{ end: { toString(): string } }>(
      'select period_end as end from platform.subscriptions where clinic_id = $1',
      [clinic.id],
    )
    app.clock.set(held!.end.toString())
    app.clock.advance({ hours: -20 })
    const { context } = await openWindow(browser, app, { viewport: { width: 360, height: 740 }, bypassCSP: true })
    // Stripe leads back to the configured address, which is not where a test listens: a proxy stands in between.
    const { baseUrl } = app.services.config
    await context.route(`${baseUrl}/**`, (route) => {
      const location = route.request().url().replace(baseUrl, app.origin)
      return route.fulfill({ status: 303, headers: { location } })
    })
    await useCookies(context, app, await clinic.as(clinic.cast.nadia))
    const page = await context.newPage()
    await page.goto(`/app/${clinic.slug}/settings/subscription`)
    await page.getByText('Your trial ends').first().waitFor()
    await page.getByRole('link', { name: /Solo/ }).first().click()
    await page.getByRole('heading', { name: 'Take Solo' }).waitFor()
    await expectUsable(page)
    await page.getByRole('button', { name: 'Go on to pay' }).click()
    await page.getByRole('button', { name: 'Pay by card' }).click()

    await page.getByRole('heading', { name: 'Pay with a card' }).waitFor()
    await page.getByRole('radio', { name: /declined/i }).check()
    await page.getByRole('button', { name: 'Pay and subscribe' }).click()
    await page.getByText('Your card was declined').waitFor()
    await page.getByRole('radio', { name: /4242/ }).check()
    await page.getByRole('button', { name: 'Pay and subscribe' }).click()

    // Coming back proves nothing: it waits for what Stripe says to us.
    await page.getByText('Waiting for the word of the bank').first().waitFor()
    await expectUsable(page)
    for (let round = 0; round < 4; round++) {
      await app.stripe!.controls.flush()
      await app.runJob('billing.stripe')
    }
    await page.reload()
    await page.getByText('Thank you, it is paid').first().waitFor()
    await expectUsable(page)
    await page.goto(`/app/${clinic.slug}/settings/subscription`)
    await page.getByText('Visa •••• 4242').first().waitFor()
    await expectUsable(page)
    const [after] = await app.superuser<{ status: string }>(
      'select status from platform.subscriptions where clinic_id = $1',
      [clinic.id],
    )
    expect(after!.status).toBe('active')
    await context.close()
  })
})
