// What the card provider told that did not fit: shown with what to do, and put away once by whoever saw to it.
import { afterAll, beforeAll, expect, it } from 'vitest'
import { reportIncident, type Cards } from '../../src/features/billing/actions/card/incidents.ts'
import { startTestApp, type TestApp } from '../support/app.ts'
import { makeClinic, makePlatformAdmin, signedIn } from '../support/cast.ts'
import type { Agent } from '../support/http.ts'

let app: TestApp
let admin: Agent
beforeAll(async () => {
  app = await startTestApp({ stripe: true })
  admin = await signedIn(app, (await makePlatformAdmin(app)).userId)
})
afterAll(() => app.stop())

it('waits until somebody has seen to it, and is put away once', async () => {
  const empty = await admin.get('/admin/payments/cards').expect(200)
  expect(empty.text).toContain('Nothing to decide')
  const clinic = await makeClinic(app, { name: 'Disputed Clinic' })
  const cards = app.services as Cards
  const details = { dispute: 'dp_1', amount: 6960 }
  // Told twice, kept once.
  for (let told = 0; told < 2; told++) {
    await reportIncident(cards, { key: 'dispute:dp_1', kind: 'dispute', clinicId: clinic.id, details })
  }
  await reportIncident(cards, {
    key: 'invoice:in_1',
    kind: 'unknown_payer',
    clinicId: null,
    details: { invoice: 'in_1' },
  })
  const page = await admin.get('/admin/payments/cards').expect(200)
  expect(page.text.match(/dp_1/g)).toHaveLength(1)
  for (const words of [
    'Disputed Clinic',
    'A bank asks for money back',
    'Paid by nobody we know',
    'No clinic of ours',
  ]) {
    expect(page.text).toContain(words)
  }
  expect((await admin.get('/admin').expect(200)).text).toContain('Questions about card payments')

  const action = /\/admin\/payments\/cards\/[0-9a-f-]+\/settled/.exec(page.text)![0]
  await admin.postForm(action, {}).expect(303)
  expect((await admin.get('/admin/payments/cards').expect(200)).text).toContain('Taken off the list')
  await admin.postForm(action, {}).expect(303)
  const after = await admin.get('/admin/payments/cards').expect(200)
  expect(after.text).toContain('Somebody has seen to it already')
  expect(after.text.match(/\/settled"/g)).toHaveLength(1)
  const [entry] = await app.superuser<{ count: number }>(
    `select count(*)::int as count from platform.audit_entries where action = 'card_incident.settled'`,
  )
  expect(entry!.count).toBe(1)
})
