// Whether anything changed: for every table how many rows it has and which transaction wrote last, so that whatever is
// added, changed or removed shows.
import type { TestApp } from './app.ts'

export type TableStates = Record<string, string>

/** V16.3.2: a refusal, or a forged webhook, is noted for the clinic's owner and the platform. That is no effect of it. */
const noted: Record<string, string> = {
  'platform.audit_entries': `action not in ('access.denied', 'access.tool_denied', 'webhook.forged')`,
}

/** Leaves out what counts requests, says when a feed was last asked for, and remembers browsers. With a clinic, only its own rows. */
export async function tableStates(app: TestApp, clinicId?: string): Promise<TableStates> {
  const tables = await app.superuser<{ name: string }>(
    `select n.nspname || '.' || c.relname as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
     where n.nspname in ('clinic', 'platform') and c.relkind = 'r' and c.relname not in ('throttles', 'sessions', 'feed_uses')
       and ($1::boolean or exists (select from pg_attribute a where a.attrelid = c.oid and a.attname = 'clinic_id'))
     order by 1`,
    [clinicId === undefined],
  )
  const states = tables.map(({ name }) => {
    const rows = [noted[name], clinicId === undefined ? undefined : `clinic_id = '${clinicId}'`].filter(Boolean)
    const where = rows.length > 0 ? ` where ${rows.join(' and ')}` : ''
    return `(select count(*) || ' rows, last ' || coalesce(max(xmin::text::bigint), 0) from ${name}${where}) as "${name}"`
  })
  const [row] = await app.superuser<TableStates>('select ' + states.join(', '))
  return row!
}

export const changedTables = (before: TableStates, after: TableStates): string[] =>
  Object.keys(after).filter((table) => after[table] !== before[table])
