import { done, refuse, type Outcome } from '../../../kernel/outcome.ts'
import { auditPlatform } from '../../../platform/audit.ts'
import type { Origin } from '../../../platform/clinic-scope.ts'
import { inTransaction, type Transaction } from '../../../platform/db/transaction.ts'
import { queueMail } from '../../../platform/mails.ts'
import type { Services } from '../../../platform/services.ts'
import { addressBlock, forgive, throttle } from '../../../platform/throttle.ts'
import {
  findAccount,
  findAccountByEmail,
  findResetToken,
  insertResetToken,
  listClinicNames,
  updateEmail,
  updatePassword,
  updateTokenUsed,
  type Account,
} from '../queries.ts'
import { isDemoAccount, limits, passwordFault, resetMinutes, signInDelay, type PasswordFault } from '../rules.ts'
import { provesPassword } from './sign-in.ts'
import { hashOf, newToken } from './tokens.ts'

/**
 * Sends a link for a new password, if the e-mail has an account. Whether it has, nobody is told: the mail is queued, not
 * sent here, and a password is pretended to be checked beside it, which hides in its quarter of a second how long that
 * took.
 */
export async function askForReset(services: Services, origin: Origin, email: string): Promise<void> {
  const { db, keys, clock } = services
  const now = clock.now()
  const wait =
    (await throttle(db, keys.platform, now, limits.resetAddress, addressBlock(origin.address ?? ''))) ??
    (await throttle(db, keys.platform, now, limits.resetAccount, email))
  if (wait !== undefined) return
  await Promise.all([services.passwords.pretend(), sendResetLink(services, origin, email)])
}

/** Queues the mail with the link, if there is such an account. */
export async function sendResetLink(services: Services, origin: Origin, email: string): Promise<void> {
  const { db, keys, clock, config, speakers } = services
  const account = await findAccountByEmail(db, email)
  // Everybody shares the demo's accounts, and reads their mail.
  if (!account || isDemoAccount(email)) return
  const now = clock.now()
  const { token, hash } = newToken()
  const expiresAt = now.add({ minutes: resetMinutes })
  const { t, lang } = speakers(account.language, { country: 'GB', zone: 'UTC' })
  await inTransaction(db, async (trx) => {
    await insertResetToken(trx, { hash, userId: account.id, passwordVersion: account.passwordVersion, now, expiresAt })
    await queueMail(trx, keys.platform, {
      kind: 'password_reset',
      to: account.email,
      subject: t('accounts.mail.reset.subject'),
      text: t('accounts.mail.reset.text', {
        name: account.name,
        link: `${config.baseUrl}/reset-password/${token}?lang=${lang}`,
        minutes: resetMinutes,
      }),
      now,
      expiresAt,
    })
    await auditPlatform(trx, 'account.reset_asked', { at: now, origin, record: { kind: 'user', id: account.id } })
  })
}

/** Whose password a link can set, for the page to be shown; nothing is spent by looking. */
export async function findResetAccount(services: Services, token: string): Promise<Account | undefined> {
  const userId = await findResetToken(services.db, hashOf(token), services.clock.now())
  return userId && findAccount(services.db, userId)
}

/**
 * Spends the link and sets the password; every session of the account ends. Of several tries at once one wins. Wrong
 * tries at signing in are forgiven, so that nobody can keep an owner out by making them.
 */
export async function resetPassword(
  services: Services,
  origin: Origin,
  token: string,
  password: string,
): Promise<Outcome<Account, 'link_dead' | PasswordFault>> {
  const { db, keys, clock, passwords } = services
  const asked = await findResetAccount(services, token)
  if (!asked) return refuse('link_dead')
  const fault = await faultFor(services, asked, password)
  if (fault) return refuse(fault)
  const hash = await passwords.hash(password)
  const now = clock.now()
  const version = await inTransaction(db, async (trx) => {
    if ((await updateTokenUsed(trx, hashOf(token), now)) === undefined) return undefined
    const record = { kind: 'user', id: asked.id }
    await auditPlatform(trx, 'account.password_reset', { at: now, origin, record })
    // Whoever used the link reads the mail.
    await updateEmail(trx, asked.id, asked.email, { proven: true })
    return setPassword(services, trx, asked, hash)
  })
  if (version === undefined) return refuse('link_dead')
  await forgive(db, keys.platform, signInDelay, asked.email)
  return done({ ...asked, passwordVersion: version })
}

/** Changes the password of somebody signed in; all their other sessions end. Answers the new version for this one. */
export async function changePassword(
  services: Services,
  origin: Origin,
  account: Account,
  typed: { current: string; password: string },
): Promise<Outcome<number, 'wrong' | 'too_many' | 'shared' | PasswordFault>> {
  // The first visitor of the demo must not lock the others out.
  if (isDemoAccount(account.email)) return refuse('shared')
  const proven = await provesPassword(services, account, typed.current)
  if (!proven.ok) return proven
  const fault = await faultFor(services, account, typed.password)
  if (fault) return refuse(fault)
  const hash = await services.passwords.hash(typed.password)
  return inTransaction(services.db, async (trx) => {
    const entry = { at: services.clock.now(), origin, actorId: account.id, record: { kind: 'user', id: account.id } }
    await auditPlatform(trx, 'account.password_changed', entry)
    return done(await setPassword(services, trx, account, hash))
  })
}

async function faultFor({ db, config }: Services, account: Account, password: string) {
  const clinics = await listClinicNames(db, account.id)
  return passwordFault(password, [account.name, account.email, ...clinics], config.demo)
}

/** Sets the password and says so by mail. Answers the version that sessions must carry from now on. */
async function setPassword(services: Services, trx: Transaction, account: Account, hash: string): Promise<number> {
  const { keys, clock, config, speakers } = services
  const version = await updatePassword(trx, account.id, hash)
  const { t, lang } = speakers(account.language, { country: 'GB', zone: 'UTC' })
  await queueMail(trx, keys.platform, {
    kind: 'password_changed',
    to: account.email,
    subject: t('accounts.mail.changed.subject'),
    text: t('accounts.mail.changed.text', {
      name: account.name,
      link: `${config.baseUrl}/forgot-password?lang=${lang}`,
    }),
    now: clock.now(),
  })
  return version
}
