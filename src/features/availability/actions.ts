// Free times as people ask for them: by service, doctor or any, place and days. The deciding is done by `rules.ts`; here
// the facts are fetched, and answers kept while they are true.
import { LRUCache } from 'lru-cache'
import type { AppointmentId, LocationId, PractitionerId, ServiceId } from '../../kernel/ids.ts'
import { dateAt, dayBounds, isBefore, Temporal, type Instant, type PlainDate } from '../../kernel/time.ts'
import type { Clinic, Ctx } from '../../platform/clinic-scope.ts'
import type { DiarySettings } from '../clinics/queries.ts'
import { bookingWindow, givenBy, needsOf } from '../clinics/rules/services.ts'
import { specialHours } from '../clinics/rules/timetables.ts'
import { findKnownSettings, getSettings, listBusy, listBusyResources } from './queries.ts'
import { daysAround, localCalendar, shiftsByLocation, stretchesOfWork, type Span } from './rules/hours.ts'
import {
  freeSlots,
  isFree,
  type BookableService,
  type Busy,
  type BusyResource,
  type Closure,
  type FreeSlots,
  type Need,
  type ResourceId,
  type Slot,
  type SlotSearch,
} from './rules.ts'

export type Wish = {
  serviceId: ServiceId
  practitionerId: PractitionerId | 'any'
  locationId: LocationId | undefined
  from: PlainDate
  days: number
  /** Of a visit that was made longer or shorter; without it, the service's own length. */
  durationMin?: number | undefined
}

/** Who asks decides what may be booked: patients only what is offered online, the desk everything and at short notice. */
export type Asker = 'patient' | 'desk'

export type Offer = { service: BookableService; practitionerIds: PractitionerId[] }

/** The service with the doctors who give it, or undefined when it is not (any longer) to be had by this asker. */
export function offerOf(
  settings: DiarySettings,
  asker: Asker,
  serviceId: ServiceId,
  practitionerId: PractitionerId | 'any',
): Offer | undefined {
  const service = settings.services.find(({ id }) => id === serviceId)
  if (!service?.active || (asker === 'patient' && !service.online)) return undefined
  const practitionerIds = settings.practitioners
    .filter(({ id, active }) => active && (practitionerId === 'any' || id === practitionerId))
    .filter(({ id }) => settings.offers.some((offer) => offer.serviceId === serviceId && offer.practitionerId === id))
    .map(({ id }) => id)
  return practitionerIds.length === 0 ? undefined : { service, practitionerIds }
}

/** Without a length asked for: how long a visit is with each doctor for whom it is not as the service says. */
function durationsOf(settings: DiarySettings, { serviceId, durationMin }: Pick<Wish, 'serviceId' | 'durationMin'>) {
  if (durationMin !== undefined) return undefined
  const own = settings.offers.flatMap((offer) =>
    offer.serviceId === serviceId && offer.durationMin !== null
      ? [[offer.practitionerId, offer.durationMin] as const]
      : [],
  )
  return own.length === 0 ? undefined : new Map(own)
}

/** What a visit of a service takes beside its doctor; most take nothing, and nothing is asked for them. */
function takesOf(settings: DiarySettings, serviceId: ServiceId): Need[] {
  return needsOf(settings, serviceId).map((need) =>
    need.map(({ id, locationId }) => ({ id, locationId: locationId ?? undefined })),
  )
}

const idsOf = (needs: readonly Need[]): ResourceId[] => [...new Set(needs.flatMap((need) => need.map(({ id }) => id)))]

async function busyResources(ctx: Ctx, needs: readonly Need[], from: Instant, to: Instant) {
  const ids = idsOf(needs)
  return ids.length === 0 ? [] : listBusyResources(ctx, ids, from, to)
}

function rulesFor(settings: DiarySettings, asker: Asker, serviceId: ServiceId) {
  const { slotStepMin } = settings.profile
  // The desk books for the person standing there, and further ahead than the page lets strangers.
  return asker === 'desk'
    ? { minNoticeMin: 0, horizonDays: 365, stepMin: slotStepMin }
    : {
        ...bookingWindow(
          settings.profile,
          settings.services.find(({ id }) => id === serviceId),
        ),
        stepMin: slotStepMin,
      }
}

/** Hours at places in use: the weekly ones, and what takes their place on some of `days` dates from one on. */
function hoursAround(settings: DiarySettings, from: PlainDate, days: number) {
  const active = new Set(settings.locations.filter((location) => location.active).map(({ id }) => id))
  const inUse = ({ locationId }: { locationId: LocationId }) => active.has(locationId)
  // A night from before may reach into the first date; a visit no longer than a day, into the one after the last.
  const special = specialHours(settings, from.subtract({ days: 2 }), from.add({ days: days + 2 }))
  return {
    shifts: settings.shifts.filter(inUse),
    special: special.map((one) => ({ ...one, shifts: one.shifts.filter(inUse) })),
  }
}

