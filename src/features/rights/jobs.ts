import type { Job } from '../../platform/cron.ts'
import type { Services } from '../../platform/services.ts'
import { takeInRouted, watchClock } from './actions/clock.ts'
import { keepJournal } from './actions/journal.ts'

export function rightsJobs(services: Services): Job[] {
  return [
    {
      name: 'rights.intake',
      schedule: '15 * * * * *',
      run: async () => {
        await takeInRouted(services)
      },
    },
    {
      name: 'rights.clock',
      schedule: '45 */5 * * * *',
      run: async () => {
        await watchClock(services)
      },
    },
    {
      name: 'rights.journal',
      schedule: '5 * * * * *',
      run: async () => {
        await keepJournal(services)
      },
    },
  ]
}
