// A stand-in for Meta's side of the WhatsApp Cloud API: it takes the documented requests, calls back with signed
// webhooks, and shows a phone in the browser. It knows nothing of the product but its webhook's address.
import express, { Router } from 'express'
import { controlSettings, takeCounted, takeOne, type ControlSettings } from './controls.ts'
import { errorBody, graphError, type GraphError } from './errors.ts'
import { readSend } from './messages.ts'
import { phonePages } from './phone-page.ts'
import { digitsOf, SimulatorState, type Bubble, type Phone, type StatusName, type Template } from './state.ts'
import { inboundValue, statusValue, Webhooks, type Identity } from './webhooks.ts'

export type SimulatorOptions = Identity & {
  accessToken: string
  verifyToken: string
  webhookUrl: string
  /** Milliseconds; the test's own clock. */
  now?: () => number
  /** `manual`: nothing is called back before `flush`. `auto`: statuses follow after moments, as in life. */
  deliver?: 'manual' | 'auto'
  /** Where conversations and templates are kept between runs. */
  stateFile?: string
}

export type Simulator = {
  router: Router
  controls: Controls
  state: SimulatorState
  stop(): Promise<void>
}

export type Controls = {
  /** Misbehave like this from now on; what is left out behaves. */
  set(settings: ControlSettings): void
  /** What the business sent to a number, oldest first. */
  inbox(number: string): Bubble[]
  /** The person writes. The webhook waits for `flush` where delivery is manual. */
  reply(number: string, text: string): void
  /** The person taps a button of a message. */
  tap(number: string, messageId: string, button: number): void
  /** The person opens the conversation: what was delivered is read. */
  open(number: string): void
  /** Delivers every webhook that waits; answers the statuses of the answers. */
  flush(): Promise<number[]>
  /** How many webhooks wait. */
  waiting(): number
  reset(): void
}

