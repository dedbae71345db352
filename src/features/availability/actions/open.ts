import type { AppointmentId, PractitionerId } from '../../../kernel/ids.ts'
import { dateAt, dayBounds, isBefore, type PlainDate } from '../../../kernel/time.ts'
import type { Ctx } from '../../../platform/clinic-scope.ts'
import { getSettings, listBusy, listBusyResources } from '../queries.ts'
import {
  freeSlots,
  isFree,
  type BookableService,
  type Busy,
  type BusyResource,
  type Closure,
  type FreeSlots,
  type ResourceId,
  type Slot,
} from '../rules.ts'
import {
  durationsOf,
  hoursAround,
  idsOf,
  lasting,
  offerOf,
  rulesFor,
  takesOf,
  type Asker,
  type SlotWish,
  type Wish,
} from '../rules/wishes.ts'

/** What is not in the diary yet while a day is being rearranged, and what no longer counts in it. */
export type Supposing = {
  busy?: readonly Busy[]
  rooms?: readonly BusyResource[]
  closures?: readonly Closure[]
  ignore?: readonly AppointmentId[]
}

export type OpenDiary = {
  /** As `listFreeTimes`, within the days the diary was opened for. */
  free(wish: Wish, supposing: Supposing): FreeSlots | undefined
  /** As `findFreeSlot`. */
  at(wish: SlotWish, supposing: Supposing): Slot | undefined
  /** Whether the doctor is free then, and all that is missing is a room or a thing. */
  lacksRoom(wish: SlotWish, supposing: Supposing): boolean
  /** Whether the doctor works there and then, closures and all, whatever stands in the diary. */
  atWork(wish: SlotWish, supposing: Supposing): boolean
  /** The rooms and things a visit takes. */
  roomsOf(id: AppointmentId): ResourceId[]
  /** Which of these nobody else takes then. */
  freeRooms(
    ids: readonly ResourceId[],
    sitting: Omit<BusyResource, 'resourceId' | 'appointmentId' | 'holdExpiresAt'>,
    supposing: Supposing,
  ): ResourceId[]
}

/**
 * The diary of some doctors for some days, read once to be asked many times within a transaction. What is written upon it
 * stands only if the hours are still the same at the commit.
 */
export async function openDiary(
  ctx: Ctx,
  asker: Asker,
  practitionerIds: readonly PractitionerId[],
  from: PlainDate,
  days: number,
): Promise<OpenDiary> {
  ctx.reliesOnSettings()
  const settings = await getSettings(ctx)
  const { zone } = ctx.clinic
  // No visit and its buffers take longer than a day.
  const since = dayBounds(from, zone).from.subtract({ hours: 24 })
  const until = dayBounds(from.add({ days }), zone).to.add({ hours: 24 })
  const busy = await listBusy(ctx, practitionerIds, since, until)
  const needs = settings.services.flatMap(({ id }) => takesOf(settings, id))
  const taken = await listBusyResources(ctx, idsOf(needs), since, until)
  const facts = (service: BookableService, day: PlainDate, count: number, supposing: Supposing) => ({
    zone,
    now: ctx.now,
    service,
    ...hoursAround(settings, day, count),
    closures: [...settings.closures, ...(supposing.closures ?? [])],
    busy: [...busy, ...(supposing.busy ?? [])],
    needs: takesOf(settings, service.id),
    busyResources: [...taken, ...(supposing.rooms ?? [])],
    rules: rulesFor(settings, asker, service.id),
    ignore: supposing.ignore ?? [],
  })
  const moment = ({ startsAt, practitionerId, locationId }: SlotWish) => ({
    startsAt: startsAt.epochMilliseconds,
    practitionerId,
    locationId,
  })
  const askedAt = (wish: SlotWish, supposing: Supposing) => {
    const offer = offerOf(settings, asker, wish.serviceId, wish.practitionerId)
    if (!offer) return undefined
    return {
      ...facts(lasting(offer.service, wish), dateAt(wish.startsAt, zone), 1, supposing),
      durations: durationsOf(settings, wish),
      ...moment(wish),
    }
  }
  return {
    free(wish, supposing) {
      const offer = offerOf(settings, asker, wish.serviceId, wish.practitionerId)
      if (!offer) return undefined
      return freeSlots({
        ...facts(lasting(offer.service, wish), wish.from, wish.days, supposing),
        durations: durationsOf(settings, wish),
        from: wish.from,
        days: wish.days,
        practitionerIds: offer.practitionerIds,
        locationId: wish.locationId,
      })
    },
    at(wish, supposing) {
      const asked = askedAt(wish, supposing)
      return asked && isFree(asked)
    },
    lacksRoom(wish, supposing) {
      const asked = askedAt(wish, supposing)
      return asked !== undefined && !isFree(asked) && isFree({ ...asked, needs: [] }) !== undefined
    },
    atWork(wish, supposing) {
      const service = settings.services.find(({ id }) => id === wish.serviceId)
      if (!service) return false
      const asked = facts(lasting(service, wish), dateAt(wish.startsAt, zone), 1, supposing)
      // To the minute, since a visit that was shifted keeps to no grid.
      const rules = { ...asked.rules, stepMin: 1 }
      return isFree({ ...asked, busy: [], needs: [], rules, ...moment(wish) }) !== undefined
    },
    roomsOf: (id) => taken.flatMap(({ appointmentId, resourceId }) => (appointmentId === id ? [resourceId] : [])),
    freeRooms(ids, sitting, supposing) {
      const ignored = new Set(supposing.ignore)
      const inTheWay = [...taken, ...(supposing.rooms ?? [])].filter(
        (row) =>
          !ignored.has(row.appointmentId) &&
          (!row.holdExpiresAt || isBefore(ctx.now, row.holdExpiresAt)) &&
          isBefore(row.occupiedFrom, sitting.occupiedTo) &&
          isBefore(sitting.occupiedFrom, row.occupiedTo) &&
          // The people of one session share a room.
          !(
            row.startsAt.equals(sitting.startsAt) &&
            row.practitionerId === sitting.practitionerId &&
            row.locationId === sitting.locationId &&
            row.serviceId === sitting.serviceId
          ),
      )
      return ids.filter((id) => !inTheWay.some(({ resourceId }) => resourceId === id))
    },
  }
}
