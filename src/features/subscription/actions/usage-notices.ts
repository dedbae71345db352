// Warns owners when four fifths of a plan's bookings or messages are used, and when all are; once a month for each.
import { dateAt, dayBounds } from '../../../kernel/time.ts'
import type { Services } from '../../../platform/services.ts'
import { insertUsageNotice, listNearLimits } from '../queries.ts'
import { levelOf, meters } from '../rules/usage.ts'
import { openAccount, tellOwners } from './account.ts'

export async function warnOfUsage(services: Services): Promise<void> {
  const now = services.clock.now()
  for (const near of await listNearLimits(services.db)) {
    if (services.stopping.signal.aborted) return
    const month = dateAt(now, near.zone).with({ day: 1 })
    // Counts of a month that is over say nothing about this one.
    if (!near.month.equals(month)) continue
    const by = { kind: 'system', id: null } as const
    await openAccount(services, near.clinicId, by, { requestId: 'subscription.usage' }, async (account) => {
      for (const metric of meters) {
        const used = metric === 'bookings' ? near.bookingsUsed : near.messagesUsed
        const limit = metric === 'bookings' ? near.bookingLimit : near.messageLimit
        const level = levelOf(used, limit)
        if (level === 'fine' || limit === null) continue
        const percent = level === 'full' ? 100 : 80
        const notice = { clinicId: near.clinicId, month, metric, level: percent, at: now } as const
        if (!(await insertUsageNotice(account.db, notice))) continue
        // Who is over the limit need not be told afterwards that it was near.
        if (percent === 100) await insertUsageNotice(account.db, { ...notice, level: 80 })
        const next = dayBounds(month.add({ months: 1 }), near.zone).from
        const key = `subscription.mail.usage_${metric}_${percent}`
        await tellOwners(account, { kind: `usage_${percent}`, key, expiresAt: next }, (speaker) => ({
          used: speaker.number(used),
          limit: speaker.number(limit),
          date: speaker.date(next),
        }))
      }
    })
  }
}
