import { done, refuse, type Outcome } from '../../../kernel/outcome.ts'
import type { Origin } from '../../../platform/clinic-scope.ts'
import { queueMail } from '../../../platform/mails.ts'
import type { Services } from '../../../platform/services.ts'
import { addressBlock, throttle } from '../../../platform/throttle.ts'
import {
  findAccount,
  findAccountByEmail,
  findResetToken,
  insertResetToken,
  updatePassword,
  updateTokenUsed,
  type Account,
} from '../queries.ts'
import { isDemoAccount, limits, resetMinutes } from '../rules.ts'
import { hashOf, newToken } from './tokens.ts'
import { provesPassword } from './sign-in.ts'

/**
 * Sends a link for a new password, if the e-mail has an account. Whether it has, nobody is told: the mail is queued, not
 * sent here, and an unknown e-mail costs about as much.
 */
export async function askForReset(services: Services, origin: Origin, email: string): Promise<void> {
  const { db, keys, clock, config, speakers } = services
  const now = clock.now()
  const tooMany =
    (await throttle(db, keys.platform, now, limits.resetAddress, addressBlock(origin.address ?? ''))) ??
    (await throttle(db, keys.platform, now, limits.resetAccount, email))
  if (tooMany !== undefined) return
  const account = await findAccountByEmail(db, email)
  if (!account) return
  const { token, hash } = newToken()
  const expiresAt = now.add({ minutes: resetMinutes })
  const { t } = speakers(account.language, { country: 'GB', zone: 'UTC' })
  await db.transaction(async (trx) => {
    await insertResetToken(trx, { hash, userId: account.id, passwordVersion: account.passwordVersion, now, expiresAt })
    await queueMail(trx, keys.platform, {
      kind: 'password_reset',
      to: account.email,
      subject: t('accounts.mail.reset.subject'),
      text: t('accounts.mail.reset.text', {
        name: account.name,
        link: `${config.baseUrl}/reset-password/${token}`,
        count: resetMinutes,
      }),
      now,
      expiresAt,
    })
  })
}

/** Whose password a link can set, for the page to be shown; nothing is spent by looking. */
export async function findResetAccount(services: Services, token: string): Promise<Account | undefined> {
  const userId = await findResetToken(services.db, hashOf(token), services.clock.now())
  return userId && findAccount(services.db, userId)
}

/** Spends the link and sets the password; every session of the account ends. Of several tries at once one wins. */
export async function resetPassword(
  services: Services,
  token: string,
  password: string,
): Promise<Outcome<Account, 'link_dead'>> {
  const passwordHash = await services.passwords.hash(password)
  const userId = await services.db.transaction(async (trx) => {
    const owner = await updateTokenUsed(trx, hashOf(token), services.clock.now())
    if (owner === undefined) return undefined
    await updatePassword(trx, owner, passwordHash)
    return owner
  })
  const account = userId && (await findAccount(services.db, userId))
  if (!account) return refuse('link_dead')
  await tellChanged(services, account)
  return done(account)
}

/** Changes the password of somebody signed in; all their other sessions end. Answers the new version for this one. */
export async function changePassword(
  services: Services,
  account: Account,
  typed: { current: string; password: string },
): Promise<Outcome<number, 'wrong' | 'too_many' | 'demo'>> {
  // Everybody shares these accounts; the first visitor must not lock the others out.
  if (isDemoAccount(account.email)) return refuse('demo')
  const proven = await provesPassword(services, account, typed.current)
  if (!proven.ok) return proven
  const version = await updatePassword(services.db, account.id, await services.passwords.hash(typed.password))
  await tellChanged(services, account)
  return done(version)
}

async function tellChanged(services: Services, account: Account): Promise<void> {
  const { db, keys, clock, config, speakers } = services
  const { t } = speakers(account.language, { country: 'GB', zone: 'UTC' })
  await queueMail(db, keys.platform, {
    kind: 'password_changed',
    to: account.email,
    subject: t('accounts.mail.changed.subject'),
    text: t('accounts.mail.changed.text', { name: account.name, link: `${config.baseUrl}/forgot-password` }),
    now: clock.now(),
  })
}
