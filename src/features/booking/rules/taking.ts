import type { Instant } from '../../../kernel/time.ts'
import { isLive } from '../../clinics/rules.ts'
import { isFull, type PlanFacts } from '../../subscription/rules/usage.ts'

/**
 * Whether a clinic takes bookings online: `full` when this month's are used up, `closed` when it has not set itself up
 * or may not, or while the platform has `stopped` public booking. A booking that was begun before is finished while it is only full.
 */
export type Taking = 'open' | 'full' | 'closed'

export function takingOf(
  clinic: PlanFacts & { status: string },
  setup: Parameters<typeof isLive>[1],
  now: Instant,
  stopped = false,
): Taking {
  if (stopped || !isLive(clinic, setup)) return 'closed'
  return isFull(clinic, 'bookings', now) ? 'full' : 'open'
}
