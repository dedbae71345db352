// A clinic's plan and standing put where its doors read them, for tests of what follows from them.
import { Temporal, type Instant } from '../../src/kernel/time.ts'
import type { TestClinic } from '../support/cast.ts'

/** What the plan allows, and what is used of it this month. */
export async function setPlan(
  clinic: TestClinic,
  plan: {
    doctors?: number | null
    locations?: number | null
    bookings?: number | null
    messages?: number | null
    bookingsUsed?: number
    messagesUsed?: number
  },
): Promise<void> {
  const { app, id } = clinic
  const limits = { doctors: 'practitioner', locations: 'location', bookings: 'booking', messages: 'message' } as const
  for (const [name, column] of Object.entries(limits)) {
    const limit = plan[name as keyof typeof limits]
    if (limit === undefined) continue
    await app.superuser(`update platform.clinics set ${column}_limit = $2 where id = $1`, [id, limit])
  }
  const month = app.clock.now().toZonedDateTimeISO('Asia/Karachi').toPlainDate().with({ day: 1 })
  await app.superuser(
    `update platform.diaries set usage_month = $2, bookings_used = coalesce($3, bookings_used),
       messages_used = coalesce($4, messages_used) where clinic_id = $1`,
    [id, month.toString(), plan.bookingsUsed ?? null, plan.messagesUsed ?? null],
  )
}

export type Life = 'trialing' | 'active' | 'past_due' | 'expired' | 'purge_scheduled'

/** Puts a subscription into a state as of a moment, and the clinic's standing with it. */
export async function setLife(
  { app, id }: TestClinic,
  life: Life,
  more: { since?: Instant; periodEnd?: Instant | null; suspended?: string } = {},
): Promise<void> {
  const since = more.since ?? app.clock.now()
  const standing =
    more.suspended !== undefined
      ? 'suspended'
      : life === 'expired'
        ? 'read_only'
        : life === 'purge_scheduled'
          ? 'locked'
          : 'active'
  await app.superuser(
    `update platform.subscriptions set status = $2, status_since = $3, period_end = coalesce($4, period_end),
       suspended_at = $5, suspension_reason = $6 where clinic_id = $1`,
    [
      id,
      life,
      since.toString(),
      more.periodEnd?.toString() ?? null,
      more.suspended === undefined ? null : since.toString(),
      more.suspended ?? null,
    ],
  )
  await app.superuser('update platform.clinics set status = $2 where id = $1', [id, standing])
}

/** What was counted for the clinic's day, by what. */
export async function countsOf({ app, id }: TestClinic): Promise<Record<string, number>> {
  const found = await app.superuser<{ metric: string; count: string }>(
    'select metric, sum(count)::int as count from platform.daily_counts where clinic_id = $1 group by metric',
    [id],
  )
  return Object.fromEntries(found.map(({ metric, count }) => [metric, Number(count)]))
}

export async function usedOf({ app, id }: TestClinic): Promise<{ bookings: number; messages: number }> {
  const [row] = await app.superuser<{ bookings: number; messages: number }>(
    'select bookings_used as bookings, messages_used as messages from platform.diaries where clinic_id = $1',
    [id],
  )
  return row!
}

export const instant = (text: string): Instant => Temporal.Instant.from(text)
