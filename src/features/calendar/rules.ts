/**
 * Where things stand on a calendar: days of a view, minutes of a day, columns beside each other. Everything here is in
 * minutes by the clock on the wall, counted from the midnight of the day that is drawn; what sticks out of it is cut off.
 */
import { dateAt, localDays, Temporal, timeAt, type Instant, type PlainDate, type Zone } from '../../kernel/time.ts'

export type CalendarView = 'day' | 'week' | 'month'
export const views: readonly CalendarView[] = ['day', 'week', 'month']

/** Minutes after midnight, `to` excluded. */
export type Block = { from: number; to: number }

const dayMinutes = 1440

/** The minute of `date` at which the clock shows this instant: 0 for all that came before, 1440 for all after. */
export function minuteOf(epochMs: number, date: PlainDate, zone: Zone): number {
  const days = localDays(zone)
  const day = days.numberOf(date)
  if (epochMs <= days.from(day)) return 0
  if (epochMs >= days.from(day + 1)) return dayMinutes
  if (days.isRegular(day)) return Math.floor((epochMs - days.from(day)) / 60_000)
  const { hour, minute } = timeAt(Temporal.Instant.fromEpochMilliseconds(epochMs), zone)
  return hour * 60 + minute
}

/** A span of instants as it is drawn on a day; undefined when it does not touch it. */
export function blockOn(span: { from: number; to: number }, date: PlainDate, zone: Zone): Block | undefined {
  const block = { from: minuteOf(span.from, date, zone), to: minuteOf(span.to, date, zone) }
  return block.to > block.from ? block : undefined
}

/** What is left of `whole` when `taken` is cut out of it, in order, pieces shorter than `least` left out. */
export function without(whole: readonly Block[], taken: readonly Block[], least = 1): Block[] {
  const cuts = [...taken].sort((a, b) => a.from - b.from)
  const left: Block[] = []
  for (const { from, to } of whole) {
    let at = from
    for (const cut of cuts) {
      if (cut.to <= at || cut.from >= to) continue
      if (cut.from - at >= least) left.push({ from: at, to: cut.from })
      at = Math.max(at, cut.to)
    }
    if (to - at >= least) left.push({ from: at, to })
  }
  return left
}

/** Blocks that touch or overlap as one. */
export function joined(blocks: readonly Block[]): Block[] {
  const all: Block[] = []
  for (const block of [...blocks].sort((a, b) => a.from - b.from)) {
    const last = all.at(-1)
    if (last && block.from <= last.to) last.to = Math.max(last.to, block.to)
    else all.push({ ...block })
  }
  return all
}

export type Beside = { no: number; of: number }

/** More than this many beside each other are drawn on top of one another: narrower than that nobody can hit them. */
export const mostBeside = 12

/**
 * Which of how many columns each block is drawn in, so that none covers another. What is booked on top comes after all
 * that it lies on: its lane is its own, on the calendar as well.
 */
export function beside(blocks: readonly (Block & { onTop: boolean })[]): Beside[] {
  const order = blocks.map((block, index) => ({ ...block, index })).sort((a, b) => a.from - b.from || b.to - a.to)
  const answer: Beside[] = blocks.map(() => ({ no: 0, of: 1 }))
  let cluster: typeof order = []
  let until = -Infinity
  const settle = () => {
    const columns: number[] = []
    for (const block of [...cluster].sort((a, b) => Number(a.onTop) - Number(b.onTop) || a.from - b.from)) {
      const first = block.onTop ? lastBusy(cluster, answer, block) + 1 : 0
      let no = columns.findIndex((end, column) => column >= first && end <= block.from)
      if (no === -1) no = Math.max(columns.length, first)
      columns[no] = Math.max(columns[no] ?? 0, block.to)
      answer[block.index] = { no, of: 1 }
    }
    const of = Math.min(columns.length, mostBeside)
    for (const { index } of cluster) answer[index] = { no: Math.min(answer[index]?.no ?? 0, of - 1), of }
  }
  for (const block of order) {
    if (block.from >= until && cluster.length > 0) {
      settle()
      cluster = []
    }
    cluster.push(block)
    until = Math.max(until, block.to)
  }
  if (cluster.length > 0) settle()
  return answer
}

/** The last column that something ordinary, which this block lies on, was given. */
function lastBusy(
  cluster: readonly (Block & { onTop: boolean; index: number })[],
  given: readonly Beside[],
  on: Block,
) {
  const under = cluster.filter((one) => !one.onTop && one.from < on.to && one.to > on.from)
  return Math.max(-1, ...under.map(({ index }) => given[index]?.no ?? -1))
}

/** The whole hours that hold everything there is, at least the six around noon. */
export function hoursShown(blocks: readonly Block[]): { from: number; to: number } {
  const from = Math.min(9, ...blocks.map((block) => Math.floor(block.from / 60)))
  const to = Math.max(15, ...blocks.map((block) => Math.ceil(block.to / 60)))
  return { from, to }
}

/** The seven days of the week that `date` lies in. */
export function weekOf(date: PlainDate, first: number): PlainDate[] {
  const start = date.subtract({ days: (date.dayOfWeek - first + 7) % 7 })
  return Array.from({ length: 7 }, (_, day) => start.add({ days: day }))
}

/** The weeks of a month, whole: days of the months before and after fill the first and the last. */
export function weeksOf(date: PlainDate, first: number): PlainDate[][] {
  const start = weekOf(date.with({ day: 1 }), first)[0] ?? date
  const last = date.with({ day: date.daysInMonth })
  const weeks: PlainDate[][] = []
  for (let day = start; Temporal.PlainDate.compare(day, last) <= 0; day = day.add({ days: 7 }))
    weeks.push(weekOf(day, first))
  return weeks
}

/** The days a view shows, the first and how many. */
export function daysShown(view: CalendarView, date: PlainDate, first: number): { from: PlainDate; days: number } {
  if (view === 'day') return { from: date, days: 1 }
  if (view === 'week') return { from: weekOf(date, first)[0] ?? date, days: 7 }
  const weeks = weeksOf(date, first)
  return { from: weeks[0]?.[0] ?? date, days: weeks.length * 7 }
}

/** The day before and after, a week or a month earlier and later. */
export function turned(view: CalendarView, date: PlainDate): { previous: PlainDate; next: PlainDate } {
  const step = view === 'day' ? { days: 1 } : view === 'week' ? { days: 7 } : { months: 1 }
  return { previous: date.subtract(step), next: date.add(step) }
}

/** `09:05`, as forms and addresses carry a time of day. */
export const clockText = (minute: number): string =>
  `${String(Math.floor(minute / 60)).padStart(2, '0')}:${String(minute % 60).padStart(2, '0')}`

/** Where something stands in the grid, as classes: drawn to five minutes, which is finer than anybody sees. */
export function placeCss({ from, to }: Block): string {
  const start = Math.floor(from / 5) * 5
  const length = Math.max(5, Math.ceil((to - start) / 5) * 5)
  return `h${Math.floor(start / 60)} m${start % 60} for-h${Math.floor(length / 60)} for-m${length % 60}`
}

/** The minutes since midnight of a day, now; undefined when it is another day. */
export function nowOn(now: Instant, date: PlainDate, zone: Zone): number | undefined {
  return dateAt(now, zone).equals(date) ? minuteOf(now.epochMilliseconds, date, zone) : undefined
}
