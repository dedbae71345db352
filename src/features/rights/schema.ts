import { z } from 'zod'
import { checkbox, optionalEmail, optionalText, requiredName, requiredPhone, requiredText } from '../../kernel/forms.ts'
import { parseId } from '../../kernel/ids.ts'
import { languages } from '../../platform/i18n/languages.ts'
import { rightKinds } from './rules.ts'

const kind = z.enum(rightKinds, { error: 'rights.error.kind' })
const language = z.enum(languages, { error: 'form.error.invalid' })

/** For a patient who was found, or for somebody by name and number. */
export const askedForm = (country: string) =>
  z.discriminatedUnion('who', [
    z.object({ who: z.literal('known'), patient: patientId(), kind, words: optionalText(4_000) }),
    z.object({
      who: z.literal('new'),
      kind,
      words: optionalText(4_000),
      name: requiredName('rights.error.name'),
      phone: requiredPhone('rights.error.phone', 'rights.error.phone', country),
      language,
    }),
  ])

const patientId = () =>
  z.string({ error: 'rights.error.patient' }).transform((text, issue) => {
    const id = parseId<'patient'>(text)
    if (id !== undefined) return id
    issue.addIssue({ code: 'custom', message: 'rights.error.patient' })
    return z.NEVER
  })

export const kindForm = z.object({ kind })
export const patientForm = z.object({ patient: patientId() })
export const codeForm = z.object({ code: requiredText('rights.error.code', 40) })
export const seenForm = z.object({ note: requiredText('rights.error.note', 500) })
export const copyForm = z.object({ format: z.enum(['page', 'json'], { error: 'form.error.invalid' }) })
export const answerCopyForm = z.object({
  code: requiredText('rights.error.code', 40),
  format: z.enum(['page', 'json'], { error: 'form.error.invalid' }),
})

export const decisionForm = z.object({
  decision: z.enum(['done', 'partly', 'refused'], { error: 'rights.error.decision' }),
  reasons: optionalText(2_000),
  tell: checkbox(),
})

/** What is right, as the clinic read it; a name and a number always, an address may be none. */
export const correctionForm = (country: string) =>
  z.object({
    correct_name: requiredName('rights.error.name'),
    correct_phone: requiredPhone('rights.error.phone', 'rights.error.phone', country),
    correct_email: optionalEmail('rights.error.email'),
    correct_language: language,
  })

/** The boxes of parts that were ticked, by name. */
export function partsTicked(body: unknown): string[] {
  if (typeof body !== 'object' || body === null) return []
  return Object.keys(body).flatMap((key) => (key.startsWith('part_') ? [key.slice(5)] : []))
}

export const listQuery = z.object({
  state: z.enum(['open', 'closed']).optional().catch(undefined),
  kind: z.enum(rightKinds).optional().catch(undefined),
  q: z
    .string()
    .optional()
    .catch(undefined)
    .transform((text) => text?.trim().slice(0, 100) ?? ''),
})
