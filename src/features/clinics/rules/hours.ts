// Weekly hours: the grid people type them into, and whether they can be kept.
import { latinDigits } from '../../../kernel/money.ts'
import { Temporal, type PlainDate } from '../../../kernel/time.ts'
import type { LocationId } from '../../../kernel/ids.ts'

/** One stretch of a weekly timetable. An end past 1440 is on the next morning. */
export type Span = { weekday: number; startsMin: number; endsMin: number }
export type Validity = { validFrom?: PlainDate | undefined; validTo?: PlainDate | undefined }

/** As typed: two texts a row, at most `rowsPerDay` rows a day. */
export type TypedRow = { weekday: number; row: number; from: string; to: string }
export const rowsPerDay = 6
export const weekdays = [1, 2, 3, 4, 5, 6, 7] as const

export const rowField = (weekday: number, row: number, end: 'from' | 'to') => `d${weekday}_${row}_${end}`

/** The rows of a posted grid, empty ones included, in the order they stand on the page. */
export function typedRows(values: Readonly<Record<string, string>>): TypedRow[] {
  return weekdays.flatMap((weekday) =>
    Array.from({ length: rowsPerDay }, (_, at) => at + 1).flatMap((row) => {
      const from = values[rowField(weekday, row, 'from')]
      const to = values[rowField(weekday, row, 'to')]
      return from === undefined && to === undefined ? [] : [{ weekday, row, from: from ?? '', to: to ?? '' }]
    }),
  )
}

/** Minutes of a time of day typed as `9:00`, `09:00` or `٩:٠٠`. */
export function minuteOf(text: string): number | undefined {
  const match = /^(\d{1,2})[:.](\d{2})$/.exec(latinDigits(text.trim()))
  if (!match) return undefined
  const [hour, minute] = [Number(match[1]), Number(match[2])]
  return hour < 24 && minute < 60 ? hour * 60 + minute : undefined
}

export const clockText = (minute: number): string =>
  `${String(Math.floor((minute % 1440) / 60)).padStart(2, '0')}:${String(minute % 60).padStart(2, '0')}`

/**
 * Reads the grid. A row left empty is none. An end at or before its beginning is the next morning's (22:00 to 02:00);
 * only 00:00 to 00:00 means the whole day, any other time twice is a slip. Rows of the same doctor must not overlap,
 * also not across midnight into the next day's, and Sunday's into Monday's.
 */
export function readWeek(typed: readonly TypedRow[]): { spans: Span[]; errors: Record<string, string> } {
  const errors: Record<string, string> = {}
  const read: { span: Span; field: string }[] = []
  for (const { weekday, row, from, to } of typed) {
    if (from.trim() === '' && to.trim() === '') continue
    const [fromField, toField] = [rowField(weekday, row, 'from'), rowField(weekday, row, 'to')]
    const [startsMin, end] = [minuteOf(from), minuteOf(to)]
    if (startsMin === undefined) errors[fromField] = 'clinics.error.hours_from'
    if (end === undefined) errors[toField] = 'clinics.error.hours_to'
    if (startsMin === undefined || end === undefined) continue
    if (startsMin === end && end !== 0) {
      errors[toField] = 'clinics.error.hours_same'
      continue
    }
    read.push({ span: { weekday, startsMin, endsMin: end > startsMin ? end : end + 1440 }, field: fromField })
  }
  for (const [at, { span, field }] of read.entries()) {
    if (read.slice(0, at).some((earlier) => meet(earlier.span, span))) errors[field] ??= 'clinics.error.hours_overlap'
  }
  return { spans: read.map(({ span }) => span), errors }
}

/**
 * Whether two weekly stretches of one doctor are ever at the same moment, given the dates on which each may begin. A
 * stretch past midnight reaches into the day after.
 */
