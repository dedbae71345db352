import type { Job } from '../../platform/cron.ts'
import type { Services } from '../../platform/services.ts'
import { sweepHolds } from './actions/sweep.ts'

export function bookingJobs(services: Services): Job[] {
  return [{ name: 'booking.holds', schedule: '30 */10 * * * *', run: () => sweepHolds(services) }]
}
