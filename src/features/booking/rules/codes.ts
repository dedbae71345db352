// The code that proves a number: what it is, how long it counts, how often it may be asked for.
import { latinDigits } from '../../../kernel/money.ts'
import { isBefore, type Instant } from '../../../kernel/time.ts'

export const codeMinutes = 5
export const codeTries = 5
/** Before that it has hardly had the time to arrive. */
export const resendSeconds = 30

export const codeLimits = {
  /** From one browser the next code is `resendSeconds` away; from any other, to the same number, a minute. */
  phoneMinute: { purpose: 'code-phone-minute', max: 1, per: { minutes: 1 } },
  phoneDay: { purpose: 'code-phone-day', max: 5, per: { minutes: 24 * 60 } },
  addressHour: { purpose: 'code-address-hour', max: 10, per: { minutes: 60 } },
  clinicHour: { purpose: 'code-clinic-hour', max: 200, per: { minutes: 60 } },
} as const
export type CodeLimit = keyof typeof codeLimits

/** The six digits of what was typed or pasted, also from a whole message, in Latin, Arabic or Urdu digits. */
export function codeIn(text: string): string | undefined {
  return /(?<!\d)(\d{3})[\s-]?(\d{3})(?!\d)/.exec(latinDigits(text))?.slice(1).join('')
}

export type CodeState = { tries: number; createdAt: Instant; expiresAt: Instant }

export const codeIsLive = (code: CodeState, now: Instant): boolean =>
  isBefore(now, code.expiresAt) && code.tries < codeTries

/** Seconds until another code may be asked for from this browser; 0 when it may. */
export function secondsToResend(code: Pick<CodeState, 'createdAt'>, now: Instant): number {
  const passed = (now.epochMilliseconds - code.createdAt.epochMilliseconds) / 1000
  return Math.max(0, Math.ceil(resendSeconds - passed))
}
