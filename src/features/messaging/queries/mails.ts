import type { Knex } from 'knex'
import type { Instant } from '../../../kernel/time.ts'
import { changes, rows } from '../../../platform/db/rows.ts'
import { openMail, type Mail } from '../../../platform/mails.ts'
import type { PlatformSeal } from '../../../platform/seal/key-ring.ts'

export type DueMail = { id: string; attempts: number; expired: boolean; mail: Mail }

/**
 * Claims mails that are due and marks them as being sent. One whose sender died is claimed again: twice the same link
 * is a nuisance, none would lock somebody out.
 */
export async function claimMails(
  db: Knex,
  seal: PlatformSeal,
  claim: { now: Instant; lease: Instant; limit: number },
): Promise<DueMail[]> {
  const claimed = await rows<{ id: string; attempts: number; sealed: Buffer; expiresAt: Instant | null }>(
    db,
    `update platform.mails set status = 'sending', lease_until = ?, attempts = attempts + 1 where id in
       (select id from platform.mails
        where status in ('queued', 'sending') and due_at <= ? and (lease_until is null or lease_until <= ?)
        order by due_at, id limit ? for update skip locked)
     returning id, attempts, mail_sealed as sealed, expires_at as "expiresAt"`,
    [claim.lease, claim.now, claim.now, claim.limit],
  )
  return claimed.map(({ id, attempts, sealed, expiresAt }) => ({
    id,
    attempts,
    expired: expiresAt !== null && expiresAt.epochMilliseconds <= claim.now.epochMilliseconds,
    mail: openMail(seal, id, sealed),
  }))
}

export async function updateMailEnded(
  db: Knex,
  id: string,
  end: { status: 'sent' | 'failed' | 'dropped'; code: string | null; sentAt: Instant | null },
): Promise<void> {
  await changes(
    db,
    'update platform.mails set status = ?, error_code = ?, sent_at = ?, lease_until = null where id = ?',
    [end.status, end.code, end.sentAt, id],
  )
}

export async function updateMailWaiting(
  db: Knex,
  id: string,
  wait: { notBefore: Instant; code: string; spent: boolean },
): Promise<void> {
  await changes(
    db,
    `update platform.mails set status = 'queued', lease_until = ?, error_code = ?, attempts = attempts - ? where id = ?`,
    [wait.notBefore, wait.code, wait.spent ? 0 : 1, id],
  )
}

/** Queues a mail that failed once more. What it said may be of no use any more: then it stays as it is. */
export async function updateMailAgain(
  db: Knex,
  id: string,
  now: Instant,
): Promise<'queued' | 'expired' | 'not_failed'> {
  const again = await changes(
    db,
    `update platform.mails set status = 'queued', attempts = 0, due_at = ?, lease_until = null, error_code = null
     where id = ? and status = 'failed' and (expires_at is null or expires_at > ?)`,
    [now, id, now],
  )
  if (again > 0) {
    await rows(db, `select pg_notify('nabz_messages', '')`)
    return 'queued'
  }
  const [mail] = await rows<{ status: string }>(db, 'select status from platform.mails where id = ?', [id])
  return mail?.status === 'failed' ? 'expired' : 'not_failed'
}
