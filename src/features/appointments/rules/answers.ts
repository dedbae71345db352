// What a service asks and what was said to it. The patient's own page asks for what the clinic can't do without; at the
// desk every question may be left open, and filled in later on the visit.
import { optionalText } from '../../../kernel/forms.ts'
import { parseId, type ServiceId } from '../../../kernel/ids.ts'
import { isolated } from '../../../kernel/names.ts'
import { mostQuestions, type Question } from '../../clinics/rules/services.ts'
import type { Answer, Status } from '../rules.ts'

/** What a service asks, in order. */
export const questionsOf = (settings: { questions: readonly Question[] }, serviceId: ServiceId): readonly Question[] =>
  settings.questions.filter((question) => question.serviceId === serviceId)

/** The field of a question. */
export const answerField = (questionId: string): string => `q_${questionId}`

export const isAnswerField = (name: string): boolean => name.startsWith('q_') && parseId(name.slice(2)) !== undefined

export const longestAnswer = 200

/** Whether answers may be filled in: somebody's visit, and nobody's whose data is restricted. */
export const answerable = (visit: { status: Status; patientId: string | null; hidden: boolean }): boolean =>
  visit.status !== 'pending' && visit.patientId !== null && !visit.hidden

/** What was typed under the questions, in their order; those left open not at all. */
export function answersIn(
  questions: readonly Question[],
  typed: Readonly<Record<string, unknown>>,
): { answers: Answer[]; errors: Record<string, string> } {
  const answers: Answer[] = []
  const errors: Record<string, string> = {}
  for (const { id, label: question, kind, choices } of questions) {
    const field = answerField(id)
    const parsed = optionalText(longestAnswer).safeParse(typed[field])
    if (!parsed.success) {
      errors[field] = parsed.error.issues[0]?.message ?? 'form.error.invalid'
      continue
    }
    const answer = parsed.data
    if (answer === undefined) continue
    const allowed = kind === 'text' || (kind === 'choice' ? choices : ['yes', 'no']).includes(answer)
    if (allowed) answers.push({ question, kind, answer })
    else errors[field] = 'desk.error.not_a_choice'
  }
  return { answers, errors }
}

/** What of a form was typed under questions, to be sent along to the next one. */
export const typedAnswers = (typed: Readonly<Record<string, unknown>>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(typed)
      .filter((entry): entry is [string, string] => typeof entry[1] === 'string' && isAnswerField(entry[0]))
      .slice(0, mostQuestions),
  )

/** The questions as fields of a form at the desk, with what was typed. */
export const answerFields = (
  t: (key: string) => string,
  questions: readonly Question[],
  { values, errors }: { values: Readonly<Record<string, string>>; errors: Readonly<Record<string, string>> },
) =>
  questions.map(({ id, kind, label, choices }) => {
    const name = answerField(id)
    const value = values[name] ?? ''
    const offered = kind === 'yes_no' ? ['yes', 'no'] : choices
    // What was chosen and is no choice any more stays in sight next to what is wrong with it.
    const options = value === '' || offered.includes(value) ? offered : [...offered, value]
    return {
      name,
      // In the clinic's words, whatever language the page speaks.
      label: isolated(label),
      required: false,
      value,
      error: errors[name],
      ...(kind === 'text'
        ? { maxlength: longestAnswer, dir: 'auto' }
        : {
            type: 'select',
            options: [
              { value: '', label: t('desk.answers.open') },
              ...options.map((option) => ({
                value: option,
                label: kind === 'yes_no' && offered.includes(option) ? t(`desk.visit.${option}`) : option,
              })),
            ],
          }),
    }
  })

/**
 * What a visit's form of answers asks: the service's questions as they are now. What was answered while they read
 * otherwise is `kept` as it was said; a choice that is no longer offered stays one for this visit.
 */
export function askedAgain(
  questions: readonly Question[],
  before: readonly Answer[],
): { questions: Question[]; values: Record<string, string>; kept: Answer[] } {
  const answered = (one: Question) => before.find(({ question, kind }) => question === one.label && kind === one.kind)
  const values: Record<string, string> = {}
  const asked = questions.map((one) => {
    const answer = answered(one)?.answer
    if (answer === undefined) return one
    values[answerField(one.id)] = answer
    return one.kind === 'choice' && !one.choices.includes(answer) ? { ...one, choices: [...one.choices, answer] } : one
  })
  const again = new Set(questions.map(answered))
  return { questions: asked, values, kept: before.filter((one) => !again.has(one)) }
}

/** What was said before and what is said now: the later word counts, and what is left open now stays as it was. */
export function withAnswers(before: readonly Answer[], now: readonly Answer[]): Answer[] {
  const again = (answers: readonly Answer[], { question, kind }: Answer) =>
    answers.find((one) => one.question === question && one.kind === kind)
  return [...before.map((one) => again(now, one) ?? one), ...now.filter((one) => !again(before, one))]
}
