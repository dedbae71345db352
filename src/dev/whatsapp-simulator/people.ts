// What the people do with their phones, and Meta with its templates.
import { inboundValue, numberChangedValue, preferenceValue, templateValue, type Tap } from './payloads.ts'
import type { Bubble, Phone, SimulatorState, StatusName } from './state.ts'
import type { Webhooks } from './webhooks.ts'

export type People = {
  /** What of the business's messages reached a phone, oldest first. */
  inbox(number: string): Bubble[]
  /** The person writes. Answers the id of the message. */
  reply(number: string, text: string): string
  /** The person taps a quick reply of a message. Answers the id of what that sent. */
  tap(number: string, messageId: string, button: number): string
  /** The person opens the conversation: what was delivered is read. */
  open(number: string): void
  /** The person says in WhatsApp's settings whether marketing may come. */
  marketing(number: string, value: 'stop' | 'resume'): void
  /** The person moves to another number, and says so. */
  changeNumber(from: string, to: string): void
  /** A day passes without a word of the person: text is refused from now on. */
  closeWindow(number: string): void
  /** Meta changes its mind about a template, in one language or in all. Answers how many there were. */
  setTemplate(name: string, language: string | undefined, status: string): number
  /** Any webhook, under any field: for what is not thought of here. */
  webhook(field: string, value: Record<string, unknown>): void
}

const dayMs = 24 * 3_600_000

export function people(parts: {
  state: SimulatorState
  webhooks: Webhooks
  now: () => number
  hidden: (phone: Phone) => boolean
  report: (phone: Phone, bubble: Bubble, status: StatusName, delay: number) => void
  business: string
}): People {
  const { state, webhooks, now } = parts

  function write(phone: Phone, said: { text: string; answers?: string }, tapped?: Tap): string {
    const bubble: Bubble = { id: state.newMessageId(), direction: 'out', at: now(), buttons: [], ...said }
    phone.bubbles.push(bubble)
    phone.windowUntil = now() + dayMs
    state.save()
    const value = inboundValue(phone, bubble, parts.business, parts.hidden(phone), tapped)
    const done = () => {
      bubble.taken = true
      state.save()
    }
    webhooks.push({ field: 'messages', value, what: tapped ? 'button' : 'text', done }, 50)
    return bubble.id
  }

  return {
    inbox: (number) =>
      (state.findPhone(number)?.bubbles ?? []).filter(
        ({ direction, status }) => direction === 'in' && status !== 'failed',
      ),
    reply: (number, text) => write(state.phone(number), { text }),
    tap: (number, messageId, index) => {
      const phone = state.phone(number)
      const message = phone.bubbles.find(({ id }) => id === messageId)
      const button = message?.buttons[index]
      if (!message || button?.kind !== 'reply') throw new Error('no such button to tap')
      message.tapped = index
      const { text, payload } = button
      return write(phone, { text, answers: messageId }, { text, payload, ofTemplate: message.template !== undefined })
    },
    open: (number) => {
      const phone = state.phone(number)
      const unread = phone.bubbles.filter(({ direction, status }) => direction === 'in' && status === 'delivered')
      phone.unread = 0
      for (const bubble of unread) {
        bubble.status = 'read'
        // Not before the message can have been delivered.
        parts.report(phone, bubble, 'read', Math.max(bubble.at + 900 - now(), 100))
      }
      if (unread.length > 0) state.save()
    },
    marketing: (number, value) => {
      const told = preferenceValue(state.phone(number), value, now())
      webhooks.push({ field: 'user_preferences', value: told, what: `marketing ${value}` }, 50)
    },
    changeNumber: (from, to) => {
      const old = state.phone(from)
      const { number } = state.phone(to)
      const value = numberChangedValue(old.number, number, state.newMessageId(), now())
      webhooks.push({ field: 'messages', value, what: 'number changed' }, 50)
    },
    closeWindow: (number) => {
      state.phone(number).windowUntil = 0
      state.save()
    },
    setTemplate: (name, language, status) => {
      const wanted = [...state.templates.values()].filter(
        (one) => one.name === name && (language === undefined || one.language === language),
      )
      for (const template of wanted) {
        template.status = status
        const value = templateValue(template)
        webhooks.push({ field: 'message_template_status_update', value, what: `${name} ${status.toLowerCase()}` }, 50)
      }
      state.save()
      return wanted.length
    },
    webhook: (field, value) => webhooks.push({ field, value, what: field }, 0),
  }
}
