import request from 'supertest'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { eventText } from '../../src/dev/stripe-simulator/simulator.ts'
import { startTestApp, stripeSecrets, testNow, type TestApp } from '../support/app.ts'

let app: TestApp
const previous = 'whsec_test_the_one_before'
beforeAll(async () => {
  app = await startTestApp({ stripe: true, config: { PREVIOUS_STRIPE_WEBHOOK_SECRET: previous } })
})
afterAll(() => app.stop())
beforeEach(async () => {
  app.clock.set(testNow)
  await app.superuser('delete from platform.webhook_events')
  await app.superuser('delete from platform.card_incidents')
})

const seconds = () => Math.floor(app.clock.now().epochMilliseconds / 1000)
const stored = () =>
  app.superuser<{ key: string; body_sealed: Buffer; done_at: unknown; lease_until: unknown }>(
    `select * from platform.webhook_events where provider = 'stripe'`,
  )
const sign = (body: string, secret?: string, at?: number) => app.stripe!.controls.sign(body, secret, at)
const post = (body: string | Buffer, headers: Record<string, string> = {}) =>
  request(app.origin)
    .post('/webhooks/stripe')
    .set({ Host: 'nabz.test', 'X-Forwarded-Proto': 'https', 'Content-Type': 'application/json', ...headers })
    .send(body)
const signed = (body: string, secret?: string, at?: number) =>
  post(body, { 'Stripe-Signature': sign(body, secret, at) })
const body = () => eventText('invoice.paid', { id: 'in_nobody', object: 'invoice' }, seconds())

describe('a webhook of Stripe', () => {
  it('is kept, sealed, and answered before anything is done about it', async () => {
    const text = body()
    await signed(text).expect(200)
    const [event] = await stored()
    expect(event).toMatchObject({ key: (JSON.parse(text) as { id: string }).id, done_at: null })
    expect(event!.body_sealed.includes('in_nobody')).toBe(false)
  })

  it('sent fifty times at once is kept once', async () => {
    const text = body()
    await Promise.all(Array.from({ length: 50 }, () => signed(text).expect(200)))
    expect(await stored()).toHaveLength(1)
  })

  it('may be signed with the secret before, while it changes', async () => {
    await signed(body(), previous).expect(200)
    expect(await stored()).toHaveLength(1)
  })

  it('with two signatures of which one is ours is believed', async () => {
    const text = body()
    const header = sign(text, 'whsec_other') + sign(text).replace(/^t=\d+/, '')
    await post(text, { 'Stripe-Signature': header }).expect(200)
  })

  it.each([
    ['without a signature', () => ({})],
    ['with an empty signature', () => ({ 'Stripe-Signature': '' })],
    ['signed with another secret', (text: string) => ({ 'Stripe-Signature': sign(text, 'whsec_somebody_else') })],
    ['signed for another body', (text: string) => ({ 'Stripe-Signature': sign(`${text} `) })],
    ['without its time', (text: string) => ({ 'Stripe-Signature': sign(text).replace(/^t=\d+,/, '') })],
    [
      'with its time changed',
      (text: string) => ({ 'Stripe-Signature': sign(text).replace(/^t=\d+/, `t=${seconds() - 1}`) }),
    ],
    ['of the old scheme', (text: string) => ({ 'Stripe-Signature': sign(text).replace('v1=', 'v0=') })],
    ['of ten minutes ago', (text: string) => ({ 'Stripe-Signature': sign(text, undefined, (seconds() - 600) * 1000) })],
    [
      'of ten minutes hence',
      (text: string) => ({ 'Stripe-Signature': sign(text, undefined, (seconds() + 600) * 1000) }),
    ],
  ])('%s is refused, and nothing is kept', async (_name, headers) => {
    const text = body()
    await post(text, headers(text)).expect(401)
    expect(await stored()).toEqual([])
  })

  it('with one byte flipped is refused', async () => {
    const text = body()
    const flipped = Buffer.from(text)
    flipped[40] = flipped[40]! ^ 1
    await post(flipped, { 'Stripe-Signature': sign(text) }).expect(401)
    expect(await stored()).toEqual([])
  })

  it('of a megabyte is refused before it is read', async () => {
    const text = JSON.stringify({ id: 'evt_1', padding: 'x'.repeat(1_000_000) })
    await signed(text).expect(413)
    expect(await stored()).toEqual([])
  })

  it('of a kind nobody knows is kept and then let be', async () => {
    await signed(eventText('moon.full', { id: 'moon_1', object: 'moon' }, seconds())).expect(200)
    await signed('{"not":"an event"}').expect(200)
    await signed('not even JSON').expect(200)
    await app.runJob('billing.stripe')
    expect(await stored()).toMatchObject([{ done_at: app.clock.now() }, {}, {}])
    expect(app.logLines.filter((line) => line.includes('webhook.failed'))).toEqual([])
  })

  it('about what is not there is let be', async () => {
    await signed(body()).expect(200)
    await app.runJob('billing.stripe')
    expect((await stored())[0]!.done_at).not.toBeNull()
  })

  it('waits while Stripe does not answer, and is left to a person after three days', async () => {
    await signed(body()).expect(200)
    app.stripe!.controls.set({ fail: { count: 1000, status: 503 } })
    await app.runJob('billing.stripe')
    expect((await stored())[0]!.done_at).toBeNull()
    app.clock.advance({ hours: 73 })
    await app.runJob('billing.stripe')
    app.stripe!.controls.set({})
    expect((await stored())[0]!.done_at).not.toBeNull()
    expect(await app.superuser('select kind from platform.card_incidents')).toEqual([{ kind: 'unworked' }])
  })

  it('is refused where no cards are taken', async () => {
    const bare = await startTestApp()
    try {
      const text = body()
      await request(bare.origin)
        .post('/webhooks/stripe')
        .set({ 'Stripe-Signature': sign(text), 'X-Forwarded-Proto': 'https' })
        .type('json')
        .send(text)
        .expect(503)
    } finally {
      await bare.stop()
    }
  })
})

it('the pages of Stripe may be where a form of ours ends', async () => {
  const { headers } = await app.agent().get('/sign-in')
  expect(headers['content-security-policy']).toContain(`form-action 'self' ${app.origin};`)
  const real = await startTestApp({ config: stripeSecrets })
  try {
    const answer = await real.agent().get('/sign-in')
    expect(answer.headers['content-security-policy']).toContain(
      `form-action 'self' https://checkout.stripe.com https://billing.stripe.com;`,
    )
  } finally {
    await real.stop()
  }
})
