import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { AppointmentId, PractitionerId } from '../../src/kernel/ids.ts'
import { Temporal } from '../../src/kernel/time.ts'
import {
  dueAt,
  inOrder,
  lineOf,
  placeAfterSkip,
  skipBehind,
  walkInGivesWayMinutes,
  type Queued,
} from '../../src/features/queue/rules/line.ts'

const at = (time: string) => Temporal.Instant.from(`2026-11-24T${time}:00Z`)
const minute = (count: number) => at('09:00').add({ minutes: count })

let made = 0
function visit(facts: Partial<Queued> = {}): Queued {
  const number = ++made
  return {
    id: `00000000-0000-7000-8000-${String(number).padStart(12, '0')}` as AppointmentId,
    practitionerId: 'sana' as PractitionerId,
    status: 'arrived',
    startsAt: at('10:00'),
    arrivedAt: at('09:55'),
    inRoomAt: null,
    token: number,
    walkIn: false,
    priority: null,
    priorityAt: null,
    placeAt: null,
    placeTie: null,
    skips: 0,
    steppedOutAt: null,
    ...facts,
  }
}
const booked = (starts: string, arrived: string, facts: Partial<Queued> = {}) =>
  visit({ startsAt: at(starts), arrivedAt: at(arrived), ...facts })
const walkIn = (arrived: string, facts: Partial<Queued> = {}) =>
  visit({ startsAt: at(arrived), arrivedAt: at(arrived), walkIn: true, ...facts })
const first = (at: string) =>
  ({ priority: 'urgent', priorityAt: Temporal.Instant.from(`2026-11-24T${at}:00Z`) }) as const

describe('who is next', () => {
  it.each([
    ['booked people come by their time, however early they came', [booked('10:30', '09:00'), booked('10:00', '09:59')], [1, 0]],
    ['a few minutes late keeps the place', [booked('10:15', '09:50'), booked('10:00', '10:15')], [1, 0]],
    ['later than that comes in by arrival', [booked('10:15', '09:50'), booked('10:00', '10:16')], [0, 1]],
    ['a walk-in lets those go first who booked for the next minutes', [walkIn('10:00'), booked('10:14', '10:05')], [1, 0]],
    ['and goes before those who booked for later', [walkIn('10:00'), booked('10:30', '09:30')], [0, 1]],
    ['walk-ins go by arrival', [walkIn('10:05'), walkIn('10:00')], [1, 0]],
    ['at the same time the lower number goes first', [visit({ token: 9 }), visit({ token: 3 })], [1, 0]],
    ['priority goes before all others', [booked('09:00', '09:00'), walkIn('10:00', first('10:05'))], [1, 0]],
    [
      'among several by when it was given',
      [booked('09:00', '09:00', first('10:06')), walkIn('10:00', first('10:05'))],
      [1, 0],
    ],
  ])('%s', (_, people, expected) => {
    expect(inOrder(people).map((one) => people.indexOf(one))).toEqual(expected)
  }) // prettier-ignore

  it('leaves out who stepped out, and keeps their place', () => {
    const [early, late] = [booked('10:00', '09:50', { steppedOutAt: at('09:58') }), booked('10:30', '09:50')]
    expect(lineOf([early, late])).toMatchObject({ waiting: [late], steppedOut: [early] })
    expect(lineOf([{ ...early, steppedOutAt: null }, late]).waiting[0]?.id).toBe(early.id)
  })

  it('shows a number whose arrival was taken back as left, and nobody who never had one', () => {
    const [gone, cancelled, never] = [
      visit({ status: 'booked', arrivedAt: null }),
      visit({ status: 'cancelled' }),
      visit({ status: 'booked', arrivedAt: null, token: undefined }),
    ]
    expect(lineOf([gone, cancelled, never]).left).toEqual([gone, cancelled])
  })
})

