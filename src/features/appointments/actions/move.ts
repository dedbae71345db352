import type { AppointmentId, Id, LocationId, PractitionerId } from '../../../kernel/ids.ts'
import { done, refuse, type Outcome } from '../../../kernel/outcome.ts'
import { minutesBetween, type Instant } from '../../../kernel/time.ts'
import { audit } from '../../../platform/audit.ts'
import type { Ctx } from '../../../platform/clinic-scope.ts'
import { registerLink } from '../../../platform/links.ts'
import { findFreeSlot, getSettings, offerOf, type SlotWish } from '../../availability/actions.ts'
import { givenBy } from '../../clinics/rules/services.ts'
import { noticeMoved, type AppointmentFacts } from '../../notices/actions.ts'
import { getAppointment, type Appointment } from '../queries.ts'
import { deleteLapsedHolds } from '../queries/holds.ts'
import { findOverbookLane, updatePlace } from '../queries/place.ts'
import { listResourcesOf } from '../queries/rearrange.ts'
import { linkExpiry, movable, occupiedBy, patientMayChange } from '../rules.ts'
import { factsOf } from './facts.ts'
import { noteFreed } from './freed.ts'
import { isOverlap } from './overlap.ts'
import { ownDiaryOnly } from './own-diary.ts'

export type NewTime = {
  practitionerId: PractitionerId
  locationId: LocationId
  startsAt: Instant
  /** Named to put the visit on top of what is there; only ever by the desk. */
  overbookReason?: string | undefined
}

/**
 * Moves a visit to another free time, doctor or place; what was queued about the old time is taken back. With a reason it
 * goes on top of whatever is there, into a lane of its own, and takes no room. Made longer or shorter before, it stays so;
 * else it becomes as long as the doctor it goes to needs. The price stays the one that was agreed.
 */
export async function moveAppointment(
  ctx: Ctx,
  id: AppointmentId,
  to: NewTime,
  by: 'patient' | 'desk',
  /** Takes what there is to tell instead: several moves are told of in one message. */
  together?: AppointmentFacts[],
): Promise<Outcome<Appointment, 'too_late' | 'slot_taken' | 'changed_meanwhile'>> {
  const before = await getAppointment(ctx, id)
  await ownDiaryOnly(ctx, before.practitionerId)
  if (!movable(before.status) || (by === 'patient' && !patientMayChange(before, ctx.now))) return refuse('too_late')
  if (isThere(before, to)) return done(before)

  const wish = wishOf(before, to)
  const free = to.overbookReason === undefined ? await findPlace(ctx, by, wish, id) : await onTop(ctx, wish)
  if (!free) return refuse('slot_taken')
  const rooms = free.resourceIds ? await listResourcesOf(ctx, id) : []
  const moved = await moveTo(ctx, before, { ...to, ...free })
  if (!moved.ok) return moved

  const after = await noteMoved(ctx, before, by, { rooms, together })
  await noteFreed(ctx, before, 'moved', { by })
  return done(after)
}

/** The visit at another time, as long as it is: what was made longer or shorter stays so. */
export function wishOf(before: Appointment, { practitionerId, locationId, startsAt }: NewTime): SlotWish {
  const durationMin = before.resized ? minutesBetween(before.startsAt, before.endsAt) : undefined
  return { practitionerId, locationId, startsAt, serviceId: before.serviceId, durationMin }
}

/** Notes, counts and tells that a visit stands elsewhere now. With the rooms it had, the move can be taken back. */
export async function noteMoved(
  ctx: Ctx,
  before: Appointment,
  by: 'patient' | 'desk',
  { rooms, together }: { rooms?: readonly Id<'resource'>[]; together?: AppointmentFacts[] | undefined } = {},
): Promise<Appointment> {
  const after = await getAppointment(ctx, before.id)
  await registerLink(ctx, after.id, after.linkVersion, linkExpiry(after.endsAt))
  await audit(
    ctx,
    'appointment.moved',
    { kind: 'appointment', id: after.id },
    {
      from: before.startsAt.toString(),
      to: after.startsAt.toString(),
      from_practitioner_id: before.practitionerId,
      to_practitioner_id: after.practitionerId,
      ...(rooms && wayBack(before, rooms, after)),
      ...(after.overbooked ? { overbooked: true, lane: after.lane } : {}),
    },
  )
  if (together) together.push(factsOf(after))
  else await noticeMoved(ctx, factsOf(after), { by })
  ctx.tally('moved')
  ctx.diaryChanged()
  return after
}

/** What an undo needs to put the visit back exactly: kept in the log, which is there as long as anybody could want it. */
function wayBack(before: Appointment, rooms: readonly Id<'resource'>[], after: Appointment) {
  return {
    version: after.version,
    from_location_id: before.locationId,
    from_minutes: minutesBetween(before.startsAt, before.endsAt),
    from_resource_ids: rooms.join(' '),
    from_lane: before.lane,
    from_overbooked: before.overbooked,
    was_confirmed_at: before.confirmedAt?.toString() ?? null,
  }
}

async function findPlace(ctx: Ctx, by: 'patient' | 'desk', wish: SlotWish, id: AppointmentId) {
  const free = await findFreeSlot(ctx, by, wish, [id])
  if (!free) return undefined
  const { from, to } = occupiedBy(wish.startsAt, free.service)
  const { lane, resourceIds = [] } = free.slot
  await deleteLapsedHolds(ctx, [{ practitionerId: wish.practitionerId, from, to, resourceIds }])
  return { shape: free.service, lane, resourceIds: await roomsOf(ctx, resourceIds) }
}

/** A lane above everything that is there; undefined when the doctor or the service is no longer to be had. */
async function onTop(ctx: Ctx, wish: SlotWish) {
  const settings = await getSettings(ctx)
  const offer = offerOf(settings, 'desk', wish.serviceId, wish.practitionerId)
  const service = settings.services.find(({ id }) => id === wish.serviceId)
  if (!offer || !service || !settings.locations.some(({ id, active }) => id === wish.locationId && active))
    return undefined
  const own = givenBy(settings, service, wish.practitionerId)
  const shape = { ...own, durationMin: wish.durationMin ?? own.durationMin }
  const { from, to } = occupiedBy(wish.startsAt, shape)
  const lane = await findOverbookLane(ctx, wish.practitionerId, from, to)
  // Who is squeezed in is seen wherever there is room.
  return { shape, lane, resourceIds: await roomsOf(ctx, []) }
}

/** Undefined where there are no rooms at all: then there is nothing to give up either. */
async function roomsOf(ctx: Ctx, taken: readonly Id<'resource'>[]) {
  return (await getSettings(ctx)).resources.length === 0 ? undefined : taken
}

async function moveTo(ctx: Ctx, before: Appointment, place: Parameters<typeof updatePlace>[2]) {
  try {
    const version = await updatePlace(ctx, before, place)
    return version === undefined ? refuse('changed_meanwhile') : done(version)
  } catch (error) {
    if (isOverlap(error)) return refuse('slot_taken')
    throw error
  }
}

function isThere(appointment: Appointment, to: NewTime): boolean {
  return (
    appointment.startsAt.equals(to.startsAt) &&
    appointment.practitionerId === to.practitionerId &&
    appointment.locationId === to.locationId
  )
}
