import type { AppointmentId } from '../../../kernel/ids.ts'
import { done, refuse, type Outcome } from '../../../kernel/outcome.ts'
import { isBefore, minutes, type Instant } from '../../../kernel/time.ts'
import { audit } from '../../../platform/audit.ts'
import type { Ctx } from '../../../platform/clinic-scope.ts'
import { notFound } from '../../../platform/errors.ts'
import { registerLinks } from '../../../platform/links.ts'
import { noticeTogether } from '../../notices/actions.ts'
import { deskGrace } from '../../notices/rules.ts'
import { listAppointmentsById, type Appointment } from '../queries.ts'
import { listLastMoves, type LastMove, type Standing } from '../queries/rearrange.ts'
import { linkExpiry, movable } from '../rules.ts'
import { listClosedSince } from './closed.ts'
import { factsOf } from './facts.ts'
import { noteFreed } from './freed.ts'
import { ownDiaryOnly } from './own-diary.ts'
import { place } from './rearrange.ts'

/** Where a visit goes back to, and whether nobody has heard yet that it ever left. */
export type WayBack = { to: Standing; inGrace: boolean }

/**
 * Of these visits, the moves that can be taken back, by where each goes back to: the last thing that happened to a visit.
 * Within the grace period always, also to a time that has passed or closed or on top of somebody, as it stood; afterwards
 * while the old time is still to come.
 */
export async function listWaysBack(ctx: Ctx, visits: readonly Appointment[]): Promise<Map<AppointmentId, WayBack>> {
  const ways = await listPlacesBefore(ctx, visits)
  return new Map([...ways].filter(([, { to, inGrace }]) => inGrace || isBefore(ctx.now, to.startsAt)))
}

/** The same, those that are too late included. */
export async function listPlacesBefore(ctx: Ctx, visits: readonly Appointment[]): Promise<Map<AppointmentId, WayBack>> {
  const moved = visits.filter(({ status, patientId }) => movable(status) && patientId !== null)
  const moves = await listLastMoves(
    ctx,
    moved.map(({ id }) => id),
  )
  return new Map(
    moved.flatMap((visit) => {
      const was = moves.get(visit.id)
      if (was?.version !== visit.version) return []
      const inGrace = isBefore(ctx.now, was.at.add(deskGrace))
      return [[visit.id, { to: standingBefore(visit, was), inGrace }] as const]
    }),
  )
}

function standingBefore(visit: Appointment, was: LastMove): Standing {
  const { startsAt, practitionerId, locationId, lane, overbooked, confirmedAt, resourceIds } = was
  const by = visit.startsAt.until(startsAt)
  const back = (instant: Instant) => instant.add(by)
  // Another doctor may have needed longer for it; what the desk itself made of its length stands.
  const endsAt = visit.resized ? back(visit.endsAt) : startsAt.add(minutes(was.minutes))
  return {
    status: 'booked',
    practitionerId,
    locationId,
    startsAt,
    endsAt,
    occupiedFrom: back(visit.occupiedFrom),
    occupiedTo: endsAt.add(visit.endsAt.until(visit.occupiedTo)),
    lane,
    capacity: visit.capacity,
    overbooked,
    confirmedAt,
    resourceIds,
  }
}

type MoveStays = 'nothing_to_undo' | 'slot_taken' | 'closed' | 'changed_meanwhile'

/**
 * Puts visits of one person back where they were before they were moved, all of them or none. Nobody hears of it who has
 * not been told of the move; who has is told of no time that has closed since.
 */
export async function undoMoves(ctx: Ctx, ids: readonly AppointmentId[]): Promise<Outcome<Appointment[], MoveStays>> {
  const moved = await listAppointmentsById(ctx, ids)
  if (moved.length < ids.length) notFound('appointment')
  for (const { practitionerId } of moved) await ownDiaryOnly(ctx, practitionerId)
  const ways = await listWaysBack(ctx, moved)
  const back = moved.flatMap((before) => {
    const way = ways.get(before.id)
    return way ? [{ before, ...way }] : []
  })
  if (back.length === 0 || back.length < ids.length) return refuse('nothing_to_undo')
  const told = back.filter(({ inGrace }) => !inGrace).map(({ before, to }) => ({ visit: before, to }))
  if ((await listClosedSince(ctx, told)).size > 0) return refuse('closed')
  const placed = await place(ctx, back)
  if (!placed.ok) return placed
  const stand = await listAppointmentsById(ctx, ids)
  await registerLinks(
    ctx,
    stand.map(({ id, linkVersion, endsAt }) => ({ id, linkVersion, expiresAt: linkExpiry(endsAt) })),
  )
  for (const { before, to } of back) {
    await audit(
      ctx,
      'appointment.step_undone',
      { kind: 'appointment', id: before.id },
      { from: before.startsAt.toString(), to: to.startsAt.toString() },
    )
    await noteFreed(ctx, before, 'moved', { by: 'desk' })
  }
  await noticeTogether(ctx, stand.map(factsOf), { by: 'desk', dropping: 'undone' })
  ctx.tally('moved', -back.length)
  ctx.diaryChanged()
  return done(stand)
}

/** The same for one visit. */
export async function undoMove(ctx: Ctx, id: AppointmentId): Promise<Outcome<Appointment, MoveStays>> {
  const undone = await undoMoves(ctx, [id])
  if (!undone.ok) return undone
  const [visit] = undone.value
  return done(visit ?? notFound('appointment'))
}
