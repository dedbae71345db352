// Days of doctors who are none alike, and how the waiting times that patients were shown on them compare with how long
// they really waited. The days are made from a seed, minute by minute, by people who come early, late or not at all and
// by doctors who take what each patient needs; the estimate sees of them what it would have seen that day, and no more.
import type { AppointmentId, PractitionerId, ServiceId } from '../../src/kernel/ids.ts'
import { Temporal } from '../../src/kernel/time.ts'
import {
  aboutMinutes,
  learnPace,
  minutesUntilCalled,
  type InLine,
  type PastVisit,
} from '../../src/features/queue/rules/estimate.ts'
import { inOrder, lineOf } from '../../src/features/queue/rules/line.ts'

export type Habit = {
  name: string
  plannedMin: number
  /** How long a visit really takes, as a part of the plan, and how much that differs from one to the next. */
  ratio: number
  spread: number
  gapMin: number
  startsLateMin: number
  noShow: number
  walkInsAnHour: number
}

export const habits: Habit[] = [
  { name: 'keeps to the plan', plannedMin: 20, ratio: 0.95, spread: 0.35, gapMin: 1, startsLateMin: 5, noShow: 0.1, walkInsAnHour: 0.5 },
  { name: 'quick, many walk-ins', plannedMin: 15, ratio: 0.6, spread: 0.5, gapMin: 1, startsLateMin: 10, noShow: 0.25, walkInsAnHour: 3 },
  { name: 'thorough and late', plannedMin: 20, ratio: 1.25, spread: 0.45, gapMin: 3, startsLateMin: 25, noShow: 0.2, walkInsAnHour: 0.5 },
  { name: 'every other patient is a long one', plannedMin: 20, ratio: 0.9, spread: 0.7, gapMin: 2, startsLateMin: 10, noShow: 0.15, walkInsAnHour: 1 },
] // prettier-ignore

/** A small generator of numbers between 0 and 1, the same for the same seed. */
function diceFrom(seed: number) {
  let state = seed >>> 0
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
  const normal = () => Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next())
  return { next, normal }
}

export type Recorded = {
  visit: InLine
  arrivedAt: number | null
  inRoomAt: number | null
  fulfilledAt: number | null
}

const minute = 60_000
const service = 'consultation' as ServiceId
const doctor = 'doctor' as PractitionerId

/** One day of a doctor, from nine to two, called in the order of the line. */
export function recordDay(habit: Habit, day: number, seed: number): Recorded[] {
  const dice = diceFrom(seed * 1000 + day)
  const opens = Date.UTC(2026, 8, 1 + day, 9)
  const at = (ms: number) => Temporal.Instant.fromEpochMilliseconds(Math.round(ms))
  const people: { visit: InLine; comes: number; needs: number }[] = []
  const needs = () => habit.plannedMin * habit.ratio * Math.exp(habit.spread * dice.normal() - habit.spread ** 2 / 2)
  const add = (startsAt: number, comes: number, walkIn: boolean) => {
    const number = people.length + 1
    people.push({
      visit: {
        id: `${String(day).padStart(4, '0')}-${String(number).padStart(4, '0')}` as AppointmentId,
        practitionerId: doctor,
        serviceId: service,
        plannedMin: habit.plannedMin,
        status: 'booked',
        startsAt: at(startsAt),
        arrivedAt: null,
        inRoomAt: null,
        token: undefined,
        walkIn,
        priority: null,
        priorityAt: null,
        placeAt: null,
        placeTie: null,
        skips: 0,
        steppedOutAt: null,
      },
      comes,
      needs: Math.max(2, needs()) * minute,
    })
  }
  for (let slot = 0; slot * habit.plannedMin < 300; slot++) {
    if (dice.next() < 0.2) continue
    const startsAt = opens + slot * habit.plannedMin * minute
    add(startsAt, dice.next() < habit.noShow ? Infinity : startsAt + (dice.normal() * 12 - 8) * minute, false)
  }
  for (let time = 0; time < 270;) {
    time += -Math.log(1 - dice.next()) * (60 / habit.walkInsAnHour)
    if (time < 270) add(opens + time * minute, opens + time * minute, true)
  }

  const coming = people.filter(({ comes }) => comes !== Infinity).sort((a, b) => a.comes - b.comes)
  for (const [index, one] of coming.entries()) {
    one.visit.token = index + 1
    one.visit.arrivedAt = at(one.comes)
  }
  const recorded = new Map<AppointmentId, { inRoomAt: number; fulfilledAt: number }>()
  let free = opens + Math.max(0, habit.startsLateMin + dice.normal() * 6) * minute
  for (const waiting = new Set(coming); waiting.size > 0;) {
    const here = [...waiting].filter(({ comes }) => comes <= free)
    const [next] = inOrder(here.map(({ visit }) => ({ ...visit, status: 'arrived' as const })))
    const one = next && here.find(({ visit }) => visit.id === next.id)
    if (!one) {
      free = Math.min(...[...waiting].map(({ comes }) => comes))
      continue
    }
    recorded.set(one.visit.id, { inRoomAt: free, fulfilledAt: free + one.needs })
    free += one.needs + habit.gapMin * minute * (0.5 + dice.next())
    waiting.delete(one)
  }
  return people.map(({ visit, comes }) => ({
    visit,
    arrivedAt: comes === Infinity ? null : comes,
    inRoomAt: recorded.get(visit.id)?.inRoomAt ?? null,
    fulfilledAt: recorded.get(visit.id)?.fulfilledAt ?? null,
  }))
}

