import { z } from 'zod'
import { optionalEmail, optionalText, requiredName, requiredPhone } from '../../kernel/forms.ts'
import { languages } from '../../platform/i18n/languages.ts'
import { codeIn } from '../booking/rules/codes.ts'
import { purposes } from '../consents/rules.ts'
import { askable } from './rules.ts'

export const phoneForm = (country: string) =>
  z.object({
    phone: requiredPhone('portal.error.phone_required', 'portal.error.phone_invalid', country),
    // Nobody sees this field, so nobody fills it in, but programs that fill in everything.
    website: z.string().max(0, 'form.error.invalid').optional(),
  })

export const codeForm = z.object({
  code: z.string({ error: 'portal.error.code_required' }).transform((text, issue) => {
    if (text.trim() === '') issue.addIssue({ code: 'custom', message: 'portal.error.code_required' })
    const code = codeIn(text)
    if (code === undefined) issue.addIssue({ code: 'custom', message: 'portal.error.code_digits' })
    return code ?? z.NEVER
  }),
})

export const stepForm = z.object({ step: z.enum(['code', 'resend'], { error: 'form.error.invalid' }) })

export const correctionForm = (country: string) =>
  z.object({
    name: requiredName('portal.error.name_required', 80),
    phone: requiredPhone('portal.error.phone_required', 'portal.error.phone_invalid', country),
    email: optionalEmail('portal.error.email_invalid'),
    language: z.enum(languages, { error: 'form.error.invalid' }),
    words: optionalText(1000),
  })

export const consentForm = z.object({
  purpose: z.enum(purposes, { error: 'form.error.invalid' }),
  decision: z.enum(['permit', 'deny'], { error: 'form.error.invalid' }),
})

export const wishForm = z.object({ wish: z.enum(['stop', 'start'], { error: 'form.error.invalid' }) })

export const requestForm = z
  .object({ kind: z.enum(askable, { error: 'form.error.invalid' }), words: optionalText(1000) })
  .superRefine(({ kind, words }, issue) => {
    // Whoever objects says to what; the others say everything by their name.
    if (kind !== 'objection' || words !== undefined) return
    issue.addIssue({ code: 'custom', path: ['words'], message: 'portal.error.words_required' })
  })
