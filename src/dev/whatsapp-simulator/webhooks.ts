// Calls the product back: signed over the raw bytes, repeated with growing gaps until it is taken.
import { inWords, isTaken, postWebhook, retryGaps, type Line } from '../webhook-post.ts'
import type { ControlSettings } from './controls.ts'
import { escaped, signatureOf, type Value } from './payloads.ts'

export type Identity = { appSecret: string; wabaId: string; phoneNumberId: string; displayPhoneNumber: string }

/** `what` is for the log: `delivered: nabz_code`, `text`, … `done` is called once, when the product has taken it. */
export type Webhook = { field: string; value: Value; what: string; done?: () => void }
type Pending = Webhook & { tries: number; held: boolean; due: number; timer?: NodeJS.Timeout }

/** The queue of what the product has still to be told. With `auto`, timers work it off; otherwise only `flush` does. */
export class Webhooks {
  readonly lines: Line[] = []
  private readonly options: Identity & { webhookUrl: string; auto: boolean; now: () => number }
  private readonly settings: () => ControlSettings
  private pending: Pending[] = []
  /** One request after another, in the order they became due. */
  private chain: Promise<unknown> = Promise.resolve()

  constructor(
    options: Identity & { webhookUrl: string; auto: boolean; now: () => number },
    settings: () => ControlSettings,
  ) {
    this.options = options
    this.settings = settings
  }

  /** `delay` in milliseconds counts only where delivery is automatic. */
  push(webhook: Webhook, delay: number): void {
    const held = this.settings().late === true && 'statuses' in webhook.value
    const one: Pending = { ...webhook, tries: 0, held, due: this.options.now() + delay }
    this.pending.push(one)
    if (!held) this.schedule(one, delay)
  }

  /** Sends all that is not kept back, now, once each, and waits. Answers the HTTP statuses; 0 is no answer. */
  async flush(): Promise<number[]> {
    const answers: number[] = []
    for (const batch of this.batches()) answers.push(...(await this.inTurn(batch)))
    return answers
  }

  /** Lets go of what was kept back. */
  async release(): Promise<number[]> {
    this.letGo()
    return this.flush()
  }

  letGo(): void {
    for (const one of this.pending) {
      if (!one.held) continue
      one.held = false
      this.schedule(one, 0)
    }
  }

  /** Sends the first status of this message now, ahead of its turn. */
  async overtake(messageId: string): Promise<void> {
    const first = this.pending.find(({ value }) => {
      const [status] = Array.isArray(value.statuses) ? (value.statuses as Value[]) : []
      return status?.id === messageId
    })
    if (first) await this.inTurn([first])
  }

  get waiting(): number {
    return this.pending.length
  }

  get kept(): number {
    return this.pending.filter(({ held }) => held).length
  }

  clear(): void {
    for (const { timer } of this.pending) clearTimeout(timer)
    this.pending = []
    this.lines.length = 0
  }

  note(line: Omit<Line, 'at'>): void {
    this.lines.unshift({ at: this.options.now(), ...line })
    this.lines.length = Math.min(this.lines.length, 60)
  }

  private schedule(one: Pending, delay: number): void {
    if (!this.options.auto) return
    clearTimeout(one.timer)
    one.timer = setTimeout(() => void this.inTurn([one]), delay).unref()
  }

  /** What to put into one request each: everything by itself, or all statuses together. */
  private batches(): Pending[][] {
    const free = this.pending.filter(({ held }) => !held)
    if (this.settings().together !== true) return free.map((one) => [one])
    const statuses = free.filter(({ value }) => 'statuses' in value)
    const others = free.filter(({ value }) => !('statuses' in value))
    return [...(statuses.length > 0 ? [statuses] : []), ...others.map((one) => [one])]
  }

  private inTurn(batch: Pending[]): Promise<number[]> {
    const sent = this.chain.then(() => this.deliver(batch))
    this.chain = sent.catch(() => undefined)
    return sent
  }

  private async deliver(batch: Pending[]): Promise<number[]> {
    const still = batch.filter((one) => this.pending.includes(one))
    const [first] = still
    if (!first) return []
    const body = this.written(first.field, still)
    const secret = this.settings().wrongSignature === true ? 'not the secret' : this.options.appSecret
    const answers: number[] = []
    for (let copy = 0; copy < (this.settings().twice === true ? 2 : 1); copy++) {
      const answer = await postWebhook(this.options.webhookUrl, body, {
        'content-type': 'application/json',
        'user-agent': 'facebookexternalua',
        'x-hub-signature-256': signatureOf(secret, body),
      })
      const what = still.length > 1 ? `${still.length} statuses` : first.what
      this.note({ way: 'to the product', what, answer: inWords(answer), ok: isTaken(answer) })
      answers.push(answer)
    }
    for (const one of still) this.settle(one, answers.some(isTaken))
    return answers
  }

  private settle(one: Pending, wasTaken: boolean): void {
    const gap = retryGaps[one.tries++]
    if (wasTaken || gap === undefined) {
      clearTimeout(one.timer)
      this.pending = this.pending.filter((other) => other !== one)
      if (wasTaken) one.done?.()
    } else if (this.pending.includes(one)) this.schedule(one, gap)
  }

  private written(field: string, batch: Pending[]): string {
    const { wabaId, phoneNumberId, displayPhoneNumber } = this.options
    const aboutNumber = field === 'messages' || field === 'user_preferences'
    const metadata = {
      display_phone_number: displayPhoneNumber.replace(/\D/g, ''),
      phone_number_id: this.settings().foreignPhoneNumber === true ? '999999999999999' : phoneNumberId,
    }
    const [only] = batch
    const value =
      batch.length > 1 ? { statuses: batch.flatMap((one) => one.value.statuses as Value[]) } : (only?.value ?? {})
    return escaped({
      object: 'whatsapp_business_account',
      entry: [
        {
          id: wabaId,
          ...(aboutNumber ? {} : { time: Math.floor(this.options.now() / 1000) }),
          changes: [{ field, value: aboutNumber ? { messaging_product: 'whatsapp', metadata, ...value } : value }],
        },
      ],
    })
  }
}
