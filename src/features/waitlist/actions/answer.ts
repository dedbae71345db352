// What becomes of an answer. Ten people may say yes in the same second: each books, and the database lets one of them.
import { newId } from '../../../kernel/ids.ts'
import { done, refuse, type Outcome } from '../../../kernel/outcome.ts'
import { isBefore, type Instant } from '../../../kernel/time.ts'
import { audit } from '../../../platform/audit.ts'
import type { Ctx } from '../../../platform/clinic-scope.ts'
import { notFound } from '../../../platform/errors.ts'
import { bookHeldSlot } from '../../appointments/actions/book.ts'
import { moveAppointment } from '../../appointments/actions/move.ts'
import { getAppointment, type Appointment } from '../../appointments/queries.ts'
import { findConsent } from '../../consents/queries.ts'
import { getPatient } from '../../patients/queries.ts'
import { findEntry, updateEnded } from '../queries/entries.ts'
import {
  findNewestOfferTo,
  findOffer,
  updateAnswered,
  updateOffer,
  updateWithdrawn,
  type Offer,
} from '../queries/offers.ts'
import { answerIn, type OfferId } from '../rules.ts'
import { isFreeButForHolds, lostTo } from './ask.ts'

/**
 * `taken`: somebody was faster. `over`: it ran out, was taken back, or nobody waits any more. `limit`: the clinic's own rules
 * let nobody book this by themselves (visits enough already, a month that is full), and the desk has to be asked.
 */
export type AcceptRefusal = 'taken' | 'over' | 'limit'

/**
 * Yes to an offer: books the time, or moves the visit it was to be sooner than. The booking comes first and the offer is
 * closed after it, so that nobody waits for a lock of somebody who waits for theirs; whichever fails takes the other back.
 * Twice is the same as once.
 */
export async function acceptOffer(
  ctx: Ctx,
  id: OfferId,
  /** Whose telephone it came from, where an answer came by one: nobody answers for another. */
  number?: Buffer,
): Promise<Outcome<Appointment, AcceptRefusal>> {
  const offer = await findOffer(ctx, id)
  if (!offer || (number && !offer.number.equals(number))) return refuse('over')
  if (offer.state === 'accepted' && offer.appointmentId !== null)
    return done(await getAppointment(ctx, offer.appointmentId))
  if (offer.state === 'taken') return refuse('taken')
  if (offer.state !== 'open' || offer.entryState !== 'waiting' || !isBefore(ctx.now, offer.expiresAt)) {
    return refuse('over')
  }
  const booked =
    offer.insteadOf === null ? await bookOffered(ctx, offer) : await moveSooner(ctx, offer, offer.insteadOf)
  if (!booked.ok) return booked
  if (!(await updateOffer(ctx, id, 'accepted', true))) return refuse('over')
  if (!(await updateEnded(ctx, offer.entryId, 'booked', booked.value.id))) return refuse('over')
  await audit(
    ctx,
    'waiting.accepted',
    { kind: 'waiting_entry', id: offer.entryId },
    { appointment_id: booked.value.id, starts_at: offer.startsAt.toString(), moved: offer.insteadOf !== null },
  )
  return booked
}

async function bookOffered(ctx: Ctx, offer: Offer): Promise<Outcome<Appointment, AcceptRefusal>> {
  const patient = await getPatient(ctx, offer.patientId)
  const { serviceId, practitionerId, locationId, startsAt } = offer
  const entry = (await findEntry(ctx, offer.entryId)) ?? notFound('waiting entry')
  const held = {
    id: newId<'appointment'>(),
    wish: { serviceId, practitionerId, locationId, startsAt },
    holder: { owner: ctx.platformSeal.hash('waiting-offer', `${ctx.clinic.id}|${offer.id}`), language: entry.language },
  }
  const { name, phone, email } = patient
  // They agreed when they joined. Whoever took it back since is booked and not written to.
  const agreed = (await findConsent(ctx, offer.patientId, 'appointment_messages'))?.decision === 'permit'
  const consentWording = agreed ? ('booking' as const) : undefined
  const details = {
    name,
    phone,
    email,
    language: patient.language,
    proven: patient.phoneProvenAt !== null,
    consentWording,
  }
  const booked = await bookHeldSlot(ctx, held, details, { vouched: true })
  if (booked.ok) return booked
  return refuse(booked.reason === 'slot_taken' ? 'taken' : 'limit')
}

async function moveSooner(
  ctx: Ctx,
  offer: Offer,
  visit: Appointment['id'],
): Promise<Outcome<Appointment, AcceptRefusal>> {
  const { practitionerId, locationId, startsAt } = offer
  const moved = await moveAppointment(ctx, visit, { practitionerId, locationId, startsAt }, 'patient')
  if (moved.ok) return moved
  return refuse(moved.reason === 'slot_taken' ? 'taken' : 'over')
}

