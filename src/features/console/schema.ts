import { z } from 'zod'
import { requiredText } from '../../kernel/forms.ts'
import { parseDate } from '../../kernel/time.ts'
import { clinicSorts, clinicStatuses, healths } from './rules/clinics.ts'
import { documentKinds, paymentStatuses } from './rules/money.ts'

/** One word of an address; whatever can't be one is as if it were not there. */
const word = z
  .string()
  .regex(/^[\w~.:,+-]{1,60}$/)
  .optional()
  .catch(undefined)
const text = z
  .string()
  .transform((value) => value.replace(/[\p{Cc}]/gu, ' ').slice(0, 120))
  .catch('')
const place = z.string().max(400).optional().catch(undefined)

export const clinicsQuery = z.object({
  q: text,
  plan: word,
  status: z.enum(clinicStatuses).optional().catch(undefined),
  country: z
    .string()
    .regex(/^[A-Z]{2}$/)
    .optional()
    .catch(undefined),
  health: z.enum(healths).optional().catch(undefined),
  sort: z.enum(clinicSorts).catch('created'),
  order: z.enum(['asc', 'desc']).catch('desc'),
  after: place,
  before: place,
})
export type ClinicsQuery = z.output<typeof clinicsQuery>

/** A day of a filter; what is no date sets no bound. */
const day = z
  .unknown()
  .optional()
  .transform((value) => parseDate(value))
const days = { from: day, to: day, after: place, before: place }

export const paymentsQuery = z.object({
  status: z.enum(paymentStatuses).optional().catch(undefined),
  method: word,
  ...days,
})
export type PaymentsQuery = z.output<typeof paymentsQuery>

export const documentsQuery = z.object({ q: text, kind: z.enum(documentKinds).optional().catch(undefined), ...days })
export type DocumentsQuery = z.output<typeof documentsQuery>

export const noteForm = z.object({ body: requiredText('console.error.note_required', 2000) })
