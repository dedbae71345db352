import { z } from 'zod'
import { requiredText } from '../../kernel/forms.ts'

export const answerForm = z.object({ answer: z.enum(['allow', 'refuse'], { error: 'support.error.answer' }) })

export const declareForm = z.object({
  clinic: requiredText('support.error.clinic_required', 80),
  reason: requiredText('support.error.reason_required', 300).pipe(z.string().min(10, 'support.error.reason_short')),
})
