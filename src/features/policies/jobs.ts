import type { Job } from '../../platform/cron.ts'
import type { Services } from '../../platform/services.ts'
import { publishFirstPolicies } from './actions/first.ts'
import { sendNotices } from './actions/notices.ts'

export function policiesJobs(services: Services): Job[] {
  return [
    {
      name: 'policies.notices',
      schedule: '50 * * * * *',
      run: async () => {
        await publishFirstPolicies(services)
        await sendNotices(services)
      },
    },
  ]
}
