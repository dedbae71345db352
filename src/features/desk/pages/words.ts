// Small pieces of text that several of the desk's pages share.
import type { Instant } from '../../../kernel/time.ts'
import { dateAt } from '../../../kernel/time.ts'
import type { Ctx } from '../../../platform/clinic-scope.ts'
import type { Speaker } from '../../../platform/i18n/speaker.ts'
import type { Appointment } from '../../appointments/queries.ts'
import { isFlagged } from '../../attendance/rules.ts'
import type { Waiting } from '../rules.ts'

export function waitText({ t }: Speaker, { kind, minutes }: Waiting): string {
  if (minutes === 0) return t('desk.wait.just_now')
  if (kind === 'late' && minutes < 60) return t('desk.wait.late_minutes', { minutes })
  if (minutes < 60) return t('desk.wait.minutes', { minutes })
  const parts = { hours: Math.floor(minutes / 60), minutes: minutes % 60 }
  return t(kind === 'late' ? 'desk.wait.late_hours' : 'desk.wait.hours', parts)
}

/** Whose visit it is, or why nobody's name stands there. */
export function nameOf({ t }: Speaker, visit: Pick<Appointment, 'patientName' | 'hidden' | 'status'>): string {
  if (visit.patientName !== null) return visit.patientName
  if (visit.hidden) return t('desk.card.restricted')
  return t(visit.status === 'pending' ? 'desk.card.held' : 'desk.card.erased')
}

/** Today 4:30 pm, Tomorrow 9 am, Tue 24 Nov, 4:30 pm. */
export function whenText(ctx: Ctx, speaker: Speaker, instant: Instant): string {
  const days = dateAt(ctx.now, ctx.clinic.zone).until(dateAt(instant, ctx.clinic.zone)).days
  const time = speaker.time(instant)
  if (days === 0) return speaker.t('desk.when.today', { time })
  if (days === 1) return speaker.t('desk.when.tomorrow', { time })
  if (days === -1) return speaker.t('desk.when.yesterday', { time })
  return dateIsNear(days) ? speaker.dateTime(instant) : `${speaker.date(instant)}, ${time}`
}

const dateIsNear = (days: number) => days > -90 && days < 180

/** What missed visits come to, for the clinic to know; undefined when it is not worth a word. */
export const attendanceText = ({ t }: Speaker, score: number): string | undefined =>
  isFlagged(score) ? t('attendance.note.misses', { count: Math.round(score) }) : undefined

export const initialsOf = (name: string): string =>
  name
    .split(/\s+/)
    .filter((word) => /\p{L}/u.test(word))
    .slice(0, 2)
    .map((word) => [...word][0] ?? '')
    .join('')
