import { filledForm, type Form } from '../../../kernel/forms.ts'
import type { PractitionerId } from '../../../kernel/ids.ts'
import { Temporal } from '../../../kernel/time.ts'
import type { Ctx } from '../../../platform/clinic-scope.ts'
import { notFound } from '../../../platform/errors.ts'
import type { Speaker } from '../../../platform/i18n/speaker.ts'
import { view } from '../../../platform/web/views.ts'
import { at, fieldIn, formScripts } from '../pages.ts'
import { getDiarySettings, type DiarySettings, type Shift } from '../queries.ts'
import {
  gridValues,
  groupedDays,
  minuteOf,
  rowField,
  rowsPerDay,
  sameTimetable,
  timetablesOf,
  typedRows,
  typedWeek,
  usualWeek,
  weekOrder,
  type Span,
  type TimetableKey,
  type Validity,
} from '../rules/hours.ts'
import { settingsMenu } from '../rules/settings.ts'

/** Every doctor's timetables at a glance. */
export async function hoursPage(ctx: Ctx, speaker: Speaker) {
  const { t } = speaker
  const settings = await getDiarySettings(ctx)
  const doctors = settings.practitioners.filter((doctor) => doctor.active)
  return view('clinics/hours', {
    title: t('clinics.hours.title'),
    lead: t('clinics.hours.lead'),
    menu: settingsMenu(ctx, speaker, 'hours'),
    zone: t('clinics.hours.zone', { zone: ctx.clinic.zone.replaceAll('_', ' ') }),
    empty: {
      icon: 'clock',
      title: t('clinics.hours.empty_title'),
      text: t('clinics.hours.empty_text'),
      action: { href: at(ctx, '/settings/doctors/new'), label: t('clinics.doctors.add'), icon: 'plus' },
    },
    doctors: doctors.map((doctor) => ({
      name: doctor.name,
      addHref: at(ctx, `/settings/hours/${doctor.id}`),
      addLabel: t('clinics.hours.add_for', { name: doctor.name }),
      timetables: timetablesOf(settings.shifts.filter((shift) => shift.practitionerId === doctor.id)).map(
        ({ key, shifts }) => ({
          place: placeName(settings, key),
          validity: validityText(speaker, key),
          over: key.validTo !== undefined && Temporal.PlainDate.compare(key.validTo, today(ctx)) < 0,
          href: at(ctx, timetablePath(doctor.id, key)),
          days: groupedDays(shifts, weekOrder(ctx.clinic.country)).map(({ days, spans }) => ({
            days: daysText(speaker, days),
            hours: spans.map((span) => spanText(speaker, span)),
          })),
        }),
      ),
    })),
  })
}

const today = (ctx: Ctx) => ctx.now.toZonedDateTimeISO(ctx.clinic.zone).toPlainDate()

const placeName = ({ locations }: DiarySettings, { locationId }: TimetableKey): string =>
  locations.find(({ id }) => id === locationId)?.name ?? ''

export function timetablePath(id: PractitionerId, { locationId, validFrom, validTo }: TimetableKey): string {
  const query = new URLSearchParams({ location: locationId })
  if (validFrom) query.set('from', validFrom.toString())
  if (validTo) query.set('to', validTo.toString())
  return `/settings/hours/${id}?${query.toString()}`
}

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

function daysText(speaker: Speaker, days: readonly number[]): string {
  const [first, last] = [days[0] ?? 1, days.at(-1) ?? 1]
  if (days.length === 1) return weekdayName(speaker, first)
  if (days.length === 2) return speaker.list(days.map((day) => weekdayName(speaker, day)))
  return speaker.t('clinics.hours.days', { from: weekdayName(speaker, first), to: weekdayName(speaker, last) })
}

/** What the page is about: one of the doctor's timetables, or a new one. */
export type Asked = { key: TimetableKey | undefined } | { refused: Form; clashes?: readonly Clash[] }
type Clash = { weekday: number; startsMin: number; other: Shift }

