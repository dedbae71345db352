// Hours for some dates only.
import { newId, type Id, type LocationId, type PractitionerId } from '../../../kernel/ids.ts'
import { done, refuse, type Outcome } from '../../../kernel/outcome.ts'
import { dateAt, dayBounds, localDays, Temporal, type PlainDate } from '../../../kernel/time.ts'
import { audit } from '../../../platform/audit.ts'
import type { Ctx } from '../../../platform/clinic-scope.ts'
import { notFound } from '../../../platform/errors.ts'
import { getLocation, listMoonCorrections, listShifts, listTimetables } from '../queries.ts'
import { deleteTimetable, insertTimetable, replaceMoonCorrection } from '../queries/timetables.ts'
import { listVisitsOf } from '../queries/visits.ts'
import { findLastAudited, lockPractitioner, lockProfile } from '../queries/write.ts'
import type { Span } from '../rules/hours.ts'
import {
  contradiction,
  endOf,
  inTwoPlaces,
  monthDates,
  moonMonths,
  periodsOf,
  shiftsOn,
  specialHours,
  type Covered,
  type Hours,
  type MoonCorrection,
  type SpecialSettings,
  type Timetable,
  type TwoPlaces,
} from '../rules/timetables.ts'
import type { TimetableForm } from '../schema/timetables.ts'

export type TimetableSaved =
  | { ok: true; value: { visits: number; from: PlainDate; to: PlainDate } }
  | { ok: false; reason: 'changed_meanwhile' }
  | { ok: false; reason: 'contradiction'; other: Timetable }
  | { ok: false; reason: 'overlap'; clashes: TwoPlaces[] }

/** How far ahead a rule that comes every year is looked at. */
const ahead = { years: 3 }

/**
 * Saves hours that take the place of the weekly ones on some dates, in place of the timetable the page was opened with.
 * Refused when another timetable already says what holds there then, or the doctor would be in two places at once.
 * Booked visits stay where they are; how many lie outside the new hours is answered.
 */
export async function setTimetable(ctx: Ctx, id: PractitionerId, form: TimetableForm): Promise<TimetableSaved> {
  if (!(await lockPractitioner(ctx, id))) notFound('practitioner')
  await getLocation(ctx, form.locationId)
  const standing = await listTimetables(ctx, { practitionerId: id })
  const others = standing.filter((one) => one.id !== form.replaces)
  if (form.replaces !== undefined && others.length === standing.length) return refuse('changed_meanwhile')
  const timetable = timetableOf(id, form)
  const moon = await listMoonCorrections(ctx)
  const other = contradiction(timetable, others, moon)
  if (other) return { ok: false, reason: 'contradiction', other }
  const weekly = await listShifts(ctx, { practitionerId: id })
  const settings = { timetables: [...others, timetable], moon }
  const periods = periodsAhead(ctx, timetable.covers, moon)
  const clashes = periods.flatMap((dates) => twoPlaces(weekly, settings, dates))
  if (clashes.length > 0) return { ok: false, reason: 'overlap', clashes }
  if (form.replaces !== undefined) await deleteTimetable(ctx, form.replaces)
  await insertTimetable(ctx, timetable)
  await audit(ctx, 'timetable.saved', { kind: 'practitioner', id }, detailsOf(timetable))
  ctx.settingsChanged()
  const [first] = periods
  const today = dateAt(ctx.now, ctx.clinic.zone)
  if (!first) return done({ visits: 0, from: today, to: today })
  return done({ visits: await countOutside(ctx, weekly, settings, timetable, first), ...first })
}

function timetableOf(practitionerId: PractitionerId, form: TimetableForm): Timetable {
  const { locationId, everywhere, name, covers, spans } = form
  return {
    id: newId(),
    practitionerId,
    locationId: everywhere ? undefined : locationId,
    name,
    covers,
    shifts: spans.map((span) => ({ id: newId<'shift'>(), practitionerId, locationId, ...span })),
  }
}

