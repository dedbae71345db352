import type { ClinicId } from '../../../../kernel/ids.ts'
import type { StripeChannel } from '../../../../platform/channels/stripe.ts'
import type { Clinic, Ctx } from '../../../../platform/clinic-scope.ts'
import type { Services } from '../../../../platform/services.ts'
import { findClinicOfCustomer, insertIncident, updateIncidentSettled, type IncidentKind } from '../../queries/card.ts'

/** The services of a process that takes cards. */
export type Cards = Services & { stripe: StripeChannel }

export function takesCards(services: Services): services is Cards {
  return services.stripe !== undefined
}

export type NewIncident = {
  /** The name under which the same would be found again. */
  key: string
  kind: IncidentKind
  clinicId: ClinicId | null
  details: Record<string, string | number | null>
}

/** Leaves something to a person of the platform: nothing is booked by guessing. */
export async function reportIncident(cards: Cards, incident: NewIncident): Promise<void> {
  const made = await insertIncident(cards.db, { ...incident, now: cards.clock.now() })
  if (made) cards.log.warn('card.incident', { code: incident.kind })
}

/** Marks one as seen to. False when somebody else did. */
export async function settleIncident(services: Services, id: string, by: string): Promise<boolean> {
  return updateIncidentSettled(services.db, id, by, services.clock.now())
}

/** The clinic of a customer at Stripe, by what we stored ourselves. */
export async function clinicOfCustomer(cards: Cards, customer: string | undefined): Promise<Clinic | undefined> {
  const clinicId = customer === undefined ? undefined : await findClinicOfCustomer(cards.db, customer)
  return clinicId && cards.clinics.byId(clinicId)
}

const stripe = { kind: 'system', job: 'billing.stripe' } as const

/** Works on a clinic's data in the name of Stripe. */
export function inClinicOf<T>(cards: Cards, clinic: Clinic, work: (ctx: Ctx) => Promise<T>): Promise<T> {
  return cards.inClinic(clinic, stripe, { requestId: stripe.job }, work)
}
