import { createHmac } from 'node:crypto'
import request from 'supertest'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { dispatchDue } from '../../src/features/messaging/actions/dispatch.ts'
import { workOnEvents } from '../../src/features/messaging/actions/events.ts'
import { signedByMeta } from '../../src/features/messaging/actions/webhook.ts'
import { noticeBooked } from '../../src/features/notices/actions.ts'
import { startTestApp, testNow, type TestApp } from '../support/app.ts'
import { makeClinic, type TestClinic } from '../support/cast.ts'
import { makeAppointment, makeBookable, makePatient } from '../support/factories.ts'
import { factsNow, messagesOf } from '../support/messages.ts'
import { fakeWhatsApp, sign, type FakeWhatsApp, type SentMessage } from '../support/whatsapp.ts'

let app: TestApp
let whatsapp: FakeWhatsApp
let clinic: TestClinic
beforeAll(async () => {
  app = await startTestApp()
  whatsapp = fakeWhatsApp(app)
})
afterAll(() => app.stop())
beforeEach(async () => {
  app.clock.set(testNow)
  await app.superuser('delete from clinic.profiles')
  await app.superuser('delete from platform.webhook_events')
  await app.superuser('delete from platform.sending_pauses')
  whatsapp.sent.length = 0
  clinic = await makeClinic(app)
  await makeBookable(clinic)
})

const stored = () =>
  app.superuser<{ key: string; done_at: unknown }>('select * from platform.webhook_events order by id')
const work = () => workOnEvents(app.services)
const phone = '+923001234567'

async function sentConfirmation(): Promise<SentMessage> {
  const patient = await makePatient(clinic, { phone })
  const { id } = await makeAppointment(clinic, { on: '2026-11-26', at: '16:30', patientId: patient.id })
  await clinic.inClinic(async (ctx) => noticeBooked(ctx, await factsNow(ctx, id), { by: 'patient' }))
  await dispatchDue(app.services)
  return whatsapp.sent[0]!
}
const confirmation = async () => (await messagesOf(app, clinic.id)).find(({ kind }) => kind === 'confirmation')!

describe('the handshake', () => {
  const ask = (query: Record<string, string>) =>
    request(app.origin).get('/webhooks/whatsapp').query(query).set({ Host: 'nabz.test', 'X-Forwarded-Proto': 'https' })
  const right = { 'hub.mode': 'subscribe', 'hub.verify_token': 'test-verify-token', 'hub.challenge': '1158201444' }

  it('echoes the challenge, as plain text and nothing else', async () => {
    const answer = await ask(right).expect(200)
    expect(answer.text).toBe('1158201444')
    expect(answer.headers['content-type']).toMatch(/^text\/plain/)
  })

  it.each([
    ['another token', { ...right, 'hub.verify_token': 'test-verify-tokem' }],
    ['a shorter token', { ...right, 'hub.verify_token': 'test' }],
    ['another mode', { ...right, 'hub.mode': 'unsubscribe' }],
    ['a challenge that is mark-up', { ...right, 'hub.challenge': '<script>' }],
    ['nothing', {}],
  ])('refuses %s', async (_name, query) => {
    await ask(query).expect(403)
  })
})

