import type { Job } from '../../platform/cron.ts'
import type { Services } from '../../platform/services.ts'
import { rollAnalytics } from './actions.ts'

/** A day is final at noon UTC of the next; hourly, so that days missed while nothing ran are made up soon. */
export function analyticsJobs(services: Services): Job[] {
  return [
    {
      name: 'analytics.roll',
      schedule: '0 17 * * * *',
      run: async () => {
        await rollAnalytics(services)
      },
    },
  ]
}
