// Works on what Stripe told. An event is only a hint where to look: what it is about is fetched anew and written down as
// it is now, so that it does not matter in which order events come, how late, or how often.
import { eventOf } from '../../../../platform/channels/stripe-facts.ts'
import type { Services } from '../../../../platform/services.ts'
import {
  claimEvents,
  updateEventDone,
  updateEventParked,
  type StoredEvent,
} from '../../../../platform/webhook-events.ts'
import { reportIncident, type Cards } from './incidents.ts'
import { takeCheckout } from './checkouts.ts'
import { takeInvoice } from './invoices.ts'
import { noteDispute, takeRefunds } from './refunds.ts'
import { followCustomer, takeSubscription } from './subscriptions.ts'

const atOnce = 50
const leaseSeconds = 120
/** An event that could not be worked on is tried this long, then left to a person. */
const patienceHours = 72

/** Works through the events that wait, in the order in which they came. Answers how many it took up. */
export async function workOnStripeEvents(services: Services): Promise<number> {
  const { db, keys, clock, stopping, stripe } = services
  if (!stripe) return 0
  const cards = { ...services, stripe }
  let handled = 0
  while (!stopping.signal.aborted) {
    const now = clock.now()
    const claim = { now, lease: now.add({ seconds: leaseSeconds }), limit: atOnce }
    const events = await claimEvents(db, keys.platform, 'stripe', claim)
    if (events.length === 0) break
    for (const event of events) {
      if (stopping.signal.aborted) await updateEventParked(db, event.id, now)
      else await workOn(cards, event)
    }
    handled += events.length
  }
  return handled
}

async function workOn(cards: Cards, stored: StoredEvent): Promise<void> {
  const { db, clock, log } = cards
  try {
    const verdict = await meaningOf(cards, stored)
    const now = clock.now()
    if (verdict === 'done') return await updateEventDone(db, stored.id, now)
    if (stored.receivedAt.add({ hours: patienceHours }).epochMilliseconds <= now.epochMilliseconds) {
      const { id, type, object } = eventOf(stored.body)
      const details = { event: id, type, object: object?.id ?? null }
      await reportIncident(cards, { key: `event:${id}`, kind: 'unworked', clinicId: null, details })
      return await updateEventDone(db, stored.id, now)
    }
    await updateEventParked(db, stored.id, now.add({ seconds: Math.min(5 * 2 ** stored.attempts, 1800) }))
  } catch (error) {
    // Its claim lapses and it is worked on again.
    log.error('webhook.failed', error, { code: stored.id, attempt: stored.attempts })
  }
}

async function meaningOf(cards: Cards, stored: StoredEvent): Promise<'done' | 'later'> {
  const { type, object } = eventOf(stored.body)
  if (!object) return 'done'
  switch (object.kind) {
    case 'checkout.session':
      return takeCheckout(cards, object.id)
    case 'invoice':
      return takeInvoice(cards, object.id)
    case 'subscription':
      return takeSubscription(cards, object.id)
    case 'charge':
      return type.startsWith('charge.refund') ? takeRefunds(cards, object.id) : 'done'
    case 'dispute':
      return type === 'charge.dispute.created' ? noteDispute(cards, stored.body) : 'done'
    case 'customer':
      return followCustomer(cards, object.id)
    default:
      return 'done'
  }
}
