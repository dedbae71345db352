// What Meta calls back with: signed over the raw bytes, non-ASCII escaped, repeated until it is taken.
import { createHmac } from 'node:crypto'
import type { ControlSettings } from './controls.ts'
import type { Bubble, Phone, StatusName } from './state.ts'

export type Identity = { appSecret: string; wabaId: string; phoneNumberId: string; displayPhoneNumber: string }

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

export function statusValue(phone: Phone, bubble: Bubble, status: StatusName, at: number, code?: number) {
  return {
    statuses: [
      {
        id: bubble.id,
        status,
        timestamp: seconds(at),
        recipient_id: phone.number,
        ...(bubble.opaque === undefined ? {} : { biz_opaque_callback_data: bubble.opaque }),
        ...(status === 'failed'
          ? { errors: [{ code: code ?? 131000, title: 'Message undeliverable', error_data: { details: 'simulated' } }] }
          : { pricing: { billable: true, pricing_model: 'PMP', type: 'regular', category: 'utility' } }),
      },
    ],
  }
}

export function inboundValue(
  phone: Phone,
  bubble: Bubble,
  business: string,
  tapped?: { text: string; payload: string; ofTemplate: boolean },
) {
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
    contacts: [{ profile: { name: `+${phone.number}` }, wa_id: phone.number }],
    messages: [{ from: phone.number, id: bubble.id, timestamp: seconds(bubble.at), ...content, ...context }],
  }
}

type Pending = { value: Record<string, unknown>; delay: number }

/** Delivers webhooks in the order they were made, or out of it where that is asked for. */
export class Webhooks {
  private readonly identity: Identity
  private readonly url: string
  private readonly settings: () => ControlSettings
  private readonly auto: boolean
  private pending: Pending[] = []
  private readonly timers = new Set<NodeJS.Timeout>()
  private chain: Promise<void> = Promise.resolve()

  constructor(identity: Identity, url: string, settings: () => ControlSettings, auto: boolean) {
    this.identity = identity
    this.url = url
    this.settings = settings
    this.auto = auto
  }

  /** Queues one; `delay` in milliseconds counts only where delivery is automatic. */
  push(value: Record<string, unknown>, delay: number): void {
    const waiting = { value, delay }
    this.pending.push(waiting)
    if (!this.auto || this.settings().late === true) return
    const timer = setTimeout(() => {
      this.timers.delete(timer)
      if (!this.pending.includes(waiting)) return
      this.pending = this.pending.filter((one) => one !== waiting)
      this.chain = this.chain.then(() => this.deliver(value, 4)).then(() => undefined)
    }, delay)
    this.timers.add(timer)
  }

  /** Delivers all that waits, and waits for the answers. Answers their statuses. */
  async flush(): Promise<number[]> {
    const wanted = this.pending
    this.pending = []
    if (this.settings().outOfOrder === true) wanted.reverse()
    const answers: number[] = []
    for (const { value } of wanted) answers.push(...(await this.deliver(value, 1)))
    await this.chain
    return answers
  }

  get waiting(): number {
    return this.pending.length
  }

  clear(): void {
    for (const timer of this.timers) clearTimeout(timer)
    this.timers.clear()
    this.pending = []
  }

  /** Sends now, once or twice, trying again while the answer is not 2xx. */
  async deliver(value: Record<string, unknown>, tries: number): Promise<number[]> {
    const settings = this.settings()
    const { wabaId, phoneNumberId, displayPhoneNumber, appSecret } = this.identity
    const metadata = {
      display_phone_number: displayPhoneNumber.replace(/\D/g, ''),
      phone_number_id: settings.foreignPhoneNumber === true ? '999999999999999' : phoneNumberId,
    }
    const body = escaped({
      object: 'whatsapp_business_account',
      entry: [
        { id: wabaId, changes: [{ field: 'messages', value: { messaging_product: 'whatsapp', metadata, ...value } }] },
      ],
    })
    const signature = signatureOf(settings.wrongSignature === true ? 'not the secret' : appSecret, body)
    const answers: number[] = []
    for (let copy = 0; copy < (settings.twice === true ? 2 : 1); copy++) {
      for (let attempt = 1; ; attempt++) {
        const status = await post(this.url, body, signature)
        answers.push(status)
        if ((status >= 200 && status < 300) || attempt >= tries) break
        await new Promise((resolve) => setTimeout(resolve, 200 * 2 ** attempt))
      }
    }
    return answers
  }
}

async function post(url: string, body: string, signature: string): Promise<number> {
  try {
    const response = await fetch(url, {
      method: 'POST',
      redirect: 'manual',
      signal: AbortSignal.timeout(10_000),
      headers: {
        'content-type': 'application/json',
        'user-agent': 'facebookexternalua',
        'x-hub-signature-256': signature,
      },
      body,
    })
    return response.status
  } catch {
    return 0
  }
}
