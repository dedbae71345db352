import type { ServiceId } from '../../../kernel/ids.ts'
import type { Question } from '../../clinics/rules/services.ts'

/** What a service asks, in order. */
export const questionsOf = (settings: { questions: readonly Question[] }, serviceId: ServiceId): readonly Question[] =>
  settings.questions.filter((question) => question.serviceId === serviceId)
