import { z } from 'zod'
import { optionalText, requiredText } from '../../kernel/forms.ts'
import { closingReasons, tellings, type ClosingReason } from './rules.ts'

const known = (text: unknown): text is ClosingReason => closingReasons.some((one) => one === text)

/** What was ticked: one word or a list of them; others are nobody's. */
const ticked = z
  .unknown()
  .optional()
  .transform((given) => closingReasons.filter((one) => [given].flat().some((two) => two === one)))

/** Whether `name` is the clinic's is looked at with the clinic at hand. */
export const closeForm = z.object({
  reasons: ticked,
  comment: optionalText(1000),
  tell: z.enum(tellings, { error: 'closing.error.tell_required' }),
  name: requiredText('closing.error.name_required', 200),
})

/** What was ticked, for a form that is shown again. */
export function chosenReasons(body: unknown): ClosingReason[] {
  const given = typeof body === 'object' && body !== null && 'reasons' in body ? body.reasons : []
  return [given].flat().filter(known)
}

export const undoForm = z.object({ reason: requiredText('closing.error.reason_required', 500) })

/** A certificate, pasted; an uploaded one comes beside the form. */
export const verifyForm = z.object({ text: optionalText(60_000) })
