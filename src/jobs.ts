import { bookingJobs } from './features/booking/jobs.ts'
import { messagingJobs } from './features/messaging/jobs.ts'
import type { Job } from './platform/cron.ts'
import type { Services } from './platform/services.ts'

/** Everything the clock starts, feature by feature. */
export function jobsOf(services: Services): Job[] {
  return [...bookingJobs(services), ...messagingJobs(services)]
}
