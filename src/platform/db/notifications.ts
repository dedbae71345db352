import { setImmediate as nextTurn } from 'node:timers/promises'
import pg from 'pg'
import type { Log } from '../log.ts'

/** What happened at a clinic. */
type ClinicNotice =
  { channel: 'nabz_diary'; clinicId: string; diary: number } | { channel: 'nabz_messages'; clinicId: string }

export type Notice =
  | ClinicNotice
  /** Somebody wants this job run now. */
  | { channel: 'nabz_jobs'; job: string }
  /** Something small that processes keep in memory changed: switches, announcements. */
  | { channel: 'nabz_changed'; what: string }

const channels = ['nabz_diary', 'nabz_messages', 'nabz_jobs', 'nabz_changed'] as const

function noticeOf(channel: string, payload: string): Notice | undefined {
  const [clinicId = '', diary = '0'] = payload.split(' ')
  switch (channel) {
    case 'nabz_diary':
      return { channel, clinicId, diary: Number(diary) }
    case 'nabz_messages':
      return { channel, clinicId }
    case 'nabz_jobs':
      return { channel, job: payload }
    case 'nabz_changed':
      return { channel, what: payload }
    default:
      return undefined
  }
}

const payloadOf = (notice: ClinicNotice): string =>
  notice.channel === 'nabz_diary' ? `${notice.clinicId} ${notice.diary}` : notice.clinicId

export type Notifications = {
  /**
   * Tells every process, this one as well, in a moment. To be called once the change is committed: a notice sent within a
   * transaction makes the database's commits wait for each other, across all clinics. What a process that dies can't
   * tell any more is found by the clock: the dispatcher looks every few seconds, open pages every minute.
   */
  tell(notice: ClinicNotice): void
  /** Calls back for every notice until the returned function is called. */
  subscribe(listener: (notice: Notice) => void): () => void
  stop(): Promise<void>
}

/**
 * LISTEN on a connection of its own, outside the pool, reconnecting with growing pauses. A notice is a hint to look
 * again, never the news itself: what was told while the connection was away, subscribers find by their own clocks.
 */
export async function listen(url: string, log: Log): Promise<Notifications> {
  const listeners = new Set<(notice: Notice) => void>()
  let client: pg.Client | undefined
  let stopped = false
  let pause = 100
  let timer: NodeJS.Timeout | undefined
  // Of several notices about one diary the newest says all. Kept while there is no connection.
  const untold = new Map<string, ClinicNotice>()
  let telling: Promise<void> | undefined

  async function open() {
    const fresh = new pg.Client({
      connectionString: url,
      application_name: 'nabz-listen',
      keepAlive: true,
      // A notice is not worth waiting for the disk.
      options: '-c synchronous_commit=off',
      // A connection that died without a word is given up, and so is what waits for it at the stop.
      query_timeout: 5_000,
      connectionTimeoutMillis: 5_000,
    })
    fresh.on('error', (error) => {
      log.error('notifications.lost', error)
    })
    fresh.on('end', () => {
      // Who never was connected is tried again by whoever tried.
      if (client !== fresh) return
      client = undefined
      if (!stopped) retry()
    })
    fresh.on('notification', ({ channel, payload }) => {
      const notice = noticeOf(channel, payload ?? '')
      if (notice) for (const listener of listeners) listener(notice)
    })
    try {
      await fresh.connect()
      for (const channel of channels) await fresh.query(`listen ${channel}`)
    } catch (error) {
      void fresh.end()
      throw error
    }
    if (stopped) return void fresh.end()
    client = fresh
    pause = 100
    telling ??= tellAll()
  }

  async function tellAll() {
    // One statement for all that happens in this turn of the event loop.
    await nextTurn()
    while (client && untold.size > 0) {
      const teller = client
      const notices = [...untold.values()]
      untold.clear()
      try {
        await teller.query(
          'select pg_notify(channel, payload) from unnest($1::text[], $2::text[]) as t (channel, payload)',
          [notices.map(({ channel }) => channel), notices.map(payloadOf)],
        )
      } catch (error) {
        log.error('notifications.not_told', error)
        for (const notice of notices) keep(notice)
        // What is untold goes over the next connection.
        void teller.end()
        break
      }
    }
    telling = undefined
  }

  function keep(notice: ClinicNotice) {
    const key = `${notice.channel} ${notice.clinicId}`
    const known = untold.get(key)
    if (known?.channel === 'nabz_diary' && notice.channel === 'nabz_diary' && known.diary > notice.diary) return
    untold.set(key, notice)
  }

  function retry() {
    timer = setTimeout(() => {
      open().catch((error: unknown) => {
        log.error('notifications.reconnect_failed', error)
        if (!stopped) retry()
      })
    }, pause)
    pause = Math.min(pause * 2, 10_000)
  }

  await open()
  return {
    tell(notice) {
      keep(notice)
      telling ??= tellAll()
    },
    subscribe(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    async stop() {
      stopped = true
      clearTimeout(timer)
      listeners.clear()
      await telling
      await client?.end()
    },
  }
}
