// The form of the waiting list: what somebody waits for, and who they are.
import { z } from 'zod'
import { optionalEmail, requiredName, requiredPhone } from '../../../kernel/forms.ts'
import { parseId } from '../../../kernel/ids.ts'
import { wishFields } from '../../waitlist/rules/wish.ts'

const consent = z.literal('yes', { error: 'waitlist.error.consent' })
const service = z.string({ error: 'form.error.invalid' }).transform((text, issue) => {
  const id = parseId<'service'>(text)
  if (id === undefined) issue.addIssue({ code: 'custom', message: 'form.error.invalid' })
  return id ?? z.NEVER
})

export const waitingForm = (country: string) =>
  z.object({
    service,
    ...wishFields,
    name: requiredName('booking.error.name_required', 80),
    phone: requiredPhone('booking.error.phone_required', 'booking.error.phone_invalid', country),
    email: optionalEmail('booking.error.email_invalid'),
    consent,
    // Nobody sees this field, so nobody fills it in, but programs that fill in everything.
    website: z.string().max(0, 'booking.error.website').optional(),
  })

/** Something sooner than a visit: whose it is stands with the visit. */
export const soonerForm = z.object({ ...wishFields, consent })

export const answerForm = z.object({
  offer: z.string({ error: 'form.error.invalid' }).transform((text, issue) => {
    const id = parseId<'waiting_offer'>(text)
    if (id === undefined) issue.addIssue({ code: 'custom', message: 'form.error.invalid' })
    return id ?? z.NEVER
  }),
})

export const draftStep = z.object({ step: z.enum(['code', 'resend'], { error: 'form.error.invalid' }) })
