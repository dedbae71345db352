// How a number, a time of waiting and the next call are said, on whatever page.
import type { AppointmentId, PractitionerId } from '../../../kernel/ids.ts'
import { allowed } from '../../../kernel/permissions.ts'
import type { Ctx } from '../../../platform/clinic-scope.ts'
import type { Speaker } from '../../../platform/i18n/speaker.ts'
import { lineOf, type Queued } from './line.ts'

/** A number as it is called out, shown and printed; a dash for whoever came in before there were any. */
export const tokenText = (speaker: Speaker, token: number | undefined): string =>
  token === undefined ? '–' : speaker.number(token)

/** "any moment", "about 25 minutes", "about 1 h 20 min". */
export function aboutText({ t }: Speaker, minutes: number): string {
  if (minutes === 0) return t('queue.about.now')
  if (minutes < 60) return t('queue.about.minutes', { count: minutes })
  const parts = { hours: Math.floor(minutes / 60), minutes: minutes % 60 }
  return t(parts.minutes === 0 ? 'queue.about.full_hours' : 'queue.about.hours', { ...parts, count: parts.hours })
}

export type CallButton = { action: string; label: string; long: string }
export type CallButtons = { main: CallButton; stay: CallButton | undefined }

/**
 * The buttons that call in whoever is next at a doctor's. With somebody still in the room there are two, and each says
 * what becomes of them.
 */
export function callButtons(
  ctx: Ctx,
  speaker: Speaker,
  doctor: { id: PractitionerId; name: string },
  visits: readonly Queued[],
): CallButtons | undefined {
  if (ctx.actor.kind !== 'user' || !allowed(ctx.actor.role, 'appointments.run')) return undefined
  const { inRoom, waiting } = lineOf(visits)
  const [next] = waiting
  if (!next) return undefined
  const path = `/app/${ctx.clinic.slug}/queue/doctors/${doctor.id}/next`
  const token = tokenText(speaker, next.token)
  const { t } = speaker
  if (inRoom.length === 0) {
    const label = t('queue.call.next', { token })
    return { main: { action: path, label, long: `${doctor.name}: ${label}` }, stay: undefined }
  }
  const button = (then: 'finish' | 'stay'): CallButton => {
    const ids: AppointmentId[] = inRoom.map(({ id }) => id)
    const before = speaker.list(inRoom.map((one) => tokenText(speaker, one.token)))
    const label = t(`queue.call.${then}`, { before, token })
    const query = new URLSearchParams({ previous: ids.join(','), then })
    return { action: `${path}?${query.toString()}`, label, long: `${doctor.name}: ${label}` }
  }
  return { main: button('finish'), stay: button('stay') }
}
