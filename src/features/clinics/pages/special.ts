// The form of one timetable that holds for some dates only, in both calendars.
import { filledForm, type Form } from '../../../kernel/forms.ts'
import { hijriOf, ramadan } from '../../../kernel/hijri.ts'
import type { Id, PractitionerId } from '../../../kernel/ids.ts'
import { parseDate, type PlainDate } from '../../../kernel/time.ts'
import type { Ctx } from '../../../platform/clinic-scope.ts'
import { notFound } from '../../../platform/errors.ts'
import type { Speaker } from '../../../platform/i18n/speaker.ts'
import { view } from '../../../platform/web/views.ts'
import { at, fieldIn, formScripts, type Field } from '../pages.ts'
import { getDiarySettings, type DiarySettings } from '../queries.ts'
import { gridValues, typedWeek, usualWeek, weekOrder } from '../rules/hours.ts'
import { settingsMenu } from '../rules/settings.ts'
import {
  comingYears,
  heldOn,
  hijriAt,
  monthDates,
  singleDay,
  timetableKinds,
  type Hours,
  type MoonCorrection,
  type Timetable,
  type TimetableKind,
  type TwoPlaces,
} from '../rules/timetables.ts'
import { datesText, nextPeriod, timetableName, specialPath, todayOf } from './timetables.ts'
import { breaksOf, dayModel, spanText, weekdayName } from './week.ts'

/** What the page is about: a new timetable of a kind, one there is, or one that was refused. */
export type Asked =
  | { kind: TimetableKind; date?: PlainDate | undefined }
  | { timetable: Id<'timetable'> }
  | { refused: Form; clashes?: readonly TwoPlaces[]; other?: Timetable }

/** The form of one timetable for some dates, with its week as hours of every week have it. */
export async function specialPage(ctx: Ctx, speaker: Speaker, id: PractitionerId, asked: Asked) {
  const { t } = speaker
  const settings = await getDiarySettings(ctx)
  const doctor = settings.practitioners.find((one) => one.id === id) ?? notFound('practitioner')
  const known = 'timetable' in asked ? timetableAsked(settings, id, asked.timetable) : undefined
  const form =
    'refused' in asked
      ? asked.refused
      : filledForm(known ? valuesOf(known, settings) : freshValues(ctx, settings, id, asked))
  const clashes = 'refused' in asked ? (asked.clashes ?? []) : []
  const kind = timetableKinds.find((one) => one === form.values.kind) ?? 'dates'
  const places = settings.locations.filter((place) => place.active || place.id === form.values.location)
  const field = fieldIn(form)
  const order = kind === 'day' ? [singleDay] : weekOrder(ctx.clinic.country)
  const replaces = form.values.replaces ?? ''
  return view('clinics/special', {
    title: t('clinics.timetables.title_for', { name: doctor.name }),
    lead: t('clinics.timetables.lead'),
    scripts: [...formScripts, '/js/hours.js'],
    back: { href: at(ctx, '/settings/hours'), label: t('clinics.hours.title') },
    menu: settingsMenu(ctx, speaker, 'hours'),
    form,
    conflict: 'refused' in asked && asked.other ? conflictOf(ctx, speaker, settings, asked.other) : undefined,
    kinds: replaces === '' ? kindLinks(ctx, speaker, id, kind) : [],
    action: at(ctx, specialPath(id)),
    replaces,
    kind,
    covers: coverFields(ctx, speaker, settings, kind, field),
    dates: bothCalendars(ctx, speaker, settings, kind, form),
    hijri: kind === 'hijri' ? '' : monthsAhead(ctx, speaker, settings.moon),
    onlyPlace: places.length === 1 ? places[0] : undefined,
    ...placeAndName(t, field, places),
    days: order.map((weekday) => {
      const model = dayModel(speaker, form, weekday, kind === 'day' ? t('clinics.timetables.that_day') : undefined)
      const own = clashes.filter(
        ({ shift, other }) => kind === 'day' || shift.weekday === weekday || other.weekday === weekday,
      )
      return { ...model, clashes: own.map((clash) => clashText(speaker, settings, clash)) }
    }),
    order: order.map((weekday) => ({ weekday, name: weekdayName(speaker, weekday) })),
    breaks: breaksOf(speaker, form, order),
    removal: replaces === '' ? undefined : at(ctx, `${specialPath(id)}/${replaces}/removal`),
    cancel: at(ctx, '/settings/hours'),
  })
}

