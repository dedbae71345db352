import type { SignedEvent } from '../../../../platform/channels/stripe-facts.ts'
import type { Services } from '../../../../platform/services.ts'
import { insertEvents } from '../../../../platform/webhook-events.ts'

/** Keeps a verified event, once under its id. Answers 1 when it was new. */
export async function keepStripeEvent(services: Services, event: SignedEvent): Promise<number> {
  const { db, keys, clock } = services
  return insertEvents(db, keys.platform, 'stripe', [{ key: event.id, body: event.body }], clock.now())
}
