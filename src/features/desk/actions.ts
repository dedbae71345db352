import type { AppointmentId, LocationId, PatientId, PractitionerId } from '../../kernel/ids.ts'
import { fold } from '../../kernel/names.ts'
import { done, type Outcome } from '../../kernel/outcome.ts'
import { allowed } from '../../kernel/permissions.ts'
import type { Phone } from '../../kernel/phone.ts'
import type { Instant, PlainDate } from '../../kernel/time.ts'
import type { Ctx } from '../../platform/clinic-scope.ts'
import { notFound } from '../../platform/errors.ts'
import { forbidden } from '../../platform/errors.ts'
import type { Language } from '../../platform/i18n/languages.ts'
import { changeAnswers } from '../appointments/actions/answers.ts'
import { wantMessages } from '../appointments/actions/agree.ts'
import { bookAtDesk } from '../appointments/actions/book.ts'
import { inTurn } from '../appointments/actions/in-turn.ts'
import { moveAppointment } from '../appointments/actions/move.ts'
import { ownDiaryOnly } from '../appointments/actions/own-diary.ts'
import { takeStep, undoStep, type StepRefusal } from '../appointments/actions/run.ts'
import { findAnswers, getAppointment, listAppointments, type Appointment } from '../appointments/queries.ts'
import { nextStep, type Answer, type Step } from '../appointments/rules.ts'
import { answersIn, askedAgain, questionsOf } from '../appointments/rules/answers.ts'
import { getSettings } from '../availability/actions.ts'
import { hoursOn } from '../clinics/rules/timetables.ts'
import { give, withdraw } from '../consents/actions.ts'
import type { Channel, Decision, Purpose } from '../consents/rules.ts'
import type { PatientDetails } from '../patients/actions.ts'
import { getPatient } from '../patients/queries.ts'
import { seesRestricted } from '../patients/rules.ts'
import { findDueMessage } from './queries.ts'
import type { SlotChoice } from './rules.ts'

/** What was done, and when the patient hears of it, if at all: until then it can be undone without a word. */
export type Told = { appointment: Appointment; messageAt: Instant | undefined }

const told = async (ctx: Ctx, appointment: Appointment, kind: string): Promise<Told> => ({
  appointment,
  messageAt: await findDueMessage(ctx, appointment.id, kind),
})

export async function runStep(ctx: Ctx, id: AppointmentId, step: Step): Promise<Outcome<Told, StepRefusal>> {
  const taken = await takeStep(ctx, id, step)
  if (!taken.ok) return taken
  if (step !== 'cancel') return done({ appointment: taken.value, messageAt: undefined })
  return done(await told(ctx, taken.value, 'cancelled'))
}

/** Takes the last step back; bringing a cancelled visit back is for those who may cancel. */
export async function takeBack(
  ctx: Ctx,
  id: AppointmentId,
): Promise<Outcome<Appointment, 'nothing_to_undo' | 'slot_taken' | 'closed' | 'changed_meanwhile'>> {
  const { status, practitionerId } = await getAppointment(ctx, id)
  await ownDiaryOnly(ctx, practitionerId)
  if (status === 'cancelled' && ctx.actor.kind === 'user' && !allowed(ctx.actor.role, 'appointments.move')) {
    forbidden(`${ctx.actor.role} may not bring back a cancelled visit`)
  }
  return undoStep(ctx, id)
}

/** How a visit stands, for telling somebody whose step came too late. */
export async function standingOf(ctx: Ctx, id: AppointmentId): Promise<Appointment> {
  const appointment = await getAppointment(ctx, id)
  await ownDiaryOnly(ctx, appointment.practitionerId)
  return appointment
}

export type CallerBooking = {
  slot: SlotChoice
  patient: { id: PatientId } | { name: string; phone: Phone }
  language: Language
  /** Asked on the phone: may the clinic write to them about this visit? */
  agreed: boolean
  /** At the price of a follow-up, whenever the last examination was. */
  asFollowUp?: boolean
  answers?: readonly Answer[]
  overbookReason?: string
}

/**
 * Books for somebody on the phone or at the desk. Sent twice (a double click, a reload) it answers the visit that the
 * first one made, also where there is room for two: on top of others, or in a group.
 */
