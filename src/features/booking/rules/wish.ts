// How a chosen time travels through addresses and forms: what is looked up later is never sent, so that nobody can
// change a price, a length or a doctor's hours on the way.
import { parseId, type LocationId, type PractitionerId, type ServiceId } from '../../../kernel/ids.ts'
import { instantText, parseInstant, type Instant } from '../../../kernel/time.ts'

/** A time somebody tapped: at a place, with a doctor or whoever is free first. */
export type Chosen = {
  serviceId: ServiceId
  practitionerId: PractitionerId | 'any'
  locationId: LocationId
  startsAt: Instant
}

/** What a button of a time carries. The service stands beside it in the form. */
export function slotText(slot: { startsAt: number; practitionerId: PractitionerId | 'any'; locationId: LocationId }) {
  return `${instantText(slot.startsAt)}_${slot.practitionerId}_${slot.locationId}`
}

export function parseSlot(text: string): Omit<Chosen, 'serviceId'> | undefined {
  const [at, who, where, ...more] = text.split('_')
  const startsAt = parseInstant(at)
  const practitionerId = who === 'any' ? who : parseId<'practitioner'>(who)
  const locationId = parseId<'location'>(where)
  if (!startsAt || !practitionerId || !locationId || more.length > 0) return undefined
  return { startsAt, practitionerId, locationId }
}

/** A query string without what is not there. */
export function queryText(params: Record<string, string | undefined>): string {
  const query = new URLSearchParams()
  for (const [name, value] of Object.entries(params)) if (value !== undefined && value !== '') query.set(name, value)
  return query.size === 0 ? '' : `?${query.toString()}`
}

/** The name to greet somebody by on a page that whoever has the link may see. */
export const firstNameOf = (name: string): string => name.split(/\s+/)[0] ?? ''
