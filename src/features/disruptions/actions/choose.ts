// What becomes of each visit: what the desk wished, as far as that is to be had, and else what is usual.
import type { AppointmentId, PractitionerId } from '../../../kernel/ids.ts'
import { dateAt, later, minutesBetween, Temporal, type Instant } from '../../../kernel/time.ts'
import type { Ctx } from '../../../platform/clinic-scope.ts'
import type { Rearrangement } from '../../appointments/actions/rearrange.ts'
import type { Appointment } from '../../appointments/queries.ts'
import { openDiary, type OpenDiary, type Supposing } from '../../availability/actions.ts'
import type { Busy, BusyResource, ResourceId, Slot } from '../../availability/rules.ts'
import type { DiarySettings } from '../../clinics/queries.ts'
import { choiceText, searchDays, type Choice, type Declaration, type Place } from '../rules.ts'
import type { Affected } from '../rules/affected.ts'
import { busyAt, plannedId, rearranged, roomsAt, shifted } from '../rules/places.ts'

/** How many free times a visit may choose from. */
const choices = 6
/** Nobody is asked to be here sooner than this. */
const notice = { minutes: 60 }

export type Wishes = ReadonlyMap<AppointmentId, Choice>

export type Chosen = {
  visit: Appointment
  choice: Choice
  options: Choice[]
  /** What the desk chose can't be had any more. */
  lost: boolean
  /** The doctor it was to be with, who would have the time, were there a room or thing for it. */
  noRoomWith: PractitionerId | undefined
  /** The new time lies outside the doctor's hours. */
  afterHours: boolean
  /** A room or thing it takes is somebody else's then. */
  roomless: boolean
  /** What it takes as it stands now. */
  rooms: ResourceId[]
  /** How it would stand; undefined when nothing about it changes. */
  rearrangement: Rearrangement | undefined
}

type Scene = {
  ctx: Ctx
  settings: DiarySettings
  declaration: Declaration
  diary: OpenDiary
  /** The diary as it would be: what was chosen so far is in it. */
  supposing: Required<Supposing>
}

/** Goes through the visits in order of time, so that of two who want the same time the first has it. */
export async function choose(
  ctx: Ctx,
  settings: DiarySettings,
  declaration: Declaration,
  { affected, shifts }: Affected,
  wishes: Wishes,
): Promise<Chosen[]> {
  if (affected.length === 0) return []
  const doctors = settings.practitioners.filter(({ active }) => active).map(({ id }) => id)
  const today = dateAt(ctx.now, ctx.clinic.zone)
  const first = later(ctx.now, affected[0]?.startsAt ?? ctx.now)
  const lastDay = dateAt(later(first, declaration.to), ctx.clinic.zone)
  const days = today.until(lastDay).days + searchDays
  const diary = await openDiary(ctx, 'desk', doctors, today, days)
  const { kind, practitionerId, locationId, from, to } = declaration
  const busy: Busy[] = []
  const rooms: BusyResource[] = []
  // All make room before any takes a place.
  const ignore = affected.map(({ id }) => id)
  const supposing = { closures: [{ startsAt: from, endsAt: to, practitionerId, locationId }], busy, rooms, ignore }
  // Those who stay, and those who move along with their line, are in nobody's reach.
  for (const visit of affected) {
    const wish = wishes.get(visit.id)?.what ?? (kind === 'late' ? 'shift' : undefined)
    const shift = shifts.get(visit.id)
    if (wish === 'shift' && shift) busy.push(busyAt(visit, shifted(visit, shift)))
    else if (wish === 'shift' || wish === 'keep') {
      busy.push(busyAt(visit, visit))
      rooms.push(...roomsAt(visit, { ...visit, resourceIds: diary.roomsOf(visit.id) }))
    }
  }
  const planned = new Map<AppointmentId, Chosen>()
  // What the desk chose by name comes first.
  const named = affected.filter(({ id }) => wishes.get(id)?.what === 'move')
  for (const visit of [...named, ...affected.filter((one) => !named.includes(one))]) {
    // Nobody is in their own way.
    const others = { ...supposing, rooms: rooms.filter(({ appointmentId }) => appointmentId !== plannedId(visit)) }
    const scene = { ctx, settings, declaration, diary, supposing: others }
    const chosen = chooseOne(scene, visit, shifts.get(visit.id), wishes.get(visit.id))
    planned.set(visit.id, chosen)
    if (chosen.rearrangement) rooms.push(...roomsAt(visit, chosen.rearrangement.to))
    if (chosen.choice.what === 'move' && chosen.rearrangement) busy.push(busyAt(visit, chosen.rearrangement.to))
  }
  return affected.flatMap(({ id }) => planned.get(id) ?? [])
}

