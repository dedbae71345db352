import { z } from 'zod'
import { latinDigits } from './money.ts'
import { cleanName } from './names.ts'
import { parsePhone } from './phone.ts'

/** What a form page needs to be drawn again: what was typed, and for each field the translation key of what is wrong. */
export type Form = { values: Record<string, string>; errors: Record<string, string> }
export type ParsedForm<T> = { ok: true; value: T; values: Record<string, string> } | ({ ok: false } & Form)

export const emptyForm: Form = { values: {}, errors: {} }

/** A form filled from what is stored, for an edit page. */
export const filledForm = (values: Record<string, string>): Form => ({ values, errors: {} })

/** The same form with an error the action found after parsing (`{ email: 'accounts.error.email_taken' }`). */
export const withErrors = (form: { values: Record<string, string> }, errors: Record<string, string>): Form => ({
  values: form.values,
  errors,
})

/**
 * Parses a posted body. Unknown keys are dropped. A repeated field arrives as an array and, like an object, is refused by
 * any string schema. Every schema message must be a translation key. On failure `values` is what was typed, as strings.
 */
export function parseForm<S extends z.ZodType>(schema: S, body: unknown): ParsedForm<z.output<S>> {
  const values = typedValues(body)
  const result = schema.safeParse(typeof body === 'object' && body !== null ? body : {})
  if (result.success) return { ok: true, value: result.data, values }
  const errors: Record<string, string> = {}
  for (const issue of result.error.issues) {
    const field = issue.path.map(String).join('.') || 'form'
    errors[field] ??= /^[a-z_]+(\.[a-z0-9_]+)+$/.test(issue.message) ? issue.message : 'form.error.invalid'
  }
  return { ok: false, values, errors }
}

function typedValues(body: unknown): Record<string, string> {
  const values: Record<string, string> = {}
  if (typeof body !== 'object' || body === null) return values
  for (const [field, value] of Object.entries(body)) {
    if (typeof value === 'string' && field !== '_csrf') values[field] = value
  }
  return values
}

// C0 and C1 controls except tab and newline: a NUL would reach Postgres as an error, the others are never typed.
const controls = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]/

/** Whether all of a text could have been typed. */
export const isTypable = (text: string): boolean => !controls.test(text)

/** Text that must be there. `key` says it is missing, repeated or empty; longer than `max` code points is refused. */
export const requiredText = (key: string, max: number) =>
  z
    .string({ error: key })
    .transform((text) => text.normalize('NFC').trim())
    .pipe(
      z
        .string()
        .min(1, key)
        .refine((text) => [...text].length <= max, 'form.error.too_long')
        .refine(isTypable, 'form.error.characters'),
    )

/** Text that may be missing or empty; then `undefined`. */
export const optionalText = (max: number) =>
  z
    .string({ error: 'form.error.invalid' })
    .optional()
    .transform((text) => text?.normalize('NFC').trim())
    .refine((text) => text === undefined || [...text].length <= max, 'form.error.too_long')
    .refine((text) => text === undefined || isTypable(text), 'form.error.characters')
    .transform((text) => (text === '' ? undefined : text))

/** The name of a person or thing: one line, cleaned by `cleanName`, with a letter or digit in it to be seen. */
export const requiredName = (key: string, max = 120) =>
  requiredText(key, max)
    .transform(cleanName)
    .pipe(z.string().regex(/[\p{L}\p{N}]/u, key))

// One address and nothing else: a comma would make a second recipient of it.
const emailShape = /^[^\s\p{C},;:"'<>()[\]\\@]{1,64}@[a-z0-9-]+(\.[a-z0-9-]+)+$/u

/** An e-mail address, lower-cased. `missing` and `invalid` are the keys for the two ways to get it wrong. */
export const requiredEmail = (missing: string, invalid: string) =>
  z
    .string({ error: missing })
    .transform((text) => text.trim().toLowerCase())
    .pipe(z.string().min(1, missing).max(254, invalid).regex(emailShape, invalid))

/** Undefined when the field is absent or blank; otherwise trimmed and in small letters. */
export const optionalEmail = (invalid: string) =>
  z
    .string({ error: invalid })
    .optional()
    .transform((text) => text?.trim().toLowerCase())
    .refine((text) => text === undefined || text === '' || (text.length <= 254 && emailShape.test(text)), invalid)
    .transform((text) => (text === '' ? undefined : text))

/** A telephone number in any usual writing, as E.164. `country` is assumed when no country code is typed. */
export const requiredPhone = (missing: string, invalid: string, country: string) =>
  z
    .string({ error: missing })
    .trim()
    .min(1, missing)
    .transform((text, issue) => {
      const phone = parsePhone(text, country)
      if (phone === undefined) {
        issue.addIssue({ code: 'custom', message: invalid })
        return z.NEVER
      }
      return phone
    })

/** A checkbox: present in the body when ticked, absent otherwise. */
export const checkbox = () =>
  z
    .string()
    .optional()
    .transform((value) => value !== undefined && value !== '')

/** A whole number typed in a field, in Latin, Arabic or Urdu digits, within `[min, max]`. */
export const wholeNumber = (key: string, min: number, max: number) =>
  z
    .string({ error: key })
    .transform((text) => latinDigits(text.trim()))
    .pipe(z.string().regex(/^\d{1,9}$/, key))
    .transform(Number)
    .pipe(z.number().min(min, key).max(max, key))
