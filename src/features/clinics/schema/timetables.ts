// Forms about hours for some dates only, the moon and public holidays.
import { z } from 'zod'
import { checkbox, optionalText, type ParsedForm } from '../../../kernel/forms.ts'
import { hijriYears } from '../../../kernel/hijri.ts'
import { parseId, type Id, type LocationId } from '../../../kernel/ids.ts'
import { parseDate, Temporal, type PlainDate } from '../../../kernel/time.ts'
import { readWeek, typedRows, type Span } from '../rules/hours.ts'
import { singleDay, timetableKinds, type Covered, type MoonCorrection } from '../rules/timetables.ts'

const optionalDate = optionalText(10).refine(
  (text) => text === undefined || parseDate(text) !== undefined,
  'clinics.error.date',
)

export const timetableFields = z.object({
  kind: z
    .string({ error: 'form.error.invalid' })
    .transform((text) => timetableKinds.find((kind) => kind === text))
    .refine((kind) => kind !== undefined, 'form.error.invalid'),
  location: z
    .string({ error: 'clinics.error.location_required' })
    .transform((text) => parseId<'location'>(text))
    .refine((id) => id !== undefined, 'clinics.error.location_required'),
  everywhere: checkbox(),
  off: checkbox(),
  name: optionalText(60),
  date: optionalDate,
  valid_from: optionalDate,
  valid_to: optionalDate,
  month: optionalText(2),
  year: optionalText(4),
  replaces: z
    .string()
    .optional()
    .transform((text) => parseId<'timetable'>(text)),
})

export type TimetableForm = {
  /** The timetable this form was opened with and takes the place of. */
  replaces: Id<'timetable'> | undefined
  covers: Covered
  /** Where these hours are. */
  locationId: LocationId
  /** Whether hours at the doctor's other places pause too. */
  everywhere: boolean
  name: string | null
  /** None: time off. */
  spans: Span[]
}

/** Time off has no hours, whatever stands in the grid; anything else without hours is refused, as a slip. */
export function parseTimetable(
  fields: ParsedForm<z.output<typeof timetableFields>>,
  today: PlainDate,
): ParsedForm<TimetableForm> {
  const { values } = fields
  const errors: Record<string, string> = fields.ok ? {} : { ...fields.errors }
  const off = values.off !== undefined && values.off !== ''
  const week = off
    ? { spans: [], errors: {} }
    : readWeek(typedRows(values).filter((row) => values.kind !== 'day' || row.weekday === singleDay))
  Object.assign(errors, week.errors)
  const covers = coveredIn(values, errors, today)
  if (!off && week.spans.length === 0 && Object.keys(week.errors).length === 0) {
    errors.form = 'clinics.timetables.error.no_hours'
  }
  if (!fields.ok || covers === undefined || Object.keys(errors).length > 0) return { ok: false, values, errors }
  const { location, everywhere, name, replaces } = fields.value
  if (location === undefined) throw new Error('a location that passed and is none')
  const spans =
    covers.kind === 'dates' && values.kind === 'day'
      ? week.spans.map((span) => ({ ...span, weekday: covers.from.dayOfWeek }))
      : week.spans
  return { ok: true, values, value: { replaces, covers, locationId: location, everywhere, name: name ?? null, spans } }
}

function coveredIn(
  values: Readonly<Record<string, string>>,
  errors: Record<string, string>,
  today: PlainDate,
): Covered | undefined {
  if (values.kind === 'hijri') return hijriIn(values, errors)
  const single = values.kind === 'day'
  const [first, last] = single ? ['date', 'date'] : ['valid_from', 'valid_to']
  const [from, to] = [parseDate(values[first]), parseDate(values[last])]
  if (!from) errors[first] ??= single ? 'clinics.timetables.error.date' : 'clinics.timetables.error.from'
  if (!to) errors[last] ??= single ? 'clinics.timetables.error.date' : 'clinics.timetables.error.to'
  if (!from || !to) return undefined
  if (Temporal.PlainDate.compare(to, from) < 0) errors[last] = 'clinics.error.dates_order'
  else if (Temporal.PlainDate.compare(to, today) < 0) errors[last] = 'clinics.error.closure_over'
  else if (from.until(to).days > 366) errors[last] = 'clinics.error.closure_long'
  return { kind: 'dates', from, to }
}

const whole = (text: string | undefined, min: number, max: number): number | undefined => {
  const number = /^\d{1,4}$/.test(text ?? '') ? Number(text) : undefined
  return number !== undefined && number >= min && number <= max ? number : undefined
}

function hijriIn(values: Readonly<Record<string, string>>, errors: Record<string, string>): Covered | undefined {
  const month = whole(values.month, 1, 12)
  const everyYear = (values.year ?? '') === ''
  const year = everyYear ? undefined : whole(values.year, hijriYears.from, hijriYears.to)
  if (month === undefined) errors.month = 'clinics.timetables.error.month'
  if (!everyYear && year === undefined) errors.year = 'clinics.timetables.error.year'
  return month === undefined || 'year' in errors ? undefined : { kind: 'hijri_month', month, year }
}

const moonField = /^m(\d{4})_(\d{1,2})$/

/** Whatever is not one of the months offered, or no correction, is left out: these are choices and can't be mistyped. */
export function parseMoon(body: unknown, offered: readonly { year: number; month: number }[]): MoonCorrection[] {
  if (typeof body !== 'object' || body === null) return []
  return Object.entries(body).flatMap(([name, value]): MoonCorrection[] => {
    const [, year, month] = moonField.exec(name) ?? []
    const days = ([-1, 0, 1] as const).find((one) => String(one) === value)
    const known = offered.find((one) => String(one.year) === year && String(one.month) === month)
    return known && days !== undefined ? [{ hijriYear: known.year, hijriMonth: known.month, days }] : []
  })
}
