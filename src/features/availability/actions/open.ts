import type { AppointmentId, PractitionerId } from '../../../kernel/ids.ts'
import { dateAt, dayBounds, isBefore, Temporal, type PlainDate } from '../../../kernel/time.ts'
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
import { minute, type Span } from '../rules/hours.ts'
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

/** No visit and its buffers take longer than a day. */
const longest = 24 * 60 * minute
const none: readonly AppointmentId[] = []

type Timed<T> = Span & { row: T }

/** In milliseconds, told once: a diary is asked a thousand times. */
const timed = <T extends Busy | BusyResource>(row: T): Timed<T> => ({
  row,
  from: row.occupiedFrom.epochMilliseconds,
  to: row.occupiedTo.epochMilliseconds,
})

/** The first of rows in order of time that begins then or later. */
function firstFrom(rows: readonly Span[], time: number): number {
  let [low, high] = [0, rows.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if ((rows[middle]?.from ?? Infinity) < time) low = middle + 1
    else high = middle
  }
  return low
}

function remembered<K, V>(make: (key: K) => V): (key: K) => V {
  const known = new Map<K, V>()
  return (key) => {
    const found = known.get(key) ?? make(key)
    known.set(key, found)
    return found
  }
}

/**
 * The diary of some doctors for some days, read once to be asked many times within a transaction. What is written upon it
 * stands only if the hours are still the same at the commit.
 */
export async function openDiary(
  ctx: Ctx,
  asker: Asker,
  practitionerIds: readonly PractitionerId[],
  first: PlainDate,
  count: number,
): Promise<OpenDiary> {
  ctx.reliesOnSettings()
  const settings = await getSettings(ctx)
  const { zone } = ctx.clinic
  const since = dayBounds(first, zone).from.subtract({ milliseconds: longest })
  const until = dayBounds(first.add({ days: count }), zone).to.add({ milliseconds: longest })
  const needs = settings.services.flatMap(({ id }) => takesOf(settings, id))
  const [busy, taken] = await Promise.all([
    listBusy(ctx, practitionerIds, since, until),
    listBusyResources(ctx, idsOf(needs), since, until),
  ])
  const rows = busy.map(timed)
  const byDoctor = remembered((doctor: PractitionerId) => rows.filter(({ row }) => row.practitionerId === doctor))
  const inRooms = taken.map(timed)
  const hours = remembered((key: string) => {
    const [day = '', count] = key.split(' ')
    return hoursAround(settings, Temporal.PlainDate.from(day), Number(count))
  })
  const ignoring = remembered((ids: readonly AppointmentId[]) => new Set(ids))
  const facts = (
    service: BookableService,
    doctors: readonly PractitionerId[],
    span: { day: PlainDate; count: number } & Span,
    supposing: Supposing,
  ) => {
    const ignored = ignoring(supposing.ignore ?? none)
    const asked = <T extends Busy | BusyResource>(all: readonly Timed<T>[]) => {
      const found: T[] = []
      for (let at = firstFrom(all, span.from - longest), one = all[at]; one && one.from < span.to; one = all[++at]) {
        if (one.to > span.from && !ignored.has(one.row.appointmentId)) found.push(one.row)
      }
      return found
    }
    const wanted = takesOf(settings, service.id)
    return {
      zone,
      now: ctx.now,
      service,
      ...hours(`${span.day.toString()} ${span.count}`),
      closures: [...settings.closures, ...(supposing.closures ?? [])],
      busy: [
        ...doctors.flatMap((doctor) => asked(byDoctor(doctor))),
        ...(supposing.busy ?? []).filter(({ practitionerId }) => doctors.includes(practitionerId)),
      ],
      needs: wanted,
      busyResources: wanted.length === 0 ? [] : [...asked(inRooms), ...(supposing.rooms ?? [])],
      rules: rulesFor(settings, asker, service.id),
    }
  }
  const around = (wish: SlotWish, service: BookableService) => {
    const at = wish.startsAt.epochMilliseconds
    const length = Math.max(service.durationMin, ...(durationsOf(settings, wish)?.values() ?? []))
    return {
      day: dateAt(wish.startsAt, zone),
      count: 1,
      from: at - service.bufferBeforeMin * minute,
      to: at + (length + service.bufferAfterMin) * minute,
    }
  }
  const days = ({ from, days: count }: Wish) => ({
    day: from,
    count,
    from: dayBounds(from, zone).from.epochMilliseconds - longest,
    to: dayBounds(from.add({ days: count }), zone).to.epochMilliseconds + longest,
  })
  const moment = ({ startsAt, practitionerId, locationId }: SlotWish) => ({
    startsAt: startsAt.epochMilliseconds,
    practitionerId,
    locationId,
  })
  const askedAt = (wish: SlotWish, supposing: Supposing) => {
    const offer = offerOf(settings, asker, wish.serviceId, wish.practitionerId)
    if (!offer) return undefined
    const service = lasting(offer.service, wish)
    return {
      ...facts(service, [wish.practitionerId], around(wish, service), supposing),
      durations: durationsOf(settings, wish),
      ...moment(wish),
    }
  }
  return {
    free(wish, supposing) {
      const offer = offerOf(settings, asker, wish.serviceId, wish.practitionerId)
      if (!offer) return undefined
      return freeSlots({
        ...facts(lasting(offer.service, wish), offer.practitionerIds, days(wish), supposing),
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
      const asked = facts(lasting(service, wish), [], around(wish, lasting(service, wish)), supposing)
      // To the minute, since a visit that was shifted keeps to no grid.
      const rules = { ...asked.rules, stepMin: 1 }
      return isFree({ ...asked, needs: [], rules, ...moment(wish) }) !== undefined
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
