// Works on what webhooks left: reports about our messages, and what people wrote.
import type { Services } from '../../../platform/services.ts'
import {
  claimEvents,
  updateEventForgotten,
  updateEventParked,
  type StoredEvent,
} from '../../../platform/webhook-events.ts'
import { messageItem, statusItem, storedItem } from '../rules/webhook.ts'
import { hearMessage } from './inbound.ts'
import { takeReport } from './reports.ts'

const atOnce = 50
const leaseSeconds = 120
/** A report that fits no message of ours is looked at again this long; the send it tells of may still be under way. */
const parkedHours = 24

/** Works through the events that wait, in the order in which they came. Answers how many it took up. */
export async function workOnEvents(services: Services): Promise<number> {
  const { db, keys, clock, stopping } = services
  let handled = 0
  while (!stopping.signal.aborted) {
    const now = clock.now()
    const lease = now.add({ seconds: leaseSeconds })
    const events = await claimEvents(db, keys.platform, 'whatsapp', { now, lease, limit: atOnce })
    if (events.length === 0) break
    for (const event of events) {
      if (stopping.signal.aborted) await updateEventParked(db, event.id, now)
      else await workOn(services, event)
    }
    handled += events.length
  }
  return handled
}

async function workOn(services: Services, event: StoredEvent): Promise<void> {
  const { db, clock, log } = services
  try {
    const verdict = await meaningOfEvent(services, event)
    const now = clock.now()
    const old = event.receivedAt.add({ hours: parkedHours }).epochMilliseconds <= now.epochMilliseconds
    if (verdict === 'done' || old) await updateEventForgotten(db, event.id, now)
    else await updateEventParked(db, event.id, now.add({ seconds: Math.min(5 * 2 ** event.attempts, 1800) }))
  } catch (error) {
    // Its claim lapses and it is worked on again.
    log.error('webhook.failed', error, { code: event.id, attempt: event.attempts })
  }
}

async function meaningOfEvent(services: Services, event: StoredEvent): Promise<'done' | 'later'> {
  const stored = storedItem.parse(JSON.parse(event.body))
  // Signed by us, but about a number that is not ours: kept as evidence, and nothing follows from it.
  if (stored.phoneNumberId !== services.config.whatsapp.phoneNumberId) return 'done'
  if (stored.kind === 'status') {
    const status = statusItem.safeParse(stored.item)
    return status.success ? takeReport(services, status.data) : 'done'
  }
  if (stored.kind === 'message') {
    const message = messageItem.safeParse(stored.item)
    if (message.success) await hearMessage(services, event.id, message.data)
  }
  return 'done'
}
