// Server-sent events: an answer that stays open and says, now and then, that there is something new to fetch. It never
// carries the news itself, so whoever reads it still passes the doors.
import { setMaxListeners } from 'node:events'
import type { ClinicRequest } from './routers.ts'

/** Open streams of one session; a seventh window does without and asks once a minute instead. */
const perSession = 6
const open = new Map<string, number>()

/** Shorter than the patience of any proxy in between. */
const heartbeatMs = 25_000
const recheckMs = 60_000

export type EventStream = {
  send(event: string, data: string): void
  /** Calls back once, whoever ended it: the browser, the session's end or the server's. */
  onClose(listener: () => void): void
}

/**
 * Opens a stream for a signed-in person, or for whoever else it is counted under; undefined when they have enough of
 * them, which has then been answered. Whether they may still be here is asked every minute, and the stream ends when
 * not. Mount it as a background route.
 */
export function openEventStream(
  request: Pick<ClinicRequest, 'req' | 'res' | 'services' | 'stillAllowed'>,
  who: { key: string; limit: number } = { key: request.req.sessionID, limit: perSession },
): EventStream | undefined {
  const { res, services, stillAllowed } = request
  const streams = open.get(who.key) ?? 0
  if (streams >= who.limit) {
    res.status(429).setHeader('Retry-After', 60).end()
    return undefined
  }
  open.set(who.key, streams + 1)
  res.writeHead(200, {
    'Content-Type': 'text/event-stream; charset=utf-8',
    // `no-transform` keeps compression, here and in proxies, from holding events back until a block is full.
    'Cache-Control': 'no-store, no-transform',
    'X-Accel-Buffering': 'no',
  })
  res.write('retry: 3000\n\n')

  const listeners: (() => void)[] = []
  const write = (text: string) => {
    if (!res.writableEnded) res.write(text)
  }
  const heartbeat = setInterval(() => write(': still here\n\n'), heartbeatMs)
  const recheck = setInterval(() => {
    stillAllowed().then(
      (allowed) => {
        if (!allowed) end()
      },
      (error: unknown) => {
        services.log.error('stream.recheck_failed', error)
        end()
      },
    )
  }, recheckMs)
  const { signal } = services.stopping
  setMaxListeners(0, signal)
  const end = () => res.end()
  signal.addEventListener('abort', end, { once: true })
  res.once('close', () => {
    clearInterval(heartbeat)
    clearInterval(recheck)
    signal.removeEventListener('abort', end)
    const left = (open.get(who.key) ?? 1) - 1
    if (left > 0) open.set(who.key, left)
    else open.delete(who.key)
    for (const listener of listeners) listener()
  })
  if (signal.aborted) end()
  return {
    send: (event, data) => write(`event: ${event}\ndata: ${data}\n\n`),
    onClose: (listener) => listeners.push(listener),
  }
}
