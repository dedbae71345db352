import { newId, type AppointmentId, type PatientId } from '../../../kernel/ids.ts'
import { done, refuse, type Outcome } from '../../../kernel/outcome.ts'
import { audit } from '../../../platform/audit.ts'
import type { Ctx } from '../../../platform/clinic-scope.ts'
import type { Language } from '../../../platform/i18n/languages.ts'
import { registerLink } from '../../../platform/links.ts'
import { findFreeSlot, getSettings, type SlotWish } from '../../availability/actions.ts'
import { noticeBooked, noticeClinicAlert, type AppointmentFacts } from '../../notices/actions.ts'
import { rememberPatient, type PatientDetails } from '../../patients/actions.ts'
import { isFull } from '../../subscription/rules/usage.ts'
import {
  countOpenByPhone,
  deleteLapsedHolds,
  findAppointment,
  findOverbookLane,
  getAppointment,
  insertAppointment,
  updateHoldToBooked,
  type Appointment,
} from '../queries.ts'
import { linkExpiry, occupiedBy } from '../rules.ts'
import { factsOf } from './facts.ts'
import { takeSlot, type Holder } from './hold.ts'
import { ownDiaryOnly } from './own-diary.ts'

/**
 * Makes a browser's hold a booking. Sent twice, it answers the same appointment. A hold that lapsed is still good while
 * nobody else wanted the slot; one that was let go is taken again if the slot is still free.
 */
export async function bookHeldSlot(
  ctx: Ctx,
  held: { id: AppointmentId; wish: SlotWish; holder: Holder },
  details: PatientDetails,
): Promise<Outcome<Appointment, 'slot_taken' | 'too_many_open' | 'month_full'>> {
  const { id, wish, holder } = held
  const existing = await findAppointment(ctx, id)
  if (existing && existing.holdOwner?.equals(holder.owner) !== true) return refuse('slot_taken')
  if (existing && existing.status !== 'pending') return done(existing)
  if (!existing && isFull(ctx.clinic, 'bookings', ctx.now)) return refuse('month_full')
  if (!existing && (await takeSlot(ctx, id, wish, holder)) === undefined) return refuse('slot_taken')

  const { maxOpenBookings } = (await getSettings(ctx)).profile
  // Together: a refusal takes the patient back as well.
  const [open, patientId] = await Promise.all([countOpenByPhone(ctx, details.phone, id), rememberPatient(ctx, details)])
  if (open >= maxOpenBookings) return refuse('too_many_open')

  const messagesWanted = details.consentWording !== undefined
  const appointment = await updateHoldToBooked(ctx, id, { patientId, language: details.language, messagesWanted })
  // Its twin was faster by a moment and did all that follows.
  if (!appointment) return done(await getAppointment(ctx, id))
  await Promise.all([afterBooking(ctx, appointment, 'patient'), noticeClinicAlert(ctx, factsOf(appointment))])
  return done(appointment)
}

export type DeskBooking = {
  wish: SlotWish
  patient: { id: PatientId } | PatientDetails
  language: Language
  messagesWanted: boolean
  /** Named to book on top of what is there; the reason is written to the audit log. */
  overbookReason?: string
  /** Takes what there is to tell of the visit instead: several are told of in one message. */
  together?: AppointmentFacts[] | undefined
}

/**
 * Books for somebody on the telephone or at the desk. A time that is taken is refused unless the desk says, with a
 * reason, that it means to book on top: then the visit gets a lane of its own and counts as occupying.
 */
export async function bookAtDesk(
  ctx: Ctx,
  booking: DeskBooking,
): Promise<Outcome<Appointment, 'slot_taken' | 'not_offered' | 'month_full'>> {
  const { wish } = booking
  await ownDiaryOnly(ctx, wish.practitionerId)
  if (isFull(ctx.clinic, 'bookings', ctx.now)) return refuse('month_full')
  const place = await placeAtDesk(ctx, wish, booking.overbookReason)
  if (!place.ok) return place
  const id = newId<'appointment'>()
  const patientId = 'id' in booking.patient ? booking.patient.id : await rememberPatient(ctx, booking.patient)
  const inserted = await insertAppointment(ctx, {
    id,
    ...wish,
    ...place.value,
    language: booking.language,
    source: 'desk',
    patientId,
    messagesWanted: booking.messagesWanted,
  })
  if (inserted === undefined) return refuse('slot_taken')
  const appointment = await getAppointment(ctx, id)
  await afterBooking(ctx, appointment, 'desk', booking.together)
  return done(appointment)
}

async function placeAtDesk(ctx: Ctx, wish: SlotWish, overbookReason: string | undefined) {
  const service = (await getSettings(ctx)).services.find(({ id }) => id === wish.serviceId)
  if (!service?.active) return refuse('not_offered')
  const { from, to } = occupiedBy(wish.startsAt, service)
  if (overbookReason !== undefined) {
    const lane = await findOverbookLane(ctx, wish.practitionerId, from, to)
    return done({ shape: service, lane, overbookReason })
  }
  const free = await findFreeSlot(ctx, 'desk', wish)
  if (!free) return refuse('slot_taken')
  await deleteLapsedHolds(ctx, wish.practitionerId, from, to)
  return done({ shape: service, lane: free.slot.lane })
}

async function afterBooking(
  ctx: Ctx,
  appointment: Appointment,
  by: 'patient' | 'desk',
  together?: AppointmentFacts[],
): Promise<void> {
  const facts = factsOf(appointment)
  together?.push(facts)
  await audit(
    ctx,
    appointment.overbooked ? 'appointment.overbooked' : 'appointment.booked',
    { kind: 'appointment', id: appointment.id },
    {
      starts_at: appointment.startsAt.toString(),
      practitioner_id: appointment.practitionerId,
      service_id: appointment.serviceId,
      location_id: appointment.locationId,
      lane: appointment.lane,
    },
  )
  await Promise.all([
    registerLink(ctx, appointment.id, appointment.linkVersion, linkExpiry(appointment.endsAt)),
    ...(together ? [] : [noticeBooked(ctx, facts, { by })]),
  ])
  ctx.tally('bookings')
  if (by === 'patient') ctx.tally('bookings_online')
  ctx.diaryChanged()
}
