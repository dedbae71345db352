import type { AppointmentId } from '../../../kernel/ids.ts'
import { done, refuse, type Outcome } from '../../../kernel/outcome.ts'
import { dateAt } from '../../../kernel/time.ts'
import type { Ctx } from '../../../platform/clinic-scope.ts'
import { holdSlot, keepDraft, takeSlot, type Holder } from '../../appointments/actions/hold.ts'
import { findAppointment, type Appointment } from '../../appointments/queries.ts'
import { listHoldsOf } from '../../appointments/queries/holds.ts'
import { holdIsOver } from '../../appointments/rules.ts'
import { listFreeTimes, type SlotWish } from '../../availability/actions.ts'
import { isFull } from '../../subscription/rules/usage.ts'
import type { Typed } from '../rules/typed.ts'
import type { Chosen } from '../rules/wish.ts'

/**
 * Holds a tapped time. Whoever takes the first doctor who is free gets the first in the clinic's order; when somebody is
 * faster, the next. A second tap on the same time answers the same hold. What was typed before another time was lost
 * goes into the new hold, and never into an address. `more`: the browser has one hold more than before.
 */
export async function holdChosen(
  ctx: Ctx,
  chosen: Chosen,
  holder: Holder,
  typed: Typed,
): Promise<
  Outcome<{ id: AppointmentId; wish: SlotWish; more: boolean }, 'slot_taken' | 'too_many_holds' | 'month_full'>
> {
  const mine = await findOwnHold(ctx, chosen, holder)
  if (mine) return done({ ...mine, more: false })
  const more = !(await givesBack(ctx, holder))
  for (const wish of await wishesFor(ctx, chosen)) {
    const held = await holdSlot(ctx, wish, holder)
    if (held.ok) {
      if (Object.keys(typed).length > 0) await keepDraft(ctx, { id: held.value, createdAt: ctx.now }, typed)
      return done({ id: held.value, wish, more })
    }
    if (held.reason !== 'slot_taken') return held
  }
  // The second of two taps finds the slot taken, by the first.
  const first = await findOwnHold(ctx, chosen, holder)
  return first ? done({ ...first, more: false }) : refuse('slot_taken')
}

/** Whether the browser has a hold that it lets go of for the next: one into which nothing was typed. */
export async function givesBack(ctx: Ctx, { owner }: Holder): Promise<boolean> {
  return (await listHoldsOf(ctx, owner)).some(({ hasDraft }) => !hasDraft)
}

async function findOwnHold(ctx: Ctx, chosen: Chosen, { owner }: Holder) {
  const hold = (await listHoldsOf(ctx, owner)).find(
    (one) =>
      one.serviceId === chosen.serviceId &&
      one.locationId === chosen.locationId &&
      one.startsAt.equals(chosen.startsAt) &&
      (chosen.practitionerId === 'any' || one.practitionerId === chosen.practitionerId),
  )
  return hold && { id: hold.id, wish: wishOf(hold) }
}

/** The doctors to try, in order. For a named one the last check before writing is enough. */
async function wishesFor(ctx: Ctx, { practitionerId, ...rest }: Chosen): Promise<SlotWish[]> {
  if (practitionerId !== 'any') return [{ ...rest, practitionerId }]
  const free = await listFreeTimes(ctx, 'patient', {
    serviceId: rest.serviceId,
    practitionerId,
    locationId: rest.locationId,
    from: dateAt(rest.startsAt, ctx.clinic.zone),
    days: 1,
  })
  const slots = free?.days.flatMap((day) => day.slots) ?? []
  return slots
    .filter(({ startsAt }) => startsAt === rest.startsAt.epochMilliseconds)
    .map((slot) => ({ ...rest, practitionerId: slot.practitionerId }))
}

export const wishOf = ({ serviceId, practitionerId, locationId, startsAt }: SlotWish): SlotWish => ({
  serviceId,
  practitionerId,
  locationId,
  startsAt,
})

export type Held = { id: AppointmentId; wish: SlotWish | undefined; holder: Holder }

/**
 * The browser's own hold or booking under this id, taken again when it lapsed and nobody else has the time; undefined
 * when the time is gone or over, or was never theirs, or would have to be taken again and `heldOnly` asks for no more
 * than what is held.
 */
export async function regainHold(
  ctx: Ctx,
  { id, wish, holder }: Held,
  heldOnly = false,
): Promise<Appointment | undefined> {
  const existing = await findAppointment(ctx, id)
  if (existing) {
    const over = existing.status === 'pending' && holdIsOver(existing, ctx.now)
    return existing.holdOwner?.equals(holder.owner) === true && !over ? existing : undefined
  }
  // Taking a time again is as good as taking one: not once the month's bookings are used up.
  if (!wish || heldOnly || isFull(ctx.clinic, 'bookings', ctx.now)) return undefined
  if ((await takeSlot(ctx, id, wish, holder)) === undefined) return undefined
  return findAppointment(ctx, id)
}
