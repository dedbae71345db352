// What the colours of the calendar mean: a visit's status, or its service.
import type { Visit } from '../queries.ts'
import type { Facts } from './facts.ts'

const statusCss: Record<Visit['status'], string> = {
  pending: 'is-held',
  booked: 'is-booked',
  arrived: 'is-arrived',
  in_room: 'is-in-room',
  fulfilled: 'is-done',
  noshow: 'is-no-show',
  cancelled: 'is-cancelled',
}

/** As many colours as people can tell apart; a ninth service begins again, and its name stands on it anyway. */
const serviceColours = 8

export function colourOf({ shown }: Pick<Facts, 'shown'>, visit: Pick<Visit, 'status' | 'serviceId'>): string {
  const css = statusCss[visit.status]
  if (shown.colour === 'status' || visit.status === 'pending') return css
  const at = shown.settings.services.findIndex(({ id }) => id === visit.serviceId)
  return `${css} service-${(Math.max(0, at) % serviceColours) + 1}`
}

/** What the colours that are there stand for. */
export function legendOf(facts: Facts) {
  const { speaker, shown, visits } = facts
  const there = (test: (visit: Visit) => boolean) => visits.some(test)
  if (shown.colour === 'service') {
    return shown.settings.services
      .filter(({ id }) => there((visit) => visit.serviceId === id && visit.status !== 'pending'))
      .map(({ id, name }) => ({ css: colourOf(facts, { status: 'booked', serviceId: id }), label: name }))
  }
  return (['pending', 'booked', 'arrived', 'in_room', 'fulfilled', 'noshow'] as const)
    .filter((status) => there((visit) => visit.status === status))
    .map((status) => ({ css: statusCss[status], label: speaker.t(`shared.status.${status}`) }))
}
