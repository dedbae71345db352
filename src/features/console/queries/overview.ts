import type { Knex } from 'knex'
import type { Instant } from '../../../kernel/time.ts'
import { rows } from '../../../platform/db/rows.ts'
import { renewing } from '../rules/clinics.ts'

export type Todo = { count: number; since: Instant | null }
export type TodoName = 'payments' | 'cards' | 'requests' | 'jobs' | 'mails' | 'expiring' | 'failing' | 'alarms'

/**
 * What waits for a person, counted in one statement: each part looks into an index made for it. `since` is the oldest of
 * them, or for what is yet to come the first.
 */
export async function listTodos(
  db: Knex,
  { now, lateAt, dueBy, endsBy }: { now: Instant; lateAt: Instant; dueBy: Instant; endsBy: Instant },
): Promise<Map<TodoName, Todo>> {
  const found = await rows<Todo & { name: TodoName }>(
    db,
    `select 'payments' as name, count(*)::int as count, min(created_at) as since
       from platform.payments where status = 'declared'
     union all select 'cards', count(*)::int, min(at) from platform.card_incidents where settled_at is null
     union all select 'requests', count(*)::int, min(due_at)
       from platform.requests where closed_at is null and due_at <= ?
     union all select 'jobs', count(*)::int, min(last_ended_at)
       from platform.jobs where failures_in_a_row > 0
     union all select 'mails', count(*)::int, min(due_at)
       from platform.mails where status in ('queued', 'sending') and due_at < ?
     union all select 'expiring', count(*)::int, min(period_end)
       from platform.subscriptions where period_end >= ? and period_end < ? and status = any(?)
     union all select 'failing', count(*)::int, null from platform.clinics where messages_failing
     union all select 'alarms', count(*)::int, min(since) from platform.alarms where over_at is null`,
    [dueBy, lateAt, now, endsBy, renewing],
  )
  return new Map(found.map(({ name, ...todo }) => [name, todo]))
}

/** Messages of clinics that should have left. As `nabz_jobs`, who sees that they are due and nothing of them. */
export async function countStuckMessages(jobsDb: Knex, lateAt: Instant): Promise<Todo> {
  const [row] = await rows<Todo>(
    jobsDb,
    `select count(*)::int as count, min(due_at) as since
     from (select due_at from clinic.messages where status in ('queued', 'sending', 'unknown') and due_at < ?
       order by due_at limit 1000) late`,
    [lateAt],
  )
  return row ?? { count: 0, since: null }
}

export type Figures = { trialing: number; active: number; past_due: number; expired: number; suspended: number }

/** How the clinics stand, all of them. */
export async function countByStatus(db: Knex): Promise<Figures> {
  const [row] = await rows<Figures>(
    db,
    `select count(*) filter (where subscription_status = 'trialing')::int as trialing,
       count(*) filter (where subscription_status = 'active')::int as active,
       count(*) filter (where subscription_status = 'past_due')::int as "past_due",
       count(*) filter (where subscription_status in ('expired', 'purge_scheduled'))::int as expired,
       (select count(*)::int from platform.clinics where status = 'suspended') as suspended
     from platform.clinics`,
  )
  if (!row) throw new Error('a count without a row')
  return row
}
