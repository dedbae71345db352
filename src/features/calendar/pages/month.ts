import { dayBounds, type PlainDate } from '../../../kernel/time.ts'
import type { Ctx } from '../../../platform/clinic-scope.ts'
import type { Speaker } from '../../../platform/i18n/speaker.ts'
import { listWork } from '../../availability/actions.ts'
import { countByDay } from '../queries.ts'
import { blockOn, firstWeekday, joined, weeksOf, without, type Block } from '../rules.ts'
import type { Shown } from './frame.ts'

/** A month of days: how many come, how full the doctors are, what is closed. One question to the database. */
export async function monthOf(ctx: Ctx, speaker: Speaker, shown: Shown) {
  const { zone, country } = ctx.clinic
  const { date, from, days, today, practitionerId, settings } = shown
  const range = { from: dayBounds(from, zone).from, to: dayBounds(from.add({ days: days - 1 }), zone).to }
  const counts = new Map(
    (await countByDay(ctx, { ...range, practitionerId })).map((count) => [count.date.toString(), count]),
  )
  const work = (await listWork(ctx, from, days)).filter(
    (one) => practitionerId === undefined || one.practitionerId === practitionerId,
  )
  const doctors = new Set(work.map((one) => one.practitionerId))
  const closuresOn = (day: PlainDate) =>
    settings.closures.flatMap((closure) => {
      const span = { from: closure.startsAt.epochMilliseconds, to: closure.endsAt.epochMilliseconds }
      const block = blockOn(span, day, zone)
      return block ? [{ ...closure, block }] : []
    })
  /** Minutes that can be worked, doctor by doctor, since two places at one time are still one doctor. */
  const workedOn = (day: PlainDate) => {
    const closed = closuresOn(day)
    let minutes = 0
    for (const doctor of doctors) {
      const open: Block[] = work
        .filter((one) => one.practitionerId === doctor)
        .flatMap((one) => {
          const block = blockOn(one, day, zone)
          const cuts = closed
            .filter(
              (closure) =>
                (closure.practitionerId ?? doctor) === doctor &&
                (closure.locationId ?? one.locationId) === one.locationId,
            )
            .map((closure) => closure.block)
          return block ? without([block], cuts) : []
        })
      for (const { from: start, to } of joined(open)) minutes += to - start
    }
    return minutes
  }
  const weeks = weeksOf(date, firstWeekday(country))
  return {
    weekdays: (weeks[0] ?? []).map((day) => ({ short: speaker.weekday(day), long: speaker.longWeekday(day) })),
    weeks: weeks.map((week) =>
      week.map((day) => {
        const count = counts.get(day.toString())
        const visits = count?.visits ?? 0
        const worked = workedOn(day)
        const full = worked === 0 ? 0 : Math.min(100, Math.round(((count?.minutes ?? 0) / worked) * 100))
        const closed = closuresOn(day)
          .filter(
            ({ practitionerId: of, locationId }) =>
              locationId === undefined && (of === undefined || of === practitionerId),
          )
          .map(({ reason }) => (reason === '' ? speaker.t('calendar.closed') : reason))
        const note = [
          speaker.t('desk.today.visits', { count: visits }),
          ...(worked > 0 ? [speaker.t('calendar.full', { percent: speaker.number(full) })] : []),
          ...closed,
        ]
        return {
          href: shown.address({ view: 'day', date: day }),
          day: speaker.dayOfMonth(day),
          label: `${speaker.longDate(day)}: ${note.join(', ')}`,
          other: day.month !== date.month,
          today: day.equals(today),
          visits,
          count: speaker.t('desk.today.visits', { count: visits }),
          number: speaker.number(visits),
          open: worked > 0,
          full,
          closed: closed[0],
        }
      }),
    ),
  }
}
