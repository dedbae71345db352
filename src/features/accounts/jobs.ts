import type { Job } from '../../platform/cron.ts'
import type { Services } from '../../platform/services.ts'
import { resetDueFactors } from './actions/factor-resets.ts'

export function accountsJobs(services: Services): Job[] {
  return [{ name: 'accounts.factor_resets', schedule: '20 * * * * *', run: () => resetDueFactors(services) }]
}
