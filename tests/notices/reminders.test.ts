import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Temporal } from '../../src/kernel/time.ts'
import { isQuiet, planReminders, type QuietHours } from '../../src/features/notices/rules.ts'

const night = (zone: string, from = '21:00', to = '08:00'): QuietHours => ({
  from: Temporal.PlainTime.from(from),
  to: Temporal.PlainTime.from(to),
  zone,
})
const at = (local: string, zone: string) => Temporal.PlainDateTime.from(local).toZonedDateTime(zone).toInstant()

/** Due times as the clinic's wall clock shows them. */
function plan(visit: string, booked: string, quiet: QuietHours) {
  return planReminders({ startsAt: at(visit, quiet.zone), now: at(booked, quiet.zone), quiet }).map(
    ({ kind, dueAt }) =>
      `${kind} ${dueAt.toZonedDateTimeISO(quiet.zone).toPlainDateTime().toString({ smallestUnit: 'minute' })}`,
  )
}

describe('when reminders are due', () => {
  const karachi = night('Asia/Karachi')
  const london = night('Europe/London')
  it.each([
    [
      'a day and two hours before',
      '2026-11-24T16:30',
      '2026-11-20T10:00',
      karachi,
      ['reminder_24h 2026-11-23T16:30', 'reminder_2h 2026-11-24T14:30'],
    ],
    [
      'early visit: the second one when the night ends',
      '2026-11-24T09:00',
      '2026-11-20T10:00',
      karachi,
      ['reminder_24h 2026-11-23T09:00', 'reminder_2h 2026-11-24T08:00'],
    ],
    [
      'too early for that: the evening before',
      '2026-11-24T08:15',
      '2026-11-20T10:00',
      karachi,
      ['reminder_24h 2026-11-23T08:15', 'reminder_2h 2026-11-23T20:30'],
    ],
    [
      'night visit: the first one next morning',
      '2026-11-24T23:30',
      '2026-11-20T10:00',
      karachi,
      ['reminder_24h 2026-11-24T08:00', 'reminder_2h 2026-11-24T20:30'],
    ],
    [
      'booked the evening before: only the second',
      '2026-11-24T16:30',
      '2026-11-23T18:00',
      karachi,
      ['reminder_2h 2026-11-24T14:30'],
    ],
    [
      'booked 26 hours before: the first would come too soon',
      '2026-11-24T16:30',
      '2026-11-23T14:30',
      karachi,
      ['reminder_2h 2026-11-24T14:30'],
    ],
    [
      'booked 28 hours before: both',
      '2026-11-24T16:30',
      '2026-11-23T12:30',
      karachi,
      ['reminder_24h 2026-11-23T16:30', 'reminder_2h 2026-11-24T14:30'],
    ],
    ['booked 2 hours 59 before: none', '2026-11-24T16:30', '2026-11-24T13:31', karachi, []],
    [
      'booked 3 hours before: the second',
      '2026-11-24T16:30',
      '2026-11-24T13:30',
      karachi,
      ['reminder_2h 2026-11-24T14:30'],
    ],
    ['booked at night for early morning: nobody is woken', '2026-11-24T07:30', '2026-11-23T22:00', karachi, []],
    ['a visit in the past: none', '2026-11-24T07:30', '2026-11-25T22:00', karachi, []],
    [
      'across the end of summer time, 24 hours are 24 hours',
      '2026-10-25T14:00',
      '2026-10-20T10:00',
      london,
      ['reminder_24h 2026-10-24T15:00', 'reminder_2h 2026-10-25T12:00'],
    ],
    [
      'across its beginning',
      '2026-03-29T14:00',
      '2026-03-20T10:00',
      london,
      ['reminder_24h 2026-03-28T13:00', 'reminder_2h 2026-03-29T12:00'],
    ],
    [
      'no quiet hours at all',
      '2026-11-24T03:00',
      '2026-11-20T10:00',
      night('Asia/Karachi', '00:00', '00:00'),
      ['reminder_24h 2026-11-23T03:00', 'reminder_2h 2026-11-24T01:00'],
    ],
    [
      'a siesta',
      '2026-11-24T16:30',
      '2026-11-20T10:00',
      night('Africa/Cairo', '13:00', '15:00'),
      ['reminder_24h 2026-11-23T16:30', 'reminder_2h 2026-11-24T15:00'],
    ],
    [
      'two that would fall together become one',
      '2026-11-24T23:00',
      '2026-11-20T10:00',
      night('Africa/Cairo', '09:00', '08:00'),
      ['reminder_2h 2026-11-24T08:30'],
    ],
  ] as const)('%s', (_name, visit, booked, quiet, expected) => {
    expect(plan(visit, booked, quiet)).toEqual(expected)
  })

  it('always before the visit, after the booking, never by night, at most two, in order', () => {
    const clock = fc
      .integer({ min: 0, max: 24 * 60 - 1 })
      .map((m) => new Temporal.PlainTime(Math.floor(m / 60), m % 60))
    const property = fc.property(
      fc.constantFrom('Asia/Karachi', 'Africa/Cairo', 'Europe/London', 'America/New_York', 'Asia/Kathmandu'),
      clock,
      clock,
      fc.integer({ min: Date.UTC(2026, 0, 1) / 60_000, max: Date.UTC(2027, 0, 1) / 60_000 }),
      fc.integer({ min: -60, max: 72 * 60 }),
      (zone, from, to, start, lead) => {
        const quiet = { from, to, zone }
        const startsAt = Temporal.Instant.fromEpochMilliseconds(start * 60_000)
        const now = startsAt.subtract({ minutes: lead })
        const reminders = planReminders({ startsAt, now, quiet })
        expect(reminders.length).toBeLessThanOrEqual(2)
        expect(new Set(reminders.map(({ kind }) => kind)).size).toBe(reminders.length)
        for (const { dueAt, expiresAt } of reminders) {
          expect(isQuiet(dueAt, quiet)).toBe(false)
          expect(dueAt.epochMilliseconds).toBeGreaterThan(now.epochMilliseconds)
          expect(dueAt.epochMilliseconds).toBeLessThan(expiresAt.epochMilliseconds)
          expect(expiresAt.epochMilliseconds).toBeLessThan(startsAt.epochMilliseconds)
        }
        const [first, second] = reminders
        if (first && second) {
          expect(second.dueAt.epochMilliseconds - first.dueAt.epochMilliseconds).toBeGreaterThanOrEqual(2 * 3_600_000)
        }
      },
    )
    fc.assert(property, { numRuns: 3000 })
  })
})
