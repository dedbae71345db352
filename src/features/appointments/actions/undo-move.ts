import type { AppointmentId } from '../../../kernel/ids.ts'
import { done, refuse, type Outcome } from '../../../kernel/outcome.ts'
import { isBefore, minutes, type Instant } from '../../../kernel/time.ts'
import { audit } from '../../../platform/audit.ts'
import type { Ctx } from '../../../platform/clinic-scope.ts'
import { registerLink } from '../../../platform/links.ts'
import { noticeUndone } from '../../notices/actions.ts'
import { deskGrace } from '../../notices/rules.ts'
import { getAppointment, type Appointment } from '../queries.ts'
import { deleteHoldsInTheWay, findLastMove, type LastMove } from '../queries/rearrange.ts'
import { linkExpiry, movable } from '../rules.ts'
import { factsOf } from './facts.ts'
import { noteFreed } from './freed.ts'
import { ownDiaryOnly } from './own-diary.ts'
import { place } from './rearrange.ts'

/**
 * The move that can be taken back: the last thing that happened to the visit. Within the grace period always, also to a
 * time that has passed or on top of somebody, as it stood; afterwards while the old time is still to come.
 */
export async function findUndoableMove(ctx: Ctx, visit: Appointment): Promise<LastMove | undefined> {
  if (!movable(visit.status)) return undefined
  const move = await findLastMove(ctx, visit.id)
  if (move?.version !== visit.version) return undefined
  return isBefore(ctx.now, move.at.add(deskGrace)) || isBefore(ctx.now, move.startsAt) ? move : undefined
}

/** Puts a visit back where it was before it was moved. Nobody hears of it who has not been told of the move. */
export async function undoMove(
  ctx: Ctx,
  id: AppointmentId,
): Promise<Outcome<Appointment, 'nothing_to_undo' | 'slot_taken' | 'changed_meanwhile'>> {
  const before = await getAppointment(ctx, id)
  await ownDiaryOnly(ctx, before.practitionerId)
  const was = await findUndoableMove(ctx, before)
  if (!was || before.patientId === null) return refuse('nothing_to_undo')
  const by = before.startsAt.until(was.startsAt)
  const back = (instant: Instant) => instant.add(by)
  // Another doctor may have needed longer for it; what the desk itself made of its length stands.
  const endsAt = before.resized ? back(before.endsAt) : was.startsAt.add(minutes(was.minutes))
  await deleteHoldsInTheWay(ctx, [], [was.practitionerId])
  const placed = await place(ctx, [
    {
      before,
      to: {
        status: 'booked',
        practitionerId: was.practitionerId,
        locationId: was.locationId,
        startsAt: was.startsAt,
        endsAt,
        occupiedFrom: back(before.occupiedFrom),
        occupiedTo: endsAt.add(before.endsAt.until(before.occupiedTo)),
        lane: was.lane,
        capacity: before.capacity,
        overbooked: was.overbooked,
        confirmedAt: was.confirmedAt,
        resourceIds: was.resourceIds,
      },
    },
  ])
  if (!placed.ok) return placed
  const after = await getAppointment(ctx, id)
  await registerLink(ctx, id, after.linkVersion, linkExpiry(after.endsAt))
  await audit(
    ctx,
    'appointment.step_undone',
    { kind: 'appointment', id },
    { from: before.startsAt.toString(), to: after.startsAt.toString() },
  )
  await noticeUndone(ctx, factsOf(after))
  await noteFreed(ctx, before, 'moved', { by: 'desk' })
  ctx.tally('moved', -1)
  ctx.diaryChanged()
  return done(after)
}
