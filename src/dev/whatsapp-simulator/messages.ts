// Reads a send request as Meta would: what is wrong with it, or what the person will see.
import { z } from 'zod'
import { graphError, type GraphError } from './errors.ts'
import type { Button, SimulatorState, Template } from './state.ts'

const parameter = z.object({
  type: z.string(),
  text: z.string().optional(),
  payload: z.string().optional(),
  parameter_name: z.string().optional(),
})
const component = z.object({
  type: z.string(),
  sub_type: z.string().optional(),
  index: z.union([z.string(), z.number()]).optional(),
  parameters: z.array(parameter).default([]),
})
const request = z.object({
  messaging_product: z.literal('whatsapp'),
  to: z.string().optional(),
  type: z.enum(['template', 'text', 'interactive']),
  biz_opaque_callback_data: z.string().max(512).optional(),
  text: z.object({ body: z.string().min(1).max(4096) }).optional(),
  template: z
    .object({ name: z.string(), language: z.object({ code: z.string() }), components: z.array(component).default([]) })
    .optional(),
  interactive: z
    .object({
      type: z.literal('button'),
      body: z.object({ text: z.string().min(1).max(1024) }),
      action: z.object({
        buttons: z
          .array(
            z.object({
              type: z.literal('reply'),
              reply: z.object({ id: z.string().max(256), title: z.string().max(20) }),
            }),
          )
          .min(1)
          .max(3),
      }),
    })
    .optional(),
})
type SendRequest = z.infer<typeof request>
type Component = z.infer<typeof component>

export type Content = { text: string; buttons: Button[]; template?: string }
export type Read =
  { ok: true; to: string; opaque: string | undefined; content: Content } | { ok: false; error: GraphError }

export function readSend(state: SimulatorState, body: unknown, now: number): Read {
  const parsed = request.safeParse(body)
  if (!parsed.success) {
    const issue = parsed.error.issues[0]
    const missing = issue?.code === 'invalid_type'
    return wrong(missing ? 131008 : 131009, `${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}`)
  }
  const send = parsed.data
  const to = send.to?.replace(/^\+/, '')
  if (to === undefined || !/^\d{7,15}$/.test(to)) return wrong(131008, 'to')
  const content = contentOf(state, send, to, now)
  if ('code' in content) return { ok: false, error: content }
  return { ok: true, to, opaque: send.biz_opaque_callback_data, content }
}

const wrong = (code: number, details: string): Read => ({ ok: false, error: graphError(code, details) })

function contentOf(state: SimulatorState, send: SendRequest, to: string, now: number): Content | GraphError {
  if (send.type === 'template') return send.template ? filledIn(state, send.template) : graphError(131008, 'template')
  // Anything but a template needs the person to have written within a day.
  if ((state.phones.get(to)?.windowUntil ?? 0) <= now) {
    return graphError(131047, 'More than 24 hours have passed since the customer last replied to this number.')
  }
  if (send.type === 'text') return send.text ? { text: send.text.body, buttons: [] } : graphError(131008, 'text')
  if (!send.interactive) return graphError(131008, 'interactive')
  const replies = send.interactive.action.buttons.map(({ reply }) => reply)
  if (new Set(replies.map(({ id }) => id)).size < replies.length) return graphError(131009, 'Duplicated button id')
  const buttons = replies.map(({ id, title }): Button => ({ kind: 'reply', text: title, payload: id }))
  return { text: send.interactive.body.text, buttons }
}

function filledIn(state: SimulatorState, wanted: NonNullable<SendRequest['template']>): Content | GraphError {
  const template = state.template(wanted.name, wanted.language.code)
  if (!template) {
    return graphError(132001, `template name (${wanted.name}) does not exist in ${wanted.language.code}`)
  }
  if (template.status === 'PAUSED') return graphError(132015)
  if (template.status !== 'APPROVED') return graphError(132001, `template ${wanted.name} is ${template.status}`)
  for (const { parameters } of wanted.components) {
    if (parameters.some(({ text }) => text !== undefined && /[\n\t]| {5}/.test(text))) {
      return graphError(132012, 'Param text cannot have new-line/tab characters or more than 4 consecutive spaces')
    }
  }
  const body = wanted.components.find(({ type }) => type === 'body')
  const text = fill(bodyOf(template), body)
  if (typeof text !== 'string') return text
  const buttons: Button[] = []
  for (const [index, definition] of buttonsOf(template).entries()) {
    const given = wanted.components.find(({ type, index: at }) => type === 'button' && Number(at) === index)
    const button = buttonOf(definition, given)
    if ('code' in button && !('kind' in button)) return button
    buttons.push(button)
  }
  return { text, buttons, template: wanted.name }
}

function fill(text: string, component: Component | undefined): string | GraphError {
  const holes = new Set([...text.matchAll(/\{\{(\w+)\}\}/g)].map((match) => match[1] ?? ''))
  const given = component?.parameters ?? []
  if (holes.size !== given.length) {
    const details = `body: number of localizable_params (${given.length}) does not match the expected number of params (${holes.size})`
    return graphError(132000, details)
  }
  const byName = new Map(given.map((one, index) => [one.parameter_name ?? String(index + 1), one.text ?? '']))
  return text.replace(/\{\{(\w+)\}\}/g, (_hole, name: string) => byName.get(name) ?? '')
}

type ButtonDefinition = { type: string; text?: string; url?: string; otp_type?: string }

function buttonOf(definition: ButtonDefinition, given: Component | undefined): Button | GraphError {
  const text = definition.text ?? ''
  const [parameter] = given?.parameters ?? []
  if (definition.type === 'QUICK_REPLY') return { kind: 'reply', text, payload: parameter?.payload ?? text }
  if (definition.type === 'OTP') {
    if (parameter?.text === undefined) return graphError(131008, 'the code is missing in the button')
    return { kind: 'copy', text: text === '' ? 'Copy code' : text, code: parameter.text }
  }
  const url = definition.url ?? ''
  if (url.includes('{{1}}') && parameter?.text === undefined) return graphError(131008, 'the button needs a suffix')
  return { kind: 'url', text, url: url.replace('{{1}}', parameter?.text ?? '') }
}

const authenticationText: Record<string, string> = {
  en: '{{1}} is your verification code. For your security, do not share this code.',
  ar: 'رمز التحقق الخاص بك هو {{1}}. لأمانك، لا تشارك هذا الرمز.',
  ur: '{{1}} آپ کا تصدیقی کوڈ ہے۔ اپنی حفاظت کے لیے یہ کوڈ کسی کو نہ بتائیں۔',
}

function bodyOf(template: Template): string {
  // Meta writes the text of authentication templates itself.
  if (template.category === 'AUTHENTICATION')
    return authenticationText[template.language] ?? authenticationText.en ?? ''
  const body = template.components.find(({ type }) => String(type).toUpperCase() === 'BODY')
  return typeof body?.text === 'string' ? body.text : ''
}

function buttonsOf(template: Template): ButtonDefinition[] {
  const buttons = template.components.find(({ type }) => String(type).toUpperCase() === 'BUTTONS')
  return Array.isArray(buttons?.buttons) ? (buttons.buttons as ButtonDefinition[]) : []
}
