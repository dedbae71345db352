// What webhooks say, and how it is written and signed.
import { createHmac } from 'node:crypto'
import { statusError } from './errors.ts'
import { userIdOf, type Bubble, type Phone, type StatusName, type Template } from './state.ts'

export type Value = Record<string, unknown>

/** `\uXXXX` for everything beyond ASCII, as Meta writes what it signs. */
export function escaped(value: unknown): string {
  return JSON.stringify(value).replace(
    /[\u007f-\uffff]/g,
    (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}

export const signatureOf = (appSecret: string, body: string): string =>
  `sha256=${createHmac('sha256', appSecret).update(body).digest('hex')}`

const seconds = (ms: number): string => String(Math.floor(ms / 1000))

export function statusItem(
  phone: Phone,
  bubble: Bubble,
  status: StatusName,
  { at, code, hidden }: { at: number; code?: number; hidden: boolean },
): Value {
  return {
    id: bubble.id,
    status,
    timestamp: seconds(at),
    ...(hidden ? {} : { recipient_id: phone.number }),
    recipient_user_id: userIdOf(phone.number),
    ...(bubble.opaque === undefined ? {} : { biz_opaque_callback_data: bubble.opaque }),
    ...(status === 'failed'
      ? { errors: [statusError(code ?? 131000)] }
      : { pricing: { billable: true, pricing_model: 'PMP', type: 'regular', category: bubble.category ?? 'service' } }),
  }
}

export type Tap = { text: string; payload: string; ofTemplate: boolean }

export function inboundValue(phone: Phone, bubble: Bubble, business: string, hidden: boolean, tapped?: Tap): Value {
  const context = bubble.answers === undefined ? {} : { context: { from: business, id: bubble.answers } }
  const content = !tapped
    ? { type: 'text', text: { body: bubble.text } }
    : tapped.ofTemplate
      ? { type: 'button', button: { payload: tapped.payload, text: tapped.text } }
      : {
          type: 'interactive',
          interactive: { type: 'button_reply', button_reply: { id: tapped.payload, title: tapped.text } },
        }
  return {
    contacts: [contact(phone, hidden)],
    messages: [
      {
        ...(hidden ? {} : { from: phone.number }),
        from_user_id: userIdOf(phone.number),
        id: bubble.id,
        timestamp: seconds(bubble.at),
        ...content,
        ...context,
      },
    ],
  }
}

const contact = (phone: Phone, hidden: boolean): Value => ({
  profile: { name: hidden ? 'A person' : `+${phone.number}` },
  ...(hidden ? {} : { wa_id: phone.number }),
  user_id: userIdOf(phone.number),
})

/** The person says in WhatsApp's own settings that marketing may, or may not, come. */
export const preferenceValue = (phone: Phone, value: 'stop' | 'resume', at: number): Value => ({
  contacts: [contact(phone, false)],
  user_preferences: [
    {
      wa_id: phone.number,
      category: 'marketing_messages',
      value,
      detail: `User requested to ${value} marketing messages`,
      // A number here, a string everywhere else.
      timestamp: Math.floor(at / 1000),
    },
  ],
})

/** Without `contacts`, unlike every other message. */
export const numberChangedValue = (from: string, to: string, id: string, at: number): Value => ({
  messages: [
    {
      from,
      id,
      timestamp: seconds(at),
      type: 'system',
      system: {
        type: 'user_changed_number',
        wa_id: to,
        new_wa_id: to,
        body: `User changed from ${from} to ${to}`,
      },
    },
  ],
})

export const templateValue = ({ id, name, language, category, status }: Template): Value => ({
  event: status,
  message_template_id: Number(id),
  message_template_name: name,
  message_template_language: language,
  message_template_category: category,
  reason: status === 'REJECTED' ? 'INVALID_FORMAT' : 'NONE',
})