export function meet(a: Span & Validity, b: Span & Validity): boolean {
  return [-1, 0, 1].some((days) => {
    if ((((b.weekday - a.weekday - days) % 7) + 7) % 7 !== 0) return false
    const shift = days * 1440
    if (a.startsMin >= b.endsMin + shift || b.startsMin + shift >= a.endsMin) return false
    const from = latest(a.validFrom, b.validFrom?.subtract({ days }))
    const to = earliest(a.validTo, b.validTo?.subtract({ days }))
    return weekdayComes(a.weekday, from, to)
  })
}

function weekdayComes(weekday: number, from: PlainDate | undefined, to: PlainDate | undefined): boolean {
  if (!from || !to) return true
  return Temporal.PlainDate.compare(from.add({ days: (weekday - from.dayOfWeek + 7) % 7 }), to) <= 0
}

const latest = (a: PlainDate | undefined, b: PlainDate | undefined) =>
  a && b ? (Temporal.PlainDate.compare(a, b) >= 0 ? a : b) : (a ?? b)
const earliest = (a: PlainDate | undefined, b: PlainDate | undefined) =>
  a && b ? (Temporal.PlainDate.compare(a, b) <= 0 ? a : b) : (a ?? b)

/**
 * What remains of hours when others take their place between two dates: what comes before, and what comes after.
 * `undefined` when the dates do not touch them at all.
 */
export function withoutDates<S extends Validity>(shift: S, { validFrom, validTo }: Validity): S[] | undefined {
  const from = latest(shift.validFrom, validFrom)
  const to = earliest(shift.validTo, validTo)
  if (from && to && Temporal.PlainDate.compare(from, to) > 0) return undefined
  const pieces: S[] = []
  const before = validFrom?.subtract({ days: 1 })
  if (before && (!shift.validFrom || Temporal.PlainDate.compare(shift.validFrom, before) <= 0)) {
    pieces.push({ ...shift, validTo: before })
  }
  const after = validTo?.add({ days: 1 })
  if (after && (!shift.validTo || Temporal.PlainDate.compare(after, shift.validTo) <= 0)) {
    pieces.push({ ...shift, validFrom: after })
  }
  return pieces
}

/** Hours of one doctor that belong together on the page: one place, one pair of dates. */
export type TimetableKey = Validity & { locationId: LocationId }

export const sameTimetable = (a: TimetableKey, b: TimetableKey): boolean =>
  a.locationId === b.locationId && sameDate(a.validFrom, b.validFrom) && sameDate(a.validTo, b.validTo)

const sameDate = (a: PlainDate | undefined, b: PlainDate | undefined) => a?.toString() === b?.toString()

/** The shifts in their timetables: those for always first, then by date. */
export function timetablesOf<S extends TimetableKey>(shifts: readonly S[]): { key: TimetableKey; shifts: S[] }[] {
  const tables: { key: TimetableKey; shifts: S[] }[] = []
  for (const shift of shifts) {
    const known = tables.find(({ key }) => sameTimetable(key, shift))
    if (known) known.shifts.push(shift)
    else {
      const { locationId, validFrom, validTo } = shift
      tables.push({ key: { locationId, validFrom, validTo }, shifts: [shift] })
    }
  }
  const order = ({ key }: { key: TimetableKey }) => key.validFrom?.toString() ?? ''
  return tables.sort((a, b) => (order(a) < order(b) ? -1 : order(a) > order(b) ? 1 : 0))
}

const saturdayFirst = new Set(['AF', 'BH', 'DJ', 'DZ', 'EG', 'IQ', 'IR', 'JO', 'KW', 'LY', 'OM', 'QA', 'SD', 'SY'])
const sundayFirst = new Set(['IL', 'SA', 'US', 'CA', 'YE'])
const fridayOff = new Set([...saturdayFirst, 'SA', 'YE', 'PS'])

/**
 * The ISO weekday, Monday 1, with which a week is written there. Where people work from Monday to Saturday, as in Pakistan
 * and India, it is Monday, whatever wall calendars begin with.
 */
export function firstDayOfWeek(country: string): number {
  return saturdayFirst.has(country) ? 6 : sundayFirst.has(country) ? 7 : 1
}

