// The rules of availability against the slow and obvious model of the same promises.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { freeSlots, isFree, type Slot, type SlotSearch } from '../../src/features/availability/rules.ts'
import { Temporal } from '../../src/kernel/time.ts'
import { locations, resources } from './drawn-clinic.ts'
import { before, model, notAfter, ticksOn, type Model } from './model.ts'
import { listed, picks, scene, withBookings } from './scenes.ts'

/** Both answers as comparable lines; at one time and practitioner, locations come in no promised order. */
const lines = (search: SlotSearch) =>
  freeSlots(search).days.flatMap(({ date, slots }) =>
    slots.map((slot) =>
      line(search, {
        ...slot,
        date: date.toString(),
        startsAt: Temporal.Instant.fromEpochMilliseconds(slot.startsAt),
      }),
    ),
  )
const line = (search: SlotSearch, slot: Model) =>
  [
    slot.date,
    slot.startsAt.toString({ fractionalSecondDigits: 3 }),
    search.practitionerIds.indexOf(slot.practitionerId),
    locations.indexOf(slot.locationId),
    slot.lane,
    ...(slot.resourceIds ?? []).map((id) => resources.findIndex((one) => one.id === id)),
  ].join(' ')
const modelLines = (search: SlotSearch) => model(search).map((slot) => line(search, slot))

const same = (a: Slot | undefined, b: Slot | undefined) => JSON.stringify(a) === JSON.stringify(b)

const runs = (numRuns: number) => ({ numRuns, seed: 20260424, unbiased: true })

