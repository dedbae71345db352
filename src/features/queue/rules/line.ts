/**
 * Who is next? One line before each doctor, for booked patients and those who walk in.
 *
 * Everybody who waits has a *due* moment, fixed when they arrive, and the line is in the order of those moments:
 * - who booked is due at their appointed time. Coming early brings nobody forward; who comes more than
 *   `lateGraceMinutes` late has lost the place and is due when they arrived.
 * - who walks in is due `walkInGivesWayMinutes` after arriving: whoever booked for the next few minutes goes first, and
 *   those who booked for later do not.
 * Equal moments go by number. So what may still come before somebody is bounded from the moment they arrive: the visits
 * booked for an earlier time than theirs. Nobody is overtaken endlessly, and nobody's coming reorders those who wait.
 *
 * Three things the desk does change a place, each for a reason that is written down:
 * - priority: first of all, among several in the order it was given.
 * - stepping out keeps the place: while away they are not called, and back again they stand where they stood.
 * - not here when called: behind the next two, and a precedence is used up. Back at the desk they can have their own
 *   place again.
 */
import type { AppointmentId, PractitionerId } from '../../../kernel/ids.ts'
import type { Instant } from '../../../kernel/time.ts'
import type { Status } from '../../appointments/rules.ts'

export const lateGraceMinutes = 15
export const walkInGivesWayMinutes = 15
/** How many are called before somebody who was not there is called again. */
export const skipBehind = 2

export const priorities = ['urgent', 'elderly', 'pregnant', 'child', 'disability', 'other'] as const
export type Priority = (typeof priorities)[number]

/** A visit as the line knows it. */
export type Queued = {
  id: AppointmentId
  practitionerId: PractitionerId
  status: Status
  startsAt: Instant
  arrivedAt: Instant | null
  inRoomAt: Instant | null
  token: number | undefined
  walkIn: boolean
  priority: Priority | null
  priorityAt: Instant | null
  placeAt: Instant | null
  placeTie: number | null
  skips: number
  steppedOutAt: Instant | null
}

/** Between two numbers there is room for whoever has to stand between them. */
const tieStep = 2 ** 20

type Key = { first: number; due: number; tie: number }

const ms = (instant: Instant) => instant.epochMilliseconds

/** The moment that gives a visit its place, were it not for what the desk did. */
export function dueAt(visit: Pick<Queued, 'startsAt' | 'arrivedAt' | 'walkIn'>): number {
  const starts = ms(visit.startsAt)
  const arrived = visit.arrivedAt === null ? starts : ms(visit.arrivedAt)
  if (visit.walkIn) return arrived + walkInGivesWayMinutes * 60_000
  return arrived > starts + lateGraceMinutes * 60_000 ? arrived : starts
}

function keyOf(visit: Queued): Key {
  const due = visit.placeAt === null ? dueAt(visit) : ms(visit.placeAt)
  return {
    first: visit.priorityAt === null ? Infinity : ms(visit.priorityAt),
    due,
    tie: visit.placeTie ?? (visit.token ?? 0) * tieStep,
  }
}

export function inOrder<V extends Queued>(visits: readonly V[]): V[] {
  const byId = (a: V, b: V) => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0)
  return visits
    .map((visit) => ({ visit, key: keyOf(visit) }))
    .sort(({ key: a, visit: one }, { key: b, visit: other }) => {
      // Two without precedence: Infinity - Infinity is no number.
      const first = a.first === b.first ? 0 : a.first - b.first
      return first || a.due - b.due || a.tie - b.tie || byId(one, other)
    })
    .map(({ visit }) => visit)
}

export type Line<V extends Queued> = {
  /** With the doctor, who came first. */
  inRoom: V[]
  /** Who waits, the next first. */
  waiting: V[]
  /** Away for a while, with their place kept. */
  steppedOut: V[]
  /** Had a number and did not stay for it: the arrival was taken back, or the visit cancelled. */
  left: V[]
}

/** Where everybody of one doctor's day stands. Each visit is in one of the lists at most. */
export function lineOf<V extends Queued>(visits: readonly V[]): Line<V> {
  const arrived = visits.filter(({ status }) => status === 'arrived')
  const waiting = inOrder(arrived.filter(({ steppedOutAt }) => steppedOutAt === null))
  return {
    inRoom: visits
      .filter(({ status }) => status === 'in_room')
      .sort((a, b) => (a.inRoomAt ? ms(a.inRoomAt) : 0) - (b.inRoomAt ? ms(b.inRoomAt) : 0)),
    waiting,
    steppedOut: inOrder(arrived.filter(({ steppedOutAt }) => steppedOutAt !== null)),
    left: visits
      .filter(({ status, token }) => token !== undefined && !['arrived', 'in_room', 'fulfilled'].includes(status))
      .sort((a, b) => (a.token ?? 0) - (b.token ?? 0)),
  }
}

/**
 * The place of somebody who was called and not there: behind the next `skipBehind` of the others who wait. With fewer
 * there they go to the end. Without others nothing changes but the precedence, which is used up.
 */
export function placeAfterSkip(
  skipped: Queued,
  others: readonly Queued[],
): { placeAt: number; placeTie: number } | undefined {
  const waiting = inOrder(others.filter(({ id }) => id !== skipped.id))
  const before = waiting[Math.min(skipBehind, waiting.length) - 1]
  if (!before) return undefined
  const own = keyOf({ ...skipped, priorityAt: null })
  const their = keyOf(before)
  // Whoever has precedence goes first anyway: behind them one stands by one's own time.
  if (their.first !== Infinity || their.due < own.due || (their.due === own.due && their.tie < own.tie)) {
    return { placeAt: own.due, placeTie: own.tie }
  }
  const after = waiting[skipBehind]
  const next = after && keyOf(after)
  const tie = next?.due === their.due ? Math.floor((their.tie + next.tie) / 2) : their.tie + tieStep / 2
  return { placeAt: their.due, placeTie: tie }
}
