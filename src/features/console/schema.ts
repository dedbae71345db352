import { z } from 'zod'
import { checkbox, optionalText, requiredText, wholeNumber } from '../../kernel/forms.ts'
import { parseMoney } from '../../kernel/money.ts'
import { parseDate, type PlainDate } from '../../kernel/time.ts'
import { methodsOf } from '../billing/rules/choices.ts'
import { intervals } from '../subscription/rules/prices.ts'
import { clinicSorts, clinicStatuses, endings, healths } from './rules/clinics.ts'
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
  ends: z.enum(endings).optional().catch(undefined),
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

const reason = requiredText('console.error.reason_required', 500)
export const reasonForm = z.object({ reason })
export const extensionForm = z.object({ days: wholeNumber('console.error.days', 1, 366), reason })
export const planChoiceForm = z.object({
  plan: z.string({ error: 'console.error.plan_required' }).regex(/^[a-z0-9_-]{1,40}$/, 'console.error.plan_required'),
  interval: z.enum(intervals, { error: 'console.error.interval_required' }),
  reason,
})

const amount = (currency: string) =>
  z.string({ error: 'console.error.amount' }).transform((typed, issue) => {
    const money = parseMoney(typed, currency)
    if (money && money.minor > 0) return money.minor
    issue.addIssue({ code: 'custom', message: 'console.error.amount' })
    return z.NEVER
  })

/** A payment that an operator found. The slip comes beside the form. */
export const paymentForm = (country: string, currency: string, today: PlainDate) =>
  z.object({
    method: z
      .string({ error: 'console.error.method' })
      .refine((method) => methodsOf(country).includes(method), 'console.error.method'),
    amount: amount(currency),
    paid_on: z.string({ error: 'console.error.paid_on' }).transform((typed, issue) => {
      const date = parseDate(typed)
      const days = date?.until(today, { largestUnit: 'day' }).days
      if (date !== undefined && days !== undefined && days >= 0 && days <= 366) return date
      issue.addIssue({ code: 'custom', message: 'console.error.paid_on' })
      return z.NEVER
    }),
    reference: optionalText(100),
  })

export const refundForm = (currency: string) => z.object({ amount: amount(currency), takes_back: checkbox(), reason })
