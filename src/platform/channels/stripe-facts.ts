// What is known of Stripe without its package, which is large and loaded only where there is an account.
import { createHash } from 'node:crypto'
import type { Config } from '../../config.ts'
import { minorDigits } from '../../kernel/money.ts'

/** An event as it was signed; what it tells of is fetched anew. */
export type SignedEvent = { id: string; type: string; object: { id: string; kind: string } | undefined; body: string }

/**
 * What a card is charged for an amount of ours. Currencies with three decimals are charged in steps of ten, so there it
 * may be a little more, which stays with the clinic as credit.
 */
export function chargeable(minor: number, currency: string): number {
  return minorDigits(currency) === 3 ? Math.ceil(minor / 10) * 10 : minor
}

/** Where Stripe's own pages are, which a form of ours leads to. A stand-in has them where it has everything. */
export function paymentPages(settings: Config['stripe']): string[] {
  if (settings === undefined) return []
  const { origin } = new URL(settings.baseUrl)
  return origin === 'https://api.stripe.com' ? ['https://checkout.stripe.com', 'https://billing.stripe.com'] : [origin]
}

/** What a body whose signature was found good tells of. What is no event we know of still has a name of its own. */
export function eventOf(body: string): SignedEvent {
  const other = {
    id: `other:${createHash('sha256').update(body).digest('hex')}`,
    type: 'other',
    object: undefined,
    body,
  }
  let event: unknown
  try {
    event = JSON.parse(body)
  } catch {
    return other
  }
  const { id, type, data } = record(event)
  if (typeof id !== 'string' || !/^evt_\w{1,250}$/.test(id) || typeof type !== 'string') return other
  const object = record(record(data).object)
  return {
    id,
    type,
    object:
      typeof object.id === 'string' && typeof object.object === 'string'
        ? { id: object.id, kind: object.object }
        : undefined,
    body,
  }
}

const record = (value: unknown): Record<string, unknown> =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
