// The switch that stops payments by card, where it is felt.
import { afterAll, beforeAll, expect, it } from 'vitest'
import { startTestApp, type TestApp } from '../support/app.ts'
import { makeClinic, makePlatformAdmin, signedIn } from '../support/cast.ts'
import { wordsOf } from '../support/http.ts'

let app: TestApp
beforeAll(async () => {
  app = await startTestApp({ stripe: true })
})
afterAll(() => app.stop())

it('stops new payments by card at the clinics it names, and at no other', async () => {
  const [stopped, other] = [await makeClinic(app), await makeClinic(app)]
  const admin = await signedIn(app, (await makePlatformAdmin(app)).userId)
  const pay = async (clinic: typeof stopped) => {
    const nadia = await clinic.as(clinic.cast.nadia)
    await nadia
      .postForm(`/app/${clinic.slug}/settings/subscription/change`, { plan: 'solo', interval: 'month' })
      .expect(303)
    await nadia.postForm(`/app/${clinic.slug}/settings/subscription/card`).expect(303)
    return wordsOf((await nadia.get(`/app/${clinic.slug}/settings/subscription`).expect(200)).text)
  }
  await admin
    .postForm('/admin/switches', { code: 'card_payments', mode: 'off_for', clinics: stopped.slug, note: 'a test' })
    .expect(303)
  expect(await pay(stopped)).toContain('Payment by card is not offered here.')
  expect(await pay(other)).not.toContain('Payment by card is not offered here.')
})
