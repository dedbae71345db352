import type { Job } from '../../platform/cron.ts'
import type { Services } from '../../platform/services.ts'
import { linkAll, publishHeads } from './actions.ts'

export function trailJobs(services: Services): Job[] {
  return [
    {
      name: 'trail.link',
      schedule: '25 * * * * *',
      // Once an hour also what was committed long after the time it bears.
      run: () => {
        const now = services.clock.now()
        const minutes = now.toZonedDateTimeISO('UTC').minute === 0 ? 180 : 5
        return linkAll(services, now.subtract({ minutes }))
      },
    },
    { name: 'trail.publish', schedule: '10 20 2 * * *', run: () => publishHeads(services) },
  ]
}