describe('availability', { timeout: 30_000 }, () => {
  it('lists exactly what the model finds, in order', () => {
    let slots = 0
    let empty = 0
    let withRooms = 0
    let withoutRoom = 0
    fc.assert(
      fc.property(scene, picks, (drawn, bookings) => {
        const { search } = withBookings(drawn, bookings)
        const expected = modelLines(search)
        expect(lines(search).toSorted()).toEqual(expected.toSorted())
        const order = lines(search).map((text) => text.split(' ').slice(0, 3).join(' '))
        expect(order).toEqual(order.toSorted())
        slots += expected.length
        empty += expected.length === 0 ? 1 : 0
        if (!search.needs?.length) return
        withRooms += expected.length
        withoutRoom += lines({ ...search, needs: [] }).length - expected.length
      }),
      runs(260),
    )
    // The drawn scenes have to be worth the while.
    expect(slots).toBeGreaterThan(3000)
    expect(empty).toBeLessThan(160)
    expect(withRooms).toBeGreaterThan(500)
    expect(withoutRoom).toBeGreaterThan(500)
  })

  it('confirms one slot exactly when it lists it', () => {
    fc.assert(
      fc.property(scene, picks, fc.array(fc.nat(), { minLength: 20, maxLength: 20 }), (drawn, bookings, probes) => {
        const { search } = withBookings(drawn, bookings)
        const slots = listed(search)
        for (const slot of slots) expect(same(isFree({ ...search, ...slot }), slot)).toBe(true)
        // Elsewhere: at any tick of the days asked for, and a millisecond beside the slots.
        const ticks = Array.from({ length: search.days }, (_, n) =>
          ticksOn(search.from.add({ days: n }), search.zone),
        ).flat()
        const elsewhere = [
          ...probes.map((probe) => ticks[probe % ticks.length]!.epochMilliseconds),
          ...slots.slice(0, 5).flatMap((slot) => [slot.startsAt - 1, slot.startsAt + 1]),
        ]
        for (const startsAt of elsewhere) {
          for (const practitionerId of search.practitionerIds) {
            for (const locationId of search.locationId ? [search.locationId] : locations) {
              const here = (slot: Slot) =>
                slot.startsAt === startsAt && slot.practitionerId === practitionerId && slot.locationId === locationId
              expect(same(isFree({ ...search, startsAt, practitionerId, locationId }), slots.find(here))).toBe(true)
            }
          }
        }
      }),
      runs(130),
    )
  })

  it('gives the same slots for a date whatever days it is asked among', () => {
    fc.assert(
      fc.property(scene, fc.integer({ min: 0, max: 2 }), ({ search }, day) => {
        const one = freeSlots({ ...search, from: search.from.add({ days: day }), days: 1 }).days[0]!
        const among = freeSlots({ ...search, days: 3 }).days[day]!
        expect(one.date.equals(among.date)).toBe(true)
        expect(one.slots).toEqual(among.slots)
      }),
      runs(400),
    )
  })

  it('never leads to a booking that the constraints of the table refuse', () => {
    let joined = 0
    let sharedRoom = 0
    fc.assert(
      fc.property(scene, fc.array(fc.nat(30), { minLength: 1, maxLength: 15 }), (drawn, bookings) => {
        const search = { ...drawn.search, ignore: undefined }
        const { booked, search: after } = withBookings({ ...drawn, search }, bookings)
        const standing = after.busy.filter((row) => !row.holdExpiresAt || before(search.now, row.holdExpiresAt))
        for (const row of booked) {
          for (const other of standing) {
            if (row === other || row.practitionerId !== other.practitionerId) continue
            if (!before(row.occupiedFrom, other.occupiedTo) || !before(other.occupiedFrom, row.occupiedTo)) continue
            expect(other.lane).not.toBe(row.lane)
            expect([other.serviceId, other.startsAt.epochMilliseconds]).toEqual([
              row.serviceId,
              row.startsAt.epochMilliseconds,
            ])
            joined++
          }
          for (const other of after.busyResources ?? []) {
            if (row.appointmentId === other.appointmentId || !row.resourceIds.includes(other.resourceId)) continue
            if (other.holdExpiresAt && !before(search.now, other.holdExpiresAt)) continue
            if (!before(row.occupiedFrom, other.occupiedTo) || !before(other.occupiedFrom, row.occupiedTo)) continue
            expect([other.practitionerId, other.serviceId, other.startsAt.epochMilliseconds]).toEqual([
              row.practitionerId,
              row.serviceId,
              row.startsAt.epochMilliseconds,
            ])
            sharedRoom++
          }
          expect(new Set(row.resourceIds).size).toBe(search.needs?.length ?? 0)
        }
        for (const service of drawn.services) {
          for (const row of booked.filter((candidate) => candidate.serviceId === service.id)) {
            expect(row.lane).toBeGreaterThanOrEqual(1)
            expect(row.lane).toBeLessThanOrEqual(service.capacity)
          }
        }
      }),
      runs(300),
    )
    expect(joined).toBeGreaterThan(50)
    expect(sharedRoom).toBeGreaterThan(10)
  })

  it('stands until validUntil', () => {
    let changed = 0
    fc.assert(
      fc.property(
        scene,
        picks,
        fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 4 }),
        (drawn, bookings, parts) => {
          const { search } = withBookings(drawn, bookings)
          const answer = lines(search)
          const { validUntil } = freeSlots(search)
          const end = validUntil ?? search.now.add({ hours: 24 * 40 })
          expect(before(search.now, end)).toBe(true)
          const span = end.epochMilliseconds - search.now.epochMilliseconds
          for (const part of [...parts.map((share) => Math.floor(share * (span - 1))), span - 1]) {
            const later = { ...search, now: search.now.add({ milliseconds: part }) }
            expect(lines(later)).toEqual(answer)
            const known = freeSlots(later).validUntil
            expect(known === undefined || (validUntil !== undefined && notAfter(validUntil, known))).toBe(true)
          }
          const last = { ...search, now: search.now.add({ milliseconds: span - 1 }) }
          const then = { ...search, now: end }
          expect(lines(last).toSorted()).toEqual(modelLines(last).toSorted())
          expect(lines(then).toSorted()).toEqual(modelLines(then).toSorted())
          if (lines(then).join() !== answer.join()) changed++
        },
      ),
      runs(160),
    )
    // And it is seldom given away too early: only for a hold or a new day that happens to make no difference.
    expect(changed).toBeGreaterThan(50)
  })
})
