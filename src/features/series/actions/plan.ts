// What a series would be: every date with whether it is free, why not, and what there is instead. The whole range is read
// once and asked as often as there are dates; nothing is written.
import { newId, type AppointmentId } from '../../../kernel/ids.ts'
import { dateAt, Temporal, type Instant, type PlainDate } from '../../../kernel/time.ts'
import type { Ctx } from '../../../platform/clinic-scope.ts'
import { getSettings, openDiary, type OpenDiary, type Supposing } from '../../availability/actions.ts'
import type { Busy, BusyResource, Slot } from '../../availability/rules.ts'
import { nearest, type SlotChoice } from '../../desk/rules.ts'
import type { Decision } from '../rules.ts'

/** A date of a series, or of the stretch of one that moves. */
export type Wish = {
  /** What the form calls it by. */
  key: string
  slot: SlotChoice
  /** Where it is now, when it is moved. */
  visit?: AppointmentId
  durationMin?: number | undefined
  lastDay: boolean
  /** The clock on the wall shows another time that day, because clocks change. */
  shifted: boolean
}

export type Why = 'past' | 'closed' | 'taken' | 'hours' | 'no_room' | 'not_offered'

export type Planned = Wish & {
  state:
    | 'free' // as the rule says
    | 'chosen' // at another time that was picked
    | 'left_out'
    | 'conflict' // has to be decided
  /** The free time it is to have. */
  to: SlotChoice | undefined
  why: Why | undefined
  /** Of a closure. */
  reason: string | undefined
  /** It was free, or was picked as free, when the page was made. */
  lost: boolean
  /** Nobody has looked at it yet: the rule was changed since. */
  unseen: boolean
  alternatives: SlotChoice[]
}

/** Days around a date in which another time is looked for. */
const around = 3

export async function plan(
  ctx: Ctx,
  wishes: readonly Wish[],
  picks: ReadonlyMap<string, Decision>,
): Promise<Planned[]> {
  const [first] = wishes
  if (!first) return []
  const settings = await getSettings(ctx)
  const { serviceId } = first.slot
  const others = settings.offers.flatMap((offer) => (offer.serviceId === serviceId ? [offer.practitionerId] : []))
  const { zone } = ctx.clinic
  const dates = wishes.map(({ slot }) => dateAt(slot.startsAt, zone))
  const sooner = (a: PlainDate, b: PlainDate) => (Temporal.PlainDate.compare(a, b) <= 0 ? a : b)
  const later = (a: PlainDate, b: PlainDate) => (sooner(a, b) === a ? b : a)
  const from = dates.reduce(sooner).subtract({ days: around })
  const to = dates.reduce(later).add({ days: around + 1 })
  const diary = await openDiary(ctx, 'desk', [...new Set(others)], from, from.until(to).days)
  const ignore = wishes.flatMap(({ visit }) => visit ?? [])
  // What the series itself takes: no two of its dates are offered the same time.
  const busy: Busy[] = []
  const rooms: BusyResource[] = []
  const supposing = { busy, rooms, ignore }
  const service = settings.services.find(({ id }) => id === serviceId)
  const take = ({ resourceIds = [] }: Slot, slot: SlotChoice, durationMin: number | undefined) => {
    if (!service) return
    const taken = occupying(slot, { ...service, durationMin: durationMin ?? service.durationMin })
    busy.push(taken)
    rooms.push(...resourceIds.map((resourceId) => ({ ...taken, resourceId })))
  }
  const decided = wishes.map((wish) => {
    const found = picks.get(wish.key)
    // Nobody slips another service in.
    const pick = found && found !== 'leave_out' && found.serviceId !== serviceId ? undefined : found
    const wanted = pick && pick !== 'leave_out' ? pick : wish.slot
    const free = diary.at({ ...wanted, durationMin: wish.durationMin }, supposing)
    if (free && pick !== 'leave_out') take(free, wanted, wish.durationMin)
    return { wish, pick, wanted, free }
  })
  return decided.map(({ wish, pick, wanted, free }): Planned => {
    const base = {
      ...wish,
      why: undefined,
      reason: undefined,
      lost: false,
      unseen: pick === undefined,
      alternatives: [],
    }
    if (free && pick !== 'leave_out') {
      return { ...base, state: sameSlot(wanted, wish.slot) ? 'free' : 'chosen', to: wanted }
    }
    const reason = explain(ctx, diary, settings.closures, { ...wish, slot: wanted }, supposing)
    const alternatives = free ? [wish.slot] : alternativesTo(ctx, diary, others, wish, supposing)
    const state = pick === 'leave_out' ? 'left_out' : 'conflict'
    return {
      ...base,
      state,
      to: undefined,
      ...(free ? {} : reason),
      lost: pick !== undefined && pick !== 'leave_out',
      alternatives,
    }
  })
}

