import { newId, type Id, type LocationId, type PractitionerId } from '../../../kernel/ids.ts'
import { done, refuse, type Outcome } from '../../../kernel/outcome.ts'
import { Temporal } from '../../../kernel/time.ts'
import { audit } from '../../../platform/audit.ts'
import type { Ctx } from '../../../platform/clinic-scope.ts'
import { notFound } from '../../../platform/errors.ts'
import { getLocation, listMoonCorrections, listShifts, listTimetables } from '../queries.ts'
import { deleteShifts, findLastAudited, insertShifts, lockPractitioner } from '../queries/write.ts'
import { meet, withoutDates } from '../rules/hours.ts'
import type { Shift } from '../rules.ts'
import type { Hours } from '../rules/timetables.ts'
import type { HoursForm } from '../schema.ts'
import { periodsAhead, twoPlaces } from './timetables.ts'

/** Hours asked for, and those of the same doctor that stand in their way. */
export type Clash = { weekday: number; startsMin: number; other: Hours }
export type HoursSaved =
  | { ok: true; value: void }
  | { ok: false; reason: 'changed_meanwhile' }
  | { ok: false; reason: 'overlap'; clashes: Clash[] }

/**
 * Saves a timetable of one doctor at one place, in place of the shifts the page was opened with. If someone changed
 * those meanwhile, or the doctor would be in two places or twice in one at some moment, nothing is saved.
 *
 * With `pause`, the doctor's other hours at this place stop where the dates begin and go on where they end: that is how
 * a Ramadan timetable is made.
 */
export async function setHours(ctx: Ctx, id: PractitionerId, form: HoursForm): Promise<HoursSaved> {
  if (!(await lockPractitioner(ctx, id))) notFound('practitioner')
  await getLocation(ctx, form.locationId)
  const { locationId, validFrom, validTo } = form
  const before = await listShifts(ctx, { practitionerId: id })
  const replaced = before.filter((shift) => form.replaces.includes(shift.id))
  if (replaced.length !== form.replaces.length) return refuse('changed_meanwhile')
  const others = before.filter((shift) => !replaced.includes(shift))
  const paused = form.pause && (validFrom !== undefined || validTo !== undefined)
  const cut = others.flatMap((shift) => {
    const rest = paused && shift.locationId === locationId ? withoutDates(shift, { validFrom, validTo }) : undefined
    return rest === undefined ? [] : [{ shift, rest: rest.map((piece) => ({ ...piece, id: newId<'shift'>() })) }]
  })
  const pieces = cut.flatMap(({ rest }) => rest)
  const wanted = form.spans.map((span): Shift => ({
    id: newId(),
    practitionerId: id,
    locationId,
    ...span,
    validFrom,
    validTo,
  }))
  const untouched = others.filter((shift) => !cut.some((one) => one.shift === shift))
  const standing = [...untouched, ...pieces]
  const clashes = [...clashesOf(wanted, standing), ...(await clashesOnDates(ctx, id, wanted, standing))]
  if (clashes.length > 0) return { ok: false, reason: 'overlap', clashes }
  await deleteShifts(ctx, id, idsOf([...replaced, ...cut.map(({ shift }) => shift)]))
  await insertShifts(ctx, [...wanted, ...pieces])
  await audit(
    ctx,
    'hours.changed',
    { kind: 'practitioner', id },
    {
      locationId,
      validFrom: validFrom?.toString() ?? null,
      validTo: validTo?.toString() ?? null,
      hours: form.spans.map(({ weekday, startsMin, endsMin }) => `${weekday} ${startsMin}-${endsMin}`).join(', '),
      paused: cut.length,
    },
  )
  ctx.settingsChanged()
  return done(undefined)
}

function clashesOf(wanted: readonly Shift[], standing: readonly Shift[]): Clash[] {
  return wanted.flatMap((shift) => {
    const other = standing.find((one) => meet(shift, one))
    return other === undefined ? [] : [{ weekday: shift.weekday, startsMin: shift.startsMin, other }]
  })
}

