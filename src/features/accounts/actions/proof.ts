// The one place where it is decided whether somebody has proven to be who they say, besides or instead of a password.
import { done, refuse, type Outcome } from '../../../kernel/outcome.ts'
import { auditPlatform } from '../../../platform/audit.ts'
import type { Origin } from '../../../platform/clinic-scope.ts'
import type { Services } from '../../../platform/services.ts'
import { forgive, throttle } from '../../../platform/throttle.ts'
import { codeDigits } from '../../../platform/totp.ts'
import { findAccount, type Account } from '../queries.ts'
import { isDemoAccount } from '../rules.ts'
import { factorLimits } from '../rules/factors.ts'
import { usesPasskey } from './passkeys.ts'
import { useRecoveryCode } from './recovery-codes.ts'
import { provesPassword } from './sign-in.ts'
import { hasSecondFactor } from './factors.ts'
import { usesCode } from './totp.ts'

/** What was offered as proof; of several the strongest is looked at. */
export type Offered = { password?: string | undefined; code?: string | undefined; passkey?: string | undefined }
type Second = 'code' | 'passkey'

/**
 * The second step of a sign-in, or what is asked again of somebody who has a second factor. Wrong codes are counted per
 * account before they are looked at; a passkey can't be guessed and always leads in.
 */
export async function provesFactor(
  services: Services,
  origin: Origin,
  account: Account,
  offered: Offered,
  purpose: 'sign_in' | 'confirm',
): Promise<Outcome<Second, 'wrong' | 'too_many' | 'passkey_refused'>> {
  const { db, keys, clock } = services
  if (offered.passkey) {
    if (await usesPasskey(services, purpose, account.id, offered.passkey)) return done('passkey')
    await noteRefused(services, origin, account)
    return refuse('passkey_refused')
  }
  const typed = offered.code ?? ''
  if ((await throttle(db, keys.platform, clock.now(), factorLimits.factorAccount, account.id)) !== undefined) {
    return refuse('too_many')
  }
  const digits = codeDigits(typed)
  const right =
    digits === undefined
      ? await useRecoveryCode(services, origin, account, typed)
      : await usesCode(services, account, digits)
  if (!right) {
    await noteRefused(services, origin, account)
    return refuse('wrong')
  }
  await forgive(db, keys.platform, factorLimits.factorAccount, account.id)
  return done('code')
}

/** The second step of a sign-in whose password was right a moment ago, if the account has not been changed since. */
export async function finishSignIn(
  services: Services,
  origin: Origin,
  pending: { userId: Account['id']; passwordVersion: number },
  offered: Offered,
): Promise<Outcome<{ account: Account; factor: Second }, 'over' | 'wrong' | 'too_many' | 'passkey_refused'>> {
  const account = await findAccount(services.db, pending.userId)
  if (account?.passwordVersion !== pending.passwordVersion) return refuse('over')
  const proven = await provesFactor(services, origin, account, offered, 'sign_in')
  if (!proven.ok) return proven
  await noteSignedIn(services, origin, account, proven.value)
  return done({ account, factor: proven.value })
}

/** Without a password: the passkey says whose it is, and its owner's finger, face or PIN that it is them. */
export async function signInWithPasskey(
  services: Services,
  origin: Origin,
  response: string,
): Promise<Outcome<Account, 'passkey_refused'>> {
  const passkey = await usesPasskey(services, 'sign_in', undefined, response)
  const account = passkey && (await findAccount(services.db, passkey.userId))
  if (!account || isDemoAccount(account.email)) return refuse('passkey_refused')
  await noteSignedIn(services, origin, account, 'passkey')
  return done(account)
}

/** Whether it is really the person who is signed in: their second factor, or the password of who has none. */
export async function confirmsIdentity(
  services: Services,
  origin: Origin,
  account: Account,
  offered: Offered,
): Promise<Outcome<Second | 'password', 'wrong' | 'too_many' | 'passkey_refused' | 'wrong_password'>> {
  if (await hasSecondFactor(services, account.id)) return provesFactor(services, origin, account, offered, 'confirm')
  const proven = await provesPassword(services, account, offered.password ?? '')
  if (proven.ok) return done('password')
  return refuse(proven.reason === 'wrong' ? 'wrong_password' : proven.reason)
}

async function noteSignedIn({ db, clock }: Services, origin: Origin, account: Account, factor: Second): Promise<void> {
  const record = { kind: 'user', id: account.id }
  await auditPlatform(db, 'account.signed_in', {
    at: clock.now(),
    origin,
    actorId: account.id,
    record,
    details: { factor },
  })
}

async function noteRefused({ db, clock }: Services, origin: Origin, { id }: Account): Promise<void> {
  await auditPlatform(db, 'account.factor_refused', { at: clock.now(), origin, record: { kind: 'user', id } })
}
