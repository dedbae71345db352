import { parseId, type LocationId, type PractitionerId, type ServiceId } from '../../kernel/ids.ts'
import { latinDigits } from '../../kernel/money.ts'
import { minutesBetween, parseInstant, type Instant, type PlainDate } from '../../kernel/time.ts'
import { nextStep, type Status, type Step } from '../appointments/rules.ts'

export { ownPath } from '../../kernel/own-path.ts'

export type Lane = 'expected' | 'waiting' | 'with_doctor' | 'done' | 'off'

/** Where a visit stands on the board. `off` is what will not happen: cancelled, did not come. */
export function laneOf(status: Status): Lane {
  switch (status) {
    case 'pending':
    case 'booked':
      return 'expected'
    case 'arrived':
      return 'waiting'
    case 'in_room':
      return 'with_doctor'
    case 'fulfilled':
      return 'done'
    case 'cancelled':
    case 'noshow':
      return 'off'
  }
}

/** Somebody who has waited this long, or is this late, draws the eye. */
export const waitWarningMinutes = 15
export const lateWarningMinutes = 5

export type Waiting = { kind: 'late' | 'waiting' | 'in_room'; minutes: number; warn: boolean }

/** How long somebody has been waited for, has waited, or has been with the doctor; undefined when nobody waits. */
export function waitingOf(
  visit: { status: Status; startsAt: Instant; arrivedAt: Instant | null; inRoomAt: Instant | null },
  now: Instant,
): Waiting | undefined {
  if (visit.status === 'booked') {
    const minutes = minutesBetween(visit.startsAt, now)
    return minutes < 1 ? undefined : { kind: 'late', minutes, warn: minutes >= lateWarningMinutes }
  }
  if (visit.status === 'arrived' && visit.arrivedAt) {
    const minutes = Math.max(0, minutesBetween(visit.arrivedAt, now))
    return { kind: 'waiting', minutes, warn: minutes >= waitWarningMinutes }
  }
  if (visit.status === 'in_room' && visit.inRoomAt) {
    return { kind: 'in_room', minutes: Math.max(0, minutesBetween(visit.inRoomAt, now)), warn: false }
  }
  return undefined
}

/** The steps as addresses name them. */
export const stepPaths = {
  arrive: 'arrival',
  enter: 'room',
  finish: 'completion',
  miss: 'no-show',
  cancel: 'cancellation',
} as const satisfies Record<Step, string>

/**
 * The one step a card's main button offers. Nobody is checked in for another day: on a day to come a visit waits, and
 * what is left open of a day gone by is settled in the menu.
 */
export function mainStep(status: Status, day: 'past' | 'today' | 'future'): Step | undefined {
  return day === 'today' ? nextStep(status) : undefined
}

export function dayKind(date: PlainDate, today: PlainDate): 'past' | 'today' | 'future' {
  const days = today.until(date).days
  return days === 0 ? 'today' : days < 0 ? 'past' : 'future'
}

/** A free time as a form carries it. */
export type SlotChoice = {
  serviceId: ServiceId
  practitionerId: PractitionerId
  locationId: LocationId
  startsAt: Instant
}

export function slotText(slot: SlotChoice): string {
  return [slot.serviceId, slot.practitionerId, slot.locationId, slot.startsAt.toString()].join('_')
}

export function parseSlot(text: unknown): SlotChoice | undefined {
  if (typeof text !== 'string') return undefined
  const [service, practitioner, location, start, ...rest] = text.split('_')
  const serviceId = parseId<'service'>(service)
  const practitionerId = parseId<'practitioner'>(practitioner)
  const locationId = parseId<'location'>(location)
  const startsAt = parseInstant(start)
  if (!serviceId || !practitionerId || !locationId || !startsAt || rest.length > 0) return undefined
  return { serviceId, practitionerId, locationId, startsAt }
}

/** The `count` slots nearest in time, in order of time; with the doctor that was wanted before others. */
export function nearest<S extends { startsAt: number; practitionerId: PractitionerId }>(
  slots: readonly S[],
  wanted: { startsAt: Instant; practitionerId: PractitionerId },
  count = 3,
): S[] {
  const at = wanted.startsAt.epochMilliseconds
  const other = (slot: S) => (slot.practitionerId === wanted.practitionerId ? 0 : 1)
  const distance = (slot: S) => Math.abs(slot.startsAt - at)
  return [...slots]
    .sort((a, b) => distance(a) - distance(b) || other(a) - other(b))
    .filter((slot, index, sorted) => sorted.findIndex(({ startsAt }) => startsAt === slot.startsAt) === index)
    .slice(0, count)
    .sort((a, b) => a.startsAt - b.startsAt)
}

/** `K7Q M3P`, `k7qm3p` or `K7Q-M3P` as stored, or undefined when it can't be a reference. */
export function parseReference(typed: string): string | undefined {
  const plain = latinDigits(typed).toUpperCase().replace(/[\s-]/g, '')
  return /^[34679ACDEFGHJKMNPQRTWXY]{6}$/.test(plain) ? plain : undefined
}

/** The seven days of the strip that shows `date`: it begins today or later, unless an earlier day was asked for. */
export function weekFrom(start: PlainDate): PlainDate[] {
  return Array.from({ length: 7 }, (_, day) => start.add({ days: day }))
}
