import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import express from 'express'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createWhatsAppSimulator, type Simulator } from '../../src/dev/whatsapp-simulator/simulator.ts'
import { escaped, signatureOf } from '../../src/dev/whatsapp-simulator/webhooks.ts'

type Webhook = {
  signature: string
  body: string
  value: Record<string, never> & {
    statuses?: { status: string; id: string; biz_opaque_callback_data?: string; errors?: { code: number }[] }[]
    messages?: { type: string; text?: { body: string }; button?: { payload: string }; context?: { id: string } }[]
    metadata: { phone_number_id: string }
  }
}

const number = '+923001234567'
const started: Server[] = []
const received: Webhook[] = []
let simulator: Simulator
let base = ''
let now = 1_790_000_000_000

async function listening(app: express.Express): Promise<string> {
  const server = createServer(app)
  started.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

beforeAll(async () => {
  const receiver = express()
  receiver.post('/hook', express.raw({ type: () => true }), (req, res) => {
    const body = (req.body as Buffer).toString()
    const parsed = JSON.parse(body) as { entry: { changes: { value: Webhook['value'] }[] }[] }
    received.push({
      signature: String(req.headers['x-hub-signature-256']),
      body,
      value: parsed.entry[0]!.changes[0]!.value,
    })
    res.sendStatus(200)
  })
  const webhookUrl = `${await listening(receiver)}/hook`
  simulator = createWhatsAppSimulator({
    accessToken: 'token',
    appSecret: 'app-secret',
    verifyToken: 'verify',
    wabaId: '22',
    phoneNumberId: '11',
    displayPhoneNumber: '+15550783881',
    webhookUrl,
    now: () => now,
  })
  base = `${await listening(express().use('/dev', simulator.router))}/dev`
  await ask('22/message_templates', {
    name: 'hello',
    language: 'en',
    category: 'UTILITY',
    components: [
      { type: 'BODY', text: 'Your visit at {{1}} is on {{2}}.' },
      {
        type: 'BUTTONS',
        buttons: [
          { type: 'QUICK_REPLY', text: 'Confirm' },
          { type: 'URL', text: 'Change', url: 'https://x.test/a/{{1}}' },
        ],
      },
    ],
  })
})
afterAll(() => {
  for (const server of started) server.close()
})
beforeEach(() => {
  simulator.controls.reset()
  received.length = 0
})

async function ask(path: string, body: unknown, token = 'token') {
  const response = await fetch(`${base}/graph/v25.0/${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  return {
    status: response.status,
    headers: response.headers,
    json: (await response.json()) as { error?: { code: number }; messages?: { id: string }[] },
  }
}

const template = (parameters = ['Shifa', 'Tuesday'], name = 'hello', code = 'en') => ({
  messaging_product: 'whatsapp',
  to: number,
  type: 'template',
  biz_opaque_callback_data: 'clinic.message',
  template: {
    name,
    language: { code },
    components: [
      { type: 'body', parameters: parameters.map((text) => ({ type: 'text', text })) },
      {
        type: 'button',
        sub_type: 'quick_reply',
        index: '0',
        parameters: [{ type: 'payload', payload: 'confirm:abc' }],
      },
      { type: 'button', sub_type: 'url', index: '1', parameters: [{ type: 'text', text: 'abc' }] },
    ],
  },
})
const text = (body: string) => ({ messaging_product: 'whatsapp', to: number, type: 'text', text: { body } })
const send = (body: unknown) => ask('11/messages', body)
const statuses = () => received.flatMap(({ value }) => value.statuses ?? []).map(({ status }) => status)

describe('sending', () => {
  it('shows a template as the person reads it and reports it sent and delivered', async () => {
    const { status, json } = await send(template())
    expect(status).toBe(200)
    const [message] = simulator.controls.inbox(number)
    expect(message).toMatchObject({ id: json.messages![0]!.id, text: 'Your visit at Shifa is on Tuesday.' })
    expect(message!.buttons).toEqual([
      { kind: 'reply', text: 'Confirm', payload: 'confirm:abc' },
      { kind: 'url', text: 'Change', url: 'https://x.test/a/abc' },
    ])
    await simulator.controls.flush()
    expect(statuses()).toEqual(['sent', 'delivered'])
    expect(received[0]!.value.statuses![0]!.biz_opaque_callback_data).toBe('clinic.message')
  })

  it.each([
    ['a template that is not there', template(undefined, 'other'), 132001],
    ['a language it is not approved in', template(undefined, 'hello', 'ar'), 132001],
    ['too few parameters', template(['Shifa']), 132000],
    ['a parameter with a line break', template(['Shifa', 'Tue\nday']), 132012],
    ['text outside the window', text('hello'), 131047],
    ['no number', { ...text('hello'), to: 'me' }, 131008],
    ['an unknown type', { ...text('hello'), type: 'sticker' }, 131009],
  ])('refuses %s', async (_what, body, code) => {
    expect((await send(body)).json.error?.code).toBe(code)
  })

  it('refuses a wrong token and a number that is not ours', async () => {
    expect((await ask('11/messages', template(), 'stolen')).json.error?.code).toBe(190)
    expect((await ask('99/messages', template())).json.error?.code).toBe(100)
  })

  it('takes text for a day after the person wrote', async () => {
    simulator.controls.reply(number, 'hello')
    expect((await send(text('hello yourself'))).status).toBe(200)
    now += 24 * 3_600_000
    expect((await send(text('are you there?'))).json.error?.code).toBe(131047)
  })
})

describe('calling back', () => {
  it('signs what it sends, with everything beyond ASCII escaped', async () => {
    simulator.controls.reply(number, 'إيقاف')
    await simulator.controls.flush()
    const [{ body, signature, value } = {} as Webhook] = received
    expect(body).toMatch(/^[\x20-\x7e]*$/)
    expect(signature).toBe(signatureOf('app-secret', body))
    expect(value.messages![0]).toMatchObject({ type: 'text', text: { body: 'إيقاف' } })
  })

  it('agrees with the published vectors', () => {
    expect(signatureOf('app-secret', '{"object":"whatsapp_business_account","entry":[]}')).toBe(
      'sha256=d3e4f9da0ce6c71ab3dba55929b8eeeee2455349e534924ead19f98d143e904f',
    )
    expect(escaped({ t: 'مرحبا' })).toBe('{"t":"\\u0645\\u0631\\u062d\\u0628\\u0627"}')
    expect(signatureOf('app-secret', escaped({ t: 'مرحبا' }))).toBe(
      'sha256=cd205121827ca0b5f316b1a0525be5e15fc5a85e788afb443b2418c434aefa32',
    )
  })

  it('tells which button of which message was tapped', async () => {
    const { json } = await send(template())
    simulator.controls.tap(number, json.messages![0]!.id, 0)
    await simulator.controls.flush()
    const tapped = received.flatMap(({ value }) => value.messages ?? [])[0]!
    expect(tapped).toMatchObject({
      type: 'button',
      button: { payload: 'confirm:abc' },
      context: { id: json.messages![0]!.id },
    })
  })
})

describe('misbehaving', () => {
  it('fails the next send with a code, once', async () => {
    simulator.controls.set({ failSends: { count: 1, code: 130429, retryAfter: 7 } })
    const refused = await send(template())
    expect([refused.status, refused.json.error?.code, refused.headers.get('retry-after')]).toEqual([429, 130429, '7'])
    expect((await send(template())).status).toBe(200)
  })

  it('fails by status, also for a number without WhatsApp', async () => {
    simulator.controls.set({ failByStatus: { count: 1, code: 131048 }, withoutWhatsApp: [number] })
    await send(template())
    await send(template())
    await simulator.controls.flush()
    const codes = received.flatMap(({ value }) => value.statuses ?? []).map(({ errors }) => errors?.[0]?.code)
    expect(codes).toEqual([131048, 131026])
  })

  it('delivers twice, and out of order', async () => {
    simulator.controls.set({ twice: true, outOfOrder: true })
    await send(template())
    await simulator.controls.flush()
    expect(statuses()).toEqual(['delivered', 'delivered', 'sent', 'sent'])
  })

  it('can report a status before it answers the send', async () => {
    simulator.controls.set({ statusBeforeAnswer: true })
    await send(template())
    expect(statuses()).toEqual(['sent', 'delivered'])
  })

  it('accepts and then breaks the connection', async () => {
    simulator.controls.set({ breakAfterAccepting: 1 })
    await expect(send(template())).rejects.toThrow()
    expect(simulator.controls.inbox(number)).toHaveLength(1)
  })

  it('signs wrongly, names a foreign number, refuses every token', async () => {
    simulator.controls.set({ wrongSignature: true, foreignPhoneNumber: true })
    simulator.controls.reply(number, 'STOP')
    await simulator.controls.flush()
    expect(received[0]!.signature).not.toBe(signatureOf('app-secret', received[0]!.body))
    expect(received[0]!.value.metadata.phone_number_id).not.toBe('11')
    simulator.controls.set({ tokenInvalid: true })
    expect((await send(template())).json.error?.code).toBe(190)
  })
})
