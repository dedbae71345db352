// Calls the product back, signed by the official package's own test helper, repeated with growing gaps until it is taken.
import Stripe from 'stripe'
import { inWords, isTaken, postWebhook, retryGaps, type Line } from '../webhook-post.ts'
import type { StripeSettings } from './controls.ts'
import type { Event } from './state.ts'

type Pending = { event: Event; tries: number; held: boolean; timer?: NodeJS.Timeout }
const { webhooks } = new Stripe('sk_test_signs_only')

export type WebhookOptions = { webhookSecret: string; webhookUrl: string; auto: boolean; now: () => number }

/** `at` in milliseconds. */
export function signedHeader(payload: string, secret: string, at: number): string {
  return webhooks.generateTestHeaderString({ payload, secret, timestamp: Math.floor(at / 1000) })
}

export class StripeWebhooks {
  readonly lines: Line[] = []
  /** Everything that happened, oldest first: any of it may be sent again. */
  readonly events: Event[] = []
  private readonly options: WebhookOptions
  private readonly settings: () => StripeSettings
  private pending: Pending[] = []
  private chain: Promise<unknown> = Promise.resolve()

  constructor(options: WebhookOptions, settings: () => StripeSettings) {
    this.options = options
    this.settings = settings
  }

  push(event: Event): void {
    this.events.push(event)
    if (this.events.length > 2_000) this.events.shift()
    this.send(event)
  }

  /** Sends an event, again if it was sent before. */
  send(event: Event): void {
    const one: Pending = { event, tries: 0, held: this.settings().late === true }
    this.pending.push(one)
    if (!one.held) this.schedule(one, 200)
  }

  /** Sends all that is not kept back, now, once each, and waits. Answers the HTTP statuses; 0 is no answer. */
  async flush(): Promise<number[]> {
    const free = this.pending.filter(({ held }) => !held)
    if (this.settings().outOfOrder === true) free.reverse()
    const answers: number[] = []
    for (const one of free) answers.push(...(await this.inTurn(one)))
    return answers
  }

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

  get waiting(): number {
    return this.pending.length
  }

  clear(): void {
    for (const { timer } of this.pending) clearTimeout(timer)
    this.pending = []
    this.lines.length = 0
    this.events.length = 0
  }

  note(line: Omit<Line, 'at'>): void {
    this.lines.unshift({ at: this.options.now(), ...line })
    this.lines.length = Math.min(this.lines.length, 200)
  }

  private schedule(one: Pending, delay: number): void {
    if (!this.options.auto) return
    clearTimeout(one.timer)
    one.timer = setTimeout(() => void this.inTurn(one), delay)
    one.timer.unref()
  }

  private inTurn(one: Pending): Promise<number[]> {
    const sent = this.chain.then(() => this.deliver(one))
    this.chain = sent.catch(() => undefined)
    return sent
  }

  private async deliver(one: Pending): Promise<number[]> {
    if (!this.pending.includes(one)) return []
    const { wrongSignature, stale, twice } = this.settings()
    const body = JSON.stringify(one.event, null, 2)
    const secret = wrongSignature === true ? 'whsec_not_the_secret' : this.options.webhookSecret
    const header = signedHeader(body, secret, this.options.now() - (stale === true ? 600_000 : 0))
    const answers: number[] = []
    for (let copy = 0; copy < (twice === true ? 2 : 1); copy++) {
      const answer = await postWebhook(this.options.webhookUrl, body, {
        'content-type': 'application/json; charset=utf-8',
        'user-agent': 'Stripe/1.0 (+https://stripe.com/docs/webhooks)',
        'stripe-signature': header,
      })
      this.note({ way: 'to the product', what: one.event.type, answer: inWords(answer), ok: isTaken(answer) })
      answers.push(answer)
    }
    this.settle(one, answers.some(isTaken))
    return answers
  }

  private settle(one: Pending, wasTaken: boolean): void {
    const gap = retryGaps[one.tries++]
    if (wasTaken || gap === undefined) {
      clearTimeout(one.timer)
      this.pending = this.pending.filter((other) => other !== one)
    } else this.schedule(one, gap)
  }
}
