// Clinics, hours and questions as they are drawn for the property tests of availability.
import fc from 'fast-check'
import {
  freeSlots,
  type BookableService,
  type Busy,
  type BusyResource,
  type Closure,
  type Need,
  type ResourceId,
  type Shift,
  type Slot,
  type SlotSearch,
  type SpecialHours,
} from '../../src/features/availability/rules.ts'
import { newId } from '../../src/kernel/ids.ts'
import { Temporal, type PlainDate } from '../../src/kernel/time.ts'
import { changes, locations, practitioners, resources, serviceIds, tick } from './drawn-clinic.ts'

const minutesUpTo = (max: number, min = 0) => fc.integer({ min: min / tick, max: max / tick }).map((n) => n * tick)

const seldom = <T>(value: fc.Arbitrary<T>) =>
  fc.oneof({ weight: 3, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: value })

// Mostly the same one, so that things meet.
const place = fc.record({
  practitionerId: fc.constantFrom(practitioners[0]!, ...practitioners),
  locationId: fc.constantFrom(locations[0]!, locations[0]!, ...locations),
})

/** Mostly plain hours, some through the night, some touching or overlapping the ones before, some for a few dates. */
const shiftNear = (first: PlainDate) =>
  fc
    .record({
      place,
      day: fc.integer({ min: -2, max: 2 }),
      starts: fc.oneof(fc.constantFrom(0, 0, 60, 120, 540, 1380), minutesUpTo(1435)),
      // 0: until midnight
      length: fc.oneof(fc.constantFrom(0, 0, 60, 240, 480, 1440), minutesUpTo(900, tick)),
      follows: seldom(minutesUpTo(240, tick)),
      valid: seldom(fc.record({ from: fc.integer({ min: -3, max: 4 }), length: fc.integer({ min: 0, max: 5 }) })),
    })
    .map(({ place, day, starts, length, follows, valid }): Shift[] => {
      const dates = valid && {
        validFrom: first.add({ days: valid.from }),
        validTo: first.add({ days: valid.from + valid.length }),
      }
      const weekday = first.add({ days: day }).dayOfWeek
      const shift = { ...place, ...dates, weekday, startsMin: starts, endsMin: length === 0 ? 1440 : starts + length }
      if (follows === undefined || shift.endsMin >= 1440) return [shift]
      return [shift, { ...shift, startsMin: shift.endsMin, endsMin: shift.endsMin + follows }]
    })

/** A few dates with hours of their own, nights among them, or none: at one place or at both. */
const specialNear = (first: PlainDate) =>
  fc
    .record({
      place,
      everywhere: seldom(fc.constant(true)),
      from: fc.integer({ min: -3, max: 3 }),
      length: fc.integer({ min: 0, max: 4 }),
      rank: fc.integer({ min: 0, max: 2 }),
      shifts: fc.array(shiftNear(first), { maxLength: 4 }),
    })
    .map(({ place, everywhere, from, length, rank, shifts }): SpecialHours => ({
      practitionerId: place.practitionerId,
      ...(everywhere ? {} : { locationId: place.locationId }),
      from: first.add({ days: from }),
      to: first.add({ days: from + length }),
      rank,
      shifts: shifts.flat().map(({ validFrom: _, validTo: __, ...shift }) => ({
        ...shift,
        practitionerId: place.practitionerId,
        locationId: everywhere ? shift.locationId : place.locationId,
      })),
    }))

const service = (id: BookableService['id']) =>
  fc.record({
    id: fc.constant(id),
    durationMin: fc.oneof(
      { weight: 3, arbitrary: fc.constantFrom(15, 20, 30) },
      { weight: 1, arbitrary: minutesUpTo(180, tick) },
    ),
    bufferBeforeMin: fc.oneof(fc.constant(0), minutesUpTo(30)),
    bufferAfterMin: fc.oneof(fc.constant(0), minutesUpTo(30)),
    capacity: fc.oneof(fc.constant(1), fc.integer({ min: 1, max: 4 })),
  })