describe('the signature', () => {
  it.each([
    [
      '{"object":"whatsapp_business_account","entry":[]}',
      'sha256=d3e4f9da0ce6c71ab3dba55929b8eeeee2455349e534924ead19f98d143e904f',
    ],
    [
      '{"t":"\\u0645\\u0631\\u062d\\u0628\\u0627"}',
      'sha256=cd205121827ca0b5f316b1a0525be5e15fc5a85e788afb443b2418c434aefa32',
    ],
  ])('published vector %s', (body, signature) => {
    expect(signedByMeta(Buffer.from(body), signature, 'app-secret')).toBe(true)
    expect(signedByMeta(Buffer.from(body), signature, 'app-secreT')).toBe(false)
    for (let at = 0; at < body.length; at++) {
      const flipped = Buffer.from(body)
      flipped[at] = flipped[at]! ^ 1
      expect(signedByMeta(flipped, signature, 'app-secret')).toBe(false)
    }
  })

  const body = JSON.stringify({
    object: 'whatsapp_business_account',
    entry: [
      {
        changes: [
          {
            field: 'messages',
            value: {
              metadata: { phone_number_id: '106540352242922' },
              messages: [
                { from: '923001234567', id: 'wamid.x', timestamp: '1764000000', type: 'text', text: { body: 'STOP' } },
              ],
            },
          },
        ],
      },
    ],
  })
  const sha1 = `sha1=${createHmac('sha1', 'test-app-secret').update(body).digest('hex')}`
  it.each([
    ['absent', {}],
    ['of another secret', { 'X-Hub-Signature-256': sign(body, 'other') }],
    ['of another body', { 'X-Hub-Signature-256': sign(`${body} `) }],
    ['by another algorithm', { 'X-Hub-Signature-256': sha1 }],
    ['under the old header', { 'X-Hub-Signature': sha1 }],
    ['in capitals', { 'X-Hub-Signature-256': sign(body).toUpperCase() }],
    ['cut short', { 'X-Hub-Signature-256': sign(body).slice(0, -2) }],
    ['without its name', { 'X-Hub-Signature-256': sign(body).slice(7) }],
    ['empty', { 'X-Hub-Signature-256': '' }],
  ])('%s is refused, and nothing is stored', async (_name, headers) => {
    await whatsapp.raw(body, headers as Record<string, string>).expect(401)
    expect(await stored()).toEqual([])
  })

  it('twice is refused, even when one of them is right', async () => {
    const { hostname, port } = new URL(app.origin)
    const { request: plain } = await import('node:http')
    const status = await new Promise((resolve, reject) => {
      const outgoing = plain(
        {
          hostname, port, method: 'POST', path: '/webhooks/whatsapp',
          headers: ['Host', 'nabz.test', 'X-Forwarded-Proto', 'https', 'Content-Length', String(Buffer.byteLength(body)),
            'X-Hub-Signature-256', sign(body), 'X-Hub-Signature-256', sign(body, 'other')],
        },
        (answer) => resolve(answer.resume().statusCode),
      ) // prettier-ignore
      outgoing.on('error', reject)
      outgoing.end(body)
    })
    expect(status).toBe(401)
    expect(await stored()).toEqual([])
  })

  it('too large a body is refused', async () => {
    await whatsapp.raw('x'.repeat(300_000)).expect(413)
    expect(await stored()).toEqual([])
  })

  it('needs neither cookie nor form token, and leaves neither', async () => {
    const answer = await whatsapp.raw(body).expect(200)
    expect(answer.headers['set-cookie']).toBeUndefined()
  })
})

describe('what was signed', () => {
  it('is stored once and sealed, however often it comes', async () => {
    const message = await sentConfirmation()
    await Promise.all(Array.from({ length: 20 }, () => whatsapp.report(message, 'delivered').expect(200)))
    const [event, ...others] = await app.superuser<{ body_sealed: Buffer }>('select * from platform.webhook_events')
    expect(others).toEqual([])
    expect(event!.body_sealed.includes(message.id)).toBe(false)
  })

  it('is forgotten once it was worked on, but for that it came', async () => {
    const message = await sentConfirmation()
    await whatsapp.report(message, 'delivered').expect(200)
    await work()
    await whatsapp.report(message, 'delivered').expect(200)
    expect(await work()).toBe(0)
    const events = await app.superuser<{ body_sealed: Buffer }>('select body_sealed from platform.webhook_events')
    expect(events.map(({ body_sealed: body }) => body.length)).toEqual([0])
  })

  it('fifty reports in one body are fifty', async () => {
    const statuses = Array.from({ length: 50 }, (_, at) => ({
      id: `wamid.${at}`,
      status: 'sent',
      timestamp: '1764000000',
    }))
    await whatsapp.webhook({ statuses }).expect(200)
    expect(await stored()).toHaveLength(50)
    expect(await work()).toBe(50)
  })

  it.each([
    [
      'an unknown field',
      { object: 'whatsapp_business_account', entry: [{ changes: [{ field: 'new_thing', value: { a: 1 } }] }] },
    ],
    ['an unknown shape', { something: 'else' }],
    ['no JSON at all', 'hello'],
  ])('%s is kept and acknowledged', async (_name, body) => {
    await whatsapp.raw(typeof body === 'string' ? body : JSON.stringify(body)).expect(200)
    expect(await stored()).toHaveLength(1)
    await work()
    expect((await stored())[0]!.done_at).not.toBeNull()
  })

  it('an unknown status or message type is kept and changes nothing', async () => {
    const message = await sentConfirmation()
    await whatsapp.report(message, 'teleported').expect(200)
    await whatsapp.write(phone, '', { type: 'hologram', text: undefined }).expect(200)
    await work()
    expect(await confirmation()).toMatchObject({ status: 'accepted' })
    expect(whatsapp.sent).toHaveLength(1)
  })

  it('about a number that is not ours changes nothing, whatever ids it carries', async () => {
    const message = await sentConfirmation()
    const elsewhere = { metadata: { phone_number_id: '999' } }
    const status = { id: message.id, status: 'read', timestamp: '1764000000', biz_opaque_callback_data: message.ours }
    await whatsapp.webhook({ ...elsewhere, statuses: [status] }).expect(200)
    await work()
    expect(await confirmation()).toMatchObject({ status: 'accepted' })
  })
})

