import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { AppointmentId, PractitionerId, ServiceId } from '../../src/kernel/ids.ts'
import { Temporal } from '../../src/kernel/time.ts'
import {
  aboutMinutes,
  countBefore,
  learnPace,
  minutesUntilCalled,
  steadyMean,
  type Day,
  type InLine,
  type Pace,
  type PastVisit,
} from '../../src/features/queue/rules/estimate.ts'

const service = 'checkup' as ServiceId
const ten = Date.UTC(2026, 10, 24, 10)
const minute = 60_000
const instant = (min: number) => Temporal.Instant.fromEpochMilliseconds(ten + min * minute)

let made = 0
function visit(facts: Partial<InLine> = {}): InLine {
  const number = ++made
  return {
    id: `00000000-0000-7000-8000-${String(number).padStart(12, '0')}` as AppointmentId,
    practitionerId: 'sana' as PractitionerId,
    serviceId: service,
    plannedMin: 20,
    status: 'arrived',
    startsAt: instant(number),
    arrivedAt: instant(-30),
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

/** A doctor's day, visit after visit: each took `took` minutes, with `gap` between, from `late` after the start. */
function pastDay(day: number, took: number, { gap = 2, late = 0, count = 8, planned = 20 } = {}): PastVisit[] {
  const starts = ten - day * 1440 * minute
  return Array.from({ length: count }, (_, index) => {
    const inRoomAt = starts + (late + index * (took + gap)) * minute
    return {
      day: String(day),
      serviceId: service,
      plannedMin: planned,
      startsAt: starts + index * planned * minute,
      arrivedAt: starts - 10 * minute,
      inRoomAt,
      fulfilledAt: inRoomAt + took * minute,
      cameAtAll: true,
    }
  })
}
const many = (...args: Parameters<typeof pastDay> extends [number, ...infer Rest] ? Rest : never) =>
  Array.from({ length: 10 }, (_, day) => pastDay(day + 1, ...args)).flat()

const day = (facts: Partial<Day> = {}): Day => ({
  now: ten,
  inRoom: [],
  waiting: [],
  expected: [],
  begun: true,
  firstStart: ten - 60 * minute,
  ...facts,
})
const exact: Pace = {
  visitMin: () => 10,
  leftMin: (_service, _planned, since) => Math.max(0, 10 - since),
  gapMin: 1,
  startsLateMin: 0,
  showRate: 1,
}

describe("a doctor's pace", () => {
  it('is the plan while nothing is known', () => {
    const pace = learnPace([])
    expect(pace.visitMin(service, 20)).toBe(20)
    expect(pace).toMatchObject({ gapMin: 1, startsLateMin: 0, showRate: 1 })
  })

  it('is learned from how long visits took', () => {
    const pace = learnPace(many(12))
    expect(pace.visitMin(service, 20)).toBeCloseTo(12, 0)
    // A kind of visit never seen goes by how the doctor keeps to plans.
    expect(pace.visitMin('another' as ServiceId, 40)).toBeCloseTo(24, -1)
    expect(pace.gapMin).toBeCloseTo(2, 0)
  })

  it('learns how late the day begins, and who comes', () => {
    const past = many(12, { late: 25 })
    expect(learnPace(past).startsLateMin).toBeGreaterThan(15)
    const missed = past.map((one, index) =>
      index % 4 === 0 ? { ...one, inRoomAt: null, fulfilledAt: null, arrivedAt: null, cameAtAll: false } : one,
    )
    expect(learnPace(missed).showRate).toBeCloseTo(0.76, 1)
  })

  it('is not thrown off by visits that the desk forgot to finish', () => {
    const past = many(12).map((one, index) =>
      index % 9 === 0 ? { ...one, fulfilledAt: one.inRoomAt! + 300 * minute } : one,
    )
    expect(learnPace(past).visitMin(service, 20)).toBeCloseTo(12, 0)
  })

  it('tells how much longer who is in will stay: less as time goes by, and never nothing', () => {
    const pace = learnPace(many(12))
    expect(pace.leftMin(service, 20, 0)).toBeCloseTo(12, 0)
    expect(pace.leftMin(service, 20, 8)).toBeCloseTo(4, 0)
    expect(pace.leftMin(service, 20, 60)).toBeGreaterThan(2)
  })

  it('is ruled by no single visit', () => expect(steadyMean([1, 10, 10, 10, 100])).toBe(10))
})

describe('how long it will be', () => {
  it('counts who is before, and the rest of the visit in the room', () => {
    const [a, b, me] = [visit(), visit(), visit()]
    const inRoom = [visit({ status: 'in_room', inRoomAt: instant(-4) })]
    // Six minutes are left in the room, then two visits of ten, and a minute between each.
    expect(minutesUntilCalled(me, day({ inRoom, waiting: [a, b, me] }), exact)).toBe(6 + 1 + 11 + 11)
    expect(countBefore(me.id, [a, b, me])).toBe(2)
  })

  it('is nothing when nobody is before and the doctor waits', () => {
    const me = visit()
    expect(minutesUntilCalled(me, day({ waiting: [me] }), exact)).toBe(0)
  })

  it('waits for a doctor who is not in yet, as long as that doctor usually takes', () => {
    const me = visit()
    const early = day({ waiting: [me], begun: false, firstStart: ten + 15 * minute })
    expect(minutesUntilCalled(me, early, { ...exact, startsLateMin: 20 })).toBe(35)
  })

  it('counts those who are still to come and will go first, not those who come after', () => {
    const me = visit({ walkIn: true, startsAt: instant(0), arrivedAt: instant(0) })
    const inRoom = [visit({ status: 'in_room', inRoomAt: instant(0) })]
    const coming = (min: number) =>
      visit({ status: 'booked', startsAt: instant(min), arrivedAt: null, token: undefined })
    const alone = minutesUntilCalled(me, day({ inRoom, waiting: [me] }), exact)
    expect(minutesUntilCalled(me, day({ inRoom, waiting: [me], expected: [coming(5)] }), exact)).toBe(alone + 11)
    expect(minutesUntilCalled(me, day({ inRoom, waiting: [me], expected: [coming(40)] }), exact)).toBe(alone)
    expect(
      minutesUntilCalled(me, day({ inRoom, waiting: [me], expected: [coming(-30)] }), exact),
      'too late to count on',
    ).toBe(alone)
  })

  it('tells who is not here yet how long after their time they would be called', () => {
    const me = visit({ status: 'booked', startsAt: instant(30), arrivedAt: null, token: undefined })
    expect(minutesUntilCalled(me, day({ expected: [me] }), exact)).toBe(0)
    const waiting = Array.from({ length: 5 }, () => visit())
    expect(minutesUntilCalled(me, day({ waiting, expected: [me] }), exact)).toBe(25)
  })

  it('is told in round numbers', () => {
    expect([0, 2, 4, 8, 23, 58, 64, 96].map(aboutMinutes)).toEqual([0, 0, 5, 10, 25, 60, 60, 100])
  })

  it('is never below zero, and never shorter for somebody more in front', () => {
    const person = fc.record({ starts: fc.integer({ min: -60, max: 60 }), in: fc.integer({ min: -90, max: 0 }) })
    const pace = fc.record({
      length: fc.double({ min: 0.5, max: 90, noNaN: true }),
      gapMin: fc.double({ min: 0, max: 15, noNaN: true }),
      startsLateMin: fc.double({ min: 0, max: 90, noNaN: true }),
      showRate: fc.double({ min: 0, max: 1, noNaN: true }),
    })
    fc.assert(
      fc.property(
        fc.array(person, { maxLength: 8 }),
        fc.option(person),
        pace,
        fc.boolean(),
        (line, room, known, begun) => {
          const me = visit({ startsAt: instant(30) })
          const waiting = line.map(({ starts }) => visit({ startsAt: instant(starts) }))
          const inRoom = room ? [visit({ status: 'in_room', inRoomAt: instant(room.in) })] : []
          const own: Pace = { ...known, visitMin: () => known.length, leftMin: () => known.length / 2 }
          const before = day({ waiting: [...waiting, me], inRoom, begun })
          const wait = minutesUntilCalled(me, before, own)
          expect(wait).toBeGreaterThanOrEqual(0)
          const one = visit({ startsAt: instant(-90), arrivedAt: instant(-100) })
          expect(minutesUntilCalled(me, { ...before, waiting: [one, ...before.waiting] }, own)).toBeGreaterThanOrEqual(
            wait,
          )
        },
      ),
    )
  })
})