const kindLinks = (ctx: Ctx, { t }: Speaker, id: PractitionerId, current: TimetableKind) =>
  timetableKinds.map((kind) => ({
    href: at(ctx, `${specialPath(id)}?kind=${kind}`),
    label: t(`clinics.timetables.kind_${kind}`),
    current: kind === current,
  }))

/** Where the hours hold, what they are called, and whether there are any. */
const placeAndName = (t: Speaker['t'], field: (field: Field) => Field, places: DiarySettings['locations']) => ({
  place: field({
    name: 'location',
    type: 'select',
    label: t('clinics.hours.location'),
    options: places.map((place) => ({ value: place.id, label: place.name })),
  }),
  everywhere: field({ name: 'everywhere', type: 'checkbox', label: t('clinics.timetables.everywhere') }),
  name: field({
    name: 'name',
    label: t('clinics.timetables.name'),
    hint: t('clinics.timetables.name_hint'),
    required: false,
    maxlength: 60,
  }),
  off: field({
    name: 'off',
    type: 'checkbox',
    label: t('clinics.timetables.off'),
    hint: t('clinics.timetables.off_hint'),
  }),
})

const timetableAsked = (settings: DiarySettings, id: PractitionerId, asked: Id<'timetable'>): Timetable =>
  settings.timetables.find((one) => one.id === asked && one.practitionerId === id) ?? notFound('timetable')

/** The timetable that stands in the way, with a way to it. */
function conflictOf(ctx: Ctx, speaker: Speaker, { moon }: DiarySettings, other: Timetable) {
  const period = nextPeriod(ctx, other, moon)
  return {
    text: speaker.t('clinics.timetables.conflict', {
      name: timetableName(speaker, other),
      dates: period ? datesText(speaker, period.from, period.to) : '',
    }),
    href: at(ctx, specialPath(other.practitionerId, other.id)),
  }
}

function freshValues(ctx: Ctx, settings: DiarySettings, id: PractitionerId, asked: Asked): Record<string, string> {
  const place = settings.locations.find(({ active }) => active)
  const kind = 'kind' in asked ? asked.kind : 'dates'
  const date = 'kind' in asked ? asked.date?.toString() : undefined
  const today = todayOf(ctx)
  const usual = settings.shifts.filter(
    (shift) =>
      shift.practitionerId === id &&
      shift.locationId === place?.id &&
      [0, 1, 2, 3, 4, 5, 6].some((days) => heldOn(shift, today.add({ days }))),
  )
  const week = usual.length > 0 ? usual : usualWeek(ctx.clinic.country)
  return {
    kind,
    location: place?.id ?? '',
    everywhere: '',
    off: '',
    name: '',
    date: date ?? '',
    valid_from: date ?? '',
    valid_to: '',
    month: String(ramadan),
    year: '',
    replaces: '',
    ...gridValues(typedWeek(kind === 'day' ? dayOf(week) : week)),
  }
}

/** Of a week the first day with hours, as the single day that is typed. */
function dayOf(week: readonly Pick<Hours, 'weekday' | 'startsMin' | 'endsMin'>[]) {
  const first = week[0]?.weekday
  return week
    .filter(({ weekday }) => weekday === first)
    .map(({ startsMin, endsMin }) => ({ weekday: singleDay, startsMin, endsMin }))
}

