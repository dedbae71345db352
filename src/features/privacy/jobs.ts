import type { Job } from '../../platform/cron.ts'
import type { Services } from '../../platform/services.ts'
import { applyRetention } from './actions.ts'

export function privacyJobs(services: Services): Job[] {
  return [
    {
      name: 'privacy.retention',
      schedule: '40 */10 * * * *',
      run: async () => {
        await applyRetention(services)
      },
    },
  ]
}
