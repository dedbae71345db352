import { z } from 'zod'
import { zipPasswordLength } from './rules.ts'

const { min, max } = zipPasswordLength

/**
 * Asking for an export, with a password for the file if wanted. Programs disagree about how a ZIP's password is spelled
 * in bytes, so it is made of what every keyboard has.
 */
export const askForm = z
  .object({
    password: z
      .string({ error: 'form.error.invalid' })
      .optional()
      .transform((text) => (text === '' ? undefined : text))
      .refine((text) => text === undefined || text.length >= min, 'export.error.password_short')
      .refine((text) => text === undefined || text.length <= max, 'form.error.too_long')
      .refine((text) => text === undefined || /^[\x20-\x7e]+$/.test(text), 'export.error.password_characters'),
    again: z.string({ error: 'form.error.invalid' }).optional(),
  })
  .refine(({ password, again }) => password === undefined || password === again, {
    path: ['again'],
    message: 'export.error.password_differs',
  })

/** One patient: to keep as a file or to read. Unknown words mean the page. */
export const patientForm = z.object({ format: z.enum(['page', 'json']).catch('page') })

export const manifestFile = z.object({
  format: z.literal('nabz-export'),
  version: z.literal(1),
  clinic: z.object({ id: z.string(), name: z.string(), slug: z.string() }),
  files: z.array(z.object({ file: z.string(), rows: z.number(), sha256: z.string() })),
  attachments: z.array(z.object({ file: z.string(), sha256: z.string() })).default([]),
})
