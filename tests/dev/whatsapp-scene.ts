// The WhatsApp simulator with a product it calls back, and messages as the product sends them.
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import express from 'express'
import { afterAll, beforeAll, beforeEach, expect } from 'vitest'
import {
  createWhatsAppSimulator,
  type Simulator,
  type SimulatorOptions,
} from '../../src/dev/whatsapp-simulator/simulator.ts'

type Status = {
  id: string
  status: string
  timestamp: string
  recipient_id?: string
  recipient_user_id: string
  biz_opaque_callback_data?: string
  errors?: { code: number }[]
  pricing?: { category: string }
}
export type Inbound = {
  type: string
  from?: string
  from_user_id: string
  id: string
  text?: { body: string }
  button?: unknown
  interactive?: unknown
  context?: { id: string }
}
type Value = {
  statuses?: Status[]
  messages?: Inbound[]
  contacts?: { wa_id?: string }[]
  user_preferences?: { value: string; timestamp: unknown }[]
  event?: string
  metadata?: { phone_number_id: string }
}
export type Webhook = { signature: string; body: string; field: string; value: Value }
type Answer = {
  error?: { code: number; error_subcode?: number; error_data?: { details: string } }
  messages?: { id: string; message_status?: string }[]
  contacts?: { wa_id?: string; user_id?: string }[]
  data?: { name: string; components: { type: string; text?: string; buttons?: { type: string }[] }[] }[]
  paging?: { next?: string; cursors: { after: string } }
}

export const number = '+923001234567'
const started: Server[] = []
export const received: Webhook[] = []
export let simulator: Simulator
export let options: SimulatorOptions
export let base = ''
export let now = 1_790_000_000_000
let answer = 200

export async function listening(app: express.Express): Promise<string> {
  const server = createServer(app)
  started.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

/** A simulator for the tests of a file, and the product it calls back; each test begins with nothing sent. */
export function useSimulator(): void {
  beforeAll(async () => {
    const product = express()
    product.get('/hook', (req, res) => {
      const { 'hub.verify_token': token, 'hub.challenge': challenge } = req.query as Record<string, string>
      if (token !== 'verify') return void res.sendStatus(403)
      res.type('text/plain').send(challenge)
    })
    product.post('/hook', express.raw({ type: () => true }), (req, res) => {
      const body = (req.body as Buffer).toString()
      const parsed = JSON.parse(body) as { entry: { changes: { field: string; value: Value }[] }[] }
      const signature = String(req.headers['x-hub-signature-256'])
      received.push({ signature, body, ...parsed.entry[0]!.changes[0]! })
      res.sendStatus(answer)
    })
    options = {
      accessToken: 'token',
      appSecret: 'app-secret',
      verifyToken: 'verify',
      wabaId: '22',
      phoneNumberId: '11',
      displayPhoneNumber: '+15550783881',
      webhookUrl: `${await listening(product)}/hook`,
      now: () => now,
    }
    simulator = createWhatsAppSimulator(options)
    base = `${await listening(express().use('/dev', simulator.router))}/dev`
    for (const definition of [hello, code]) expect((await ask('22/message_templates', definition)).status).toBe(200)
  })
  afterAll(() => {
    for (const server of started) server.close()
  })
  beforeEach(() => {
    simulator.controls.reset()
    received.length = 0
    answer = 200
  })
}

export const passTime = (ms: number) => void (now += ms)
/** How the product answers from now on, until the end of the test. */
export const productAnswers = (status: number) => void (answer = status)

export const hello = {
  name: 'hello',
  language: 'en',
  category: 'UTILITY',
  components: [
    { type: 'HEADER', format: 'TEXT', text: 'A visit' },
    { type: 'BODY', text: 'Your visit at {{1}} is on {{2}}.', example: { body_text: [['Shifa', 'Tuesday']] } },
    { type: 'FOOTER', text: 'Reply STOP' },
    {
      type: 'BUTTONS',
      buttons: [
        { type: 'QUICK_REPLY', text: 'Confirm' },
        { type: 'URL', text: 'Change', url: 'https://x.test/a/{{1}}', example: ['https://x.test/a/abc'] },
      ],
    },
  ],
}
export const code = {
  name: 'code',
  language: 'ar',
  category: 'AUTHENTICATION',
  message_send_ttl_seconds: 300,
  components: [
    { type: 'BODY', add_security_recommendation: true },
    { type: 'FOOTER', code_expiration_minutes: 5 },
    { type: 'BUTTONS', buttons: [{ type: 'OTP', otp_type: 'COPY_CODE', text: 'نسخ الرمز' }] },
  ],
}

export async function ask(path: string, body: unknown, token = 'token') {
  const response = await fetch(`${base}/graph/v25.0/${path}`, {
    method: body === undefined ? 'GET' : 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  })
  return { status: response.status, headers: response.headers, json: (await response.json()) as Answer }
}
export const send = (body: unknown) => ask('11/messages', body)
export const errorOf = async (body: unknown) => (await send(body)).json.error?.code
export const idOf = async (body: unknown) => (await send(body)).json.messages![0]!.id

export const words = (values: string[]) => values.map((value) => ({ type: 'text', text: value }))
export const quickReply = (payload: string, index = '0') => ({
  type: 'button',
  sub_type: 'quick_reply',
  index,
  parameters: [{ type: 'payload', payload }],
})
export const link = (suffix: string) => ({ type: 'button', sub_type: 'url', index: 1, parameters: words([suffix]) })
type Part = { type: string; sub_type?: string; index?: string | number; parameters: unknown[] }
export const template = (
  values = ['Shifa', 'Tuesday'],
  { name = 'hello', language = 'en', parts = [quickReply('confirm:abc'), link('abc')] as Part[] } = {},
) => ({
  messaging_product: 'whatsapp',
  to: number,
  type: 'template',
  biz_opaque_callback_data: 'clinic.message',
  template: { name, language: { code: language }, components: [{ type: 'body', parameters: words(values) }, ...parts] },
})
export const codeMessage = (body: string, button = body) => {
  const parts = [{ type: 'button', sub_type: 'url', index: '0', parameters: words([button]) }]
  return template([body], { name: 'code', language: 'ar', parts })
}
export const text = (body: string) => ({ messaging_product: 'whatsapp', to: number, type: 'text', text: { body } })
export const buttons = (ids: string[], title = (id: string, _at: number) => id) => ({
  messaging_product: 'whatsapp',
  to: number,
  type: 'interactive',
  interactive: {
    type: 'button',
    body: { text: 'Which?' },
    action: { buttons: ids.map((id, at) => ({ type: 'reply', reply: { id, title: title(id, at) } })) },
  },
})

export const statuses = () => received.flatMap(({ value }) => value.statuses ?? [])
export const names = () => statuses().map(({ status }) => status)
export const inbound = () => received.flatMap(({ value }) => value.messages ?? [])
