// Which public holidays a clinic is closed on already, and what patients read of a closure.
import { dateAt, dayBounds, Temporal, type PlainDate, type Zone } from '../../../kernel/time.ts'
import type { Closure, HolidayNames } from '../rules.ts'

type Day = { from: PlainDate; to: PlainDate; names: { en: string } }

/**
 * Whether the whole clinic is closed on a holiday: for all of its first day, or by a closure of that name within the few
 * days by which the moon, or a shifted weekend, may move it.
 */
export function closesOn(closure: Closure, { from, names }: Day, zone: Zone): boolean {
  if (closure.practitionerId !== undefined || closure.locationId !== undefined) return false
  const day = dayBounds(from, zone)
  const whole =
    Temporal.Instant.compare(closure.startsAt, day.from) <= 0 && Temporal.Instant.compare(closure.endsAt, day.to) >= 0
  if (whole) return true
  return closure.names?.en === names.en && Math.abs(dateAt(closure.startsAt, zone).until(from).days) <= 3
}

/** The reason of a closure as patients read it, in their language where there is one; undefined when they shall not. */
export function shownReason(
  { shown, names, reason }: { shown?: boolean; names?: HolidayNames | undefined; reason?: string },
  language: keyof HolidayNames,
): string | undefined {
  if (shown !== true) return undefined
  return names?.[language] ?? names?.en ?? reason
}
