// Fills a template with the parameters of a send, or says in Meta's codes what does not fit.
import { z } from 'zod'
import { graphError, type GraphError } from './errors.ts'
import type { Button, Content, Template } from './state.ts'
import { componentOf, componentsOf, variablesOf, wordsOf, type ButtonDefinition } from './templates.ts'

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
export const templateUse = z.object({
  name: z.string().min(1),
  language: z.object({ code: z.string().min(1) }),
  components: z.array(component).default([]),
})
type Use = z.infer<typeof templateUse>
type Given = z.infer<typeof component>
type Parameter = z.infer<typeof parameter>

export const isError = (one: object): one is GraphError => 'code' in one && 'status' in one

export function filledIn(template: Template, use: Use): Content | GraphError {
  const fault = faultOf(template, use)
  if (fault) return fault
  const words = wordsOf(template)
  const part = (type: string) => use.components.find((one) => one.type.toLowerCase() === type)
  const header = filled('header', words.header ?? '', part('header'))
  const body = filled('body', words.body, part('body'))
  if (typeof header !== 'string') return header
  if (typeof body !== 'string') return body
  if ([...body].length > 1024) return graphError(132005, 'body: more than 1024 characters')
  const buttons = filledButtons(template, use, part('body'))
  if (!Array.isArray(buttons)) return buttons
  return {
    text: body,
    buttons,
    template: template.name,
    category: template.category.toLowerCase(),
    ...(header === '' ? {} : { header }),
    ...(words.footer === undefined ? {} : { footer: words.footer }),
  }
}

function faultOf(template: Template, use: Use): GraphError | undefined {
  if (template.status === 'PAUSED') return graphError(132015)
  if (template.status === 'DISABLED') return graphError(132016)
  if (template.status !== 'APPROVED') {
    return graphError(132001, `template name (${template.name}) is ${template.status} in ${template.language}`)
  }
  for (const { type, parameters } of use.components) {
    if (!['header', 'body', 'button'].includes(type.toLowerCase())) return graphError(131009, `component ${type}`)
    for (const { text } of parameters) {
      if (text !== undefined && /[\n\r\t]| {5}/.test(text)) {
        return graphError(132018, 'Param text cannot have new-line/tab characters or more than 4 consecutive spaces')
      }
    }
  }
  return undefined
}

function filled(place: 'header' | 'body', text: string, given: Given | undefined): string | GraphError {
  const names = variablesOf(text)
  const parameters = given?.parameters ?? []
  if (names.length !== parameters.length) {
    const details = `${place}: number of localizable_params (${parameters.length}) does not match the expected number of params (${names.length})`
    return graphError(132000, details)
  }
  const values = new Map<string, string>()
  for (const [index, one] of parameters.entries()) {
    if (one.type !== 'text') return graphError(132012, `${place}: parameter ${index} is ${one.type}, expected text`)
    if (one.text === undefined || one.text === '') {
      return graphError(131008, 'Parameter of type text is missing text value')
    }
    values.set(one.parameter_name ?? String(index + 1), one.text)
  }
  const missing = names.find((name) => !values.has(name))
  if (missing !== undefined) return graphError(132012, `${place}: no parameter is named ${missing}`)
  return text.replace(/\{\{\s*(\w+)\s*\}\}/g, (_hole, name: string) => values.get(name) ?? '')
}

function filledButtons(template: Template, use: Use, body: Given | undefined): Button[] | GraphError {
  const definitions = componentOf(componentsOf(template), 'BUTTONS')?.buttons ?? []
  const given = use.components.filter(({ type }) => type.toLowerCase() === 'button')
  for (const { index } of given) {
    if (!/^\d+$/.test(String(index ?? ''))) return graphError(131008, 'buttons: index is missing')
    if (!definitions[Number(index)]) return graphError(132018, `buttons: there is no button at index ${index}`)
  }
  const buttons: Button[] = []
  for (const [index, definition] of definitions.entries()) {
    const own = given.find((one) => Number(one.index) === index)
    const one = filledButton(definition, index, own, body?.parameters[0])
    if (isError(one)) return one
    buttons.push(one)
  }
  return buttons
}

function filledButton(
  definition: ButtonDefinition,
  index: number,
  given: Given | undefined,
  code: Parameter | undefined,
): Button | GraphError {
  const kind = definition.type === 'OTP' ? 'url' : definition.type.toLowerCase()
  if (given && given.sub_type?.toLowerCase() !== kind) {
    return graphError(132012, `buttons: button at index ${index} is of type ${kind}, not ${given.sub_type ?? 'none'}`)
  }
  const [parameter] = given?.parameters ?? []
  const lacking = graphError(131008, `buttons: Button at index ${index} of type ${kind} requires a parameter`)
  const text = definition.text ?? 'Copy code'
  switch (definition.type) {
    case 'QUICK_REPLY':
      if (given && parameter?.payload === undefined) return lacking
      if ((parameter?.payload?.length ?? 0) > 256) return graphError(131009, 'buttons: the payload is longer than 256')
      return { kind: 'reply', text, payload: parameter?.payload ?? text }
    case 'OTP':
      if (parameter?.text === undefined) return lacking
      if (parameter.text !== code?.text) return graphError(131009, 'the code of body and button must be the same')
      if (!/^[\p{L}\p{N} -]{1,15}$/u.test(parameter.text)) return graphError(131009, 'a code has at most 15 characters')
      return { kind: 'copy', text, code: parameter.text }
    case 'PHONE_NUMBER':
      return { kind: 'url', text, url: `tel:${definition.phone_number}` }
    case 'URL':
      if (!definition.url.includes('{{1}}')) {
        return parameter
          ? graphError(132000, 'buttons: the address has no variable')
          : { kind: 'url', text, url: definition.url }
      }
      if (parameter?.text === undefined || parameter.text === '') return lacking
      return { kind: 'url', text, url: definition.url.replace('{{1}}', () => parameter.text ?? '') }
  }
}