function chooseOne(scene: Scene, visit: Appointment, shift: Instant | undefined, wish: Choice | undefined): Chosen {
  const { settings, declaration, diary, supposing } = scene
  const { kind, then } = declaration
  const place = { serviceId: visit.serviceId, durationMin: minutesBetween(visit.startsAt, visit.endsAt) }
  // Who is here already waits here; everybody else may be asked to come at another time.
  const elsewhere = visit.status === 'booked'
  const slotAt = ({ practitionerId, locationId, startsAt }: Place) =>
    elsewhere ? diary.at({ ...place, practitionerId, locationId, startsAt }, supposing) : undefined
  const others = settings.practitioners
    .filter(({ id, active }) => active && id !== visit.practitionerId)
    .flatMap(({ id }) => slotAt({ ...visit, practitionerId: id }) ?? [])
    .map(moveTo)
  const inUse = settings.practitioners.some(({ id, active }) => active && id === visit.practitionerId)
  const next = elsewhere ? nextFree(scene, visit, place, inUse ? visit.practitionerId : heirOf(then)).map(moveTo) : []
  const options: Choice[] = [
    ...(shift ? [{ what: 'shift', to: shift } as const] : []),
    ...next,
    ...others,
    { what: 'keep' },
    ...(elsewhere ? [{ what: 'cancel' } as const] : []),
  ]
  // With a doctor who is gone there is no next time: whoever is free at the time that was promised comes first.
  const anybody = !inUse && kind !== 'late' && then === 'move' ? others[0] : undefined
  const handed = others.find(({ practitionerId }) => practitionerId === then) ?? anybody
  const had = wish && sameOf(wish, options, slotAt)
  if (had && !options.some((one) => choiceText(one) === choiceText(had))) options.unshift(had)
  const lost = wish !== undefined && had === undefined
  const choice = had ?? usualOf(declaration, { shift, handed, next: next[0] }, lost)
  const rearrangement = rearranged(settings, visit, choice, choice.what === 'move' ? slotAt(choice) : undefined)
  const stands = rearrangement?.to
  const shifts = choice.what === 'shift'
  const rooms = diary.roomsOf(visit.id)
  if (stands && shifts && rooms.length > 0) {
    const sitting = { ...stands, serviceId: visit.serviceId }
    rearrangement.to = { ...stands, resourceIds: diary.freeRooms(rooms, sitting, supposing) }
  }
  const handsOver = kind !== 'late' && then !== 'move' && then !== 'cancel' && !handed
  const missed = lost && wish.what === 'move' ? wish : handsOver ? { ...visit, practitionerId: then } : undefined
  const { practitionerId, locationId, startsAt } = missed ?? visit
  const noRoom = missed && elsewhere && diary.lacksRoom({ ...place, practitionerId, locationId, startsAt }, supposing)
  return {
    visit,
    choice,
    options,
    lost,
    noRoomWith: noRoom ? practitionerId : undefined,
    afterHours:
      stands !== undefined && shifts && !diary.atWork({ ...place, ...stands }, { closures: supposing.closures }),
    roomless: shifts && (rearrangement?.to.resourceIds?.length ?? rooms.length) < rooms.length,
    rooms,
    rearrangement,
  }
}

type Move = Extract<Choice, { what: 'move' }>

const moveTo = ({ practitionerId, locationId, startsAt }: Slot): Move => ({
  what: 'move',
  practitionerId,
  locationId,
  startsAt: Temporal.Instant.fromEpochMilliseconds(startsAt),
})

/** What becomes of a visit nobody said anything about, or for which what was said can't be had. */
function usualOf(
  { kind, then }: Declaration,
  { shift, handed, next }: { shift: Instant | undefined; handed: Move | undefined; next: Move | undefined },
  lost: boolean,
): Choice {
  if (kind === 'late') return shift ? { what: 'shift', to: shift } : ((lost ? next : undefined) ?? { what: 'keep' })
  return (then === 'cancel' ? undefined : (handed ?? next)) ?? { what: 'cancel' }
}

/** The wish, if it can be had: a visit that moves along does so to wherever the line has come. */
function sameOf(
  wish: Choice,
  options: readonly Choice[],
  slotAt: (place: Place) => Slot | undefined,
): Choice | undefined {
  // Somebody in front of them goes elsewhere: there is no need to move any more.
  const unmoved = wish.what === 'shift' ? options.find(({ what }) => what === 'keep') : undefined
  if (wish.what !== 'move') return options.find(({ what }) => what === wish.what) ?? unmoved
  return slotAt(wish) ? wish : undefined
}

/** Who may take over the visits of a doctor who is gone. */
const heirOf = (then: Declaration['then']): PractitionerId | 'any' =>
  then === 'move' || then === 'cancel' ? 'any' : then

/** The first free times, with the same doctor unless that one is gone, that come after the one there was; earlier ones nobody has asked for. */
function nextFree(
  { ctx, diary, supposing }: Scene,
  visit: Appointment,
  place: Pick<Appointment, 'serviceId'> & { durationMin: number },
  practitionerId: PractitionerId | 'any',
): Slot[] {
  const earliest = later(ctx.now.add(notice), visit.startsAt.add({ minutes: 1 })).epochMilliseconds
  const first = dateAt(Temporal.Instant.fromEpochMilliseconds(earliest), ctx.clinic.zone)
  const found: Slot[] = []
  for (let day = 0, step = 7; day < searchDays && found.length < choices; day += step, step = 14) {
    const days = Math.min(step, searchDays - day)
    const wish = { ...place, practitionerId, locationId: undefined, from: first.add({ days: day }), days }
    const slots = diary.free(wish, supposing)?.days.flatMap((one) => one.slots) ?? []
    found.push(...slots.filter(({ startsAt }) => startsAt >= earliest))
  }
  return found.slice(0, choices)
} // prettier-ignore
