// Codes of an authenticator app: 6 digits, another every 30 seconds (RFC 6238).
import { generateSecret, generateURI, verifySync } from 'otplib'
import { latinDigits } from '../kernel/money.ts'
import type { Instant } from '../kernel/time.ts'

const stepSeconds = 30

/** 160 random bits, in base32. */
export const newSeed = (): string => generateSecret({ length: 20 })

/** What the QR code says to the app. */
export const seedAddress = (seed: string, email: string): string =>
  generateURI({ issuer: 'Nabz', label: email, secret: seed })

/** What was typed as the six digits it stands for, in whatever digits and with whatever between them; or undefined. */
export function codeDigits(typed: string): string | undefined {
  const digits = latinDigits(typed).replace(/[\s\u200e\u200f-]/g, '')
  return /^[0-9]{6}$/.test(digits) ? digits : undefined
}

/**
 * The 30 seconds a code belongs to, if it is right now, was right a step ago or will be in one: clocks differ. Undefined
 * for a wrong one and for those up to `lastStep`, which have been used.
 */
export function stepOf(seed: string, code: string, now: Instant, lastStep: number): number | undefined {
  const epoch = Math.floor(now.epochMilliseconds / 1000)
  // The library refuses to look behind its own window; there nothing could match.
  if (lastStep > Math.floor(epoch / stepSeconds)) return undefined
  const result = verifySync({
    secret: seed,
    token: code,
    epoch,
    period: stepSeconds,
    epochTolerance: stepSeconds,
    afterTimeStep: lastStep,
  })
  return result.valid && 'timeStep' in result ? result.timeStep : undefined
}
