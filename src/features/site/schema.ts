import { z } from 'zod'
import { optionalText, requiredEmail, requiredName, requiredText } from '../../kernel/forms.ts'
import { requestTopics } from '../requests/rules.ts'

export const contactForm = z.object({
  topic: z
    .string({ error: 'site.contact.error.topic' })
    .transform((text) => requestTopics.find((topic) => topic === text))
    .refine((topic) => topic !== undefined, 'site.contact.error.topic'),
  name: requiredName('site.contact.error.name'),
  email: requiredEmail('site.contact.error.email_required', 'site.contact.error.email_invalid'),
  clinic: optionalText(120),
  message: requiredText('site.contact.error.message', 4000),
  // Nobody sees this field, so nobody fills it in, but programs that fill in everything.
  website: z.string().optional(),
})
export type ContactForm = z.output<typeof contactForm>

/** A parameter of an address: one short text, or nothing. */
export function oneWord(value: unknown, max = 80): string | undefined {
  if (typeof value !== 'string') return undefined
  const text = value.normalize('NFC').replace(/\p{C}/gu, '').trim()
  return text === '' || [...text].length > max ? undefined : text
}

export function pageNumber(value: unknown, max = 10_000): number {
  return typeof value === 'string' && /^[1-9]\d{0,5}$/.test(value) ? Math.min(Number(value), max) : 1
}