/** The week grid of one doctor at one place. */
export async function timetablePage(ctx: Ctx, speaker: Speaker, id: PractitionerId, asked: Asked) {
  const { t } = speaker
  const settings = await getDiarySettings(ctx)
  const doctor = settings.practitioners.find((one) => one.id === id) ?? notFound('practitioner')
  const own = settings.shifts.filter((shift) => shift.practitionerId === id)
  const form = 'refused' in asked ? asked.refused : filledForm(timetableValues(ctx, settings, own, asked.key))
  const clashes = 'refused' in asked ? (asked.clashes ?? []) : []
  const replaces = (form.values.replaces ?? '').split(' ').filter((word) => word !== '')
  const others = own.filter((shift) => !replaces.some((one) => one === shift.id))
  const field = fieldIn(form)
  const places = settings.locations.filter(({ id, active }) => active || id === form.values.location)
  const order = weekOrder(ctx.clinic.country)
  return view('clinics/timetable', {
    title: t('clinics.hours.title_for', { name: doctor.name }),
    scripts: [...formScripts, '/js/hours.js'],
    back: { href: at(ctx, '/settings/hours'), label: t('clinics.hours.title') },
    menu: settingsMenu(ctx, speaker, 'hours'),
    form,
    action: at(ctx, `/settings/hours/${id}`),
    replaces: replaces.join(' '),
    onlyPlace: places.length === 1 ? places[0] : undefined,
    place: field({
      name: 'location',
      type: 'select',
      label: t('clinics.hours.location'),
      options: places.map((place) => ({ value: place.id, label: place.name })),
    }),
    days: order.map((weekday) => dayModel(speaker, form, weekday, clashes, settings)),
    order: order.map((weekday) => ({ weekday, name: weekdayName(speaker, weekday) })),
    dated: form.values.valid_from !== '' || form.values.valid_to !== '' || 'valid_to' in form.errors,
    dates: [
      field({
        name: 'valid_from',
        type: 'date',
        label: t('clinics.hours.valid_from'),
        required: false,
        css: 'input-date',
      }),
      field({ name: 'valid_to', type: 'date', label: t('clinics.hours.valid_to'), required: false, css: 'input-date' }),
    ],
    pause:
      others.length === 0
        ? undefined
        : field({
            name: 'pause',
            type: 'checkbox',
            label: t('clinics.hours.pause'),
            hint: t('clinics.hours.pause_hint'),
          }),
    removal: replaces.length === 0 ? undefined : at(ctx, `/settings/hours/${id}/removal`),
    cancel: at(ctx, '/settings/hours'),
  })
}

function timetableValues(ctx: Ctx, settings: DiarySettings, own: Shift[], key: TimetableKey | undefined) {
  if (key === undefined) {
    const place = settings.locations.find(({ active }) => active)
    return {
      location: place?.id ?? '',
      valid_from: '',
      valid_to: '',
      replaces: '',
      // Beside hours that are there already, another timetable is for some dates only, and takes their place.
      pause: own.length > 0 ? 'yes' : '',
      ...gridValues(own.length > 0 ? [] : typedWeek(usualWeek(ctx.clinic.country))),
    }
  }
  const shifts = own.filter((shift) => sameTimetable(shift, key))
  if (shifts.length === 0) return notFound('hours')
  return {
    location: key.locationId,
    valid_from: key.validFrom?.toString() ?? '',
    valid_to: key.validTo?.toString() ?? '',
    replaces: shifts.map(({ id }) => id).join(' '),
    pause: '',
    ...gridValues(typedWeek(shifts)),
  }
}

function dayModel(
  speaker: Speaker,
  { values, errors }: Form,
  weekday: number,
  clashes: readonly Clash[],
  settings: DiarySettings,
) {
  const { t } = speaker
  const name = weekdayName(speaker, weekday)
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
    clashes: clashes
      .filter((clash) => clash.weekday === weekday)
      .map(({ other }) => clashText(speaker, other, settings)),
    // For the bar: minutes of the day, cut at midnight.
    bars: read.flatMap(([start, end]) => {
      if (start === undefined || end === undefined || start === end) return []
      return [{ x: start, width: (end > start ? end : 1440) - start }]
    }),
    canAdd: rows.length < rowsPerDay,
  }
}

function clashText(speaker: Speaker, other: Shift, settings: DiarySettings): string {
  const validity = validityText(speaker, other)
  const facts = {
    place: placeName(settings, other),
    day: weekdayName(speaker, other.weekday),
    hours: spanText(speaker, other),
    dates: validity ?? '',
  }
  return validity === undefined
    ? speaker.t('clinics.hours.clash', facts)
    : speaker.t('clinics.hours.clash_dated', facts)
}