/**
 * What is to be said to somebody whose yes was refused. `held`: somebody is booking the time at this moment and may let it
 * go, and the offer stands until then. `ended`: they are not on the list any more either.
 */
export type Lost = { what: 'taken' | 'over' | 'ended' | 'booked' | 'told' } | { what: 'held'; until: Instant }

/**
 * Notes a yes that was refused, in a transaction of its own: the offer is over, its holder stays on the list and may be
 * asked about another time at once. Answered once; who says yes again hears nothing more. Only where nothing but a hold
 * stood in the way the offer stays open, for a yes in a few minutes.
 */
export async function noteLost(ctx: Ctx, id: OfferId, reason: string, number?: Buffer): Promise<Lost> {
  const offer = await findOffer(ctx, id)
  if (!offer || (number && !offer.number.equals(number))) return { what: 'over' }
  // Their own second tap, which met their first.
  if (offer.state === 'accepted') return { what: 'booked' }
  if (offer.state === 'open') {
    const taken = reason === 'taken'
    if (taken && isBefore(ctx.now, offer.expiresAt) && (await isFreeButForHolds(ctx, offer)))
      return { what: 'held', until: offer.expiresAt }
    const state = taken ? await lostTo(ctx, offer) : 'expired'
    await updateOffer(ctx, id, state, true)
    return { what: state === 'taken' ? 'taken' : 'over' }
  }
  if (!(await updateAnswered(ctx, id))) return { what: 'told' }
  if (offer.entryState !== 'waiting') return { what: 'ended' }
  return { what: offer.state === 'taken' ? 'taken' : 'over' }
}

/** No to an offer: its place goes to the next in line. False when there was nothing to say no to. */
export async function declineOffer(ctx: Ctx, id: OfferId, number?: Buffer): Promise<boolean> {
  const offer = await findOffer(ctx, id)
  if (!offer || (number && !offer.number.equals(number))) return false
  if (!(await updateOffer(ctx, id, 'declined', true))) return false
  await audit(ctx, 'waiting.declined', { kind: 'waiting_entry', id: offer.entryId })
  return true
}

const rememberedHours = 24

/**
 * What a typed yes or no answers: the offer this number has, or a yes to the last one, lost and not answered yet, as long
 * as anybody would remember it. Undefined when the words say neither, or nothing was offered: then they mean something else.
 */
export async function findAnswered(
  ctx: Ctx,
  number: Buffer,
  text: string,
): Promise<{ wish: 'accept' | 'decline'; offer: OfferId } | undefined> {
  const said = answerIn(text)
  const offer = said && (await findNewestOfferTo(ctx, number))
  if (!offer) return undefined
  const open = offer.state === 'open' && isBefore(ctx.now, offer.expiresAt)
  const lost =
    ['open', 'taken', 'expired'].includes(offer.state) &&
    offer.answeredAt === null &&
    isBefore(ctx.now, offer.expiresAt.add({ hours: rememberedHours }))
  if (said === 'no') return open ? { wish: 'decline', offer: offer.id } : undefined
  return open || lost ? { wish: 'accept', offer: offer.id } : undefined
}

/** STOP ends what is on offer to a number; the place on the list stays, and is silent until START. */
export async function withdrawOffersTo(ctx: Ctx, number: Buffer): Promise<void> {
  await updateWithdrawn(ctx, { number })
}

/**
 * Why the message about an offer must not leave, asked in the moment before it would; undefined when it may. An offer
 * whose message does not leave is closed, so that the next in line is asked.
 */
export async function reasonNotToOffer(ctx: Ctx, id: OfferId): Promise<'offer_over' | 'consent_withdrawn' | undefined> {
  const offer = await findOffer(ctx, id)
  if (offer?.state !== 'open' || offer.entryState !== 'waiting' || !isBefore(ctx.now, offer.expiresAt))
    return 'offer_over'
  if ((await findConsent(ctx, offer.patientId, 'appointment_messages'))?.decision !== 'permit') {
    await updateOffer(ctx, id, 'withdrawn', false)
    return 'consent_withdrawn'
  }
  if (await isFreeButForHolds(ctx, offer)) return undefined
  await updateOffer(ctx, id, await lostTo(ctx, offer), false)
  return 'offer_over'
}

/** A message that was dropped for whatever reason (STOP, too late) leaves no offer open behind it. */
export async function closeUnsent(ctx: Ctx, id: OfferId): Promise<void> {
  await updateOffer(ctx, id, 'withdrawn', false)
}
