// How much of its plan a clinic has used this month. Counting is done by `ctx.tally`; here it is judged.
import { dateAt, dayBounds, type Instant, type PlainDate, type Zone } from '../../../kernel/time.ts'

export const meters = ['bookings', 'messages'] as const
export type Meter = (typeof meters)[number]

/** `near` from 80 % on, `full` when nothing is left. */
export type Level = 'fine' | 'near' | 'full'
export type Usage = { used: number; limit: number | null; level: Level }

/** What a clinic's doors know of its plan. */
export type PlanFacts = {
  zone: Zone
  bookingLimit: number | null
  messageLimit: number | null
  usageMonth: PlainDate | null
  bookingsUsed: number
  messagesUsed: number
}

export const nearPercent = 80

export function levelOf(used: number, limit: number | null): Level {
  if (limit === null) return 'fine'
  if (used >= limit) return 'full'
  return used * 100 >= limit * nearPercent ? 'near' : 'fine'
}

/** Counts are of one month of the clinic's own calendar: those of an earlier one say nothing about this. */
export function usageOf(clinic: PlanFacts, meter: Meter, now: Instant): Usage {
  const limit = meter === 'bookings' ? clinic.bookingLimit : clinic.messageLimit
  const counted = meter === 'bookings' ? clinic.bookingsUsed : clinic.messagesUsed
  const used = clinic.usageMonth?.equals(dateAt(now, clinic.zone).with({ day: 1 })) === true ? counted : 0
  return { used, limit, level: levelOf(used, limit) }
}

export const isFull = (clinic: PlanFacts, meter: Meter, now: Instant): boolean =>
  usageOf(clinic, meter, now).level === 'full'

/** Less of a month than this says nothing about the rest of it. */
const tellingDays = 3

/**
 * What will have been used when the month ends, if it goes on like this; undefined while too little of it is over to
 * tell. `by` is the month's last day.
 */
export function forecast(used: number, now: Instant, zone: Zone): { used: number; by: PlainDate } | undefined {
  const today = dateAt(now, zone)
  const first = today.with({ day: 1 })
  const from = dayBounds(first, zone).from.epochMilliseconds
  const to = dayBounds(first.add({ months: 1 }), zone).from.epochMilliseconds
  const gone = now.epochMilliseconds - from
  if (gone < tellingDays * 86_400_000) return undefined
  return { used: Math.round((used * (to - from)) / gone), by: first.add({ months: 1 }).subtract({ days: 1 }) }
}
