// Coming onto the list and off it again.
import { newId, type AppointmentId, type PatientId } from '../../../kernel/ids.ts'
import { done, refuse, type Outcome } from '../../../kernel/outcome.ts'
import type { Phone } from '../../../kernel/phone.ts'
import { dateAt, dayBounds, isBefore, later, Temporal, type Instant, type PlainDate } from '../../../kernel/time.ts'
import { audit } from '../../../platform/audit.ts'
import type { Ctx } from '../../../platform/clinic-scope.ts'
import type { Language } from '../../../platform/i18n/languages.ts'
import { registerWaitingLink, waitingToken } from '../../../platform/links.ts'
import { findAppointment, listAppointmentsOfPatient } from '../../appointments/queries.ts'
import { getSettings, offerOf } from '../../availability/actions.ts'
import { give } from '../../consents/actions.ts'
import { rememberPatient, type PatientDetails } from '../../patients/actions.ts'
import { getPatient, listPatientsByPhone } from '../../patients/queries.ts'
import {
  deleteEntriesOf,
  getEntry,
  listEntriesOf,
  updateEnded,
  updateOutlived,
  updateRestored,
  upsertEntry,
  type Entry,
} from '../queries/entries.ts'
import {
  insertHeldTimes,
  insertLookFor,
  listOpenOffers,
  updateOfferMessagesDropped,
  updateWithdrawn,
} from '../queries/offers.ts'
import { getWaitlistSettings, updateWaitlistSettings } from '../queries/settings.ts'
import { linkDays, longestWaitDays, type EntryId, type WaitingWish, type WaitlistSettings } from '../rules.ts'

export type Joining = {
  patient: { id: PatientId; agreed: boolean } | PatientDetails
  wish: WaitingWish
  /** A visit they have, for which something sooner is looked for. */
  insteadOf?: AppointmentId | undefined
  language: Language
  source: 'online' | 'desk'
}

export type JoinRefusal = 'off' | 'not_offered' | 'over' | 'no_consent' | 'has_visit' | 'restricted'
export type Joined = { id: EntryId; token: string }

/**
 * Puts somebody on the waiting list. Being written to is what the list is, so that without a consent nobody is on it. Who
 * has such a visit already waits for something sooner than it, or not at all: an offer then moves that visit. A wish for
 * the same that stands is changed and keeps its place in the line.
 */
export async function joinList(ctx: Ctx, joining: Joining): Promise<Outcome<Joined, JoinRefusal>> {
  const { wish, insteadOf } = joining
  if (!(await getWaitlistSettings(ctx)).on) return refuse('off')
  const today = dateAt(ctx.now, ctx.clinic.zone)
  if (isOver(wish, today)) return refuse('over')
  // Offers are taken like bookings on the page: what is not to be had there is not waited for.
  const settings = await getSettings(ctx)
  if (!offerOf(settings, 'patient', wish.serviceId, 'any')) return refuse('not_offered')
  const patientId = await patientOf(ctx, joining)
  if (!patientId.ok) return patientId
  if (!(await mayWait(ctx, patientId.value, wish, insteadOf))) return refuse('has_visit')

  const until = dateIn(wish.until, today)
  const entryId = await upsertEntry(ctx, {
    id: newId<'waiting_entry'>(),
    patientId: patientId.value,
    wish: { ...wish, until },
    insteadOf: insteadOf ?? null,
    language: joining.language,
    source: joining.source,
  })
  await lookFor(ctx, wish.from, until)
  const expiresAt = dayBounds(until.add({ days: linkDays }), ctx.clinic.zone).to
  const token = await registerWaitingLink(ctx, entryId, expiresAt)
  await audit(
    ctx,
    'waiting.joined',
    { kind: 'waiting_entry', id: entryId },
    { service_id: wish.serviceId, patient_id: patientId.value, until: until.toString(), source: joining.source },
  )
  return done({ id: entryId, token })
}

/**
 * What came free while they typed, proved their number or were off the list was looked at without them: the days they wait
 * for are looked at once more. What somebody is typing into at this moment is not to be seen as free, and may be soon.
 */
async function lookFor(ctx: Ctx, first: PlainDate, last: PlainDate): Promise<void> {
  const { now } = ctx
  const { zone } = ctx.clinic
  const span = { from: later(dayBounds(first, zone).from, now), to: dayBounds(last, zone).to }
  if (isBefore(span.from, span.to)) await insertLookFor(ctx, span)
  await insertHeldTimes(ctx)
}

/** Whoever said STOP and now START waits on: what came free meanwhile was offered past them. */
export async function lookForNumber(ctx: Ctx, phone: Phone): Promise<void> {
  for (const { id } of await listPatientsByPhone(ctx, phone)) {
    for (const { state, wish } of await listEntriesOf(ctx, id)) {
      if (state === 'waiting') await lookFor(ctx, wish.from, wish.until)
    }
  }
}

