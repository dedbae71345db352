/**
 * Which slots are free? The one answer for the public page, the JSON endpoints, the desk, moving a visit, and the last
 * check before a booking is written: what `freeSlots` lists `isFree` confirms, and nothing else.
 *
 * Hours. Shifts are wall-clock facts and become instants once per working day: a time the clocks skip moves forward by
 * the gap, a time that comes twice is the first. From there on everything is elapsed time in epoch milliseconds.
 * On the dates of special hours those hold instead of the weekly ones.
 * Shifts of one practitioner at one location that touch or overlap are one stretch of work, so a visit may run from one
 * into the next; at two locations they never are. The visit has to lie within the stretch, its buffers need not.
 *
 * Grid. Slots start at a shift's own start and every step after it. Where shifts overlap, the one that began first
 * rules, so no moment follows two grids and no slot is listed twice.
 *
 * Rooms. Where a service needs rooms or equipment, a time is free when one of every needed kind is free as well, and the
 * slot names those the visit takes. Length. A doctor may be quicker or slower than the service says: `durations`.
 *
 * Time is read in whole milliseconds. A slot belongs to the local date on which it starts, whenever its shift began.
 */
import type { AppointmentId, LocationId, PractitionerId, ServiceId } from '../../kernel/ids.ts'
import { dateAt, Temporal, type Instant, type PlainDate, type Zone } from '../../kernel/time.ts'
import {
  closuresOf,
  daysAround,
  localCalendar,
  minute,
  shiftsByLocation,
  stretchesOfWork,
  type Calendar,
  type Closure,
  type Shift,
  type Span,
  type SpecialHours,
} from './rules/hours.ts'

import {
  resourceFinder,
  takenByResource,
  type BusyResource,
  type Need,
  type ResourceId,
  type TakenByResource,
} from './rules/resources.ts'

export type { Closure, Shift, SpecialHours } from './rules/hours.ts'
export type { BusyResource, Need, Resource, ResourceId } from './rules/resources.ts'

/** An appointment or hold that occupies its practitioner. Overbooked ones too: their lanes lie above any capacity. */
export type Busy = {
  appointmentId: AppointmentId
  practitionerId: PractitionerId
  locationId: LocationId
  serviceId: ServiceId
  startsAt: Instant
  occupiedFrom: Instant
  occupiedTo: Instant
  lane: number
  /** Only of holds. From this instant on the hold no longer counts. */
  holdExpiresAt?: Instant | undefined
}

export type BookableService = {
  id: ServiceId
  durationMin: number
  bufferBeforeMin: number
  bufferAfterMin: number
  /** How many may share one session: the same service, practitioner, location and start. */
  capacity: number
}

export type BookingRules = {
  minNoticeMin: number
  /** Bookable up to and including the local date this many days after today. */
  horizonDays: number
  stepMin: number
  /** False: nothing on the local date it is booked on. */
  sameDay?: boolean
}

type Diary = {
  zone: Zone
  now: Instant
  service: BookableService
  /** How long a visit is with a doctor for whom it is not as the service says. */
  durations?: ReadonlyMap<PractitionerId, number> | undefined
  shifts: readonly Shift[]
  /** What holds in place of the weekly shifts on some dates; at least those from two days before the first asked for. */
  special?: readonly SpecialHours[] | undefined
  closures: readonly Closure[]
  /** All that occupies the practitioners asked about, at every location; other rows do no harm. */
  busy: readonly Busy[]
  /** What a visit takes beside its doctor; nothing, when there are none. */
  needs?: readonly Need[] | undefined
  /** All that takes one of the resources needed, with whichever doctor. */
  busyResources?: readonly BusyResource[] | undefined
  rules: BookingRules
  /** Rows to look through: the asker's own hold, the appointment being moved. */
  ignore?: readonly AppointmentId[] | undefined
}

export type SlotSearch = Diary & {
  from: PlainDate
  days: number
  practitionerIds: readonly PractitionerId[]
  locationId?: LocationId | undefined
}

export type SlotCheck = Diary & { startsAt: number; practitionerId: PractitionerId; locationId: LocationId }

export type Slot = {
  /** Epoch milliseconds: a month of slots is too many for objects. */
  startsAt: number
  practitionerId: PractitionerId
  locationId: LocationId
  /** The lowest free place, to be written with the appointment. */
  lane: number
  /** What the visit takes, one for each need in their order, to be written with it; absent where nothing is needed. */
  resourceIds?: readonly ResourceId[]
}

