// Offering what came free. One transaction a clinic: what is looked at is locked, whoever is asked and the message about
// it are written together, so that a process that dies in between has offered nothing, and two of them offer once.
import { randomUUID } from 'node:crypto'
import { newId, type AppointmentId, type ClinicId, type ServiceId } from '../../../kernel/ids.ts'
import { done, refuse, type Outcome } from '../../../kernel/outcome.ts'
import { dateAt, dayBounds, earlier, isBefore, later, type Instant, type PlainDate } from '../../../kernel/time.ts'
import { audit } from '../../../platform/audit.ts'
import type { Clinic, Ctx } from '../../../platform/clinic-scope.ts'
import { queueMessages, type OutboxMessage } from '../../../platform/outbox.ts'
import type { Services } from '../../../platform/services.ts'
import { ownDiaryOnly } from '../../appointments/actions/own-diary.ts'
import { findFreeSlot, getSettings, offerOf } from '../../availability/actions.ts'
import { getNoticeSettings } from '../../notices/queries.ts'
import { isQuiet, quietUntil } from '../../notices/rules.ts'
import { isFull } from '../../subscription/rules/usage.ts'
import { listClinicsWaiting, listStoppedNumbers, listWaiting, type Waiting } from '../queries/entries.ts'
import {
  deleteFreedTimes,
  insertLook,
  insertOffer,
  listClinicsToLookAt,
  listHolds,
  listOffered,
  listOpenOffers,
  listSettingsVersions,
  lockDueFreedTimes,
  updateExpired,
  updateLookAt,
  updateOffer,
  updateOfferMessagesDropped,
  type FreedTime,
  type Offer,
} from '../queries/offers.ts'
import { getWaitlistSettings } from '../queries/settings.ts'
import {
  mayBeOffered,
  offerUntil,
  planOffers,
  slotKey,
  type Candidate,
  type EntryId,
  type FreeSlot,
  type OfferId,
} from '../rules.ts'
import { endOutlived, tokenOf } from './join.ts'
import { listFreeSlots } from './suiting.ts'

/** While an offer is open somebody may answer it at any moment, and the next in line is asked soon after. */
const lookAgainMinutes = 1

/** Offers what came free, in every clinic that has something to look at. Answers how many offers were made. */
export async function offerFreedTimes(services: Services): Promise<number> {
  await lookAtChanged(services)
  let offered = 0
  for (const clinicId of await listClinicsToLookAt(services.jobsDb, services.clock.now())) {
    if (services.stopping.signal.aborted) break
    offered += (await asJob(services, clinicId, offerIn)) ?? 0
  }
  return offered
}

/**
 * Where somebody waits, the whole diary is looked at when the clinic's settings changed (hours were added, a closure was
 * lifted, a doctor came) and once a day, when another day of the calendar opens.
 */
async function lookAtChanged(services: Services): Promise<void> {
  const waiting = await listClinicsWaiting(services.jobsDb)
  if (waiting.length === 0) return
  const versions = await listSettingsVersions(
    services.db,
    waiting.map(({ id }) => id),
  )
  const day = services.clock.now().toString().slice(0, 10)
  for (const { id, seen } of waiting) {
    const now = `${versions.get(id) ?? 0} ${day}`
    if (seen === now || services.stopping.signal.aborted) continue
    await asJob(services, id, async (ctx) => {
      await endOutlived(ctx)
      const { horizonDays } = (await getSettings(ctx)).profile
      const to = dayBounds(dateAt(ctx.now, ctx.clinic.zone).add({ days: horizonDays }), ctx.clinic.zone).to
      await insertLook(ctx, { before: seen, now }, { from: ctx.now, to })
    })
  }
}

async function asJob<T>(services: Services, id: ClinicId, work: (ctx: Ctx) => Promise<T>): Promise<T | undefined> {
  const actor = { kind: 'system', job: 'waitlist.offer' } as const
  try {
    const clinic: Clinic | undefined = await services.clinics.byId(id)
    if (!clinic) return undefined
    return await services.inClinic(clinic, actor, { requestId: `waitlist-${randomUUID()}` }, work)
  } catch (error) {
    // One clinic's trouble is not the others'.
    services.log.error('waitlist.offer_failed', error, { clinicId: id })
    return undefined
  }
}

