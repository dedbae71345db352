import type { Knex } from 'knex'
import type { Instant } from '../../../kernel/time.ts'
import { changes, rows } from '../../../platform/db/rows.ts'

/** The number all clinics share, until clinics bring their own; and the one way mail leaves. */
export type Sender = 'platform' | 'smtp'

export type Pause = { sender: Sender; subject: string; code: string; since: Instant; until: Instant }

/** What keeps a sender, or this template of it, from sending at `now`; the longest of both. */
export async function findPause(
  db: Knex,
  sender: Sender,
  template: string,
  now: Instant,
): Promise<Pick<Pause, 'subject' | 'code' | 'until'> | undefined> {
  const [pause] = await rows<Pause>(
    db,
    `select subject, code, until from platform.sending_pauses
     where sender = ? and subject in ('', ?) and until > ? order by until desc limit 1`,
    [sender, template, now],
  )
  return pause
}

/** What is being held back, for the pages that say why messages wait. */
export async function listPauses(db: Knex, now: Instant): Promise<Pause[]> {
  return rows<Pause>(
    db,
    'select sender, subject, code, since, until from platform.sending_pauses where until > ? order by sender, subject',
    [now],
  )
}

/** Lengthens a pause that is there; never shortens it. `since` stays while one follows on another. */
export async function upsertPause(db: Knex, pause: Pause): Promise<void> {
  await changes(
    db,
    `insert into platform.sending_pauses as p (sender, subject, code, since, until) values (?, ?, ?, ?, ?)
     on conflict (sender, subject) do update set code = excluded.code, until = greatest(p.until, excluded.until),
       since = case when p.until < excluded.since then excluded.since else p.since end`,
    [pause.sender, pause.subject, pause.code, pause.since, pause.until],
  )
}

/** Remembers another name (WhatsApp's spelling, a hidden person's id) of a number, both as keyed hashes. */
export async function upsertAlias(db: Knex, aliasHash: Buffer, numberHash: Buffer, now: Instant): Promise<void> {
  await changes(
    db,
    `insert into platform.number_aliases (alias_hash, number_hash, seen_at) values (?, ?, ?)
     on conflict (alias_hash) do update set number_hash = excluded.number_hash, seen_at = excluded.seen_at`,
    [aliasHash, numberHash, now],
  )
}

export async function findNumberByAliases(db: Knex, aliasHashes: readonly Buffer[]): Promise<Buffer | undefined> {
  const [found] = await rows<{ hash: Buffer }>(
    db,
    'select number_hash as hash from platform.number_aliases where alias_hash = any(?) order by seen_at desc limit 1',
    [aliasHashes],
  )
  return found?.hash
}