const pastOf = (day: number, visits: readonly Recorded[]): PastVisit[] =>
  visits.map(({ visit, arrivedAt, inRoomAt, fulfilledAt }) => ({
    day: String(day),
    serviceId: visit.serviceId,
    plannedMin: visit.plannedMin,
    startsAt: visit.startsAt.epochMilliseconds,
    arrivedAt,
    inRoomAt,
    fulfilledAt,
    cameAtAll: fulfilledAt !== null,
  }))

/** What the clinic could see at a moment: who is here, who is in, who is expected; nobody's future. */
function asOf(visits: readonly Recorded[], now: number): InLine[] {
  const at = (ms: number | null) =>
    ms === null || ms > now ? null : Temporal.Instant.fromEpochMilliseconds(Math.round(ms))
  return visits.flatMap(({ visit, arrivedAt, inRoomAt, fulfilledAt }): InLine[] => {
    const seen = { ...visit, arrivedAt: at(arrivedAt), inRoomAt: at(inRoomAt) }
    if (seen.arrivedAt === null) return visit.walkIn ? [] : [{ ...seen, token: undefined, status: 'booked' as const }]
    if (seen.inRoomAt === null) return [{ ...seen, status: 'arrived' as const }]
    return [{ ...seen, status: at(fulfilledAt) === null ? ('in_room' as const) : ('fulfilled' as const) }]
  })
}

export type Errors = { shown: number[]; naive: number[] }

/**
 * Plays the last `replayed` of `days` again: every ten minutes each who waits is shown a time, learned from the days
 * before, and each time is held against how long they went on waiting. Minutes too long are above zero. Beside it what
 * everybody's first thought gives: those before, times the planned length.
 */
export function replay(habit: Habit, seed: number, days: number, replayed: number): Errors {
  const recorded = Array.from({ length: days }, (_, day) => recordDay(habit, day, seed))
  const errors: Errors = { shown: [], naive: [] }
  for (let day = days - replayed; day < days; day++) {
    const past = recorded
      .slice(0, day)
      .flatMap((visits, index) => pastOf(index, visits))
      .slice(-120)
    const pace = learnPace(past)
    const visits = recorded[day]!
    const firstStart = Math.min(...visits.filter(({ visit }) => !visit.walkIn).map(({ visit }) => visit.startsAt.epochMilliseconds))
    for (const { visit, arrivedAt, inRoomAt } of visits) {
      if (arrivedAt === null || inRoomAt === null) continue
      for (let now = Math.ceil(arrivedAt); now < inRoomAt; now += 10 * minute) {
        const seen = asOf(visits, now)
        const { inRoom, waiting } = lineOf(seen)
        const own = waiting.find(({ id }) => id === visit.id)
        if (!own) continue
        const state = {
          now,
          inRoom,
          waiting,
          expected: seen.filter(({ status }) => status === 'booked'),
          begun: seen.some(({ inRoomAt: since }) => since !== null),
          firstStart,
        }
        const actual = (inRoomAt - now) / minute
        errors.shown.push(aboutMinutes(minutesUntilCalled(own, state, pace)) - actual)
        errors.naive.push((waiting.indexOf(own) + inRoom.length) * visit.plannedMin - actual)
      }
    }
  }
  return errors
} // prettier-ignore

/** The middle of the errors, whichever way they go, and the span that four of five lie in. */
export function summaryOf(errors: readonly number[]): { median: number; low: number; high: number; count: number } {
  const sorted = [...errors].sort((a, b) => a - b)
  const sizes = errors.map(Math.abs).sort((a, b) => a - b)
  const at = (numbers: readonly number[], part: number) => numbers[Math.floor((numbers.length - 1) * part)] ?? NaN
  return { median: at(sizes, 0.5), low: at(sorted, 0.1), high: at(sorted, 0.9), count: errors.length }
}
