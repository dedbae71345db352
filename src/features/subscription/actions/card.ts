// Which customer and subscription at Stripe a clinic's subscription belongs to.
import { updateSubscription, type Subscription } from '../queries.ts'
import { change, type Account } from './account.ts'

/** Keeps the customer; one that is there already stays. Answers the one that counts. */
export async function linkCustomer(account: Account, customer: string): Promise<string> {
  const known = account.held.stripeCustomer
  if (known !== null) return known
  await write(account, { stripeCustomer: customer })
  return customer
}

/** From now on Stripe charges the renewals. */
export async function linkCard(account: Account, stripeSubscription: string, cardLabel: string | null): Promise<void> {
  await change(account, 'card_linked', { stripeSubscription, collection: 'card', cardLabel })
}

/** Stripe charges nothing any more: renewals are paid by hand again. */
export async function unlinkCard(account: Account): Promise<void> {
  await change(account, 'card_unlinked', { stripeSubscription: null, collection: 'manual', cardLabel: null })
}

export async function relabelCard(account: Account, cardLabel: string): Promise<void> {
  await write(account, { cardLabel })
}

async function write(account: Account, by: Partial<Pick<Subscription, 'stripeCustomer' | 'cardLabel'>>): Promise<void> {
  account.held = { ...account.held, ...by }
  await updateSubscription(account.db, account.held)
}
