// What providers tell us, kept under the key they would tell it under again, and worked on after it was answered.
import type { Knex } from 'knex'
import { newId } from '../kernel/ids.ts'
import type { Instant } from '../kernel/time.ts'
import { changes, rows } from './db/rows.ts'
import type { PlatformSeal } from './seal/key-ring.ts'

export type NewEvent = { key: string; body: string }
export type StoredEvent = { id: string; body: string; receivedAt: Instant; attempts: number }

/** Stores each event once; answers how many were new. Wakes whoever works on them. */
export async function insertEvents(
  db: Knex,
  seal: PlatformSeal,
  provider: string,
  events: readonly NewEvent[],
  now: Instant,
): Promise<number> {
  if (events.length === 0) return 0
  const values = events.flatMap(({ key, body }) => {
    const id = newId()
    return [provider, key, id, seal.seal(body, 'webhook_events.body', id), now]
  })
  const stored = await changes(
    db,
    'insert into platform.webhook_events (provider, key, id, body_sealed, received_at) values ' +
      events.map(() => '(?, ?, ?, ?, ?)').join(', ') +
      ' on conflict (provider, key) do nothing',
    values,
  )
  if (stored > 0) await rows(db, `select pg_notify('nabz_messages', '')`)
  return stored
}

/** Claims some events that nobody is working on, in the order in which they came. */
export async function claimEvents(
  db: Knex,
  seal: PlatformSeal,
  provider: string,
  claim: { now: Instant; lease: Instant; limit: number },
): Promise<StoredEvent[]> {
  const claimed = await rows<{ id: string; bodySealed: Buffer; receivedAt: Instant; attempts: number }>(
    db,
    `update platform.webhook_events set lease_until = ?, attempts = attempts + 1 where id in
       (select id from platform.webhook_events
        where provider = ? and done_at is null and received_at <= ? and (lease_until is null or lease_until <= ?)
        order by received_at, id limit ? for update skip locked)
     returning id, body_sealed as "bodySealed", received_at as "receivedAt", attempts`,
    [claim.lease, provider, claim.now, claim.now, claim.limit],
  )
  return claimed
    .map(({ bodySealed, ...rest }) => ({ ...rest, body: seal.open(bodySealed, 'webhook_events.body', rest.id) }))
    .sort((a, b) => (a.id < b.id ? -1 : 1))
}

/** Worked on; what was told is kept for as long as the provider may tell it again. */
export async function updateEventDone(db: Knex, id: string, now: Instant): Promise<void> {
  await changes(db, 'update platform.webhook_events set done_at = ?, lease_until = null where id = ?', [now, id])
}

/**
 * The same, and what was told is forgotten: numbers and words of patients, which no erasure would find here. That it was
 * told stays for as long as it may be told again.
 */
export async function updateEventForgotten(db: Knex, id: string, now: Instant): Promise<void> {
  await changes(
    db,
    `update platform.webhook_events set done_at = ?, lease_until = null, body_sealed = '' where id = ?`,
    [now, id],
  )
}

/** Not now: nobody takes it again before that time. */
export async function updateEventParked(db: Knex, id: string, notBefore: Instant): Promise<void> {
  await changes(db, 'update platform.webhook_events set lease_until = ? where id = ?', [notBefore, id])
}
