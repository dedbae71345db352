import type { Job } from '../../platform/cron.ts'
import type { Services } from '../../platform/services.ts'
import { sendAnnouncements, tidyDismissals } from './actions.ts'

export function announcementsJobs(services: Services): Job[] {
  return [
    {
      name: 'announcements.send',
      schedule: '20 * * * * *',
      run: async () => {
        await sendAnnouncements(services)
      },
    },
    { name: 'announcements.tidy', schedule: '0 41 3 * * *', run: () => tidyDismissals(services) },
  ]
}
