import { refuse, done, type Outcome } from '../../../kernel/outcome.ts'
import type { Origin } from '../../../platform/clinic-scope.ts'
import type { Services } from '../../../platform/services.ts'
import { addressBlock, forgive, throttle } from '../../../platform/throttle.ts'
import { findAccountByEmail, type Account } from '../queries.ts'
import { isDemoAccount, limits } from '../rules.ts'

/** Seconds to wait come with `too_many`; the link of a password reset always leads in. */
export type SignInRefusal = { ok: false; reason: 'wrong' } | { ok: false; reason: 'too_many'; seconds: number }

/**
 * Finds the account for an e-mail and password. The answer, and the time it takes, are the same for a wrong password and
 * an unknown e-mail. Tries are counted before the password is looked at, per account and per address.
 */
export async function signIn(
  services: Services,
  origin: Origin,
  typed: { email: string; password: string },
): Promise<{ ok: true; value: Account } | SignInRefusal> {
  const { db, keys, clock, passwords, config } = services
  const now = clock.now()
  const subjects = [
    [limits.signInAddress, addressBlock(origin.address ?? '')],
    [limits.signInAccount, typed.email],
  ] as const
  for (const [limit, subject] of subjects) {
    const seconds = await throttle(db, keys.platform, now, limit, subject)
    if (seconds !== undefined) return { ok: false, reason: 'too_many', seconds }
  }
  const account = await findAccountByEmail(db, typed.email)
  // The demo's accounts, whose password is printed for all to read, are nobody's outside it.
  const known = account !== undefined && (config.demo || !isDemoAccount(account.email)) ? account : undefined
  if (!known) await passwords.pretend(typed.password)
  if (!known || !(await passwords.verify(typed.password, known.passwordHash))) return refuse('wrong')
  for (const [limit, subject] of subjects) await forgive(db, keys.platform, limit, subject)
  return done(known)
}

/** Whether somebody who is signed in knows their password; counted like a sign-in. */
export async function provesPassword(
  services: Services,
  account: Account,
  password: string,
): Promise<Outcome<void, 'wrong' | 'too_many'>> {
  const { db, keys, clock, passwords } = services
  const wait = await throttle(db, keys.platform, clock.now(), limits.signInAccount, account.email)
  if (wait !== undefined) return refuse('too_many')
  if (!(await passwords.verify(password, account.passwordHash))) return refuse('wrong')
  await forgive(db, keys.platform, limits.signInAccount, account.email)
  return done(undefined)
}
