// Availability as slow and obvious as can be: it walks the local dates tick by tick and asks each rule literally, with
// Temporal for all of it and none of the code under test.
import type { BusyResource, Need, ResourceId, SlotSearch, SpecialHours } from '../../src/features/availability/rules.ts'
import type { LocationId, PractitionerId } from '../../src/kernel/ids.ts'
import { Temporal, type Instant, type PlainDate } from '../../src/kernel/time.ts'
import { locations, practitioners, tick } from './drawn-clinic.ts'

export const before = (a: Instant, b: Instant) => Temporal.Instant.compare(a, b) < 0
export const notAfter = (a: Instant, b: Instant) => Temporal.Instant.compare(a, b) <= 0

/** Wall-clock minutes of a date as an instant: skipped times move forward by the gap, of doubled ones the first. */
function instantOf(date: PlainDate, minutes: number, zone: string): Instant {
  const wall = date.toPlainDateTime('00:00').add({ minutes })
  const first = wall.toZonedDateTime(zone, { disambiguation: 'earlier' })
  const exists = first.toPlainDateTime().equals(wall)
  return (exists ? first : wall.toZonedDateTime(zone, { disambiguation: 'later' })).toInstant()
}

const ticksOfDate = new Map<string, Instant[]>()
/** All the ticks that the clinic's calendar shows as this date. */
export function ticksOn(date: PlainDate, zone: string): Instant[] {
  const key = `${zone} ${date.toString()}`
  const known = ticksOfDate.get(key)
  if (known) return known
  const ticks: Instant[] = []
  const end = date.add({ days: 1 }).toZonedDateTime('UTC').toInstant().add({ hours: 15 })
  let at = date.toZonedDateTime('UTC').toInstant().subtract({ hours: 15 })
  for (; before(at, end); at = at.add({ minutes: tick })) {
    if (at.toZonedDateTimeISO(zone).toPlainDate().equals(date)) ticks.push(at)
  }
  ticksOfDate.set(key, ticks)
  return ticks
}

export type Model = {
  date: string
  startsAt: Instant
  practitionerId: PractitionerId
  locationId: LocationId
  lane: number
  resourceIds?: readonly ResourceId[]
}

/** Whose shifts hold on a date: the weekly ones, unless special hours take their place there. */
function heldOn(search: SlotSearch, date: PlainDate, practitionerId: PractitionerId, locationId: LocationId) {
  let holding: SpecialHours | undefined
  for (const one of search.special ?? []) {
    if (one.practitionerId !== practitionerId) continue
    if (one.locationId !== undefined && one.locationId !== locationId) continue
    const dates = Array.from({ length: one.from.until(one.to).days + 1 }, (_, n) => one.from.add({ days: n }))
    if (!dates.some((covered) => covered.equals(date))) continue
    if (holding === undefined || one.rank > holding.rank) holding = one
    else if (one.rank === holding.rank && one.locationId !== undefined && holding.locationId === undefined)
      holding = one
  }
  return holding?.shifts ?? search.shifts
}

