// How accounts were used, from the platform's log.
import type { Knex } from 'knex'
import type { ClinicId, UserId } from '../../../kernel/ids.ts'
import type { Instant } from '../../../kernel/time.ts'
import { rows } from '../../../platform/db/rows.ts'

export type AccountEvent = {
  id: string
  at: Instant
  action: string
  /** Whose account it is about. */
  name: string | null
  address: string | null
  browser: string | null
  details: Record<string, unknown> | null
}

const columns = 'e.id, e.at, e.action, e.address, e.browser, e.details'

export async function listEventsOfPerson(
  db: Knex,
  userId: UserId,
  actions: readonly string[],
  since: Instant,
  limit: number,
): Promise<AccountEvent[]> {
  return rows<AccountEvent>(
    db,
    'select ' +
      columns +
      `, null as name from platform.audit_entries e
       where e.record_id = ? and e.record_kind = 'user' and e.at >= ? and e.action = any(?::text[])
       order by e.at desc, e.id desc limit ?`,
    [userId, since, [...actions], limit],
  )
}

/**
 * Of a clinic's people, since they are its people; what happened at another clinic is none of its business. And of
 * whoever was refused something there, or took its log along.
 */
export async function listEventsOfClinic(
  db: Knex,
  clinicId: ClinicId,
  actions: readonly string[],
  since: Instant,
  limit: number,
): Promise<AccountEvent[]> {
  return rows<AccountEvent>(
    db,
    'select ' +
      columns +
      `, coalesce(u.name, k.name) as name from (
         select e.* from platform.memberships m join platform.audit_entries e
           on e.record_id = m.user_id and e.record_kind = 'user' and e.at >= greatest(m.created_at, ?::timestamptz)
         where m.clinic_id = ? and e.clinic_id is null and e.action = any(?::text[])
         union all
         select e.* from platform.audit_entries e
         where e.clinic_id = ? and e.at >= ?::timestamptz and e.action in ('access.denied', 'access.tool_denied', 'log.exported')
       ) e left join platform.users u on u.id = coalesce(e.actor_id, e.record_id)
       left join platform.api_clients k on e.record_kind = 'api_client' and k.id = e.record_id
       order by e.at desc, e.id desc limit ?`,
    [since, clinicId, [...actions], clinicId, since, limit],
  )
}