/** The dates a timetable holds that are not over, a few years ahead. */
export function periodsAhead(ctx: Ctx, covered: Covered, moon: readonly MoonCorrection[]) {
  const today = dateAt(ctx.now, ctx.clinic.zone)
  return periodsOf(covered, moon, { from: today, to: today.add(ahead) })
}

/** Where the weekly hours and all timetables of a doctor would have them in two places, around some dates. */
export function twoPlaces(
  weekly: readonly Hours[],
  settings: SpecialSettings,
  { from, to }: { from: PlainDate; to: PlainDate },
): TwoPlaces[] {
  const around = { from: from.subtract({ days: 1 }), to: to.add({ days: 1 }) }
  const special = specialHours(settings, around.from.subtract({ days: 1 }), around.to)
  return inTwoPlaces(weekly, special, around)
}

async function countOutside(
  ctx: Ctx,
  weekly: readonly Hours[],
  settings: SpecialSettings,
  { practitionerId, locationId }: Timetable,
  { from, to }: { from: PlainDate; to: PlainDate },
): Promise<number> {
  const { zone } = ctx.clinic
  const visits = await listVisitsOf(ctx, practitionerId, dayBounds(from, zone).from, dayBounds(to, zone).to)
  if (visits.length === 0) return 0
  const special = specialHours(settings, from.subtract({ days: 1 }), to.add({ days: 1 }))
  const days = localDays(zone)
  const worked = new Map<string, { locationId: LocationId; from: number; to: number }[]>()
  const workedOn = (date: PlainDate) => {
    const known = worked.get(date.toString())
    if (known) return known
    const day = days.numberOf(date)
    const found = shiftsOn(weekly, special, date).map((shift) => ({
      locationId: shift.locationId,
      from: days.clock(day, shift.startsMin),
      to: days.clock(day, shift.endsMin),
    }))
    worked.set(date.toString(), found)
    return found
  }
  return visits.filter((visit) => {
    if (locationId !== undefined && visit.locationId !== locationId) return false
    const [starts, ends] = [visit.startsAt.epochMilliseconds, visit.endsAt.epochMilliseconds]
    const date = dateAt(visit.startsAt, zone)
    const around = [date.subtract({ days: 1 }), date].flatMap(workedOn)
    return !around.some((work) => work.locationId === visit.locationId && work.from <= starts && work.to >= ends)
  }).length
}

type KeptTimetable = {
  id: Id<'timetable'>
  locationId: LocationId | null
  name: string | null
  covers: { kind: 'dates'; from: string; to: string } | { kind: 'hijri_month'; month: number; year: number | null }
  shifts: (Span & { id: Id<'shift'>; locationId: LocationId })[]
}

/** Takes a timetable away: the weekly hours hold again. What it was is kept in the audit log, for an undo. */
export async function removeTimetable(
  ctx: Ctx,
  id: PractitionerId,
  timetableId: Id<'timetable'>,
): Promise<Outcome<void, 'changed_meanwhile'>> {
  if (!(await lockPractitioner(ctx, id))) notFound('practitioner')
  const there = (await listTimetables(ctx, { practitionerId: id })).find((one) => one.id === timetableId)
  if (!there) return refuse('changed_meanwhile')
  await deleteTimetable(ctx, timetableId)
  await audit(ctx, 'timetable.removed', { kind: 'practitioner', id }, detailsOf(there), keptOf(there))
  ctx.settingsChanged()
  return done(undefined)
}

