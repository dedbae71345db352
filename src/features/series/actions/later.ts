// "This and later": what is done to the rest of a series in one go.
import type { AppointmentId, PractitionerId, SeriesId } from '../../../kernel/ids.ts'
import { done, refuse, type Outcome } from '../../../kernel/outcome.ts'
import { dateAt, isBefore, minutesBetween, Temporal, type Instant, type PlainTime } from '../../../kernel/time.ts'
import { audit } from '../../../platform/audit.ts'
import type { Ctx } from '../../../platform/clinic-scope.ts'
import { notFound } from '../../../platform/errors.ts'
import { moveAppointment } from '../../appointments/actions/move.ts'
import { ownDiaryOnly } from '../../appointments/actions/own-diary.ts'
import { takeStep } from '../../appointments/actions/run.ts'
import { getAppointment, listAppointmentsOfSeries, type Appointment } from '../../appointments/queries.ts'
import { movable } from '../../appointments/rules.ts'
import type { SlotChoice } from '../../desk/rules.ts'
import { noticeTogether, type AppointmentFacts } from '../../notices/actions.ts'
import { lockSeries, updateLastChange } from '../queries.ts'
import { sameTime, shiftBetween, shifted, slotOf, wallClock, type Decision, type LastChange } from '../rules.ts'
import { plan, type Planned } from './plan.ts'

export type ThisAndLater = { seriesId: SeriesId; visit: Appointment; later: Appointment[] }

/** A visit of a series with those after it that can still be changed, itself included. */
export async function listThisAndLater(ctx: Ctx, id: AppointmentId): Promise<ThisAndLater> {
  const visit = await getAppointment(ctx, id)
  await ownDiaryOnly(ctx, visit.practitionerId)
  const { seriesId, seriesIndex } = visit
  if (seriesId === null || seriesIndex === null) return notFound('series')
  const all = await listAppointmentsOfSeries(ctx, seriesId)
  const later = all.filter(
    (one) =>
      (one.seriesIndex ?? 0) >= seriesIndex &&
      movable(one.status) &&
      one.patientId !== null &&
      isBefore(ctx.now, one.startsAt),
  )
  return { seriesId, visit, later }
}

export type MovePlanned = { seriesId: SeriesId; visit: Appointment; rows: (Planned & { was: Appointment })[] }

/** Where this visit is, but at another time of day or with another doctor; undefined when that is where it is. */
export async function elsewhere(
  ctx: Ctx,
  id: AppointmentId,
  { time, practitionerId }: { time: PlainTime | undefined; practitionerId: PractitionerId | undefined },
): Promise<SlotChoice | undefined> {
  const { visit } = await listThisAndLater(ctx, id)
  const { zone } = ctx.clinic
  const startsAt = time ? wallClock(dateAt(visit.startsAt, zone), time, zone).startsAt : visit.startsAt
  const to = { ...slotOf(visit), startsAt, practitionerId: practitionerId ?? visit.practitionerId }
  return sameTime(visit, to) ? undefined : to
}

/**
 * Where the rest of a series would be when this visit goes there: as many days on, and at that time, with that doctor and
 * at that place where it is another one than this visit has. What stays the same for this one stays as it is for each.
 */
export async function planMove(
  ctx: Ctx,
  id: AppointmentId,
  to: SlotChoice,
  picks: ReadonlyMap<string, Decision>,
): Promise<MovePlanned> {
  const { seriesId, visit, later } = await listThisAndLater(ctx, id)
  const shift = shiftBetween(visit.startsAt, to.startsAt, ctx.clinic.zone)
  const wishes = later.map((was) => ({
    key: was.id,
    visit: was.id,
    slot: {
      serviceId: was.serviceId,
      practitionerId: to.practitionerId === visit.practitionerId ? was.practitionerId : to.practitionerId,
      locationId: to.locationId === visit.locationId ? was.locationId : to.locationId,
      startsAt: shifted(was.startsAt, shift, ctx.clinic.zone),
    },
    durationMin: was.resized ? minutesBetween(was.startsAt, was.endsAt) : undefined,
    lastDay: false,
    shifted: false,
  }))
  const rows = await plan(ctx, wishes, picks)
  return { seriesId, visit, rows: rows.flatMap((row, at) => (later[at] ? [{ ...row, was: later[at] }] : [])) }
}

export type Changed = { seriesId: SeriesId; count: number; messageAt: Instant | undefined }

/** Moves this visit and the later ones, or none of them; those that were left out stay where they are. */
export async function moveLater(
  ctx: Ctx,
  id: AppointmentId,
  to: SlotChoice,
  picks: ReadonlyMap<string, Decision>,
): Promise<Outcome<Changed, 'changed' | 'undecided' | 'too_few'>> {
  const { seriesId, visit, rows } = await planMove(ctx, id, to, picks)
  await lockSeries(ctx, seriesId)
  if (rows.some(({ lost }) => lost)) return refuse('changed')
  if (rows.some(({ state, unseen }) => state === 'conflict' || unseen)) return refuse('undecided')
  const moves = rows.flatMap(({ was, to: place }) => (place && !sameTime(was, place) ? [{ was, place }] : []))
  if (moves.length === 0) return refuse('too_few')
  // The last first when they go later: none of them then steps on the one before it.
  if (isBefore(visit.startsAt, to.startsAt)) moves.reverse()
  const together: AppointmentFacts[] = []
  const kept: LastChange['visits'][number][] = []
  for (const { was, place } of moves) {
    const moved = await moveAppointment(ctx, was.id, place, 'desk', together)
    if (!moved.ok) return refuse('changed')
    kept.push({ id: was.id, version: moved.value.version })
  }
  await audit(ctx, 'series.moved', { kind: 'series', id: seriesId }, { visits: moves.length, from: id })
  return done(await tell(ctx, seriesId, 'moved', kept, together, 'stale_version'))
}

/** Cancels this visit and all later ones. */
export async function cancelLater(ctx: Ctx, id: AppointmentId): Promise<Outcome<Changed, 'changed' | 'nothing_left'>> {
  const { seriesId, later } = await listThisAndLater(ctx, id)
  await lockSeries(ctx, seriesId)
  if (later.length === 0) return refuse('nothing_left')
  const together: AppointmentFacts[] = []
  const kept: LastChange['visits'][number][] = []
  for (const was of later) {
    const cancelled = await takeStep(ctx, was.id, 'cancel', together)
    if (!cancelled.ok) return refuse('changed')
    kept.push({ id: was.id, version: cancelled.value.version })
  }
  await audit(ctx, 'series.cancelled', { kind: 'series', id: seriesId }, { visits: later.length, from: id })
  return done(await tell(ctx, seriesId, 'cancelled', kept, together, 'cancelled'))
}

async function tell(
  ctx: Ctx,
  seriesId: SeriesId,
  kind: LastChange['kind'],
  visits: LastChange['visits'],
  together: AppointmentFacts[],
  dropping: 'stale_version' | 'cancelled',
): Promise<Changed> {
  const inOrder = [...together].sort((a, b) => Temporal.Instant.compare(a.startsAt, b.startsAt))
  const messageAt = await noticeTogether(ctx, inOrder, { by: 'desk', dropping })
  await updateLastChange(ctx, seriesId, { kind, at: ctx.now.toString(), visits })
  return { seriesId, count: visits.length, messageAt }
}
