// What becomes of a doctor's booked visits when the doctor goes.
import type { PractitionerId } from '../../../kernel/ids.ts'
import { done, refuse, type Outcome } from '../../../kernel/outcome.ts'
import type { Ctx } from '../../../platform/clinic-scope.ts'
import { findFreeSlot } from '../../availability/actions.ts'
import { listBookedAhead } from '../queries.ts'
import type { Handover } from '../rules.ts'
import { moveAppointment } from './move.ts'
import { takeStep } from './run.ts'

export type HandedOver = { moved: number; cancelled: number }

/**
 * Moves the visits to another doctor, at the same time and place, or cancels them; each patient is told as of any other
 * move or cancellation. Those for which the other doctor is not free stay where they are: the desk has to see to them.
 * Refused as a whole when somebody takes one of the times meanwhile.
 */
export async function handOver(
  ctx: Ctx,
  from: PractitionerId,
  handover: Handover,
): Promise<Outcome<HandedOver, 'changed_meanwhile'>> {
  const handed = { moved: 0, cancelled: 0 }
  if (handover.visits === 'keep') return done(handed)
  for (const { id, serviceId, locationId, startsAt } of await listBookedAhead(ctx, from)) {
    if (handover.visits !== 'move') {
      if ((await takeStep(ctx, id, 'cancel')).ok) handed.cancelled++
      continue
    }
    const place = { practitionerId: handover.to, locationId, startsAt }
    // Asked first, because a move that meets somebody else's visit in the database ends the whole transaction.
    if (!(await findFreeSlot(ctx, 'desk', { ...place, serviceId }, [id]))) continue
    const moved = await moveAppointment(ctx, id, place, 'desk')
    if (!moved.ok) return refuse('changed_meanwhile')
    handed.moved++
  }
  return done(handed)
}
