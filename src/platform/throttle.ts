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
  const start = windowStart(now, limit)
  const [counted] = await rows<{ count: number }>(
    db,
    `insert into platform.throttles as t (key, window_start, count) values (?, ?, 1)
     on conflict (key, window_start) do update set count = t.count + 1 returning count`,
    [seal.hash('throttle/' + limit.purpose, subject), start],
  )
  const count = counted?.count ?? 0
  if (count <= limit.max) return undefined
  const end = start.add({ minutes: limit.per.minutes })
  return Math.max(1, Math.ceil((end.epochMilliseconds - now.epochMilliseconds) / 1000))
}

/** The part of an address that one household or attacker holds: IPv4 whole, IPv6 by its /64. */
export function addressBlock(address: string): string {
  const plain = address.replace(/^::ffff:/, '')
  return plain.includes(':') ? plain.split(':').slice(0, 4).join(':') : plain
}

/** Takes one use back, in the window it was counted in: it was none of those the limit is about. */
export async function uncount(
  db: Knex,
  seal: PlatformSeal,
  now: Instant,
  limit: Limit,
  subject: string,
): Promise<void> {
  await rows(db, 'update platform.throttles set count = count - 1 where key = ? and window_start = ? and count > 0', [
    seal.hash('throttle/' + limit.purpose, subject),
    windowStart(now, limit),
  ])
}

/** Forgets every use of a subject: the person proved to be who they said. */
export async function forgive(db: Knex, seal: PlatformSeal, limit: Limit, subject: string): Promise<void> {
  await rows(db, 'delete from platform.throttles where key = ?', [seal.hash('throttle/' + limit.purpose, subject)])
}

function windowStart(now: Instant, limit: Limit): Instant {
  const windowMs = limit.per.minutes * 60_000
  return Temporal.Instant.fromEpochMilliseconds(Math.floor(now.epochMilliseconds / windowMs) * windowMs)
}
