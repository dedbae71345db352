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

/** `free` tries go through at once; after that each is followed by twice the wait of the one before. */
export type Delay = { purpose: string; free: number; first: { seconds: number }; most: { seconds: number } }

/** What is counted for a day is forgotten after it. */
const delayWindow = { minutes: 1440 }

/**
 * Counts one try of `subject`, like `throttle`, and says how many seconds it came too early, else undefined. A try that
 * came too early is neither counted nor looked at: so many at once wait no longer than one.
 */
export async function slowDown(
  db: Knex,
  seal: PlatformSeal,
  now: Instant,
  delay: Delay,
  subject: string,
): Promise<number | undefined> {
  const key = seal.hash('throttle/' + delay.purpose, subject)
  const start = windowStart(now, { purpose: delay.purpose, max: delay.free, per: delayWindow })
  const waitAfter = (count: '1' | 't.count + 1') =>
    `case when ? <= ${count} then
       ?::timestamptz + least(?::float8, ?::float8 * power(2, least(${count} - ?, 20))) * interval '1 second' end`
  const facts = [delay.free, now, delay.most.seconds, delay.first.seconds, delay.free]
  const counted = await rows(
    db,
    `insert into platform.throttles as t (key, window_start, count, not_before)
     values (?, ?, 1, ${waitAfter('1')})
     on conflict (key, window_start) do update set count = t.count + 1, not_before = ${waitAfter('t.count + 1')}
     where t.not_before is null or t.not_before <= ? returning count`,
    [key, start, ...facts, ...facts, now],
  )
  if (counted.length === 1) return undefined
  const [waiting] = await rows<{ notBefore: Instant | null }>(
    db,
    'select not_before as "notBefore" from platform.throttles where key = ? and window_start = ?',
    [key, start],
  )
  const until = waiting?.notBefore?.epochMilliseconds ?? now.epochMilliseconds
  return Math.max(1, Math.ceil((until - now.epochMilliseconds) / 1000))
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
export async function forgive(
  db: Knex,
  seal: PlatformSeal,
  limit: Pick<Limit, 'purpose'>,
  subject: string,
): Promise<void> {
  await rows(db, 'delete from platform.throttles where key = ?', [seal.hash('throttle/' + limit.purpose, subject)])
}

function windowStart(now: Instant, limit: Limit): Instant {
  const windowMs = limit.per.minutes * 60_000
  return Temporal.Instant.fromEpochMilliseconds(Math.floor(now.epochMilliseconds / windowMs) * windowMs)
}
