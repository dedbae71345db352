// The platform's audit log, newest first.
import type { Knex } from 'knex'
import type { ClinicId, UserId } from '../../../kernel/ids.ts'
import type { Instant } from '../../../kernel/time.ts'
import { rows } from '../../../platform/db/rows.ts'
import type { Look } from '../rules/paging.ts'
import { Conditions, found } from './run.ts'

export type AuditLine = {
  id: string
  at: Instant
  action: string
  actorKind: string
  actorName: string | null
  actorId: UserId | null
  recordKind: string | null
  recordId: string | null
  clinicId: ClinicId | null
  clinicName: string | null
  clinicSlug: string | null
  details: Record<string, string | number | boolean | null> | null
  requestId: string | null
  address: string | null
}

export type AuditFilter = {
  action?: string | undefined
  /** Any of these. */
  actions?: readonly string[] | undefined
  actorId?: UserId | undefined
  clinicId?: ClinicId | undefined
  from?: Instant | undefined
  to?: Instant | undefined
}

export async function listAudit(db: Knex, filter: AuditFilter, look: Look, limit: number): Promise<AuditLine[]> {
  const where = new Conditions()
  if (filter.action) where.add('e.action = ?', filter.action)
  if (filter.actions) where.add('e.action = any(?::text[])', [...filter.actions])
  if (filter.actorId) where.add('e.actor_id = ?', filter.actorId)
  if (filter.clinicId) where.add('e.clinic_id = ?', filter.clinicId)
  if (filter.from) where.add('e.at >= ?::timestamptz', filter.from.toString())
  if (filter.to) where.add('e.at < ?::timestamptz', filter.to.toString())
  if (look) where.add(`(e.at, e.id) ${look.back ? '>' : '<'} (?::timestamptz, ?::uuid)`, look.from.key, look.from.id)
  const order = look?.back ? 'asc' : 'desc'
  return found<AuditLine>(
    db,
    `select e.id, e.at, e.action, e.actor_kind as "actorKind", u.name as "actorName", e.actor_id as "actorId",
       e.record_kind as "recordKind", e.record_id as "recordId", e.clinic_id as "clinicId", c.name as "clinicName",
       c.slug as "clinicSlug", e.details, e.request_id as "requestId", e.address
     from (select * from platform.audit_entries e` +
      where.sql +
      ` order by e.at ${order}, e.id ${order} limit ?) e
     left join platform.users u on u.id = e.actor_id
     left join platform.clinics c on c.id = e.clinic_id
     order by e.at ${order}, e.id ${order}`,
    [...where.bindings, limit],
  )
}

/** The actions there are, each found by one step through the index rather than by reading the log. */
export async function listActions(db: Knex): Promise<string[]> {
  const found = await rows<{ action: string }>(
    db,
    `with recursive known as (
       (select action from platform.audit_entries order by action limit 1)
       union all
       select (select e.action from platform.audit_entries e where e.action > known.action order by e.action limit 1)
       from known where known.action is not null)
     select action from known where action is not null`,
  )
  return found.map(({ action }) => action)
}

export async function findPersonByEmail(db: Knex, email: string): Promise<UserId | undefined> {
  const [found] = await rows<{ id: UserId }>(db, 'select id from platform.users where email = ?', [email])
  return found?.id
}