export type FreeSlots = {
  /** Each of the days asked for, also those without a slot. Slots by time, then practitioner in the order asked for. */
  days: { date: PlainDate; slots: Slot[] }[]
  /** The answer stands at every `now` before this instant as long as its facts do; for ever, when `undefined`. */
  validUntil: Instant | undefined
}

export function freeSlots(search: SlotSearch): FreeSlots {
  const calendar = localCalendar(search.zone, search.from)
  const asked = { from: calendar.midnight(0), to: calendar.midnight(search.days) }
  const window = bookableWindow(search, calendar, asked)
  const slots = slotsWithin(window, search, calendar, search)
  const days: FreeSlots['days'] = []
  let next = 0
  for (let day = 0; day < search.days; day++) {
    const first = next
    while ((slots[next]?.startsAt ?? Infinity) < calendar.midnight(day + 1)) next++
    days.push({ date: calendar.date(day), slots: slots.slice(first, next) })
  }
  return { days, validUntil: nextChange(search, calendar, window, slots[0]) }
}

export function isFree(check: SlotCheck): Slot | undefined {
  const { startsAt, practitionerId, locationId } = check
  const calendar = localCalendar(check.zone, dateAt(Temporal.Instant.fromEpochMilliseconds(startsAt), check.zone))
  const window = bookableWindow(check, calendar, { from: startsAt, to: startsAt + 1 })
  return slotsWithin(window, check, calendar, { days: 1, practitionerIds: [practitionerId], locationId })[0]
}

type Wanted = { days: number; practitionerIds: readonly PractitionerId[]; locationId?: LocationId | undefined }

/** When a visit may start, by notice, same-day switch and horizon alone. */
function bookableWindow({ now, rules }: Diary, calendar: Calendar, asked: Span): Span {
  const today = calendar.dayOf(now)
  return {
    from: Math.max(
      asked.from,
      now.epochMilliseconds + rules.minNoticeMin * minute,
      rules.sameDay === false ? calendar.midnight(today + 1) : -Infinity,
    ),
    to: Math.min(asked.to, calendar.midnight(today + rules.horizonDays + 1)),
  }
}

function shapeOf({ service, durations }: Diary, practitionerId: PractitionerId): BookableService {
  const durationMin = durations?.get(practitionerId)
  return durationMin === undefined ? service : { ...service, durationMin }
}

const longestOf = ({ service, durations }: Diary): number =>
  Math.max(service.durationMin, ...(durations?.values() ?? []))

/** All free slots that start in the window, which lies within the calendar's days 0 to `wanted.days`. */
function slotsWithin(window: Span, diary: Diary, calendar: Calendar, wanted: Wanted): Slot[] {
  if (window.from >= window.to) return []
  const step = diary.rules.stepMin * minute
  if (!(step > 0)) throw new Error(`slot step of ${diary.rules.stepMin} minutes`)
  const days = daysAround(wanted.days, longestOf(diary) * minute, calendar)
  const practitionerIds = new Set(wanted.practitionerIds)
  const occupied = occupiedByPractitioner(diary, practitionerIds)
  const taken = takenByResource(diary.busyResources ?? [], (row) => counts(row, diary))
  const slots: Slot[] = []
  for (const practitionerId of practitionerIds) {
    const rows = occupied.get(practitionerId) ?? []
    const service = shapeOf(diary, practitionerId)
    const visit = service.durationMin * minute
    for (const [locationId, worked] of shiftsByLocation(
      diary.shifts,
      practitionerId,
      wanted.locationId,
      diary.special,
    )) {
      const closed = closuresOf(diary.closures, practitionerId, locationId, window.from, window.to + visit)
      const freeLane = laneFinder(service, locationId, rows)
      const freeResources = resourcesFor(diary, service, practitionerId, locationId, taken)
      for (const stretch of stretchesOfWork(worked, days, calendar)) {
        const stepsToFirst = Math.ceil((Math.max(stretch.from, window.from) - stretch.anchor) / step)
        const last = Math.min(stretch.to - 1, window.to - 1, stretch.workEnds - visit)
        for (let startsAt = stretch.anchor + stepsToFirst * step; startsAt <= last; startsAt += step) {
          if (closed.some((closure) => closure.from < startsAt + visit && closure.to > startsAt)) continue
          const lane = freeLane(startsAt)
          if (lane === undefined) continue
          if (!freeResources) slots.push({ startsAt, practitionerId, locationId, lane })
          else {
            const resourceIds = freeResources(startsAt)
            if (resourceIds) slots.push({ startsAt, practitionerId, locationId, lane, resourceIds })
          }
        }
      }
    }
  }
  return slots.sort((a, b) => a.startsAt - b.startsAt) // a stable sort: practitioners stay in the order asked for
}

