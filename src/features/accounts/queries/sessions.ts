// The sessions of an account, as the store of the sessions keeps them.
import type { SessionData } from 'express-session'
import type { Knex } from 'knex'
import type { UserId } from '../../../kernel/ids.ts'
import type { Instant } from '../../../kernel/time.ts'
import { changes, rows } from '../../../platform/db/rows.ts'

export type StoredSession = Pick<SessionData, 'startedAt' | 'seenAt'> & Partial<Pick<SessionData, 'strict' | 'facts'>>

/** Those a changed password has not ended, seen last first; whether one has reached its limits is not looked at. */
export async function listSessions(db: Knex, userId: UserId): Promise<StoredSession[]> {
  const found = await rows<{ sess: StoredSession }>(
    db,
    `select s.sess from platform.sessions s join platform.users u on u.id = ?
     where s.sess ->> 'userId' = ? and s.sess ->> 'passwordVersion' = u.password_version::text
     order by (s.sess ->> 'seenAt')::bigint desc, s.sid`,
    [userId, userId],
  )
  return found.map(({ sess }) => sess)
}

export async function deleteSession(db: Knex, userId: UserId, id: string): Promise<boolean> {
  return (
    (await changes(db, `delete from platform.sessions where sess ->> 'userId' = ? and sess -> 'facts' ->> 'id' = ?`, [
      userId,
      id,
    ])) > 0
  )
}

/** All but one, those included that still miss the second factor. */
export async function deleteSessions(db: Knex, userId: UserId, except?: string): Promise<number> {
  return changes(
    db,
    `delete from platform.sessions
     where (sess ->> 'userId' = ? or sess -> 'pending' ->> 'userId' = ?) and sid is distinct from ?`,
    [userId, userId, except ?? null],
  )
}

/** Notes that an account is used with a kind of browser. True when it was not known for this account. */
export async function upsertKnownBrowser(db: Knex, userId: UserId, hash: Buffer, now: Instant): Promise<boolean> {
  const [noted] = await rows<{ added: boolean }>(
    db,
    `insert into platform.known_browsers (user_id, browser_hash, seen_at) values (?, ?, ?)
     on conflict (user_id, browser_hash) do update set seen_at = excluded.seen_at returning xmax = 0 as added`,
    [userId, hash, now],
  )
  return noted?.added ?? false
}