/**
 * The free times for a wish, within a transaction; undefined when the service or doctor is not to be had. `ignore` names
 * the asker's own hold or the visit being moved.
 */
export async function listFreeTimes(
  ctx: Ctx,
  asker: Asker,
  wish: Wish,
  ignore: readonly AppointmentId[] = [],
): Promise<FreeSlots | undefined> {
  const settings = await getSettings(ctx)
  const offer = offerOf(settings, asker, wish.serviceId, wish.practitionerId)
  if (!offer) return undefined
  const longest = Math.max(lasting(offer.service, wish).durationMin, ...(durationsOf(settings, wish)?.values() ?? []))
  const { from, to } = reach(wish, ctx.clinic.zone, { ...offer.service, durationMin: longest })
  return freeSlots({
    ...searchFor(settings, asker, offer, wish, { zone: ctx.clinic.zone, now: ctx.now }),
    busy: await listBusy(ctx, offer.practitionerIds, from, to),
    busyResources: await busyResources(ctx, takesOf(settings, wish.serviceId), from, to),
    ignore,
  })
}

/** What is searched through for a wish, all but what is taken already. */
function searchFor(
  settings: DiarySettings,
  asker: Asker,
  { service, practitionerIds }: Offer,
  wish: Wish,
  { zone, now }: { zone: string; now: Instant },
): Omit<SlotSearch, 'busy' | 'busyResources' | 'ignore'> {
  return {
    zone,
    now,
    from: wish.from,
    days: wish.days,
    service: lasting(service, wish),
    durations: durationsOf(settings, wish),
    practitionerIds,
    locationId: wish.locationId,
    ...hoursAround(settings, wish.from, wish.days),
    closures: settings.closures,
    needs: takesOf(settings, wish.serviceId),
    rules: rulesFor(settings, asker, wish.serviceId),
  }
}

/**
 * What patients may book, for pages that change nothing: as `listFreeTimes`, but what is taken on the days asked about is
 * kept while the diary's version stands. So whoever looks at other services of the same doctors, or comes a moment later,
 * costs the database nothing, and one look serves everybody who looks between two bookings.
 */
export async function findFreeTimes(
  {
    clinic,
    now,
    inClinic,
  }: { clinic: Clinic; now: Instant; inClinic: <T>(work: (ctx: Ctx) => Promise<T>) => Promise<T> },
  wish: Wish,
): Promise<FreeSlots | undefined> {
  const settings = findKnownSettings(clinic) ?? (await inClinic(getSettings))
  const offer = offerOf(settings, 'patient', wish.serviceId, wish.practitionerId)
  if (!offer) return undefined
  // As far as any service reaches, so that all of them are answered by the same look.
  const { from, to } = reach(wish, clinic.zone, {
    bufferBeforeMin: Math.max(...settings.services.map((one) => one.bufferBeforeMin)),
    bufferAfterMin: Math.max(...settings.services.map((one) => one.bufferAfterMin)),
    durationMin: longestVisitMin(settings),
  })
  const span = `${from.epochMilliseconds} ${to.epochMilliseconds}`
  const needs = takesOf(settings, wish.serviceId)
  const kept = <T extends object>(what: string, ids: readonly string[], look: (ctx: Ctx) => Promise<T[]>) =>
    whileTrue(clinic, now, `${what} ${span} ${ids.join(' ')}`, async () => {
      const value = await inClinic(look)
      return { value, validUntil: undefined, bytes: 500 + value.length * 400 }
    })
  const resourceIds = idsOf(needs)
  const [busy, taken] = await Promise.all([
    kept('busy', offer.practitionerIds, (ctx) => listBusy(ctx, offer.practitionerIds, from, to)),
    resourceIds.length === 0 ? [] : kept('rooms', resourceIds, (ctx) => listBusyResources(ctx, resourceIds, from, to)),
  ])
  return freeSlots({
    ...searchFor(settings, 'patient', offer, wish, { zone: clinic.zone, now }),
    busy,
    busyResources: taken,
  })
}

const longestVisitMin = ({ services, offers }: DiarySettings): number =>
  Math.max(...services.map((one) => one.durationMin), ...offers.map((one) => one.durationMin ?? 0))

/** A service as long as a visit of it is, where that was said. */
const lasting = <S extends BookableService>(service: S, { durationMin }: { durationMin?: number | undefined }): S =>
  durationMin === undefined ? service : { ...service, durationMin }

