// Template definitions: what Meta refuses to register, and what it makes of the rest.
import { z } from 'zod'
import { graphError, type GraphError } from './errors.ts'
import type { Template } from './state.ts'

const button = z.discriminatedUnion('type', [
  z.object({ type: z.literal('QUICK_REPLY'), text: z.string().min(1).max(25) }),
  z.object({
    type: z.literal('URL'),
    text: z.string().min(1).max(25),
    url: z
      .string()
      .max(2000)
      .regex(/^https?:\/\/[^{}\s]+(\{\{1\}\})?$/, 'an address with at most {{1}}, at its end'),
    example: z.array(z.string()).optional(),
  }),
  z.object({ type: z.literal('PHONE_NUMBER'), text: z.string().min(1).max(25), phone_number: z.string().max(20) }),
  z.object({ type: z.literal('OTP'), otp_type: z.literal('COPY_CODE'), text: z.string().min(1).max(25).optional() }),
])
export type ButtonDefinition = z.infer<typeof button>

const component = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('HEADER'),
    format: z.literal('TEXT'),
    text: z.string().min(1).max(60),
    example: z.object({ header_text: z.array(z.string()) }).optional(),
  }),
  z.object({
    type: z.literal('BODY'),
    text: z.string().min(1).max(1024).optional(),
    add_security_recommendation: z.boolean().optional(),
    example: z
      .object({
        body_text: z.array(z.array(z.string())).optional(),
        body_text_named_params: z.array(z.object({ param_name: z.string(), example: z.string() })).optional(),
      })
      .optional(),
  }),
  z.object({
    type: z.literal('FOOTER'),
    text: z.string().min(1).max(60).optional(),
    code_expiration_minutes: z.number().int().min(1).max(90).optional(),
  }),
  z.object({ type: z.literal('BUTTONS'), buttons: z.array(button).min(1).max(10) }),
])
export type Component = z.infer<typeof component>

const definition = z.object({
  name: z.string().regex(/^[a-z0-9_]{1,512}$/),
  language: z.string().regex(/^[a-z]{2,3}(_[A-Z]{2,3})?$/),
  category: z.enum(['AUTHENTICATION', 'UTILITY', 'MARKETING']),
  parameter_format: z.enum(['POSITIONAL', 'NAMED']).optional(),
  message_send_ttl_seconds: z.number().int().optional(),
  components: z.array(component).min(1),
})
export type Definition = z.infer<typeof definition>

/** The definition, or why Meta refuses it. */
export function readDefinition(body: unknown): Definition | GraphError {
  const parsed = definition.safeParse(body)
  if (!parsed.success) {
    const [issue] = parsed.error.issues
    return graphError(100, `${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}`)
  }
  const fault = faultOf(parsed.data)
  return fault === undefined ? parsed.data : graphError(100, fault)
}

function faultOf(wanted: Definition): string | undefined {
  const types = wanted.components.map(({ type }) => type)
  if (new Set(types).size < types.length) return 'every component at most once'
  const body = componentOf(wanted.components, 'BODY')
  if (!body) return 'a body is needed'
  const header = componentOf(wanted.components, 'HEADER')
  const inHeader = variablesOf(header?.text ?? '').length
  if (inHeader > 1) return 'header: at most one variable'
  if (inHeader > (header?.example?.header_text.length ?? 0)) return 'header: an example for its variable is needed'
  const buttons = componentOf(wanted.components, 'BUTTONS')?.buttons ?? []
  return (
    timeToLiveFault(wanted) ??
    (wanted.category === 'AUTHENTICATION' ? codeFault(body, buttons) : textFault(wanted, body)) ??
    buttonFault(wanted, buttons)
  )
}

function timeToLiveFault({ category, message_send_ttl_seconds: seconds }: Definition): string | undefined {
  const longest = category === 'AUTHENTICATION' ? 900 : 43_200
  if (seconds === undefined || seconds === -1 || (seconds >= 30 && seconds <= longest)) return undefined
  return `message_send_ttl_seconds: 30 to ${longest}`
}

function codeFault(body: Extract<Component, { type: 'BODY' }>, buttons: ButtonDefinition[]): string | undefined {
  if (body.text !== undefined) return 'the text of an authentication template is fixed'
  return buttons.length === 1 && buttons[0]?.type === 'OTP' ? undefined : 'one OTP button is needed'
}

