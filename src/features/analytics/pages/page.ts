import type { Speaker } from '../../../platform/i18n/speaker.ts'
import type { Services } from '../../../platform/services.ts'
import { view, type View } from '../../../platform/web/views.ts'
import type { Chart, ChartId } from '../rules/charts.ts'
import { frameFor, lineOf, markPath, size, stackEnds, stackOf } from '../rules/plot.ts'
import { smallest } from '../rules/roll.ts'
import { ranges } from '../rules/periods.ts'
import type { AnalyticsQuery } from '../schema.ts'
import { readFigures, type Read } from './figures.ts'
import { wordsFor, type Words } from './words.ts'

/** What is asked first comes first. */
const sections: { name: string; charts: ChartId[] }[] = [
  { name: 'revenue', charts: ['revenue', 'movement', 'money', 'churn'] },
  { name: 'clinics', charts: ['clinics', 'trials', 'plans', 'countries'] },
  { name: 'work', charts: ['bookings', 'changes', 'noshow', 'messages', 'features'] },
]

export async function analyticsPage(
  { db }: Pick<Services, 'db'>,
  speaker: Speaker,
  query: AnalyticsQuery,
): Promise<View> {
  const { t } = speaker
  const title = t('analytics.title')
  const read = await readFigures(db, query)
  if (!read) return view('analytics/analytics', { title, empty: true })
  const words = wordsFor(speaker, read)
  const { choices, filter, charts } = read
  const chosen = { ...filter, range: query.range }
  return view('analytics/analytics', {
    title,
    empty: false,
    scripts: ['/js/console.js'],
    until: t('analytics.until', { day: speaker.date(choices.last) }),
    folded: t('analytics.folded', { count: smallest }),
    filters: filtersOf(speaker, words, read, query),
    filtered: filter.country !== '' || filter.plan !== '' || query.range !== '90',
    head: headOf(speaker, words, read),
    sections: sections.map(({ name, charts: ids }) => ({
      id: name,
      title: t(`analytics.section.${name}`),
      charts: ids.map((id) => ({
        ...chartOf(speaker, words, charts[id], read.periods.length),
        note: charts[id].allPlans && filter.plan !== '' ? t('analytics.all_plans') : undefined,
        csv: `/admin/analytics/${id}/csv?${new URLSearchParams(chosen).toString()}`,
      })),
    })),
  })
}

function filtersOf(speaker: Speaker, words: Words, { choices, filter }: Read, query: AnalyticsQuery) {
  const { t } = speaker
  const all = (label: string) => ({ value: '', label })
  return [
    {
      name: 'range',
      label: t('analytics.filter.range'),
      value: query.range,
      options: ranges.map((value) => ({ value, label: t(`analytics.range.${value}`) })),
    },
    {
      name: 'country',
      label: t('analytics.filter.country'),
      value: filter.country,
      options: [
        all(t('analytics.filter.all_countries')),
        ...choices.countries.map((value) => ({ value, label: words.country(value) })),
      ],
    },
    {
      name: 'plan',
      label: t('analytics.filter.plan'),
      value: filter.plan,
      options: [
        all(t('analytics.filter.all_plans')),
        ...choices.plans.map((value) => ({ value, label: words.plan(value) })),
      ],
    },
    {
      name: 'currency',
      label: t('analytics.filter.currency'),
      value: filter.currency,
      options: choices.currencies.map((value) => ({ value, label: value })),
    },
  ]
}

/** The few numbers that say how things are, over the whole range. */
function headOf(speaker: Speaker, words: Words, { figures }: Read) {
  const { t } = speaker
  const { flow, stock, count } = figures
  const last = count - 1
  const total = (metric: string) =>
    Array.from({ length: count }, (_, at) => flow(metric, at)).reduce((a, b) => a + b, 0)
  const change = stock('mrr', last) - stock('mrr', -1)
  const ended = total('clinics_won') + total('trials_freed') + total('trials_lapsed')
  const visits = total('deed_noshow') + total('deed_fulfilled')
  return [
    {
      label: t('analytics.head.revenue'),
      value: words.about(stock('mrr', last)),
      more: t(change < 0 ? 'analytics.head.less' : 'analytics.head.more', {
        amount: words.about(Math.abs(change)),
      }),
    },
    { label: t('analytics.head.paying'), value: words.value('count', stock('paying', last)), more: undefined },
    {
      label: t('analytics.head.won'),
      value: words.value('share', ended === 0 ? null : total('clinics_won') / ended),
      more: t('analytics.head.won_of', { count: ended }),
    },
    {
      label: t('analytics.head.bookings'),
      value: words.value('count', total('deed_bookings_online') + total('deed_bookings_desk')),
      more: undefined,
    },
    {
      label: t('analytics.head.missed'),
      value: words.value('share', visits === 0 ? null : total('deed_noshow') / visits),
      more: undefined,
    },
  ]
}

