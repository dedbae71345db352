import { parseId, type SeriesId } from '../../kernel/ids.ts'
import type { Ctx } from '../../platform/clinic-scope.ts'
import { changes, rows } from '../../platform/db/rows.ts'
import { notFound } from '../../platform/errors.ts'
import type { LastChange, Rule } from './rules.ts'

export type Series = { id: SeriesId; rule: Rule; visits: number; lastChange: LastChange | null }

type SeriesRow = {
  id: SeriesId
  every: Rule['every']
  step: number
  weekdays: string
  monthBy: 'date' | 'weekday' | null
  visits: number
  lastChange: LastChange | null
}

export async function findSeries(ctx: Ctx, id: SeriesId): Promise<Series | undefined> {
  const [row] = await rows<SeriesRow>(
    ctx.db,
    `select id, every, step, weekdays, month_by as "monthBy", visits, last_change as "lastChange"
     from clinic.series where clinic_id = ? and id = ?`,
    [ctx.clinic.id, id],
  )
  return row && { id: row.id, rule: ruleOf(row), visits: row.visits, lastChange: row.lastChange }
}

export async function getSeries(ctx: Ctx, id: SeriesId): Promise<Series> {
  return (await findSeries(ctx, id)) ?? notFound('series')
}

function ruleOf({ every, step, weekdays, monthBy }: SeriesRow): Rule {
  if (every === 'day') return { every, step }
  if (every === 'month') return { every, step, by: monthBy ?? 'date' }
  return { every, step, weekdays: weekdays.split(',').filter(Boolean).map(Number) }
}

/** False when there is a series of this id already: the form was sent twice. */
export async function insertSeries(ctx: Ctx, id: SeriesId, rule: Rule, visits: number): Promise<boolean> {
  const inserted = await changes(
    ctx.db,
    `insert into clinic.series (clinic_id, id, every, step, weekdays, month_by, visits, created_at)
     values (?, ?, ?, ?, ?, ?, ?, ?) on conflict (clinic_id, id) do nothing`,
    [
      ctx.clinic.id,
      id,
      rule.every,
      rule.step,
      rule.every === 'week' ? rule.weekdays.join(',') : '',
      rule.every === 'month' ? rule.by : null,
      visits,
      ctx.now,
    ],
  )
  return inserted === 1
}

/** Keeps what was done last, for taking it back; nothing, once it was. */
export async function updateLastChange(ctx: Ctx, id: SeriesId, change: LastChange | undefined): Promise<void> {
  await changes(ctx.db, 'update clinic.series set last_change = ?::jsonb where clinic_id = ? and id = ?', [
    change === undefined ? null : JSON.stringify(change),
    ctx.clinic.id,
    id,
  ])
}

/** Locks a series for the rest of the transaction: what is done to all of it is done by one person at a time. */
export async function lockSeries(ctx: Ctx, id: SeriesId): Promise<void> {
  const [row] = await rows(ctx.db, 'select id from clinic.series where clinic_id = ? and id = ? for update', [
    ctx.clinic.id,
    id,
  ])
  if (!row || parseId(id) === undefined) notFound('series')
}
