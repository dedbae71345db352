import { createServer, type Server } from 'node:http'
import { mkdtempSync, rmSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import express from 'express'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { registerTemplates } from '../../src/features/messaging/actions/templates.ts'
import {
  answerTemplateMessage,
  codeTemplateMessage,
  visitTemplateMessage,
} from '../../src/features/messaging/rules/templates.ts'
import { isOfferTemplate, offerTemplateMessage } from '../../src/features/messaging/rules/offer-templates.ts'
import { isSeriesTemplate, seriesTemplateMessage } from '../../src/features/messaging/rules/series-templates.ts'
import { newId } from '../../src/kernel/ids.ts'
import { loadTranslations } from '../../src/platform/i18n/translate.ts'
import { createSpeakers } from '../../src/platform/i18n/speaker.ts'
import { escaped, signatureOf } from '../../src/dev/whatsapp-simulator/payloads.ts'
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
type Inbound = {
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
type Webhook = { signature: string; body: string; field: string; value: Value }
type Answer = {
  error?: { code: number; error_subcode?: number; error_data?: { details: string } }
  messages?: { id: string; message_status?: string }[]
  contacts?: { wa_id?: string; user_id?: string }[]
  data?: { name: string; components: { type: string; text?: string; buttons?: { type: string }[] }[] }[]
  paging?: { next?: string; cursors: { after: string } }
}

const number = '+923001234567'
const started: Server[] = []
const received: Webhook[] = []
let simulator: Simulator
let options: SimulatorOptions
let base = ''
let now = 1_790_000_000_000
/** How the product answers; a test of its refusing sets another. */
let answer = 200

async function listening(app: express.Express): Promise<string> {
  const server = createServer(app)
  started.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

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

const hello = {
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
const code = {
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

async function ask(path: string, body: unknown, token = 'token') {
  const response = await fetch(`${base}/graph/v25.0/${path}`, {
    method: body === undefined ? 'GET' : 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  })
  return { status: response.status, headers: response.headers, json: (await response.json()) as Answer }
}
const send = (body: unknown) => ask('11/messages', body)
const errorOf = async (body: unknown) => (await send(body)).json.error?.code
const idOf = async (body: unknown) => (await send(body)).json.messages![0]!.id

const words = (values: string[]) => values.map((value) => ({ type: 'text', text: value }))
const quickReply = (payload: string, index = '0') => ({
  type: 'button',
  sub_type: 'quick_reply',
  index,
  parameters: [{ type: 'payload', payload }],
})
const link = (suffix: string) => ({ type: 'button', sub_type: 'url', index: 1, parameters: words([suffix]) })
type Part = { type: string; sub_type?: string; index?: string | number; parameters: unknown[] }
const template = (
  values = ['Shifa', 'Tuesday'],
  { name = 'hello', language = 'en', parts = [quickReply('confirm:abc'), link('abc')] as Part[] } = {},
) => ({
  messaging_product: 'whatsapp',
  to: number,
  type: 'template',
  biz_opaque_callback_data: 'clinic.message',
  template: { name, language: { code: language }, components: [{ type: 'body', parameters: words(values) }, ...parts] },
})
const codeMessage = (body: string, button = body) => {
  const parts = [{ type: 'button', sub_type: 'url', index: '0', parameters: words([button]) }]
  return template([body], { name: 'code', language: 'ar', parts })
}
const text = (body: string) => ({ messaging_product: 'whatsapp', to: number, type: 'text', text: { body } })
const buttons = (ids: string[], title = (id: string, _at: number) => id) => ({
  messaging_product: 'whatsapp',
  to: number,
  type: 'interactive',
  interactive: {
    type: 'button',
    body: { text: 'Which?' },
    action: { buttons: ids.map((id, at) => ({ type: 'reply', reply: { id, title: title(id, at) } })) },
  },
})

const statuses = () => received.flatMap(({ value }) => value.statuses ?? [])
const names = () => statuses().map(({ status }) => status)
const inbound = () => received.flatMap(({ value }) => value.messages ?? [])

describe('sending', () => {
  it('shows a template as the person reads it', async () => {
    const { status, json } = await send(template())
    expect(status).toBe(200)
    expect(json.messages![0]).toMatchObject({
      id: expect.stringMatching(/^wamid\./) as string,
      message_status: 'accepted',
    })
    expect(json.contacts![0]).toMatchObject({ wa_id: '923001234567' })
    const [message] = simulator.controls.inbox(number)
    expect(message).toMatchObject({
      id: json.messages![0]!.id,
      header: 'A visit',
      text: 'Your visit at Shifa is on Tuesday.',
      footer: 'Reply STOP',
    })
    expect(message!.buttons).toEqual([
      { kind: 'reply', text: 'Confirm', payload: 'confirm:abc' },
      { kind: 'url', text: 'Change', url: 'https://x.test/a/abc' },
    ])
  })

  it("puts a code into Meta's own text and behind the button", async () => {
    await send(codeMessage('482913'))
    const [message] = simulator.controls.inbox(number)
    expect(message!.text).toContain('*482913*')
    expect(message!.buttons).toEqual([{ kind: 'copy', text: 'نسخ الرمز', code: '482913' }])
  })

  it.each([
    ['no product named', { ...template(), messaging_product: undefined }, 100],
    ['nobody to send to', { ...template(), to: undefined }, 100],
    ['something that is no number', { ...template(), to: 'me' }, 131009],
    ['the sender as recipient', { ...template(), to: '15550783881' }, 131021],
    ['an unknown type', { ...template(), type: 'sticker' }, 131009],
    ['a template without its name', { ...template(), template: { language: { code: 'en' } } }, 131008],
    ['callback data that is too long', { ...template(), biz_opaque_callback_data: 'x'.repeat(513) }, 131009],
    ['a template that is not there', template(undefined, { name: 'other' }), 132001],
    ['a language it is not approved in', template(undefined, { language: 'ar' }), 132001],
    ['too few parameters', template(['Shifa']), 132000],
    ['too many parameters', template(['Shifa', 'Tuesday', 'noon']), 132000],
    ['an empty parameter', template(['Shifa', '']), 131008],
    ['a parameter with a line break', template(['Shifa', 'Tues\nday']), 132018],
    ['a parameter with a tab', template(['Shifa', 'Tues\tday']), 132018],
    ['a parameter with five spaces', template(['Shifa', 'Tues     day']), 132018],
    ['more text than a message holds', template(['Shifa', 'x'.repeat(1020)]), 132005],
    ['a link without its suffix', template(undefined, { parts: [] }), 131008],
    ['a button of another kind', template(undefined, { parts: [quickReply('a', '1')] }), 132012],
    ['a button that is not there', template(undefined, { parts: [link('a'), quickReply('a', '2')] }), 132018],
    ['a button without its place', template(undefined, { parts: [{ ...link('a'), index: '' }] }), 131008],
    ['a payload that is too long', template(undefined, { parts: [quickReply('x'.repeat(257)), link('a')] }), 131009],
    ['two different codes', codeMessage('482913', '111111'), 131009],
    ['a code that is too long', codeMessage('1234567890123456'), 131009],
    ['text outside the window', text('hello'), 131047],
    ['a body that is not JSON', '{"to"', 100],
  ])('refuses %s', async (_what, body, expected) => {
    expect(await errorOf(body)).toBe(expected)
    expect(simulator.controls.inbox(number)).toEqual([])
  })

  it.each([
    ['no text', { ...text('hello'), text: undefined }, 131008],
    ['empty text', text(''), 131009],
    ['text that is too long', text('x'.repeat(4097)), 131009],
    ['no button', buttons([]), 131009],
    ['four buttons', buttons(['a', 'b', 'c', 'd']), 131009],
    ['the same button twice', buttons(['a', 'a'], (id, at) => `${id}${at}`), 131009],
    ['the same title twice', buttons(['a', 'b'], () => 'yes'), 131009],
    ['a title that is too long', buttons(['a'], () => 'x'.repeat(21)), 131009],
  ])('refuses %s inside the window', async (_what, body, expected) => {
    simulator.controls.reply(number, 'hello')
    expect(await errorOf(body)).toBe(expected)
  })

  it('answers a wrong token with 401, and a foreign id as if it did not exist', async () => {
    const stolen = await ask('11/messages', template(), 'stolen')
    expect([stolen.status, stolen.json.error?.code]).toEqual([401, 190])
    const { status, json } = await ask('99/messages', template())
    expect([status, json.error?.code, json.error?.error_subcode]).toEqual([400, 100, 33])
    expect((await ask('11/parties', {})).json.error?.code).toBe(2500)
  })

  it('takes text for a day after the person wrote', async () => {
    simulator.controls.reply(number, 'hello')
    expect((await send(text('hello yourself'))).status).toBe(200)
    now += 24 * 3_600_000
    expect(await errorOf(text('are you there?'))).toBe(131047)
    simulator.controls.reply(number, 'yes')
    simulator.controls.closeWindow(number)
    expect(await errorOf(text('are you there?'))).toBe(131047)
  })

  it("tells about the number, and about nobody else's", async () => {
    const { json } = await ask('11?fields=display_phone_number,quality_rating', undefined)
    expect(json).toEqual({ id: '11', display_phone_number: '+15550783881', quality_rating: 'GREEN' })
    expect((await ask('22/phone_numbers', undefined)).json.data).toMatchObject([{ id: '11' }])
    expect((await ask('12', undefined)).json.error?.code).toBe(100)
  })
})

describe('templates', () => {
  const body = (value: string, example: string[] = []) => ({
    type: 'BODY',
    text: value,
    example: { body_text: [example] },
  })
  const buttonsOf = (...wanted: unknown[]) => ({ type: 'BUTTONS', buttons: wanted })
  const quick = { type: 'QUICK_REPLY', text: 'Yes' }
  const site = { type: 'URL', text: 'Site', url: 'https://x.test/' }

  it.each([
    ['one that exists', { ...hello }],
    ['a name with capitals', { ...hello, name: 'Hello' }],
    ['an unknown category', { ...hello, name: 'b', category: 'NEWS' }],
    ['no body', { ...hello, name: 'b', components: [{ type: 'FOOTER', text: 'x' }] }],
    ['a variable without example', { ...hello, name: 'b', components: [body('Hello {{1}}!')] }],
    ['a variable at the end', { ...hello, name: 'b', components: [body('Hello {{1}}', ['x'])] }],
    ['variables side by side', { ...hello, name: 'b', components: [body('Hi {{1}} {{2}}!', ['x', 'y'])] }],
    ['a hole in the numbers', { ...hello, name: 'b', components: [body('Hi {{1}} at {{3}}!', ['x', 'y'])] }],
    ['a footer that is too long', { ...hello, name: 'b', components: [body('Hi'), { type: 'FOOTER', text: 'x'.repeat(61) }] }],
    ['a button text that is too long', { ...hello, name: 'b', components: [body('Hi'), buttonsOf({ ...quick, text: 'x'.repeat(26) })] }],
    ['a variable inside an address', { ...hello, name: 'b', components: [body('Hi'), buttonsOf({ ...site, url: 'https://x.test/{{1}}/a' })] }],
    ['mixed buttons', { ...hello, name: 'b', components: [body('Hi'), buttonsOf(quick, site, quick, site)] }],
    ['a code outside authentication', { ...code, name: 'b', category: 'UTILITY', components: [body('Hi'), code.components[2]] }],
    ['its own words for a code', { ...code, name: 'b', components: [body('Your code'), code.components[2]] }],
    ['a code that lives too long', { ...code, name: 'b', message_send_ttl_seconds: 3600 }],
  ])('refuses %s', async (_what, definition) => {
    expect((await ask('22/message_templates', definition)).json.error?.code).toBe(100)
  }) // prettier-ignore

  it('lists them in pages, an OTP button as the address it has become', async () => {
    const first = (await ask('22/message_templates?limit=1', undefined)).json
    expect(first.data!.map(({ name }) => name)).toEqual(['hello'])
    expect(first.paging!.next).toBeDefined()
    const second = (await ask(`22/message_templates?limit=1&after=${first.paging!.cursors.after}`, undefined)).json
    expect(second.data![0]!.components.at(-1)!.buttons![0]!.type).toBe('URL')
    expect(second.paging!.next).toBeUndefined()
    expect((await ask('22/message_templates?name=code', undefined)).json.data).toHaveLength(1)
  })

  it('can be paused, disabled and rejected, which the product is told', async () => {
    for (const [state, expected] of [['PAUSED', 132015], ['DISABLED', 132016], ['REJECTED', 132001]] as const) {
      simulator.controls.setTemplate('hello', 'en', state)
      expect(await errorOf(template())).toBe(expected)
    } // prettier-ignore
    await simulator.controls.flush()
    expect(received.map(({ field }) => field)).toEqual(Array(3).fill('message_template_status_update'))
    expect(received.map(({ value }) => value.event)).toEqual(['PAUSED', 'DISABLED', 'REJECTED'])
  })

  it('takes those of the product, in all its languages, and what it fills into them', async () => {
    const other = createWhatsAppSimulator(options)
    const url = `${await listening(express().use(other.router))}/graph`
    const whatsapp = { baseUrl: url, version: 'v25.0', accessToken: 'token' } as never
    const speakers = createSpeakers(loadTranslations())
    const registered = await registerTemplates({ config: { whatsapp, baseUrl: 'https://nabz.test' }, speakers }, '22')
    expect(registered.map(({ status }) => status)).toEqual(Array(registered.length).fill('APPROVED'))
    const values = { clinic: 'عيادة', when: 'Tuesday', doctor: 'Dr Sana', address: 'Karachi' }
    for (const { name, language } of registered as unknown as { name: never; language: never }[]) {
      const filled =
        name === 'nabz_code'
          ? codeTemplateMessage(language, '482913')
          : name === 'nabz_answer'
            ? answerTemplateMessage(language, values.clinic, 'shifa/privacy/answer/abc')
            : isOfferTemplate(name)
              ? offerTemplateMessage(name, language, { ...values, until: '1:30 pm' }, { offer: newId(), token: 'abc' })
              : isSeriesTemplate(name)
                ? seriesTemplateMessage(name, language, { ...values, dates: 'Tuesday and Thursday' }, 'abc')
                : visitTemplateMessage(name, language, values, { token: 'abc', version: 1, slug: 'shifa' })
      const sent = await fetch(`${url}/v25.0/11/messages`, {
        method: 'POST',
        headers: { authorization: 'Bearer token', 'content-type': 'application/json' },
        body: JSON.stringify({ messaging_product: 'whatsapp', to: number, type: 'template', template: filled }),
      })
      expect([name, language, sent.status, sent.ok ? '' : await sent.text()]).toEqual([name, language, 200, ''])
    }
  })
})

describe('calling back', () => {
  it('reports sent and delivered, and read when the conversation is opened', async () => {
    const id = await idOf(template())
    await simulator.controls.flush()
    expect(names()).toEqual(['sent', 'delivered'])
    simulator.controls.open(number)
    simulator.controls.open(number)
    await simulator.controls.flush()
    expect(names()).toEqual(['sent', 'delivered', 'read'])
    for (const status of statuses()) {
      expect(status).toMatchObject({ id, recipient_id: '923001234567', biz_opaque_callback_data: 'clinic.message' })
    }
    expect(statuses()[0]!.pricing!.category).toBe('utility')
  })

  it('signs what it sends, with everything beyond ASCII escaped', async () => {
    simulator.controls.reply(number, 'إيقاف')
    await simulator.controls.flush()
    const [{ body, signature }] = received as [Webhook]
    expect(body).toMatch(/^[\x20-\x7e]*$/)
    expect(signature).toBe(signatureOf('app-secret', body))
    expect(inbound()[0]).toMatchObject({ type: 'text', from: '923001234567', text: { body: 'إيقاف' } })
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
    const id = await idOf(template())
    simulator.controls.tap(number, id, 0)
    const asked = await idOf(buttons(['one', 'two']))
    simulator.controls.tap(number, asked, 1)
    await simulator.controls.flush()
    expect(inbound()).toMatchObject([
      { type: 'button', button: { payload: 'confirm:abc', text: 'Confirm' }, context: { id } },
      {
        type: 'interactive',
        interactive: { type: 'button_reply', button_reply: { id: 'two', title: 'two' } },
        context: { id: asked },
      },
    ])
    expect(() => simulator.controls.tap(number, id, 1)).toThrow('no such button')
  })

  it('asks the product to prove that it knows the verify token', async () => {
    expect(await simulator.controls.subscribe()).toBe(true)
    expect(await createWhatsAppSimulator({ ...options, verifyToken: 'guess' }).controls.subscribe()).toBe(false)
  })

  it('comes again with what the product did not take, and then gives up', async () => {
    simulator.controls.reply(number, 'hello')
    answer = 500
    expect(await simulator.controls.flush()).toEqual([500])
    answer = 200
    expect(await simulator.controls.flush()).toEqual([200])
    expect(received[1]!.body).toBe(received[0]!.body)
    expect(await simulator.controls.flush()).toEqual([])

    answer = 503
    simulator.controls.reply(number, 'hello again')
    for (let tries = 0; tries < 5; tries++) expect(await simulator.controls.flush()).toEqual([503])
    expect(simulator.controls.waiting()).toBe(0)
  })

  it('marks what the person wrote as taken, and as read when the business says so', async () => {
    const id = simulator.controls.reply(number, 'hello')
    await simulator.controls.flush()
    expect(simulator.state.bubble(id)!.bubble).toMatchObject({ taken: true })
    expect((await send({ messaging_product: 'whatsapp', status: 'read', message_id: id })).json).toEqual({
      success: true,
    })
    expect(simulator.state.bubble(id)!.bubble).toMatchObject({ seen: true })
    expect(await errorOf({ messaging_product: 'whatsapp', status: 'read', message_id: 'wamid.x' })).toBe(131009)
  })

  it('knows what else comes: marketing stopped, a number changed, a field nobody has heard of', async () => {
    simulator.controls.marketing(number, 'stop')
    simulator.controls.changeNumber(number, '+923009999999')
    simulator.controls.webhook('weather', { rain: true })
    await simulator.controls.flush()
    expect(received.map(({ field }) => field)).toEqual(['user_preferences', 'messages', 'weather'])
    expect(received[0]!.value.user_preferences![0]).toMatchObject({ value: 'stop', timestamp: Math.floor(now / 1000) })
    expect(inbound()[0]).toMatchObject({ type: 'system', system: { wa_id: '923009999999' } })
    expect(received[1]!.value.contacts).toBeUndefined()
  })
})

describe('misbehaving', () => {
  it('fails the next sends with a code, then no more', async () => {
    simulator.controls.set({ failSends: { count: 2, code: 131000 } })
    expect([await errorOf(template()), await errorOf(template())]).toEqual([131000, 131000])
    expect((await send(template())).status).toBe(200)
    expect(simulator.controls.inbox(number)).toHaveLength(1)
  })

  it('answers 429 and says when to come back', async () => {
    simulator.controls.set({ failSends: { count: 1, code: 130429, retryAfter: 7 } })
    const refused = await send(template())
    expect([refused.status, refused.json.error?.code, refused.headers.get('retry-after')]).toEqual([429, 130429, '7'])
  })

  it('fails by status, also for a number without WhatsApp, and shows nothing on the phone', async () => {
    simulator.controls.set({ failByStatus: { count: 1, code: 131048 } })
    await send(template())
    simulator.controls.set({ withoutWhatsApp: [number] })
    await send(template())
    await simulator.controls.flush()
    expect(statuses().map(({ status, errors }) => [status, errors?.[0]?.code])).toEqual([
      ['failed', 131048],
      ['failed', 131026],
    ])
    expect(statuses()[0]!.biz_opaque_callback_data).toBe('clinic.message')
    expect(simulator.controls.inbox(number)).toEqual([])
  })

  it('takes text outside the window and fails it by status', async () => {
    simulator.controls.set({ windowByStatus: true })
    expect((await send(text('hello'))).status).toBe(200)
    await simulator.controls.flush()
    expect(statuses()[0]!.errors![0]!.code).toBe(131047)
  })

  it('keeps statuses back until they are released, with the time of what they tell', async () => {
    simulator.controls.set({ late: true })
    await send(template())
    simulator.controls.reply(number, 'hello')
    const then = now
    await simulator.controls.flush()
    expect([names(), inbound().length, simulator.controls.kept()]).toEqual([[], 1, 2])
    now += 3 * 24 * 3_600_000
    await simulator.controls.release()
    expect(names()).toEqual(['sent', 'delivered'])
    expect(Number(statuses()[0]!.timestamp)).toBe(Math.floor((then + 200) / 1000))
    expect(simulator.controls.waiting()).toBe(0)
  })

  it('lets go of what it kept back once it is told to behave', async () => {
    simulator.controls.set({ late: true })
    await send(template())
    simulator.controls.set({})
    await simulator.controls.flush()
    expect(names()).toEqual(['sent', 'delivered'])
  })

  it('delivers twice, byte for byte', async () => {
    simulator.controls.set({ twice: true })
    await send(template())
    await simulator.controls.flush()
    expect(names()).toEqual(['sent', 'sent', 'delivered', 'delivered'])
    expect(received[0]!.body).toBe(received[1]!.body)
  })

  it('delivers read before delivered before sent, each with its own time', async () => {
    simulator.controls.set({ outOfOrder: true })
    await send(template())
    await simulator.controls.flush()
    expect(names()).toEqual(['read', 'delivered', 'sent'])
    const times = statuses().map(({ timestamp }) => Number(timestamp))
    expect(times).toEqual([...times].sort((a, b) => b - a))
  })

  it('may say read without delivered', async () => {
    simulator.controls.set({ withoutDelivered: true })
    await send(template())
    await simulator.controls.flush()
    expect(names()).toEqual(['sent', 'read'])
  })

  it('may put fifty statuses into one request', async () => {
    simulator.controls.set({ together: true })
    for (let sent = 0; sent < 25; sent++) await send(template())
    await simulator.controls.flush()
    expect(received).toHaveLength(1)
    expect(statuses()).toHaveLength(50)
  })

  it('can report a status before it answers the send', async () => {
    simulator.controls.set({ statusBeforeAnswer: true })
    await send(template())
    expect(names()).toEqual(['sent'])
    await simulator.controls.flush()
    expect(names()).toEqual(['sent', 'delivered'])
  })

  it('accepts and never answers, or breaks the line', async () => {
    const other = createWhatsAppSimulator(options)
    const url = `${await listening(express().use(other.router))}/graph/v25.0`
    simulator.controls.set({ breakAfterAccepting: 1 })
    await expect(send(template())).rejects.toThrow()
    expect(simulator.controls.inbox(number)).toHaveLength(1)

    for (const { name, language, category, components } of simulator.state.templates.values()) {
      other.state.addTemplate({ name, language, category, components, status: 'APPROVED' })
    }
    other.controls.set({ timeOutAfterAccepting: 1 })
    const unanswered = fetch(`${url}/11/messages`, {
      method: 'POST',
      headers: { authorization: 'Bearer token', 'content-type': 'application/json' },
      body: JSON.stringify(template()),
    }).then(() => 'answered', () => 'never') // prettier-ignore
    while (other.controls.inbox(number).length === 0) await new Promise((resolve) => setImmediate(resolve))
    await other.controls.flush()
    expect(names()).toEqual(['sent', 'delivered'])
    await other.stop()
    expect(await unanswered).toBe('never')
  })

  it('signs with the wrong secret', async () => {
    simulator.controls.set({ wrongSignature: true })
    simulator.controls.reply(number, 'STOP')
    await simulator.controls.flush()
    expect(received[0]!.signature).toMatch(/^sha256=[0-9a-f]{64}$/)
    expect(received[0]!.signature).not.toBe(signatureOf('app-secret', received[0]!.body))
  })

  it('names a foreign number under a right signature', async () => {
    simulator.controls.set({ foreignPhoneNumber: true })
    simulator.controls.reply(number, 'STOP')
    await simulator.controls.flush()
    expect(received[0]!.signature).toBe(signatureOf('app-secret', received[0]!.body))
    expect(received[0]!.value.metadata!.phone_number_id).not.toBe('11')
  })

  it('refuses every token from now on', async () => {
    simulator.controls.set({ tokenInvalid: true })
    expect((await send(template())).status).toBe(401)
  })

  it('names a person who hides the number by user id alone, and can be written to by it', async () => {
    simulator.controls.set({ hidden: [number] })
    simulator.controls.reply(number, 'hello')
    await simulator.controls.flush()
    const [message] = inbound() as [Inbound]
    expect([message.from, received[0]!.value.contacts![0]!.wa_id]).toEqual([undefined, undefined])
    const byId = { ...text('hello'), to: undefined, recipient: message.from_user_id }
    expect((await send(byId)).json.contacts![0]).toMatchObject({ user_id: message.from_user_id })
    expect(await errorOf({ ...codeMessage('482913'), to: undefined, recipient: message.from_user_id })).toBe(131062)
    await simulator.controls.flush()
    expect(statuses()[0]).toMatchObject({ recipient_user_id: message.from_user_id })
    expect(statuses()[0]!.recipient_id).toBeUndefined()
  })
})

describe('the phone in the browser', () => {
  const page = async (path: string) => (await fetch(`${base}${path}`)).text()
  const post = (path: string, form: Record<string, string>, headers: Record<string, string> = {}) =>
    fetch(`${base}${path}`, { method: 'POST', redirect: 'manual', body: new URLSearchParams(form), headers })

  it('shows the conversation, and reads it by showing it', async () => {
    await send(template(['Shifa *Clinic* <b>', 'Tuesday']))
    await simulator.controls.flush()
    const html = await page('/phone?number=%2B92%20300%201234567')
    expect(html).toContain('<strong>Clinic</strong> &lt;b&gt; is on Tuesday.')
    expect(html).toMatch(/href="https:\/\/x\.test\/a\/abc" target="_blank"/)
    expect(html).not.toMatch(/<script(?! src=)|\sstyle=|\son\w+=/)
    await simulator.controls.flush()
    expect(names()).toEqual(['sent', 'delivered', 'read'])
  })

  it('opens the phone that was written to last, and says so of a number without its country', async () => {
    await send(template())
    expect(await page('/phone')).toContain('+923001234567 ·')
    expect(await page('/phone?number=0300%201234567')).toContain('with its country code')
    expect(await page('/phone?number=٠٠٩٢٣٠٠١٢٣٤٥٦٧')).toContain('+923001234567 ·')
  })

  it('works by forms alone: a tap, a reply, a switch, a release', async () => {
    const id = await idOf(template())
    expect((await post('/phone/923001234567/tap', { message: id, button: '0' })).status).toBe(303)
    expect((await post('/phone/923001234567/tap', { message: 'gone', button: '9' })).status).toBe(303)
    await post('/phone/923001234567/reply', { text: 'بند' })
    await simulator.controls.flush()
    expect(inbound().map(({ type }) => type)).toEqual(['button', 'text'])
    const failing = { failCount: '1', failCode: '131026', failHow: 'status' }
    await post('/whatsapp/switches', { number: '923001234567', late: 'on', withoutWhatsApp: 'on', ...failing })
    expect(simulator.controls.settings()).toEqual({
      late: true,
      failByStatus: { count: 1, code: 131026 },
      withoutWhatsApp: ['923001234567'],
    })
    await send(template())
    await simulator.controls.flush()
    expect(statuses().at(-1)!.status).toBe('delivered')
    await post('/whatsapp/release', { number: '923001234567' })
    expect(statuses().at(-1)!.status).toBe('failed')
  })

  it('takes no form from another site', async () => {
    const foreign = [
      { origin: 'https://evil.test' },
      { 'sec-fetch-site': 'cross-site' },
      { 'sec-fetch-site': 'same-site' },
    ]
    for (const headers of foreign) {
      expect(
        (await post('/phone/923001234567/reply', { text: 'STOP' }, headers as Record<string, string>)).status,
      ).toBe(403)
    }
    const own = { origin: new URL(base).origin }
    expect((await post('/phone/923001234567/reply', { text: 'STOP' }, own)).status).toBe(303)
  })

  it('has the same switches for scripts', async () => {
    const control = async (body: unknown) => {
      const response = await fetch(`${base}/whatsapp/controls`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      })
      return [response.status, await response.json()] as [number, Record<string, unknown>]
    }
    const id = await idOf(template())
    expect((await control({ twice: true }))[0]).toBe(200)
    expect((await control({ thrice: true }))[0]).toBe(400)
    expect((await control({ do: 'reply', from: number, text: 'STOP' }))[0]).toBe(200)
    expect((await control({ do: 'tap', from: number, message: id, button: 0 }))[0]).toBe(200)
    expect((await control({ do: 'tap', from: number, message: id, button: 1 }))[0]).toBe(404)
    expect((await control({ do: 'template', name: 'hello', status: 'PAUSED' }))[1]).toEqual({ changed: 1 })
    expect((await control({ do: 'flush' }))[1]).toEqual({ answers: Array(10).fill(200) })
    expect((await control({ do: 'subscribe' }))[1]).toEqual({ ok: true })
    expect(await (await fetch(`${base}/whatsapp/controls`)).json()).toMatchObject({
      settings: { twice: true },
      waiting: 0,
    })
    await control({ do: 'reset' })
    expect([simulator.controls.inbox(number), simulator.controls.settings()]).toEqual([[], {}])
  })

  it('keeps conversations and templates in its file, and starts without one', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'phones-'))
    const stateFile = join(folder, 'deep', 'whatsapp.json')
    const first = createWhatsAppSimulator({ ...options, stateFile })
    first.controls.reply(number, 'hello')
    first.state.addTemplate({ ...hello, status: 'APPROVED' })
    await first.stop()
    const second = createWhatsAppSimulator({ ...options, stateFile })
    expect(second.state.findPhone(number)!.bubbles).toMatchObject([{ text: 'hello', direction: 'out' }])
    expect(second.state.template('hello', 'en')).toMatchObject({ status: 'APPROVED' })
    rmSync(folder, { recursive: true })
  })
})
