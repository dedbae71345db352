// Numbers and names as they are read.
import { minorDigits } from '../../../kernel/money.ts'
import type { Speaker } from '../../../platform/i18n/speaker.ts'
import type { Chart, Unit } from '../rules/charts.ts'
import { otherCountry } from '../rules/roll.ts'
import type { Read } from './figures.ts'

export type Words = {
  value(unit: Unit, value: number | null): string
  /** The same beside an axis: shorter. */
  tick(unit: Unit, value: number): string
  period(at: number): string
  /** The same below an axis: the month, or the day it ended. */
  shortPeriod(at: number): string
  /** Whole units of money, for where the rest is noise. */
  about(minor: number): string
  group(group: NonNullable<Chart['groups']>[number]): string
  country(code: string): string
  plan(code: string): string
}

export function wordsFor(speaker: Speaker, { filter, periods, plans }: Read): Words {
  const { t } = speaker
  const regions = new Intl.DisplayNames([speaker.lang], { type: 'region' })
  const { currency } = filter
  const percent = (value: number) => t('analytics.percent', { value: Math.round(value * 1000) / 10 })
  const country = (code: string) => (code === otherCountry ? t('analytics.other') : (regions.of(code) ?? code))
  const plan = (code: string) =>
    code === '' ? t('analytics.other') : (plans.find((one) => one.code === code)?.names[speaker.lang] ?? code)
  const isMonth = ({ from, to }: Read['periods'][number]) =>
    from.day === 1 && to.day === to.daysInMonth && from.month === to.month
  return {
    country,
    plan,
    value(unit, value) {
      if (value === null) return '–'
      if (unit === 'share') return percent(value)
      return unit === 'money' ? speaker.money({ minor: value, currency }) : speaker.number(value)
    },
    tick(unit, value) {
      if (unit === 'share') return percent(value)
      return speaker.number(unit === 'money' ? value / 10 ** minorDigits(currency) : value)
    },
    period(at) {
      const period = periods[at]
      if (!period) return ''
      const { from, to } = period
      if (isMonth(period)) return speaker.month(from)
      return from.equals(to) ? speaker.dayMonth(from) : `${speaker.dayMonth(from)} – ${speaker.dayMonth(to)}`
    },
    shortPeriod(at) {
      const period = periods[at]
      if (!period) return ''
      return isMonth(period) ? speaker.monthName(period.from) : speaker.dayMonth(period.to)
    },
    about(minor) {
      const unit = 10 ** minorDigits(currency)
      return speaker.money({ minor: Math.round(minor / unit) * unit, currency })
    },
    group({ kind, code }) {
      if (kind === 'country') return country(code)
      return kind === 'plan' ? plan(code) : t(`analytics.deed.${code}`)
    },
  }
}
