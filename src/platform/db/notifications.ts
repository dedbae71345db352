import pg from 'pg'
import type { Log } from '../log.ts'

export type Notice =
  | { channel: 'nabz_diary'; clinicId: string; diary: number }
  | { channel: 'nabz_messages'; clinicId: string }
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

export type Notifications = {
  /** Calls back for every notice until the returned function is called. */
  subscribe(listener: (notice: Notice) => void): () => void
  stop(): Promise<void>
}

/**
 * LISTEN on a connection of its own, outside the pool, reconnecting with growing pauses. A notice is a hint to look
 * again, never the news itself: after a reconnect every subscriber simply looks.
 */
export async function listen(url: string, log: Log): Promise<Notifications> {
  const listeners = new Set<(notice: Notice) => void>()
  let client: pg.Client | undefined
  let stopped = false
  let pause = 100
  let timer: NodeJS.Timeout | undefined

  async function open() {
    const fresh = new pg.Client({ connectionString: url, application_name: 'nabz-listen', keepAlive: true })
    fresh.on('error', (error) => {
      log.error('notifications.lost', error)
    })
    fresh.on('end', () => {
      if (!stopped) retry()
    })
    fresh.on('notification', ({ channel, payload }) => {
      const notice = noticeOf(channel, payload ?? '')
      if (notice) for (const listener of listeners) listener(notice)
    })
    await fresh.connect()
    for (const channel of channels) await fresh.query(`listen ${channel}`)
    client = fresh
    pause = 100
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
    subscribe(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    async stop() {
      stopped = true
      clearTimeout(timer)
      listeners.clear()
      await client?.end()
    },
  }
}
