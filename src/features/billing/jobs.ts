import type { Job } from '../../platform/cron.ts'
import type { Services } from '../../platform/services.ts'
import { liveOn } from './actions/life.ts'

export function billingJobs(services: Services): Job[] {
  return [{ name: 'subscription.life', schedule: '20 */5 * * * *', run: () => liveOn(services) }]
}
