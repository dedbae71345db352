// The entries of a clinic's log as its owner reads them, newest first.
import type { UserId } from '../../../kernel/ids.ts'
import type { Instant } from '../../../kernel/time.ts'
import type { Ctx } from '../../../platform/clinic-scope.ts'
import { changes, rows, type Binding } from '../../../platform/db/rows.ts'
import type { Look } from '../../console/rules/paging.ts'

export type EntryLine = {
  id: string
  at: Instant
  action: string
  actorKind: string
  actorId: UserId | null
  actorRole: string | null
  /** Undefined for whoever has no account or key any more. */
  actorName: string | null
  ownerName: string | null
  recordKind: string | null
  recordId: string | null
  details: Record<string, unknown> | null
  detailsSealed: Buffer | null
  requestId: string | null
}

export type EntryFilter = {
  actorId?: string | undefined
  actions?: readonly string[] | undefined
  recordId?: string | undefined
  from?: Instant | undefined
  to?: Instant | undefined
}

export async function listEntries(ctx: Ctx, filter: EntryFilter, look: Look, limit: number): Promise<EntryLine[]> {
  const conditions = ['e.clinic_id = ?']
  const bindings: Binding[] = [ctx.clinic.id]
  const add = (text: string, ...values: Binding[]) => {
    conditions.push(text)
    bindings.push(...values)
  }
  if (filter.actorId !== undefined) add('e.actor_id = ?::uuid', filter.actorId)
  if (filter.actions !== undefined) add('e.action = any(?::text[])', [...filter.actions])
  if (filter.recordId !== undefined) add('e.record_id = ?::uuid', filter.recordId)
  if (filter.from !== undefined) add('e.at >= ?::timestamptz', filter.from)
  if (filter.to !== undefined) add('e.at < ?::timestamptz', filter.to)
  if (look) add(`(e.at, e.id) ${look.back ? '>' : '<'} (?::timestamptz, ?::uuid)`, look.from.key, look.from.id)
  const order = look?.back ? 'asc' : 'desc'
  return rows<EntryLine>(
    ctx.db,
    `select e.id, e.at, e.action, e.actor_kind as "actorKind", e.actor_id as "actorId", e.actor_role as "actorRole",
       coalesce(u.name, k.name) as "actorName", o.name as "ownerName", e.record_kind as "recordKind",
       e.record_id as "recordId", e.details, e.details_sealed as "detailsSealed", e.request_id as "requestId"
     from (select * from clinic.audit_entries e where ` +
      conditions.join(' and ') +
      ` order by e.at ${order}, e.id ${order} limit ?) e
     left join platform.users u on u.id = e.actor_id
     left join platform.users o on o.id = e.on_behalf_id
     left join platform.api_clients k on k.id = e.actor_id and k.clinic_id = e.clinic_id
     order by e.at ${order}, e.id ${order}`,
    [...bindings, limit],
  )
}

/** What records are called, by their ids, in one trip; a visit by its reference. */
export async function listRecordNames(ctx: Ctx, ids: readonly string[]): Promise<Map<string, string>> {
  if (ids.length === 0) return new Map()
  const own = [ctx.clinic.id, [...new Set(ids)]]
  const found = await rows<{ id: string; name: string }>(
    ctx.db,
    `select id, name from clinic.patients where clinic_id = ? and id = any(?::uuid[])
     union all select id, name from clinic.practitioners where clinic_id = ? and id = any(?::uuid[])
     union all select id, name from clinic.services where clinic_id = ? and id = any(?::uuid[])
     union all select id, name from clinic.locations where clinic_id = ? and id = any(?::uuid[])
     union all select id, reference from clinic.appointments where clinic_id = ? and id = any(?::uuid[])
     union all select id, name from platform.api_clients where clinic_id = ? and id = any(?::uuid[])
     union all select id, name from platform.feeds where clinic_id = ? and id = any(?::uuid[])
     union all select id, name from platform.users where id = any(?::uuid[])`,
    [...own, ...own, ...own, ...own, ...own, ...own, ...own, [...new Set(ids)]],
  )
  return new Map(found.map(({ id, name }) => [id, name]))
}

export type LastCheck = { at: Instant; name: string | null; details: Record<string, unknown> }

/** The last time somebody had the log checked: that stands in the log, and nowhere else. */
export async function findLastCheck(ctx: Ctx): Promise<LastCheck | undefined> {
  const [found] = await rows<LastCheck>(
    ctx.db,
    `select e.at, u.name, e.details from clinic.audit_entries e left join platform.users u on u.id = e.actor_id
     where e.clinic_id = ? and e.record_id = ?::uuid and e.action = 'log.checked' order by e.at desc, e.id desc limit 1`,
    [ctx.clinic.id, ctx.clinic.id],
  )
  return found
}

/** False when that is how it was. */
export async function updateAuditMail(ctx: Ctx, mail: string): Promise<boolean> {
  const changed = await changes(
    ctx.db,
    'update clinic.profiles set audit_mail = ? where clinic_id = ? and audit_mail <> ?',
    [mail, ctx.clinic.id, mail],
  )
  return changed === 1
}
