import { z } from 'zod'
import { policyCodes } from '../../kernel/policies.ts'
import { parseInstant } from '../../kernel/time.ts'

const code = z.enum(policyCodes, { error: 'form.error.invalid' })
const number = z.coerce.number({ error: 'form.error.invalid' }).int().min(1).max(10_000)
const summary = z.string().trim().max(1000, 'policies.error.summary').optional()

export const draftForm = z.object({ policy: code })
export const acceptanceForm = z.object({ versions: z.string({ error: 'form.error.invalid' }).max(200) })
export const compareQuery = z.object({ policy: code, from: number, to: number })

/** A draft may be kept half done; publishing asks for the rest. */
export const planForm = z.object({
  material: z.enum(['yes', 'no']).optional(),
  summary_en: summary,
  summary_ar: summary,
  summary_ur: summary,
  effective: z
    .string()
    .optional()
    .transform((text, context) => {
      if (text === undefined || text === '') return null
      const at = parseInstant(`${text}Z`)
      if (at === undefined) context.addIssue({ code: 'custom', message: 'policies.error.effective' })
      return at ?? null
    }),
  publish: z.string().optional(),
})
