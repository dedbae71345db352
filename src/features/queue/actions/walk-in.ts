import { fold } from '../../../kernel/names.ts'
import type { LocationId, PractitionerId, ServiceId } from '../../../kernel/ids.ts'
import { done, refuse, type Outcome } from '../../../kernel/outcome.ts'
import type { Phone } from '../../../kernel/phone.ts'
import { dateAt, dayBounds, Temporal, type Instant } from '../../../kernel/time.ts'
import { audit } from '../../../platform/audit.ts'
import type { Ctx } from '../../../platform/clinic-scope.ts'
import type { Language } from '../../../platform/i18n/languages.ts'
import { addAnswers } from '../../appointments/actions/answers.ts'
import { bookAtDesk } from '../../appointments/actions/book.ts'
import { inTurn } from '../../appointments/actions/in-turn.ts'
import { takeStep } from '../../appointments/actions/run.ts'
import { getAppointment, type Appointment } from '../../appointments/queries.ts'
import type { Answer } from '../../appointments/rules.ts'
import { answerable } from '../../appointments/rules/answers.ts'
import { getSettings, listFreeTimes, offerOf } from '../../availability/actions.ts'
import { findWaitingTwin, updatePlaceInLine } from '../queries.ts'
import { listTodaysLine } from '../queries/look.ts'

/** A free time that begins so soon is theirs; for a later one the diary need not be closed to others. */
export const walkInReachMinutes = 30

/** As many desks may squeeze somebody in at one moment. */
const lanesTried = 20

export type WalkIn = {
  name: string
  phone: Phone
  serviceId: ServiceId
  practitionerId: PractitionerId
  locationId: LocationId
  language: Language
  /** Asked at the desk: may the clinic write to them about this visit? */
  agreed: boolean
  /** What was said to the service's questions. */
  answers?: readonly Answer[]
}

export type WalkedIn = { appointment: Appointment; token: number; again: boolean }

/**
 * Takes in somebody who comes without an appointment: a visit that has already arrived, with its number. It takes a free
 * time if one begins soon, so that nobody books it online meanwhile; else it is squeezed in on a lane of its own. The
 * same person twice in one line, by a double click or by mistake, is answered with the number they have.
 */
export async function takeWalkIn(
  ctx: Ctx,
  walkIn: WalkIn,
): Promise<Outcome<WalkedIn, 'not_offered' | 'month_full' | 'changed_meanwhile'>> {
  const { serviceId, practitionerId, locationId, name, phone, language, agreed, answers = [] } = walkIn
  const settings = await getSettings(ctx)
  const place = settings.locations.find(({ id, active }) => id === locationId && active)
  if (!place || !offerOf(settings, 'desk', serviceId, practitionerId)) return refuse('not_offered')
  await inTurn(ctx, phone)
  const twin = await findTwin(ctx, walkIn)
  if (twin) {
    const { appointment } = twin
    // Another service asks other questions than the visit they have.
    if (appointment.serviceId === serviceId && answerable(appointment)) await addAnswers(ctx, appointment.id, answers)
    return done({ ...twin, again: true })
  }

  const booking = {
    patient: { name, phone, email: undefined, language, proven: false, consentWording: agreed ? 'desk' : undefined },
    language,
    messagesWanted: agreed,
    answers,
  } as const
  const wish = { serviceId, practitionerId, locationId }
  const soon = await findSoon(ctx, wish)
  const inTime = soon && (await bookAtDesk(ctx, { ...booking, wish: { ...wish, startsAt: soon } }))
  const now = Temporal.Instant.fromEpochMilliseconds(Math.floor(ctx.now.epochMilliseconds / 60_000) * 60_000)
  const squeezed = { ...booking, wish: { ...wish, startsAt: now }, overbookReason: 'walk-in' }
  let booked = inTime?.ok ? inTime : await bookAtDesk(ctx, squeezed)
  // Another desk took the lane that was free a moment ago; there is always one more.
  for (let tries = 0; !booked.ok && booked.reason === 'slot_taken' && tries < lanesTried; tries++) {
    booked = await bookAtDesk(ctx, squeezed)
  }
  if (!booked.ok) return booked.reason === 'slot_taken' ? refuse('changed_meanwhile') : refuse(booked.reason)
  const arrived = await takeStep(ctx, booked.value.id, 'arrive')
  if (!arrived.ok) return refuse('changed_meanwhile')
  const { id } = arrived.value
  await updatePlaceInLine(ctx, id, {
    walkIn: true,
    priority: null,
    priorityAt: null,
    placeAt: null,
    placeTie: null,
    skips: 0,
    steppedOutAt: null,
  })
  const token = (await listTodaysLine(ctx, practitionerId)).find((one) => one.id === id)?.token
  if (token === undefined) throw new Error('somebody arrived without a number')
  await audit(ctx, 'queue.walked_in', { kind: 'appointment', id }, { token })
  return done({ appointment: arrived.value, token, again: false })
}

async function findTwin(ctx: Ctx, { phone, practitionerId, name }: WalkIn) {
  const day = dayBounds(dateAt(ctx.now, ctx.clinic.zone), ctx.clinic.zone)
  const waiting = await findWaitingTwin(ctx, { phone, practitionerId, ...day })
  const twin = waiting.find((one) => fold(one.name) === fold(name))
  const token =
    twin && (await listTodaysLine(ctx, practitionerId)).find((one) => one.id === twin.id && one.walkIn)?.token
  return twin && token !== undefined ? { appointment: await getAppointment(ctx, twin.id), token } : undefined
}

async function findSoon(
  ctx: Ctx,
  wish: Pick<WalkIn, 'serviceId' | 'practitionerId' | 'locationId'>,
): Promise<Instant | undefined> {
  const free = await listFreeTimes(ctx, 'desk', { ...wish, from: dateAt(ctx.now, ctx.clinic.zone), days: 1 })
  const slot = free?.days[0]?.slots[0]
  const soon = slot && slot.startsAt <= ctx.now.epochMilliseconds + walkInReachMinutes * 60_000
  return soon ? Temporal.Instant.fromEpochMilliseconds(slot.startsAt) : undefined
}