describe('reports', () => {
  const report = async (message: SentMessage, ...statuses: string[]) => {
    for (const status of statuses) await whatsapp.report(message, status).expect(200)
    await work()
  }

  it.each([
    [['sent'], 'sent'],
    [['sent', 'delivered', 'read'], 'read'],
    [['read', 'delivered', 'sent'], 'read'],
    [['delivered', 'sent'], 'delivered'],
    [['read'], 'read'],
    [['played'], 'read'],
    [['failed'], 'failed'],
    [['failed', 'sent'], 'failed'],
    [['failed', 'delivered'], 'delivered'],
    [['delivered', 'failed'], 'delivered'],
    [['read', 'failed', 'delivered'], 'read'],
    [['sent', 'failed', 'read'], 'read'],
  ])('%j end as %s', async (statuses, end) => {
    const message = await sentConfirmation()
    await report(message, ...statuses)
    expect(await confirmation()).toMatchObject({ status: end })
    app.clock.advance({ hours: 3 })
    await dispatchDue(app.services)
    expect(whatsapp.sent).toHaveLength(1)
  })

  it('keep the time at which it happened, not the time we heard', async () => {
    const message = await sentConfirmation()
    app.clock.advance({ hours: 70 })
    await whatsapp.report(message, 'delivered', { timestamp: '1795503610' }).expect(200)
    await work()
    const [row] = await app.superuser<{ at: { toString(): string } }>(
      `select delivered_at as at from clinic.messages where kind = 'confirmation' and clinic_id = $1`,
      [clinic.id],
    )
    expect(row!.at.toString()).toBe('2026-11-24T07:00:10Z')
  })

  it('are matched by our own id when theirs is not known yet', async () => {
    whatsapp.next('silence')
    const message = await sentConfirmation()
    expect(await confirmation()).toMatchObject({ status: 'unknown', provider_id: null })
    await report(message, 'sent')
    expect(await confirmation()).toMatchObject({ status: 'sent', provider_id: message.id })
  })

  it('are matched by their id when ours is missing, and wait until it is known', async () => {
    await whatsapp
      .webhook({ statuses: [{ id: 'wamid.early', status: 'delivered', timestamp: '1795503600' }] })
      .expect(200)
    await work()
    expect((await stored())[0]!.done_at).toBeNull()
    await sentConfirmation()
    await app.superuser(`update clinic.messages set provider_id = 'wamid.early' where kind = 'confirmation'`)
    app.clock.advance({ minutes: 1 })
    await work()
    expect(await confirmation()).toMatchObject({ status: 'delivered' })
  })

  it('that fit nothing are let go after a day', async () => {
    await whatsapp.webhook({ statuses: [{ id: 'wamid.nobody', status: 'sent', timestamp: '1795503600' }] }).expect(200)
    await work()
    app.clock.advance({ hours: 25 })
    await work()
    expect((await stored())[0]!.done_at).not.toBeNull()
  })

  it('of a failure that passes: tried again, with the next report believed', async () => {
    const message = await sentConfirmation()
    await whatsapp.report(message, 'failed', { errors: [{ code: 131000, title: 'Something went wrong' }] }).expect(200)
    await work()
    expect(await confirmation()).toMatchObject({ status: 'queued', error_code: '131000' })
    app.clock.advance({ minutes: 2 })
    await dispatchDue(app.services)
    expect(whatsapp.sent).toHaveLength(2)
    await report(whatsapp.sent[1]!, 'delivered')
    expect(await confirmation()).toMatchObject({ status: 'delivered', provider_id: whatsapp.sent[1]!.id })
  })

  it('of a failure that stops the sender: the message waits with the others', async () => {
    const message = await sentConfirmation()
    await whatsapp.report(message, 'failed', { errors: [{ code: 131042, title: 'Payment' }] }).expect(200)
    await work()
    expect(await confirmation()).toMatchObject({ status: 'queued', error_code: 'sender_stopped' })
  })

  it('of a number without WhatsApp: over, in words a desk understands', async () => {
    const message = await sentConfirmation()
    await whatsapp.report(message, 'failed', { errors: [{ code: 131026, title: 'Undeliverable' }] }).expect(200)
    await work()
    expect(await confirmation()).toMatchObject({ status: 'failed', error_code: '131026' })
  })
})
