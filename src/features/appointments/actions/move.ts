import type { AppointmentId, LocationId, PractitionerId } from '../../../kernel/ids.ts'
import { done, refuse, type Outcome } from '../../../kernel/outcome.ts'
import type { Instant } from '../../../kernel/time.ts'
import { audit } from '../../../platform/audit.ts'
import type { Ctx } from '../../../platform/clinic-scope.ts'
import { registerLink } from '../../../platform/links.ts'
import { findFreeSlot } from '../../availability/actions.ts'
import { noticeMoved } from '../../notices/actions.ts'
import { deleteLapsedHolds, getAppointment, updatePlace, type Appointment } from '../queries.ts'
import { linkExpiry, movable, occupiedBy, patientMayChange } from '../rules.ts'
import { factsOf } from './facts.ts'
import { isOverlap } from './overlap.ts'
import { ownDiaryOnly } from './own-diary.ts'

export type NewTime = { practitionerId: PractitionerId; locationId: LocationId; startsAt: Instant }

/** Moves a visit to another free time, doctor or place; what was queued about the old time is taken back. */
export async function moveAppointment(
  ctx: Ctx,
  id: AppointmentId,
  to: NewTime,
  by: 'patient' | 'desk',
): Promise<Outcome<Appointment, 'too_late' | 'slot_taken' | 'changed_meanwhile'>> {
  const before = await getAppointment(ctx, id)
  await ownDiaryOnly(ctx, before.practitionerId)
  if (!movable(before.status) || (by === 'patient' && !patientMayChange(before, ctx.now))) return refuse('too_late')
  if (isThere(before, to)) return done(before)

  const wish = { ...to, serviceId: before.serviceId }
  const free = await findFreeSlot(ctx, by, wish, [id])
  if (!free) return refuse('slot_taken')
  const { from, to: until } = occupiedBy(to.startsAt, free.service)
  await deleteLapsedHolds(ctx, to.practitionerId, from, until)
  const place = { ...to, shape: free.service, lane: free.slot.lane }
  const moved = await moveTo(ctx, before, place)
  if (!moved.ok) return moved

  const after = await getAppointment(ctx, id)
  await registerLink(ctx, id, after.linkVersion, linkExpiry(after.endsAt))
  await audit(
    ctx,
    'appointment.moved',
    { kind: 'appointment', id },
    {
      from: before.startsAt.toString(),
      to: after.startsAt.toString(),
      from_practitioner_id: before.practitionerId,
      to_practitioner_id: after.practitionerId,
    },
  )
  await noticeMoved(ctx, factsOf(after), { by })
  ctx.tally('moved')
  ctx.diaryChanged()
  return done(after)
}

async function moveTo(ctx: Ctx, before: Appointment, place: Parameters<typeof updatePlace>[3]) {
  try {
    const version = await updatePlace(ctx, before.id, before.version, place)
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
