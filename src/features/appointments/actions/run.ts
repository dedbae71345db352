import type { AppointmentId } from '../../../kernel/ids.ts'
import { done, refuse, type Outcome } from '../../../kernel/outcome.ts'
import { isBefore } from '../../../kernel/time.ts'
import { audit } from '../../../platform/audit.ts'
import type { Ctx } from '../../../platform/clinic-scope.ts'
import { noticeCancelled, noticeNotHere, noticeUndone, type AppointmentFacts } from '../../notices/actions.ts'
import { findReminded } from '../../notices/queries.ts'
import { deskGrace } from '../../notices/rules.ts'
import { giveToken } from '../../tokens/actions.ts'
import { getAppointment, type Appointment } from '../queries.ts'
import { deleteLapsedHolds } from '../queries/holds.ts'
import { listResourcesOf } from '../queries/rearrange.ts'
import { updateConfirmed, updateStatus, updateStatusBack } from '../queries/state.ts'
import { canTake, mayMiss, patientMayChange, steps, type Status, type Step } from '../rules.ts'
import { listClosedSince } from './closed.ts'
import { factsOf } from './facts.ts'
import { noteFreed } from './freed.ts'
import { isOverlap } from './overlap.ts'
import { ownDiaryOnly } from './own-diary.ts'

export type StepRefusal = 'not_now' | 'changed_meanwhile'

/** Takes one step of the desk's day: arrive, enter the room, finish, miss, cancel. */
export async function takeStep(
  ctx: Ctx,
  id: AppointmentId,
  step: Step,
  /** Takes what there is to tell of a cancellation instead: several are told of in one message. */
  together?: AppointmentFacts[],
): Promise<Outcome<Appointment, StepRefusal>> {
  const before = await getAppointment(ctx, id)
  await ownDiaryOnly(ctx, before.practitionerId)
  // Nobody's visit any more: it stays as it is, for counts and cash.
  if (before.patientId === null) return refuse('not_now')
  if (!canTake(step, before.status) || (step === 'miss' && !mayMiss(before, ctx.now))) return refuse('not_now')
  return step === 'cancel' ? cancel(ctx, before, 'desk', together) : advance(ctx, before, step)
}

async function advance(ctx: Ctx, before: Appointment, step: Step): Promise<Outcome<Appointment, StepRefusal>> {
  const { to } = steps[step]
  await clearPlaceOf(ctx, before)
  const updated = await updateStatus(ctx, before.id, { from: before.status, to, newVersion: false }).catch(
    (error: unknown) => {
      // Came after all, and the time was given to somebody else meanwhile: they can be taken in as a walk-in.
      if (isOverlap(error)) return undefined
      throw error
    },
  )
  if (updated === undefined) return refuse('changed_meanwhile')
  // Whoever is here has a number, whichever way they came in.
  const here = to === 'arrived' || to === 'in_room' ? { token: await giveToken(ctx, before) } : {}
  await audit(ctx, `appointment.${to}`, { kind: 'appointment', id: before.id }, { from: before.status, ...here })
  await tallyEnds(ctx, before.id, before.status, to)
  // What is left of the time of somebody who did not come.
  if (to === 'noshow') await noteFreed(ctx, before, 'noshow', { by: 'desk' })
  ctx.diaryChanged()
  return done(await getAppointment(ctx, before.id))
}

/** Whoever left their time and comes back to it after all meets no hold that lapsed. */
async function clearPlaceOf(ctx: Ctx, visit: Appointment): Promise<void> {
  if (visit.status !== 'cancelled' && visit.status !== 'noshow') return
  const { practitionerId, occupiedFrom: from, occupiedTo: to } = visit
  await deleteLapsedHolds(ctx, [{ practitionerId, from, to, resourceIds: await listResourcesOf(ctx, visit.id) }])
}

/**
 * Counts how a visit ended, and takes back what a step before or an undo had counted; what has not ended is not counted.
 * Of those who came and those who did not, the reminded are counted apart: numbers of a day, no patient's.
 */
async function tallyEnds(ctx: Ctx, id: AppointmentId, before: Status, after: Status): Promise<void> {
  const ends = [before, after].some((status) => status === 'fulfilled' || status === 'noshow')
  const reminded = ends && (await findReminded(ctx, id))
  for (const [status, by] of [
    [before, -1],
    [after, 1],
  ] as const) {
    if (status === 'cancelled') ctx.tally(status, by)
    if (status !== 'fulfilled' && status !== 'noshow') continue
    ctx.tally(status, by)
    if (reminded) ctx.tally(`${status}_reminded`, by)
  }
}

