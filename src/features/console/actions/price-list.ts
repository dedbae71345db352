import type { Services } from '../../../platform/services.ts'
import { listPlans } from '../../subscription/queries/plans.ts'
import { listMarketLines } from '../queries/plans.ts'

/** The markets a plan's form must have a price for. */
export async function currentMarkets({ db }: Pick<Services, 'db'>): Promise<{ country: string; currency: string }[]> {
  return listMarketLines(db)
}

/** The plans a new market must have a price for. */
export const currentPlans = ({ db }: Pick<Services, 'db'>) => listPlans(db)
