// Whether somebody is at work in the clinic right now, and until when: what the door sign would say.
import type { LocationId, PractitionerId } from '../../../kernel/ids.ts'
import { dateAt, localDays, Temporal, type Instant, type PlainDate, type Zone } from '../../../kernel/time.ts'
import type { Closure, Shift } from '../../availability/rules.ts'
import {
  shiftsOn,
  specialHours,
  type Hours,
  type MoonCorrection,
  type SpecialHours,
  type Timetable,
} from '../../clinics/rules/timetables.ts'

type Setup = {
  locations: readonly { id: LocationId; active: boolean }[]
  practitioners: readonly { id: PractitionerId; active: boolean }[]
  shifts: readonly Shift[]
  timetables?: readonly Timetable[]
  moon?: readonly MoonCorrection[]
  closures: readonly Closure[]
}
export type Span = { from: number; to: number }

export type Opening = {
  open: boolean
  /** When it closes, or opens again; undefined when nothing is planned for a week. */
  changesAt: Instant | undefined
}

/** Hours of doctors at work, closures taken out, put together: a clinic is open while anybody is there. */
export function openingAt(setup: Setup, zone: Zone, now: Instant): Opening {
  const today = dateAt(now, zone)
  const spans = merged(
    // From yesterday, whose night shift may still be going on, to a week ahead.
    [-1, 0, 1, 2, 3, 4, 5, 6, 7].flatMap((days) => workOn(setup, today.add({ days }), zone)),
  )
  const at = now.epochMilliseconds
  const current = spans.find((span) => span.from <= at && at < span.to)
  const next = current ? current.to : spans.find((span) => span.from > at)?.from
  return {
    open: current !== undefined,
    changesAt: next === undefined ? undefined : Temporal.Instant.fromEpochMilliseconds(next),
  }
}

/** Only hours of doctors and at places that are in use count. */
function inUse({ locations, practitioners }: Setup): (shift: Hours) => boolean {
  const places = new Set(locations.filter(({ active }) => active).map(({ id }) => id))
  const people = new Set(practitioners.filter(({ active }) => active).map(({ id }) => id))
  return (shift) => places.has(shift.locationId) && people.has(shift.practitionerId)
}

/** The weekly shifts that count, and what takes their place on some dates. */
export function hoursInUse(
  setup: Setup,
  from: PlainDate,
  to: PlainDate,
): { shifts: readonly Hours[]; special: SpecialHours[] } {
  const counts = inUse(setup)
  const special = specialHours({ timetables: setup.timetables ?? [], moon: setup.moon ?? [] }, from, to)
  return {
    shifts: setup.shifts.filter(counts),
    special: special.map((one) => ({ ...one, shifts: one.shifts.filter(counts) })),
  }
}

/** The shifts in use that begin on a date. */
export function shiftsOnDate(setup: Setup, date: PlainDate): Hours[] {
  const { shifts, special } = hoursInUse(setup, date, date)
  return shiftsOn(shifts, special, date)
}

/** Minutes after midnight by the clock on the wall, as epoch milliseconds. */
export function wallClock(date: PlainDate, minutes: number, zone: Zone): number {
  const days = localDays(zone)
  return days.clock(days.numberOf(date), minutes)
}

/** The stretches of work that begin on a date, without what closures take away. */
export function workOn(setup: Setup, date: PlainDate, zone: Zone): Span[] {
  const at = (minutes: number) => wallClock(date, minutes, zone)
  return shiftsOnDate(setup, date).flatMap((shift) =>
    setup.closures
      .filter((closure) => concerns(closure, shift))
      .reduce<Span[]>(
        (left, closure) => without(left, closure),
        [{ from: at(shift.startsMin), to: at(shift.endsMin) }],
      ),
  )
}

export function concerns(
  closure: Pick<Closure, 'practitionerId' | 'locationId'>,
  at: { practitionerId: PractitionerId; locationId: LocationId },
): boolean {
  return (
    (closure.practitionerId ?? at.practitionerId) === at.practitionerId &&
    (closure.locationId ?? at.locationId) === at.locationId
  )
}

function without(spans: readonly Span[], closure: Closure): Span[] {
  const from = closure.startsAt.epochMilliseconds
  const to = closure.endsAt.epochMilliseconds
  return spans.flatMap((span) =>
    from >= span.to || to <= span.from
      ? [span]
      : [
          { from: span.from, to: from },
          { from: to, to: span.to },
        ].filter((piece) => piece.from < piece.to),
  )
}

/** Spans that touch or overlap become one; in order. */
export function merged(spans: readonly Span[]): Span[] {
  const result: Span[] = []
  for (const span of [...spans].sort((a, b) => a.from - b.from)) {
    const last = result.at(-1)
    if (last && span.from <= last.to) last.to = Math.max(last.to, span.to)
    else result.push({ ...span })
  }
  return result
}