/** What only shows on the dates of a timetable, which holds at one place while these hours go on at another. */
async function clashesOnDates(
  ctx: Ctx,
  practitionerId: PractitionerId,
  wanted: readonly Shift[],
  standing: readonly Shift[],
): Promise<Clash[]> {
  const timetables = await listTimetables(ctx, { practitionerId })
  if (timetables.length === 0) return []
  const settings = { timetables, moon: await listMoonCorrections(ctx) }
  return timetables
    .flatMap(({ covers }) => periodsAhead(ctx, covers, settings.moon))
    .flatMap((dates) => twoPlaces([...standing, ...wanted], settings, dates))
    .flatMap(({ date, shift, other }): Clash[] => {
      const [own, its] = wanted.some((one) => one === shift) ? [shift, other] : [other, shift]
      if (!wanted.some((one) => one === own)) return []
      // A night of the day before reaches into this one.
      const on = its.weekday === date.dayOfWeek ? date : date.subtract({ days: 1 })
      return [{ weekday: own.weekday, startsMin: own.startsMin, other: { ...its, validFrom: on, validTo: on } }]
    })
}

const idsOf = (shifts: readonly Shift[]) => shifts.map(({ id }) => id)

type KeptShift = {
  id: Id<'shift'>
  locationId: LocationId
  weekday: number
  startsMin: number
  endsMin: number
  validFrom: string | null
  validTo: string | null
}

/** Takes hours away; what they were is kept in the audit log, from where an undo brings them back. */
export async function removeHours(
  ctx: Ctx,
  id: PractitionerId,
  shifts: readonly Id<'shift'>[],
): Promise<Outcome<void, 'changed_meanwhile'>> {
  if (!(await lockPractitioner(ctx, id))) notFound('practitioner')
  const there = (await listShifts(ctx, { practitionerId: id })).filter((shift) => shifts.includes(shift.id))
  if (there.length !== shifts.length || there.length === 0) return refuse('changed_meanwhile')
  await deleteShifts(ctx, id, shifts)
  const kept = there.map(({ id, locationId, weekday, startsMin, endsMin, validFrom, validTo }): KeptShift => ({
    id,
    locationId,
    weekday,
    startsMin,
    endsMin,
    validFrom: validFrom?.toString() ?? null,
    validTo: validTo?.toString() ?? null,
  }))
  await audit(ctx, 'hours.removed', { kind: 'practitioner', id }, { shifts: kept.length }, { shifts: kept })
  ctx.settingsChanged()
  return done(undefined)
}

/** Brings back the hours last taken away, unless they are back already or others have taken their place. */
export async function restoreHours(ctx: Ctx, id: PractitionerId): Promise<Outcome<void, 'changed_meanwhile'>> {
  if (!(await lockPractitioner(ctx, id))) notFound('practitioner')
  const removed = await findLastAudited(ctx, 'hours.removed', id)
  if (!removed) return refuse('changed_meanwhile')
  const { shifts: kept } = removed as { shifts: KeptShift[] }
  const shifts = kept.map(({ validFrom, validTo, ...shift }): Shift => ({
    ...shift,
    practitionerId: id,
    validFrom: validFrom === null ? undefined : Temporal.PlainDate.from(validFrom),
    validTo: validTo === null ? undefined : Temporal.PlainDate.from(validTo),
  }))
  const standing = await listShifts(ctx, { practitionerId: id })
  const back = standing.some((one) => shifts.some((shift) => shift.id === one.id))
  const clashes = [...clashesOf(shifts, standing), ...(await clashesOnDates(ctx, id, shifts, standing))]
  if (back || clashes.length > 0) return refuse('changed_meanwhile')
  await insertShifts(ctx, shifts)
  await audit(ctx, 'hours.restored', { kind: 'practitioner', id }, { shifts: shifts.length })
  ctx.settingsChanged()
  return done(undefined)
}
