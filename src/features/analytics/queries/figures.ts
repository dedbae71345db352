// What the page reads of the daily figures. Four statements, whatever is asked for.
import type { Knex } from 'knex'
import type { PlainDate } from '../../../kernel/time.ts'
import { rows } from '../../../platform/db/rows.ts'

/** '' is all of them. */
export type Filter = { country: string; plan: string; currency: string }
export type Period = { from: PlainDate; to: PlainDate }

export type Choices = {
  first: PlainDate
  last: PlainDate
  countries: string[]
  plans: string[]
  /** Those most clinics pay in first; of the country asked for, if one is. */
  currencies: string[]
}

/** What there is to choose from, by the last day there is. */
export async function findChoices(db: Knex, country: string): Promise<Choices | undefined> {
  const [found] = await rows<Omit<Choices, 'first' | 'last'> & { first: PlainDate | null; last: PlainDate | null }>(
    db,
    `with days as (select min(day) as first, max(day) as last from platform.figure_days),
       present as (select f.* from platform.daily_figures f, days where f.day = days.last)
     select first, last,
       coalesce((select array_agg(distinct country order by country) from present), '{}') as countries,
       coalesce((select array_agg(distinct plan order by plan) from present where plan <> ''), '{}') as plans,
       coalesce((select array_agg(currency order by paying desc, currency) from (
         select m.currency, sum((select coalesce(sum(p.value), 0) from present p
           where p.metric = 'paying' and p.country = m.country)) as paying
         from (select distinct country, currency from present where currency <> '' and ? in ('', country)) as m
         group by m.currency) as c), '{}') as currencies
     from days`,
    [country],
  )
  if (!found?.first || !found.last) return undefined
  return { ...found, first: found.first, last: found.last }
}

const chosen = `(? = '' or f.country = ?) and f.currency in ('', ?)`
const chosenBindings = ({ country, currency }: Filter) => [country, country, currency]

export type FlowSum = { at: number; metric: string; value: number }

/** What happened in each period. Trials, money and movement are told of all plans together. */
export async function listFlows(
  db: Knex,
  periods: readonly Period[],
  metrics: { all: readonly string[]; byPlan: readonly string[] },
  filter: Filter,
): Promise<FlowSum[]> {
  return rows<FlowSum>(
    db,
    `select p.at - 1 as at, f.metric, sum(f.value)::bigint as value
     from unnest(?::date[], ?::date[]) with ordinality as p (first, last, at)
     join platform.daily_figures f on f.day between p.first and p.last
     where (f.metric = any(?) or (f.metric = any(?) and (? = '' or f.plan = ?))) and ` +
      chosen +
      ' group by 1, 2',
    [
      periods.map(({ from }) => from.toString()),
      periods.map(({ to }) => to.toString()),
      metrics.all,
      metrics.byPlan,
      filter.plan,
      filter.plan,
      ...chosenBindings(filter),
    ],
  )
}

export type StockSum = { day: PlainDate; metric: string; value: number }

/** How things stood at the end of each of these days. */
export async function listStocks(
  db: Knex,
  days: readonly PlainDate[],
  metrics: readonly string[],
  filter: Filter,
): Promise<StockSum[]> {
  return rows<StockSum>(
    db,
    `select f.day, f.metric, sum(f.value)::bigint as value from platform.daily_figures f
     where f.day = any(?::date[]) and f.metric = any(?) and (? = '' or f.plan = ?) and ` +
      chosen +
      ' group by 1, 2',
    [days.map(String), metrics, filter.plan, filter.plan, ...chosenBindings(filter)],
  )
}

export type GroupSum = { country: string; plan: string; clinics: number; paying: number }

/** Clinics by country and plan at the end of a day. */
export async function listGroups(db: Knex, day: PlainDate, filter: Filter): Promise<GroupSum[]> {
  return rows<GroupSum>(
    db,
    `select f.country, f.plan, coalesce(sum(f.value) filter (where f.metric <> 'paying'), 0)::bigint as clinics,
       coalesce(sum(f.value) filter (where f.metric = 'paying'), 0)::bigint as paying
     from platform.daily_figures f
     where f.day = ? and (f.metric = 'paying' or f.metric = any(?)) and (? = '' or f.plan = ?) and ` +
      chosen +
      ' group by 1, 2',
    [
      day,
      ['clinics_trialing', 'clinics_active', 'clinics_past_due', 'clinics_expired', 'clinics_purge_scheduled'],
      filter.plan,
      filter.plan,
      ...chosenBindings(filter),
    ],
  )
}
