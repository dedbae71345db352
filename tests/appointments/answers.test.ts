import { describe, expect, it } from 'vitest'
import { answersIn, askedAgain, withAnswers } from '../../src/features/appointments/rules/answers.ts'

describe('a question that changed since', () => {
  const question = {
    id: 'q' as never,
    serviceId: 's' as never,
    kind: 'choice' as const,
    label: 'Which side?',
    choices: ['left'],
    required: true,
  }
  it('leaves what was said to it as it was said', () => {
    const before = [
      { question: 'Which side?', kind: 'choice' as const, answer: 'right' },
      { question: 'Any allergies?', kind: 'text' as const, answer: 'none' },
    ]
    const again = askedAgain([question], before)
    expect(again.questions[0]!.choices).toEqual(['left', 'right'])
    expect(again.values).toEqual({ q_q: 'right' })
    expect(again.kept).toEqual([before[1]])
    expect(answersIn(again.questions, again.values)).toEqual({ answers: [before[0]], errors: {} })
  })
})

describe('what is said when answers were given before', () => {
  const said = (question: string, answer: string) => ({ question, kind: 'text' as const, answer })
  const before = [said('Why do you come?', 'My knee'), said('Any allergies?', 'none')]

  it('is added, and counts where the same was answered', () => {
    const now = [said('Any allergies?', 'nuts'), said('Fasting?', 'yes')]
    expect(withAnswers(before, now)).toEqual([before[0], ...now])
  })

  it('erases nothing by leaving it open', () => {
    expect(withAnswers(before, [])).toEqual(before)
  })
})
