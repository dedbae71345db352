import { Temporal, type PlainDate } from '../../../kernel/time.ts'

export const ranges = ['30', '90', '365', 'all'] as const
export type Range = (typeof ranges)[number]

export type Period = { from: PlainDate; to: PlainDate }

/** Days up to a month, weeks up to a quarter, months beyond: a plot of some dozen points, and a table one can read. */
export function periodsOf(first: PlainDate, last: PlainDate): Period[] {
  const days = first.until(last).days + 1
  if (days <= 31) return steps(first, last, (from) => from)
  if (days <= 100) return weeks(first, last)
  return steps(first, last, (from) => from.add({ months: 1 }).with({ day: 1 }).subtract({ days: 1 }))
}

function steps(first: PlainDate, last: PlainDate, endOf: (from: PlainDate) => PlainDate): Period[] {
  const periods: Period[] = []
  for (let from = first; Temporal.PlainDate.compare(from, last) <= 0;) {
    const end = endOf(from)
    const to = Temporal.PlainDate.compare(end, last) < 0 ? end : last
    periods.push({ from, to })
    from = to.add({ days: 1 })
  }
  return periods
}

/** Whole weeks counted back from the last day, so that the last one is never a stump. */
function weeks(first: PlainDate, last: PlainDate): Period[] {
  const periods: Period[] = []
  for (let to = last; Temporal.PlainDate.compare(to, first) >= 0; to = to.subtract({ days: 7 })) {
    const begin = to.subtract({ days: 6 })
    periods.unshift({ from: Temporal.PlainDate.compare(begin, first) < 0 ? first : begin, to })
  }
  return periods
}

/** The first day of a range that ends on `last`, not before there were figures. */
export function rangeStart(range: Range, first: PlainDate, last: PlainDate): PlainDate {
  if (range === 'all') return first
  const start = last.subtract({ days: Number(range) - 1 })
  return Temporal.PlainDate.compare(start, first) < 0 ? first : start
}