describe('not here when called', () => {
  const line = () => [booked('10:00', '09:50'), booked('10:15', '09:50'), booked('10:30', '09:50'), booked('10:45', '09:50')]
  const skipped = (people: Queued[], index: number) => {
    const one = people[index]!
    const place = placeAfterSkip(one, people)
    const moved = {
      ...one,
      priorityAt: null,
      ...(place && {
        placeAt: Temporal.Instant.fromEpochMilliseconds(place.placeAt),
        placeTie: place.placeTie,
      }),
    }
    return inOrder(people.map((each) => (each === one ? moved : each))).map((each) => people.findIndex(({ id }) => id === each.id))
  }

  it('goes behind the next two', () => expect(skipped(line(), 0)).toEqual([1, 2, 0, 3]))
  it('goes to the end of a short line', () => expect(skipped(line().slice(0, 2), 0)).toEqual([1, 0]))
  it('stays alone where nobody else waits', () => expect(placeAfterSkip(line()[0]!, [])).toBeUndefined())
  it('uses up a precedence', () => {
    const people = [booked('11:00', '09:50', first('09:55')), ...line()]
    expect(skipped(people, 0)).toEqual([1, 2, 3, 4, 0])
  })
  it('does not come before those with precedence', () => {
    const people = [booked('10:00', '09:50'), booked('10:15', '09:50', first('09:55')), booked('10:30', '09:50', first('09:56'))]
    expect(skipped(people, 0)).toEqual([1, 2, 0])
  })
}) // prettier-ignore

const anybody = fc.record({
  starts: fc.integer({ min: 0, max: 40 }),
  arrived: fc.integer({ min: -60, max: 240 }),
  walkIn: fc.boolean(),
  priorityAt: fc.option(fc.integer({ min: 0, max: 240 }), { freq: 6 }),
})
const people = fc.array(anybody, { minLength: 1, maxLength: 12 }).map((many) =>
  many.map(({ starts, arrived, walkIn, priorityAt }, index) =>
    visit({
      // Several at the same time too, as the desk squeezes in.
      startsAt: walkIn ? minute(arrived) : minute(starts * 5),
      arrivedAt: minute(arrived),
      walkIn,
      token: index + 1,
      ...(priorityAt === null ? {} : { priority: 'other' as const, priorityAt: minute(priorityAt) }),
    }),
  ),
)

describe('whatever the day', () => {
  it('somebody new reorders nobody who waits', () => {
    fc.assert(
      fc.property(people, (line) => {
        const [newcomer, ...others] = line
        expect(inOrder(line).filter((one) => one !== newcomer)).toEqual(inOrder(others))
      }),
    )
  })

  it('skipping moves nobody else, and the skipped behind two at least of those who waited behind', () => {
    fc.assert(
      fc.property(people, fc.nat(), (line, pick) => {
        const before = inOrder(line)
        const one = before[pick % before.length]!
        const others = before.filter((each) => each !== one)
        const place = placeAfterSkip(one, line)
        const moved: Queued = {
          ...one,
          priorityAt: null,
          ...(place && { placeAt: Temporal.Instant.fromEpochMilliseconds(place.placeAt), placeTie: place.placeTie }),
        }
        const after = inOrder([...others, moved])
        expect(after.filter((each) => each !== moved)).toEqual(others)
        const wanted = Math.min(skipBehind, others.length)
        expect(after.indexOf(moved)).toBeGreaterThanOrEqual(wanted)
        // Who neither had precedence nor stood further back goes behind exactly that many.
        if (one.priorityAt === null && before.indexOf(one) <= wanted) {
          const precedence = others.filter(({ priorityAt }) => priorityAt !== null).length
          if (precedence === 0) expect(after.indexOf(moved)).toBe(Math.max(wanted, before.indexOf(one)))
        }
      }),
    )
  })

  it('nobody is overtaken endlessly: of who comes later only visits booked for an earlier time go first', () => {
    fc.assert(
      fc.property(people, (everybody) => {
        const patients = everybody.filter(({ priorityAt }) => priorityAt === null)
        const called = patients
        for (const waits of called) {
          const due = dueAt(waits)
          const bound = Math.max(
            waits.startsAt.epochMilliseconds,
            waits.arrivedAt!.epochMilliseconds + walkInGivesWayMinutes * 60_000,
          )
          expect(due).toBeLessThanOrEqual(bound)
          const order = inOrder(called)
          for (const ahead of order.slice(0, order.indexOf(waits))) {
            if (ahead.arrivedAt!.epochMilliseconds <= waits.arrivedAt!.epochMilliseconds) continue
            expect(ahead.startsAt.epochMilliseconds).toBeLessThanOrEqual(bound)
            // From the moment they are due nobody who comes through the door goes first but by an earlier appointment.
            if (ahead.arrivedAt!.epochMilliseconds > due) expect(ahead.walkIn).toBe(false)
          }
        }
      }),
    )
  })
})