/** ISO weekdays in the order a week is written in that country. */
export function weekOrder(country: string): number[] {
  const first = firstDayOfWeek(country)
  return weekdays.map((_, at) => ((first - 1 + at) % 7) + 1)
}

/** A usual week to begin with, so that most owners only correct it. */
export function usualWeek(country: string): Span[] {
  const off = fridayOff.has(country) ? [5] : ['PK', 'IN', 'BD'].includes(country) ? [7] : [6, 7]
  return weekdays
    .filter((weekday) => !off.includes(weekday))
    .map((weekday) => ({ weekday, startsMin: 9 * 60, endsMin: 17 * 60 }))
}

type Values = Readonly<Record<string, string>>

/** The grid as posted, with an empty row more on that day, or unchanged when the day is full. */
export function withRow(values: Values, weekday: number): Record<string, string> {
  const taken = typedRows(values).filter((row) => row.weekday === weekday)
  const free = Array.from({ length: rowsPerDay }, (_, at) => at + 1).find(
    (row) => !taken.some((one) => one.row === row),
  )
  if (free === undefined) return { ...values }
  return { ...values, [rowField(weekday, free, 'from')]: '', [rowField(weekday, free, 'to')]: '' }
}

export function withoutRow(values: Values, weekday: number, row: number): Record<string, string> {
  const gone = new Set([rowField(weekday, row, 'from'), rowField(weekday, row, 'to')])
  return Object.fromEntries(Object.entries(values).filter(([field]) => !gone.has(field)))
}

/** One day's rows put on other days, in place of what was there. */
export function withDayCopied(values: Values, from: number, to: readonly number[]): Record<string, string> {
  const copied = typedRows(values).filter((row) => row.weekday === from)
  const kept = Object.entries(values).filter(
    ([field]) => !to.some((weekday) => weekday !== from && field.startsWith(`d${weekday}_`)),
  )
  const added = to
    .filter((weekday) => weekday !== from)
    .flatMap((weekday) => copied.map((row) => ({ ...row, weekday })))
  return { ...Object.fromEntries(kept), ...gridValues(added) }
}

/** The break that most clinics with a Friday make on it. */
export const fridayBreak = { weekday: 5, from: '12:45', to: '14:15' } as const

/**
 * Takes a break out of the rows of some days: a row is cut in two, made shorter, or goes. In a row that runs past
 * midnight the break may be on either side of it. What can't be read stays as it was typed. `outside` when no row of
 * these days has that time, `full` when a day would have more rows than it has room for.
 */
export function withBreak(
  values: Values,
  days: readonly number[],
  pause: { from: string; to: string },
): Record<string, string> | 'outside' | 'full' {
  const [from, end] = [minuteOf(pause.from), minuteOf(pause.to)]
  if (from === undefined || end === undefined) return 'outside'
  const to = end > from ? end : end + 1440
  let changed = false
  let result: Record<string, string> = { ...values }
  for (const weekday of days) {
    const rows = typedRows(values).filter((row) => row.weekday === weekday)
    const cut = rows.flatMap((row) => {
      const pieces = cutRow(row, from, to)
      if (pieces === undefined) return [row]
      changed = true
      return pieces
    })
    if (cut.length > rowsPerDay) return 'full'
    const others = Object.entries(result).filter(([field]) => !field.startsWith(`d${weekday}_`))
    result = { ...Object.fromEntries(others), ...gridValues(cut.map((row, at) => ({ ...row, weekday, row: at + 1 }))) }
  }
  return changed ? result : 'outside'
}

type Typed = Pick<TypedRow, 'from' | 'to'>

/** What a break leaves of a row; `undefined` when it does not touch it. */
function cutRow(row: Typed, from: number, to: number): Typed[] | undefined {
  const [starts, end] = [minuteOf(row.from), minuteOf(row.to)]
  if (starts === undefined || end === undefined || (starts === end && end !== 0)) return undefined
  const ends = end > starts ? end : end + 1440
  const hit = [0, 1440].find((later) => from + later < ends && to + later > starts)
  if (hit === undefined) return undefined
  const pieces = [
    { from: starts, to: from + hit },
    { from: to + hit, to: ends },
  ]
  return pieces
    .filter((piece) => piece.from < piece.to)
    .map((piece) => ({ from: clockText(piece.from), to: clockText(piece.to) }))
}

