// Mail about an account rather than a clinic: reset links, invitations. Written in the transaction of whatever asked for
// it, like any other message, and sent by the dispatcher (features/messaging).
import type { Knex } from 'knex'
import { newId, type ClinicId } from '../kernel/ids.ts'
import type { Instant } from '../kernel/time.ts'
import { rows } from './db/rows.ts'
import type { PlatformSeal } from './seal/key-ring.ts'

export type Mail = {
  /** One address, already checked. */
  to: string
  subject: string
  /** Plain text: no mail of ours needs more, and every reader shows it. */
  text: string
}

/**
 * Queues a mail, sealed. `db` may be an open transaction: a rollback takes the mail back. One about a clinic names it, so
 * that it goes when the clinic does. Answers its id.
 */
export async function queueMail(
  db: Knex,
  seal: PlatformSeal,
  mail: Mail & { kind: string; now: Instant; expiresAt?: Instant; clinicId?: ClinicId },
): Promise<string> {
  const id = newId<'mail'>()
  const { kind, now, expiresAt, clinicId, to, subject, text } = mail
  const sealed = seal.seal(JSON.stringify({ to, subject, text }), 'mails.mail', id)
  await rows(
    db,
    `insert into platform.mails (id, kind, mail_sealed, due_at, expires_at, created_at, clinic_id)
     values (?, ?, ?, ?, ?, ?, ?)`,
    [id, kind, sealed, now, expiresAt ?? null, now, clinicId ?? null],
  )
  // A statement of its own: a hint, heard at commit.
  await rows(db, `select pg_notify('nabz_messages', '')`)
  return id
}

/** The mail that `queueMail` sealed under this id. Throws SealError when it was altered or is another's. */
export function openMail(seal: PlatformSeal, id: string, sealed: Buffer): Mail {
  return JSON.parse(seal.open(sealed, 'mails.mail', id)) as Mail
}
