// What the desk does to somebody's place in the line.
import type { AppointmentId } from '../../../kernel/ids.ts'
import { done, refuse, type Outcome } from '../../../kernel/outcome.ts'
import { Temporal } from '../../../kernel/time.ts'
import { audit } from '../../../platform/audit.ts'
import type { Ctx } from '../../../platform/clinic-scope.ts'
import { notFound } from '../../../platform/errors.ts'
import { ownDiaryOnly } from '../../appointments/actions/own-diary.ts'
import { undoStep } from '../../appointments/actions/run.ts'
import { getAppointment } from '../../appointments/queries.ts'
import { findStatusForUpdate, updatePlaceInLine, type LineVisit, type Place } from '../queries.ts'
import { listTodaysLine } from '../queries/look.ts'
import { lineOf, placeAfterSkip, type Priority } from '../rules/line.ts'

export type PlaceRefusal = 'not_now' | 'changed_meanwhile'

/** A visit as it stands in its doctor's line, locked, with the others of that line. */
async function standing(ctx: Ctx, id: AppointmentId): Promise<{ visit: LineVisit | undefined; day: LineVisit[] }> {
  const { practitionerId } = await getAppointment(ctx, id)
  await ownDiaryOnly(ctx, practitionerId)
  if ((await findStatusForUpdate(ctx, id)) === undefined) notFound('appointment')
  const day = await listTodaysLine(ctx, practitionerId)
  return { visit: day.find((one) => one.id === id), day }
}

async function place(ctx: Ctx, visit: LineVisit, change: Partial<Place>, action: string, sealed?: { reason: string }) {
  await updatePlaceInLine(ctx, visit.id, { ...visit, ...change })
  const details = { token: visit.token ?? null }
  await audit(ctx, action, { kind: 'appointment', id: visit.id }, details, sealed)
  ctx.diaryChanged()
  return done(visit)
}

/**
 * Not here when called: back from the room, behind the next two. Who has not been called yet can be put there too, when
 * the desk sees that they are not in sight.
 */
export async function skip(ctx: Ctx, id: AppointmentId): Promise<Outcome<LineVisit, PlaceRefusal>> {
  const { visit, day } = await standing(ctx, id)
  if (!visit) return refuse('not_now')
  if (visit.status === 'in_room' && visit.previousStatus === 'arrived') {
    const back = await undoStep(ctx, id)
    if (!back.ok) return refuse('changed_meanwhile')
  } else if (visit.status !== 'arrived' || visit.steppedOutAt !== null) return refuse('not_now')
  const behind = placeAfterSkip(visit, lineOf(day).waiting)
  return place(
    ctx,
    visit,
    {
      priorityAt: null,
      steppedOutAt: null,
      skips: visit.skips + 1,
      ...(behind && {
        placeAt: Temporal.Instant.fromEpochMilliseconds(behind.placeAt),
        placeTie: behind.placeTie,
      }),
    },
    'queue.skipped',
  )
}

/** Away for a while: not called until they are back, with their place kept. */
export async function stepOut(ctx: Ctx, id: AppointmentId): Promise<Outcome<LineVisit, PlaceRefusal>> {
  const { visit } = await standing(ctx, id)
  if (visit?.status !== 'arrived' || visit.steppedOutAt !== null) return refuse('not_now')
  return place(ctx, visit, { steppedOutAt: ctx.now }, 'queue.stepped_out')
}

/** Back again, or there after all: they stand where their time or arrival puts them. */
export async function comeBack(ctx: Ctx, id: AppointmentId): Promise<Outcome<LineVisit, PlaceRefusal>> {
  const { visit } = await standing(ctx, id)
  if (visit?.status !== 'arrived' || (visit.steppedOutAt === null && visit.placeAt === null)) return refuse('not_now')
  return place(ctx, visit, { steppedOutAt: null, placeAt: null, placeTie: null }, 'queue.returned')
}

/** Goes first, for a reason; which one is for the clinic's eyes only, as it may tell of somebody's health. */
export async function prioritise(
  ctx: Ctx,
  id: AppointmentId,
  reason: Priority,
): Promise<Outcome<LineVisit, PlaceRefusal>> {
  const { visit } = await standing(ctx, id)
  if (visit?.status !== 'arrived' || visit.priorityAt !== null) return refuse('not_now')
  return place(ctx, visit, { priority: reason, priorityAt: ctx.now }, 'queue.prioritised', { reason })
}

export async function endPriority(ctx: Ctx, id: AppointmentId): Promise<Outcome<LineVisit, PlaceRefusal>> {
  const { visit } = await standing(ctx, id)
  if (visit?.status !== 'arrived' || visit.priorityAt === null) return refuse('not_now')
  return place(ctx, visit, { priority: null, priorityAt: null }, 'queue.priority_ended')
}
