// Platform admins are made and unmade by a command at the machine, never by a page.
import { newId } from '../../../kernel/ids.ts'
import { done, refuse, type Outcome } from '../../../kernel/outcome.ts'
import { auditPlatform } from '../../../platform/audit.ts'
import { inTransaction } from '../../../platform/db/transaction.ts'
import type { Language } from '../../../platform/i18n/languages.ts'
import type { Services } from '../../../platform/services.ts'
import {
  findAccountByEmail,
  insertAccount,
  insertResetToken,
  listAdmins,
  updatePlatformAdmin,
  type Account,
} from '../queries.ts'
import { isDemoAccount, passwordFault, resetMinutes, type PasswordFault } from '../rules.ts'
import { newToken } from './tokens.ts'

type Parts = Pick<Services, 'db' | 'clock' | 'passwords' | 'config'>
const origin = { requestId: 'admin-command' }

/** Makes an account that may open the console. An e-mail that has an account already keeps it as it is. */
export async function createAdmin(
  { db, clock, passwords, config }: Parts,
  admin: { email: string; name: string; language: Language; password: string },
): Promise<Outcome<Account, 'email_known' | PasswordFault>> {
  const { email, name, language, password } = admin
  if (await findAccountByEmail(db, email)) return refuse('email_known')
  const fault = passwordFault(password, [name, email], config.demo)
  if (fault) return refuse(fault)
  const passwordHash = await passwords.hash(password)
  const now = clock.now()
  return inTransaction(db, async (trx) => {
    const account = await insertAccount(trx, {
      id: newId<'user'>(),
      email,
      emailUnproven: false,
      name,
      passwordHash,
      language,
      now,
    })
    if (!account) return refuse('email_known')
    await updatePlatformAdmin(trx, account.id, true)
    await auditPlatform(trx, 'admin.created', { at: now, origin, record: { kind: 'user', id: account.id } })
    return done(account)
  })
}

/** Takes the console away, at once; the account stays. The last admin can't be removed: nobody could let one in again. */
export async function removeAdmin(
  { db, clock }: Pick<Parts, 'db' | 'clock'>,
  email: string,
): Promise<Outcome<Account, 'unknown' | 'last'>> {
  return inTransaction(db, async (trx) => {
    const admins = await listAdmins(trx, { locked: true })
    const account = admins.find((one) => one.email === email)
    if (!account) return refuse('unknown')
    if (admins.length === 1) return refuse('last')
    await updatePlatformAdmin(trx, account.id, false)
    const record = { kind: 'user', id: account.id }
    await auditPlatform(trx, 'admin.removed', { at: clock.now(), origin, record })
    return done(account)
  })
}

/** A link with which an account gets a new password, for whoever can't be reached by mail. It is shown once, here. */
export async function resetLink(
  { db, clock, config }: Pick<Parts, 'db' | 'clock' | 'config'>,
  email: string,
): Promise<Outcome<{ account: Account; link: string; minutes: number }, 'unknown'>> {
  const account = await findAccountByEmail(db, email)
  if (!account || isDemoAccount(email)) return refuse('unknown')
  const now = clock.now()
  const { token, hash } = newToken()
  const expiresAt = now.add({ minutes: resetMinutes })
  await inTransaction(db, async (trx) => {
    await insertResetToken(trx, { hash, userId: account.id, passwordVersion: account.passwordVersion, now, expiresAt })
    await auditPlatform(trx, 'account.reset_asked', { at: now, origin, record: { kind: 'user', id: account.id } })
  })
  return done({ account, link: `${config.baseUrl}/reset-password/${token}`, minutes: resetMinutes })
}
