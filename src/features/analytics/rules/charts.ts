// Which figures there are and what each plot is made of. Numbers only; words are added where they are shown.
import type { PlainDate } from '../../../kernel/time.ts'
import type { Values } from './plot.ts'

export type Unit = 'count' | 'money' | 'share'
export type SeriesName = string
export type Chart = {
  id: ChartId
  kind: 'lines' | 'columns' | 'bars'
  unit: Unit
  series: { name: SeriesName; values: Values }[]
  /** For bars: what each stands for; the others have the periods. */
  groups?: { kind: 'plan' | 'country' | 'deed'; code: string }[]
  /** Not known by plan: told of all plans even where one was chosen. */
  allPlans: boolean
}

export const chartIds = [
  'revenue',
  'movement',
  'money',
  'clinics',
  'trials',
  'churn',
  'bookings',
  'changes',
  'noshow',
  'messages',
  'features',
  'plans',
  'countries',
] as const
export type ChartId = (typeof chartIds)[number]

export const states = ['trialing', 'active', 'past_due', 'expired', 'purge_scheduled'] as const
export const usedDeeds = ['any', 'bookings_online', 'bookings_desk', 'messages', 'fulfilled', 'moved'] as const

export const flowMetrics = {
  all: [
    'trials_started',
    'trials_freed',
    'trials_lapsed',
    'clinics_won',
    'clinics_returned',
    'clinics_lost',
    'mrr_new',
    'mrr_expansion',
    'mrr_reactivation',
    'mrr_contraction',
    'mrr_churn',
    'mrr_adjusted',
    'money_payment',
    'money_refund',
  ],
  byPlan: [
    'deed_bookings_online',
    'deed_bookings_desk',
    'deed_cancelled',
    'deed_moved',
    'deed_fulfilled',
    'deed_noshow',
    'deed_fulfilled_reminded',
    'deed_noshow_reminded',
    'deed_messages',
    'deed_messages_failed',
  ],
}
export const stockMetrics = [
  'mrr',
  'paying',
  ...states.map((state) => `clinics_${state}`),
  ...usedDeeds.map((deed) => `used_${deed}`),
]

/** Fewer visits than this, and a rate says more about chance than about reminders. */
export const fewestVisits = 20

export type Figures = {
  /** What happened in the period. */
  flow: (metric: string, at: number) => number
  /** How it stood at the end of the period; -1 is the end of the day before the first. */
  stock: (metric: string, at: number) => number
  count: number
}

export function figuresOf(
  periods: readonly { to: PlainDate }[],
  before: PlainDate,
  flows: readonly { at: number; metric: string; value: number }[],
  stocks: readonly { day: PlainDate; metric: string; value: number }[],
): Figures {
  const flow = new Map(flows.map(({ at, metric, value }) => [`${metric} ${at}`, value]))
  const stock = new Map(stocks.map(({ day, metric, value }) => [`${metric} ${day.toString()}`, value]))
  const endOf = (at: number) => (at < 0 ? before : (periods[at]?.to ?? before))
  return {
    flow: (metric, at) => flow.get(`${metric} ${at}`) ?? 0,
    stock: (metric, at) => stock.get(`${metric} ${endOf(at).toString()}`) ?? 0,
    count: periods.length,
  }
}

const ratio = (part: number, whole: number, least = 1): number | null => (whole < least ? null : part / whole)

type Group = { country: string; plan: string; clinics: number; paying: number }

