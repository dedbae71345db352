// Small pieces of text that the pages about repeat visits share.
import { isolated } from '../../../kernel/names.ts'
import { dateAt, Temporal, type PlainDate } from '../../../kernel/time.ts'
import type { Ctx } from '../../../platform/clinic-scope.ts'
import type { Speaker } from '../../../platform/i18n/speaker.ts'
import type { Appointment } from '../../appointments/queries.ts'
import type { Rule } from '../rules.ts'

/** The days of a week in the order of ISO, as a language calls them in short: 1 is Monday. */
export const weekdaysOf = (speaker: Speaker) =>
  Array.from({ length: 7 }, (_, at) => ({
    value: String(at + 1),
    label: speaker.weekday(Temporal.PlainDate.from('2026-11-23').add({ days: at })),
  }))

/** "Every 2 weeks: Mon, Thu" and the like. */
export function ruleText(speaker: Speaker, rule: Rule, first: PlainDate): string {
  const { t } = speaker
  const count = rule.step
  if (rule.every === 'day') return t('series.rule.day', { count })
  if (rule.every === 'month') return t(`series.rule.month_${rule.by}`, { count })
  const days = [...new Set([...rule.weekdays, first.dayOfWeek])].sort()
  const names = weekdaysOf(speaker)
  return t('series.rule.week', {
    count,
    days: days.map((day) => names[day - 1]?.label ?? '').join(`${t('series.rule.between')} `),
  })
}

export const placeText = (speaker: Speaker, { seriesIndex, seriesOf }: Appointment): string | undefined =>
  seriesIndex === null || seriesOf === null
    ? undefined
    : speaker.t('series.place', { index: speaker.number(seriesIndex), of: speaker.number(seriesOf) })

/** Whose visit it is, or why nobody's name stands there. */
export function nameOf({ t }: Speaker, visit: Pick<Appointment, 'patientName' | 'hidden'>): string {
  if (visit.patientName !== null) return visit.patientName
  return t(visit.hidden ? 'desk.card.restricted' : 'desk.card.erased')
}

/** What and with whom, in one line. */
export const aboutText = (visit: Pick<Appointment, 'serviceName' | 'practitionerName' | 'locationName'>): string =>
  [visit.serviceName, visit.practitionerName, visit.locationName].map(isolated).join(' · ')

export const firstDateOf = (ctx: Ctx, visits: readonly Appointment[]): PlainDate =>
  dateAt(visits[0]?.startsAt ?? ctx.now, ctx.clinic.zone)
