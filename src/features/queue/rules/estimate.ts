/**
 * How long will it be? Learned from how this doctor's visits really went: how long each kind takes, what passes between
 * two, how late the day begins and how many come at all. From that the line is played forward to the person who asks:
 * whoever is before them, whoever is still to come and goes first, one after the other as the desk would call them.
 *
 * Who may still walk in is not forecast. They go before those only who are early for a later time, so for who waits it
 * changed the replayed error by a hundredth of a minute; for who is still at home it brought the mean error nearer to zero,
 * and made the usual one greater.
 *
 * A visit that the desk forgot to finish says nothing, so what is out of all proportion is left out. A doctor Nabz does
 * not know yet is taken to keep to the plan.
 */
import type { AppointmentId, ServiceId } from '../../../kernel/ids.ts'
import { inOrder, lateGraceMinutes, lineOf, type Queued } from './line.ts'

/** A visit of before, its moments as epoch milliseconds. */
export type PastVisit = {
  day: string
  serviceId: ServiceId
  plannedMin: number
  startsAt: number
  arrivedAt: number | null
  inRoomAt: number | null
  fulfilledAt: number | null
  cameAtAll: boolean
}

export type Pace = {
  /** How long a visit of this kind takes, in minutes. */
  visitMin: (serviceId: ServiceId, plannedMin: number) => number
  /** How much longer somebody stays who has been in for so many minutes. */
  leftMin: (serviceId: ServiceId, plannedMin: number, sinceMin: number) => number
  /** Between one who leaves and the next who comes in, when somebody waits. */
  gapMin: number
  /** How long after the first appointed time the first is called in. */
  startsLateMin: number
  /** What part of those who booked come. */
  showRate: number
}

/** As if so many visits had gone by the plan: how much has to be seen before it counts for more than the plan. */
const planCounts = 4
const minute = 60_000

/**
 * The mean with the outermost twentieths drawn in to what lies beside them. Visits run over by more than they run short,
 * so to leave the long ones out would promise everybody too little; to take them whole would let one of them rule.
 */
export function steadyMean(numbers: readonly number[]): number | undefined {
  if (numbers.length === 0) return undefined
  const sorted = [...numbers].sort((a, b) => a - b)
  const cut = Math.ceil((sorted.length - 1) / 20)
  const [low, high] = [sorted[cut] ?? 0, sorted[sorted.length - 1 - cut] ?? 0]
  return sorted.reduce((sum, one) => sum + Math.min(Math.max(one, low), high), 0) / sorted.length
}

const towards = (plan: number, seen: readonly number[]): number => {
  const mean = steadyMean(seen)
  return mean === undefined ? plan : (mean * seen.length + plan * planCounts) / (seen.length + planCounts)
}

/** What the visits of before tell of a doctor, in any order. */
export function learnPace(past: readonly PastVisit[]): Pace {
  const ratios: number[] = []
  const byService = new Map<ServiceId, number[]>()
  for (const { serviceId, plannedMin, inRoomAt, fulfilledAt } of past) {
    if (inRoomAt === null || fulfilledAt === null) continue
    const took = (fulfilledAt - inRoomAt) / minute
    if (took < 0.5 || took > plannedMin * 4 + 30) continue
    ratios.push(took / plannedMin)
    byService.set(serviceId, [...(byService.get(serviceId) ?? []), took])
  }
  const ratio = towards(1, ratios)
  const came = past.filter(({ cameAtAll }) => cameAtAll).length
  const visitMin: Pace['visitMin'] = (serviceId, plannedMin) =>
    towards(plannedMin * ratio, byService.get(serviceId) ?? [])
  return {
    visitMin,
    leftMin: (serviceId, plannedMin, sinceMin) => {
      // Of those who stayed that long, how much longer they did; who is in for long is not out this moment.
      const rest = ratios.flatMap((one) => (one * plannedMin > sinceMin ? [one * plannedMin - sinceMin] : []))
      const usual = visitMin(serviceId, plannedMin)
      return towards(Math.max(usual - sinceMin, usual / 4), rest)
    },
    gapMin: towards(1, gapsOf(past)),
    startsLateMin: Math.max(0, towards(0, latenessOf(past))),
    showRate: (came + planCounts) / (past.length + planCounts),
  }
}

function byDay(past: readonly PastVisit[]): PastVisit[][] {
  const days = new Map<string, PastVisit[]>()
  for (const visit of past) {
    const day = days.get(visit.day)
    if (day) day.push(visit)
    else days.set(visit.day, [visit])
  }
  return [...days.values()]
}

