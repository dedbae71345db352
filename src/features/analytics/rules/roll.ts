// How a day's figures are made of rows about clinics: pure, so that the properties can be tried by the thousand.
import { Temporal, type Instant, type PlainDate } from '../../../kernel/time.ts'

/** One number of a day. 'ZZ' is every country too small to stand alone; '' where a figure has no plan or currency. */
export type Figure = { metric: string; country: string; plan: string; currency: string; value: number }

export const otherCountry = 'ZZ'

/** Fewer clinics than this in a group, and what they do could be read off the figures of the group. */
export const smallest = 5

/**
 * The last day whose counts are final. A clinic's day is the day of its own calendar, and the last place on earth to
 * end one is twelve hours behind UTC.
 */
export function lastFinishedDay(now: Instant): PlainDate {
  return now.subtract({ hours: 36 }).toZonedDateTimeISO('UTC').toPlainDate()
}

/** Every day after `last`, or from `first` on, up to the last that is finished; oldest first. */
export function daysToRoll(last: PlainDate | undefined, first: PlainDate | undefined, now: Instant): PlainDate[] {
  const end = lastFinishedDay(now)
  const days: PlainDate[] = []
  let day = last?.add({ days: 1 }) ?? first
  while (day !== undefined && Temporal.PlainDate.compare(day, end) <= 0) {
    days.push(day)
    day = day.add({ days: 1 })
  }
  return days
}

/**
 * Which groups are shown by themselves: those of at least `least` clinics. What is left over is shown together, and
 * when even that is fewer, the smallest group joins it: else it could be had by taking the shown ones from the total.
 */
export function shownAlone(sizes: ReadonlyMap<string, number>, least = smallest): Set<string> {
  const large = [...sizes].filter(([, size]) => size >= least).sort(([a, x], [b, y]) => x - y || (a < b ? -1 : 1))
  let rest = [...sizes.values()].filter((size) => size < least).reduce((sum, size) => sum + size, 0)
  while (rest > 0 && rest < least) {
    const next = large.shift()
    if (next === undefined) break
    rest += next[1]
  }
  return new Set(large.map(([name]) => name))
}

export type Cell = { country: string; plan: string; clinics: number }

/**
 * What clinics do is told by country, and within a country by plan, only for groups large enough; the others are told
 * together. What they pay us is not folded: that is our own business, not theirs, and its currency would tell anyway.
 */
export function folding(cells: readonly Cell[]): (country: string, plan: string) => { country: string; plan: string } {
  const sum = (sizes: Map<string, number>, key: string, by: number) => sizes.set(key, (sizes.get(key) ?? 0) + by)
  const countries = new Map<string, number>()
  for (const { country, clinics } of cells) sum(countries, country, clinics)
  const named = shownAlone(countries)
  const countryOf = (country: string) => (named.has(country) ? country : otherCountry)
  const plans = new Map<string, Map<string, number>>()
  for (const { country, plan, clinics } of cells) {
    const sizes = plans.get(countryOf(country)) ?? new Map<string, number>()
    plans.set(countryOf(country), sum(sizes, plan, clinics))
  }
  const namedPlans = new Map([...plans].map(([country, sizes]) => [country, shownAlone(sizes)]))
  return (country, plan) => {
    const shown = countryOf(country)
    return { country: shown, plan: namedPlans.get(shown)?.has(plan) ? plan : '' }
  }
}

/** What a clinic paid a month when the day began and when it ended, by what was recorded on that day. */
export type Change = { country: string; currency: string; before: number; after: number; paidEver: boolean }

export const movements = [
  'mrr_new',
  'mrr_expansion',
  'mrr_reactivation',
  'mrr_contraction',
  'mrr_churn',
  'mrr_adjusted',
] as const
export type Movement = (typeof movements)[number]

export function movementOf({ before, after, paidEver }: Change): Movement | undefined {
  if (before === after) return undefined
  if (before === 0) return paidEver ? 'mrr_reactivation' : 'mrr_new'
  if (after === 0) return 'mrr_churn'
  return after > before ? 'mrr_expansion' : 'mrr_contraction'
}

/** Adds figures of the same kind together; what comes to nothing is left out. */
export function added(figures: readonly Figure[]): Figure[] {
  const sums = new Map<string, Figure>()
  for (const figure of figures) {
    const key = [figure.metric, figure.country, figure.plan, figure.currency].join('|')
    const known = sums.get(key)
    sums.set(key, known ? { ...known, value: known.value + figure.value } : figure)
  }
  return [...sums.values()].filter(({ value }) => value !== 0)
}

/**
 * The movement of recurring revenue on a day, such that it always adds up: what no event explains (a clinic that was
 * deleted outright, an entry dated into a day long closed) is called an adjustment rather than left out.
 */
export function movementFigures(
  changes: readonly Change[],
  before: readonly Figure[],
  after: readonly Figure[],
): Figure[] {
  const named = changes.flatMap((change): Figure[] => {
    const metric = movementOf(change)
    if (!metric) return []
    const { country, currency } = change
    return [{ metric, country, plan: '', currency, value: change.after - change.before }]
  })
  const unexplained = (figures: readonly Figure[], sign: 1 | -1): Figure[] =>
    figures.map(({ country, currency, value }) => ({
      metric: 'mrr_adjusted',
      country,
      plan: '',
      currency,
      value: sign * value,
    }))
  return added([...named, ...unexplained(after, 1), ...unexplained(before, -1), ...unexplained(named, -1)])
}

/**
 * The books of a day: what was entered on it, and whatever was entered later under an earlier date, so that the sum of
 * all days is always the sum of the books.
 */
export function bookFigures(
  entered: readonly (Omit<Figure, 'plan'> & { plan?: undefined })[],
  total: readonly { metric: string; currency: string; value: number }[],
  told: readonly { metric: string; currency: string; value: number }[],
): Figure[] {
  const late = (rows: readonly { metric: string; currency: string; value: number }[], sign: 1 | -1): Figure[] =>
    rows.map(({ metric, currency, value }) => ({
      metric,
      country: otherCountry,
      plan: '',
      currency,
      value: sign * value,
    }))
  const today = entered.map((entry): Figure => ({ ...entry, plan: '' }))
  return added([...today, ...late(total, 1), ...late(told, -1), ...late(today, -1)])
}