const isOver = ({ from, until }: WaitingWish, today: Temporal.PlainDate) =>
  Temporal.PlainDate.compare(until, today) < 0 || Temporal.PlainDate.compare(until, from) < 0

const dateIn = (until: Temporal.PlainDate, today: Temporal.PlainDate) => {
  const last = today.add({ days: longestWaitDays })
  return Temporal.PlainDate.compare(until, last) > 0 ? last : until
}

async function patientOf(ctx: Ctx, { patient, language, source }: Joining) {
  if (!('id' in patient)) {
    if (patient.consentWording === undefined) return refuse('no_consent')
    return done(await rememberPatient(ctx, patient))
  }
  const known = await getPatient(ctx, patient.id)
  if (known.restrictedAt !== null) return refuse('restricted')
  if (!patient.agreed) return refuse('no_consent')
  const where =
    source === 'desk'
      ? ({ channel: 'phone', source: 'desk', wording: 'waiting_desk' } as const)
      : ({ channel: 'web', source: 'patient_page', wording: 'waiting' } as const)
  // A link is shown to whoever booked, and where no code was asked for they may be anybody.
  const again = source === 'desk'
  await give(ctx, { patientId: patient.id, purpose: 'appointment_messages', language, again, ...where })
  return done(patient.id)
}

async function mayWait(ctx: Ctx, patientId: PatientId, wish: WaitingWish, insteadOf: AppointmentId | undefined) {
  if (insteadOf !== undefined) {
    const visit = await findAppointment(ctx, insteadOf)
    return visit?.patientId === patientId && visit.serviceId === wish.serviceId && isToCome(visit)
  }
  const visits = await listAppointmentsOfPatient(ctx, patientId, 50)
  return !visits.some((visit) => visit.serviceId === wish.serviceId && isToCome(visit))

  function isToCome({ status, startsAt }: { status: string; startsAt: Temporal.Instant }) {
    return status === 'booked' && isBefore(ctx.now, startsAt)
  }
}

/** Off the list, by the patient or by the desk. Twice is the same as once. */
export async function leaveList(ctx: Ctx, id: EntryId, by: 'patient' | 'desk'): Promise<Entry> {
  const entry = await getEntry(ctx, id)
  if (await updateEnded(ctx, id, by === 'patient' ? 'left' : 'removed')) {
    await closeOffersOf(ctx, id)
    await audit(ctx, by === 'patient' ? 'waiting.left' : 'waiting.removed', { kind: 'waiting_entry', id })
  }
  return entry
}

/** What was offered to somebody who no longer waits is taken back, and what is still to leave about it stays. */
async function closeOffersOf(ctx: Ctx, id: EntryId): Promise<void> {
  const open = (await listOpenOffers(ctx)).filter(({ entryId }) => entryId === id)
  if (open.length === 0) return
  // Messages before offers, as the dispatcher takes them: neither waits for the other in a circle.
  await updateOfferMessagesDropped(ctx, open.map((offer) => offer.id), 'offer_over') // prettier-ignore
  await updateWithdrawn(ctx, { entryId: id })
}

/** Takes the desk's removal back, place in the line included. */
export async function restoreEntry(ctx: Ctx, id: EntryId): Promise<Outcome<Entry, 'nothing_to_undo'>> {
  const entry = await getEntry(ctx, id)
  if (!(await updateRestored(ctx, id))) return refuse('nothing_to_undo')
  await lookFor(ctx, entry.wish.from, entry.wish.until)
  await audit(ctx, 'waiting.restored', { kind: 'waiting_entry', id })
  return done(entry)
}

/** Places on the list of somebody who asked to be forgotten, with what was offered to them; none that came after `until`. */
export const forgetWaiting = (ctx: Ctx, patientId: PatientId, until: Instant): Promise<number> =>
  deleteEntriesOf(ctx, patientId, until)

/** Ends what nobody waits for any more: its last day is over, or the visit it was to be sooner than began or is gone. */
export async function endOutlived(ctx: Ctx): Promise<number> {
  return updateOutlived(ctx, dateAt(ctx.now, ctx.clinic.zone))
}

/** An entry that is there. */
export const findPlace = (ctx: Ctx, id: EntryId): Promise<Entry> => getEntry(ctx, id)

export const tokenOf = (ctx: Pick<Ctx, 'platformSeal' | 'clinic'>, id: EntryId): string => waitingToken(ctx, id)

export async function changeWaitlistSettings(ctx: Ctx, settings: WaitlistSettings): Promise<void> {
  await updateWaitlistSettings(ctx, settings)
  await audit(
    ctx,
    'clinic.waiting_list_set',
    { kind: 'clinic', id: ctx.clinic.id },
    { on: settings.on, most: settings.most, minutes: settings.minutes },
  )
  ctx.settingsChanged()
}