/** Mostly nothing; a room, the machine, both, two rooms of which each may be the other. */
const needs: fc.Arbitrary<Need[]> = fc.oneof(
  { weight: 2, arbitrary: fc.constant<Need[]>([]) },
  {
    weight: 3,
    arbitrary: fc.array(fc.uniqueArray(fc.constantFrom(...resources), { minLength: 1, maxLength: 4 }), {
      minLength: 1,
      maxLength: 3,
    }),
  },
)

type Scene = { search: SlotSearch; services: [BookableService, BookableService] }

export const scene: fc.Arbitrary<Scene> = fc
  .tuple(fc.constantFrom(...changes), fc.integer({ min: -2, max: 1 }))
  .chain(([{ zone, change }, offset]) => {
    const from = Temporal.PlainDate.from(change).add({ days: offset })
    const start = from.toZonedDateTime(zone).toInstant()
    const near = (min: number, max: number) => minutesUpTo(max, min).map((minutes) => start.add({ minutes }))
    const visit = fc.record({
      place,
      service: fc.constantFrom(...serviceIds),
      startsAt: near(-600, 4320),
      lane: fc.oneof(fc.integer({ min: 1, max: 4 }), fc.constant(1001)),
      length: minutesUpTo(60, tick),
      buffers: fc.tuple(minutesUpTo(30), minutesUpTo(30)),
      expires: seldom(fc.integer({ min: -2, max: 5 * 60_000 })),
      copies: fc.integer({ min: 1, max: 3 }),
      takes: fc.subarray(resources, { maxLength: 2 }),
      /** Of a doctor nobody asks about. */
      elsewhere: fc.boolean(),
    })
    return fc
      .record({
        services: fc.tuple(service(serviceIds[0]!), service(serviceIds[1]!)),
        shifts: fc.array(shiftNear(from), { minLength: 4, maxLength: 9 }),
        special: fc.oneof(fc.constant([]), fc.array(specialNear(from), { minLength: 1, maxLength: 3 })),
        closures: fc.array(
          fc.record({
            startsAt: near(-600, 4320),
            length: minutesUpTo(600, tick),
            practitionerId: seldom(fc.constantFrom(...practitioners)),
            locationId: seldom(fc.constantFrom(...locations)),
          }),
          { maxLength: 2 },
        ),
        visits: fc.array(visit, { maxLength: 8 }),
        // Before, at and within the days asked for, to the millisecond.
        now: fc
          .record({
            at: fc.oneof({ weight: 3, arbitrary: near(-2880, 0) }, { weight: 2, arbitrary: near(0, 2880) }),
            by: fc.integer({ min: -1, max: 1 }),
          })
          .map(({ at, by }) => at.add({ milliseconds: by })),
        days: fc.integer({ min: 1, max: 3 }),
        rules: fc.record({
          minNoticeMin: fc.oneof(fc.constant(0), minutesUpTo(120), minutesUpTo(720)),
          horizonDays: fc.oneof(
            { weight: 2, arbitrary: fc.constant(30) },
            { weight: 1, arbitrary: fc.integer({ min: 0, max: 4 }) },
          ),
          stepMin: fc.oneof(
            { weight: 3, arbitrary: fc.constantFrom(15, 20, 30) },
            { weight: 1, arbitrary: minutesUpTo(120, tick) },
          ),
          sameDay: fc.constantFrom(true, true, false),
        }),
        durations: seldom(
          fc.uniqueArray(fc.tuple(fc.constantFrom(...practitioners), minutesUpTo(90, tick)), {
            selector: ([id]) => id,
            maxLength: 2,
          }),
        ).map((lengths) => lengths && new Map(lengths)),
        needs,
        practitionerIds: fc.constantFrom(practitioners, practitioners.toReversed(), practitioners.slice(0, 1)),
        locationId: seldom(fc.constantFrom(...locations)),
        ignored: fc.integer({ min: 0, max: 8 }),
      })
      .map(({ services, visits, closures, ignored, shifts, now, ...rest }): Scene => {
        const busy = visits.flatMap(({ place, startsAt, service, lane, length, buffers, expires, copies }) =>
          Array.from({ length: copies }, (_, copy): Busy => ({
            ...place,
            appointmentId: newId<'appointment'>(),
            serviceId: service,
            startsAt,
            occupiedFrom: startsAt.subtract({ minutes: buffers[0] }),
            occupiedTo: startsAt.add({ minutes: length + buffers[1] }),
            lane: lane + copy,
            holdExpiresAt: expires === undefined ? undefined : now.add({ milliseconds: expires }),
          })),
        )
        const stranger = newId<'practitioner'>()
        const busyResources = visits.flatMap(
          ({ place, startsAt, service, length, buffers, expires, takes, elsewhere }, at) =>
            takes.map(({ id }): BusyResource => ({
              ...place,
              ...(elsewhere ? { practitionerId: stranger } : {}),
              resourceId: id,
              appointmentId: busy[at]!.appointmentId,
              serviceId: service,
              startsAt,
              occupiedFrom: startsAt.subtract({ minutes: buffers[0] }),
              occupiedTo: startsAt.add({ minutes: length + buffers[1] }),
              holdExpiresAt: expires === undefined ? undefined : now.add({ milliseconds: expires }),
            })),
        )
        return {
          services,
          search: {
            ...rest,
            zone,
            now,
            from,
            service: services[0],
            shifts: shifts.flat(),
            closures: closures.map(({ length, ...closure }): Closure => ({
              ...closure,
              endsAt: closure.startsAt.add({ minutes: length }),
            })),
            busy,
            busyResources,
            ignore: busy[ignored] ? [busy[ignored].appointmentId] : undefined,
          },
        }
      })
  })

