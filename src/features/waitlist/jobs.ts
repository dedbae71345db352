import type { Job } from '../../platform/cron.ts'
import type { Services } from '../../platform/services.ts'
import { offerFreedTimes } from './actions/offer.ts'

export function waitlistJobs(services: Services): Job[] {
  return [
    {
      name: 'waitlist.offer',
      schedule: '*/15 * * * * *',
      run: async () => {
        await offerFreedTimes(services)
      },
    },
  ]
}
