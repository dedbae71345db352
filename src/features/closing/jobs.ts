import type { Job } from '../../platform/cron.ts'
import type { Services } from '../../platform/services.ts'
import { runClosings } from './actions/purge.ts'

export function closingJobs(services: Services): Job[] {
  return [{ name: 'privacy.closing', schedule: '50 * * * * *', run: () => runClosings(services) }]
}
