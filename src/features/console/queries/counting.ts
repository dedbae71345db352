// Brings the list's copies of what happened up to date, all clinics at once.
import type { Knex } from 'knex'
import type { Instant } from '../../../kernel/time.ts'
import { changes } from '../../../platform/db/rows.ts'
import { failing } from '../rules/clinics.ts'

/**
 * The last day on which something happened. Looks from two days before the latest one known, as days are the clinics'
 * own, so that after a pause of any length nothing is missed.
 */
export async function updateLastActive(db: Knex): Promise<number> {
  return changes(
    db,
    `update platform.clinics c set last_active_on = seen.day
     from (select clinic_id, max(day) as day from platform.daily_counts
       where count > 0 and day >= coalesce((select max(last_active_on) - 2 from platform.clinics), '-infinity')
       group by clinic_id) seen
     where seen.clinic_id = c.id and c.last_active_on < seen.day`,
  )
}

/** What was used in the present month of each clinic's calendar. */
export async function updateUsage(db: Knex, now: Instant): Promise<number> {
  return changes(
    db,
    `update platform.clinics c set bookings_this_month = used.bookings, messages_this_month = used.messages
     from (select d.clinic_id, case when current then d.bookings_used else 0 end as bookings,
         case when current then d.messages_used else 0 end as messages
       from platform.diaries d join platform.clinics z on z.id = d.clinic_id,
         lateral (select d.usage_month = date_trunc('month', ?::timestamptz at time zone z.time_zone)::date as current) m) used
     where used.clinic_id = c.id
       and (c.bookings_this_month, c.messages_this_month) is distinct from (used.bookings, used.messages)`,
    [now],
  )
}

/** Whether messages fail, by the rule in `rules/clinics`. Only clinics in which one failed are looked at. */
export async function updateFailing(db: Knex, now: Instant): Promise<number> {
  return changes(
    db,
    `with failed as (
       select clinic_id, sum(count) as count from platform.daily_counts
       where metric = 'messages_failed' and day > (?::timestamptz at time zone 'UTC')::date - ?::int group by clinic_id),
     wrong as (
       select f.clinic_id from failed f
       where f.count >= ? and f.count * 100 >= ? * (
         select coalesce(sum(m.count), 0) from platform.daily_counts m
         where m.clinic_id = f.clinic_id and m.metric = 'messages' and m.day > (?::timestamptz at time zone 'UTC')::date - ?::int))
     update platform.clinics c set messages_failing = not c.messages_failing
     where (c.messages_failing and c.id not in (select clinic_id from wrong))
        or (not c.messages_failing and c.id in (select clinic_id from wrong))`,
    [now, failing.days, failing.atLeast, failing.ofHundred, now, failing.days],
  )
}
