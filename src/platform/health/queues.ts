// How far what waits to leave is behind: for the checks and for /metrics.
import type { Instant } from '../../kernel/time.ts'
import { rows } from '../db/rows.ts'
import type { Services } from '../services.ts'

export type Queue = {
  /** Should have left already. */
  due: number
  /** How long the oldest of those has been waiting. */
  oldestSeconds: number
  /** Tried three times or more and not gone yet. */
  retried: number
  /** How long the whole sender has been refused by its provider; 0 when it is not. */
  pausedSeconds: number
}

type Row = { due: number; oldest: Instant | null; retried: number }

/** What waits for a later try is not due, but still has not left: the longest wait between two tries. */
const longestWait = { minutes: 30 }

/**
 * The platform's own sender and its mail. What a clinic sends by credentials of its own counts in what is due; that
 * its provider refuses it is told to that clinic, not here.
 */
export async function readQueues(
  { db, jobsDb }: Pick<Services, 'db' | 'jobsDb'>,
  now: Instant,
): Promise<{ whatsapp: Queue; mail: Queue }> {
  const until = now.add(longestWait)
  const [[messages], [mails], pauses] = await Promise.all([
    rows<Row>(
      jobsDb,
      `select count(*) filter (where due_at <= ?) as due, min(due_at) as oldest,
         count(*) filter (where status = 'queued' and attempts >= 3) as retried
       from clinic.messages where status in ('queued', 'sending', 'unknown') and due_at <= ?`,
      [now, until],
    ),
    rows<Row>(
      db,
      `select count(*) filter (where due_at <= ?) as due, min(due_at) as oldest,
         count(*) filter (where status = 'queued' and attempts >= 3) as retried
       from platform.mails where status in ('queued', 'sending') and due_at <= ?`,
      [now, until],
    ),
    rows<{ sender: string; since: Instant }>(
      db,
      `select sender, since from platform.sending_pauses where subject = '' and until > ?
         and sender in ('platform', 'smtp')`,
      [now],
    ),
  ])
  const queue = (row: Row | undefined, sender: string): Queue => {
    const pause = pauses.find((one) => one.sender === sender)
    return {
      due: row?.due ?? 0,
      oldestSeconds: row?.oldest ? secondsBetween(row.oldest, now) : 0,
      retried: row?.retried ?? 0,
      pausedSeconds: pause ? secondsBetween(pause.since, now) : 0,
    }
  }
  return { whatsapp: queue(messages, 'platform'), mail: queue(mails, 'smtp') }
}

const secondsBetween = (from: Instant, to: Instant) =>
  Math.max(0, Math.round((to.epochMilliseconds - from.epochMilliseconds) / 1000))
