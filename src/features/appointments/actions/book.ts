import { newId, type AppointmentId, type PatientId } from '../../../kernel/ids.ts'
import { done, refuse, type Outcome } from '../../../kernel/outcome.ts'
import { minutesBetween } from '../../../kernel/time.ts'
import { audit } from '../../../platform/audit.ts'
import type { Ctx } from '../../../platform/clinic-scope.ts'
import type { Language } from '../../../platform/i18n/languages.ts'
import { registerLink } from '../../../platform/links.ts'
import { getSettings, isStillOpen, type SlotWish } from '../../availability/actions.ts'
import { givenBy } from '../../clinics/rules/services.ts'
import { noticeBooked, noticeClinicAlert, type AppointmentFacts } from '../../notices/actions.ts'
import { rememberPatient, type PatientDetails } from '../../patients/actions.ts'
import { getPatient } from '../../patients/queries.ts'
import { isFull } from '../../subscription/rules/usage.ts'
import { countOpenByPhone, findAppointment, getAppointment, type Appointment } from '../queries.ts'
import { updateHoldToBooked } from '../queries/holds.ts'
import { findOverbookLane, insertAppointment } from '../queries/place.ts'
import { updateAnswers } from '../queries/state.ts'
import { holdIsOver, linkExpiry, occupiedBy, type Answer } from '../rules.ts'
import { factsOf } from './facts.ts'
import { takeSlot, type Holder } from './hold.ts'
import { ownDiaryOnly } from './own-diary.ts'
import { takeFreeSlot } from './take.ts'
import { costsMore, termsFor } from './terms.ts'

/**
 * Makes a browser's hold a booking. Sent twice, it answers the same appointment. A hold that lapsed is still good while
 * nobody else wanted the slot and it has not begun; one that was let go is taken again if the slot is still free. What the
 * clinic has closed since, it does not give.
 */
export async function bookHeldSlot(
  ctx: Ctx,
  held: { id: AppointmentId; wish: SlotWish; holder: Holder },
  details: PatientDetails,
  /**
   * `fullPrice`: the patient was told that no visit was found that this would follow, and books all the same. `vouched`:
   * the clinic itself offered them the time, and asks no more who may have it. `heldOnly`: a time that was let go is not
   * taken again.
   */
  said: { answers?: readonly Answer[]; fullPrice?: boolean; vouched?: boolean; heldOnly?: boolean } = {},
): Promise<Outcome<Appointment, BookingRefusal>> {
  const { id, wish, holder } = held
  const existing = await findAppointment(ctx, id)
  if (existing && existing.holdOwner?.equals(holder.owner) !== true) return refuse('slot_taken')
  if (existing && existing.status !== 'pending') return done(existing)
  if (!existing && isFull(ctx.clinic, 'bookings', ctx.now)) return refuse('month_full')
  if (existing && holdIsOver(existing, ctx.now)) return refuse('slot_taken')
  if (!existing && said.heldOnly === true) return refuse('gone')
  const had = existing
    ? await isStillOpen(ctx, 'patient', {
        ...existing,
        durationMin: minutesBetween(existing.startsAt, existing.endsAt),
      })
    : (await takeSlot(ctx, id, wish, holder)) !== undefined
  if (!had) return refuse('slot_taken')

  const terms = await termsFor(ctx, existing ?? wish, details)
  if (said.vouched !== true) {
    if (terms.notNew) return refuse('new_only')
    if (costsMore(terms) && said.fullPrice !== true) return refuse('follow_up_price')
  }

  const { maxOpenBookings } = (await getSettings(ctx)).profile
  // Together: a refusal takes the patient back as well.
  const [open, patientId] = await Promise.all([countOpenByPhone(ctx, details.phone, id), rememberPatient(ctx, details)])
  if (open >= maxOpenBookings) return refuse('too_many_open')

  const messagesWanted = details.consentWording !== undefined
  const appointment = await updateHoldToBooked(ctx, id, {
    patientId,
    language: details.language,
    messagesWanted,
    answers: said.answers ?? [],
    priceMinor: terms.followUp?.standing === 'within' ? terms.followUp.ownPriceMinor : undefined,
  })
  if (!appointment) {
    // Its twin was faster by a moment and did all that follows. Or a doctor is away, and the hold had to go.
    const twin = await findAppointment(ctx, id)
    return twin ? done(twin) : refuse('slot_taken')
  }
  await Promise.all([afterBooking(ctx, appointment, 'patient'), noticeClinicAlert(ctx, factsOf(appointment))])
  return done(appointment)
}

export type BookingRefusal = 'gone' | 'slot_taken' | 'too_many_open' | 'month_full' | 'new_only' | 'follow_up_price'

export type DeskBooking = {
  wish: SlotWish
  patient: { id: PatientId } | PatientDetails
  language: Language
  messagesWanted: boolean
  /** Named to book on top of what is there; the reason is written to the audit log. */
  overbookReason?: string
  /** At the price of a follow-up, whenever the last examination was. */
  asFollowUp?: boolean | undefined
  /** What was said to the service's questions. */
  answers?: readonly Answer[]
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
  const id = newId<'appointment'>()
  const patientId = 'id' in booking.patient ? booking.patient.id : await rememberPatient(ctx, booking.patient)
  const inserted = await writeAtDesk(ctx, booking, {
    id,
    language: booking.language,
    source: 'desk',
    patientId,
    messagesWanted: booking.messagesWanted,
    priceMinor: await deskPrice(ctx, booking),
  })
  if (!inserted.ok) return inserted
  if (booking.answers && booking.answers.length > 0) await updateAnswers(ctx, id, booking.answers)
  const appointment = await getAppointment(ctx, id)
  await afterBooking(ctx, appointment, 'desk', booking.together)
  return done(appointment)
}

async function writeAtDesk(
  ctx: Ctx,
  { wish, overbookReason }: DeskBooking,
  { priceMinor, ...visit }: Parameters<typeof takeFreeSlot>[3],
): Promise<Outcome<AppointmentId, 'slot_taken' | 'not_offered'>> {
  const settings = await getSettings(ctx)
  const service = settings.services.find(({ id }) => id === wish.serviceId)
  if (!service?.active) return refuse('not_offered')
  if (overbookReason === undefined) {
    const taken = await takeFreeSlot(ctx, 'desk', wish, { ...visit, priceMinor })
    return taken === undefined ? refuse('slot_taken') : done(taken)
  }
  const own = givenBy(settings, service, wish.practitionerId)
  const shape = priceMinor === undefined ? own : { ...own, priceMinor }
  const { from, to } = occupiedBy(wish.startsAt, shape)
  const lane = await findOverbookLane(ctx, wish.practitionerId, from, to)
  const written = await insertAppointment(ctx, { ...visit, ...wish, shape, lane, overbookReason })
  return written === undefined ? refuse('slot_taken') : done(written)
}

/** What a follow-up costs; undefined where it is what the service costs. The desk may be generous. */
async function deskPrice(ctx: Ctx, { wish, patient, asFollowUp }: DeskBooking): Promise<number | null | undefined> {
  const known = 'id' in patient ? await getPatient(ctx, patient.id) : patient
  const { followUp } = await termsFor(ctx, wish, known)
  return followUp?.standing === 'within' || asFollowUp === true ? followUp?.ownPriceMinor : undefined
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
