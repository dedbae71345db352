// The code that proves that a number is whoever asks: for the desk, and for the copy behind an answer's link.
import { isBefore, type Instant } from '../../../kernel/time.ts'

export const codeMinutes = 10
export const codeTries = 5
/** Before that it has hardly had the time to arrive. */
export const resendSeconds = 30
/** Codes of one request; who needs more comes by in person. */
export const codesAllowed = 10

export function secondsToResend(sentAt: Instant | null, now: Instant): number {
  if (sentAt === null) return 0
  const passed = (now.epochMilliseconds - sentAt.epochMilliseconds) / 1000
  return Math.max(0, Math.ceil(resendSeconds - passed))
}

export const codeIsOut = ({ codeExpiresAt }: { codeExpiresAt: Instant | null }, now: Instant): boolean =>
  codeExpiresAt !== null && isBefore(now, codeExpiresAt)

/** An answer's link works for so long. */
export const answerDays = 30
