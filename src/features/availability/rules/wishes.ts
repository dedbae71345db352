// What somebody wants of the diary, and what of a clinic's settings decides whether it is to be had.
import type { LocationId, PractitionerId, ServiceId } from '../../../kernel/ids.ts'
import { dayBounds, type Instant, type PlainDate } from '../../../kernel/time.ts'
import type { DiarySettings } from '../../clinics/queries.ts'
import { bookingWindow, needsOf } from '../../clinics/rules/services.ts'
import { specialHours } from '../../clinics/rules/timetables.ts'
import type { BookableService, Need, ResourceId, SlotSearch } from '../rules.ts'

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

export type SlotWish = {
  serviceId: ServiceId
  practitionerId: PractitionerId
  locationId: LocationId
  startsAt: Instant
  /** As in `Wish`. */
  durationMin?: number | undefined
}

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
export function durationsOf(
  settings: DiarySettings,
  { serviceId, durationMin }: Pick<Wish, 'serviceId' | 'durationMin'>,
) {
  if (durationMin !== undefined) return undefined
  const own = settings.offers.flatMap((offer) =>
    offer.serviceId === serviceId && offer.durationMin !== null
      ? [[offer.practitionerId, offer.durationMin] as const]
      : [],
  )
  return own.length === 0 ? undefined : new Map(own)
}

/** What a visit of a service takes beside its doctor; most take nothing, and nothing is asked for them. */
export function takesOf(settings: DiarySettings, serviceId: ServiceId): Need[] {
  return needsOf(settings, serviceId).map((need) =>
    need.map(({ id, locationId }) => ({ id, locationId: locationId ?? undefined })),
  )
}

export const idsOf = (needs: readonly Need[]): ResourceId[] => [
  ...new Set(needs.flatMap((need) => need.map(({ id }) => id))),
]

export function rulesFor(settings: DiarySettings, asker: Asker, serviceId: ServiceId) {
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
export function hoursAround(settings: DiarySettings, from: PlainDate, days: number) {
  const active = new Set(settings.locations.filter((location) => location.active).map(({ id }) => id))
  const inUse = ({ locationId }: { locationId: LocationId }) => active.has(locationId)
  // A night from before may reach into the first date; a visit no longer than a day, into the one after the last.
  const special = specialHours(settings, from.subtract({ days: 2 }), from.add({ days: days + 2 }))
  return {
    shifts: settings.shifts.filter(inUse),
    special: special.map((one) => ({ ...one, shifts: one.shifts.filter(inUse) })),
  }
}

/** What is searched through for a wish, all but what is taken already. */
export function searchFor(
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

export const longestVisitMin = ({ services, offers }: DiarySettings): number =>
  Math.max(...services.map((one) => one.durationMin), ...offers.map((one) => one.durationMin ?? 0))

/** A service as long as a visit of it is, where that was said. */
export const lasting = <S extends BookableService>(
  service: S,
  { durationMin }: { durationMin?: number | undefined },
): S => (durationMin === undefined ? service : { ...service, durationMin })

/** The span in which a visit of the wish could meet another: the days asked for, and what sticks out by its length. */
export function reach(
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