/**
 * Visits copied onto slots that are free, so that a session is there to join and a neighbour to touch: at random times
 * alone they would hardly ever meet the grid.
 */
type Booked = Busy & { resourceIds: readonly ResourceId[] }
export function withBookings({ search, services }: Scene, picks: number[]): { search: SlotSearch; booked: Booked[] } {
  const booked: Booked[] = []
  let busy = [...search.busy]
  let busyResources = [...(search.busyResources ?? [])]
  for (const [turn, pick] of picks.entries()) {
    const service = services[turn % 2]!
    const slots = listed({ ...search, service, busy, busyResources })
    if (slots.length === 0) continue
    // Low picks share one neighbourhood of slots and fill sessions.
    const row = bookingOf(search, slots[pick % slots.length]!, service)
    booked.push(row)
    busy = [...busy, row]
    busyResources = [...busyResources, ...row.resourceIds.map((resourceId) => ({ ...row, resourceId }))]
  }
  return { search: { ...search, busy, busyResources }, booked }
}

function bookingOf({ durations }: SlotSearch, slot: Slot, service: BookableService): Booked {
  const durationMin = durations?.get(slot.practitionerId) ?? service.durationMin
  const startsAt = Temporal.Instant.fromEpochMilliseconds(slot.startsAt)
  return {
    appointmentId: newId<'appointment'>(),
    practitionerId: slot.practitionerId,
    locationId: slot.locationId,
    serviceId: service.id,
    startsAt,
    occupiedFrom: startsAt.subtract({ minutes: service.bufferBeforeMin }),
    occupiedTo: startsAt.add({ minutes: durationMin + service.bufferAfterMin }),
    lane: slot.lane,
    resourceIds: slot.resourceIds ?? [],
  }
}

export const listed = (search: SlotSearch): Slot[] => freeSlots(search).days.flatMap((day) => day.slots)

export const picks = fc.array(fc.oneof(fc.integer({ min: 0, max: 3 }), fc.nat(500)), { maxLength: 6 })
