import type { Job } from '../../platform/cron.ts'
import type { Services } from '../../platform/services.ts'
import { applyRetention, retentionSchedule } from './actions.ts'
import { listRetentionTroubles } from './actions/watch.ts'

export function privacyJobs(services: Services): Job[] {
  return [
    {
      name: 'privacy.retention',
      schedule: retentionSchedule,
      run: async () => {
        await applyRetention(services)
      },
      troubles: () => listRetentionTroubles(services),
    },
  ]
}
