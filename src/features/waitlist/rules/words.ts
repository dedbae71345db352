// What somebody waits for, in words and as a form: for patients and for the desk alike.
import type { Form } from '../../../kernel/forms.ts'
import { dateAt, Temporal, type Instant, type PlainDate, type Zone } from '../../../kernel/time.ts'
import type { Speaker } from '../../../platform/i18n/speaker.ts'
import type { DiarySettings } from '../../clinics/queries.ts'
import { partsOfDay, type WaitingWish } from '../rules.ts'

const dayName = (speaker: Speaker, today: PlainDate, day: number) =>
  speaker.weekday(today.add({ days: (day - today.dayOfWeek + 7) % 7 }))

/** Each part of a wish by itself; where anything will do, that is said. */
export function wishWords(
  {
    clinic,
    now,
    settings,
    speaker,
  }: { clinic: { zone: Zone }; now: Instant; settings: DiarySettings; speaker: Speaker },
  wish: WaitingWish,
) {
  const { t } = speaker
  const today = dateAt(now, clinic.zone)
  const names = settings.practitioners.filter(({ id }) => wish.practitionerIds.includes(id)).map(({ name }) => name)
  const [from, until] = [speaker.longDate(wish.from), speaker.longDate(wish.until)]
  const oneDay = wish.from.equals(wish.until)
  const begun = Temporal.PlainDate.compare(wish.from, today) <= 0
  const dates = oneDay ? until : t('waitlist.span', { from, until })
  return {
    service: settings.services.find(({ id }) => id === wish.serviceId)?.name ?? '',
    doctors: names.length === 0 ? t('waitlist.any_doctor') : speaker.list(names),
    place: settings.locations.find(({ id }) => id === wish.locationId)?.name,
    days:
      wish.weekdays.length === 0
        ? t('waitlist.any_day')
        : speaker.list(wish.weekdays.map((day) => dayName(speaker, today, day))),
    parts: wish.parts.length === 0 ? undefined : speaker.list(wish.parts.map((part) => t(`waitlist.part.${part}`))),
    dates,
    /** What is left of them today. */
    left: begun && !oneDay ? t('waitlist.desk.until', { date: until }) : dates,
  }
}

const usualDays = 14

/** What stands in a form nobody has typed in: from a day on for two weeks, or that day alone where it was asked for. */
export const usualSpan = (today: PlainDate, date?: PlainDate) => ({
  from: (date ?? today).toString(),
  until: (date ?? today.add({ days: usualDays })).toString(),
})

type Choice = { id: string; name: string }
type Field = { name: string; label: string } & Record<string, unknown>

/** The fields of a form with what stands in it: lists of ticks are kept with commas between. */
export const fieldIn =
  (form: Form) =>
  (more: Field): Field => {
    const value = form.values[more.name] ?? ''
    const ticked = more.type === 'checkboxes' ? value.split(',').filter(Boolean) : value
    return { value: ticked, error: form.errors[more.name], ...more }
  }

/** Who, where, which days and times, from when until when. Where there is no choice nothing is asked. */
export function wishFields(
  speaker: Speaker,
  form: Form,
  offered: { doctors: readonly Choice[]; places: readonly Choice[]; today: PlainDate; last: PlainDate },
) {
  const { t } = speaker
  const field = fieldIn(form)
  const { doctors, places, today, last } = offered
  const options = (choices: readonly Choice[]) => choices.map(({ id, name }) => ({ value: id, label: name }))
  return {
    doctors:
      doctors.length < 2
        ? []
        : [
            field({
              name: 'practitioners',
              label: t('waitlist.field.doctors'),
              hint: t('waitlist.field.any_doctor_hint'),
              type: 'checkboxes',
              options: options(doctors),
            }),
          ],
    places:
      places.length < 2
        ? []
        : [
            field({
              name: 'location',
              label: t('booking.times.location'),
              type: 'select',
              options: [{ value: '', label: t('booking.times.any_location') }, ...options(places)],
            }),
          ],
    when: [
      field({
        name: 'weekdays',
        label: t('waitlist.field.weekdays'),
        hint: t('waitlist.field.any_hint'),
        type: 'checkboxes',
        options: [1, 2, 3, 4, 5, 6, 7].map((day) => ({
          value: String(day),
          label: dayName(speaker, today, day),
        })),
      }),
      field({
        name: 'parts',
        label: t('waitlist.field.parts'),
        type: 'checkboxes',
        options: partsOfDay.map((part) => ({ value: part, label: t(`waitlist.part.${part}`) })),
      }),
    ],
    dates: (['from', 'until'] as const).map((name) =>
      field({ name, label: t(`waitlist.field.${name}`), type: 'date', min: today.toString(), max: last.toString() }),
    ),
  }
}
