// Where a visit is to stand, by what was chosen for it, and what it then takes from the others.
import type { AppointmentId } from '../../../kernel/ids.ts'
import { minutesBetween, type Instant } from '../../../kernel/time.ts'
import type { Rearrangement } from '../../appointments/actions/rearrange.ts'
import type { Appointment } from '../../appointments/queries.ts'
import { occupiedBy } from '../../appointments/rules.ts'
import type { Busy, BusyResource, Slot } from '../../availability/rules.ts'
import type { DiarySettings } from '../../clinics/queries.ts'
import type { Choice } from '../rules.ts'

type Standing = Rearrangement['to']

export function shifted(visit: Appointment, to: Instant): Standing {
  const by = visit.startsAt.until(to)
  return {
    ...visit,
    startsAt: to,
    endsAt: visit.endsAt.add(by),
    occupiedFrom: visit.occupiedFrom.add(by),
    occupiedTo: visit.occupiedTo.add(by),
    confirmedAt: null,
  }
}

export function rearranged(
  settings: DiarySettings,
  visit: Appointment,
  choice: Choice,
  slot: Slot | undefined,
): Rearrangement | undefined {
  switch (choice.what) {
    case 'keep':
      return undefined
    case 'cancel':
      return { before: visit, to: { ...visit, status: 'cancelled' } }
    case 'shift':
      return choice.to.equals(visit.startsAt) ? undefined : { before: visit, to: shifted(visit, choice.to) }
    case 'move': {
      const service = settings.services.find(({ id }) => id === visit.serviceId)
      if (!service || !slot) return undefined
      const shape = { ...service, durationMin: minutesBetween(visit.startsAt, visit.endsAt) }
      const { practitionerId, locationId, startsAt } = choice
      const occupied = occupiedBy(startsAt, shape)
      const stands = {
        status: visit.status,
        practitionerId,
        locationId,
        startsAt,
        endsAt: startsAt.add({ minutes: shape.durationMin }),
        occupiedFrom: occupied.from,
        occupiedTo: occupied.to,
        lane: slot.lane,
        capacity: service.capacity,
        overbooked: false,
        confirmedAt: null,
        resourceIds: slot.resourceIds ?? [],
      }
      return { before: visit, to: stands }
    }
  }
}

/** Of a place that is planned: another's, so that it is not looked through with the visit's own old place. */
export const plannedId = (visit: Appointment) => `${visit.id} planned` as AppointmentId

export const busyAt = (visit: Appointment, stands: Standing): Busy => ({
  appointmentId: plannedId(visit),
  practitionerId: stands.practitionerId,
  locationId: stands.locationId,
  serviceId: visit.serviceId,
  startsAt: stands.startsAt,
  occupiedFrom: stands.occupiedFrom,
  occupiedTo: stands.occupiedTo,
  lane: stands.lane,
})

export const roomsAt = (visit: Appointment, stands: Standing): BusyResource[] =>
  (stands.resourceIds ?? []).map((resourceId) => ({ ...busyAt(visit, stands), resourceId }))
