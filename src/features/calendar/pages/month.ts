import type { PractitionerId } from '../../../kernel/ids.ts'
import { dayBounds, type PlainDate } from '../../../kernel/time.ts'
import type { Ctx } from '../../../platform/clinic-scope.ts'
import type { Speaker } from '../../../platform/i18n/speaker.ts'
import { listWork } from '../../availability/actions.ts'
import { countByDay } from '../queries.ts'
import { firstDayOfWeek } from '../../clinics/rules/hours.ts'
import { blockOn, joined, weeksOf, without, type Block } from '../rules.ts'
import type { Shown } from './frame.ts'

/** Looked at before anything is worked out: of a month's spans few touch a day. */
type Bounds = { from: number; to: number }
const touches = (span: Bounds, day: Bounds): boolean => span.from < day.to && span.to > day.from
const boundsOf = (day: PlainDate, zone: string): Bounds => {
  const { from, to } = dayBounds(day, zone)
  return { from: from.epochMilliseconds, to: to.epochMilliseconds }
}

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
  const closuresOn = (day: PlainDate, bounds: Bounds) =>
    settings.closures.flatMap((closure) => {
      const span = { from: closure.startsAt.epochMilliseconds, to: closure.endsAt.epochMilliseconds }
      const block = touches(span, bounds) ? blockOn(span, day, zone) : undefined
      return block ? [{ ...closure, block }] : []
    })
  /** Minutes that can be worked, doctor by doctor, since two places at one time are still one doctor. */
  const workedOn = (day: PlainDate, bounds: Bounds, closed: ReturnType<typeof closuresOn>) => {
    const open = new Map<PractitionerId, Block[]>()
    for (const one of work) {
      const block = touches(one, bounds) ? blockOn(one, day, zone) : undefined
      if (!block) continue
      const cuts = closed
        .filter((closure) => (closure.practitionerId ?? one.practitionerId) === one.practitionerId)
        .filter((closure) => (closure.locationId ?? one.locationId) === one.locationId)
        .map((closure) => closure.block)
      open.set(one.practitionerId, [...(open.get(one.practitionerId) ?? []), ...without([block], cuts)])
    }
    return [...open.values()].flatMap(joined).reduce((minutes, block) => minutes + block.to - block.from, 0)
  }
  const weeks = weeksOf(date, firstDayOfWeek(country))
  return {
    weekdays: (weeks[0] ?? []).map((day) => ({ short: speaker.weekday(day), long: speaker.longWeekday(day) })),
    weeks: weeks.map((week) =>
      week.map((day) => {
        const count = counts.get(day.toString())
        const visits = count?.visits ?? 0
        const bounds = boundsOf(day, zone)
        const closures = closuresOn(day, bounds)
        const worked = workedOn(day, bounds, closures)
        const full = worked === 0 ? 0 : Math.min(100, Math.round(((count?.minutes ?? 0) / worked) * 100))
        const closed = closures
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
