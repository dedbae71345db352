import type { Job } from '../../platform/cron.ts'
import type { Services } from '../../platform/services.ts'
import { dispatchDue } from './actions/dispatch.ts'
import { workOnEvents } from './actions/events.ts'
import { sendDueMails } from './actions/mails.ts'

/** All three look again every few seconds, and at once when somebody says there is something to do. */
export function messagingJobs(services: Services): Job[] {
  const wakes: Job['wakes'] = (wake) =>
    services.notifications.subscribe(({ channel }) => {
      if (channel === 'nabz_messages') wake()
    })
  const job = (name: string, run: (services: Services) => Promise<number>): Job => ({
    name,
    schedule: '*/5 * * * * *',
    wakes,
    run: async () => {
      await run(services)
    },
  })
  return [
    job('messaging.webhooks', workOnEvents),
    job('messaging.dispatch', dispatchDue),
    job('messaging.mails', sendDueMails),
  ]
}