const sameSlot = (a: SlotChoice, b: SlotChoice): boolean =>
  a.startsAt.equals(b.startsAt) && a.practitionerId === b.practitionerId && a.locationId === b.locationId

type Shape = { durationMin: number; bufferBeforeMin: number; bufferAfterMin: number }

const occupying = (slot: SlotChoice, shape: Shape): Busy => ({
  appointmentId: newId<'appointment'>(),
  practitionerId: slot.practitionerId,
  locationId: slot.locationId,
  serviceId: slot.serviceId,
  startsAt: slot.startsAt,
  occupiedFrom: slot.startsAt.subtract({ minutes: shape.bufferBeforeMin }),
  occupiedTo: slot.startsAt.add({ minutes: shape.durationMin + shape.bufferAfterMin }),
  lane: 1,
})

type Closure = Awaited<ReturnType<typeof getSettings>>['closures'][number]

function explain(
  ctx: Ctx,
  diary: OpenDiary,
  closures: readonly Closure[],
  { slot, durationMin }: Wish,
  supposing: Supposing,
): { why: Why; reason: string | undefined } {
  const why = (what: Why, reason?: string) => ({ why: what, reason })
  if (slot.startsAt.epochMilliseconds <= ctx.now.epochMilliseconds) return why('past')
  if (diary.lacksRoom({ ...slot, durationMin }, supposing)) return why('no_room')
  if (diary.atWork({ ...slot, durationMin }, supposing)) return why('taken')
  const closed = closures.find((one) => closes(one, slot, slot.startsAt.add({ minutes: durationMin ?? 1 })))
  return closed ? why('closed', closed.reason) : why('hours')
}

function closes(closure: Closure, slot: SlotChoice, until: Instant): boolean {
  if (closure.practitionerId !== undefined && closure.practitionerId !== slot.practitionerId) return false
  if (closure.locationId !== undefined && closure.locationId !== slot.locationId) return false
  return (
    closure.startsAt.epochMilliseconds < until.epochMilliseconds &&
    closure.endsAt.epochMilliseconds > slot.startsAt.epochMilliseconds
  )
}

/** The three times nearest with the same doctor, and another doctor at the very time. */
function alternativesTo(
  ctx: Ctx,
  diary: OpenDiary,
  doctors: readonly SlotChoice['practitionerId'][],
  { slot, durationMin }: Wish,
  supposing: Supposing,
): SlotChoice[] {
  const date: PlainDate = dateAt(slot.startsAt, ctx.clinic.zone)
  const { serviceId, practitionerId } = slot
  const wish = { serviceId, practitionerId, locationId: undefined, from: date.subtract({ days: around }) }
  const free = diary.free({ ...wish, days: 2 * around + 1, durationMin }, supposing)
  const choice = (found: Slot): SlotChoice => ({
    serviceId,
    practitionerId: found.practitionerId,
    locationId: found.locationId,
    startsAt: Temporal.Instant.fromEpochMilliseconds(found.startsAt),
  })
  const near = nearest(free?.days.flatMap(({ slots }) => slots) ?? [], slot).map(choice)
  const other = doctors
    .filter((id) => id !== practitionerId)
    .map((id) => diary.at({ ...slot, practitionerId: id, durationMin }, supposing))
    .find((found) => found !== undefined)
  return other ? [...near, choice(other)] : near
}
