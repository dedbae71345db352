// A day that goes wrong: many visits of one doctor or place put elsewhere, or called off, in one go.
import type { AppointmentId } from '../../../kernel/ids.ts'
import { done, refuse, type Outcome } from '../../../kernel/outcome.ts'
import { isBefore } from '../../../kernel/time.ts'
import { audit } from '../../../platform/audit.ts'
import type { Ctx } from '../../../platform/clinic-scope.ts'
import { registerLinks } from '../../../platform/links.ts'
import { noticeRearranged } from '../../notices/actions.ts'
import type { Because } from '../../notices/rules.ts'
import { listAppointmentsById, type Appointment } from '../queries.ts'
import { deleteHolds, deleteLapsedHolds } from '../queries/holds.ts'
import {
  deleteResourcesOf,
  insertResourcesOf,
  updateStandings,
  updateVacated,
  type Standing,
} from '../queries/rearrange.ts'
import { calledOff, linkExpiry } from '../rules.ts'
import { factsOf } from './facts.ts'
import { isOverlap } from './overlap.ts'

export type Rearrangement = { before: Appointment; to: Standing }

export type Why = {
  /** What the patients are told of it; undefined when things are put back as they were. */
  because: Because | undefined
  /** The disruption, for the entries of the audit log. */
  disruptionId: string
  /** Holds that have to go as well. */
  letGo: readonly AppointmentId[]
  /** Days after which the links of visits that are called off stop leading to other times. */
  callOffLinkDays: number
}

/**
 * Puts visits that the caller has locked where they are to stand, all of them or none, with an audit entry each, and tells
 * each patient once what differs from what they know. The number of statements does not grow with the number of visits.
 * Answers how they stand afterwards.
 */
export async function rearrange(
  ctx: Ctx,
  visits: readonly Rearrangement[],
  why: Why,
): Promise<Outcome<Appointment[], 'changed_meanwhile' | 'slot_taken'>> {
  if (why.letGo.length > 0) await deleteHolds(ctx, why.letGo)
  ctx.diaryChanged()
  if (visits.length === 0) return done([])
  const written = await place(ctx, visits)
  if (!written.ok) return written

  const byId = new Map(visits.map(({ before }) => [before.id, before]))
  const after = await listAppointmentsById(ctx, [...byId.keys()])
  const news = after.flatMap((visit) => {
    const before = byId.get(visit.id)
    return before ? [{ before, visit }] : []
  })
  for (const { before, visit } of news) await note(ctx, before, visit, why.disruptionId)
  await registerLinks(
    ctx,
    after.map(({ id, linkVersion, endsAt, status }) => {
      const usual = linkExpiry(endsAt)
      const longer = ctx.now.add({ hours: 24 * why.callOffLinkDays })
      return { id, linkVersion, expiresAt: status === 'cancelled' && isBefore(usual, longer) ? longer : usual }
    }),
  )
  await noticeRearranged(
    ctx,
    // Of somebody whose data was erased there is nobody left to tell.
    news
      .filter(({ visit }) => visit.patientId !== null && visit.patientPhone !== null)
      .map(({ before, visit }) => ({ facts: factsOf(visit), wasAt: before.startsAt })),
    why.because,
  )
  tally(ctx, news, why.because === undefined ? -1 : 1)
  return done(after)
}

/** Visits leave their places together and take the new ones together, so that none meets another on the way. */
export async function place(ctx: Ctx, visits: readonly Rearrangement[]) {
  const vacated = await updateVacated(
    ctx,
    visits.map(({ before }) => before),
  )
  if (vacated !== visits.length) return refuse('changed_meanwhile')
  const furnished = visits.flatMap(({ before, to }) =>
    to.resourceIds ? [{ id: before.id, resourceIds: to.resourceIds }] : [],
  )
  if (furnished.length > 0) {
    await deleteResourcesOf(
      ctx,
      furnished.map(({ id }) => id),
    )
  }
  await deleteLapsedHolds(
    ctx,
    visits
      .filter(({ to }) => to.status !== 'cancelled')
      .map(({ to }) => ({
        practitionerId: to.practitionerId,
        from: to.occupiedFrom,
        to: to.occupiedTo,
        resourceIds: to.resourceIds ?? [],
      })),
  )
  try {
    await updateStandings(
      ctx,
      visits.map(({ before, to }) => ({ id: before.id, from: before.status, to })),
      calledOff,
    )
    const taken = furnished.flatMap(({ id, resourceIds }) => resourceIds.map((resourceId) => ({ id, resourceId })))
    if (taken.length > 0) await insertResourcesOf(ctx, taken)
    return done(undefined)
  } catch (error) {
    if (isOverlap(error)) return refuse('slot_taken')
    throw error
  }
}

async function note(ctx: Ctx, before: Appointment, after: Appointment, disruptionId: string): Promise<void> {
  const record = { kind: 'appointment', id: after.id }
  if (after.status === 'cancelled') {
    const details = { from: before.status, by: 'desk', disruption_id: disruptionId }
    return audit(ctx, 'appointment.cancelled', record, details)
  }
  if (before.status === 'cancelled') {
    const details = { from: before.status, to: after.status, disruption_id: disruptionId }
    return audit(ctx, 'appointment.step_undone', record, details)
  }
  await audit(ctx, 'appointment.moved', record, {
    from: before.startsAt.toString(),
    to: after.startsAt.toString(),
    from_practitioner_id: before.practitionerId,
    to_practitioner_id: after.practitionerId,
    disruption_id: disruptionId,
  })
}

/** What is put back was neither moved nor cancelled. */
function tally(ctx: Ctx, news: readonly { before: Appointment; visit: Appointment }[], by: 1 | -1): void {
  const off = news.filter(({ before, visit }) => (before.status === 'cancelled') !== (visit.status === 'cancelled'))
  if (off.length > 0) ctx.tally('cancelled', by * off.length)
  if (news.length > off.length) ctx.tally('moved', by * (news.length - off.length))
}
