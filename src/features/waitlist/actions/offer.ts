// Offering what came free. One transaction a clinic, in which nobody else asks people there: whoever is asked and the
// message about it are written together, so that a process that dies in between has offered nothing.
import { randomUUID } from 'node:crypto'
import { dateAt, dayBounds, earlier, isBefore, later } from '../../../kernel/time.ts'
import type { Clinic, Ctx } from '../../../platform/clinic-scope.ts'
import type { Services } from '../../../platform/services.ts'
import { getSettings } from '../../availability/actions.ts'
import { givenBy } from '../../clinics/rules/services.ts'
import { getNoticeSettings } from '../../notices/queries.ts'
import { quietUntil } from '../../notices/rules.ts'
import { listClinicsWaiting, listWaiting, type Waiting } from '../queries/entries.ts'
import {
  deleteFreedTimes,
  insertHeldTimes,
  insertLook,
  listAwaitedTimes,
  listClinicsToLookAt,
  listDueFreedTimes,
  listHolds,
  listOpenOffers,
  lockAsking,
  updateExpired,
  updateLookAt,
  updateLooked,
  updateOffer,
  updateOfferMessagesDropped,
  type FreedTime,
  type Offer,
} from '../queries/offers.ts'
import { getWaitlistSettings } from '../queries/settings.ts'
import { isAnybodyLeft, lookOf, longestWaitDays, planOffers, type FreeSlot, type OfferId } from '../rules.ts'
import { answerTimes, candidatesOf, hasNoRoom, isFreeButForHolds, lostTo, makeOffer } from './ask.ts'
import { endOutlived } from './join.ts'
import { listFreeSlots } from './suiting.ts'

/** With its buffers. */
const longestVisitHours = 24

/** While an offer is open somebody may answer it at any moment, and the next in line is asked soon after. */
const lookAgainMinutes = 1

/** Offers what came free, in every clinic that has something to look at. Answers how many offers were made. */
export async function offerFreedTimes(services: Services): Promise<number> {
  await lookAtChanged(services)
  let offered = 0
  for (const clinicId of await listClinicsToLookAt(services.jobsDb, services.clock.now())) {
    if (services.stopping.signal.aborted) break
    const clinic = await services.clinics.byId(clinicId)
    offered += (clinic && (await asJob(services, clinic, offerIn))) ?? 0
  }
  return offered
}

/**
 * Where somebody waits, the whole diary is looked at when the clinic's settings changed (hours were added, a closure was
 * lifted, a doctor came) and once on each of its own days, when another day of its calendar opens.
 */
async function lookAtChanged(services: Services): Promise<void> {
  const waiting = await listClinicsWaiting(services.jobsDb)
  const now = services.clock.now()
  // Asked for together, they are one query.
  const clinics = await Promise.all(waiting.map(({ id }) => services.clinics.byId(id)))
  for (const [at, clinic] of clinics.entries()) {
    if (!clinic || services.stopping.signal.aborted) continue
    const before = waiting[at]?.seen ?? null
    const today = dateAt(now, clinic.zone)
    const look = lookOf(before, clinic.settingsVersion, today)
    if (look === undefined) continue
    await asJob(services, clinic, async (ctx) => {
      await endOutlived(ctx)
      const to = dayBounds(today.add({ days: longestWaitDays }), clinic.zone).to
      await insertLook(ctx, { before, now: look }, { from: ctx.now, to })
    })
  }
}

async function asJob<T>(services: Services, clinic: Clinic, work: (ctx: Ctx) => Promise<T>): Promise<T | undefined> {
  const actor = { kind: 'system', job: 'waitlist.offer' } as const
  try {
    return await services.inClinic(clinic, actor, { requestId: `waitlist-${randomUUID()}` }, work)
  } catch (error) {
    // One clinic's trouble is not the others'.
    services.log.error('waitlist.offer_failed', error, { clinicId: clinic.id })
    return undefined
  }
}

/** Looks at what came free at one clinic, closes what is over, and asks whoever is next. */
export async function offerIn(ctx: Ctx): Promise<number> {
  await lockAsking(ctx)
  await updateExpired(ctx)
  const freed = await listDueFreedTimes(ctx)
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
  const open = await closeTaken(ctx, await listOpenOffers(ctx))
  const standing = new Set(open.map(({ id }) => id))
  // Of all that is free nothing was left for anybody while these stood: until one of them ends, that is so.
  const [rest, looked] = partition(freed, ({ offers }) => offers?.every((id) => standing.has(id)) === true)
  await updateLookAt(ctx, rest.map(({ id }) => id), soonIn(ctx)) // prettier-ignore
  if (looked.length === 0) return 0
  const waiting = await listWaiting(ctx)
  const [candidates, slots] = await Promise.all([candidatesOf(ctx, waiting), slotsIn(ctx, looked, waiting)])
  const until = await answerTimes(ctx)
  const inTime = slots.filter((slot) => until(slot) !== undefined)
  const planned = planOffers(
    candidates,
    inTime,
    open.map((offer) => ({ ...offer, number: offer.number.toString('hex') })),
    { most: settings.most, zone: ctx.clinic.zone },
  )
  let offered = 0
  for (const { entryId, slot } of planned) {
    const entry = waiting.find(({ id }) => id === entryId)
    if (entry && (await makeOffer(ctx, entry, slot, false))) offered++
  }
  const now = offered === 0 ? open : await listOpenOffers(ctx)
  await lookAgain(ctx, looked, {
    open: now.map(({ id }) => id),
    anybodyLeft: now.length > 0 && isAnybodyLeft(candidates, inTime, planned, ctx.clinic.zone),
  })
  return offered
}

