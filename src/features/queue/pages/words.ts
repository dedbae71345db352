// Small pieces of text that the pages of the line share.
import { minutesBetween, type Instant } from '../../../kernel/time.ts'
import type { Speaker } from '../../../platform/i18n/speaker.ts'
import type { Appointment } from '../../appointments/queries.ts'

/** Whose visit it is, or why nobody's name stands there. */
export function whoText({ t }: Speaker, visit: Pick<Appointment, 'patientName' | 'hidden'>): string {
  if (visit.patientName !== null) return visit.patientName
  return t(visit.hidden ? 'desk.card.restricted' : 'desk.card.erased')
}

export function minutesText({ t }: Speaker, from: Instant, now: Instant): string {
  const minutes = Math.max(0, minutesBetween(from, now))
  if (minutes === 0) return t('queue.wait.just_now')
  if (minutes < 60) return t('queue.wait.minutes', { count: minutes })
  return t('queue.wait.hours', { hours: Math.floor(minutes / 60), minutes: minutes % 60 })
}
