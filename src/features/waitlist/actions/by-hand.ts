// The desk offers a free time itself: which there are, whom one fits, and the asking.
import type { ServiceId } from '../../../kernel/ids.ts'
import { done, refuse, type Outcome } from '../../../kernel/outcome.ts'
import { dateAt, dayBounds, type PlainDate } from '../../../kernel/time.ts'
import type { Ctx } from '../../../platform/clinic-scope.ts'
import { ownDiaryOnly } from '../../appointments/actions/own-diary.ts'
import { getSettings, offerOf } from '../../availability/actions.ts'
import { getNoticeSettings } from '../../notices/queries.ts'
import { isQuiet } from '../../notices/rules.ts'
import { listWaiting, type Waiting } from '../queries/entries.ts'
import { listOpenOffers, lockAsking } from '../queries/offers.ts'
import { mayBeOffered, slotKey, type EntryId, type FreeSlot } from '../rules.ts'
import { answerTimes, candidatesOf, hasNoRoom, isStillFree, makeOffer } from './ask.ts'
import { listFreeSlots } from './suiting.ts'

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
  if (hasNoRoom(ctx)) return refuse('full')
  if (isQuiet(ctx.now, (await getNoticeSettings(ctx)).quiet)) return refuse('quiet')
  if (!(await answerTimes(ctx))(slot)) return refuse('too_soon')
  if (!(await isStillFree(ctx, { ...slot, insteadOf: null }))) return refuse('slot_taken')
  await lockAsking(ctx)
  const fitting = await listFitting(ctx, slot)
  let offered = 0
  for (const { entry, silent, open } of fitting) {
    if (silent || open || !chosen.includes(entry.id)) continue
    if (await makeOffer(ctx, entry, slot, true)) offered++
  }
  return offered === 0 ? refuse('nobody') : done(offered)
}