/** Looks at what came free at one clinic, closes what is over, and asks whoever is next. */
export async function offerIn(ctx: Ctx): Promise<number> {
  await updateExpired(ctx)
  const freed = await lockDueFreedTimes(ctx)
  if (freed.length === 0) return 0
  const ids = freed.map(({ id }) => id)
  const settings = await getWaitlistSettings(ctx)
  if (!settings.on || ctx.clinic.status !== 'active' || hasNoRoom(ctx)) {
    await deleteFreedTimes(ctx, ids)
    return 0
  }
  // Nobody is woken for it: what came free by night is looked at in the morning.
  const { quiet } = await getNoticeSettings(ctx)
  const morning = quietUntil(ctx.now, quiet)
  if (morning) {
    await updateLookAt(ctx, ids, morning)
    return 0
  }
  const waiting = await listWaiting(ctx)
  const [candidates, slots] = await Promise.all([candidatesOf(ctx, waiting), slotsIn(ctx, freed, waiting)])
  const open = await closeTaken(ctx, await listOpenOffers(ctx))
  const { minNoticeMin } = (await getSettings(ctx)).profile
  const inTime = slots.filter(({ startsAt }) => untilOf(ctx, startsAt, settings.minutes, minNoticeMin) !== undefined)
  const planned = planOffers(
    candidates,
    inTime,
    open.map((offer) => ({ ...offer, number: offer.number.toString('hex') })),
    { most: settings.most, zone: ctx.clinic.zone },
  )
  let offered = 0
  for (const { entryId, slot } of planned) {
    const entry = waiting.find(({ id }) => id === entryId)
    if (entry && (await makeOffer(ctx, entry, slot, settings.minutes, false))) offered++
  }
  await lookAgain(ctx, freed, open.length + offered > 0)
  return offered
}

/** A plan without room for a booking, or for the message, has nothing to offer. */
const hasNoRoom = ({ clinic, now }: Ctx): boolean => isFull(clinic, 'bookings', now) || isFull(clinic, 'messages', now)

const untilOf = (ctx: Ctx, startsAt: Instant, offerMinutes: number, minNoticeMin: number) =>
  offerUntil(startsAt, ctx.now, { offerMinutes, minNoticeMin })

