import { isBefore, type Instant } from '../../../kernel/time.ts'

export type OptOut = { stoppedAt: Instant; resumedAt: Instant | null }

export function isStopped(optOut: OptOut | undefined): boolean {
  return optOut !== undefined && (optOut.resumedAt === null || isBefore(optOut.resumedAt, optOut.stoppedAt))
}

/**
 * What a STOP or START said at `at` changes, or nothing. Both may arrive late or in the wrong order: what was said last
 * holds, and saying a thing twice changes nothing.
 */
export function changeOf(
  optOut: OptOut | undefined,
  said: 'stop' | 'start',
  at: Instant,
): 'stop' | 'resume' | undefined {
  if (said === 'stop') {
    if (isStopped(optOut)) return undefined
    return optOut?.resumedAt && !isBefore(optOut.resumedAt, at) ? undefined : 'stop'
  }
  if (!optOut || !isStopped(optOut)) return undefined
  return isBefore(optOut.stoppedAt, at) ? 'resume' : undefined
}
