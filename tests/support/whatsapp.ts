// WhatsApp's side of a test: a server that takes messages as Meta's does, answers what it is told to, and calls back
// with signed webhooks when told to. Nothing happens by itself.
import { createHmac } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import request, { type Test } from 'supertest'
import type { TestApp } from './app.ts'

export type SentMessage = {
  id: string
  to: string
  /** The outbox id that comes back in every report. */
  ours: string
  /** The template's name, or the type of a message without one. */
  name: string
  /** The variables of its text, or the text itself. */
  texts: string[]
  /** What its reply buttons send back. */
  buttons: string[]
  payload: Payload
}

type Payload = {
  to: string
  biz_opaque_callback_data: string
  type: string
  text?: { body: string }
  template?: {
    name: string
    language: { code: string }
    components: { type: string; sub_type?: string; parameters: { text?: string; payload?: string }[] }[]
  }
  interactive?: { body: { text: string }; action: { buttons: { reply: { id: string; title: string } }[] } }
}

/** `accept`: 200. `silence`: takes it and cuts the line. `swallow`: cuts the line without taking it. */
export type Answer =
  | 'accept'
  | 'silence'
  | 'swallow'
  | { status: number; body?: unknown; headers?: Record<string, string> }
  | { error: number; subcode?: number; transient?: boolean; headers?: Record<string, string>; status?: number }

export type FakeWhatsApp = {
  /** What it took, oldest first. */
  sent: SentMessage[]
  sentTo(phone: string): SentMessage[]
  /** Every request, taken or not. */
  requests: number
  /** Milliseconds between taking a message and saying so. */
  latency: number
  /** Answers for the next requests, one each; then the usual one. */
  next(...answers: Answer[]): void
  /** Takes back the answers given with `next` that were not asked for. */
  forget(): void
  /** The usual answer, `accept` unless changed. */
  always(answer: Answer): void
  /** Reports a status of a message; `at` in seconds after the clock. */
  report(message: SentMessage, status: string, more?: Record<string, unknown>): Test
  /** Somebody writes. Answers once the webhook was taken. */
  write(from: string, text: string, more?: Record<string, unknown>): Test
  /** Somebody taps a button under one of our messages. */
  tap(from: string, message: SentMessage, button: number): Test
  /** A webhook with this value of field `messages`, signed. */
  webhook(value: Record<string, unknown>): Test
  /** These bytes, with this signature or the right one. */
  raw(body: string, headers?: Record<string, string>): Test
}

export const phoneNumberId = '106540352242922'
const appSecret = 'test-app-secret'
export const sign = (body: string, secret = appSecret) =>
  `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`

