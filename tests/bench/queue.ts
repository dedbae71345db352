// How far the waiting times that patients are shown lie from how long they waited: `npm run bench -- --only queue`.
import { habits, replay, summaryOf, type Errors } from '../support/recorded-days.ts'

export const queueScenario = 'queue, waiting times replayed'

/** The days of four doctors again, each learned from the days before; by doctor and together. */
export function measureWaitingTimes(days: number): void {
  const all: Errors = { shown: [], naive: [] }
  const say = (name: string, { shown, naive }: Errors) => {
    const [own, first] = [summaryOf(shown), summaryOf(naive)]
    const span = ({ low, high }: typeof own) => `${low.toFixed(0)} to +${high.toFixed(0)}`
    console.log(
      `  ${name.padEnd(36)} ${own.median.toFixed(1).padStart(5)} min  (four of five: ${span(own)})   ` +
        `people × plan: ${first.median.toFixed(1).padStart(5)} min  (${span(first)})   ${own.count} times shown`,
    )
  }
  console.log('\nwaiting times shown, median error')
  for (const [seed, habit] of habits.entries()) {
    const errors = replay(habit, seed + 1, days + 10, days)
    all.shown.push(...errors.shown)
    all.naive.push(...errors.naive)
    say(habit.name, errors)
  }
  say('all of them', all)
}
