import type { Job } from '../../platform/cron.ts'
import type { Services } from '../../platform/services.ts'
import { countClinicsAnew } from './actions/count.ts'
import { tidyRuns } from './actions/jobs.ts'

export function consoleJobs(services: Services): Job[] {
  return [
    // Not more often: it touches every clinic that did something, and a list may be a quarter of an hour old.
    { name: 'console.count', schedule: '20 */15 * * * *', run: () => countClinicsAnew(services) },
    { name: 'console.tidy', schedule: '0 52 3 * * *', run: () => tidyRuns(services) },
  ]
}
