// Nadia sees to her clinic's subscription: looks, chooses, pays by hand, leaves and comes back.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { confirmPayment, openAccount, rejectPayment } from '../../src/features/billing/actions.ts'
import { newId, type Id } from '../../src/kernel/ids.ts'
import type { Temporal } from '../../src/kernel/time.ts'
import { instant, setLife, setPlan } from '../subscription/scene.ts'
import { startTestApp, testNow, type TestApp } from '../support/app.ts'
import { makeDeclaredPayment, makeDocument, photograph } from '../support/books.ts'
import { makeClinic, makePlatformAdmin, signedIn, type TestClinic } from '../support/cast.ts'
import { makeLocation, makePractitioner } from '../support/factories.ts'
import { wordsOf, type Agent, type Fields } from '../support/http.ts'

let app: TestApp
let clinic: TestClinic
let nadia: Agent
beforeAll(async () => {
  app = await startTestApp()
})
afterAll(() => app.stop())
beforeEach(async () => {
  app.clock.set(testNow)
  clinic = await makeClinic(app)
  nadia = await clinic.as(clinic.cast.nadia)
})

const home = () => `/app/${clinic.slug}/settings/subscription`
const words = async (path = home()) => {
  const answer = await nadia.get(path)
  expect({ status: answer.status, error: answer.status < 500 ? '' : app.lastError() }).toEqual({
    status: 200,
    error: '',
  })
  return wordsOf(answer.text)
}
const post = (rest: string, fields: Fields = {}, agent = nadia) => agent.postForm(home() + rest, fields)

type Row = {
  status: string
  plan: string
  next: string | null
  cancelled: boolean
  reason: string | null
  end: Temporal.Instant | null
}
const row = async (): Promise<Row> =>
  (
    await app.superuser<Row>(
      `select s.status, p.code as plan, n.code as next, s.cancelled_at is not null as cancelled,
         s.cancel_reason as reason, s.period_end as end
       from platform.subscriptions s join platform.plans p on p.id = s.plan_id
       left join platform.plans n on n.id = s.next_plan_id where s.clinic_id = $1`,
      [clinic.id],
    )
  )[0]!
const declared = () =>
  app.superuser<{
    id: Id<'payment'>
    status: string
    method: string
    amount: number
    reference: string
    slip: boolean
  }>(
    `select id, status, method, amount_minor::int as amount, reference, slip_id is not null as slip
     from platform.payments where clinic_id = $1 order by created_at, id`,
    [clinic.id],
  )

async function decide(
  work: typeof confirmPayment extends (account: infer A, ...rest: never[]) => unknown
    ? (account: A) => Promise<unknown>
    : never,
) {
  const admin = await makePlatformAdmin(app)
  await openAccount(app.services, clinic.id, { kind: 'operator', id: admin.userId }, { requestId: 'test' }, work)
}

const typed = (overrides: Fields = {}): Fields => ({
  method: 'jazzcash',
  amount: '6,960',
  paid_on: '2026-11-23',
  reference: 'T-4711',
  ...overrides,
})

/** Posts the form as a browser does when it has a file in it. */
function postWithSlip(fields: Fields, file?: { bytes: Buffer; name: string }, token = nadia.csrfToken()) {
  const request = nadia.post(`${home()}/payment`).field('_csrf', token)
  for (const [name, value] of Object.entries(fields)) void request.field(name, String(value))
  if (file) void request.attach('slip', file.bytes, { filename: file.name })
  return request
}

/** A plan that is paid for and half over, as money would have made it. */
async function paidFor(plan: string, interval: 'month' | 'year' = 'month'): Promise<void> {
  await app.superuser(
    `update platform.subscriptions s set status = 'active', plan_id = p.id, billing_interval = $3, net_minor = r.net_minor,
       period_start = '2026-11-08T19:00Z', period_end = '2026-12-08T19:00Z', billing_day = 9
     from platform.plans p join platform.plan_prices r on r.plan_id = p.id and r.country = 'PK' and r.billing_interval = $3
     where s.clinic_id = $1 and p.code = $2`,
    [clinic.id, plan, interval],
  )
}

