import { Temporal, type Instant } from '../kernel/time.ts'
import type { Knex } from 'knex'
import { rows } from './db/rows.ts'
import type { PlatformSeal } from './seal/key-ring.ts'

export type Limit = { purpose: string; max: number; per: { minutes: number } }

/**
 * Counts one use of `subject` (an address, a number, an account; stored only as a keyed hash) and says how many seconds
 * to wait when `limit.max` uses per window are spent, else undefined. One upsert before the expensive work, in Postgres,
 * so that it holds across processes. Call it outside the transaction whose failure must not undo the count.
 */
export async function throttle(
  db: Knex,
  seal: PlatformSeal,
  now: Instant,
  limit: Limit,
  subject: string,
): Promise<number | undefined> {
  const windowMs = limit.per.minutes * 60_000
  const start = Math.floor(now.epochMilliseconds / windowMs) * windowMs
  const [counted] = await rows<{ count: number }>(
    db,
    `insert into platform.throttles as t (key, window_start, count) values (?, ?, 1)
     on conflict (key, window_start) do update set count = t.count + 1 returning count`,
    [seal.hash('throttle/' + limit.purpose, subject), Temporal.Instant.fromEpochMilliseconds(start)],
  )
  const count = counted?.count ?? 0
  if (count <= limit.max) return undefined
  return Math.max(1, Math.ceil((start + windowMs - now.epochMilliseconds) / 1000))
}

/** The part of an address that one household or attacker holds: IPv4 whole, IPv6 by its /64. */
export function addressBlock(address: string): string {
  const plain = address.replace(/^::ffff:/, '')
  return plain.includes(':') ? plain.split(':').slice(0, 4).join(':') : plain
}

/** Forgets what was counted in the running window: the person proved to be who they said. */
export async function forgive(db: Knex, seal: PlatformSeal, limit: Limit, subject: string): Promise<void> {
  await rows(db, 'delete from platform.throttles where key = ?', [seal.hash('throttle/' + limit.purpose, subject)])
}
