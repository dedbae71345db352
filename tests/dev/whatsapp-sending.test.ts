import express from 'express'
import { describe, expect, it } from 'vitest'
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
import { createWhatsAppSimulator } from '../../src/dev/whatsapp-simulator/simulator.ts'
import {
  ask,
  buttons,
  code,
  codeMessage,
  errorOf,
  hello,
  link,
  listening,
  number,
  options,
  passTime,
  quickReply,
  received,
  send,
  simulator,
  template,
  text,
  useSimulator,
} from './whatsapp-scene.ts'

useSimulator()

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
    passTime(24 * 3_600_000)
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
