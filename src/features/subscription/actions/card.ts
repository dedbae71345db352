// Which customer and subscription at Stripe a clinic's subscription belongs to. Whoever calls has the clinic's row of
// subscriptions locked, or is about to have.
import type { Knex } from 'knex'
import type { ClinicId } from '../../../kernel/ids.ts'
import { lockSubscription, updateSubscription, type Subscription } from '../queries.ts'

/** The clinic's subscription, nobody else deciding about it until the transaction ends. */
export async function holdSubscription(trx: Knex, clinicId: ClinicId): Promise<Subscription | undefined> {
  return lockSubscription(trx, clinicId)
}

/** Keeps the customer; one that is there already stays. Answers the one that counts. */
export async function linkCustomer(trx: Knex, clinicId: ClinicId, customer: string): Promise<string> {
  const held = await lockSubscription(trx, clinicId)
  if (!held) throw new Error('a clinic without a subscription')
  if (held.stripeCustomer !== null) return held.stripeCustomer
  await updateSubscription(trx, { ...held, stripeCustomer: customer })
  return customer
}

/** From now on Stripe charges the renewals. */
export async function linkCard(trx: Knex, held: Subscription, stripeSubscription: string, label: string | null) {
  await updateSubscription(trx, { ...held, stripeSubscription, collection: 'card', cardLabel: label })
}

export async function relabelCard(trx: Knex, held: Subscription, label: string): Promise<void> {
  await updateSubscription(trx, { ...held, cardLabel: label })
}

/** Stripe charges nothing any more: renewals are paid by hand again. */
export async function unlinkCard(trx: Knex, held: Subscription): Promise<Subscription> {
  const by = { ...held, stripeSubscription: null, collection: 'manual', cardLabel: null } as const
  await updateSubscription(trx, by)
  return by
}
