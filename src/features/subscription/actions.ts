import type { Knex } from 'knex'
import type { ClinicId } from '../../kernel/ids.ts'
import type { Instant, Zone } from '../../kernel/time.ts'
import { dateAt } from '../../kernel/time.ts'
import { insertEvent, insertSubscription, updateStanding } from './queries.ts'
import { findPlan, getMarket, listPrices } from './queries/plans.ts'
import { trialDays } from './rules/life.ts'
import { trialPeriod } from './rules/prices.ts'

/** The plan a trial is of: the one most clinics need. */
const trialPlan = 'clinic'

/** Begins the trial of a clinic that was just opened, in the transaction that opens it: 30 days of everything, no card. */
export async function startTrial(
  trx: Knex,
  clinic: { id: ClinicId; country: string; zone: Zone },
  now: Instant,
): Promise<void> {
  const plan = await findPlan(trx, trialPlan)
  if (!plan) throw new Error(`no plan is called ${trialPlan}`)
  const market = await getMarket(trx, clinic.country)
  const price = (await listPrices(trx, market.country)).find(
    (one) => one.planId === plan.id && one.interval === 'month',
  )
  const period = trialPeriod(now, trialDays, clinic.zone)
  await insertSubscription(trx, {
    clinicId: clinic.id,
    planId: plan.id,
    status: 'trialing',
    statusSince: now,
    interval: 'month',
    currency: market.currency,
    netMinor: price?.netMinor ?? 0,
    periodStart: period.start,
    periodEnd: period.end,
    billingDay: dateAt(period.end, clinic.zone).day,
    cancelledAt: null,
    cancelReason: null,
    nextPlanId: null,
    nextInterval: null,
    suspendedAt: null,
    closedAt: null,
    suspensionReason: null,
    // At once, so that whoever plans the notices sees it.
    nextStepAt: now,
    collection: 'manual',
    stripeCustomer: null,
    stripeSubscription: null,
    cardLabel: null,
    firstPaidAt: null,
    createdAt: now,
  })
  await updateStanding(trx, clinic.id, 'active', plan)
  await insertEvent(trx, {
    clinicId: clinic.id,
    at: now,
    kind: 'trial_started',
    fromStatus: null,
    toStatus: 'trialing',
    fromPlan: null,
    toPlan: plan.code,
    mrrBeforeMinor: 0,
    mrrAfterMinor: 0,
    currency: market.currency,
    country: clinic.country,
    actorKind: 'user',
    actorId: null,
    reason: null,
  })
}
