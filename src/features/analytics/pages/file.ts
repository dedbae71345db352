import { moneyText } from '../../../kernel/money.ts'
import type { Cell } from '../../../platform/csv.ts'
import type { Speaker } from '../../../platform/i18n/speaker.ts'
import type { Services } from '../../../platform/services.ts'
import type { ChartId } from '../rules/charts.ts'
import type { AnalyticsQuery } from '../schema.ts'
import { readFigures } from './figures.ts'
import { wordsFor } from './words.ts'

export type File = { header: string[]; lines: Cell[][] }

/** A plot's numbers as a file, exact: days as days, money as decimals, shares as fractions. */
export async function analyticsFile(
  { db }: Pick<Services, 'db'>,
  speaker: Speaker,
  query: AnalyticsQuery,
  id: ChartId,
): Promise<File | undefined> {
  const read = await readFigures(db, query)
  if (!read) return undefined
  const words = wordsFor(speaker, read)
  const { filter, charts, periods } = read
  const { t } = speaker
  const chart = charts[id]
  const cell = (value: number | null): Cell => {
    if (value === null) return null
    if (chart.unit === 'share') return Math.round(value * 10_000) / 10_000
    return chart.unit === 'money' ? { decimal: moneyText({ minor: value, currency: filter.currency }) } : value
  }
  const names = chart.series.map(({ name }) =>
    chart.unit === 'money' ? `${t(`analytics.series.${name}`)} (${filter.currency})` : t(`analytics.series.${name}`),
  )
  const cells = (at: number) => chart.series.map(({ values }) => cell(values[at] ?? null))
  const { groups } = chart
  if (groups) {
    return {
      header: [t(`analytics.group.${groups[0]?.kind ?? 'plan'}`), ...names],
      lines: groups.map((group, at) => [words.group(group), ...cells(at)]),
    }
  }
  return {
    header: [t('analytics.from'), t('analytics.to'), ...names],
    lines: periods.map(({ from, to }, at) => [from.toString(), to.toString(), ...cells(at)]),
  }
}