describe('the page', () => {
  it('is the owner’s alone', async () => {
    for (const path of ['', '/payment', '/cancellation', '/change?plan=solo&interval=month']) {
      await (await clinic.as(clinic.cast.bilal)).get(home() + path).expect(403)
      await (await clinic.as(clinic.cast.sana)).get(home() + path).expect(403)
      await (await clinic.as(clinic.cast.omar)).get(home() + path).expect(404)
    }
  })

  it('says how a trial stands, what it will cost with tax, and what is used', async () => {
    await makePractitioner(clinic)
    await setPlan(clinic, { bookings: 3000, bookingsUsed: 480, messagesUsed: 12_000 })
    const text = await words()
    expect(text).toContain('Clinic Trial')
    expect(text).toContain('until Fri, 25 Dec 2026. No card is needed')
    expect(text).toContain('Rs 6,000 a month Rs 6,000 and Rs 960 Sales tax')
    expect(text).toContain('Doctors 2 of 6')
    // 24 days of November, less twelve hours, are over.
    expect(text).toContain('Bookings this month 480 of 3,000 At this pace 613 of 3,000 by Mon, 30 Nov 2026')
    expect(text).toContain('Messages this month 12,000 of 12,000')
    expect(text).toContain('before Tue, 1 Dec 2026 are confirmed but not reminded of')
    expect(text).toContain('To pay for Clinic Rs 6,960')
  })

  it('has a price for each plan by the month and by the year', async () => {
    expect(await words()).toContain('Solo Rs 2,500 a month Rs 2,900 with Sales tax')
    expect(await words(`${home()}?interval=year`)).toContain('Solo Rs 25,000 a year Rs 29,000 with Sales tax')
    const { text } = await nadia.get(home())
    expect(text).not.toContain(`${home()}/card"`)
  })

  it('is in the menu of the settings', async () => {
    expect((await nadia.get(`/app/${clinic.slug}/settings`)).text).toContain(`href="${home()}"`)
  })
})

describe('choosing', () => {
  it('during the trial: shows the very sum, keeps the choice, and charges nothing', async () => {
    const page = await words(`${home()}/change?plan=solo&interval=year`)
    expect(page).toContain('the paid period begins when the trial ends')
    expect(page).toContain('Solo, one year Rs 25,000 Sales tax 16% Rs 4,000 To pay Rs 29,000')
    await post('/change', { plan: 'solo', interval: 'year' }).expect(303)
    expect(await row()).toMatchObject({ status: 'trialing', plan: 'clinic' })
    expect(await words()).toContain('To pay for Solo Rs 29,000')
  })

  it('an upgrade costs what is left of the period, worked out before it is agreed to', async () => {
    await paidFor('solo')
    // From 9 November for 30 days; 14.5 of them are left. (6000 - 2500) × 14.5 / 30, and 16 % on it.
    const page = await words(`${home()}/change?plan=clinic&interval=month`)
    expect(page).toContain('Clinic, the difference until Wed, 9 Dec 2026 Rs 1,691.67')
    expect(page).toContain('To pay Rs 1,962.34')
    await post('/change', { plan: 'clinic', interval: 'month' }).expect(303)
    expect(await words()).toContain('To pay for the change to Clinic Rs 1,962.34')
    expect(await row()).toMatchObject({ plan: 'solo', status: 'active' })
  })

  it('a downgrade waits for the end, lists what will be over the limit, and can be taken back', async () => {
    await paidFor('clinic')
    await makePractitioner(clinic)
    await makeLocation(clinic)
    const page = await words(`${home()}/change?plan=solo&interval=month`)
    expect(page).toContain('You use more than this plan allows')
    expect(page).toContain('Doctors: 2, the plan allows 1')
    expect(page).toContain('Locations: 2, the plan allows 1')
    expect(page).toContain('Nothing is deleted')
    expect(page).not.toContain('What is due now')
    await post('/change', { plan: 'solo', interval: 'month' }).expect(303)
    expect(await row()).toMatchObject({ plan: 'clinic', next: 'solo' })
    expect(await words()).toContain('On Wed, 9 Dec 2026 your plan changes to Solo')
    await post('/change/undo').expect(303)
    expect(await row()).toMatchObject({ plan: 'clinic', next: null })
    await post('/change/undo').expect(303)
    expect(await words()).toContain('That is not possible as things stand now')
  })

  it('the free plan is there at once when nothing is paid, and later when something is', async () => {
    await post('/change', { plan: 'free', interval: 'month' }).expect(303)
    expect(await row()).toMatchObject({ plan: 'free', status: 'active', end: null })
    expect(await words()).toContain('This plan costs nothing and does not run out')
    await paidFor('clinic')
    await post('/change', { plan: 'free', interval: 'month' }).expect(303)
    expect(await row()).toMatchObject({ plan: 'clinic', next: 'free' })
  })

  it('what is not on sale, or in force already, is not taken', async () => {
    await paidFor('clinic')
    for (const asked of [
      { plan: 'clinic', interval: 'month' },
      { plan: 'platinum', interval: 'month' },
      { plan: 'solo', interval: 'week' },
      {},
    ] as Fields[]) {
      await post('/change', asked).expect(303)
      const query = new URLSearchParams(asked as Record<string, string>).toString()
      await nadia.get(`${home()}/change?${query}`).expect(303)
    }
    expect(await row()).toMatchObject({ plan: 'clinic', next: null })
  })
})