export function fakeWhatsApp(app: TestApp): FakeWhatsApp {
  const sent: SentMessage[] = []
  const answers: Answer[] = []
  let usual: Answer = 'accept'
  let made = 0
  const fake: FakeWhatsApp = {
    sent,
    requests: 0,
    latency: 0,
    sentTo: (phone) => sent.filter(({ to }) => to === phone.replace('+', '')),
    next: (...more) => void answers.push(...more),
    forget: () => {
      answers.length = 0
    },
    always: (answer) => {
      usual = answer
    },
    report: (message, status, more = {}) =>
      fake.webhook({
        statuses: [
          {
            id: message.id,
            status,
            timestamp: seconds(),
            recipient_id: message.to,
            biz_opaque_callback_data: message.ours,
            ...more,
          },
        ],
      }),
    write: (from, text, more = {}) =>
      fake.webhook({
        contacts: [{ profile: { name: 'Somebody' }, wa_id: from.replace('+', '') }],
        messages: [
          {
            from: from.replace('+', ''),
            id: `wamid.in${++made}`,
            timestamp: seconds(),
            type: 'text',
            text: { body: text },
            ...more,
          },
        ],
      }),
    tap: (from, message, button) => {
      const payload = message.buttons[button]
      if (payload === undefined) throw new Error('there is no such button')
      const tapped = message.payload.template
        ? { type: 'button', button: { payload, text: 'a button' } }
        : {
            type: 'interactive',
            interactive: { type: 'button_reply', button_reply: { id: payload, title: 'a button' } },
          }
      return fake.write(from, '', { text: undefined, context: { id: message.id }, ...tapped })
    },
    webhook: (value) => {
      const body = JSON.stringify({
        object: 'whatsapp_business_account',
        entry: [
          {
            id: '102290129340398',
            changes: [
              {
                field: 'messages',
                value: {
                  messaging_product: 'whatsapp',
                  metadata: { display_phone_number: '15550783881', phone_number_id: phoneNumberId },
                  ...value,
                },
              },
            ],
          },
        ],
      })
      // Meta signs what it sends, and it sends every other script escaped.
      return fake.raw(body.replace(/[\u0080-\uffff]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`))
    },
    raw: (body, headers = { 'X-Hub-Signature-256': sign(body) }) =>
      request(app.origin)
        .post('/webhooks/whatsapp')
        .set({ Host: 'nabz.test', 'X-Forwarded-Proto': 'https', 'Content-Type': 'application/json', ...headers })
        .send(body),
  }
  const seconds = () => String(Math.floor(app.clock.now().epochMilliseconds / 1000))

  app.whatsappServer.on('request', (req, res) => {
    readAll(req).then(
      (body) => take(JSON.parse(body) as Payload, req, res),
      () => res.destroy(),
    )
  })
  function take(payload: Payload, req: IncomingMessage, res: ServerResponse) {
    fake.requests++
    const answer = answers.shift() ?? usual
    if (answer === 'swallow') return req.socket.destroy()
    if (typeof answer === 'object') return refuse(answer, res)
    const id = `wamid.out${++made}`
    sent.push({ id, to: payload.to, ours: payload.biz_opaque_callback_data, ...inShort(payload), payload })
    if (answer === 'silence') return req.socket.destroy()
    const answerIt = () =>
      json(res, 200, {
        messaging_product: 'whatsapp',
        contacts: [{ input: payload.to, wa_id: payload.to }],
        messages: [{ id, message_status: 'accepted' }],
      })
    if (fake.latency === 0) answerIt()
    else setTimeout(answerIt, fake.latency)
  }
  return fake
}

function inShort({ type, template, text, interactive }: Payload): Pick<SentMessage, 'name' | 'texts' | 'buttons'> {
  const components = template?.components ?? []
  return {
    name: template?.name ?? type,
    texts: template
      ? components.filter((one) => one.type === 'body').flatMap((one) => one.parameters.map((each) => each.text ?? ''))
      : [text?.body ?? interactive?.body.text ?? ''],
    buttons: [
      ...components.filter((one) => one.sub_type === 'quick_reply').map((one) => one.parameters[0]?.payload ?? ''),
      ...(interactive?.action.buttons.map(({ reply }) => reply.id) ?? []),
    ],
  }
}

function refuse(answer: Exclude<Answer, string>, res: ServerResponse) {
  if ('error' in answer) {
    json(
      res,
      answer.status ?? 400,
      {
        error: {
          message: `(#${answer.error}) something`,
          type: 'OAuthException',
          code: answer.error,
          error_subcode: answer.subcode,
          is_transient: answer.transient,
          error_data: { messaging_product: 'whatsapp', details: 'about +92 300 1234567' },
          fbtrace_id: 'A',
        },
      },
      answer.headers,
    )
  } else json(res, answer.status, answer.body ?? '', answer.headers)
}

function json(res: ServerResponse, status: number, body: unknown, headers: Record<string, string> = {}) {
  res.writeHead(status, { 'content-type': 'application/json', ...headers })
  res.end(typeof body === 'string' ? body : JSON.stringify(body))
}

async function readAll(req: IncomingMessage): Promise<string> {
  const parts: Buffer[] = []
  for await (const part of req) parts.push(part as Buffer)
  return Buffer.concat(parts).toString()
}
