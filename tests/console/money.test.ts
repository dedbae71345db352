// Money by the hand of an operator: found, confirmed, turned down, given back; lists and files of all of it.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startTestApp, type TestApp } from '../support/app.ts'
import { makeDeclaredPayment } from '../support/books.ts'
import { makeClinic, makePlatformAdmin, signedIn, type TestClinic } from '../support/cast.ts'
import { wordsOf, type Agent } from '../support/http.ts'
import { statementsOf } from '../support/statements.ts'

let app: TestApp
let admin: Agent
beforeAll(async () => {
  app = await startTestApp()
  admin = await signedIn(app, (await makePlatformAdmin(app)).userId)
})
afterAll(() => app.stop())

const statusOf = async (clinic: TestClinic) =>
  (
    await app.superuser<{ status: string }>('select status from platform.subscriptions where clinic_id = $1', [
      clinic.id,
    ])
  )[0]!.status
const balanceOf = async (clinic: TestClinic) =>
  (
    await app.superuser<{ sum: number }>(
      'select coalesce(sum(amount_minor), 0)::int as sum from platform.ledger_entries where clinic_id = $1',
      [clinic.id],
    )
  )[0]!.sum
const paymentOf = async (clinic: TestClinic) =>
  (
    await app.superuser<{ id: string; status: string }>(
      'select id, status from platform.payments where clinic_id = $1',
      [clinic.id],
    )
  )[0]!
const mailsTo = async (clinic: TestClinic) => {
  await app.runJob('messaging.mails')
  return app.mail.mailsTo(clinic.cast.nadia.email)
}
/** A month of the plan that a trial is of, with tax. */
const due = '6,960'

describe('recording a payment', () => {
  const path = (clinic: TestClinic) => `/admin/clinics/${clinic.id}/payments/new`
  const paid = { method: 'cash', amount: due, paid_on: '2026-11-23', reference: 'R-1' }

  it('makes the clinic active, with invoice and receipt', async () => {
    const clinic = await makeClinic(app)
    const page = await admin.get(path(clinic)).expect(200)
    expect(page.text).toContain('value="6960"')
    await admin.postForm(path(clinic), paid).expect(303)
    expect(await statusOf(clinic)).toBe('active')
    expect(await balanceOf(clinic)).toBe(0)
    const { text } = await admin.get(`/admin/clinics/${clinic.id}`).expect(200)
    for (const words of ['Invoice', 'Receipt', 'Confirmed', 'Bought']) expect(text).toContain(words)
    expect(await mailsTo(clinic)).not.toHaveLength(0)
  })

  it('leaves less than is due as credit', async () => {
    const clinic = await makeClinic(app)
    await admin.postForm(path(clinic), { ...paid, amount: '1,000.50' }).expect(303)
    expect(await statusOf(clinic)).toBe('trialing')
    expect(await balanceOf(clinic)).toBe(-100_050)
    expect((await admin.get(`/admin/clinics/${clinic.id}`).expect(200)).text).toContain('Has credit of')
  })

  it.each([
    ['an amount that is none', { amount: '12,50' }],
    ['nothing', { amount: '0' }],
    ['a way nobody pays there', { method: 'instapay' }],
    ['tomorrow', { paid_on: '2026-11-25' }],
    ['a day long ago', { paid_on: '2024-01-01' }],
  ])('refuses %s and keeps what was typed', async (_what, wrong) => {
    const clinic = await makeClinic(app)
    const answer = await admin.postForm(path(clinic), { ...paid, ...wrong }).expect(422)
    expect(answer.text).toContain('R-1')
    expect(await balanceOf(clinic)).toBe(0)
  })
})

describe('the queue', () => {
  it('shows the slip and what was due, and confirms with one press', async () => {
    const clinic = await makeClinic(app, { name: 'Slip Clinic' })
    const { id } = await makeDeclaredPayment(clinic)
    const page = await admin.get('/admin/payments').expect(200)
    expect(page.text).toContain('Slip Clinic')
    expect(wordsOf(page.text)).toContain('Rs 4,060 short')
    expect(page.text).toContain(`<img src="/admin/payments/${id}/slip"`)
    const slip = await admin.get(`/admin/payments/${id}/slip`).expect(200)
    expect(slip.headers['content-type']).toBe('image/jpeg')
    await admin.postForm(`/admin/payments/${id}/confirmation`).expect(303)
    expect(await paymentOf(clinic)).toMatchObject({ status: 'confirmed' })
    expect(await balanceOf(clinic)).toBe(-290_000)
    // Two operators at once: it is entered once.
    await admin.postForm(`/admin/payments/${id}/confirmation`).expect(303)
    await admin.get(`/admin/payments/${id}/rejection`).expect(404)
    expect(await balanceOf(clinic)).toBe(-290_000)
    expect((await admin.get('/admin/payments').expect(200)).text).toContain('decided about this payment already')
  })

  it('rejects with a reason, which the owner reads', async () => {
    const clinic = await makeClinic(app)
    const { id } = await makeDeclaredPayment(clinic)
    await admin.get(`/admin/payments/${id}/rejection`).expect(200)
    await admin.postForm(`/admin/payments/${id}/rejection`, { reason: '' }).expect(422)
    await admin.postForm(`/admin/payments/${id}/rejection`, { reason: 'Not in our account' }).expect(303)
    expect(await paymentOf(clinic)).toMatchObject({ status: 'rejected' })
    expect(await balanceOf(clinic)).toBe(0)
    expect((await mailsTo(clinic)).some(({ text }) => text?.includes('Not in our account'))).toBe(true)
  })
})

