import { parseId, type ClinicId } from '../../kernel/ids.ts'
import type { Job } from '../../platform/cron.ts'
import type { Services } from '../../platform/services.ts'
import { dispatchDue, dispatchFresh } from './actions/dispatch.ts'
import { workOnEvents } from './actions/events.ts'
import { sendDueMails } from './actions/mails.ts'

const everyFewSeconds = '*/5 * * * * *'

/**
 * What is due by the clock is looked for every few seconds. What was queued for now, a webhook or a mail, says so by a
 * notice and is worked on at once, in a lane of its own, so that a code is not behind a backlog of reminders.
 */
export function messagingJobs(services: Services): Job[] {
  const fresh = new Set<ClinicId>()
  const onNotice =
    (wanted: (clinicId: ClinicId | undefined) => boolean): Job['wakes'] =>
    (wake) =>
      services.notifications.subscribe((notice) => {
        if (notice.channel === 'nabz_messages' && wanted(parseId<'clinic'>(notice.clinicId))) wake()
      })
  const clinicHasNews = (clinicId: ClinicId | undefined) => {
    if (clinicId !== undefined) fresh.add(clinicId)
    return clinicId !== undefined
  }
  const platformHasNews = (clinicId: ClinicId | undefined) => clinicId === undefined
  const job = (name: string, run: () => Promise<number>, wakes?: Job['wakes']): Job => ({
    name,
    schedule: everyFewSeconds,
    run: async () => {
      await run()
    },
    ...(wakes ? { wakes } : {}),
  })
  const sendFresh = () => {
    const clinicIds = [...fresh]
    fresh.clear()
    return clinicIds.length === 0 ? Promise.resolve(0) : dispatchFresh(services, clinicIds)
  }
  return [
    job('messaging.fresh', sendFresh, onNotice(clinicHasNews)),
    job('messaging.dispatch', () => dispatchDue(services)),
    job('messaging.webhooks', () => workOnEvents(services), onNotice(platformHasNews)),
    job('messaging.mails', () => sendDueMails(services), onNotice(platformHasNews)),
  ]
}
