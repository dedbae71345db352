import Stripe from 'stripe'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { CardCheckout, StripeChannel } from '../../src/platform/channels/stripe.ts'
import { startTestApp, stripeSecrets, testNow, type TestApp } from '../support/app.ts'

let app: TestApp
let stripe: StripeChannel
beforeAll(async () => {
  app = await startTestApp({ stripe: true })
  stripe = app.services.stripe!
})
afterAll(() => app.stop())
beforeEach(() => {
  app.clock.set(testNow)
  app.stripe!.controls.reset()
})

const controls = () => app.stripe!.controls
let asked = 0
const key = () => `test:${++asked}`

async function customer(): Promise<string> {
  const made = await stripe.createCustomer({ clinicId: 'c1', name: 'Shifa', email: 'a@b.test', language: 'en' }, key())
  if (!made.ok) throw new Error(made.code)
  return made.value.id
}
const checkout = (id: string, more: Partial<CardCheckout> = {}): CardCheckout => ({
  customer: id,
  clinicId: 'c1',
  orderId: 'o1',
  name: 'Nabz Clinic',
  language: 'ur',
  successUrl: 'https://nabz.test/thanks?session={CHECKOUT_SESSION_ID}',
  cancelUrl: 'https://nabz.test/back',
  amount: 696_000,
  currency: 'PKR',
  renews: { interval: 'month' },
  ...more,
})
async function subscribed(more: Partial<CardCheckout> = {}) {
  const id = await customer()
  const made = await stripe.createCheckout(checkout(id, more), key())
  if (!made.ok) throw new Error(made.code)
  expect(controls().pay(made.value.id)).toBe('done')
  const session = app.stripe!.state.get('sessions', made.value.id)
  return { customer: id, session, subscription: session.subscription ?? '' }
}
const types = () =>
  controls()
    .events()
    .map(({ type }) => type)

describe('the official package against the stand-in', () => {
  it('subscribes, is paid at once, and tells of it in the shapes of the present version', async () => {
    const { session, subscription } = await subscribed()
    expect(await stripe.findCheckout(session.id)).toMatchObject({
      ok: true,
      value: { status: 'complete', paid: true, amount: 696_000, currency: 'PKR', clinicId: 'c1', orderId: 'o1' },
    })
    expect(await stripe.findSubscription(subscription)).toMatchObject({
      ok: true,
      value: {
        status: 'active',
        cancelling: false,
        cardLabel: 'Visa •••• 4242',
        item: { price: { amount: 696_000, currency: 'PKR', interval: 'month' } },
      },
    })
    const [invoice] = [...app.stripe!.state.tables.invoices.values()]
    expect(await stripe.findInvoice(invoice!.id)).toMatchObject({
      ok: true,
      value: { status: 'paid', amountPaid: 696_000, subscription, payment: expect.stringMatching(/^pi_/) as string },
    })
    expect(types()).toEqual(expect.arrayContaining(['invoice.paid', 'checkout.session.completed']))
  })

  it('charges nothing before the day it was told, then each month on that day', async () => {
    const firstCharge = app.clock.now().add({ hours: 24 * 20 })
    const { subscription } = await subscribed({ renews: { interval: 'month', firstCharge } })
    expect(await stripe.findSubscription(subscription)).toMatchObject({ value: { status: 'trialing' } })
    expect(app.stripe!.state.tables.charges.size).toBe(0)
    for (let month = 0; month < 12; month++) {
      app.clock.advance({ hours: 24 * 31 })
      controls().tick()
    }
    expect(app.stripe!.state.tables.charges.size).toBe(12)
    const found = await stripe.findSubscription(subscription)
    expect(found.ok && found.value.periodEnd.toString()).toBe('2027-12-14T07:00:00Z')
  })

  it('gives the same answer to the same key, and refuses the key for anything else', async () => {
    const id = await customer()
    const first = await stripe.createCheckout(checkout(id), 'checkout:c1:o1:1')
    expect(await stripe.createCheckout(checkout(id), 'checkout:c1:o1:1')).toEqual(first)
    expect(app.stripe!.state.tables.sessions.size).toBe(1)
    expect(await stripe.createCheckout(checkout(id, { amount: 1 }), 'checkout:c1:o1:1')).toMatchObject({
      ok: false,
      reason: 'key_used',
    })
  })

  it.each([
    ['a busy Stripe', { status: 429, code: 'rate_limit' }, 'retry'],
    ['a broken Stripe', { status: 500 }, 'retry'],
    ['a proxy that says nothing of an error', { status: 502, bare: true }, 'retry'],
    ['a key that is no more', { status: 401 }, 'retry'],
    ['a wish it never grants', { status: 400, code: 'amount_too_small' }, 'final'],
  ])('understands %s', async (_name, fail, reason) => {
    const id = await customer()
    controls().set({ fail: { count: 5, ...fail } })
    expect(await stripe.createCheckout(checkout(id), key())).toMatchObject({ ok: false, reason })
  })

  it('asks again under its key when the line breaks after the deed', async () => {
    const id = await customer()
    controls().set({ breakAfter: { count: 1 } })
    expect(await stripe.createCheckout(checkout(id), key())).toMatchObject({ ok: true })
    expect(app.stripe!.state.tables.sessions.size).toBe(1)
  })

  it('knows what is not there', async () => {
    expect(await stripe.findSubscription('sub_nobody')).toMatchObject({ ok: false, reason: 'gone' })
    expect(await stripe.cancelSubscription('sub_nobody')).toMatchObject({ ok: false, reason: 'gone' })
  })

  it('changes price, end and next charge without charging for the change', async () => {
    const { subscription } = await subscribed()
    const before = await stripe.findSubscription(subscription)
    if (!before.ok) throw new Error(before.code)
    const nextCharge = app.clock.now().add({ hours: 24 * 365 })
    const price = {
      amount: 20_880_000,
      currency: 'PKR',
      interval: 'year',
      product: 'nabz_group',
      name: 'Group',
    } as const
    expect(await stripe.updateSubscription(before.value, { price, cancelling: true, nextCharge }, key())).toMatchObject(
      {
        ok: true,
      },
    )
    expect(await stripe.findSubscription(subscription)).toMatchObject({
      value: { cancelling: true, periodEnd: nextCharge, item: { price: { amount: 20_880_000, interval: 'year' } } },
    })
    expect(app.stripe!.state.tables.charges.size).toBe(1)
  })

  it('tries a failing card again, and gives the subscription up in the end', async () => {
    const { subscription } = await subscribed()
    controls().renew(subscription, true)
    expect(await stripe.findSubscription(subscription)).toMatchObject({ value: { status: 'past_due' } })
    for (let day = 0; day < 20; day++) {
      app.clock.advance({ hours: 24 })
      controls().tick()
    }
    expect(types().filter((type) => type === 'invoice.payment_failed')).toHaveLength(4)
    expect(await stripe.findSubscription(subscription)).toMatchObject({
      value: { status: 'canceled', endedBecause: 'payment_failed' },
    })
  })

  it('gives money back, whole or in part, and never more than came', async () => {
    await subscribed()
    const [charge] = [...app.stripe!.state.tables.charges.values()]
    expect(controls().refund(charge!.payment_intent, 96_000)).toMatch(/^re_/)
    expect(controls().refund(charge!.payment_intent, 696_000)).toBeUndefined()
    expect(controls().refund(charge!.payment_intent)).toMatch(/^re_/)
    expect(await stripe.findCharge(charge!.id)).toMatchObject({
      value: { payment: charge!.payment_intent, refunds: [{ amount: 600_000 }, { amount: 96_000 }] },
    })
  })
})

