import { isBefore, type Instant } from '../../../kernel/time.ts'

export type OptOut = { stoppedAt: Instant; resumedAt: Instant | null }

export function isStopped(optOut: OptOut | undefined): boolean {
  return optOut !== undefined && (optOut.resumedAt === null || isBefore(optOut.resumedAt, optOut.stoppedAt))
}

/** `stop_again`: no news to anybody, but a START said before it no longer counts. */
export type Change = 'stop' | 'stop_again' | 'resume'

/**
 * What a STOP or START said at `at` changes, or nothing. Both may arrive late or in the wrong order: what was said last
 * holds. A START that overtook the STOP it was said after found nothing to resume, and is not remembered: in doubt
 * people are left in peace.
 */
export function changeOf(optOut: OptOut | undefined, said: 'stop' | 'start', at: Instant): Change | undefined {
  if (said === 'stop') {
    if (isStopped(optOut)) return optOut && isBefore(optOut.stoppedAt, at) ? 'stop_again' : undefined
    return optOut?.resumedAt && !isBefore(optOut.resumedAt, at) ? undefined : 'stop'
  }
  if (!optOut || !isStopped(optOut)) return undefined
  return isBefore(optOut.stoppedAt, at) ? 'resume' : undefined
}
