import type { Job } from '../../platform/cron.ts'
import type { Services } from '../../platform/services.ts'
import { warnOfUsage } from './actions/usage-notices.ts'

export function subscriptionJobs(services: Services): Job[] {
  return [{ name: 'subscription.usage', schedule: '0 7 * * * *', run: () => warnOfUsage(services) }]
}
