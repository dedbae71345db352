import { bookingJobs } from './features/booking/jobs.ts'
import { messagingJobs } from './features/messaging/jobs.ts'
import type { Job } from './platform/cron.ts'
import { healthJobs } from './platform/health/jobs.ts'
import type { Services } from './platform/services.ts'

/** Everything the clock starts, feature by feature. */
export function jobsOf(services: Services): Job[] {
  const jobs = [...bookingJobs(services), ...messagingJobs(services)]
  // Last, since it watches over the others.
  return [...jobs, ...healthJobs(services, jobs)]
}
