import { accountsJobs } from './features/accounts/jobs.ts'
import { analyticsJobs } from './features/analytics/jobs.ts'
import { announcementsJobs } from './features/announcements/jobs.ts'
import { stripeJobs } from './features/billing/jobs/stripe.ts'
import { attendanceJobs } from './features/attendance/jobs.ts'
import { billingJobs } from './features/billing/jobs.ts'
import { bookingJobs } from './features/booking/jobs.ts'
import { closingJobs } from './features/closing/jobs.ts'
import { consoleJobs } from './features/console/jobs.ts'
import { messagingJobs } from './features/messaging/jobs.ts'
import { policiesJobs } from './features/policies/jobs.ts'
import { privacyJobs } from './features/privacy/jobs.ts'
import { requestsJobs } from './features/requests/jobs.ts'
import { rightsJobs } from './features/rights/jobs.ts'
import { subscriptionJobs } from './features/subscription/jobs.ts'
import { supportJobs } from './features/support/jobs.ts'
import { trailJobs } from './features/trail/jobs.ts'
import { waitlistJobs } from './features/waitlist/jobs.ts'
import type { Job } from './platform/cron.ts'
import { exportJobs } from './features/export/jobs.ts'
import { healthJobs } from './platform/health/jobs.ts'
import type { Services } from './platform/services.ts'

/** Everything the clock starts, feature by feature. */
export function jobsOf(services: Services): Job[] {
  const jobs = [...bookingJobs(services), ...messagingJobs(services), ...consoleJobs(services)]
  jobs.push(...waitlistJobs(services))
  jobs.push(...announcementsJobs(services), ...requestsJobs(services), ...supportJobs(services))
  jobs.push(...subscriptionJobs(services), ...billingJobs(services), ...analyticsJobs(services))
  jobs.push(...accountsJobs(services), ...attendanceJobs(services))
  jobs.push(...stripeJobs(services), ...exportJobs(services))
  // First the clinics that go as a whole: nothing is left in them to be looked at.
  jobs.push(...closingJobs(services))
  jobs.push(...policiesJobs(services), ...privacyJobs(services), ...trailJobs(services))
  jobs.push(...rightsJobs(services))
  // Last, since it watches over the others.
  return [...jobs, ...healthJobs(services, jobs)]
}
