// What patients were shown against how long they waited, on days played again.
import { describe, expect, it } from 'vitest'
import { habits, recordDay, replay, summaryOf } from '../support/recorded-days.ts'

describe('days played again', () => {
  it('have everybody who came called once, and nobody before they came', () => {
    for (const habit of habits) {
      for (const { arrivedAt, inRoomAt, fulfilledAt } of recordDay(habit, 3, 1)) {
        expect(inRoomAt === null).toBe(arrivedAt === null)
        if (arrivedAt !== null) expect(inRoomAt!).toBeGreaterThanOrEqual(arrivedAt)
        if (inRoomAt !== null) expect(fulfilledAt!).toBeGreaterThan(inRoomAt)
      }
    }
  })

  it.each(habits.map((habit, index) => ({ ...habit, habit, seed: index + 1 })))(
    'a doctor who $name: what is shown is nearer than people times plan, and within minutes',
    { timeout: 30_000 },
    ({ habit, seed }) => {
      const errors = replay(habit, seed, 25, 15)
      const [shown, naive] = [summaryOf(errors.shown), summaryOf(errors.naive)]
      expect(shown.count).toBeGreaterThan(100)
      expect(shown.median).toBeLessThanOrEqual(naive.median)
      expect(shown.median).toBeLessThanOrEqual(11)
      expect(shown.high - shown.low).toBeLessThan(naive.high - naive.low + 10)
    },
  )
})
