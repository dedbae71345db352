import type { Instant } from '../../kernel/time.ts'

/** A visit ends by itself after this, whatever is still being looked at. The database holds to it as well. */
export const visitMinutes = 60
/** What an owner allowed once is of use for a day, and what nobody answered for a week. */
export const allowedHours = 24
export const askedDays = 7

export type Ending = 'operator' | 'owner' | 'time' | 'withdrawn' | 'unused'
export type Stage = 'asked' | 'allowed' | 'refused' | 'running' | 'ended' | 'unused'

type Facts = {
  askedAt: Instant
  allowedAt: Instant | null
  refusedAt: Instant | null
  startedAt: Instant | null
  expiresAt: Instant | null
  endedAt: Instant | null
  endedBy: Ending | null
}

const over = (since: Instant, hours: number, now: Instant) =>
  now.epochMilliseconds >= since.add({ hours }).epochMilliseconds

/** How far a visit has come; what is over by the clock is over before anybody has written that down. */
export function stageOf(visit: Facts, now: Instant): Stage {
  if (visit.refusedAt) return 'refused'
  if (visit.endedBy === 'unused') return 'unused'
  if (visit.startedAt) {
    const expired = visit.expiresAt !== null && now.epochMilliseconds >= visit.expiresAt.epochMilliseconds
    return visit.endedAt || expired ? 'ended' : 'running'
  }
  if (visit.endedAt) return 'ended'
  if (visit.allowedAt) return over(visit.allowedAt, allowedHours, now) ? 'unused' : 'allowed'
  return over(visit.askedAt, askedDays * 24, now) ? 'unused' : 'asked'
}