describe('its signature', () => {
  const body = '{"id":"evt_1","type":"invoice.paid","data":{"object":{"id":"in_1","object":"invoice"}}}'
  const at = () => app.clock.now()

  it('is the official one', () => {
    const official = new Stripe('sk_test_x').webhooks.generateTestHeaderString({
      payload: body,
      secret: stripeSecrets.STRIPE_WEBHOOK_SECRET,
      timestamp: Math.floor(at().epochMilliseconds / 1000),
    })
    expect(controls().sign(body)).toBe(official)
    expect(stripe.eventIn(Buffer.from(body), official, at())).toMatchObject({
      id: 'evt_1',
      type: 'invoice.paid',
      object: { id: 'in_1', kind: 'invoice' },
    })
  })

  it('fails for one flipped byte, wherever it is', () => {
    const header = controls().sign(body)
    for (let byte = 0; byte < body.length; byte++) {
      const flipped = Buffer.from(body)
      flipped[byte] = flipped[byte]! ^ 1
      expect(stripe.eventIn(flipped, header, at())).toBeUndefined()
    }
  })

  it.each([
    [-301, false],
    [-300, true],
    [0, true],
    [300, true],
    [301, false],
  ])('made %s seconds from now is believed: %s', (seconds, believed) => {
    const header = controls().sign(body, undefined, at().epochMilliseconds + seconds * 1000)
    expect(stripe.eventIn(Buffer.from(body), header, at()) !== undefined).toBe(believed)
  })
})

it('shows its pages in the browser, and no number of a card', async () => {
  const { session, customer: id, subscription } = await subscribed()
  const open = await stripe.createCheckout(checkout(id), key())
  if (!open.ok) throw new Error(open.code)
  const portal = await stripe.createPortal(id, 'https://nabz.test/back', 'en')
  if (!portal.ok) throw new Error(portal.code)
  const paths = ['/dev/stripe', new URL(open.value.url).pathname, new URL(portal.value.url).pathname]
  for (const path of paths) {
    const page = await app.agent().get(path).expect(200)
    expect(page.text).toContain('Stand-in for Stripe')
    expect(page.text).not.toMatch(/4242 ?4242/)
  }
  const pay = `/dev/stripe/pay/${open.value.id}`
  await app.agent().post(pay).type('form').send({ do: 'pay', card: 'declined' }).expect(402)
  const paid = await app.agent().post(pay).type('form').send({ do: 'pay', card: 'mastercard' }).expect(303)
  expect(paid.headers.location).toBe(`https://nabz.test/thanks?session=${open.value.id}`)
  await app
    .agent()
    .post(new URL(portal.value.url).pathname)
    .type('form')
    .send({ do: 'cancel', subscription })
    .expect(303)
  expect(await stripe.findSubscription(subscription)).toMatchObject({ value: { cancelling: true } })
  expect(session.status).toBe('complete')
  expect(JSON.stringify(controls().events())).not.toMatch(/4242424242424242|5555555555554444/)
})
