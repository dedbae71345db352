// What patients are told about some dates: hours that are other than usual, and why it is closed, where the clinic says so.
import type { PractitionerId } from '../../../kernel/ids.ts'
import { dateAt, dayBounds, Temporal, type PlainDate } from '../../../kernel/time.ts'
import type { Closure } from '../../clinics/queries.ts'
import { shownReason } from '../../clinics/rules/closures.ts'
import type { Timetable } from '../../clinics/rules/timetables.ts'
import { hoursInUse } from '../rules/opening.ts'
import type { Scene } from './frame.ts'

/** In sentences, by their first date; of some doctors, where only theirs are asked about. */
export function announced(scene: Scene, from: PlainDate, to: PlainDate, of?: readonly PractitionerId[]): string[] {
  const { clinic, settings, speaker } = scene
  const { t } = speaker
  const dates = (first: PlainDate, last: PlainDate) =>
    first.equals(last)
      ? speaker.date(first)
      : t('booking.times.dates', { from: speaker.date(first), to: speaker.date(last) })
  // Of single days and of time off the list of times says enough.
  const special = hoursInUse(settings, from, to)
    .special.filter((one) => one.rank < 2 && one.shifts.length > 0 && (of?.includes(one.practitionerId) ?? true))
    .map((one) => ({
      from: one.from,
      text: t('clinics.timetables.public.hours', {
        name: nameOf(scene, one.timetable),
        dates: dates(one.from, one.to),
      }),
    }))
  const [start, end] = [dayBounds(from, clinic.zone).from, dayBounds(to, clinic.zone).to]
  const closed = settings.closures
    .filter((one) => concernsAll(one, of) && touches(one, start, end))
    .flatMap((one) => {
      const name = shownReason(one, speaker.lang)
      if (name === undefined) return []
      const first = dateAt(one.startsAt, clinic.zone)
      const last = dateAt(one.endsAt.subtract({ nanoseconds: 1 }), clinic.zone)
      return [{ from: first, text: t('clinics.timetables.public.closed', { date: dates(first, last), name }) }]
    })
  const told = [...special, ...closed].sort((a, b) => Temporal.PlainDate.compare(a.from, b.from))
  return [...new Set(told.map(({ text }) => text))]
}

const concernsAll = ({ practitionerId }: Closure, of: readonly PractitionerId[] | undefined) =>
  practitionerId === undefined || (of?.length === 1 && of[0] === practitionerId)

const touches = ({ startsAt, endsAt }: Closure, from: Temporal.Instant, to: Temporal.Instant) =>
  Temporal.Instant.compare(startsAt, to) < 0 && Temporal.Instant.compare(endsAt, from) > 0

function nameOf({ speaker }: Scene, { name, covers }: Timetable): string {
  if (name !== null) return name
  if (covers.kind === 'dates') return speaker.t('clinics.timetables.special_hours')
  return speaker.t('clinics.timetables.month_hours', { month: speaker.hijriMonth({ month: covers.month }) })
}
