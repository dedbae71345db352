import { emptyForm, type Form } from '../../../kernel/forms.ts'
import { dateAt, dayBounds, Temporal } from '../../../kernel/time.ts'
import type { Ctx } from '../../../platform/clinic-scope.ts'
import type { Speaker } from '../../../platform/i18n/speaker.ts'
import { view } from '../../../platform/web/views.ts'
import { at, fieldIn, formScripts } from '../pages.ts'
import { getDiarySettings, type Closure, type DiarySettings } from '../queries.ts'
import { countVisitsOfClosures } from '../queries/visits.ts'
import { settingsMenu } from '../rules/settings.ts'
import { usesHijri } from '../rules/timetables.ts'
import { hijriText } from './timetables.ts'

/** Closures that are not over, and a form for another. */
export async function closuresPage(ctx: Ctx, speaker: Speaker, form: Form = emptyForm) {
  const { t } = speaker
  const settings = await getDiarySettings(ctx)
  const field = fieldIn(form)
  const places = settings.locations.filter(({ active }) => active)
  const doctors = settings.practitioners.filter(({ active }) => active)
  const today = dateAt(ctx.now, ctx.clinic.zone).toString()
  const visits = await countVisitsOfClosures(ctx)
  const both = usesHijri(ctx.clinic, settings)
  return view('clinics/closures', {
    title: t('clinics.closures.title'),
    lead: t('clinics.closures.lead'),
    scripts: formScripts,
    menu: settingsMenu(ctx, speaker, 'closures'),
    form,
    action: at(ctx, '/settings/closures'),
    holidaysHref: at(ctx, '/settings/closures/holidays'),
    closures: settings.closures.map((closure) => ({
      reason: closure.names?.[speaker.lang] ?? closure.reason,
      when: closureTimes(ctx, speaker, closure),
      who: closedFor(settings, closure, speaker),
      hijri: both ? closureHijri(ctx, speaker, settings, closure) : undefined,
      shown: closure.shown,
      visits: hitBy(ctx, speaker, closure, visits.get(closure.id) ?? 0),
      current: Temporal.Instant.compare(closure.startsAt, ctx.now) <= 0,
      removal: at(ctx, `/settings/closures/${closure.id}/removal`),
      removeLabel: t('clinics.closures.remove_label', { reason: closure.reason }),
    })),
    who: field({
      name: 'who',
      type: 'select',
      label: t('clinics.closures.who'),
      options: [
        { value: 'clinic', label: t('clinics.closures.whole_clinic') },
        ...(places.length > 1 ? places.map((place) => ({ value: `location:${place.id}`, label: place.name })) : []),
        ...doctors.map((doctor) => ({ value: `doctor:${doctor.id}`, label: doctor.name })),
      ],
    }),
    shown: field({ name: 'shown', type: 'checkbox', label: t('clinics.timetables.show_reason') }),
    reason: field({
      name: 'reason',
      label: t('clinics.closures.reason'),
      hint: t('clinics.closures.reason_hint'),
      maxlength: 120,
    }),
    from: [
      field({ name: 'from_date', type: 'date', label: t('clinics.closures.from_date'), min: today, css: 'input-date' }),
      field({
        name: 'from_time',
        type: 'time',
        label: t('clinics.closures.from_time'),
        required: false,
        css: 'input-short',
      }),
    ],
    to: [
      field({
        name: 'to_date',
        type: 'date',
        label: t('clinics.closures.to_date'),
        min: today,
        required: false,
        css: 'input-date',
      }),
      field({
        name: 'to_time',
        type: 'time',
        label: t('clinics.closures.to_time'),
        required: false,
        css: 'input-short',
      }),
    ],
  })
}

/** Where the visits booked in a closed time are moved or cancelled in one go. */
function hitBy(ctx: Ctx, { t }: Speaker, { practitionerId, startsAt, endsAt }: Closure, count: number) {
  if (count === 0) return undefined
  const { zone } = ctx.clinic
  const query = new URLSearchParams({
    ...(practitionerId === undefined ? {} : { practitioner: practitionerId }),
    from: dateAt(startsAt, zone).toString(),
    to: dateAt(endsAt.subtract({ nanoseconds: 1 }), zone).toString(),
  })
  return { href: at(ctx, `/disruptions/new?${query.toString()}`), text: t('clinics.timetables.visits_hit', { count }) }
}

function closureHijri({ clinic: { zone } }: Ctx, speaker: Speaker, { moon }: DiarySettings, closure: Closure): string {
  return hijriText(
    speaker,
    moon,
    dateAt(closure.startsAt, zone),
    dateAt(closure.endsAt.subtract({ nanoseconds: 1 }), zone),
  )
}

/** Whole days as days, anything else as times. */
function closureTimes({ clinic: { zone } }: Ctx, speaker: Speaker, { startsAt, endsAt }: Closure): string {
  const first = dateAt(startsAt, zone)
  const last = dateAt(endsAt.subtract({ nanoseconds: 1 }), zone)
  const sameDay = Temporal.PlainDate.compare(first, last) === 0
  const whole = startsAt.equals(dayBounds(first, zone).from) && endsAt.equals(dayBounds(last, zone).to)
  const { t } = speaker
  if (whole) {
    if (sameDay) return speaker.date(first)
    return t('clinics.hours.between', { from: speaker.date(first), to: speaker.date(last) })
  }
  if (sameDay) {
    const times = { day: speaker.date(first), from: speaker.time(startsAt), to: speaker.time(endsAt) }
    return t('clinics.closures.part_of_day', times)
  }
  return t('clinics.hours.between', { from: speaker.dateTime(startsAt), to: speaker.dateTime(endsAt) })
}

function closedFor({ locations, practitioners }: DiarySettings, closure: Closure, { t }: Speaker): string {
  const doctor = practitioners.find(({ id }) => id === closure.practitionerId)?.name
  return doctor ?? locations.find(({ id }) => id === closure.locationId)?.name ?? t('clinics.closures.whole_clinic')
}
