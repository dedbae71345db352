import type { ClinicId, UserId } from '../../../../kernel/ids.ts'
import { auditPlatform } from '../../../../platform/audit.ts'
import type { StripeChannel } from '../../../../platform/channels/stripe.ts'
import type { Clinic, Ctx, Origin } from '../../../../platform/clinic-scope.ts'
import { inTransaction } from '../../../../platform/db/transaction.ts'
import type { Services } from '../../../../platform/services.ts'
import {
  findClinicOfCustomer,
  insertIncident,
  isIncident,
  updateIncidentSettled,
  type IncidentKind,
} from '../../queries/card.ts'

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

/** Marks one as seen to. False when somebody else did, undefined when there is none. */
export async function settleIncident(
  { db, clock }: Pick<Services, 'db' | 'clock'>,
  { id, by, origin }: { id: string; by: UserId; origin: Origin },
): Promise<boolean | undefined> {
  const now = clock.now()
  return inTransaction(db, async (trx) => {
    if (!(await updateIncidentSettled(trx, id, by, now))) return (await isIncident(trx, id)) ? false : undefined
    const record = { kind: 'card_incident', id }
    await auditPlatform(trx, 'card_incident.settled', { at: now, origin, actorId: by, record })
    return true
  })
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