/** Rows as the fields of a form. */
export function gridValues(typed: readonly TypedRow[]): Record<string, string> {
  return Object.fromEntries(
    typed.flatMap(({ weekday, row, from, to }) => [
      [rowField(weekday, row, 'from'), from],
      [rowField(weekday, row, 'to'), to],
    ]),
  )
}

/** Hours as they are typed. */
export function typedWeek(spans: readonly Span[]): TypedRow[] {
  return weekdays.flatMap((weekday) =>
    spans
      .filter((span) => span.weekday === weekday)
      .sort((a, b) => a.startsMin - b.startsMin)
      .map(({ startsMin, endsMin }, at) => ({
        weekday,
        row: at + 1,
        from: clockText(startsMin),
        to: clockText(endsMin),
      })),
  )
}

/** Days in their order with the same hours next to each other taken together: Monday to Thursday, Friday, Saturday. */
export function groupedDays(spans: readonly Span[], order: readonly number[]): { days: number[]; spans: Span[] }[] {
  const groups: { days: number[]; spans: Span[]; look: string }[] = []
  for (const weekday of order) {
    const own = spans.filter((span) => span.weekday === weekday).sort((a, b) => a.startsMin - b.startsMin)
    const look = own.map(({ startsMin, endsMin }) => `${startsMin}-${endsMin}`).join(' ')
    const last = groups.at(-1)
    if (last?.look === look) last.days.push(weekday)
    else groups.push({ days: [weekday], spans: own, look })
  }
  return groups.filter(({ spans }) => spans.length > 0).map(({ days, spans }) => ({ days, spans }))
}

/**
 * What a button that only changes the form makes of it; undefined when it is no such button. A break that can't be made
 * says so at its fields, with everything typed still there.
 */
export function editedGrid(
  values: Record<string, string>,
  single = false,
): { values: Record<string, string>; errors: Record<string, string> } | undefined {
  const [what, day = '', row = ''] = (values.do ?? '').split(':')
  const edited = (changed: Record<string, string>) => ({ values: changed, errors: {} })
  if (what === 'add') return edited(withRow(values, Number(day)))
  if (what === 'remove') return edited(withoutRow(values, Number(day), Number(row)))
  if (what === 'copy') {
    return edited(withDayCopied(values, Number(values.copy_from), (values.copy_to ?? '').split(' ').map(Number)))
  }
  if (what === 'friday') {
    const made = withBreak(values, [fridayBreak.weekday], fridayBreak)
    return typeof made === 'string' ? { values, errors: { break_from: breakErrors[made] } } : edited(made)
  }
  if (what !== 'break') return undefined
  const from = values.break_from ?? ''
  const to = values.break_to ?? ''
  const days = single ? [1] : (values.break_days ?? '').split(' ').filter(Boolean).map(Number)
  const errors = {
    ...(days.length === 0 ? { break_days: 'clinics.timetables.error.break_days' } : {}),
    ...(minuteOf(from) === undefined ? { break_from: 'clinics.error.hours_from' } : {}),
    ...(minuteOf(to) === undefined ? { break_to: 'clinics.error.hours_to' } : {}),
  }
  if (Object.keys(errors).length > 0) return { values, errors }
  if (minuteOf(from) === minuteOf(to)) return { values, errors: { break_to: 'clinics.error.hours_same' } }
  const made = withBreak(values, days, { from, to })
  if (typeof made === 'string') return { values, errors: { break_from: breakErrors[made] } }
  return edited({ ...made, break_days: '', break_from: '', break_to: '' })
}

const breakErrors = {
  outside: 'clinics.timetables.error.break_outside',
  full: 'clinics.timetables.error.break_full',
} as const
