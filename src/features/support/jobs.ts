import type { Job } from '../../platform/cron.ts'
import type { Services } from '../../platform/services.ts'
import { endOverdueVisits } from './actions.ts'

export function supportJobs(services: Services): Job[] {
  return [
    {
      name: 'support.end',
      schedule: '50 * * * * *',
      run: async () => {
        await endOverdueVisits(services)
      },
    },
  ]
}
