import { z } from 'zod'
import { checkbox, requiredName, requiredText, wholeNumber } from '../../kernel/forms.ts'
import { parseDate } from '../../kernel/time.ts'
import { identityMonths, recordYears } from './rules/retention.ts'

/** The two periods of an owner. Without `confirmed` they are only looked at. */
export const periodsForm = z.object({
  identity: wholeNumber('privacy.error.identity', identityMonths.min, identityMonths.max),
  records: wholeNumber('privacy.error.records', recordYears.min, recordYears.max),
  confirmed: checkbox(),
})
export type Periods = z.output<typeof periodsForm>

const until = z.string({ error: 'privacy.error.until' }).transform((text, issue) => {
  const day = parseDate(text)
  if (day === undefined) {
    issue.addIssue({ code: 'custom', message: 'privacy.error.until' })
    return z.NEVER
  }
  return day
})
const reason = requiredText('privacy.error.reason', 300).pipe(z.string().min(10, 'privacy.error.reason_short'))
/** The clinic's address once more, by hand: holds are set rarely and for long. */
const typed = requiredText('privacy.error.typed', 80)

export const holdForm = z.object({
  clinic: requiredText('privacy.error.clinic', 80),
  owner: requiredName('privacy.error.owner'),
  reason,
  until,
  typed,
})
export const extensionForm = z.object({ until, extension_typed: typed })
export const liftingForm = z.object({ typed })