function resourcesFor(
  { needs }: Diary,
  service: BookableService,
  practitionerId: PractitionerId,
  locationId: LocationId,
  taken: TakenByResource,
) {
  if (!needs || needs.length === 0) return undefined
  return resourceFinder(needs, { practitionerId, locationId, serviceId: service.id }, service, taken)
}

type Occupied = Span & { startsAt: number; serviceId: ServiceId; locationId: LocationId; lane: number }

function counts(row: Pick<Busy, 'appointmentId' | 'holdExpiresAt'>, { now, ignore }: Diary): boolean {
  if (row.holdExpiresAt && row.holdExpiresAt.epochMilliseconds <= now.epochMilliseconds) return false
  return !ignore?.includes(row.appointmentId)
}

function occupiedByPractitioner(diary: Diary, wanted: ReadonlySet<PractitionerId>): Map<PractitionerId, Occupied[]> {
  const byPractitioner = new Map<PractitionerId, Occupied[]>()
  for (const row of diary.busy) {
    if (!wanted.has(row.practitionerId) || !counts(row, diary)) continue
    const occupied: Occupied = {
      from: row.occupiedFrom.epochMilliseconds,
      to: row.occupiedTo.epochMilliseconds,
      startsAt: row.startsAt.epochMilliseconds,
      serviceId: row.serviceId,
      locationId: row.locationId,
      lane: row.lane,
    }
    const known = byPractitioner.get(row.practitionerId)
    if (known) known.push(occupied)
    else byPractitioner.set(row.practitionerId, [occupied])
  }
  for (const rows of byPractitioner.values()) rows.sort((a, b) => a.from - b.from)
  return byPractitioner
}

/**
 * Finds the lane for a visit, or `undefined` when the practitioner is occupied. It walks along the rows, so it has to be
 * asked in ascending order of time.
 */
function laneFinder(service: BookableService, locationId: LocationId, rows: readonly Occupied[]) {
  const before = service.bufferBeforeMin * minute
  const after = (service.durationMin + service.bufferAfterMin) * minute
  let passed = 0
  return (startsAt: number): number | undefined => {
    const from = startsAt - before
    const to = startsAt + after
    for (let row = rows[passed]; row && row.to <= from; row = rows[passed]) passed++
    const taken: number[] = []
    for (let at = passed, row = rows[at]; row && row.from < to; row = rows[++at]) {
      if (row.to <= from) continue
      const shared = row.startsAt === startsAt && row.serviceId === service.id && row.locationId === locationId
      if (!shared || taken.push(row.lane) >= service.capacity) return undefined
    }
    let lane = 1
    while (taken.includes(lane)) lane++
    return lane
  }
}

/** The first instant at which the mere passing of time may change the answer, never one too late. */
function nextChange(search: SlotSearch, calendar: Calendar, window: Span, first: Slot | undefined) {
  const changes: number[] = []
  // A slot is still listed at exactly its notice, and gone a millisecond later.
  if (first) changes.push(first.startsAt - search.rules.minNoticeMin * minute + 1)
  // Without same-day booking the first slot goes as its own day begins, and so does every other of that day.
  if (first && search.rules.sameDay === false) {
    changes.push(calendar.midnight(calendar.dayOf(Temporal.Instant.fromEpochMilliseconds(first.startsAt))))
  }
  const firstClosedDay = calendar.dayOf(search.now) + search.rules.horizonDays + 1
  if (firstClosedDay < search.days) {
    changes.push(calendar.midnight(Math.max(0, firstClosedDay) - search.rules.horizonDays))
  }
  const { bufferBeforeMin, bufferAfterMin } = search.service
  const reach = {
    from: window.from - bufferBeforeMin * minute,
    to: window.to + (longestOf(search) + bufferAfterMin) * minute,
  }
  const needed = search.needs && search.needs.length > 0 ? (search.busyResources ?? []) : []
  const holds = [
    ...search.busy.filter(({ practitionerId }) => search.practitionerIds.includes(practitionerId)),
    ...needed,
  ]
  for (const row of holds) {
    if (!row.holdExpiresAt || !counts(row, search)) continue
    const near = row.occupiedFrom.epochMilliseconds < reach.to && row.occupiedTo.epochMilliseconds > reach.from
    if (near) changes.push(row.holdExpiresAt.epochMilliseconds)
  }
  return changes.length === 0 ? undefined : Temporal.Instant.fromEpochMilliseconds(Math.min(...changes))
}