export function model(search: SlotSearch): Model[] {
  const { zone, now, from, service, rules } = search
  const worked = Array.from({ length: search.days + 7 }, (_, n) => from.add({ days: n - 4 })).flatMap((date) =>
    practitioners.flatMap((practitionerId) =>
      locations.flatMap((locationId) =>
        heldOn(search, date, practitionerId, locationId)
          .filter((shift) => shift.practitionerId === practitionerId && shift.locationId === locationId)
          .filter((shift) => date.dayOfWeek === shift.weekday)
          .filter((shift) => !shift.validFrom || Temporal.PlainDate.compare(date, shift.validFrom) >= 0)
          .filter((shift) => !shift.validTo || Temporal.PlainDate.compare(date, shift.validTo) <= 0)
          .map((shift) => ({
            ...shift,
            starts: instantOf(date, shift.startsMin, zone),
            ends: instantOf(date, shift.endsMin, zone),
          })),
      ),
    ),
  )
  const busy = search.busy.filter((row) => {
    if (search.ignore?.includes(row.appointmentId)) return false
    return row.holdExpiresAt === undefined || before(now, row.holdExpiresAt)
  })
  const lastDate = now.toZonedDateTimeISO(zone).toPlainDate().add({ days: rules.horizonDays })
  const today = now.toZonedDateTimeISO(zone).toPlainDate()
  const noticeFrom = now.add({ minutes: rules.minNoticeMin })
  const found: Model[] = []
  for (let day = 0; day < search.days; day++) {
    const date = from.add({ days: day })
    if (Temporal.PlainDate.compare(date, lastDate) > 0) continue
    if (rules.sameDay === false && Temporal.PlainDate.compare(date, today) <= 0) continue
    for (const startsAt of ticksOn(date, zone)) {
      if (before(startsAt, noticeFrom)) continue
      for (const practitionerId of search.practitionerIds) {
        for (const locationId of search.locationId ? [search.locationId] : locations) {
          const lane = laneAt(startsAt, practitionerId, locationId)
          if (lane === undefined) continue
          const slot = { date: date.toString(), startsAt, practitionerId, locationId, lane }
          if (!search.needs?.length) found.push(slot)
          else {
            const resourceIds = resourcesAt(search.needs, startsAt, practitionerId, locationId)
            if (resourceIds) found.push({ ...slot, resourceIds })
          }
        }
      }
    }
  }
  return found

  function laneAt(startsAt: Instant, practitionerId: PractitionerId, locationId: LocationId): number | undefined {
    const here = worked.filter((shift) => shift.practitionerId === practitionerId && shift.locationId === locationId)
    const at = (time: Instant) => here.filter((shift) => notAfter(shift.starts, time) && before(time, shift.ends))
    const [ruling] = at(startsAt).sort((a, b) => Temporal.Instant.compare(a.starts, b.starts))
    if (!ruling) return undefined
    if (startsAt.since(ruling.starts).total('minutes') % rules.stepMin !== 0) return undefined
    const endsAt = startsAt.add({ minutes: search.durations?.get(practitionerId) ?? service.durationMin })
    for (let time = startsAt; before(time, endsAt); time = time.add({ minutes: tick })) {
      if (at(time).length === 0) return undefined
    }
    for (const closure of search.closures) {
      const concerns =
        [undefined, practitionerId].includes(closure.practitionerId) &&
        [undefined, locationId].includes(closure.locationId)
      if (concerns && before(closure.startsAt, endsAt) && before(startsAt, closure.endsAt)) return undefined
    }
    const from = startsAt.subtract({ minutes: service.bufferBeforeMin })
    const to = endsAt.add({ minutes: service.bufferAfterMin })
    const overlapping = busy.filter(
      (row) => row.practitionerId === practitionerId && before(row.occupiedFrom, to) && before(from, row.occupiedTo),
    )
    const sameSession = overlapping.filter(
      (row) => row.serviceId === service.id && row.startsAt.equals(startsAt) && row.locationId === locationId,
    )
    if (sameSession.length < overlapping.length || sameSession.length >= service.capacity) return undefined
    for (let lane = 1; lane <= service.capacity; lane++) {
      if (!sameSession.some((row) => row.lane === lane)) return lane
    }
    return undefined
  }

  /** Every way to give each need a resource of its own; of those that are free the one with most in its own session, then the first. */
  function resourcesAt(
    needs: readonly Need[],
    startsAt: Instant,
    practitionerId: PractitionerId,
    locationId: LocationId,
  ): ResourceId[] | undefined {
    const from = startsAt.subtract({ minutes: service.bufferBeforeMin })
    const minutes = (search.durations?.get(practitionerId) ?? service.durationMin) + service.bufferAfterMin
    const to = startsAt.add({ minutes })
    const holders = (id: ResourceId) =>
      (search.busyResources ?? []).filter(
        (row) =>
          row.resourceId === id &&
          search.ignore?.includes(row.appointmentId) !== true &&
          (row.holdExpiresAt === undefined || before(now, row.holdExpiresAt)) &&
          before(row.occupiedFrom, to) &&
          before(from, row.occupiedTo),
      )
    const own = (row: BusyResource) =>
      row.startsAt.equals(startsAt) &&
      row.practitionerId === practitionerId &&
      row.locationId === locationId &&
      row.serviceId === service.id
    const ways = needs.reduce<ResourceId[][]>(
      (partial, need) =>
        partial.flatMap((way) => {
          const fits = need
            .filter((one) => (one.locationId ?? locationId) === locationId && !way.includes(one.id))
            .filter(({ id }) => holders(id).every(own))
          const joined = fits.filter(({ id }) => holders(id).length > 0)
          const others = fits.filter(({ id }) => holders(id).length === 0)
          return [...joined, ...others].map(({ id }) => [...way, id])
        }),
      [[]],
    )
    return ways[0]
  }
}
