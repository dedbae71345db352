// The clinic that the property tests of availability draw everything for.
import type { ResourceId } from '../../src/features/availability/rules.ts'
import { newId } from '../../src/kernel/ids.ts'

// Everything generated is a multiple of the tick, so a tick is all or nothing for every rule.
export const tick = 5
export const practitioners = [newId<'practitioner'>(), newId<'practitioner'>()]
export const locations = [newId<'location'>(), newId<'location'>()]
export const serviceIds = [newId<'service'>(), newId<'service'>()]
/** Two rooms at the first location, one at the second, and a machine that goes along. */
export const [room1, room2, room3, machine] = Array.from({ length: 4 }, () => newId<'resource'>()) as [
  ResourceId,
  ResourceId,
  ResourceId,
  ResourceId,
]
export const resources = [
  { id: room1, locationId: locations[0] },
  { id: room2, locationId: locations[0] },
  { id: room3, locationId: locations[1] },
  { id: machine },
]

/** Dates on which the clocks change; in Karachi they don't. */
export const changes = [
  { zone: 'Africa/Cairo', change: '2026-04-24' },
  { zone: 'Africa/Cairo', change: '2026-10-30' },
  { zone: 'Europe/London', change: '2026-03-29' },
  { zone: 'Europe/London', change: '2026-10-25' },
  { zone: 'America/New_York', change: '2026-03-08' },
  { zone: 'America/New_York', change: '2026-11-01' },
  { zone: 'America/Nuuk', change: '2026-03-29' },
  { zone: 'America/Nuuk', change: '2026-10-25' },
  { zone: 'Asia/Karachi', change: '2026-06-10' },
]
