import type { Job } from '../../platform/cron.ts'
import type { Services } from '../../platform/services.ts'
import { escalateRequests } from './actions.ts'

export function requestsJobs(services: Services): Job[] {
  return [
    {
      name: 'requests.escalate',
      schedule: '0 7 * * * *',
      run: async () => {
        await escalateRequests(services)
      },
    },
  ]
}