function textFault(wanted: Definition, { text, example }: Extract<Component, { type: 'BODY' }>): string | undefined {
  if (text === undefined) return 'body: text is needed'
  if (/^\s*\{\{|\}\}\s*$/.test(text)) return 'body: a variable may not stand at the start or the end'
  if (/\}\}\s*\{\{/.test(text)) return 'body: two variables may not stand side by side'
  const names = variablesOf(text)
  if (names.length === 0) return undefined
  if (wanted.parameter_format === 'NAMED') {
    const given = new Set(example?.body_text_named_params?.map(({ param_name: name }) => name))
    return names.every((name) => given.has(name)) ? undefined : 'body: an example for each variable is needed'
  }
  if (names.some((name, index) => name !== String(index + 1))) return 'body: variables are {{1}}, {{2}} … in order'
  return example?.body_text?.[0]?.length === names.length ? undefined : 'body: an example for each variable is needed'
}

function buttonFault({ category }: Definition, buttons: ButtonDefinition[]): string | undefined {
  const count = (wanted: string) => buttons.filter(({ type }) => type === wanted).length
  if (category !== 'AUTHENTICATION' && count('OTP') > 0) return 'OTP buttons are for authentication templates'
  if (count('URL') > 2) return 'at most two URL buttons'
  if (count('PHONE_NUMBER') > 1) return 'at most one phone number button'
  if (buttons.some((one) => one.type === 'URL' && one.url.includes('{{1}}') && !one.example?.length)) {
    return 'buttons: an example for each address with a variable is needed'
  }
  // Quick replies together, the rest together.
  const turns = buttons.filter(
    ({ type }, at) => at > 0 && (type === 'QUICK_REPLY') !== (buttons[at - 1]?.type === 'QUICK_REPLY'),
  )
  return turns.length > 1 ? 'quick replies and other buttons may not be mixed' : undefined
}

/** The names of the variables of a text, each once, in the order of their first appearance; numbers by size. */
export function variablesOf(text: string): string[] {
  const names = [...new Set([...text.matchAll(/\{\{\s*(\w+)\s*\}\}/g)].map((match) => match[1] ?? ''))]
  return names.every((name) => /^\d+$/.test(name)) ? names.sort((a, b) => Number(a) - Number(b)) : names
}

export function componentOf<Type extends Component['type']>(
  components: Component[],
  wanted: Type,
): Extract<Component, { type: Type }> | undefined {
  return components.find((one): one is Extract<Component, { type: Type }> => one.type === wanted)
}

/** The components as they were checked when the template was made. */
export const componentsOf = (template: Template): Component[] => z.array(component).parse(template.components)

const codeText: Record<string, [text: string, advice: string, expiry: (minutes: number) => string]> = {
  en: [
    '*{{1}}* is your verification code.',
    'For your security, do not share this code.',
    (minutes) => `This code expires in ${minutes} minutes.`,
  ],
  ar: [
    'رمز التحقق الخاص بك هو *{{1}}*.',
    'لأمانك، لا تشارك هذا الرمز.',
    (minutes) => `تنتهي صلاحية هذا الرمز خلال ${minutes} دقائق.`,
  ],
  ur: [
    'آپ کا تصدیقی کوڈ *{{1}}* ہے۔',
    'اپنی حفاظت کے لیے یہ کوڈ کسی کو نہ بتائیں۔',
    (minutes) => `یہ کوڈ ${minutes} منٹ میں ختم ہو جائے گا۔`,
  ],
}

/** Header, body and footer with their variables. Meta writes those of authentication templates itself. */
export function wordsOf(template: Template): { header?: string; body: string; footer?: string } {
  const components = componentsOf(template)
  const header = componentOf(components, 'HEADER')?.text
  const body = componentOf(components, 'BODY')
  const footer = componentOf(components, 'FOOTER')
  if (template.category !== 'AUTHENTICATION') {
    return { body: body?.text ?? '', ...(header ? { header } : {}), ...(footer?.text ? { footer: footer.text } : {}) }
  }
  const [text, advice, expiry] = codeText[template.language.slice(0, 2)] ?? codeText.en ?? ['', '', () => '']
  const minutes = footer?.code_expiration_minutes
  return {
    body: body?.add_security_recommendation === true ? `${text} ${advice}` : text,
    ...(minutes === undefined ? {} : { footer: expiry(minutes) }),
  }
}

/** As it reads back: an OTP button has become a URL button. */
export function readsBack(template: Template): Template {
  if (template.category !== 'AUTHENTICATION') return template
  const { body, footer } = wordsOf(template)
  const text = componentOf(componentsOf(template), 'BUTTONS')?.buttons[0]?.text ?? 'Copy code'
  const url = 'https://www.whatsapp.com/otp/code/?otp_type=COPY_CODE&code=otp{{1}}'
  return {
    ...template,
    components: [
      { type: 'BODY', text: body },
      ...(footer === undefined ? [] : [{ type: 'FOOTER', text: footer }]),
      { type: 'BUTTONS', buttons: [{ type: 'URL', text, url }] },
    ],
  }
}
