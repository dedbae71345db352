// Whether retention keeps up: who was gone through when, what was erased, which rules fell behind.
import type { ClinicId } from '../../../kernel/ids.ts'
import type { Instant } from '../../../kernel/time.ts'
import type { Ctx } from '../../../platform/clinic-scope.ts'
import type { Database } from '../../../platform/db/connect.ts'
import { changes, rows } from '../../../platform/db/rows.ts'
import type { RuleCode } from '../rules/retention.ts'

/** When a clinic was last gone through whole. */
export async function findTurn(ctx: Ctx): Promise<{ doneAt: Instant | null } | undefined> {
  const [turn] = await rows<{ doneAt: Instant | null }>(
    ctx.db,
    'select done_at as "doneAt" from platform.retention_turns where clinic_id = ?',
    [ctx.clinic.id],
  )
  return turn
}

export type ErasedSums = { rule: string; recent: number; total: number }

/** What the ledger has of a clinic: since an instant, and in all. */
export async function listErasedSums(ctx: Ctx, since: Instant): Promise<ErasedSums[]> {
  return rows<ErasedSums>(
    ctx.db,
    `select rule, coalesce(sum(count) filter (where at >= ?), 0)::bigint as recent, sum(count)::bigint as total
     from platform.erasures where clinic_id = ? group by rule`,
    [since, ctx.clinic.id],
  )
}

/** The same of all clinics and the service together. */
export async function listErasedSince(db: Database, since: Instant): Promise<{ rule: string; recent: number }[]> {
  return rows(db, 'select rule, sum(count)::bigint as recent from platform.erasures where at >= ? group by rule', [
    since,
  ])
}

/** When each rule was last gone through: here, or by the job of another feature that keeps it. */
export async function listLastRuns(db: Database): Promise<{ rules: Map<string, Instant>; jobs: Map<string, Instant> }> {
  const found = await rows<{ kind: 'rule' | 'job'; name: string; at: Instant }>(
    db,
    `select 'rule' as kind, rule as name, ran_at as at from platform.retention_rules
     union all select 'job', name, last_success_at from platform.jobs where last_success_at is not null`,
  )
  const of = (wanted: string) => new Map(found.filter(({ kind }) => kind === wanted).map(({ name, at }) => [name, at]))
  return { rules: of('rule'), jobs: of('job') }
}

export async function upsertRuleRan(db: Database, codes: readonly RuleCode[], at: Instant): Promise<void> {
  await changes(
    db,
    `insert into platform.retention_rules (rule, ran_at) select rule, ?::timestamptz from unnest(?::text[]) as t (rule)
     on conflict (rule) do update set ran_at = excluded.ran_at`,
    [at, codes],
  )
}

export type LateTurn = { id: ClinicId; name: string; slug: string; since: Instant; behind: string[] }

/** The clinics that were last gone through whole before `before`, the one that waits longest first; and how many. */
export async function listLateTurns(
  db: Database,
  before: Instant,
  limit: number,
): Promise<{ turns: LateTurn[]; total: number }> {
  const found = await rows<LateTurn & { total: number }>(
    db,
    `select c.id, c.name, c.slug, coalesce(r.done_at, c.created_at) as since, coalesce(r.behind, '{}') as behind,
       count(*) over () as total
     from platform.clinics c left join platform.retention_turns r on r.clinic_id = c.id
     where coalesce(r.done_at, c.created_at) < ? order by 4, c.id limit ?`,
    [before, limit],
  )
  return { turns: found, total: found[0]?.total ?? 0 }
}

/** At how many clinics each rule has failed since before `before`; under '' those it was not even tried at. */
export async function countBehind(db: Database, before: Instant): Promise<{ rule: string; count: number }[]> {
  return rows(
    db,
    `select rule, count(*) as count from platform.clinics c
       left join platform.retention_turns r on r.clinic_id = c.id
       cross join lateral unnest(case when coalesce(r.behind, '{}') = '{}' then array[''] else r.behind end) as b (rule)
     where coalesce(r.done_at, c.created_at) < ? group by rule order by rule`,
    [before],
  )
}
