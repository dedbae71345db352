// What makes a second factor: how codes look, how long things wait, who must have one.
import { latinDigits } from '../../../kernel/money.ts'
import type { Instant } from '../../../kernel/time.ts'

/** For scanning the code with the app and typing one back. */
export const enrolMinutes = 60
/** For the browser to ask the passkey. */
export const challengeMinutes = 5
/** Between asking for the reset of a lost factor and its happening: time to notice and say no. */
export const resetDelayHours = 24
export const recoveryCodeCount = 10
export const fewRecoveryCodes = 3
export const mostPasskeys = 20

export const factorLimits = {
  factorAccount: { purpose: 'factor-account', max: 5, per: { minutes: 15 } },
  passkeyAddress: { purpose: 'passkey-address', max: 60, per: { minutes: 15 } },
  resetAsked: { purpose: 'factor-reset', max: 5, per: { minutes: 1440 } },
}

/** What people are told of by mail. */
export type FactorChange = 'app_added' | 'app_removed' | 'passkey_added' | 'passkey_removed' | 'codes_renewed' | 'reset'

const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'

/** A recovery code from ten random bytes: its place among the ten, and 50 bits in base32. */
export function recoveryCode(position: number, random: Uint8Array): string {
  return position + [...random.subarray(0, 10)].map((byte) => letters[byte & 31]).join('')
}

/** `4-ABCDE-FGHIJ`: how a code is shown, so that it can be copied by hand. */
export const spacedCode = (code: string): string => `${code.slice(0, 1)}-${code.slice(1, 6)}-${code.slice(6)}`

/** What was typed as the recovery code it stands for, with look-alikes read as the letters they can only be. */
export function parseRecoveryCode(typed: string): { position: number; code: string } | undefined {
  const plain = latinDigits(typed)
    .toUpperCase()
    .replace(/[\s\u200e\u200f-]/g, '')
  if (plain.length !== 11) return undefined
  const rest = plain.slice(1).replace(/[018]/g, (sign) => ({ '0': 'O', '1': 'I', '8': 'B' })[sign] ?? sign)
  return /^[0-9]$/.test(plain.charAt(0)) && /^[A-Z2-7]{10}$/.test(rest)
    ? { position: Number(plain.charAt(0)), code: plain.charAt(0) + rest }
    : undefined
}

/** Whole days until a moment, the one begun counted. */
export const daysUntil = (now: Instant, due: Instant): number =>
  Math.max(1, Math.ceil((due.epochMilliseconds - now.epochMilliseconds) / 86_400_000))
