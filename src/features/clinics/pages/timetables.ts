// Hours for some dates only, in both calendars; and when months began.
import { filledForm, type Form } from '../../../kernel/forms.ts'
import { hijriOf, ramadan } from '../../../kernel/hijri.ts'
import type { Id, PractitionerId } from '../../../kernel/ids.ts'
import { dateAt, parseDate, Temporal, type PlainDate } from '../../../kernel/time.ts'
import type { Ctx } from '../../../platform/clinic-scope.ts'
import { notFound } from '../../../platform/errors.ts'
import type { Speaker } from '../../../platform/i18n/speaker.ts'
import { view } from '../../../platform/web/views.ts'
import { at, fieldIn, formScripts, type Field } from '../pages.ts'
import { getDiarySettings, type DiarySettings } from '../queries.ts'
import { gridValues, groupedDays, typedWeek, usualWeek, weekOrder } from '../rules/hours.ts'
import { settingsMenu } from '../rules/settings.ts'
import {
  comingYears,
  correctionOf,
  covers,
  endOf,
  heldOn,
  hijriAt,
  monthDates,
  moonMonths,
  periodsOf,
  singleDay,
  timetableKinds,
  type Hours,
  type MoonCorrection,
  type Timetable,
  type TimetableKind,
  type TwoPlaces,
} from '../rules/timetables.ts'
import { breaksOf, dayModel, daysText, spanText, weekdayName } from './week.ts'

const todayOf = (ctx: Ctx): PlainDate => dateAt(ctx.now, ctx.clinic.zone)

/** 8 Feb 2027, or 8 Feb to 9 Mar 2027 */
export function datesText(speaker: Speaker, from: PlainDate, to: PlainDate): string {
  if (from.equals(to)) return speaker.date(from)
  return speaker.t('clinics.hours.between', { from: speaker.date(from), to: speaker.date(to) })
}

/** The same by the clinic's Hijri calendar. */
export function hijriText(speaker: Speaker, moon: readonly MoonCorrection[], from: PlainDate, to: PlainDate): string {
  const first = speaker.hijri(hijriAt(from, moon))
  if (from.equals(to)) return first
  return speaker.t('clinics.hours.between', { from: first, to: speaker.hijri(hijriAt(to, moon)) })
}

/** What people call it: its own name, its month's, or that it is special. */
export function timetableName(speaker: Speaker, { name, covers: covered, shifts }: Timetable): string {
  if (name !== null) return name
  if (covered.kind === 'hijri_month') {
    return speaker.t('clinics.timetables.month_hours', { month: speaker.hijriMonth({ month: covered.month }) })
  }
  return speaker.t(shifts.length === 0 ? 'clinics.timetables.off_short' : 'clinics.timetables.special_hours')
}

/** The next time it holds, or the time it holds now; undefined when it is over. */
function nextPeriod(ctx: Ctx, timetable: Timetable, moon: readonly MoonCorrection[]) {
  const today = todayOf(ctx)
  return periodsOf(timetable.covers, moon, { from: today, to: today.add({ years: 30 }) })[0]
}

export const timetablePath = (id: PractitionerId, timetable?: Id<'timetable'>): string =>
  `/settings/hours/${id}/special${timetable === undefined ? '' : `/${timetable}`}`

/** A doctor's timetables that are not over, in the order in which they hold next. */
export function specialRows(ctx: Ctx, speaker: Speaker, settings: DiarySettings, id: PractitionerId) {
  const { t } = speaker
  return settings.timetables
    .filter(({ practitionerId }) => practitionerId === id)
    .flatMap((timetable) => {
      const period = nextPeriod(ctx, timetable, settings.moon)
      return period ? [{ timetable, period }] : []
    })
    .sort((a, b) => Temporal.PlainDate.compare(a.period.from, b.period.from))
    .map(({ timetable, period }) => ({
      name: timetableName(speaker, timetable),
      dates: datesText(speaker, period.from, period.to),
      hijri:
        timetable.covers.kind === 'hijri_month' && timetable.covers.year === undefined
          ? t('clinics.timetables.every_year', { dates: hijriText(speaker, settings.moon, period.from, period.to) })
          : hijriText(speaker, settings.moon, period.from, period.to),
      holds: covers(period, todayOf(ctx)),
      place:
        timetable.locationId === undefined
          ? t('clinics.timetables.all_places')
          : (settings.locations.find((place) => place.id === timetable.locationId)?.name ?? ''),
      href: at(ctx, timetablePath(id, timetable.id)),
      days: groupedDays(timetable.shifts, weekOrder(ctx.clinic.country)).map(({ days, spans }) => ({
        days: daysText(speaker, days),
        hours: spans.map((span) => spanText(speaker, span)),
      })),
    }))
}

