import { z } from 'zod'

export const answerForm = z.object({ answer: z.enum(['allow', 'refuse'], { error: 'support.error.answer' }) })
