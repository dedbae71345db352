// Which notices a subscription's owner gets and when: before a period ends, and after it has expired.
import { dateAt, hours, localInstant, Temporal, type Instant, type Zone } from '../../../kernel/time.ts'
import type { Status } from './life.ts'

/** Days before the last day of a period, and days after expiry. */
export const daysBefore = [14, 7, 3, 0] as const
export const daysAfter = [0, 7, 21, 28] as const

/** A notice that comes later than this is not sent any more: after a week of down time nobody gets a burst of them. */
export const staleAfter = hours(36)

/** `before_7`: a week before the last day; `after_21`: the 21st day after expiry. */
export type NoticeKind = `before_${(typeof daysBefore)[number]}` | `after_${(typeof daysAfter)[number]}`
export type Notice = { kind: NoticeKind; days: number; at: Instant; anchor: Instant }

export type NoticeFacts = {
  status: Status
  statusSince: Instant
  periodStart: Instant
  periodEnd: Instant | null
  closedAt?: Instant | null
  zone: Zone
}

const morning = Temporal.PlainTime.from('09:00')

/**
 * All notices of the present period or expiry, in order of time. Those before the end go out at nine in the clinic's
 * morning, counted from the last day that is paid; those after count from the very moment of expiry. A period too short
 * for a notice has none of that kind.
 */
export function noticesOf({ status, statusSince, periodStart, periodEnd, closedAt, zone }: NoticeFacts): Notice[] {
  // Nobody who closes is told what it will cost to go on.
  if (closedAt != null) return []
  if (status === 'expired') {
    return daysAfter.map((days) => ({
      kind: `after_${days}` as const,
      days,
      at: statusSince.add(hours(days * 24)),
      anchor: statusSince,
    }))
  }
  if ((status !== 'trialing' && status !== 'active') || periodEnd === null) return []
  const lastDay = dateAt(periodEnd.subtract({ milliseconds: 1 }), zone)
  return daysBefore.flatMap((days) => {
    const date = lastDay.subtract({ days })
    // Nine o'clock is skipped by no zone's clocks; were it, noon would do.
    const at = localInstant(date, morning, zone) ?? localInstant(date, morning.add({ hours: 3 }), zone)
    const fits = at && Temporal.Instant.compare(at, periodStart) > 0
    return fits ? [{ kind: `before_${days}` as const, days, at, anchor: periodEnd }] : []
  })
}

/** The notices whose moment has come and that were not dealt with, oldest first; and when the next one comes. */
export function dueNotices(
  notices: readonly Notice[],
  dealtWith: ReadonlySet<string>,
  now: Instant,
): { due: Notice[]; next: Instant | undefined } {
  const open = notices.filter(({ kind }) => !dealtWith.has(kind))
  return {
    due: open.filter(({ at }) => Temporal.Instant.compare(at, now) <= 0),
    next: open.find(({ at }) => Temporal.Instant.compare(at, now) > 0)?.at,
  }
}

export function isStale(notice: Notice, now: Instant): boolean {
  return Temporal.Instant.compare(notice.at.add(staleAfter), now) < 0
}
