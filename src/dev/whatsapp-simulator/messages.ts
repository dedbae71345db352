// Reads a send request as Meta would: what is wrong with it, or what the person will see.
import { z } from 'zod'
import { graphError, type GraphError } from './errors.ts'
import { filledIn, isError, templateUse } from './filling.ts'
import { digitsOf, type Content, type SimulatorState } from './state.ts'

const label = (max: number) => z.string().min(1).max(max)
const interactive = z.object({
  type: z.literal('button'),
  header: z.object({ type: z.literal('text'), text: label(60) }).optional(),
  body: z.object({ text: label(1024) }),
  footer: z.object({ text: label(60) }).optional(),
  action: z.object({
    buttons: z
      .array(z.object({ type: z.literal('reply'), reply: z.object({ id: label(256), title: label(20) }) }))
      .min(1)
      .max(3),
  }),
})
const request = z.object({
  messaging_product: z.literal('whatsapp'),
  recipient_type: z.literal('individual').optional(),
  to: z.string().optional(),
  recipient: z
    .string()
    .regex(/^[A-Z]{2}\.(ENT\.)?[0-9A-Za-z]{1,128}$/)
    .optional(),
  type: z.enum(['template', 'text', 'interactive']).default('text'),
  biz_opaque_callback_data: z.string().max(512).optional(),
  context: z.object({ message_id: z.string() }).optional(),
  text: z.object({ body: label(4096), preview_url: z.boolean().optional() }).optional(),
  template: templateUse.optional(),
  interactive: interactive.optional(),
})
type SendRequest = z.infer<typeof request>

export type Send = {
  to: string
  input: string
  opaque: string | undefined
  answers: string | undefined
  content: Content
  /** Accepted all the same, to be failed by status with this code. */
  failsLater?: number
}
export type Read = { ok: true; send: Send } | { ok: false; error: GraphError }
export type Rules = { now: number; sender: string; windowByStatus: boolean }

export function readSend(state: SimulatorState, body: unknown, rules: Rules): Read {
  const parsed = request.safeParse(body)
  if (!parsed.success) return { ok: false, error: faultIn(body, parsed.error.issues[0]) }
  const wanted = parsed.data
  const to = recipientOf(state, wanted, rules.sender)
  if (typeof to !== 'string') return { ok: false, error: to }
  const content = contentOf(state, wanted)
  if (isError(content)) return { ok: false, error: content }
  // Anything but a template needs the person to have written within a day.
  const shut = wanted.type !== 'template' && (state.findPhone(to)?.windowUntil ?? 0) <= rules.now
  if (shut && !rules.windowByStatus) {
    const details = 'More than 24 hours have passed since the customer last replied to this number.'
    return { ok: false, error: graphError(131047, details) }
  }
  const send = {
    to,
    input: wanted.to ?? wanted.recipient ?? to,
    opaque: wanted.biz_opaque_callback_data,
    answers: wanted.context?.message_id,
    content,
    ...(shut ? { failsLater: 131047 } : {}),
  }
  return { ok: true, send }
}

/** Which of the codes for a bad parameter: absent altogether, or there and wrong. */
function faultIn(body: unknown, issue: z.core.$ZodIssue | undefined): GraphError {
  const path = issue?.path.map(String) ?? []
  const value = path.reduce<unknown>((at, key) => (at as Record<string, unknown> | undefined | null)?.[key], body)
  if (value === undefined && path.length <= 1) {
    return graphError(100, `The parameter ${path.join('.') || 'messaging_product'} is required.`)
  }
  return graphError(value === undefined ? 131008 : 131009, `${path.join('.')}: ${issue?.message ?? ''}`)
}

function recipientOf(state: SimulatorState, { to, recipient, template }: SendRequest, sender: string) {
  if (to === undefined && recipient === undefined) return graphError(100, 'The parameter to is required.')
  if (to === undefined) {
    const known = state.phoneOfUser(recipient ?? '')
    if (!known) return graphError(131009, 'recipient: nobody is known by this id')
    const category = template && state.template(template.name, template.language.code)?.category
    return category === 'AUTHENTICATION' ? graphError(131062) : known.number
  }
  const digits = digitsOf(to)
  if (!/^[+\d() -]+$/.test(to) || !/^[1-9]\d{6,14}$/.test(digits)) return graphError(131009, 'to: not a phone number')
  return digits === sender ? graphError(131021) : digits
}

function contentOf(state: SimulatorState, wanted: SendRequest): Content | GraphError {
  switch (wanted.type) {
    case 'template': {
      if (!wanted.template) return graphError(131008, 'template')
      const { name, language } = wanted.template
      const template = state.template(name, language.code)
      if (template) return filledIn(template, wanted.template)
      return graphError(132001, `template name (${name}) does not exist in ${language.code}`)
    }
    case 'text':
      if (!wanted.text) return graphError(131008, 'text')
      return { text: wanted.text.body, buttons: [], category: 'service' }
    case 'interactive':
      return wanted.interactive ? withReplies(wanted.interactive) : graphError(131008, 'interactive')
  }
}

function withReplies({ header, body, footer, action }: z.infer<typeof interactive>): Content | GraphError {
  const replies = action.buttons.map(({ reply }) => reply)
  const twice = (values: string[]) => new Set(values).size < values.length
  if (twice(replies.map(({ id }) => id))) return graphError(131009, 'interactive: two buttons have the same id')
  if (twice(replies.map(({ title }) => title)))
    return graphError(131009, 'interactive: two buttons have the same title')
  return {
    text: body.text,
    buttons: replies.map(({ id, title }) => ({ kind: 'reply', text: title, payload: id })),
    category: 'service',
    ...(header ? { header: header.text } : {}),
    ...(footer ? { footer: footer.text } : {}),
  }
}
