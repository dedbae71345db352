// The week grid as its templates draw it, and hours in words.
import type { Form } from '../../../kernel/forms.ts'
import { Temporal } from '../../../kernel/time.ts'
import type { Speaker } from '../../../platform/i18n/speaker.ts'
import { fieldIn } from '../pages.ts'
import { fridayBreak, minuteOf, rowField, rowsPerDay, typedRows, type Span, type Validity } from '../rules/hours.ts'

export function validityText(speaker: Speaker, { validFrom, validTo }: Validity): string | undefined {
  const [from, to] = [validFrom && speaker.date(validFrom), validTo && speaker.date(validTo)]
  if (from !== undefined && to !== undefined) return speaker.t('clinics.hours.between', { from, to })
  if (from !== undefined) return speaker.t('clinics.hours.since', { from })
  return to === undefined ? undefined : speaker.t('clinics.hours.until', { to })
}

export function spanText(speaker: Speaker, { startsMin, endsMin }: Span): string {
  const times = { from: speaker.clockTime(startsMin), to: speaker.clockTime(endsMin % 1440) }
  return endsMin > 1440 ? speaker.t('clinics.hours.span_overnight', times) : speaker.t('clinics.hours.span', times)
}

// Any Monday: only its weekday is read.
const monday = Temporal.PlainDate.from('2024-01-01')
export const weekdayName = (speaker: Speaker, weekday: number): string =>
  speaker.longWeekday(monday.add({ days: weekday - 1 }))

export function daysText(speaker: Speaker, days: readonly number[]): string {
  const [first, last] = [days[0] ?? 1, days.at(-1) ?? 1]
  if (days.length === 1) return weekdayName(speaker, first)
  if (days.length === 2) return speaker.list(days.map((day) => weekdayName(speaker, day)))
  return speaker.t('clinics.hours.days', { from: weekdayName(speaker, first), to: weekdayName(speaker, last) })
}

/** One row of the grid: a day with its stretches, and what is wrong with them. A lone day goes by another name. */
export function dayModel(speaker: Speaker, { values, errors }: Form, weekday: number, lone?: string) {
  const { t } = speaker
  const name = lone ?? weekdayName(speaker, weekday)
  const rows = typedRows(values).filter((row) => row.weekday === weekday)
  const read = rows.map(({ from, to }) => [minuteOf(from), minuteOf(to)] as const)
  return {
    weekday,
    name,
    rows: rows.map(({ row, from, to }, at) => {
      const [start, end] = read[at] ?? []
      const [fromField, toField] = [rowField(weekday, row, 'from'), rowField(weekday, row, 'to')]
      return {
        row,
        fromField,
        toField,
        from,
        to,
        fromLabel: t('clinics.hours.row_from', { day: name, count: at + 1 }),
        toLabel: t('clinics.hours.row_to', { day: name, count: at + 1 }),
        removeLabel: t('clinics.hours.row_remove', { day: name, count: at + 1 }),
        fromError: errors[fromField],
        toError: errors[toField],
        overnight:
          start !== undefined && end !== undefined && end <= start && (end > 0 || start === 0) && start !== end,
      }
    }),
    problems: [
      ...new Set(
        rows.flatMap(({ row }) => [errors[rowField(weekday, row, 'from')], errors[rowField(weekday, row, 'to')]]),
      ),
    ].flatMap((key) => (key === undefined ? [] : [t(key)])),
    // For the bar: minutes of the day, cut at midnight.
    bars: read.flatMap(([start, end]) => {
      if (start === undefined || end === undefined || start === end) return []
      return [{ x: start, width: (end > start ? end : 1440) - start }]
    }),
    canAdd: rows.length < rowsPerDay,
  }
}

/** The fields that cut a break out of the hours, and the break that most make on a Friday. */
export function breaksOf(speaker: Speaker, form: Form, order: readonly number[]) {
  const { t } = speaker
  const field = fieldIn(form)
  const time = (name: string, label: string) => field({ name, type: 'time', label, css: 'input-short' })
  return {
    open:
      ['break', 'friday'].includes(form.values.do ?? '') ||
      ['break_days', 'break_from', 'break_to'].some((name) => name in form.errors),
    days:
      order.length > 1
        ? field({
            name: 'break_days',
            type: 'checkboxes',
            label: t('clinics.timetables.break.days'),
            options: order.map((weekday) => ({ value: String(weekday), label: weekdayName(speaker, weekday) })),
          })
        : undefined,
    from: time('break_from', t('clinics.timetables.break.from')),
    to: time('break_to', t('clinics.timetables.break.to')),
    friday: order.includes(fridayBreak.weekday)
      ? t('clinics.timetables.break.friday', {
          from: speaker.clockTime(minuteOf(fridayBreak.from) ?? 0),
          to: speaker.clockTime(minuteOf(fridayBreak.to) ?? 0),
        })
      : undefined,
  }
}