/** Brings back the timetable last taken away, unless it is back already or another has taken its place. */
export async function restoreTimetable(ctx: Ctx, id: PractitionerId): Promise<Outcome<void, 'changed_meanwhile'>> {
  if (!(await lockPractitioner(ctx, id))) notFound('practitioner')
  const removed = await findLastAudited(ctx, 'timetable.removed', id)
  if (!removed) return refuse('changed_meanwhile')
  const timetable = timetableKept(id, removed as KeptTimetable)
  const others = await listTimetables(ctx, { practitionerId: id })
  const moon = await listMoonCorrections(ctx)
  if (others.some((one) => one.id === timetable.id) || contradiction(timetable, others, moon)) {
    return refuse('changed_meanwhile')
  }
  const weekly = await listShifts(ctx, { practitionerId: id })
  const settings = { timetables: [...others, timetable], moon }
  const periods = periodsAhead(ctx, timetable.covers, moon)
  if (periods.some((dates) => twoPlaces(weekly, settings, dates).length > 0)) return refuse('changed_meanwhile')
  await insertTimetable(ctx, timetable)
  await audit(ctx, 'timetable.restored', { kind: 'practitioner', id }, detailsOf(timetable))
  ctx.settingsChanged()
  return done(undefined)
}

function detailsOf({ locationId, covers, shifts }: Timetable) {
  return {
    locationId: locationId ?? null,
    dates: covers.kind === 'dates' ? `${covers.from.toString()} ${covers.to.toString()}` : null,
    hijriMonth: covers.kind === 'dates' ? null : covers.month,
    hijriYear: covers.kind === 'dates' ? null : (covers.year ?? null),
    hours: shifts.map(({ weekday, startsMin, endsMin }) => `${weekday} ${startsMin}-${endsMin}`).join(', '),
  }
}

function keptOf({ id, locationId, name, covers, shifts }: Timetable): KeptTimetable {
  return {
    id,
    locationId: locationId ?? null,
    name,
    covers:
      covers.kind === 'dates'
        ? { kind: 'dates', from: covers.from.toString(), to: covers.to.toString() }
        : { kind: 'hijri_month', month: covers.month, year: covers.year ?? null },
    shifts: shifts.map(({ id, locationId, weekday, startsMin, endsMin }) => ({
      id,
      locationId,
      weekday,
      startsMin,
      endsMin,
    })),
  }
}

function timetableKept(practitionerId: PractitionerId, kept: KeptTimetable): Timetable {
  const { covers } = kept
  return {
    id: kept.id,
    practitionerId,
    locationId: kept.locationId ?? undefined,
    name: kept.name,
    covers:
      covers.kind === 'dates'
        ? { kind: 'dates', from: Temporal.PlainDate.from(covers.from), to: Temporal.PlainDate.from(covers.to) }
        : { kind: 'hijri_month', month: covers.month, year: covers.year ?? undefined },
    shifts: kept.shifts.map((shift) => ({ ...shift, practitionerId })),
  }
}

/**
 * Says when months really began, as the moon was seen. Every month has 29 or 30 days: corrections that would make one of
 * those asked about longer or shorter are refused, and which one it is, is answered.
 */
export async function setMoon(
  ctx: Ctx,
  read: (offered: readonly { year: number; month: number }[]) => MoonCorrection[],
): Promise<{ ok: true; value: void } | { ok: false; reason: 'month_length'; year: number; month: number }> {
  await lockProfile(ctx)
  const same = (a: MoonCorrection, b: MoonCorrection) => a.hijriYear === b.hijriYear && a.hijriMonth === b.hijriMonth
  const standing = await listMoonCorrections(ctx)
  const months = moonMonths(dateAt(ctx.now, ctx.clinic.zone), { timetables: await listTimetables(ctx), moon: standing })
  const corrections = read(months.flatMap((one) => [one, endOf(one)]))
  const moon = [...standing.filter((one) => !corrections.some((other) => same(one, other))), ...corrections]
  for (const { year, month } of months) {
    const { from, to } = monthDates(year, month, moon)
    const length = from.until(to).days + 1
    if (length !== 29 && length !== 30) return { ok: false, reason: 'month_length', year, month }
  }
  for (const correction of corrections) await replaceMoonCorrection(ctx, correction)
  await audit(
    ctx,
    'moon.corrected',
    { kind: 'clinic', id: ctx.clinic.id },
    {
      months: corrections.map(({ hijriYear, hijriMonth, days }) => `${hijriYear}-${hijriMonth}: ${days}`).join(', '),
    },
  )
  ctx.settingsChanged()
  return done(undefined)
}