/** What the page is about: a new timetable of a kind, one there is, or one that was refused. */
export type Asked =
  | { kind: TimetableKind; date?: PlainDate | undefined }
  | { timetable: Id<'timetable'> }
  | { refused: Form; clashes?: readonly TwoPlaces[]; other?: Timetable }

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
    kinds:
      replaces === ''
        ? timetableKinds.map((one) => ({
            href: at(ctx, `${timetablePath(id)}?kind=${one}`),
            label: t(`clinics.timetables.kind_${one}`),
            current: one === kind,
          }))
        : [],
    action: at(ctx, timetablePath(id)),
    replaces,
    kind,
    covers: coverFields(ctx, speaker, settings, kind, field),
    dates: bothCalendars(ctx, speaker, settings, kind, form),
    hijri: kind === 'hijri' ? '' : monthsAhead(ctx, speaker, settings.moon),
    onlyPlace: places.length === 1 ? places[0] : undefined,
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
    days: order.map((weekday) => {
      const model = dayModel(speaker, form, weekday, kind === 'day' ? t('clinics.timetables.that_day') : undefined)
      const own = clashes.filter(
        ({ shift, other }) => kind === 'day' || shift.weekday === weekday || other.weekday === weekday,
      )
      return { ...model, clashes: own.map((clash) => clashText(speaker, settings, clash)) }
    }),
    order: order.map((weekday) => ({ weekday, name: weekdayName(speaker, weekday) })),
    breaks: breaksOf(speaker, form, order),
    removal: replaces === '' ? undefined : at(ctx, `${timetablePath(id)}/${replaces}/removal`),
    cancel: at(ctx, '/settings/hours'),
  })
}

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
    href: at(ctx, timetablePath(other.practitionerId, other.id)),
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

// When months began.

export async function moonPage(ctx: Ctx, speaker: Speaker, refused?: Form) {
  const { t } = speaker
  const settings = await getDiarySettings(ctx)
  const months = moonMonths(todayOf(ctx), settings)
  const name = ({ year, month }: { year: number; month: number }) => `m${year}_${month}`
  const values = Object.fromEntries(
    months
      .flatMap((one) => [one, endOf(one)])
      .map((one) => [name(one), String(correctionOf(settings.moon, one.year, one.month))]),
  )
  const form = refused ?? filledForm(values)
  const field = fieldIn(form)
  const choice = (one: { year: number; month: number }, label: string, first: PlainDate) =>
    field({
      name: name(one),
      type: 'select',
      label,
      options: [-1, 0, 1].map((days) => ({
        value: String(days),
        label: t(
          days === 0
            ? 'clinics.timetables.moon.calculated'
            : days < 0
              ? 'clinics.timetables.moon.earlier'
              : 'clinics.timetables.moon.later',
          {
            date: speaker.date(first.add({ days })),
          },
        ),
      })),
    })
  return view('clinics/moon', {
    title: t('clinics.timetables.moon.title'),
    lead: t('clinics.timetables.moon.lead'),
    scripts: formScripts,
    back: { href: at(ctx, '/settings/hours'), label: t('clinics.hours.title') },
    menu: settingsMenu(ctx, speaker, 'hours'),
    form,
    action: at(ctx, '/settings/hours/moon'),
    months: months.map((one) => {
      const calculated = monthDates(one.year, one.month, [])
      const now = monthDates(one.year, one.month, settings.moon)
      return {
        title: speaker.hijriMonth(one),
        now: datesText(speaker, now.from, now.to),
        fields: [
          choice(one, t('clinics.timetables.moon.first'), calculated.from),
          choice(endOf(one), t('clinics.timetables.moon.last'), calculated.to),
        ],
      }
    }),
    cancel: at(ctx, '/settings/hours'),
  })
}