/** The span in which a visit of the wish could meet another: the days asked for, and what sticks out by its length. */
function reach(
  wish: Wish,
  zone: string,
  service: Pick<BookableService, 'durationMin' | 'bufferBeforeMin' | 'bufferAfterMin'>,
): { from: Instant; to: Instant } {
  const first = dayBounds(wish.from, zone).from
  const last = dayBounds(wish.from.add({ days: wish.days - 1 }), zone).to
  return {
    from: first.subtract({ minutes: service.bufferBeforeMin }),
    to: last.add({ minutes: service.durationMin + service.bufferAfterMin }),
  }
}

export type SlotWish = {
  serviceId: ServiceId
  practitionerId: PractitionerId
  locationId: LocationId
  startsAt: Instant
  /** As in `Wish`. */
  durationMin?: number | undefined
}

/**
 * The last word before a booking: the same rules as the list, asked for one moment. The service is as its doctor gives it.
 * What is written upon it stands only if the hours are still the same at the commit.
 */
export async function findFreeSlot(
  ctx: Ctx,
  asker: Asker,
  wish: SlotWish,
  ignore: readonly AppointmentId[] = [],
): Promise<{ slot: Slot; service: DiarySettings['services'][number] } | undefined> {
  ctx.reliesOnSettings()
  const settings = await getSettings(ctx)
  const offer = offerOf(settings, asker, wish.serviceId, wish.practitionerId)
  const found = settings.services.find(({ id }) => id === wish.serviceId)
  if (!offer || !found) return undefined
  const service = lasting(givenBy(settings, found, wish.practitionerId), wish)
  const from = wish.startsAt.subtract({ minutes: service.bufferBeforeMin })
  const to = wish.startsAt.add({ minutes: service.durationMin + service.bufferAfterMin })
  const needs = takesOf(settings, wish.serviceId)
  const slot = isFree({
    zone: ctx.clinic.zone,
    now: ctx.now,
    service,
    ...hoursAround(settings, dateAt(wish.startsAt, ctx.clinic.zone), 1),
    closures: settings.closures,
    busy: await listBusy(ctx, [wish.practitionerId], from, to),
    needs,
    busyResources: await busyResources(ctx, needs, from, to),
    rules: rulesFor(settings, asker, wish.serviceId),
    ignore,
    startsAt: wish.startsAt.epochMilliseconds,
    practitionerId: wish.practitionerId,
    locationId: wish.locationId,
  })
  return slot && { slot, service }
}

/**
 * Whether a time that somebody holds is still one to be had: the service is offered, the doctor works there and nothing is
 * closed, as of now. Notice and grid were looked at when it was taken, and nobody else can have it.
 */
export async function isStillOpen(ctx: Ctx, held: Required<SlotWish>): Promise<boolean> {
  ctx.reliesOnSettings()
  const settings = await getSettings(ctx)
  const offer = offerOf(settings, 'patient', held.serviceId, held.practitionerId)
  if (!offer) return false
  const slot = isFree({
    zone: ctx.clinic.zone,
    now: held.startsAt,
    service: lasting(offer.service, held),
    ...hoursAround(settings, dateAt(held.startsAt, ctx.clinic.zone), 1),
    closures: settings.closures,
    busy: [],
    rules: { minNoticeMin: 0, horizonDays: 1, stepMin: 1 },
    startsAt: held.startsAt.epochMilliseconds,
    practitionerId: held.practitionerId,
    locationId: held.locationId,
  })
  return slot !== undefined
}

/**
 * When each doctor is free next for the first service on the list that they give online, looking `days` ahead, in the
 * order the doctors are arranged. One look at the diary for all of them.
 */
