import { done, refuse, type Outcome } from '../../../kernel/outcome.ts'
import { auditPlatform } from '../../../platform/audit.ts'
import type { Origin } from '../../../platform/clinic-scope.ts'
import type { Services } from '../../../platform/services.ts'
import { isAlarmOn } from '../../../platform/health/alarms.ts'
import { addressBlock, forgive, slowDown, throttle, uncount } from '../../../platform/throttle.ts'
import { findAccountByEmail, updateHash, type Account } from '../queries.ts'
import { braked, demoPassword, isDemoAccount, limits, signInDelay } from '../rules.ts'
import { hasSecondFactor } from './factors.ts'

/** Seconds to wait come with `too_many`; the link of a password reset always leads in. */
export type SignInRefusal = { ok: false; reason: 'wrong' } | { ok: false; reason: 'too_many'; seconds: number }

/**
 * Finds the account for an e-mail and password. The answer, and the time it takes, are the same for a wrong password and
 * an unknown e-mail. Tries are counted before the password is looked at, so that many at once are counted too; the one
 * that succeeds is taken back. It takes back no others of its address: whoever has one account could else guess at all
 * the others for ever. `half`: the password was right, and a second factor is still missing.
 */
export async function signIn(
  services: Services,
  origin: Origin,
  typed: { email: string; password: string },
): Promise<{ ok: true; value: { account: Account; half: boolean } } | SignInRefusal> {
  const { db, keys, clock, passwords, config } = services
  const now = clock.now()
  const address = addressBlock(origin.address ?? '')
  const braking = await isAlarmOn(db, 'sign_ins')
  const seconds =
    (await throttle(db, keys.platform, now, braking ? braked.address : limits.signInAddress, address)) ??
    (await slowDown(db, keys.platform, now, braking ? braked.account : signInDelay, typed.email))
  if (seconds !== undefined) return { ok: false, reason: 'too_many', seconds }
  const account = await findAccountByEmail(db, typed.email)
  // The demo's accounts and its password, which are printed for all to read, open nothing outside it.
  const shared = isDemoAccount(typed.email) || typed.password === demoPassword
  const known = config.demo || !shared ? account : undefined
  const right = known ? await passwords.verify(typed.password, known.passwordHash) : await passwords.pretend()
  if (!known || !right) {
    await auditPlatform(db, 'account.sign_in_refused', { at: now, origin, ...recordOf(account) })
    return refuse('wrong')
  }
  await uncount(db, keys.platform, now, limits.signInAddress, address)
  await forgive(db, keys.platform, signInDelay, typed.email)
  if (passwords.outdated(known.passwordHash)) await updateHash(db, known.id, await passwords.hash(typed.password))
  const half = await hasSecondFactor(services, known.id)
  await noteFirstStep(services, origin, known, half)
  return done({ account: known, half })
}

/** A password that was right, or set anew by a link: signed in by it, or half so. */
export async function noteFirstStep(
  { db, clock }: Services,
  origin: Origin,
  account: Account,
  half: boolean,
): Promise<void> {
  const action = half ? 'account.password_proven' : 'account.signed_in'
  await auditPlatform(db, action, { at: clock.now(), origin, actorId: account.id, ...recordOf(account) })
}

export async function signOut({ db, clock }: Services, origin: Origin, userId: Account['id']): Promise<void> {
  const record = { kind: 'user', id: userId }
  await auditPlatform(db, 'account.signed_out', { at: clock.now(), origin, actorId: userId, record })
}

/** Whether somebody who is signed in knows their password; counted like a sign-in. */
export async function provesPassword(
  services: Services,
  account: Account,
  password: string,
): Promise<Outcome<void, 'wrong' | 'too_many'>> {
  const { db, keys, clock, passwords } = services
  const wait = await slowDown(db, keys.platform, clock.now(), signInDelay, account.email)
  if (wait !== undefined) return refuse('too_many')
  if (!(await passwords.verify(password, account.passwordHash))) return refuse('wrong')
  await forgive(db, keys.platform, signInDelay, account.email)
  return done(undefined)
}

const recordOf = (account: Account | undefined) => (account ? { record: { kind: 'user', id: account.id } } : {})