/** Between visits while the next was already waiting; longer than a quarter of an hour was a pause. */
function gapsOf(past: readonly PastVisit[]): number[] {
  return byDay(past).flatMap((day) => {
    const seen = day.flatMap(({ inRoomAt, fulfilledAt, arrivedAt }) =>
      inRoomAt === null || fulfilledAt === null || arrivedAt === null ? [] : [{ inRoomAt, fulfilledAt, arrivedAt }],
    )
    seen.sort((a, b) => a.inRoomAt - b.inRoomAt)
    return seen.slice(1).flatMap((visit, index) => {
      const left = seen[index]?.fulfilledAt ?? Infinity
      const gap = (visit.inRoomAt - left) / minute
      return visit.arrivedAt <= left && gap >= 0 && gap <= 15 ? [gap] : []
    })
  })
}

/** How late the first of each day was called in, as far as they were there. */
function latenessOf(past: readonly PastVisit[]): number[] {
  return byDay(past).flatMap((day) => {
    const first = Math.min(...day.map(({ inRoomAt }) => inRoomAt ?? Infinity))
    const visit = day.find(({ inRoomAt }) => inRoomAt === first)
    if (!visit || visit.arrivedAt === null) return []
    const late = (first - Math.max(visit.arrivedAt, Math.min(...day.map(({ startsAt }) => startsAt)))) / minute
    return late > 180 ? [] : [Math.max(0, late)]
  })
}

export type InLine = Queued & { serviceId: ServiceId; plannedMin: number }

export type Day = {
  now: number
  inRoom: readonly InLine[]
  /** Who waits, the next first. */
  waiting: readonly InLine[]
  /** Booked for today and not here yet. */
  expected: readonly InLine[]
  /** Somebody was called in today. */
  begun: boolean
  /** The first appointed time of the doctor's day. */
  firstStart: number | undefined
}

/** What there is to know of a doctor's day, from its visits in order of time. */
export function dayOf(visits: readonly InLine[], now: number): Day {
  const { inRoom, waiting } = lineOf(visits)
  const planned = visits.find(({ status, walkIn }) => status !== 'cancelled' && !walkIn)
  return {
    now,
    inRoom,
    waiting,
    expected: visits.filter(({ status }) => status === 'booked'),
    begun: visits.some(({ inRoomAt }) => inRoomAt !== null),
    firstStart: planned?.startsAt.epochMilliseconds,
  }
}

/**
 * In how many minutes somebody is called who waits or is expected, from now or from their appointed time, whichever is
 * later. Never below zero.
 */
export function minutesUntilCalled(asks: InLine, day: Day, pace: Pace): number {
  const visit = ({ serviceId, plannedMin }: InLine) => pace.visitMin(serviceId, plannedMin) * minute
  const gap = pace.gapMin * minute
  const { now } = day
  const others = day.waiting.filter(({ id }) => id !== asks.id).map((one) => ({ one, from: now, takes: visit(one) }))
  for (const one of day.expected) {
    const starts = one.startsAt.epochMilliseconds
    // Who is that late may not come at all, and who comes then has no claim to an earlier place.
    if (one.id === asks.id || starts + lateGraceMinutes * minute < now) continue
    others.push({ one, from: Math.max(starts, now), takes: visit(one) * pace.showRate })
  }
  const since = Math.max(now, asks.status === 'arrived' ? now : asks.startsAt.epochMilliseconds)
  let free = freeFrom(day, pace)
  const left = new Map(others.map((other) => [other.one.id, other]))
  for (;;) {
    const here = [...left.values()].filter(({ from }) => from <= free).map(({ one }) => one)
    if (since <= free) here.push(asks)
    const [next] = inOrder(here)
    if (next?.id === asks.id) return Math.max(0, (free - since) / minute)
    if (next) {
      free += (left.get(next.id)?.takes ?? 0) + gap
      left.delete(next.id)
    } else {
      // Nobody there: the doctor waits for whoever comes first.
      free = Math.min(since, ...[...left.values()].map(({ from }) => from))
    }
  }
}

/** When the doctor can call in the next one. */
function freeFrom(day: Day, pace: Pace): number {
  const { now, inRoom, begun, firstStart } = day
  if (inRoom.length > 0) {
    const left = inRoom.map(({ serviceId, plannedMin, inRoomAt }) => {
      const since = inRoomAt ? Math.max(0, (now - inRoomAt.epochMilliseconds) / minute) : 0
      return pace.leftMin(serviceId, plannedMin, since)
    })
    return now + (Math.max(...left) + pace.gapMin) * minute
  }
  if (begun || firstStart === undefined) return now
  return Math.max(now, firstStart + pace.startsLateMin * minute)
}

/** As it is told: zero is "any moment", the rest in steps of five minutes, from an hour on in steps of ten. */
export function aboutMinutes(minutes: number): number {
  if (minutes < 3) return 0
  const step = minutes < 60 ? 5 : 10
  return Math.max(5, Math.round(minutes / step) * step)
}

/** How many are called before this one, as the line stands. */
export function countBefore(id: AppointmentId, waiting: readonly Queued[]): number {
  return Math.max(
    0,
    waiting.findIndex((one) => one.id === id),
  )
}