async function candidatesOf(ctx: Ctx, waiting: readonly Waiting[]): Promise<Candidate[]> {
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

/** What is free, for anything somebody waits for, within what came free. */
async function slotsIn(ctx: Ctx, freed: readonly FreedTime[], waiting: readonly Waiting[]): Promise<FreeSlot[]> {
  const span = freed.reduce(
    (all, { startsAt, endsAt }) => ({ from: earlier(all.from, startsAt), to: later(all.to, endsAt) }),
    { from: freed[0]?.startsAt ?? ctx.now, to: freed[0]?.endsAt ?? ctx.now },
  )
  const within = ({ practitionerId, startsAt, endsAt }: FreeSlot) =>
    freed.some(
      (one) =>
        (one.practitionerId === null || one.practitionerId === practitionerId) &&
        isBefore(startsAt, one.endsAt) &&
        isBefore(one.startsAt, endsAt),
    )
  const slots: FreeSlot[] = []
  for (const serviceId of new Set(waiting.map(({ wish }) => wish.serviceId))) {
    const wide = { from: span.from.subtract({ hours: 12 }), to: span.to }
    slots.push(...(await listFreeSlots(ctx, serviceId, wide)).filter(within))
  }
  return slots
}

/** Open offers of a time that somebody else has by now are over, and whoever held them may be asked about another. */
async function closeTaken(ctx: Ctx, open: readonly Offer[]): Promise<Offer[]> {
  const free: Offer[] = []
  const taken: Offer[] = []
  for (const offer of open) {
    const where = (await isStillFree(ctx, offer)) ? free : taken
    where.push(offer)
  }
  if (taken.length === 0) return free
  // Messages before offers, as the dispatcher takes them: neither waits for the other in a circle.
  await updateOfferMessagesDropped(ctx, taken.map(({ id }) => id), 'offer_over') // prettier-ignore
  for (const { id } of taken) await updateOffer(ctx, id, 'taken', false)
  return free
}

export async function isStillFree(
  ctx: Ctx,
  offer: Pick<Offer, 'serviceId' | 'practitionerId' | 'locationId' | 'startsAt' | 'insteadOf'>,
) {
  const { serviceId, practitionerId, locationId, startsAt, insteadOf } = offer
  const ignore = insteadOf === null ? [] : [insteadOf]
  return (await findFreeSlot(ctx, 'patient', { serviceId, practitionerId, locationId, startsAt }, ignore)) !== undefined
}

/**
 * Opens an offer and queues its message, together. The message says that the time is not held: it stays on the public
 * page, and whoever books first has it.
 */
async function makeOffer(
  ctx: Ctx,
  entry: Waiting,
  slot: FreeSlot,
  offerMinutes: number,
  byHand: boolean,
): Promise<boolean> {
  const settings = await getSettings(ctx)
  const expiresAt = untilOf(ctx, slot.startsAt, offerMinutes, settings.profile.minNoticeMin)
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

/**
 * What was looked at is looked at again while somebody may still answer, or while it is held for somebody who is booking
 * it at this moment; otherwise nobody is left to be asked, and it stays what it is, a free time.
 */
async function lookAgain(ctx: Ctx, freed: readonly FreedTime[], answersOpen: boolean): Promise<void> {
  const holds = await listHolds(ctx)
  const over: string[] = []
  for (const one of freed) {
    const held = holds.filter(
      ({ practitionerId, startsAt, endsAt }) =>
        (one.practitionerId === null || one.practitionerId === practitionerId) &&
        isBefore(startsAt, one.endsAt) &&
        isBefore(one.startsAt, endsAt),
    )
    const soon = ctx.now.add({ minutes: lookAgainMinutes })
    const [first] = held.map(({ until }) => until).sort((a, b) => a.epochMilliseconds - b.epochMilliseconds)
    if (!isBefore(ctx.now, one.endsAt)) over.push(one.id)
    else if (answersOpen) await updateLookAt(ctx, [one.id], soon)
    else if (first) await updateLookAt(ctx, [one.id], later(first, soon))
    else over.push(one.id)
  }
  await deleteFreedTimes(ctx, over)
}

export type Fitting = { entry: Waiting; silent: boolean; offered: boolean; open: boolean }

/** Everybody who fits a free time, in the order in which they would be asked; with why somebody would not be. */
export async function listFitting(ctx: Ctx, slot: FreeSlot): Promise<Fitting[]> {
  const waiting = await listWaiting(ctx)
  const candidates = await candidatesOf(ctx, waiting)
  const open = new Set((await listOpenOffers(ctx)).map(({ number }) => number.toString('hex')))
  return waiting.flatMap((entry) => {
    const candidate = candidates.find(({ id }) => id === entry.id)
    if (!candidate || !mayBeOffered({ ...candidate, seen: new Set() }, slot, ctx.clinic.zone)) return []
    return [
      {
        entry,
        silent: candidate.silent,
        offered: candidate.seen.has(slotKey(slot)),
        open: open.has(candidate.number),
      },
    ]
  })
}

/** What the desk is shown to offer from: the free times of a day, and whom the chosen one fits. */
export type ToOffer = {
  serviceId: ServiceId | undefined
  date: PlainDate
  slots: FreeSlot[]
  chosen: FreeSlot | undefined
  fitting: Fitting[]
}

export async function lookToOffer(
  ctx: Ctx,
  asked: {
    serviceId: ServiceId | undefined
    practitionerId: FreeSlot['practitionerId'] | undefined
    date: PlainDate | undefined
    slot: Pick<FreeSlot, 'startsAt' | 'practitionerId'> | undefined
  },
): Promise<ToOffer> {
  const settings = await getSettings(ctx)
  const serviceId = asked.serviceId ?? settings.services.find(({ id }) => offerOf(settings, 'patient', id, 'any'))?.id
  const { slot } = asked
  const date = slot ? dateAt(slot.startsAt, ctx.clinic.zone) : (asked.date ?? dateAt(ctx.now, ctx.clinic.zone))
  const all = serviceId === undefined ? [] : await listFreeSlots(ctx, serviceId, dayBounds(date, ctx.clinic.zone))
  const chosen =
    slot && all.find((one) => one.startsAt.equals(slot.startsAt) && one.practitionerId === slot.practitionerId)
  return {
    serviceId,
    date,
    slots: all.filter(({ practitionerId }) => (asked.practitionerId ?? practitionerId) === practitionerId),
    chosen,
    fitting: chosen ? await listFitting(ctx, chosen) : [],
  }
}

/**
 * The desk offers a free time to people of its choice: the same message, the same race, and the same walls. Answers how
 * many were asked; those who said STOP, hear of another time now or have a visit are left out.
 */
export async function offerByHand(
  ctx: Ctx,
  slot: FreeSlot,
  chosen: readonly EntryId[],
): Promise<Outcome<number, 'slot_taken' | 'too_soon' | 'quiet' | 'nobody' | 'full'>> {
  await ownDiaryOnly(ctx, slot.practitionerId)
  const settings = await getWaitlistSettings(ctx)
  const { minNoticeMin } = (await getSettings(ctx)).profile
  if (hasNoRoom(ctx)) return refuse('full')
  if (isQuiet(ctx.now, (await getNoticeSettings(ctx)).quiet)) return refuse('quiet')
  if (!untilOf(ctx, slot.startsAt, settings.minutes, minNoticeMin)) return refuse('too_soon')
  if (!(await isStillFree(ctx, { ...slot, insteadOf: null }))) return refuse('slot_taken')
  const fitting = await listFitting(ctx, slot)
  let offered = 0
  for (const { entry, silent, open } of fitting) {
    if (silent || open || !chosen.includes(entry.id)) continue
    if (await makeOffer(ctx, entry, slot, settings.minutes, true)) offered++
  }
  return offered === 0 ? refuse('nobody') : done(offered)
}
