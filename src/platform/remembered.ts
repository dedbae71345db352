// Something small and much asked for that changes seldom (switches, announcements), kept whole in memory by every
// process. Whoever changes it says so by a notice, in the transaction of the change; each process reads it anew then.
import type { Knex } from 'knex'
import { rows } from './db/rows.ts'
import type { Notifications } from './db/notifications.ts'
import type { Log } from './log.ts'

export type Remembered<T> = {
  /** As it was when last read: a moment ago, or half a minute where a notice got lost. */
  current(): T
  /** Reads it anew now; for whoever has just changed it. */
  refresh(): Promise<void>
  stop(): void
}

/** A notice may be lost while the connection for them is: after so long it is read again anyway. */
const maxAgeMs = 30_000

/**
 * Remembers what `load` reads. A process may start before the table is there (migrations pending) or while the database
 * is away: until it can be read, `empty` stands for it.
 */
export async function remember<T>(
  what: string,
  empty: T,
  load: () => Promise<T>,
  { notifications, log }: { notifications: Notifications; log: Log },
): Promise<Remembered<T>> {
  let value = empty
  let readAt = Number.NEGATIVE_INFINITY
  let reading: Promise<void> | undefined
  let again = false

  const read = async () => {
    do {
      again = false
      value = await load()
      readAt = performance.now()
    } while (again)
  }
  const refresh = (): Promise<void> => {
    // A change told while a reading is under way may have come too late for it.
    again = true
    reading ??= read().finally(() => {
      reading = undefined
    })
    return reading
  }
  const hear = () => {
    refresh().catch((error: unknown) => log.error('remembered.read_failed', error))
  }
  const unsubscribe = notifications.subscribe((notice) => {
    if (notice.channel === 'nabz_changed' && notice.what === what) hear()
  })
  await refresh().catch((error: unknown) => log.error('remembered.read_failed', error))
  return {
    current() {
      if (reading === undefined && performance.now() - readAt > maxAgeMs) {
        // Asked once for the next while, whether it works or not.
        readAt = performance.now() - maxAgeMs / 2
        hear()
      }
      return value
    },
    refresh,
    stop: unsubscribe,
  }
}

/** Says at commit that it changed. */
export async function tellChanged(trx: Knex, what: string): Promise<void> {
  await rows(trx, `select pg_notify('nabz_changed', ?)`, [what])
}