export async function listNextFree(
  ctx: Ctx,
  days: number,
): Promise<{ doctors: { practitionerId: PractitionerId; serviceId: ServiceId; slot: Slot | undefined }[] } & Lasting> {
  const settings = await getSettings(ctx)
  const offers = settings.practitioners.flatMap(({ id }) => {
    const [offer] = settings.services.flatMap((service) => offerOf(settings, 'patient', service.id, id) ?? [])
    if (!offer) return []
    const service = givenBy(settings, { priceMinor: null, ...offer.service }, id)
    return [{ practitionerId: id, service, needs: takesOf(settings, service.id) }]
  })
  const ids = offers.map(({ practitionerId }) => practitionerId)
  const zone = ctx.clinic.zone
  const today = dateAt(ctx.now, zone)
  // No visit and its buffers take longer than a day.
  const from = dayBounds(today, zone).from.subtract({ hours: 24 })
  const to = dayBounds(today.add({ days }), zone).to.add({ hours: 24 })
  const busy = await listBusy(ctx, ids, from, to)
  const taken = await busyResources(
    ctx,
    offers.flatMap(({ needs }) => needs),
    from,
    to,
  )
  const facts = { zone, now: ctx.now, closures: settings.closures, busyResources: taken }
  const { shifts, special } = hoursAround(settings, today, days)
  const ends: number[] = []
  const doctors = offers.map(({ practitionerId, service, needs }) => {
    const rules = rulesFor(settings, 'patient', service.id)
    const own = { ...facts, service, needs, rules, practitionerIds: [practitionerId] }
    const search = {
      ...own,
      shifts: shifts.filter((shift) => shift.practitionerId === practitionerId),
      special: special.filter((one) => one.practitionerId === practitionerId),
      busy: busy.filter((row) => row.practitionerId === practitionerId),
    }
    // Most have a free time within days, and need no month worked out.
    for (let day = 0, step = 2; day < days; day += step, step = days - day) {
      const free = freeSlots({ ...search, from: today.add({ days: day }), days: Math.min(step, days - day) })
      if (free.validUntil) ends.push(free.validUntil.epochMilliseconds)
      const slot = free.days.flatMap(({ slots }) => slots)[0]
      if (slot) return { practitionerId, serviceId: service.id, slot }
    }
    return { practitionerId, serviceId: service.id, slot: undefined }
  })
  return {
    doctors,
    validUntil: ends.length === 0 ? undefined : Temporal.Instant.fromEpochMilliseconds(Math.min(...ends)),
  }
}

/** A span of epoch milliseconds in which a doctor works somewhere. */
export type Work = Span & { practitionerId: PractitionerId; locationId: LocationId }

/**
 * When and where the active doctors work on some days: the same hours free times are made of, closures not taken out.
 * Work that began the day before is there with what reaches into the days.
 */
export async function listWork(ctx: Ctx, from: PlainDate, days: number): Promise<Work[]> {
  const settings = await getSettings(ctx)
  const calendar = localCalendar(ctx.clinic.zone, from)
  const around = daysAround(days, 0, calendar)
  const [first, last] = [calendar.midnight(0), calendar.midnight(days)]
  const { shifts, special } = hoursAround(settings, from, days)
  return settings.practitioners
    .filter(({ active }) => active)
    .flatMap(({ id }) =>
      [...shiftsByLocation(shifts, id, undefined, special)].flatMap(([locationId, worked]) =>
        stretchesOfWork(worked, around, calendar)
          .filter((stretch) => stretch.from < last && stretch.to > first)
          .map((stretch) => ({ from: stretch.from, to: stretch.to, practitionerId: id, locationId })),
      ),
    )
}

/** Until when an answer stands if nothing but the time changes; for ever when undefined. */
export type Lasting = { validUntil: Instant | undefined }

type Kept = { settingsVersion: number; diaryVersion: number; validUntil: number; answer: unknown }

// By size, since a month of every doctor's times is a hundred times a page.
const answers = new LRUCache<string, { kept: Kept; bytes: number }>({
  maxSize: 48 * 1024 * 1024,
  sizeCalculation: ({ bytes }) => Math.ceil(bytes),
})
const underWay = new Map<string, Promise<Kept>>()

/**
 * Keeps an answer that depends only on the diary, the settings and the time. The versions were read by the clinic's door
 * after the request came in and before the answer is made, and every booking anywhere raises them as it commits: so a
 * kept answer is never older than the request that gets it. For the same reason whoever read the same versions may wait
 * for an answer that is being made. `validUntil` is when time alone would change it; `bytes` is about how much room it
 * takes.
 */
export async function whileTrue<T>(
  clinic: Clinic,
  now: Instant,
  question: string,
  answer: () => Promise<{ value: T; bytes?: number } & Lasting>,
): Promise<T> {
  const { diaryVersion, settingsVersion } = clinic
  const key = `${clinic.id} ${question}`
  const isTrue = (kept: Kept | undefined): kept is Kept =>
    kept?.diaryVersion === diaryVersion &&
    kept.settingsVersion === settingsVersion &&
    now.epochMilliseconds < kept.validUntil
  const make = async () => {
    const { value, validUntil, bytes = 4096 } = await answer()
    const kept = { diaryVersion, settingsVersion, validUntil: validUntil?.epochMilliseconds ?? Infinity, answer: value }
    answers.set(key, { kept, bytes })
    return kept
  }
  const known = answers.get(key)?.kept
  if (isTrue(known)) return known.answer as T
  const making = `${key} ${diaryVersion} ${settingsVersion}`
  const begun = underWay.get(making)
  const others = begun && (await begun)
  if (isTrue(others)) return others.answer as T
  const own = make().finally(() => underWay.delete(making))
  underWay.set(making, own)
  return (await own).answer
}

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
  const taken = await busyResources(
    ctx,
    settings.services.flatMap(({ id }) => takesOf(settings, id)),
    since,
    until,
  )
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

export { findKnownSettings, getSettings }