describe('leaving', () => {
  it('asks why, says what follows, runs to the end of what is paid, and can be taken back', async () => {
    await paidFor('clinic')
    expect(await words(`${home()}/cancellation`)).toContain('Everything goes on until Wed, 9 Dec 2026')
    const refused = await post('/cancellation', { note: 'Too far' }).expect(422)
    expect(wordsOf(refused.text)).toContain('Choose a reason')
    expect(refused.text).toContain('Too far')
    await post('/cancellation', { reason: 'price', note: 'Too far' }).expect(303)
    expect(await row()).toMatchObject({ status: 'active', cancelled: true, reason: 'price: Too far' })
    expect(await words()).toContain('You have cancelled. Everything works until Wed, 9 Dec 2026')
    await nadia.get(`${home()}/cancellation`).expect(303)
    await post('/cancellation/undo').expect(303)
    expect(await row()).toMatchObject({ status: 'active', cancelled: false })
  })
})

describe('paying by hand', () => {
  it('shows where to, in the owner’s language, and the sum', async () => {
    await app.superuser(`update platform.issuers set payment_note = $1`, [
      JSON.stringify({ en: 'IBAN PK36', ar: 'حساب PK36' }),
    ])
    expect(await words(`${home()}/payment`)).toContain('IBAN PK36')
    await app.superuser(`update platform.users set language = 'ar' where id = $1`, [clinic.cast.nadia.userId])
    expect(await words(`${home()}/payment`)).toContain('حساب PK36')
  })

  it('without a picture: it waits for confirmation, and is said once though sent twice', async () => {
    for (const _ of [1, 2]) await post('/payment', typed()).expect(303)
    expect(await declared()).toMatchObject([
      { status: 'declared', method: 'jazzcash', amount: 696_000, reference: 'T-4711', slip: false },
    ])
    expect(await words()).toContain('Waiting for confirmation: Rs 6,960')
  })

  it('the picture is kept sealed and without the place where it was taken; owner and platform see it', async () => {
    const bytes = await photograph()
    await postWithSlip(typed(), { bytes, name: 'IMG_1.jpg' }).expect(303)
    const [payment] = await declared()
    expect(payment).toMatchObject({ slip: true })
    const [slip] = await app.superuser<{ sealed: Buffer; media: string }>(
      'select image_sealed as sealed, media_type as media from platform.slips order by created_at desc limit 1',
    )
    expect(slip!.media).toBe('image/jpeg')
    expect(slip!.sealed.includes(Buffer.from('ffd8ff', 'hex'))).toBe(false)
    const seen = await nadia.get(`${home()}/payments/${payment!.id}/slip`).expect(200)
    const shown = seen.body as Buffer
    expect(shown.subarray(0, 3).toString('hex')).toBe('ffd8ff')
    expect(shown.includes('SecretPhone')).toBe(false)
    expect(seen.headers).toMatchObject({
      'content-type': 'image/jpeg',
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      'content-security-policy': "sandbox; default-src 'none'",
    })
    expect(seen.headers['content-disposition']).toContain('filename=')
    const admin = await signedIn(app, (await makePlatformAdmin(app)).userId)
    await admin.get(`/admin/payments/${payment!.id}/slip`).expect(200)
    await (await clinic.as(clinic.cast.bilal)).get(`${home()}/payments/${payment!.id}/slip`).expect(403)
  })

  it('another clinic’s slip is not there', async () => {
    const other = await makeClinic(app)
    const { id } = await makeDeclaredPayment(other)
    await nadia.get(`${home()}/payments/${id}/slip`).expect(404)
    await nadia.get(`${home()}/payments/${newId()}/slip`).expect(404)
    await nadia.get(`/admin/payments/${id}/slip`).expect(404)
  })

  it.each([
    ['a PDF', 'slip.pdf', () => Buffer.from('%PDF-1.7'), 'That is a PDF'],
    ['a page', 'slip.jpg', () => Buffer.from('<!doctype html>'), 'not a picture we can read'],
    ['11 MB', 'slip.jpg', () => Buffer.alloc(11 * 1024 * 1024, 0xff), 'larger than 10 MB'],
  ])('%s is refused in plain words, and nothing typed is lost', async (_what, name, make, told) => {
    const refused = await postWithSlip(typed(), { bytes: make(), name }).expect(422)
    expect(wordsOf(refused.text)).toContain(told)
    expect(refused.text).toMatch(/name="reference" value="T-4711"/)
    expect(refused.text).toMatch(/name="amount" value="6,960"/)
    expect(refused.text).toMatch(/<option value="jazzcash" selected>/)
    expect(await declared()).toEqual([])
  })

  it.each([
    [{ amount: '0' }, 'Enter the amount'],
    [{ amount: 'all' }, 'Enter the amount'],
    [{ paid_on: '2026-11-25' }, 'Enter the day you paid'],
    [{ paid_on: '2024-01-01' }, 'Enter the day you paid'],
    [{ reference: ' ' }, 'Enter the reference'],
    [{ method: 'gold' }, 'Choose how you paid'],
  ] as [Fields, string][])('%j is asked about, with the picture to be chosen again', async (wrong, told) => {
    const refused = await postWithSlip(typed(wrong), { bytes: await photograph(), name: 'a.jpg' }).expect(422)
    expect(wordsOf(refused.text)).toContain(told)
    expect(wordsOf(refused.text)).toContain('Choose the picture again')
    expect(await declared()).toEqual([])
  })

  it('V3.5.1: a form with a file needs the token like any other, and no other door takes such a form', async () => {
    await postWithSlip(typed(), { bytes: await photograph(), name: 'a.jpg' }, '').expect(403)
    await nadia
      .post(`/app/${clinic.slug}/settings/rules`)
      .field('_csrf', nadia.csrfToken())
      .field('name', 'x')
      .expect(403)
    expect(await declared()).toEqual([])
  })

  it('what is no form at all is refused as such', async () => {
    const send = (type: string, body: string) => nadia.post(`${home()}/payment`).set('Content-Type', type).send(body)
    await send('multipart/form-data', 'x').expect(400)
    await send('multipart/form-data; boundary=x', '--x\r\nnonsense').expect((answer) =>
      expect([400, 403]).toContain(answer.status),
    )
    expect(await declared()).toEqual([])
  })

  it('confirmed, it buys what was chosen: invoice, receipt and balance stand on the page', async () => {
    await post('/payment', typed()).expect(303)
    const [payment] = await declared()
    await decide((account) => confirmPayment(account, payment!.id))
    expect(await row()).toMatchObject({ status: 'active', plan: 'clinic' })
    const text = await words()
    expect(text).toContain('Account Nothing owed')
    expect(text).toMatch(/Invoice NBZ-INV-\d{6} Rs 6,960 Rs 0 .*Payment NBZ-RCT-\d{6} -Rs 6,960 -Rs 6,960/)
    expect(text).not.toContain('Waiting for confirmation')
    const [, path = ''] = /href="([^"]*\/documents\/[^"]+)">Invoice/.exec((await nadia.get(home())).text) ?? []
    const paper = await words(path)
    expect(paper).toContain('Sales tax 16% Rs 960 Total Rs 6,960')
  })

  it('not found, the reason stands on the page for a while', async () => {
    await post('/payment', typed()).expect(303)
    const [payment] = await declared()
    await decide((account) => rejectPayment(account, payment!.id, 'No such <b>transfer</b>'))
    expect(await words()).toContain('We could not find your payment of Rs 6,960 No such <b>transfer</b>')
    app.clock.set('2026-12-09T07:00:00Z')
    nadia = await clinic.as(clinic.cast.nadia)
    expect(await words()).not.toContain('could not find')
  })
})