describe('a refund', () => {
  it('takes the invoice back with a credit note, and never gives more than was paid', async () => {
    const clinic = await makeClinic(app)
    await admin.postForm(`/admin/clinics/${clinic.id}/payments/new`, {
      method: 'cash',
      amount: due,
      paid_on: '2026-11-23',
      reference: '',
    })
    const { id } = await paymentOf(clinic)
    const path = `/admin/payments/${id}/refund`
    await admin.get(path).expect(200)
    await admin.postForm(path, { amount: '6960', reason: '' }).expect(422)
    await admin.postForm(path, { amount: '7000', reason: 'Too much', takes_back: 'yes' }).expect(409)
    await admin.postForm(path, { amount: '6960', reason: 'No credit' }).expect(409)
    await admin.postForm(path, { amount: '6960', reason: 'Left us', takes_back: 'yes' }).expect(303)
    expect(await balanceOf(clinic)).toBe(0)
    const documents = await admin.get('/admin/documents?kind=credit_note').expect(200)
    expect(documents.text).toContain('NBZ-CRN-000001')
    expect(documents.text).toContain('takes back')
    await admin.postForm(path, { amount: '6960', reason: 'Again', takes_back: 'yes' }).expect(409)
  })
})

describe('the lists', () => {
  it('show every payment and document, filter and page, at most five statements each', async () => {
    const clinic = await makeClinic(app, { name: 'Long List' })
    await app.superuser(
      `insert into platform.payments (id, clinic_id, status, provider, method, amount_minor, currency, reference, paid_on, created_at)
       select gen_random_uuid(), $1, 'rejected', 'manual', 'cheque', 100 + n, 'PKR', '=' || n, '2026-10-01',
         '2026-10-01T00:00Z'::timestamptz + n * interval '1 minute' from generate_series(1, 120) n`,
      [clinic.id],
    )
    const seen = new Set<string>()
    let path: string | undefined = '/admin/payments/all?status=rejected&from=2026-10-01&to=2026-10-01'
    let pages = 0
    while (path !== undefined) {
      const page: string = (await admin.get(path).expect(200)).text
      for (const [, reference] of page.matchAll(/<bdi dir="ltr">(=\d+)<\/bdi>/g)) seen.add(reference!)
      path = /rel="next" href="([^"]+)"/.exec(page)?.[1]?.replaceAll('&amp;', '&')
      pages++
    }
    expect({ seen: seen.size, pages }).toEqual({ seen: 120, pages: 3 })
    for (const list of [
      '/admin/payments',
      '/admin/payments/all?method=cheque',
      '/admin/documents?q=NBZ-INV',
      '/admin/plans',
    ]) {
      const statements = await statementsOf(() => admin.get(list).expect(200))
      expect(statements.length, `${list}\n${statements.join('\n')}`).toBeLessThanOrEqual(5)
    }
  })

  it('are taken along as files, numbers as numbers and the rest defused', async () => {
    const payments = await admin.postForm('/admin/payments/export?method=cheque').expect(200)
    const lines = payments.text.trimEnd().split('\r\n')
    expect(lines).toHaveLength(121)
    expect(lines[1]).toContain(`,rejected,manual,cheque,2.20,PKR,'=120,2026-10-01,`)
    const documents = await admin.postForm('/admin/documents/export').expect(200)
    expect(documents.text).toContain('NBZ-INV-000001,invoice,')
    expect(documents.text).toContain(',PKR,6000,960,6960,')
  })

  it('lead to each paper, in the language it was issued in', async () => {
    const [document] = await app.superuser<{ id: string }>(
      `select id from platform.documents where kind = 'invoice' limit 1`,
    )
    const { text } = await admin.get(`/admin/documents/${document!.id}`).expect(200)
    expect(text).toContain('NBZ-INV-')
  })
})
