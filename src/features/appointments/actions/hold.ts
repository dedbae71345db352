import { newId, type AppointmentId } from '../../../kernel/ids.ts'
import { done, refuse, type Outcome } from '../../../kernel/outcome.ts'
import { earlier, type Instant } from '../../../kernel/time.ts'
import type { Ctx } from '../../../platform/clinic-scope.ts'
import type { Language } from '../../../platform/i18n/languages.ts'
import { getSettings, type SlotWish } from '../../availability/actions.ts'
import { givenBy } from '../../clinics/rules/services.ts'
import { isFull } from '../../subscription/rules/usage.ts'
import type { Appointment } from '../queries.ts'
import { deleteHold, deleteHoldsLapsedBefore, listHoldsOf, updateDraft, type Hold } from '../queries/holds.ts'
import { holdMinutes, longestHoldMinutes, occupiedBy } from '../rules.ts'
import { takeFreeSlot } from './take.ts'
import { noteFreed } from './freed.ts'

/** A browser may keep this many half-finished bookings, for a parent with two tabs. */
const holdsPerBrowser = 3

export type Holder = { owner: Buffer; language: Language }

/**
 * Holds a free slot for `holdMinutes` while its patient types. Asking twice for the same slot from the same browser
 * answers the same hold. The browser's other holds are let go, unless details were already typed into them. Once the
 * month's bookings are used up nothing new is held; what is held already may still become a booking.
 */
export async function holdSlot(
  ctx: Ctx,
  wish: SlotWish,
  holder: Holder,
): Promise<Outcome<AppointmentId, 'slot_taken' | 'too_many_holds' | 'month_full'>> {
  const holds = await listHoldsOf(ctx, holder.owner)
  const same = holds.find((hold) => isSame(hold, wish))
  if (same) return done(same.id)
  if (isFull(ctx.clinic, 'bookings', ctx.now)) return refuse('month_full')
  if (holds.filter((hold) => hold.hasDraft).length >= holdsPerBrowser) return refuse('too_many_holds')
  for (const hold of holds) if (!hold.hasDraft) await deleteHold(ctx, hold.id)
  const id = await takeSlot(ctx, newId<'appointment'>(), wish, holder)
  return id === undefined ? refuse('slot_taken') : done(id)
}

/** Takes the slot for a hold under the given id; undefined when somebody else has it. */
export async function takeSlot(
  ctx: Ctx,
  id: AppointmentId,
  wish: SlotWish,
  holder: Holder,
): Promise<AppointmentId | undefined> {
  const held = await takeFreeSlot(ctx, 'patient', wish, {
    id,
    language: holder.language,
    source: 'online',
    hold: { owner: holder.owner, expiresAt: ctx.now.add({ minutes: holdMinutes }) },
  })
  if (held === undefined) return undefined
  // Whoever looked meanwhile saw it as gone: if nothing comes of it, those who wait are asked.
  const settings = await getSettings(ctx)
  const service = settings.services.find(({ id: one }) => one === wish.serviceId)
  if (service) {
    const { from, to } = occupiedBy(wish.startsAt, givenBy(settings, service, wish.practitionerId))
    const place = { practitionerId: wish.practitionerId, occupiedFrom: from, occupiedTo: to }
    await noteFreed(ctx, place, 'hold', { lookAt: ctx.now.add({ minutes: holdMinutes }) })
  }
  ctx.diaryChanged()
  return held
}

function isSame(hold: Hold, wish: SlotWish): boolean {
  return (
    hold.practitionerId === wish.practitionerId &&
    hold.serviceId === wish.serviceId &&
    hold.locationId === wish.locationId &&
    hold.startsAt.equals(wish.startsAt)
  )
}

/**
 * Keeps what was typed with its hold, sealed, and lets the hold live on for as long again as a new one, within bounds.
 * Answers until when, or undefined when it is no longer a hold.
 */
export async function keepDraft(
  ctx: Ctx,
  hold: Pick<Appointment, 'id' | 'createdAt'>,
  draft: Record<string, string>,
): Promise<Instant | undefined> {
  const until = earlier(ctx.now.add({ minutes: holdMinutes }), hold.createdAt.add({ minutes: longestHoldMinutes }))
  if (!(await updateDraft(ctx, hold.id, draft, until))) return undefined
  // Free times that others were shown may come back later than they were told.
  ctx.diaryChanged()
  return until
}

/** Takes away holds that lapsed before `before`, with what was typed into them. */
export async function sweepHoldsLapsedBefore(ctx: Ctx, before: Instant): Promise<number> {
  return deleteHoldsLapsedBefore(ctx, before)
}