const soonIn = ({ now }: Ctx) => now.add({ minutes: lookAgainMinutes })

const partition = <T>(all: readonly T[], which: (one: T) => boolean): [T[], T[]] => [
  all.filter(which),
  all.filter((one) => !which(one)),
]

type Span = { practitionerId: FreedTime['practitionerId']; from: number; to: number }

const spanOf = ({ practitionerId, startsAt, endsAt }: Omit<FreedTime, 'id' | 'wide' | 'offers'>): Span => ({
  practitionerId,
  from: startsAt.epochMilliseconds,
  to: endsAt.epochMilliseconds,
})

/** Of a freed time without a doctor anybody's may have come of it: hours, or a room. */
const meets = (freed: Span, { practitionerId, from, to }: Span) =>
  (freed.practitionerId === null || freed.practitionerId === practitionerId) && from < freed.to && freed.from < to

/**
 * What is free, for anything somebody waits for, and was not before something came free: with what a visit takes around it.
 * A look at all that is free leaves out what is to be looked at later.
 */
async function slotsIn(ctx: Ctx, freed: readonly FreedTime[], waiting: readonly Waiting[]): Promise<FreeSlot[]> {
  const settings = await getSettings(ctx)
  const [wide, narrow] = partition(freed, (one) => one.wide)
  const spans = { wide: wide.map(spanOf), narrow: narrow.map(spanOf) }
  const awaited = wide.length === 0 ? [] : (await listAwaitedTimes(ctx)).map(spanOf)
  const from = freed.map(({ startsAt }) => startsAt).reduce(earlier)
  const to = freed.map(({ endsAt }) => endsAt).reduce(later)
  const around = { from: from.subtract({ hours: longestVisitHours }), to: to.add({ hours: longestVisitHours }) }
  const slots: FreeSlot[] = []
  for (const id of new Set(waiting.map(({ wish }) => wish.serviceId))) {
    const service = settings.services.find((one) => one.id === id)
    if (!service) continue
    const takes = new Map(settings.practitioners.map((one) => [one.id, givenBy(settings, service, one.id)]))
    for (const slot of await listFreeSlots(ctx, id, around)) {
      const { practitionerId, startsAt } = slot
      const { bufferBeforeMin, durationMin, bufferAfterMin } = takes.get(practitionerId) ?? service
      const at = startsAt.epochMilliseconds
      const taken = {
        practitionerId,
        from: at - bufferBeforeMin * 60_000,
        to: at + (durationMin + bufferAfterMin) * 60_000,
      }
      const met = (some: readonly Span[]) => some.some((one) => meets(one, taken))
      if (met(spans.narrow) || (met(spans.wide) && !met(awaited))) slots.push(slot)
    }
  }
  return slots
}

/** Open offers of a time that is not to be had any more are over, and whoever held them may be asked about another. */
async function closeTaken(ctx: Ctx, open: readonly Offer[]): Promise<Offer[]> {
  if (open.length === 0) return []
  const free: Offer[] = []
  const taken: Offer[] = []
  for (const offer of open) {
    const where = (await isFreeButForHolds(ctx, offer)) ? free : taken
    where.push(offer)
  }
  if (taken.length === 0) return free
  // Messages before offers, as the dispatcher takes them: neither waits for the other in a circle.
  await updateOfferMessagesDropped(ctx, taken.map(({ id }) => id), 'offer_over') // prettier-ignore
  for (const offer of taken) await updateOffer(ctx, offer.id, await lostTo(ctx, offer), false)
  return free
}

/**
 * What was looked at is looked at again while somebody may still answer, or while it is held for somebody who is booking
 * it at this moment; otherwise nobody is left to be asked, and it stays what it is, a free time. A look at all that is free
 * is over as soon as nobody is left for whom any of it might be: what somebody holds is looked at by itself.
 */
async function lookAgain(
  ctx: Ctx,
  freed: readonly FreedTime[],
  { open, anybodyLeft }: { open: readonly OfferId[]; anybodyLeft: boolean },
): Promise<void> {
  const holds = await listHolds(ctx)
  const soon = soonIn(ctx)
  const [past, still] = partition(freed, ({ endsAt }) => !isBefore(ctx.now, endsAt))
  const [wide, narrow] = partition(still, (one) => one.wide)
  const over = past.map(({ id }) => id)
  if (anybodyLeft)
    await updateLooked(ctx, wide.map(({ id }) => id), { lookAt: soon, open }) // prettier-ignore
  else if (wide.length > 0) {
    over.push(...wide.map(({ id }) => id))
    await insertHeldTimes(ctx)
  }
  for (const one of narrow) {
    const held = holds.filter((hold) => meets(spanOf(one), spanOf(hold)))
    const [first] = held.map(({ until }) => until).sort((a, b) => a.epochMilliseconds - b.epochMilliseconds)
    if (open.length > 0) await updateLookAt(ctx, [one.id], soon)
    else if (first) await updateLookAt(ctx, [one.id], later(first, soon))
    else over.push(one.id)
  }
  await deleteFreedTimes(ctx, over)
}