function valuesOf(timetable: Timetable, settings: DiarySettings): Record<string, string> {
  const { covers: covered, shifts, locationId } = timetable
  const place = shifts[0]?.locationId ?? locationId ?? settings.locations.find(({ active }) => active)?.id
  const single = covered.kind === 'dates' && covered.from.equals(covered.to)
  return {
    kind: covered.kind === 'hijri_month' ? 'hijri' : single ? 'day' : 'dates',
    location: place ?? '',
    everywhere: locationId === undefined ? 'yes' : '',
    off: shifts.length === 0 ? 'yes' : '',
    name: timetable.name ?? '',
    date: single ? covered.from.toString() : '',
    valid_from: covered.kind === 'dates' ? covered.from.toString() : '',
    valid_to: covered.kind === 'dates' ? covered.to.toString() : '',
    month: covered.kind === 'hijri_month' ? String(covered.month) : '',
    year: covered.kind === 'hijri_month' ? String(covered.year ?? '') : '',
    replaces: timetable.id,
    ...gridValues(typedWeek(single ? dayOf(shifts) : shifts)),
  }
}

function coverFields(
  ctx: Ctx,
  speaker: Speaker,
  settings: DiarySettings,
  kind: TimetableKind,
  field: (field: Field) => Field,
): Field[] {
  const { t } = speaker
  const min = todayOf(ctx).toString()
  if (kind === 'day')
    return [field({ name: 'date', type: 'date', label: t('clinics.timetables.date'), min, css: 'input-date' })]
  if (kind === 'dates') {
    return [
      field({ name: 'valid_from', type: 'date', label: t('clinics.hours.valid_from'), css: 'input-date' }),
      field({ name: 'valid_to', type: 'date', label: t('clinics.hours.valid_to'), min, css: 'input-date' }),
    ]
  }
  const month = Number(field({ name: 'month', label: '' }).value) || ramadan
  return [
    field({
      name: 'month',
      type: 'select',
      label: t('clinics.timetables.month'),
      options: Array.from({ length: 12 }, (_, n) => ({
        value: String(n + 1),
        label: speaker.hijriMonth({ month: n + 1 }),
      })),
    }),
    field({
      name: 'year',
      type: 'select',
      label: t('clinics.timetables.year'),
      options: [
        { value: '', label: t('clinics.timetables.each_year') },
        ...comingYears(todayOf(ctx), settings.moon, month).map((year) => ({
          value: String(year),
          label: String(year),
        })),
      ],
    }),
  ]
}

/** The dates of the form in both calendars; of a month, its next three times. */
function bothCalendars(ctx: Ctx, speaker: Speaker, settings: DiarySettings, kind: TimetableKind, { values }: Form) {
  const { moon } = settings
  if (kind === 'hijri') {
    const month = Number(values.month) || ramadan
    return comingYears(todayOf(ctx), moon, month).map((year) => {
      const { from, to } = monthDates(year, month, moon)
      return speaker.t('clinics.timetables.both', {
        date: speaker.hijriMonth({ year, month }),
        hijri: datesText(speaker, from, to),
      })
    })
  }
  const typed = (kind === 'day' ? [values.date] : [values.valid_from, values.valid_to]).flatMap(
    (text) => parseDate(text) ?? [],
  )
  return (typed.length > 0 ? typed : [todayOf(ctx)]).map((date) =>
    speaker.t('clinics.timetables.both', { date: speaker.date(date), hijri: speaker.hijri(hijriAt(date, moon)) }),
  )
}

/** For the script that shows the other calendar beside a date as it is chosen: each month's first day and its name. */
function monthsAhead(ctx: Ctx, speaker: Speaker, moon: readonly MoonCorrection[]): string {
  const { year, month } = hijriOf(todayOf(ctx))
  return JSON.stringify(
    Array.from({ length: 26 }, (_, n) => {
      const number = year * 12 + month - 2 + n
      const one = { year: Math.floor(number / 12), month: (number % 12) + 1 }
      return [monthDates(one.year, one.month, moon).from.toString(), speaker.hijriMonth(one)]
    }),
  )
}

function clashText(speaker: Speaker, settings: DiarySettings, { date, shift, other }: TwoPlaces): string {
  const place = ({ locationId }: Hours) => settings.locations.find(({ id }) => id === locationId)?.name ?? ''
  return speaker.t('clinics.timetables.clash', {
    date: speaker.date(date),
    place: place(shift),
    hours: spanText(speaker, shift),
    otherPlace: place(other),
    otherHours: spanText(speaker, other),
  })
}
