import type { PractitionerId } from '../../kernel/ids.ts'
import { isBefore, Temporal, type Instant, type PlainDate } from '../../kernel/time.ts'

export type Status = 'pending' | 'booked' | 'arrived' | 'in_room' | 'fulfilled' | 'cancelled' | 'noshow'

/** What the desk does to a visit, each step by its everyday name, with the states it may be taken from and leads to. */
export const steps = {
  arrive: { from: ['booked', 'noshow'], to: 'arrived' },
  enter: { from: ['arrived', 'booked'], to: 'in_room' },
  finish: { from: ['in_room', 'arrived'], to: 'fulfilled' },
  miss: { from: ['booked'], to: 'noshow' },
  cancel: { from: ['booked', 'arrived'], to: 'cancelled' },
} as const satisfies Record<string, { from: readonly Status[]; to: Status }>

export type Step = keyof typeof steps

export function canTake(step: Step, status: Status): boolean {
  return (steps[step].from as readonly Status[]).includes(status)
}

/** The one step a card's main button offers, or undefined when the visit is over. */
export function nextStep(status: Status): Step | undefined {
  if (status === 'booked') return 'arrive'
  if (status === 'arrived') return 'enter'
  if (status === 'in_room') return 'finish'
  return undefined
}

/** Only a visit that has not begun can be moved. */
export const movable = (status: Status): boolean => status === 'booked'

/** A visit that is to come or waits can be made longer or shorter; what is being done or over has its length. */
export const resizable = (status: Status): boolean => status === 'booked' || status === 'arrived'

/** What the desk may make of the length of one visit, in minutes; a service's own lies within the same bounds. */
export const lengthBounds = { least: 5, most: 720 } as const

/** Patients move and cancel by themselves until the visit begins; after that only the desk knows what happened. */
export function patientMayChange(appointment: { status: Status; startsAt: Instant }, now: Instant): boolean {
  return appointment.status === 'booked' && now.epochMilliseconds < appointment.startsAt.epochMilliseconds
}

/** Why a clinic called a visit off, where that leaves it to its patient to take another time by their link. */
export const calledOff = 'disruption'

/** Patients whose visit was called off because of the clinic's own trouble bring it back at another time by themselves. */
export function patientMayReturn(appointment: {
  status: Status
  cancelledBy: 'patient' | 'clinic' | null
  cancelReason: string | null
}): boolean {
  const { status, cancelledBy, cancelReason } = appointment
  return status === 'cancelled' && cancelledBy === 'clinic' && cancelReason === calledOff
}

export function patientMayConfirm(
  appointment: { status: Status; startsAt: Instant; confirmedAt: Instant | null },
  now: Instant,
): boolean {
  return patientMayChange(appointment, now) && appointment.confirmedAt === null
}

/** A no-show is somebody who did not come: not before the visit should have begun. */
export function mayMiss(appointment: { status: Status; startsAt: Instant }, now: Instant): boolean {
  return canTake('miss', appointment.status) && now.epochMilliseconds >= appointment.startsAt.epochMilliseconds
}

/** How long a hold keeps a slot while the patient types and proves the number. */
export const holdMinutes = 5

/**
 * A hold lives on while its patient proves the number, but nobody keeps a slot for long by asking for codes: this many
 * minutes after it was taken it lapses whatever happens.
 */
export const longestHoldMinutes = 15

/**
 * A hold is good until its time begins, lapsed or not: what was far enough ahead when it was taken may have come within the
 * notice since, but nobody books what is over.
 */
export const holdIsOver = (hold: { startsAt: Instant }, now: Instant): boolean => isBefore(hold.startsAt, now)

// Without 0/O, 1/I/L, 2/Z, 5/S, 8/B, U/V: it is read out on the telephone.
const referenceLetters = '34679ACDEFGHJKMNPQRTWXY'

/** Turns six random bytes into a reference such as `K7QM3P`. */
export function referenceFrom(random: Uint8Array): string {
  return Array.from(random.subarray(0, 6), (byte) => referenceLetters[byte % referenceLetters.length]).join('')
}

/** Six characters are shown in two groups: `K7Q M3P`. */
export const referenceText = (reference: string): string => `${reference.slice(0, 3)} ${reference.slice(3)}`

/** Lanes above 1000 are for what the desk deliberately books on top. */
export const firstOverbookLane = 1001

/** What of a service decides the room an appointment takes. */
export type VisitShape = {
  durationMin: number
  bufferBeforeMin: number
  bufferAfterMin: number
  capacity: number
  priceMinor: number | null
  currency: string
}

/** The span a visit occupies its doctor, buffers included, half-open. */
export function occupiedBy(startsAt: Instant, shape: VisitShape): { from: Instant; to: Instant } {
  return {
    from: startsAt.subtract({ minutes: shape.bufferBeforeMin }),
    to: startsAt.add({ minutes: shape.durationMin + shape.bufferAfterMin }),
  }
}

/** A patient's link works until a day after the visit. */
export const linkExpiry = (endsAt: Instant): Instant => endsAt.add({ hours: 24 })

/** What is to become of the booked visits of a doctor who goes. */
export type Handover = { visits: 'keep' | 'cancel' } | { visits: 'move'; to: PractitionerId }

/**
 * Whether a follow-up falls into its days after an examination: the day of the examination counts as none, so that 14 days
 * after a Monday is the second Monday, that day included.
 */
export function followUpStanding(
  examinedOn: PlainDate | undefined,
  visitOn: PlainDate,
  days: number,
): 'within' | 'outside' {
  if (!examinedOn) return 'outside'
  return Temporal.PlainDate.compare(visitOn, examinedOn.add({ days })) <= 0 ? 'within' : 'outside'
}

/** A question as it was asked when a visit was booked, and what was answered. */
export type Answer = { question: string; kind: 'text' | 'choice' | 'yes_no'; answer: string }
