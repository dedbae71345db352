import type { Instant } from '../../kernel/time.ts'
import type { Limit } from '../../platform/throttle.ts'

/** What a visitor may write about, in the order of the form. */
export const requestTopics = ['question', 'help', 'plans', 'billing', 'privacy', 'security', 'abuse'] as const
export type RequestTopic = (typeof requestTopics)[number]

export const requestStatuses = ['open', 'routed', 'closed'] as const
export type RequestStatus = (typeof requestStatuses)[number]

export const closeReasons = ['answered', 'done_by_clinic', 'no_reply', 'not_ours', 'duplicate', 'spam'] as const
export type CloseReason = (typeof closeReasons)[number]

/** Whoever asks about their data is answered within 30 days; ten days before that the platform steps in by itself. */
export const clockDays = 30
export const escalationDays = 20

export const requestLimit: Limit = { purpose: 'request-address', max: 5, per: { minutes: 60 } }

export const hasClock = (topic: RequestTopic): boolean => topic === 'privacy'

const days = (count: number) => ({ hours: 24 * count })

export const dueAt = (topic: RequestTopic, receivedAt: Instant): Instant | undefined =>
  hasClock(topic) ? receivedAt.add(days(clockDays)) : undefined

/** From this moment on a request still open is marked, and its people are reminded. */
export const escalatesAt = (due: Instant): Instant => due.subtract(days(clockDays - escalationDays))

export type Clock = { state: 'running' | 'escalated' | 'overdue' | 'stopped'; daysLeft: number }

/**
 * How a request with a clock stands. Days left are counted up: until the last moment of the thirtieth day one is left,
 * and a day late is the first whole one gone by.
 */
export function clockOf(request: { dueAt: Instant; closedAt: Instant | null }, now: Instant): Clock {
  const at = request.closedAt ?? now
  const left = request.dueAt.epochMilliseconds - at.epochMilliseconds
  const daysLeft = left > 0 ? Math.ceil(left / 86_400_000) : -Math.floor(-left / 86_400_000)
  if (request.closedAt) return { state: 'stopped', daysLeft }
  if (left <= 0) return { state: 'overdue', daysLeft }
  return {
    state: now.epochMilliseconds >= escalatesAt(request.dueAt).epochMilliseconds ? 'escalated' : 'running',
    daysLeft,
  }
}

/** What people quote on the telephone: the end of the id, in letters nobody mixes up with others of it. */
export const referenceOf = (id: string): string => `R-${id.replaceAll('-', '').slice(-8).toUpperCase()}`
