// What an operator decides about a clinic's subscription: who it is by, and the account it is about.
import type { ClinicId } from '../../../kernel/ids.ts'
import { refuse, type Outcome } from '../../../kernel/outcome.ts'
import type { Origin } from '../../../platform/clinic-scope.ts'
import { notFound } from '../../../platform/errors.ts'
import type { Services } from '../../../platform/services.ts'
import type { Person } from '../../../platform/web/routers.ts'
import { openAccount, type Account } from '../../subscription/actions/account.ts'
import { changePlanByOperator, extend, restore, suspend } from '../../subscription/actions/decisions.ts'
import { findPlan } from '../../subscription/queries/plans.ts'
import type { Interval } from '../../subscription/rules/prices.ts'

export type Deciding = { services: Services; origin: Origin; person: Pick<Person, 'userId'>; clinicId: ClinicId }

/** A decision in the account of a clinic; nothing is written when it refuses. */
export async function decide<T, R extends string>(
  { services, origin, person, clinicId }: Deciding,
  work: (account: Account) => Promise<Outcome<T, R>>,
): Promise<Outcome<T, R>> {
  const by = { kind: 'operator', id: person.userId } as const
  return (await openAccount(services, clinicId, by, origin, work)) ?? notFound('clinic')
}

export const extendClinic = (deciding: Deciding, days: number, reason: string) =>
  decide(deciding, (account) => extend(account, days, reason))

export const suspendClinic = (deciding: Deciding, reason: string) =>
  decide(deciding, (account) => suspend(account, reason))

export const restoreClinic = (deciding: Deciding, reason: string) =>
  decide(deciding, (account) => restore(account, reason))

export const moveToPlan = (deciding: Deciding, code: string, interval: Interval, reason: string) =>
  decide<void, 'no_price' | 'no_plan'>(deciding, async (account) => {
    const plan = await findPlan(account.db, code)
    return plan ? changePlanByOperator(account, plan, interval, reason) : refuse('no_plan')
  })
