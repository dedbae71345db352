// A stand-in for Meta's side of the WhatsApp Cloud API: it takes the documented requests, calls back with signed
// webhooks, and shows a phone in the browser. It knows nothing of the product but its webhook's address.
import { randomInt } from 'node:crypto'
import { Router, type Response } from 'express'
import type { Line } from '../webhook-post.ts'
import { controlSettings, takeCounted, type ControlSettings } from './controls.ts'
import { graphApi } from './graph-api.ts'
import type { Send } from './messages.ts'
import { statusItem } from './payloads.ts'
import { people, type People } from './people.ts'
import { phonePages } from './phone-page.ts'
import { digitsOf, SimulatorState, type Bubble, type Phone, type StatusName } from './state.ts'
import { Webhooks, type Identity } from './webhooks.ts'

export type SimulatorOptions = Identity & {
  accessToken: string
  verifyToken: string
  webhookUrl: string
  /** The name people see above the conversation. */
  verifiedName?: string
  /** Milliseconds; the test's own clock. */
  now?: () => number
  /** `manual`: nothing is called back before `flush`. `auto`: statuses follow after moments, as in life. */
  deliver?: 'manual' | 'auto'
  /** Where conversations and templates are kept between runs. */
  stateFile?: string
}

export type Controls = People & {
  /** Misbehave like this from now on; what is left out behaves. What `late` kept back leaves when it is taken away. */
  set(settings: ControlSettings): void
  settings(): ControlSettings
  /** Sends every webhook that is not kept back, once, and waits; answers the HTTP statuses of the answers. */
  flush(): Promise<number[]>
  /** The same, with what `late` kept back. */
  release(): Promise<number[]>
  /** How many webhooks wait. */
  waiting(): number
  /** Of those, how many are kept back. */
  kept(): number
  /** What went to and fro, latest first. */
  lines(): readonly Line[]
  /** Asks the product's webhook to prove that it knows the verify token; whether it did. */
  subscribe(): Promise<boolean>
  /** Forgets conversations, webhooks and misbehaviour. Templates stay, approved. */
  reset(): void
}

export type Simulator = {
  router: Router
  controls: Controls
  state: SimulatorState
  stop(): Promise<void>
}

export function createWhatsAppSimulator(options: SimulatorOptions): Simulator {
  const state = new SimulatorState(options.stateFile)
  const now = options.now ?? (() => Date.now())
  let settings: ControlSettings = {}
  const webhooks = new Webhooks({ ...options, now, auto: options.deliver === 'auto' }, () => settings)
  const unanswered = new Set<Response>()

  const isIn = (numbers: string[] | undefined, { number }: Phone) =>
    (numbers ?? []).some((one) => digitsOf(one) === number)
  const hidden = (phone: Phone) => isIn(settings.hidden, phone)
  /** `delay` is when it reaches the product, `after` when it happened, both in milliseconds from now. */
  const report = (phone: Phone, bubble: Bubble, status: StatusName, delay: number, code?: number, after = delay) => {
    const item = statusItem(phone, bubble, status, {
      at: now() + after,
      hidden: hidden(phone),
      ...(code === undefined ? {} : { code }),
    })
    webhooks.push(
      { field: 'messages', value: { statuses: [item] }, what: `${status}: ${bubble.template ?? 'message'}` },
      delay,
    )
  }

  function accept({ to, opaque, answers, content, failsLater }: Send): Bubble {
    const phone = state.phone(to)
    const bubble: Bubble = {
      id: state.newMessageId(),
      direction: 'in',
      at: now(),
      status: 'accepted',
      ...(opaque === undefined ? {} : { opaque }),
      ...(answers === undefined ? {} : { answers }),
      ...content,
    }
    phone.bubbles.push(bubble)
    const code =
      failsLater ?? (isIn(settings.withoutWhatsApp, phone) ? 131026 : takeCounted(settings, 'failByStatus')?.code)
    if (code === undefined) arrive(phone, bubble)
    else {
      bubble.status = 'failed'
      report(phone, bubble, 'failed', 300, code)
    }
    state.save()
    return bubble
  }

  function arrive(phone: Phone, bubble: Bubble): void {
    const readAtOnce = settings.outOfOrder === true || settings.withoutDelivered === true
    const steps: [StatusName, number][] = [['sent', 200]]
    if (settings.withoutDelivered !== true) steps.push(['delivered', 600])
    if (readAtOnce) steps.push(['read', 900])
    else phone.unread++
    bubble.status = readAtOnce ? 'read' : 'delivered'
    const delays = steps.map(([, after]) => after)
    if (settings.outOfOrder === true) steps.reverse()
    for (const [at, [status, after]] of steps.entries())
      report(phone, bubble, status, delays[at] ?? after, undefined, after)
  }

  const controls: Controls = {
    ...people({ state, webhooks, now, hidden, report, business: digitsOf(options.displayPhoneNumber) }),
    set: (wanted) => {
      settings = structuredClone(controlSettings.parse(wanted))
      if (settings.late !== true) webhooks.letGo()
    },
    settings: () => structuredClone(settings),
    flush: () => webhooks.flush(),
    release: () => webhooks.release(),
    waiting: () => webhooks.waiting,
    kept: () => webhooks.kept,
    lines: () => webhooks.lines,
    subscribe: () => handshake(options.webhookUrl, options.verifyToken),
    reset: () => {
      settings = {}
      webhooks.clear()
      state.reset()
    },
  }

  const router = Router()
  const named = { ...options, verifiedName: options.verifiedName ?? 'Nabz' }
  router.use('/graph', graphApi({ options: named, state, webhooks, settings: () => settings, now, accept, unanswered }))
  router.use(phonePages({ state, controls, business: named.verifiedName }))
  return {
    router,
    controls,
    state,
    stop: () => {
      webhooks.clear()
      for (const res of unanswered) res.destroy()
      state.save()
      return Promise.resolve()
    },
  }
}

async function handshake(webhookUrl: string, verifyToken: string): Promise<boolean> {
  const challenge = String(randomInt(1_000_000_000))
  const query = { 'hub.mode': 'subscribe', 'hub.verify_token': verifyToken, 'hub.challenge': challenge }
  try {
    const answer = await fetch(`${webhookUrl}?${new URLSearchParams(query).toString()}`, { redirect: 'manual' })
    return answer.status === 200 && (await answer.text()) === challenge
  } catch {
    return false
  }
}
