// Rooms and equipment: of which a visit needs some, and of which there are only so many.
import type { AppointmentId, Id, LocationId, PractitionerId, ServiceId } from '../../../kernel/ids.ts'
import type { Instant } from '../../../kernel/time.ts'
import { minute, type Span } from './hours.ts'

export type ResourceId = Id<'resource'>

/** A room or a piece of equipment; without a location it goes along to every place. */
export type Resource = { id: ResourceId; locationId?: LocationId | undefined }

/** Of the resources of one need any one will do, the first of them rather than the next. */
export type Need = readonly Resource[]

/** A visit or hold that takes a resource, whoever its doctor is. */
export type BusyResource = {
  resourceId: ResourceId
  appointmentId: AppointmentId
  practitionerId: PractitionerId
  locationId: LocationId
  serviceId: ServiceId
  startsAt: Instant
  occupiedFrom: Instant
  occupiedTo: Instant
  /** Only of holds. From this instant on the hold no longer counts. */
  holdExpiresAt?: Instant | undefined
}

type Taken = Span & Pick<BusyResource, 'practitionerId' | 'locationId' | 'serviceId'> & { startsAt: number }

export type TakenByResource = ReadonlyMap<ResourceId, readonly Taken[]>

export function takenByResource(
  rows: readonly BusyResource[],
  counts: (row: BusyResource) => boolean,
): TakenByResource {
  const byResource = new Map<ResourceId, Taken[]>()
  for (const row of rows) {
    if (!counts(row)) continue
    const taken = {
      from: row.occupiedFrom.epochMilliseconds,
      to: row.occupiedTo.epochMilliseconds,
      startsAt: row.startsAt.epochMilliseconds,
      practitionerId: row.practitionerId,
      locationId: row.locationId,
      serviceId: row.serviceId,
    }
    const known = byResource.get(row.resourceId)
    if (known) known.push(taken)
    else byResource.set(row.resourceId, [taken])
  }
  for (const taken of byResource.values()) taken.sort((a, b) => a.from - b.from)
  return byResource
}

type Sitting = Pick<BusyResource, 'practitionerId' | 'locationId' | 'serviceId'>
type Shape = { durationMin: number; bufferBeforeMin: number; bufferAfterMin: number }

/**
 * Finds what a visit would take, one resource for each need, or `undefined` when that is not to be had: of each need the
 * one that the visit's own session has already, so that eight people of a group sit in one room; else the first that is
 * free. No resource serves two needs at once, so an earlier need steps back where a later one could not be met. It walks
 * along the rows, so it has to be asked in ascending order of time.
 */
export function resourceFinder(
  needs: readonly Need[],
  sitting: Sitting,
  shape: Shape,
  taken: TakenByResource,
): (startsAt: number) => readonly ResourceId[] | undefined {
  const here = needs.map((need) =>
    need.filter(({ locationId }) => locationId === undefined || locationId === sitting.locationId).map(({ id }) => id),
  )
  const before = shape.bufferBeforeMin * minute
  const after = (shape.durationMin + shape.bufferAfterMin) * minute
  const passed = new Map<ResourceId, number>()
  const standing = (id: ResourceId, startsAt: number): 'own' | 'free' | 'taken' => {
    const rows = taken.get(id)
    if (!rows) return 'free'
    const [from, to] = [startsAt - before, startsAt + after]
    let first = passed.get(id) ?? 0
    for (let row = rows[first]; row && row.to <= from; row = rows[first]) first++
    passed.set(id, first)
    let own = false
    for (let at = first, row = rows[at]; row && row.from < to; row = rows[++at]) {
      if (row.to <= from) continue
      if (!isOf(row, sitting, startsAt)) return 'taken'
      own = true
    }
    return own ? 'own' : 'free'
  }
  const pick = (startsAt: number, need: number, chosen: readonly ResourceId[]): readonly ResourceId[] | undefined => {
    const candidates = here[need]
    if (!candidates) return chosen
    const standings = candidates.map((id) => (chosen.includes(id) ? 'taken' : standing(id, startsAt)))
    for (const wanted of ['own', 'free'] as const) {
      for (const [at, id] of candidates.entries()) {
        if (standings[at] !== wanted) continue
        const all = pick(startsAt, need + 1, [...chosen, id])
        if (all) return all
      }
    }
    return undefined
  }
  return (startsAt) => pick(startsAt, 0, [])
}

function isOf(row: Taken, { practitionerId, locationId, serviceId }: Sitting, startsAt: number): boolean {
  return (
    row.startsAt === startsAt &&
    row.practitionerId === practitionerId &&
    row.serviceId === serviceId &&
    row.locationId === locationId
  )
}
