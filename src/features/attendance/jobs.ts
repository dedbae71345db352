import type { Job } from '../../platform/cron.ts'
import type { Services } from '../../platform/services.ts'
import { askToConfirm } from './actions.ts'

export function attendanceJobs(services: Services): Job[] {
  return [{ name: 'attendance.confirm', schedule: '20 */10 * * * *', run: () => askToConfirm(services) }]
}
