import type { AppointmentId } from '../../../kernel/ids.ts'
import { done, refuse, type Outcome } from '../../../kernel/outcome.ts'
import type { Ctx } from '../../../platform/clinic-scope.ts'
import { findFreeSlot } from '../../availability/actions.ts'
import { getAppointment, type Appointment } from '../queries.ts'
import { occupiedBy, patientMayReturn } from '../rules.ts'
import { noteMoved, wishOf, type NewTime } from './move.ts'
import { place } from './rearrange.ts'

/**
 * Somebody whose visit the clinic called off takes another time: the visit is theirs again, with its reference, its link
 * and whatever was agreed about it. It was counted as a booking when it was made, and is not counted twice.
 */
export async function returnByPatient(
  ctx: Ctx,
  id: AppointmentId,
  to: NewTime,
): Promise<Outcome<Appointment, 'too_late' | 'slot_taken' | 'changed_meanwhile'>> {
  const before = await getAppointment(ctx, id)
  if (!patientMayReturn(before)) return refuse('too_late')
  const { practitionerId, locationId, startsAt } = to
  const free = await findFreeSlot(ctx, 'patient', wishOf(before, to), [id])
  if (!free) return refuse('slot_taken')
  const occupied = occupiedBy(startsAt, free.service)
  const placed = await place(ctx, [
    {
      before,
      to: {
        status: 'booked',
        practitionerId,
        locationId,
        startsAt,
        endsAt: startsAt.add({ minutes: free.service.durationMin }),
        occupiedFrom: occupied.from,
        occupiedTo: occupied.to,
        lane: free.slot.lane,
        capacity: free.service.capacity,
        overbooked: false,
        confirmedAt: null,
        resourceIds: free.slot.resourceIds ?? [],
      },
    },
  ])
  if (!placed.ok) return placed
  const after = await noteMoved(ctx, before, 'patient')
  ctx.tally('cancelled', -1)
  return done(after)
}
