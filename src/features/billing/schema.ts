import { z } from 'zod'
import { optionalText, requiredText } from '../../kernel/forms.ts'
import { parseMoney } from '../../kernel/money.ts'
import type { Temporal } from '../../kernel/time.ts'
import { parseDate, type PlainDate } from '../../kernel/time.ts'
import { intervals } from '../subscription/rules/prices.ts'
import { cancelReasons, methodsOf } from './rules/choices.ts'

const code = z.string({ error: 'form.error.invalid' }).regex(/^[a-z0-9_-]{1,40}$/, 'form.error.invalid')

/** Which plan, paid how. From the address when it is looked at, from the form when it is meant. */
export const choiceForm = z.object({ plan: code, interval: z.enum(intervals, { error: 'form.error.invalid' }) })

export const cancellationForm = z.object({
  reason: z.enum(cancelReasons, { error: 'billing.error.reason' }),
  note: optionalText(500),
})

/** What an owner says of a payment made by hand. The slip comes beside the form. */
export const declarationForm = (country: string, currency: string, today: PlainDate) =>
  z.object({
    method: z
      .string({ error: 'billing.error.method' })
      .refine((method) => methodsOf(country).includes(method), 'billing.error.method'),
    amount: z.string({ error: 'billing.error.amount' }).transform((text, issue) => {
      const amount = parseMoney(text, currency)
      if (amount === undefined || amount.minor === 0) {
        issue.addIssue({ code: 'custom', message: 'billing.error.amount' })
        return z.NEVER
      }
      return amount.minor
    }),
    paid_on: z.string({ error: 'billing.error.date' }).transform((text, issue) => {
      const date = parseDate(text)
      // A year back is a slip of the pen, and tomorrow has not been paid.
      const days = date && date.until(today, { largestUnit: 'day' }).days
      if (date === undefined || days === undefined || days < 0 || days > 366) {
        issue.addIssue({ code: 'custom', message: 'billing.error.date' })
        return z.NEVER
      }
      return date
    }),
    reference: requiredText('billing.error.reference', 100),
  })

export type Declaration = { method: string; amount: number; paid_on: Temporal.PlainDate; reference: string }
