// Links in mails that do one thing to one account, once. Those for a new password are with the passwords.
import type { Knex } from 'knex'
import type { UserId } from '../../../kernel/ids.ts'
import type { Instant } from '../../../kernel/time.ts'
import { changes, rows } from '../../../platform/db/rows.ts'

export type LinkPurpose = 'not_me' | 'verify_email' | 'change_email' | 'undo_email'
export type AccountLink = { userId: UserId; purpose: LinkPurpose; email: string | null }

/**
 * A link that confirms voids earlier ones of its purpose. Those that undo what somebody else may have done stand beside
 * each other: a second intruder must not void the link about the first.
 */
export async function insertLink(
  db: Knex,
  link: AccountLink & { hash: Buffer; passwordVersion: number; now: Instant; expiresAt: Instant },
): Promise<void> {
  if (link.purpose === 'verify_email' || link.purpose === 'change_email') {
    await deleteLinks(db, link.userId, [link.purpose])
  }
  await changes(
    db,
    `insert into platform.account_tokens (token_hash, user_id, purpose, password_version, email, created_at, expires_at)
     values (?, ?, ?, ?, ?, ?, ?)`,
    [link.hash, link.userId, link.purpose, link.passwordVersion, link.email, link.now, link.expiresAt],
  )
}

export async function deleteLinks(
  db: Knex,
  userId: UserId,
  purposes: readonly (LinkPurpose | 'password_reset')[],
): Promise<void> {
  await changes(db, 'delete from platform.account_tokens where user_id = ? and purpose = any(?::text[])', [
    userId,
    purposes,
  ])
}

/**
 * What changes the e-mail is void once the password was changed, like a link for a new one. What undoes is not: an
 * intruder could else void it by changing the password.
 */
const usable = `token_hash = ? and purpose = any(?::text[]) and used_at is null and expires_at > ?
  and (purpose <> 'change_email'
    or password_version = (select u.password_version from platform.users u where u.id = user_id))`
const columns = 'user_id as "userId", purpose, email'

/** Nothing is spent by looking. */
export async function findLink(
  db: Knex,
  hash: Buffer,
  purposes: readonly LinkPurpose[],
  now: Instant,
): Promise<AccountLink | undefined> {
  return (
    await rows<AccountLink>(db, 'select ' + columns + ' from platform.account_tokens where ' + usable, [
      hash,
      purposes,
      now,
    ])
  )[0]
}

/** Spends a link: of many tries at once one gets it. */
export async function updateLinkUsed(
  db: Knex,
  hash: Buffer,
  purposes: readonly LinkPurpose[],
  now: Instant,
): Promise<AccountLink | undefined> {
  const [spent] = await rows<AccountLink>(
    db,
    'update platform.account_tokens set used_at = ? where ' + usable + ' returning ' + columns,
    [now, hash, purposes, now],
  )
  return spent
}