function chartOf(speaker: Speaker, words: Words, chart: Chart, count: number) {
  const { t } = speaker
  const { id, kind, unit } = chart
  const rowCount = chart.groups?.length ?? count
  const series = chart.series
    .map(({ name, values }, shape) => ({ name: t(`analytics.series.${name}`), values, shape }))
    // What there never was needs no colour, as long as something is left.
    .filter(({ values }, at) => at === 0 || values.some((value) => value !== null && value !== 0))
  const rowName = (at: number) => (chart.groups?.[at] ? words.group(chart.groups[at]) : words.period(at))
  const empty = !series.some(({ values }) => values.some((value) => value !== null && value !== 0))
  const rows = Array.from({ length: rowCount }, (_, at) => ({
    name: rowName(at),
    cells: series.map(({ values }) => words.value(unit, values[at] ?? null)),
    bar: kind === 'bars' ? barOf(series.map(({ values }) => values), at, unit) : undefined,
  })) // prettier-ignore
  return {
    id,
    kind,
    title: t(`analytics.chart.${id}.title`),
    about: t(`analytics.chart.${id}.about`),
    empty,
    headings: series.map(({ name }) => name),
    rowHeading: t(chart.groups ? `analytics.group.${chart.groups[0]?.kind ?? 'plan'}` : 'analytics.period'),
    rows,
    // Named even when one is left of several: else nobody knows which.
    legend:
      chart.series.length > 1
        ? series.map(({ name, shape }) => ({ name, shape: shape + 1, mark: markPath(shape, 8, 8) }))
        : [],
    plot: kind === 'bars' || empty ? undefined : plotOf(speaker, words, chart, series),
  }
}

/** How long a bar is, in percent of the longest, or of all where it is a share. */
function barOf(series: readonly (readonly (number | null)[])[], at: number, unit: Chart['unit']) {
  const longest = unit === 'share' ? 1 : Math.max(1, ...series.flatMap((values) => values.map((value) => value ?? 0)))
  return series.map((values, shape) => ({
    shape: shape + 1,
    length: Math.round(((values[at] ?? 0) / longest) * 1000) / 10,
  }))
}

type Drawn = { name: string; values: readonly (number | null)[]; shape: number }

function plotOf(speaker: Speaker, words: Words, { kind, unit }: Chart, series: readonly Drawn[]) {
  const rtl = speaker.dir === 'rtl'
  const all = series.map(({ values }) => values)
  const count = all[0]?.length ?? 0
  const ends = kind === 'columns' ? stackEnds(all) : all.flat().filter((value) => value !== null)
  const frame = frameFor(count, ends, { whole: unit !== 'share', rtl })
  const columns = kind === 'columns' ? stackOf(frame, all) : []
  return {
    ...size,
    ticks: frame.ticks.map(({ value, y }) => ({ y, label: words.tick(unit, value), isZero: value === 0 })),
    labels: frame.labels.map(({ at, x }) => ({ x, text: words.shortPeriod(at) })),
    startX: Math.min(frame.startX, frame.endX),
    endX: Math.max(frame.startX, frame.endX),
    tickX: rtl ? frame.startX + 6 : frame.startX - 6,
    anchor: rtl ? 'start' : 'end',
    zero: frame.zero,
    description: describe(speaker, words, unit, series),
    series: series.map(({ name, values, shape }, at) => ({
      name,
      shape: shape + 1,
      columns: columns[at] ?? [],
      ...(kind === 'lines' ? lineOf(frame, values, shape) : { path: '', marks: [] }),
    })),
  }
}

/** What somebody who can't see the plot should know of its course before going through the table. */
function describe({ t, ...speaker }: Speaker, words: Words, unit: Chart['unit'], series: readonly Drawn[]): string {
  return speaker.list(
    series.map(({ name, values }) => {
      const known = values.filter((value) => value !== null)
      return t('analytics.course', {
        name,
        first: words.value(unit, known[0] ?? null),
        last: words.value(unit, known.at(-1) ?? null),
        highest: words.value(unit, known.length === 0 ? null : Math.max(...known)),
      })
    }),
  )
}
