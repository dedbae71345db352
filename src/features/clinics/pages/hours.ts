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
  sameTimetable,
  timetablesOf,
  typedWeek,
  usualWeek,
  weekOrder,
  type TimetableKey,
} from '../rules/hours.ts'
import { settingsMenu } from '../rules/settings.ts'
import type { Hours } from '../rules/timetables.ts'
import { specialRows, specialPath } from './timetables.ts'
import { breaksOf, dayModel, daysText, spanText, validityText, weekdayName } from './week.ts'

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
    moonHref: at(ctx, '/settings/hours/moon'),
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
      specialHref: at(ctx, specialPath(doctor.id)),
      special: specialRows(ctx, speaker, settings, doctor.id),
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

/** What the page is about: one of the doctor's timetables, or a new one. */
export type Asked = { key: TimetableKey | undefined } | { refused: Form; clashes?: readonly Clash[] }
type Clash = { weekday: number; startsMin: number; other: Hours }

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
    days: order.map((weekday) => ({
      ...dayModel(speaker, form, weekday),
      clashes: clashes
        .filter((clash) => clash.weekday === weekday)
        .map(({ other }) => clashText(speaker, other, settings)),
    })),
    breaks: breaksOf(speaker, form, order),
    specialHref: at(ctx, specialPath(id)),
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

function clashText(speaker: Speaker, other: Hours, settings: DiarySettings): string {
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