async function cancel(
  ctx: Ctx,
  before: Appointment,
  by: 'patient' | 'desk',
  together?: AppointmentFacts[],
): Promise<Outcome<Appointment, 'changed_meanwhile'>> {
  const updated = await updateStatus(ctx, before.id, {
    from: before.status,
    to: 'cancelled',
    cancelledBy: by === 'desk' ? 'clinic' : 'patient',
    newVersion: true,
  })
  if (updated === undefined) return refuse('changed_meanwhile')
  await audit(ctx, 'appointment.cancelled', { kind: 'appointment', id: before.id }, { from: before.status, by })
  const after = await getAppointment(ctx, before.id)
  if (together) together.push(factsOf(after))
  else await noticeCancelled(ctx, factsOf(after), { by })
  await noteFreed(ctx, before, 'cancelled', { by })
  ctx.tally('cancelled')
  ctx.diaryChanged()
  return done(after)
}

/**
 * Takes the desk's last step back. A cancelled visit returns only while its place is free; whoever was already told of
 * the cancellation is told that it stands again, if the time has not closed since, and nobody else hears a word.
 */
export async function undoStep(
  ctx: Ctx,
  id: AppointmentId,
  /** As with `takeStep`. */
  together?: AppointmentFacts[],
): Promise<Outcome<Appointment, 'nothing_to_undo' | 'slot_taken' | 'closed' | 'changed_meanwhile'>> {
  const before = await getAppointment(ctx, id)
  await ownDiaryOnly(ctx, before.practitionerId)
  if (before.previousStatus === null || before.cancelledBy === 'patient' || before.patientId === null)
    return refuse('nothing_to_undo')
  const told = before.cancelledAt !== null && !isBefore(ctx.now, before.cancelledAt.add(deskGrace))
  if (before.status === 'cancelled' && told && (await listClosedSince(ctx, [{ visit: before, to: before }])).size > 0)
    return refuse('closed')
  const back = await stepBack(ctx, before, before.previousStatus)
  if (!back.ok) return back
  await audit(
    ctx,
    'appointment.step_undone',
    { kind: 'appointment', id },
    { from: before.status, to: before.previousStatus },
  )
  const after = await getAppointment(ctx, id)
  if (before.status === 'cancelled' && together) together.push(factsOf(after))
  else if (before.status === 'cancelled') await noticeUndone(ctx, factsOf(after))
  else if (after.status === 'booked') await noticeNotHere(ctx, after)
  await tallyEnds(ctx, id, before.status, after.status)
  ctx.diaryChanged()
  return done(after)
}

async function stepBack(ctx: Ctx, before: Appointment, to: Status) {
  await clearPlaceOf(ctx, before)
  try {
    const newVersion = before.status === 'cancelled'
    const version = await updateStatusBack(ctx, before.id, { from: before.status, to, newVersion })
    return version === undefined ? refuse('changed_meanwhile') : done(version)
  } catch (error) {
    if (isOverlap(error)) return refuse('slot_taken')
    throw error
  }
}

/** The patient cancels, by link or by a tap in the chat. Twice is the same as once. */
export async function cancelByPatient(
  ctx: Ctx,
  id: AppointmentId,
): Promise<Outcome<Appointment, 'too_late' | 'changed_meanwhile'>> {
  const before = await getAppointment(ctx, id)
  if (before.status === 'cancelled') return done(before)
  if (!patientMayChange(before, ctx.now)) return refuse('too_late')
  return cancel(ctx, before, 'patient')
}

/** The patient says: I will come. Twice is the same as once; no message becomes stale by it. */
export async function confirmByPatient(ctx: Ctx, id: AppointmentId): Promise<Outcome<Appointment, 'too_late'>> {
  const before = await getAppointment(ctx, id)
  if (!patientMayChange(before, ctx.now)) return refuse('too_late')
  if (await updateConfirmed(ctx, id)) {
    await audit(ctx, 'appointment.confirmed', { kind: 'appointment', id })
    ctx.diaryChanged()
  }
  return done(await getAppointment(ctx, id))
}
