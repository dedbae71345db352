import type { Job } from '../../../platform/cron.ts'
import type { Services } from '../../../platform/services.ts'
import { carryOutCardCommands } from '../actions/card/commands.ts'
import { workOnStripeEvents } from '../actions/card/events.ts'

/**
 * What Stripe told, then what it has to be told. Both say so by a notice when they are written; what could not be done is
 * looked at again every few seconds.
 */
export function stripeJobs(services: Services): Job[] {
  return [
    {
      name: 'billing.stripe',
      schedule: '*/10 * * * * *',
      run: async () => {
        await workOnStripeEvents(services)
        await carryOutCardCommands(services)
      },
      wakes: (wake) =>
        services.notifications.subscribe((notice) => {
          if (notice.channel === 'nabz_messages' && notice.clinicId === '') wake()
        }),
    },
  ]
}
