// Hours that hold for some dates only, in words: what they are called, when they hold, and which are to come.
import type { Id, PractitionerId } from '../../../kernel/ids.ts'
import { dateAt, Temporal, type PlainDate } from '../../../kernel/time.ts'
import type { Ctx } from '../../../platform/clinic-scope.ts'
import type { Speaker } from '../../../platform/i18n/speaker.ts'
import { at } from '../pages.ts'
import type { DiarySettings } from '../queries.ts'
import { groupedDays, weekOrder } from '../rules/hours.ts'
import { covers, hijriAt, periodsOf, type MoonCorrection, type Timetable } from '../rules/timetables.ts'
import { daysText, spanText } from './week.ts'

export const todayOf = (ctx: Ctx): PlainDate => dateAt(ctx.now, ctx.clinic.zone)

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
export function nextPeriod(ctx: Ctx, timetable: Timetable, moon: readonly MoonCorrection[]) {
  const today = todayOf(ctx)
  return periodsOf(timetable.covers, moon, { from: today, to: today.add({ years: 30 }) })[0]
}

export const specialPath = (id: PractitionerId, timetable?: Id<'timetable'>): string =>
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
      href: at(ctx, specialPath(id, timetable.id)),
      days: groupedDays(timetable.shifts, weekOrder(ctx.clinic.country)).map(({ days, spans }) => ({
        days: daysText(speaker, days),
        hours: spans.map((span) => spanText(speaker, span)),
      })),
    }))
}
