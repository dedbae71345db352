// What was last done to several visits of a series, taken back as one.
import type { AppointmentId, SeriesId } from '../../../kernel/ids.ts'
import { done, refuse, type Outcome } from '../../../kernel/outcome.ts'
import { isBefore, type Instant } from '../../../kernel/time.ts'
import { audit } from '../../../platform/audit.ts'
import type { Ctx } from '../../../platform/clinic-scope.ts'
import { listClosedSince } from '../../appointments/actions/closed.ts'
import { ownDiaryOnly } from '../../appointments/actions/own-diary.ts'
import { takeStep, undoStep } from '../../appointments/actions/run.ts'
import { leaveSeries } from '../../appointments/actions/series.ts'
import { listPlacesBefore, undoMoves } from '../../appointments/actions/undo-move.ts'
import { listAppointmentsOfSeries, type Appointment } from '../../appointments/queries.ts'
import { listInTheWay } from '../../appointments/queries/rearrange.ts'
import { canTake } from '../../appointments/rules.ts'
import { noticeTogether, type AppointmentFacts } from '../../notices/actions.ts'
import { getSeries, lockSeries, updateLastChange, type Series } from '../queries.ts'
import { unheardUntil, type LastChange } from '../rules.ts'

/** Why a visit can't be again as it was: somebody changed it since, or the time it had is another's, over or closed. */
export type Obstacle = { why: 'changed' } | { why: 'taken' | 'past' | 'closed'; at: Instant }

/**
 * What keeps each visit of the last change from being as it was before; undefined when it is too late for all of it, or one
 * of them is not of the series any more. Within the grace all of it can be taken back, as it stood; afterwards visits go
 * back to times that are still to come and open, and a booking that the patient has heard of is not undone but cancelled.
 */
async function findObstacles(
  ctx: Ctx,
  change: LastChange,
  all: readonly Appointment[],
): Promise<Map<AppointmentId, Obstacle> | undefined> {
  const inGrace = isBefore(ctx.now, unheardUntil(change))
  if (change.kind === 'booked' && !inGrace) return undefined
  const visits = visitsOf(change, all)
  if (visits.length !== change.visits.length) return undefined
  const ways = change.kind === 'moved' ? await listPlacesBefore(ctx, visits) : undefined
  // One that was cancelled goes back to where it stands; a booking goes nowhere.
  const places = visits.flatMap((visit) => {
    const to = ways ? ways.get(visit.id)?.to : visit
    return to && change.kind !== 'booked' ? [{ id: visit.id, visit, to }] : []
  })
  const taken = await listInTheWay(ctx, places)
  const closed = inGrace ? new Set() : await listClosedSince(ctx, places)
  const left = change.kind === 'cancelled' ? 'cancelled' : 'booked'
  const obstacles = new Map<AppointmentId, Obstacle>()
  for (const visit of visits) {
    const version = change.visits.find(({ id }) => id === visit.id)?.version
    const changed = visit.version !== version || visit.patientId === null
    if (changed || (left === 'booked' ? !canTake('cancel', visit.status) : visit.status !== left)) {
      obstacles.set(visit.id, { why: 'changed' })
      continue
    }
    const at = places.find(({ id }) => id === visit.id)?.to.startsAt
    if (taken.has(visit.id) && at) obstacles.set(visit.id, { why: 'taken', at })
    else if (change.kind !== 'booked' && !inGrace && !(at && isBefore(ctx.now, at))) {
      obstacles.set(visit.id, { why: 'past', at: at ?? visit.startsAt })
    } else if (closed.has(visit.id) && at) obstacles.set(visit.id, { why: 'closed', at })
  }
  return obstacles
}

export type Looked = {
  series: Series
  visits: Appointment[]
  /** Undefined when there is nothing to take back, or it is too late. */
  obstacles: Map<AppointmentId, Obstacle> | undefined
}

/** A series with its visits, and what keeps its last change from being taken back. */
export async function lookAtSeries(ctx: Ctx, id: SeriesId): Promise<Looked> {
  const series = await getSeries(ctx, id)
  const visits = await listAppointmentsOfSeries(ctx, id)
  const { lastChange } = series
  return { series, visits, obstacles: lastChange ? await findObstacles(ctx, lastChange, visits) : undefined }
}

const visitsOf = (change: LastChange, all: readonly Appointment[]) =>
  all.filter((visit) => change.visits.some(({ id }) => id === visit.id))

/** Why nothing was taken back: the page says it, and at each visit what stands in its way. */
export type Refused = 'too_late' | 'changed' | 'slot_taken' | 'closed'

const words = { changed: 'changed', taken: 'slot_taken', past: 'too_late', closed: 'closed' } as const satisfies Record<
  Obstacle['why'],
  Refused
>

type Undone = { kind: LastChange['kind']; count: number }

/**
 * Takes back what was last done to several visits of a series: every one is exactly as it was, or none is. People hear of
 * it, in one message, if they had heard of what is taken back.
 */
export async function undoLastChange(
  ctx: Ctx,
  seriesId: SeriesId,
): Promise<Outcome<Undone, 'nothing_to_undo' | Refused>> {
  await lockSeries(ctx, seriesId)
  const { lastChange } = await getSeries(ctx, seriesId)
  if (!lastChange) return refuse('nothing_to_undo')
  const all = await listAppointmentsOfSeries(ctx, seriesId)
  const visits = visitsOf(lastChange, all)
  for (const { practitionerId } of visits) await ownDiaryOnly(ctx, practitionerId)
  if (visits.length !== lastChange.visits.length) return refuse('changed')
  const obstacles = await findObstacles(ctx, lastChange, all)
  if (!obstacles) return refuse('too_late')
  const [first] = obstacles.values()
  if (first) return refuse(words[first.why])
  const back = await takeBack(ctx, lastChange.kind, visits)
  if (!back.ok) return refuse(back.reason === 'slot_taken' || back.reason === 'closed' ? back.reason : 'changed')
  if (lastChange.kind === 'booked') {
    // The visit that was there before is one by itself again.
    for (const { id } of all) if (!visits.some((visit) => visit.id === id)) await leaveSeries(ctx, id)
  }
  const { kind } = lastChange
  await audit(ctx, 'series.undone', { kind: 'series', id: seriesId }, { visits: visits.length, what: kind })
  await updateLastChange(ctx, seriesId, undefined)
  return done({ kind, count: visits.length })
}

async function takeBack(ctx: Ctx, kind: LastChange['kind'], visits: readonly Appointment[]) {
  if (kind === 'moved') {
    return undoMoves(
      ctx,
      visits.map(({ id }) => id),
    )
  }
  const together: AppointmentFacts[] = []
  for (const { id } of visits) {
    const back = await (kind === 'booked' ? takeStep(ctx, id, 'cancel', together) : undoStep(ctx, id, together))
    if (!back.ok) return back
  }
  await noticeTogether(ctx, together, { by: 'desk', dropping: 'undone' })
  return done(undefined)
}