export async function bookForCaller(
  ctx: Ctx,
  { slot, patient, language, agreed, asFollowUp, answers = [], overbookReason }: CallerBooking,
): Promise<Outcome<Told, 'slot_taken' | 'not_offered' | 'month_full'>> {
  const known =
    'id' in patient ? await getPatient(ctx, patient.id) : { ...patient, email: undefined, restrictedAt: null }
  // Nothing new is booked for somebody whose data is restricted, unless they ask anew, by name and number.
  if (known.restrictedAt !== null) return notFound('patient')
  const details: PatientDetails = {
    name: known.name,
    phone: known.phone,
    email: known.email,
    language,
    proven: false,
    consentWording: agreed ? 'desk' : undefined,
  }
  await ownDiaryOnly(ctx, slot.practitionerId)
  await inTurn(ctx, details.phone)
  const twin = await findTwin(ctx, slot, details)
  if (twin) return done(await told(ctx, twin, 'confirmation'))
  const booked = await bookAtDesk(ctx, {
    wish: slot,
    patient: details,
    language,
    messagesWanted: agreed,
    asFollowUp,
    answers,
    ...(overbookReason === undefined ? {} : { overbookReason }),
  })
  return booked.ok ? done(await told(ctx, booked.value, 'confirmation')) : booked
}

/**
 * What the desk learns about a visit after it was booked, or puts right. Answers to what the service no longer asks stay
 * as they were. Returns what is wrong with what was typed, by field.
 */
export async function answerLater(
  ctx: Ctx,
  id: AppointmentId,
  typed: Readonly<Record<string, unknown>>,
): Promise<Record<string, string> | undefined> {
  const { serviceId } = await standingOf(ctx, id)
  const asked = askedAgain(questionsOf(await getSettings(ctx), serviceId), await findAnswers(ctx, id))
  const { answers, errors } = answersIn(asked.questions, typed)
  if (Object.keys(errors).length > 0) return errors
  await changeAnswers(ctx, id, [...answers, ...asked.kept])
  return undefined
}

/** The very visit that is asked for, of the very person; others of a family on one number may be there as well. */
async function findTwin(ctx: Ctx, slot: SlotChoice, who: PatientDetails): Promise<Appointment | undefined> {
  const { startsAt, practitionerId, serviceId, locationId } = slot
  const there = await listAppointments(ctx, { from: startsAt, to: startsAt.add({ milliseconds: 1 }), practitionerId })
  return there.find(
    (visit) =>
      nextStep(visit.status) !== undefined &&
      visit.serviceId === serviceId &&
      visit.locationId === locationId &&
      visit.patientPhone === who.phone &&
      fold(visit.patientName ?? '') === fold(who.name),
  )
}

/** Where a doctor sees somebody booked on top: as asked, else where they work that day, else the first place there is. */
export async function placeOf(
  ctx: Ctx,
  practitionerId: PractitionerId,
  asked: LocationId | undefined,
  date: PlainDate | undefined,
): Promise<LocationId | undefined> {
  const settings = await getSettings(ctx)
  const places = settings.locations.filter(({ active }) => active)
  const shift = date && hoursOn(settings, date).find((one) => one.practitionerId === practitionerId)
  return (places.find(({ id }) => id === asked) ?? places.find(({ id }) => id === shift?.locationId) ?? places[0])?.id
}

export async function moveForCaller(
  ctx: Ctx,
  id: AppointmentId,
  to: SlotChoice,
  overbookReason?: string,
): Promise<Outcome<Told, 'too_late' | 'slot_taken' | 'changed_meanwhile'>> {
  const moved = await moveAppointment(ctx, id, { ...to, overbookReason }, 'desk')
  if (!moved.ok) return moved
  const after = await told(ctx, moved.value, 'moved')
  // Somebody who has not been told of the visit yet hears of it once, as it now stands.
  return done(after.messageAt ? after : await told(ctx, moved.value, 'confirmation'))
}

/**
 * Writes down what somebody told the desk about messages. Agreed to after booking without, they hear of what is to come.
 * Answers whether it is news.
 */
export async function recordConsent(
  ctx: Ctx,
  id: PatientId,
  { purpose, channel, decision }: { purpose: Purpose; channel: Channel; decision: Decision },
): Promise<boolean> {
  const { language, restrictedAt } = await getPatient(ctx, id)
  if (restrictedAt !== null && !seesRestricted(ctx)) return notFound('patient')
  const said = { patientId: id, purpose, channel, source: 'desk' } as const
  if (decision === 'deny') return withdraw(ctx, said)
  const news = await give(ctx, { ...said, language })
  if (news && purpose === 'appointment_messages') await wantMessages(ctx, id)
  return news
}
