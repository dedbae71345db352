// The free times of the diary, as those who wait would see them.
import type { AppointmentId, ServiceId } from '../../../kernel/ids.ts'
import { dateAt, isBefore, later, earlier, dayBounds, Temporal, type Instant } from '../../../kernel/time.ts'
import type { Ctx } from '../../../platform/clinic-scope.ts'
import { getSettings, listFreeTimes } from '../../availability/actions.ts'
import { givenBy } from '../../clinics/rules/services.ts'
import { longestWaitDays, thatSuit, type FreeSlot, type WaitingWish } from '../rules.ts'

/** What is free online for a service within a span, in order of time. */
export async function listFreeSlots(
  ctx: Ctx,
  serviceId: ServiceId,
  span: { from: Instant; to: Instant },
  ignore: readonly AppointmentId[] = [],
): Promise<FreeSlot[]> {
  const settings = await getSettings(ctx)
  const service = settings.services.find(({ id }) => id === serviceId)
  const zone = ctx.clinic.zone
  const from = later(span.from, ctx.now)
  const to = earlier(span.to, ctx.now.add({ hours: 24 * (longestWaitDays + 2) }))
  if (!service || !isBefore(from, to)) return []
  const first = dateAt(from, zone)
  const wish = {
    serviceId,
    practitionerId: 'any' as const,
    locationId: undefined,
    from: first,
    days: first.until(dateAt(to, zone)).days + 1,
  }
  const free = await listFreeTimes(ctx, 'patient', wish, ignore)
  const within = ({ startsAt }: { startsAt: number }) =>
    startsAt >= from.epochMilliseconds && startsAt < to.epochMilliseconds
  return (free?.days ?? []).flatMap(({ slots }) =>
    slots.filter(within).map(({ startsAt, practitionerId, locationId }) => {
      const at = Temporal.Instant.fromEpochMilliseconds(startsAt)
      const { durationMin } = givenBy(settings, service, practitionerId)
      return { serviceId, practitionerId, locationId, startsAt: at, endsAt: at.add({ minutes: durationMin }) }
    }),
  )
}

/**
 * What is free already of what somebody wants to wait for: the first few. Nobody is put on a list for a time that can be
 * booked now, and so whatever comes free later is news to everybody on it.
 */
export async function listSuiting(
  ctx: Ctx,
  wish: WaitingWish,
  options: { before?: Instant | undefined; ignore?: readonly AppointmentId[]; most?: number } = {},
): Promise<FreeSlot[]> {
  const zone = ctx.clinic.zone
  const span = { from: dayBounds(wish.from, zone).from, to: dayBounds(wish.until, zone).to }
  const free = await listFreeSlots(ctx, wish.serviceId, span, options.ignore ?? [])
  return thatSuit(wish, free, zone)
    .filter(({ startsAt }) => !options.before || isBefore(startsAt, options.before))
    .slice(0, options.most ?? 3)
}