describe('coming back', () => {
  it.each(['expired', 'purge_scheduled'] as const)('from %s: by paying', async (life) => {
    await paidFor('clinic')
    await setLife(clinic, life, { since: instant('2026-11-20T07:00:00Z') })
    expect(await words()).toContain('To pay for Clinic Rs 6,960')
    await postWithSlip(typed(), { bytes: await photograph(), name: 'a.jpg' }).expect(303)
    const [payment] = await declared()
    await decide((account) => confirmPayment(account, payment!.id))
    expect(await row()).toMatchObject({ status: 'active', plan: 'clinic' })
    expect((await clinic.proven()).status).toBe('active')
    await nadia.get(`/app/${clinic.slug}/today`).expect(200)
  })

  it.each(['expired', 'purge_scheduled'] as const)('from %s: by taking the free plan', async (life) => {
    await paidFor('clinic')
    await setLife(clinic, life, { since: instant('2026-11-20T07:00:00Z') })
    await post('/change', { plan: 'free', interval: 'month' }).expect(303)
    expect(await row()).toMatchObject({ status: 'active', plan: 'free' })
    expect((await clinic.proven()).status).toBe('active')
  })
})

describe('a document', () => {
  it('is printed in its own language and direction, from what it said when it was issued', async () => {
    const { id, number } = await makeDocument(clinic, { language: 'ar' })
    const { text } = await nadia.get(`${home()}/documents/${id}`).expect(200)
    expect(text).toMatch(/<html lang="ar" dir="rtl"/)
    expect(wordsOf(text)).toContain('فاتورة')
    expect(text).toContain(number)
    expect(wordsOf(text)).toContain('Nabz Ltd 1 Main Road Karachi')
  })

  it('of another clinic is not there', async () => {
    const { id } = await makeDocument(await makeClinic(app))
    await nadia.get(`${home()}/documents/${id}`).expect(404)
  })
})