export function chartsOf(figures: Figures, groups: readonly Group[]): Record<ChartId, Chart> {
  const { flow, stock, count } = figures
  const each = (value: (at: number) => number | null): Values => Array.from({ length: count }, (_, at) => value(at))
  const flows = (names: Record<SeriesName, string>, sign: 1 | -1 = 1) =>
    Object.entries(names).map(([name, metric]) => ({
      name,
      values: each((at) => nothingBelow(sign * flow(metric, at))),
    }))
  const chart = (
    id: ChartId,
    kind: Chart['kind'],
    unit: Unit,
    series: Chart['series'],
    allPlans = false,
  ): [ChartId, Chart] => [id, { id, kind, unit, series, allPlans }]
  const last = count - 1
  const present = states.filter((state) => state !== 'purge_scheduled').map((state) => `clinics_${state}`)
  const living = present.reduce((sum, metric) => sum + stock(metric, last), 0)
  return Object.fromEntries([
    chart('revenue', 'lines', 'money', [{ name: 'revenue', values: each((at) => stock('mrr', at)) }]),
    chart(
      'movement',
      'columns',
      'money',
      ['new', 'expansion', 'reactivation', 'contraction', 'churn', 'adjusted'].map((name) => ({
        name,
        values: each((at) => flow(`mrr_${name}`, at)),
      })),
      true,
    ),
    chart('money', 'columns', 'money', [
      ...flows({ received: 'money_payment' }, -1),
      ...flows({ refunded: 'money_refund' }, -1),
    ], true), // prettier-ignore
    chart(
      'clinics',
      'columns',
      'count',
      states.map((name) => ({ name, values: each((at) => stock(`clinics_${name}`, at)) })),
    ),
    chart(
      'trials',
      'lines',
      'count',
      flows({ started: 'trials_started', won: 'clinics_won', freed: 'trials_freed', lapsed: 'trials_lapsed' }),
      true,
    ),
    chart('churn', 'lines', 'share', [
      { name: 'lost_clinics', values: each((at) => ratio(flow('clinics_lost', at), stock('paying', at - 1))) },
      { name: 'lost_revenue', values: each((at) => ratio(-flow('mrr_churn', at), stock('mrr', at - 1))) },
    ], true), // prettier-ignore
    chart('bookings', 'columns', 'count', flows({ online: 'deed_bookings_online', desk: 'deed_bookings_desk' })),
    chart(
      'changes',
      'lines',
      'count',
      flows({ cancelled: 'deed_cancelled', moved: 'deed_moved', missed: 'deed_noshow' }),
    ),
    chart('noshow', 'lines', 'share', [
      {
        name: 'reminded',
        values: each((at) => missedShare(flow('deed_noshow_reminded', at), flow('deed_fulfilled_reminded', at))),
      },
      {
        name: 'unreminded',
        values: each((at) =>
          missedShare(
            flow('deed_noshow', at) - flow('deed_noshow_reminded', at),
            flow('deed_fulfilled', at) - flow('deed_fulfilled_reminded', at),
          ),
        ),
      },
    ]),
    chart('messages', 'columns', 'count', flows({ sent: 'deed_messages', failed: 'deed_messages_failed' })),
    [
      'features',
      {
        id: 'features' as const,
        kind: 'bars' as const,
        unit: 'share' as const,
        allPlans: false,
        groups: usedDeeds.map((code) => ({ kind: 'deed' as const, code })),
        series: [{ name: 'used', values: usedDeeds.map((deed) => ratio(stock(`used_${deed}`, last), living)) }],
      },
    ],
    ['plans', grouped('plans', 'plan', groups)],
    ['countries', grouped('countries', 'country', groups)],
  ]) as Record<ChartId, Chart>
}

const missedShare = (missed: number, came: number) => ratio(missed, missed + came, fewestVisits)

/** An undo of yesterday's step takes away today what was counted then; a whole period below nothing says nothing. */
const nothingBelow = (value: number) => (Object.is(value, -0) ? 0 : value)

function grouped(id: 'plans' | 'countries', kind: 'plan' | 'country', groups: readonly Group[]): Chart {
  const sums = new Map<string, { clinics: number; paying: number }>()
  for (const group of groups) {
    const known = sums.get(group[kind]) ?? { clinics: 0, paying: 0 }
    sums.set(group[kind], { clinics: known.clinics + group.clinics, paying: known.paying + group.paying })
  }
  const sorted = [...sums].sort(([a, x], [b, y]) => y.clinics - x.clinics || (a < b ? -1 : 1))
  return {
    id,
    kind: 'bars',
    unit: 'count',
    allPlans: false,
    groups: sorted.map(([code]) => ({ kind, code })),
    series: [
      { name: 'all', values: sorted.map(([, { clinics }]) => clinics) },
      { name: 'paying', values: sorted.map(([, { paying }]) => paying) },
    ],
  }
}
