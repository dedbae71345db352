// What page and file are both made from.
import type { Knex } from 'knex'
import { listPlans } from '../../subscription/queries/plans.ts'
import { findChoices, listFlows, listGroups, listStocks, type Choices, type Filter } from '../queries/figures.ts'
import {
  chartsOf,
  figuresOf,
  flowMetrics,
  stockMetrics,
  type Chart,
  type ChartId,
  type Figures,
} from '../rules/charts.ts'
import { periodsOf, rangeStart, type Period } from '../rules/periods.ts'
import type { AnalyticsQuery } from '../schema.ts'

export type Read = {
  choices: Choices
  filter: Filter
  periods: Period[]
  figures: Figures
  charts: Record<ChartId, Chart>
  plans: Awaited<ReturnType<typeof listPlans>>
}

/** Five statements; nothing while no day has been added up yet. */
export async function readFigures(db: Knex, query: AnalyticsQuery): Promise<Read | undefined> {
  const [choices, plans] = await Promise.all([findChoices(db, query.country), listPlans(db)])
  if (!choices) return undefined
  // Revenue of several currencies can't be added up: one is always chosen.
  const currency = choices.currencies.includes(query.currency) ? query.currency : (choices.currencies[0] ?? '')
  const filter = {
    country: choices.countries.includes(query.country) ? query.country : '',
    plan: choices.plans.includes(query.plan) ? query.plan : '',
    currency,
  }
  const first = rangeStart(query.range, choices.first, choices.last)
  const periods = periodsOf(first, choices.last)
  const before = first.subtract({ days: 1 })
  const [flows, stocks, groups] = await Promise.all([
    listFlows(db, periods, flowMetrics, filter),
    listStocks(db, [before, ...periods.map(({ to }) => to)], stockMetrics, filter),
    listGroups(db, choices.last, filter),
  ])
  const figures = figuresOf(periods, before, flows, stocks)
  return { choices, filter, periods, figures, charts: chartsOf(figures, groups), plans }
}
