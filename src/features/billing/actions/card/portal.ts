import { done, refuse, type Outcome } from '../../../../kernel/outcome.ts'
import type { Clinic } from '../../../../platform/clinic-scope.ts'
import type { Language } from '../../../../platform/i18n/languages.ts'
import { findSubscription } from '../../../subscription/queries.ts'
import type { Cards } from './incidents.ts'

/** The address of Stripe's page where a card is changed, bills are read and a subscription is cancelled. Made anew each time. */
export async function openPortal(
  cards: Cards,
  clinic: Clinic,
  language: Language,
): Promise<Outcome<string, 'no_card' | 'try_later'>> {
  const ours = await findSubscription(cards.db, clinic.id)
  if (!ours?.stripeCustomer) return refuse('no_card')
  const back = `${cards.config.baseUrl}/app/${clinic.slug}/settings/subscription`
  const made = await cards.stripe.createPortal(ours.stripeCustomer, back, language)
  if (made.ok) return done(made.value.url)
  return refuse(made.reason === 'gone' ? 'no_card' : 'try_later')
}
