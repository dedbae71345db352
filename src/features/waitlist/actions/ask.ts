// Asking somebody about a free time: who may be asked at all, until when, and the offer with its message.
import { newId, type AppointmentId } from '../../../kernel/ids.ts'
import { isBefore, type Instant } from '../../../kernel/time.ts'
import { audit } from '../../../platform/audit.ts'
import type { Ctx } from '../../../platform/clinic-scope.ts'
import { queueMessages, type OutboxMessage } from '../../../platform/outbox.ts'
import { findFreeSlot, getSettings, isStillOpen } from '../../availability/actions.ts'
import { bookingWindow } from '../../clinics/rules/services.ts'
import { isFull } from '../../subscription/rules/usage.ts'
import { listStoppedNumbers, type Waiting } from '../queries/entries.ts'
import { insertOffer, listHolds, listOffered, type Offer } from '../queries/offers.ts'
import { getWaitlistSettings } from '../queries/settings.ts'
import { offerUntil, slotKey, type Candidate, type EntryId, type FreeSlot, type OfferId } from '../rules.ts'
import { tokenOf } from './join.ts'

/** A plan without room for a booking, or for the message, has nothing to offer. */
export const hasNoRoom = ({ clinic, now }: Ctx): boolean =>
  isFull(clinic, 'bookings', now) || isFull(clinic, 'messages', now)

/** Until when an offer of a time would stand that is made now; undefined for one that begins too soon. */
export async function answerTimes(
  ctx: Ctx,
): Promise<(slot: Pick<FreeSlot, 'serviceId' | 'startsAt'>) => Instant | undefined> {
  const { profile, services } = await getSettings(ctx)
  const { minutes } = await getWaitlistSettings(ctx)
  return ({ serviceId, startsAt }) => {
    const service = services.find(({ id }) => id === serviceId)
    const { minNoticeMin } = bookingWindow(profile, service)
    return offerUntil(startsAt, ctx.now, { offerMinutes: minutes, minNoticeMin })
  }
}

/** Those who wait, as the rules look at them. */
export async function candidatesOf(ctx: Ctx, waiting: readonly Waiting[]): Promise<Candidate[]> {
  const dayAgo = ctx.now.subtract({ hours: 24 })
  const [offered, stopped] = await Promise.all([
    listOffered(ctx, dayAgo),
    listStoppedNumbers(
      ctx,
      waiting.map(({ number }) => number),
    ),
  ])
  const seen = new Map<EntryId, Set<string>>()
  const lately = new Map<EntryId, number>()
  for (const { entryId, offeredAt, ...slot } of offered) {
    if (isBefore(dayAgo, offeredAt)) lately.set(entryId, (lately.get(entryId) ?? 0) + 1)
    const its = seen.get(entryId) ?? new Set()
    seen.set(entryId, its.add(slotKey(slot)))
  }
  return waiting.map((entry) => {
    const number = entry.number.toString('hex')
    const lost = entry.insteadOf !== null && entry.insteadOfAt === null
    return {
      id: entry.id,
      number,
      joinedAt: entry.joinedAt,
      wish: entry.wish,
      before: entry.insteadOfAt ?? undefined,
      asked: lately.get(entry.id) ?? 0,
      silent: !entry.agreed || entry.hasVisit || entry.restricted || lost || stopped.has(number),
      seen: seen.get(entry.id) ?? new Set(),
    }
  })
}

/** Whether whoever has this offer could have the time now; but for what is to be looked past. */
export async function isStillFree(
  ctx: Ctx,
  offer: Pick<Offer, 'serviceId' | 'practitionerId' | 'locationId' | 'startsAt' | 'insteadOf'>,
  past: readonly AppointmentId[] = [],
): Promise<boolean> {
  const { serviceId, practitionerId, locationId, startsAt, insteadOf } = offer
  const ignore = insteadOf === null ? past : [...past, insteadOf]
  return (await findFreeSlot(ctx, 'patient', { serviceId, practitionerId, locationId, startsAt }, ignore)) !== undefined
}

/** Whether they could, were it not for somebody who is typing into a hold: that one has nothing yet, and may let it go. */
export async function isFreeButForHolds(ctx: Ctx, offer: Parameters<typeof isStillFree>[1]): Promise<boolean> {
  const holds = await listHolds(ctx)
  return isStillFree(
    ctx,
    offer,
    holds.map(({ id }) => id),
  )
}

/** How an offer ends whose time is not to be had any more: somebody else has it, or the clinic has closed it. */
export async function lostTo(ctx: Ctx, offer: Parameters<typeof isStillFree>[1]): Promise<'taken' | 'withdrawn'> {
  return (await isStillOpen(ctx, 'patient', offer)) ? 'taken' : 'withdrawn'
}

/**
 * Opens an offer and queues its message, together. The message says that the time is not held: it stays on the public
 * page, and whoever books first has it.
 */
export async function makeOffer(ctx: Ctx, entry: Waiting, slot: FreeSlot, byHand: boolean): Promise<boolean> {
  const settings = await getSettings(ctx)
  const expiresAt = (await answerTimes(ctx))(slot)
  if (!expiresAt) return false
  const id = newId<'waiting_offer'>()
  if (!(await insertOffer(ctx, { id, entryId: entry.id, number: entry.number, slot, expiresAt, byHand }))) return false
  const doctor = settings.practitioners.find((one) => one.id === slot.practitionerId)?.name ?? ''
  const place = settings.locations.find((one) => one.id === slot.locationId)
  const message: OutboxMessage = {
    kind: 'waitlist_offer',
    template: entry.insteadOf === null ? 'nabz_waitlist_offer' : 'nabz_waitlist_sooner',
    recipient: { channel: 'whatsapp', phone: entry.phone },
    language: entry.language,
    // The outbox keeps one message for each of these; an offer has one.
    appointmentId: messageSubject(id),
    version: 1,
    patientId: entry.patientId,
    dueAt: ctx.now,
    expiresAt,
    params: {
      offer: id,
      token: tokenOf(ctx, entry.id),
      startsAt: slot.startsAt.toString(),
      until: expiresAt.toString(),
      doctor,
      place: place?.name ?? '',
      address: place?.address ?? '',
    },
  }
  await queueMessages(ctx, [message])
  await audit(
    ctx,
    'waiting.offered',
    { kind: 'waiting_entry', id: entry.id },
    { starts_at: slot.startsAt.toString(), practitioner_id: slot.practitionerId, by_hand: byHand },
  )
  return true
}

/** Under what the outbox knows an offer, where a visit would stand. */
export const messageSubject = (id: OfferId): AppointmentId => id as string as AppointmentId
