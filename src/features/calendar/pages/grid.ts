// Day and week: columns of visits, with the time around them. A column is one doctor's day, or, where all doctors share a
// week, a day of the whole clinic.
import { isolated } from '../../../kernel/names.ts'
import { isBefore, type Instant } from '../../../kernel/time.ts'
import type { Ctx } from '../../../platform/clinic-scope.ts'
import type { Speaker } from '../../../platform/i18n/speaker.ts'
import { hoursShown, joined, nowOn, placeCss } from '../rules.ts'
import { legendOf } from './colours.ts'
import { factsOf, type Column, type Facts } from './facts.ts'
import type { Shown } from './frame.ts'
import { drawn, itemsOf } from './items.ts'

export async function gridOf(ctx: Ctx, speaker: Speaker, shown: Shown) {
  const facts = await factsOf(ctx, speaker, shown)
  const columns = columnsOf(facts)
  const hours = hoursShown(
    columns.flatMap((column) => [...facts.workOf(column), ...facts.visitsOf(column).map(drawn(facts, column))]),
  )
  return {
    from: hours.from,
    hours: Array.from({ length: hours.to - hours.from }, (_, hour) => ({
      css: `h${hours.from + hour} m0`,
      label: speaker.clockTime((hours.from + hour) * 60),
    })),
    css: `from-h${hours.from} hours-${hours.to - hours.from}`,
    columns: columns.map((column, index) => ({
      ...column.head,
      key: index,
      first: index === 0,
      practitioner: column.practitionerId ?? '',
      date: column.date.toString(),
      work: joined(facts.workOf(column)).map(placeCss),
      items: itemsOf(facts, column, hours),
      now: nowCss(facts, column, hours),
    })),
    legend: legendOf(facts),
    step: shown.settings.profile.slotStepMin,
    unchangedUntil: firstToLapse(facts),
  }
}

type HeadedColumn = Column & {
  head: { label: string; href: string | undefined; note: string; today: boolean; person: boolean }
}

function columnsOf(facts: Facts): HeadedColumn[] {
  const { speaker, shown, visits } = facts
  if (shown.view === 'week') {
    return Array.from({ length: shown.days }, (_, day) => {
      const date = shown.from.add({ days: day })
      const column = { date, practitionerId: shown.practitionerId }
      const label = `${speaker.weekday(date)} ${speaker.dayOfMonth(date)}`
      const href = shown.address({ view: 'day', date })
      return {
        ...column,
        head: { label, href, note: hoursText(facts, column), today: date.equals(shown.today), person: false },
      }
    })
  }
  const doctors = shown.settings.practitioners.filter(({ id, active }) =>
    shown.practitionerId === undefined
      ? active || visits.some((visit) => visit.practitionerId === id)
      : id === shown.practitionerId,
  )
  return doctors.map(({ id, name }) => {
    const column = { date: shown.date, practitionerId: id }
    const href = shown.choices.length > 1 ? shown.address({ view: 'week', practitionerId: id }) : undefined
    return { ...column, head: { label: name, href, note: hoursText(facts, column), today: false, person: true } }
  })
}

/** `9 am – 1 pm, 4 – 8 pm`, or that nobody works. */
function hoursText(facts: Facts, column: Column): string {
  const { speaker } = facts
  const blocks = joined(facts.workOf(column))
  if (blocks.length === 0) return speaker.t('calendar.no_hours')
  return speaker.list(
    blocks.map(({ from, to }) => isolated(`${speaker.clockTime(from)} – ${speaker.clockTime(to % 1440)}`)),
  )
}

/** Where now is within the hours that are shown: what is drawn earlier or later lies across the rest of the page. */
function nowCss({ ctx }: Facts, { date }: Column, hours: { from: number; to: number }): string | undefined {
  const minute = nowOn(ctx.now, date, ctx.clinic.zone)
  if (minute === undefined || minute < hours.from * 60 || minute >= hours.to * 60) return undefined
  return placeCss({ from: minute, to: minute + 5 })
}

/** When the first of the holds that are shown lapses. */
const firstToLapse = ({ visits }: Facts): Instant | undefined =>
  visits.flatMap(({ holdExpiresAt }) => holdExpiresAt ?? []).sort((a, b) => (isBefore(a, b) ? -1 : 1))[0]
