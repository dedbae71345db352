// Which of the visits that stand in a span a disruption touches.
import type { AppointmentId } from '../../../kernel/ids.ts'
import { isBefore, Temporal, type Instant } from '../../../kernel/time.ts'
import type { Appointment } from '../../appointments/queries.ts'
import { delayed, type Choice, type Declaration, type InLine } from '../rules.ts'

export const within = (visit: Appointment, { from, to }: Declaration): boolean =>
  isBefore(visit.startsAt, to) && isBefore(from, visit.endsAt)

export type Affected = {
  affected: Appointment[]
  here: Appointment[]
  /** For a doctor who is late: when each begins if it moves along. */
  shifts: ReadonlyMap<AppointmentId, Instant>
  movedSessions: ReadonlySet<string>
}

export function awayVisits(standing: readonly Appointment[]): Affected {
  return {
    affected: standing.filter(({ status }) => status === 'booked'),
    here: standing.filter(({ status }) => status === 'arrived' || status === 'in_room'),
    shifts: new Map(),
    movedSessions: new Set(),
  }
}

/**
 * Whoever would have to move if all of them did is affected, and whoever the desk chose something for. Those who are to
 * stay stand in the way of the others; those who go elsewhere make room.
 */
export function lateVisits(declaration: Declaration, standing: readonly Appointment[], wishes: ReadonlyMap<AppointmentId, Choice>): Affected {
  const [from, until] = [declaration.from.epochMilliseconds, declaration.to.epochMilliseconds]
  const lines = standing
    .filter((visit) => visit.status !== 'pending' || !within(visit, declaration))
    .map((visit) => ({ visit, inLine: inLineOf(visit) }))
  // A group somebody is about to join moves all the same; whoever is joining looks for another time.
  const joined = new Set(standing.filter(({ status }) => status !== 'pending').map(sessionOf))
  const own = lines.filter(({ visit }) => visit.status !== 'pending' || !joined.has(sessionOf(visit)))
  const all = delayed(
    own.map(({ inLine }) => inLine),
    from,
    until,
  )
  const affected = own.filter(({ visit }) => all.has(visit.id) || (wishes.has(visit.id) && visit.status === 'booked'))
  const wished = (id: AppointmentId) => wishes.get(id)?.what ?? 'shift'
  const moved = delayed(
    own
      .filter(({ visit }) => !affected.some((one) => one.visit === visit) || ['shift', 'keep'].includes(wished(visit.id)))
      .map(({ visit, inLine }) => ({ ...inLine, fixed: inLine.fixed || wished(visit.id) === 'keep' })),
    from,
    until,
  )
  const visits = affected.map(({ visit }) => visit)
  return {
    affected: visits,
    here: [],
    shifts: new Map([...moved].map(([id, at]) => [id, Temporal.Instant.fromEpochMilliseconds(at)])),
    movedSessions: new Set(visits.filter(({ id }) => moved.has(id)).map(sessionOf)),
  }
} // prettier-ignore

export const sessionOf = (visit: Appointment): string =>
  visit.overbooked ? visit.id : `${visit.serviceId} ${visit.locationId} ${visit.startsAt.toString()}`

function inLineOf(visit: Appointment): InLine {
  return {
    id: visit.id,
    line: visit.overbooked ? String(visit.lane) : 'main',
    session: sessionOf(visit),
    fixed: visit.status !== 'booked' && visit.status !== 'arrived',
    startsAt: visit.startsAt.epochMilliseconds,
    endsAt: visit.endsAt.epochMilliseconds,
    occupiedFrom: visit.occupiedFrom.epochMilliseconds,
    occupiedTo: visit.occupiedTo.epochMilliseconds,
  }
}
