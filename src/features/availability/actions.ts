// Free times as people ask for them: by service, doctor or any, place and days. The deciding is done by `rules.ts`; here
// the facts are fetched, and answers kept while they are true.
import type { AppointmentId, LocationId, PractitionerId, ServiceId } from '../../kernel/ids.ts'
import { dateAt, dayBounds, Temporal, type Instant, type PlainDate } from '../../kernel/time.ts'
import type { Clinic, Ctx } from '../../platform/clinic-scope.ts'
import { givenBy } from '../clinics/rules/services.ts'
import type { DiarySettings } from '../clinics/queries.ts'
import { whileTrue, type Lasting } from './actions/kept.ts'
import { findKnownSettings, getSettings, listBusy, listBusyResources } from './queries.ts'
import { freeSlots, isFree, type FreeSlots, type Slot } from './rules.ts'
import { daysAround, localCalendar, shiftsByLocation, stretchesOfWork, type Span } from './rules/hours.ts'
import {
  durationsOf,
  hoursAround,
  idsOf,
  lasting,
  longestVisitMin,
  offerOf,
  reach,
  rulesFor,
  searchFor,
  takesOf,
  type Asker,
  type SlotWish,
  type Wish,
} from './rules/wishes.ts'

export { whileTrue } from './actions/kept.ts'
export { openDiary, type OpenDiary, type Supposing } from './actions/open.ts'
export { offerOf, type Asker, type Offer, type SlotWish, type Wish } from './rules/wishes.ts'
export { findKnownSettings, getSettings } from './queries.ts'

/** A clinic's door, as it is handed to a request. */
type Door = { clinic: Clinic; inClinic: <T>(work: (ctx: Ctx) => Promise<T>) => Promise<T> }

/** The settings outside any transaction: one is opened only if this process has not got them. */
export async function settingsOf({ clinic, inClinic }: Door): Promise<DiarySettings> {
  return findKnownSettings(clinic) ?? inClinic(getSettings)
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
  const [busy, busyResources] = await Promise.all([
    listBusy(ctx, offer.practitionerIds, from, to),
    listBusyResources(ctx, idsOf(takesOf(settings, wish.serviceId)), from, to),
  ])
  const search = searchFor(settings, asker, offer, wish, { zone: ctx.clinic.zone, now: ctx.now })
  return freeSlots({ ...search, busy, busyResources, ignore })
}

/**
 * What patients may book, for pages that change nothing: as `listFreeTimes`, but what is taken on the days asked about is
 * kept while the diary's version stands. So whoever looks at other services of the same doctors, or comes a moment later,
 * costs the database nothing, and one look serves everybody who looks between two bookings.
 */
export async function findFreeTimes(
  { clinic, now, inClinic }: Door & { now: Instant },
  wish: Wish,
): Promise<FreeSlots | undefined> {
  const settings = await settingsOf({ clinic, inClinic })
  const offer = offerOf(settings, 'patient', wish.serviceId, wish.practitionerId)
  if (!offer) return undefined
  // As far as any service reaches, so that all of them are answered by the same look.
  const { from, to } = reach(wish, clinic.zone, {
    bufferBeforeMin: Math.max(...settings.services.map((one) => one.bufferBeforeMin)),
    bufferAfterMin: Math.max(...settings.services.map((one) => one.bufferAfterMin)),
    durationMin: longestVisitMin(settings),
  })
  const { practitionerIds } = offer
  const resourceIds = idsOf(takesOf(settings, wish.serviceId))
  const span = `${from.epochMilliseconds} ${to.epochMilliseconds}`
  const question = `taken ${span} ${practitionerIds.join(' ')} ${resourceIds.join(' ')}`
  const taken = await whileTrue(clinic, now, question, () =>
    inClinic(async (ctx) => {
      const [busy, busyResources] = await Promise.all([
        listBusy(ctx, practitionerIds, from, to),
        listBusyResources(ctx, resourceIds, from, to),
      ])
      return {
        value: { busy, busyResources },
        validUntil: undefined,
        bytes: 500 + (busy.length + busyResources.length) * 400,
      }
    }),
  )
  return freeSlots({ ...searchFor(settings, 'patient', offer, wish, { zone: clinic.zone, now }), ...taken })
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
  const [busy, busyResources] = await Promise.all([
    listBusy(ctx, [wish.practitionerId], from, to),
    listBusyResources(ctx, idsOf(needs), from, to),
  ])
  const slot = isFree({
    zone: ctx.clinic.zone,
    now: ctx.now,
    service,
    ...hoursAround(settings, dateAt(wish.startsAt, ctx.clinic.zone), 1),
    closures: settings.closures,
    busy,
    needs,
    busyResources,
    rules: rulesFor(settings, asker, wish.serviceId),
    ignore,
    startsAt: wish.startsAt.epochMilliseconds,
    practitionerId: wish.practitionerId,
    locationId: wish.locationId,
  })
  return slot && { slot, service }
}

/**
 * Whether a time that somebody holds, had or was offered is still one to be had: the service is offered, the doctor works
 * there and nothing is closed, as of now. Notice and grid were looked at then; who else is there is not asked.
 */
export async function isStillOpen(ctx: Ctx, asker: Asker, held: SlotWish): Promise<boolean> {
  ctx.reliesOnSettings()
  const settings = await getSettings(ctx)
  const offer = offerOf(settings, asker, held.serviceId, held.practitionerId)
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
  const needed = idsOf(offers.flatMap(({ needs }) => needs))
  const [busy, taken] = await Promise.all([listBusy(ctx, ids, from, to), listBusyResources(ctx, needed, from, to)])
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