export function createWhatsAppSimulator(options: SimulatorOptions): Simulator {
  const state = new SimulatorState(options.stateFile)
  const now = options.now ?? (() => Date.now())
  let settings: ControlSettings = {}
  const webhooks = new Webhooks(options, options.webhookUrl, () => settings, options.deliver === 'auto')

  const advance = (phone: Phone, bubble: Bubble, status: StatusName, delay: number, code?: number) => {
    bubble.status = status
    webhooks.push(statusValue(phone, bubble, status, now() + delay, code), delay)
  }

  const controls: Controls = {
    set: (wanted) => {
      settings = structuredClone(controlSettings.parse(wanted))
    },
    inbox: (number) => state.phone(number).bubbles.filter(({ direction }) => direction === 'in'),
    reply: (number, text) => {
      const phone = state.phone(number)
      write(phone, { text })
    },
    tap: (number, messageId, index) => {
      const phone = state.phone(number)
      const message = phone.bubbles.find(({ id }) => id === messageId)
      const button = message?.buttons[index]
      if (!message || button?.kind !== 'reply') throw new Error('no such button to tap')
      const { text, payload } = button
      write(phone, { text, answers: messageId }, { text, payload, ofTemplate: message.template !== undefined })
    },
    open: (number) => {
      const phone = state.phone(number)
      phone.unread = 0
      for (const bubble of phone.bubbles) if (bubble.status === 'delivered') advance(phone, bubble, 'read', 200)
      state.save()
    },
    flush: () => webhooks.flush(),
    waiting: () => webhooks.waiting,
    reset: () => {
      settings = {}
      webhooks.clear()
      state.reset()
    },
  }

  function write(
    phone: Phone,
    said: { text: string; answers?: string },
    tapped?: { text: string; payload: string; ofTemplate: boolean },
  ) {
    const bubble: Bubble = { id: state.newMessageId(), direction: 'out', at: now(), buttons: [], ...said }
    phone.bubbles.push(bubble)
    phone.windowUntil = now() + 24 * 3_600_000
    state.save()
    webhooks.push(inboundValue(phone, bubble, digitsOf(options.displayPhoneNumber), tapped), 50)
  }

  function accept(
    to: string,
    opaque: string | undefined,
    content: Pick<Bubble, 'text' | 'buttons' | 'template'>,
  ): Bubble {
    const phone = state.phone(to)
    const bubble: Bubble = {
      id: state.newMessageId(),
      direction: 'in',
      at: now(),
      status: 'accepted',
      ...(opaque === undefined ? {} : { opaque }),
      ...content,
    }
    const failed = takeCounted(settings, 'failByStatus')
    const unreachable = (settings.withoutWhatsApp ?? []).some((number) => digitsOf(number) === to)
    if (failed || unreachable) {
      phone.bubbles.push({ ...bubble, status: 'failed' })
      advance(phone, bubble, 'failed', 300, failed?.code ?? 131026)
    } else {
      phone.bubbles.push(bubble)
      phone.unread++
      advance(phone, bubble, 'sent', 200)
      advance(phone, bubble, 'delivered', 600)
    }
    state.save()
    return bubble
  }

  const graph = Router({ mergeParams: true })
  graph.use(express.json({ limit: '1mb' }))
  graph.use((req, res, next) => {
    const known = req.headers.authorization === `Bearer ${options.accessToken}`
    if (known && settings.tokenInvalid !== true) return next()
    answerError(res, graphError(190, 'Error validating access token'))
  })
  graph.post(`/:version/:id/messages`, async (req, res) => {
    if (req.params.id !== options.phoneNumberId) {
      return answerError(res, graphError(100, `Object with ID '${req.params.id}' does not exist`))
    }
    const body = req.body as Record<string, unknown>
    if (body.status === 'read') {
      res.json({ success: true })
      return
    }
    const refused = takeCounted(settings, 'failSends')
    if (refused) {
      const error = graphError(refused.code, 'simulated')
      const after = settings.failSends?.retryAfter
      return answerError(res, after === undefined ? error : { ...error, retryAfter: after })
    }
    const read = readSend(state, body, now())
    if (!read.ok) return answerError(res, read.error)
    const bubble = accept(read.to, read.opaque, read.content)
    if (takeOne(settings, 'timeOutAfterAccepting')) return
    if (takeOne(settings, 'breakAfterAccepting')) {
      req.socket.destroy()
      return
    }
    if (settings.statusBeforeAnswer === true) await webhooks.flush()
    res.json({
      messaging_product: 'whatsapp',
      contacts: [{ input: read.to, wa_id: read.to }],
      messages: [{ id: bubble.id, ...(bubble.template === undefined ? {} : { message_status: 'accepted' }) }],
    })
  })
  graph.post('/:version/:id/message_templates', (req, res) => {
    const { name, language, category, components } = req.body as Partial<Template>
    if (req.params.id !== options.wabaId || typeof name !== 'string' || !/^[a-z0-9_]{1,512}$/.test(name)) {
      return answerError(res, graphError(100, 'name'))
    }
    if (typeof language !== 'string' || typeof category !== 'string' || !Array.isArray(components)) {
      return answerError(res, graphError(100, 'language, category and components are needed'))
    }
    if (state.template(name, language)) return answerError(res, graphError(100, 'this template exists already'))
    const { id, status } = state.addTemplate({ name, language, category, components, status: 'APPROVED' })
    res.json({ id, status, category })
  })
  graph.get('/:version/:id/message_templates', (req, res) => {
    if (req.params.id !== options.wabaId) return answerError(res, graphError(100, 'unknown account'))
    res.json({ data: [...state.templates.values()], paging: { cursors: { before: 'a', after: 'z' } } })
  })
  graph.get('/:version/:id', (req, res) => {
    if (req.params.id !== options.phoneNumberId) return answerError(res, graphError(100, 'unknown number'))
    res.json({ id: options.phoneNumberId, display_phone_number: options.displayPhoneNumber, quality_rating: 'GREEN' })
  })

  const router = Router()
  router.use('/graph', graph)
  router.use(phonePages(state, controls, () => settings))
  return {
    router,
    controls,
    state,
    stop: () => {
      webhooks.clear()
      return Promise.resolve()
    },
  }
}

function answerError(res: express.Response, error: GraphError): void {
  if (error.retryAfter !== undefined) res.setHeader('Retry-After', error.retryAfter)
  res.status(error.status).json(errorBody(error))
}
