import { emptyForm, type Form } from '../../../kernel/forms.ts'
import { dateAt, dayBounds, Temporal } from '../../../kernel/time.ts'
import type { Ctx } from '../../../platform/clinic-scope.ts'
import type { Speaker } from '../../../platform/i18n/speaker.ts'
import { view } from '../../../platform/web/views.ts'
import { at, fieldIn, formScripts } from '../pages.ts'
import { getDiarySettings, type Closure, type DiarySettings } from '../queries.ts'
import { settingsMenu } from '../rules/settings.ts'

/** Closures that are not over, and a form for another. */
export async function closuresPage(ctx: Ctx, speaker: Speaker, form: Form = emptyForm) {
  const { t } = speaker
  const settings = await getDiarySettings(ctx)
  const field = fieldIn(form)
  const places = settings.locations.filter(({ active }) => active)
  const doctors = settings.practitioners.filter(({ active }) => active)
  const today = dateAt(ctx.now, ctx.clinic.zone).toString()
  return view('clinics/closures', {
    title: t('clinics.closures.title'),
    lead: t('clinics.closures.lead'),
    scripts: formScripts,
    menu: settingsMenu(ctx, speaker, 'closures'),
    form,
    action: at(ctx, '/settings/closures'),
    closures: settings.closures.map((closure) => ({
      reason: closure.reason,
      when: closureTimes(ctx, speaker, closure),
      who: closedFor(settings, closure, speaker),
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
