import type { Job } from '../../platform/cron.ts'
import type { Services } from '../../platform/services.ts'
import { makeDue, removeOldFiles } from './actions/make.ts'

export function exportJobs(services: Services): Job[] {
  return [
    {
      name: 'export.make',
      schedule: '*/5 * * * * *',
      run: async () => {
        await makeDue(services)
      },
    },
    { name: 'export.sweep', schedule: '0 25 * * * *', run: () => removeOldFiles(services) },
  ]
}
