import { done, refuse, type Outcome } from '../../../kernel/outcome.ts'
import { isBefore } from '../../../kernel/time.ts'
import { audit } from '../../../platform/audit.ts'
import type { Ctx } from '../../../platform/clinic-scope.ts'
import { notFound } from '../../../platform/errors.ts'
import { rearrange } from '../../appointments/actions/rearrange.ts'
import { listAppointmentsById } from '../../appointments/queries.ts'
import { removeClosure } from '../../clinics/actions/closures.ts'
import { findClosure } from '../../clinics/queries.ts'
import { sendNewsNow } from '../../messaging/actions/desk.ts'
import { findDisruption, listKept, updateTold, updateUndone, type DisruptionId } from '../queries.ts'
import { callOffLinkDays, mayUndo } from '../rules.ts'

export type Undone = { restored: number; left: number; told: boolean }

/**
 * Puts everything back as it was. Within the grace period nobody has heard a word of it, and nobody does. Afterwards it is
 * news like any other: whoever was told is told how it stands again. Left as they are: visits that somebody has changed
 * since, and those whose old time is over. Refused as a whole when an old time is somebody else's by now.
 */
export async function undoDisruption(
  ctx: Ctx,
  id: DisruptionId,
): Promise<Outcome<Undone, 'nothing_to_undo' | 'slot_taken' | 'changed_meanwhile'>> {
  const disruption = (await findDisruption(ctx, id, { lock: true })) ?? notFound('disruption')
  if (!mayUndo(disruption, ctx.now)) return refuse('nothing_to_undo')
  const quiet = isBefore(ctx.now, disruption.tellsAt)
  const kept = await listKept(ctx, id)
  const visits = await listAppointmentsById(
    ctx,
    kept.map(({ appointmentId }) => appointmentId),
    { lock: true },
  )
  const byId = new Map(visits.map((visit) => [visit.id, visit]))
  const back = kept.flatMap((was) => {
    const visit = byId.get(was.appointmentId)
    const untouched =
      visit?.version === was.versionAfter &&
      (was.outcome === 'cancelled' ? ['cancelled'] : ['booked', 'arrived']).includes(visit.status)
    if (!untouched || (!quiet && !isBefore(ctx.now, was.startsAt))) return []
    const status = visit.status === 'cancelled' ? ('booked' as const) : visit.status
    return [{ before: visit, to: { ...was, status } }]
  })
  if (await findClosure(ctx, disruption.closureId)) await removeClosure(ctx, disruption.closureId)
  const restored = await rearrange(ctx, back, { because: undefined, disruptionId: id, letGo: [], callOffLinkDays })
  if (!restored.ok) return restored
  await updateUndone(ctx, id)
  const left = kept.length - back.length
  await audit(ctx, 'disruption.undone', { kind: 'disruption', id }, { restored: back.length, left })
  return done({ restored: back.length, left, told: !quiet })
}

/** Ends the grace period: what its patients are to be told leaves at once. */
export async function tellNow(ctx: Ctx, id: DisruptionId): Promise<Outcome<number, 'nothing_to_send'>> {
  const disruption = (await findDisruption(ctx, id, { lock: true })) ?? notFound('disruption')
  if (disruption.undoneAt !== null) return refuse('nothing_to_send')
  const kept = await listKept(ctx, id)
  const hurried = await sendNewsNow(
    ctx,
    kept.map(({ appointmentId, versionAfter }) => ({ id: appointmentId, version: versionAfter })),
  )
  if (hurried === 0) return refuse('nothing_to_send')
  await updateTold(ctx, id)
  await audit(ctx, 'disruption.told', { kind: 'disruption', id }, { messages: hurried })
  return done(hurried)
}
