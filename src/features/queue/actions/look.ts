// How a line looks to those who wait in it, and to the screen on the wall.
import type { AppointmentId, LocationId, PractitionerId } from '../../../kernel/ids.ts'
import { dateAt, dayBounds, type Instant } from '../../../kernel/time.ts'
import type { Ctx } from '../../../platform/clinic-scope.ts'
import type { Status } from '../../appointments/rules.ts'
import { getSettings, whileTrue } from '../../availability/actions.ts'
import { listPastVisits, type LineVisit } from '../queries.ts'
import { aboutMinutes, countBefore, learnPace, minutesUntilCalled, type Day, type Pace } from '../rules/estimate.ts'
import { lineOf, type Line } from '../rules/line.ts'
import { listTodaysLine } from './line.ts'

/** As many visits as tell how a doctor works now, and not how they did last year. */
const learnedFrom = 120

type DoctorsDay = { visits: LineVisit[]; pace: Pace }

/** A doctor's line and pace; kept while the diary stands, since every phone in the waiting room asks for it. */
async function doctorsDay(ctx: Ctx, practitionerId: PractitionerId): Promise<DoctorsDay> {
  const { zone } = ctx.clinic
  const today = dateAt(ctx.now, zone)
  return whileTrue(ctx.clinic, ctx.now, `queue ${practitionerId} ${today.toString()}`, async () => {
    const visits = await listTodaysLine(ctx, practitionerId)
    const past = await listPastVisits(ctx, practitionerId, ctx.now, learnedFrom)
    const pace = learnPace(
      past.map(({ serviceId, startsAt, endsAt, arrivedAt, inRoomAt, fulfilledAt, cameAtAll }) => ({
        day: dateAt(startsAt, zone).toString(),
        serviceId,
        plannedMin: Math.max(1, (endsAt.epochMilliseconds - startsAt.epochMilliseconds) / 60_000),
        startsAt: startsAt.epochMilliseconds,
        arrivedAt: arrivedAt?.epochMilliseconds ?? null,
        inRoomAt: inRoomAt?.epochMilliseconds ?? null,
        fulfilledAt: fulfilledAt?.epochMilliseconds ?? null,
        cameAtAll,
      })),
    )
    return { value: { visits, pace }, validUntil: dayBounds(today, zone).to, bytes: 512 * (visits.length + 8) }
  })
}

function dayOf({ visits }: DoctorsDay, line: Line<LineVisit>, now: Instant): Day {
  const planned = visits.filter(({ status, walkIn }) => status !== 'cancelled' && !walkIn)
  return {
    now: now.epochMilliseconds,
    inRoom: line.inRoom,
    waiting: line.waiting,
    expected: visits.filter(({ status }) => status === 'booked'),
    begun: visits.some(({ inRoomAt }) => inRoomAt !== null),
    firstStart: planned[0]?.startsAt.epochMilliseconds,
  }
}

export type Standing =
  | { kind: 'waiting'; token: number | undefined; before: number; aboutMin: number }
  | { kind: 'in_room'; token: number | undefined }
  | { kind: 'stepped_out'; token: number | undefined }
  /** Not here yet, on the day of the visit: how many wait, and how long after their time they would be called in. */
  | { kind: 'coming'; waiting: number; lateMin: number }

/** How a visit stands in its doctor's line today; undefined when it has nothing to do with it. */
export async function findStanding(
  ctx: Ctx,
  visit: { id: AppointmentId; practitionerId: PractitionerId; startsAt: Instant; status: Status },
): Promise<Standing | undefined> {
  const { zone } = ctx.clinic
  if (!['booked', 'arrived', 'in_room'].includes(visit.status)) return undefined
  if (visit.status === 'booked' && !dateAt(visit.startsAt, zone).equals(dateAt(ctx.now, zone))) return undefined
  const doctors = await doctorsDay(ctx, visit.practitionerId)
  const own = doctors.visits.find(({ id }) => id === visit.id)
  if (!own) return undefined
  const { token } = own
  if (own.status === 'in_room') return { kind: 'in_room', token }
  if (own.steppedOutAt !== null && own.status === 'arrived') return { kind: 'stepped_out', token }
  const line = lineOf(doctors.visits)
  const minutes = aboutMinutes(minutesUntilCalled(own, dayOf(doctors, line, ctx.now), doctors.pace))
  if (own.status === 'arrived') {
    return { kind: 'waiting', token, before: countBefore(own.id, line.waiting), aboutMin: minutes }
  }
  return own.status === 'booked' ? { kind: 'coming', waiting: line.waiting.length, lateMin: minutes } : undefined
}

export type ScreenLine = { practitionerId: PractitionerId; doctor: string; now: number[]; next: number[] }

/** As many as the screen shows of those who wait. */
const shownNext = 3

/** The numbers at one place of the clinic, doctor by doctor; nobody's name. */
export async function listScreen(ctx: Ctx, locationId: LocationId): Promise<ScreenLine[]> {
  const today = dateAt(ctx.now, ctx.clinic.zone)
  return whileTrue(ctx.clinic, ctx.now, `screen ${locationId} ${today.toString()}`, async () => {
    const { practitioners } = await getSettings(ctx)
    const here = (await listTodaysLine(ctx)).filter((visit) => visit.locationId === locationId)
    const value = practitioners.flatMap(({ id, name }) => {
      const own = here.filter(({ practitionerId }) => practitionerId === id)
      if (!own.some(({ status }) => ['booked', 'arrived', 'in_room'].includes(status))) return []
      const { inRoom, waiting } = lineOf(own)
      const tokens = (visits: LineVisit[]) => visits.flatMap(({ token }) => token ?? [])
      // Who was called last stands first.
      return [
        {
          practitionerId: id,
          doctor: name,
          now: tokens(inRoom).reverse(),
          next: tokens(waiting).slice(0, shownNext),
        },
      ]
    })
    return { value, validUntil: dayBounds(today, ctx.clinic.zone).to }
  })
}
