// The requests the product makes, under Meta's addresses.
import express, { Router, type ErrorRequestHandler, type Request, type Response } from 'express'
import { takeCounted, takeOne, type ControlSettings } from './controls.ts'
import { errorBody, graphError, type GraphError } from './errors.ts'
import { isError } from './filling.ts'
import { readSend, type Send } from './messages.ts'
import { digitsOf, userIdOf, type Bubble, type SimulatorState } from './state.ts'
import { readDefinition, readsBack } from './templates.ts'
import type { Identity, Webhooks } from './webhooks.ts'

export type GraphParts = {
  options: Identity & { accessToken: string; verifiedName: string }
  state: SimulatorState
  webhooks: Webhooks
  settings: () => ControlSettings
  now: () => number
  /** Puts a message on its phone, and its statuses on their way. */
  accept: (send: Send) => Bubble
  /** Requests that are never answered, until somebody gives up. */
  unanswered: Set<Response>
}

export function graphApi(parts: GraphParts): Router {
  const { options, settings, state } = parts
  const graph = Router()
  graph.use((req, res, next) => {
    const known = req.headers.authorization === `Bearer ${options.accessToken}`
    if (known && settings().tokenInvalid !== true) return next()
    refuse(parts, req, res, graphError(190, 'Error validating access token'))
  })
  graph.use(express.json({ limit: '1mb' }))

  graph.post('/:version/:id/messages', async (req, res) => {
    if (req.params.id !== options.phoneNumberId) return refuse(parts, req, res, gone(req.params.id))
    await takeMessage(parts, req, res)
  })
  graph.post('/:version/:id/message_templates', (req, res) => {
    if (req.params.id !== options.wabaId) return refuse(parts, req, res, gone(req.params.id))
    const wanted = readDefinition(req.body)
    if (isError(wanted)) return refuse(parts, req, res, wanted)
    if (state.template(wanted.name, wanted.language)) {
      return refuse(parts, req, res, graphError(100, 'Content in this language already exists', 2388024))
    }
    const { name, language, category, components, parameter_format: format } = wanted
    const kept = { name, language, category, components, ...(format ? { parameter_format: format } : {}) }
    const { id, status } = state.addTemplate({ ...kept, status: 'APPROVED' })
    res.json({ id, status, category })
  })
  graph.get('/:version/:id/message_templates', (req, res) => {
    if (req.params.id !== options.wabaId) return refuse(parts, req, res, gone(req.params.id))
    res.json(pageOfTemplates(state, req))
  })
  graph.get('/:version/:id/phone_numbers', (req, res) => {
    if (req.params.id !== options.wabaId) return refuse(parts, req, res, gone(req.params.id))
    res.json({ data: [about(options)] })
  })
  graph.get('/:version/:id', (req, res) => {
    if (req.params.id !== options.phoneNumberId) return refuse(parts, req, res, gone(req.params.id))
    const fields = typeof req.query.fields === 'string' ? req.query.fields.split(',') : undefined
    const wanted = Object.entries(about(options)).filter(([key]) => key === 'id' || (fields?.includes(key) ?? true))
    res.json(Object.fromEntries(wanted))
  })
  graph.use((req, res) => refuse(parts, req, res, graphError(2500, `Unknown path components: ${req.path}`)))
  const broken: ErrorRequestHandler = (_error, req, res, _next) => {
    refuse(parts, req, res, graphError(100, 'The body is not JSON'))
  }
  graph.use(broken)
  return graph
}

async function takeMessage(parts: GraphParts, req: Request, res: Response): Promise<void> {
  const { options, state, webhooks } = parts
  const settings = parts.settings()
  const body = (req.body ?? {}) as Record<string, unknown>
  if (body.status === 'read') return markRead(parts, req, res, body.message_id)
  const refused = takeCounted(settings, 'failSends')
  if (refused) {
    const error = graphError(refused.code, 'As ordered.')
    return refuse(parts, req, res, { ...error, ...(refused.retryAfter ? { retryAfter: refused.retryAfter } : {}) })
  }
  const rules = {
    now: parts.now(),
    sender: digitsOf(options.displayPhoneNumber),
    windowByStatus: settings.windowByStatus === true,
  }
  const read = readSend(state, body, rules)
  if (!read.ok) return refuse(parts, req, res, read.error)
  const bubble = parts.accept(read.send)
  const what = bubble.template ?? 'message'
  if (takeOne(settings, 'timeOutAfterAccepting')) {
    webhooks.note({ way: 'to us', what, answer: 'taken, no answer', ok: false })
    parts.unanswered.add(res)
    res.once('close', () => parts.unanswered.delete(res))
    return
  }
  if (takeOne(settings, 'breakAfterAccepting')) {
    webhooks.note({ way: 'to us', what, answer: 'taken, line broken', ok: false })
    req.socket.destroy()
    return
  }
  if (settings.statusBeforeAnswer === true) await webhooks.overtake(bubble.id)
  webhooks.note({ way: 'to us', what, answer: '200', ok: true })
  const hidden = 'recipient' in body && !('to' in body)
  res.json({
    messaging_product: 'whatsapp',
    contacts: [{ input: read.send.input, ...(hidden ? { user_id: userIdOf(read.send.to) } : { wa_id: read.send.to }) }],
    messages: [{ id: bubble.id, ...(bubble.template === undefined ? {} : { message_status: 'accepted' }) }],
  })
}

function markRead(parts: GraphParts, req: Request, res: Response, id: unknown): void {
  const found = typeof id === 'string' ? parts.state.bubble(id) : undefined
  if (found?.bubble.direction !== 'out') return refuse(parts, req, res, graphError(131009, 'message_id'))
  found.bubble.seen = true
  parts.state.save()
  res.json({ success: true })
}

function pageOfTemplates(state: SimulatorState, req: Request): Record<string, unknown> {
  const { name, status, category, language, limit, after } = req.query
  const wanted = { name, status, category, language }
  const all = [...state.templates.values()].filter((template) =>
    Object.entries(wanted).every(
      ([key, value]) => value === undefined || template[key as keyof typeof wanted] === value,
    ),
  )
  const from = typeof after === 'string' ? Number(Buffer.from(after, 'base64').toString()) || 0 : 0
  const size = Math.min(Math.max(Number(limit) || 25, 1), 1000)
  const cursor = (at: number) => Buffer.from(String(at)).toString('base64')
  const cursors = { before: cursor(from), after: cursor(from + size) }
  const next = `${req.protocol}://${req.host}${req.originalUrl.split('?')[0] ?? ''}?after=${cursors.after}`
  return {
    data: all.slice(from, from + size).map(readsBack),
    paging: { cursors, ...(from + size < all.length ? { next } : {}) },
  }
}

const about = (options: GraphParts['options']) => ({
  id: options.phoneNumberId,
  verified_name: options.verifiedName,
  display_phone_number: options.displayPhoneNumber,
  quality_rating: 'GREEN',
  name_status: 'APPROVED',
  code_verification_status: 'VERIFIED',
  whatsapp_business_manager_messaging_limit: 'TIER_2K',
})

const gone = (id: string): GraphError =>
  graphError(100, `Object with ID '${id}' does not exist, or this token may not see it`, 33)

function refuse({ webhooks }: GraphParts, req: Request, res: Response, error: GraphError): void {
  webhooks.note({
    way: 'to us',
    what: req.path.split('/').pop() ?? '',
    answer: `${error.status}, ${error.code}`,
    ok: false,
  })
  if (error.retryAfter !== undefined) res.setHeader('Retry-After', error.retryAfter)
  res.status(error.status).json(errorBody(error))
}
