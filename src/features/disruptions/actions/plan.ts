// What a disruption would do to each visit, worked out without changing anything: for the page that shows it, and again
// in the transaction that does it.
import { createHash } from 'node:crypto'
import type { AppointmentId, LocationId, PatientId, PractitionerId } from '../../../kernel/ids.ts'
import { done, refuse, type Outcome } from '../../../kernel/outcome.ts'
import { dateAt, isBefore, later, minutesBetween, Temporal, type Instant } from '../../../kernel/time.ts'
import type { Ctx } from '../../../platform/clinic-scope.ts'
import { factsOf } from '../../appointments/actions/facts.ts'
import type { Rearrangement } from '../../appointments/actions/rearrange.ts'
import { listStanding, type Appointment } from '../../appointments/queries.ts'
import { occupiedBy } from '../../appointments/rules.ts'
import { getSettings, openDiary, type OpenDiary, type Supposing } from '../../availability/actions.ts'
import type { Busy, BusyResource, ResourceId, Slot } from '../../availability/rules.ts'
import type { DiarySettings } from '../../clinics/queries.ts'
import { listUnreached } from '../../messaging/actions/reach.ts'
import { previewRearranged, type News } from '../../notices/actions.ts'
import type { Because } from '../../notices/rules.ts'
import {
  choiceText,
  delayed,
  mostVisits,
  searchDays,
  type Choice,
  type Declaration,
  type InLine,
  type Kind,
  type Outcome as VisitOutcome,
} from '../rules.ts'

export type Silence =
  /** It stays as it is. */
  | 'unchanged'
  /** The patient is at the clinic: they are told by word of mouth. */
  | 'here'
  | 'not_wanted'
  /** They said STOP, or took their consent back. */
  | 'stopped'
  /** It would come too late, or there is nothing new in it. */
  | 'nothing_new'

export type PlannedVisit = {
  visit: Appointment
  choice: Choice
  options: Choice[]
  /** What the desk chose can't be had any more. */
  lost: boolean
  /** The new time lies outside the doctor's hours. */
  afterHours: boolean
  /** A room or thing it takes is somebody else's then. */
  roomless: boolean
  /** What it takes as it stands now. */
  rooms: ResourceId[]
  /** How it would stand; undefined when nothing about it changes. */
  rearrangement: Rearrangement | undefined
  news: News | Silence
}

export type Plan = {
  visits: PlannedVisit[]
  /** Patients who are here already and stay as they are: somebody should talk to them. */
  here: Appointment[]
  /** Half-made bookings that have to go. */
  letGo: AppointmentId[]
  /** All that was looked at, whatever becomes of it. */
  standing: AppointmentId[]
  /** Stands for all that the page shows: the same text means that nothing is different. */
  digest: string
}

export type Wishes = ReadonlyMap<AppointmentId, Choice>

export const becauseOf = (kind: Kind): Because => (kind === 'late' ? 'late' : 'away')

export function outcomeOf({ choice, visit }: PlannedVisit): VisitOutcome | undefined {
  if (choice.what === 'keep') return undefined
  if (choice.what === 'cancel') return 'cancelled'
  if (choice.what === 'shift') return 'shifted'
  return choice.practitionerId === visit.practitionerId ? 'moved' : 'handed_over'
}

/** How many free times a visit may choose from. */
const choices = 6
/** Nobody is asked to be here sooner than this. */
const notice = { minutes: 60 }

export async function planFor(
  ctx: Ctx,
  declaration: Declaration,
  wishes: Wishes,
  { lock }: { lock: boolean },
): Promise<Outcome<Plan, 'too_many'>> {
  const { kind, practitionerId, locationId, from, to } = declaration
  const late = kind === 'late'
  // A doctor's delay runs on behind it, and no further than into the night.
  const span = { from, to: late ? to.add({ hours: 18 }) : to, practitionerId, locationId }
  const standing = (await listStanding(ctx, span, { lock, limit: mostVisits * 2 + 1 })).filter(
    ({ holdExpiresAt }) => !holdExpiresAt || isBefore(ctx.now, holdExpiresAt),
  )
  if (standing.length > mostVisits * 2) return refuse('too_many')
  const plan = late ? lateVisits(declaration, standing, wishes) : awayVisits(standing)
  if (plan.affected.length > mostVisits) return refuse('too_many')

  const settings = await getSettings(ctx)
  const planned = await choose(ctx, settings, declaration, plan, wishes)
  const visits = await withNews(ctx, settings, declaration, planned)
  const letGo = standing
    .filter((one) => one.status === 'pending' && (within(one, declaration) || plan.movedSessions.has(sessionOf(one))))
    .map(({ id }) => id)
  const looked = standing.map(({ id }) => id)
  return done({ visits, here: plan.here, letGo, standing: looked, digest: digestOf(visits, plan.here) })
}

const within = (visit: Appointment, { from, to }: Declaration): boolean =>
  isBefore(visit.startsAt, to) && isBefore(from, visit.endsAt)

type Affected = {
  affected: Appointment[]
  here: Appointment[]
  /** For a doctor who is late: when each begins if it moves along. */
  shifts: ReadonlyMap<AppointmentId, Instant>
  movedSessions: ReadonlySet<string>
}

function awayVisits(standing: readonly Appointment[]): Affected {
  return {
    affected: standing.filter(({ status }) => status === 'booked'),
    here: standing.filter(({ status }) => status === 'arrived' || status === 'in_room'),
    shifts: new Map(),
    movedSessions: new Set(),
  }
}

/**
 * Whoever would have to move if all of them did is affected, and whoever the desk chose something for. Those who are to
 * stay stand in the way of the others; those who go elsewhere make room.
 */
function lateVisits(declaration: Declaration, standing: readonly Appointment[], wishes: Wishes): Affected {
  const [from, until] = [declaration.from.epochMilliseconds, declaration.to.epochMilliseconds]
  const lines = standing
    .filter((visit) => visit.status !== 'pending' || !within(visit, declaration))
    .map((visit) => ({ visit, inLine: inLineOf(visit) }))
  // A group somebody is about to join moves all the same; whoever is joining looks for another time.
  const joined = new Set(standing.filter(({ status }) => status !== 'pending').map(sessionOf))
  const own = lines.filter(({ visit }) => visit.status !== 'pending' || !joined.has(sessionOf(visit)))
  const all = delayed(
    own.map(({ inLine }) => inLine),
    from,
    until,
  )
  const affected = own.filter(({ visit }) => all.has(visit.id) || (wishes.has(visit.id) && visit.status === 'booked'))
  const wished = (id: AppointmentId) => wishes.get(id)?.what ?? 'shift'
  const moved = delayed(
    own
      .filter(({ visit }) => !affected.some((one) => one.visit === visit) || ['shift', 'keep'].includes(wished(visit.id)))
      .map(({ visit, inLine }) => ({ ...inLine, fixed: inLine.fixed || wished(visit.id) === 'keep' })),
    from,
    until,
  )
  const visits = affected.map(({ visit }) => visit)
  return {
    affected: visits,
    here: [],
    shifts: new Map([...moved].map(([id, at]) => [id, Temporal.Instant.fromEpochMilliseconds(at)])),
    movedSessions: new Set(visits.filter(({ id }) => moved.has(id)).map(sessionOf)),
  }
} // prettier-ignore

const sessionOf = (visit: Appointment): string =>
  visit.overbooked ? visit.id : `${visit.serviceId} ${visit.locationId} ${visit.startsAt.toString()}`

function inLineOf(visit: Appointment): InLine {
  return {
    id: visit.id,
    line: visit.overbooked ? String(visit.lane) : 'main',
    session: sessionOf(visit),
    fixed: visit.status !== 'booked' && visit.status !== 'arrived',
    startsAt: visit.startsAt.epochMilliseconds,
    endsAt: visit.endsAt.epochMilliseconds,
    occupiedFrom: visit.occupiedFrom.epochMilliseconds,
    occupiedTo: visit.occupiedTo.epochMilliseconds,
  }
}

type Chosen = Omit<PlannedVisit, 'news'>

/** Goes through the visits in order of time, so that of two who want the same time the first has it. */
async function choose(
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
  const { practitionerId, locationId, from, to } = declaration
  const supposing = {
    closures: [{ startsAt: from, endsAt: to, practitionerId, locationId }],
    busy: [] as Busy[],
    rooms: [] as BusyResource[],
    // All make room before any takes a place.
    ignore: affected.map(({ id }) => id),
  }
  // What the desk chose by name comes first, and those who stay are in nobody's reach.
  for (const visit of affected) {
    const wish = wishes.get(visit.id)
    if (wish?.what === 'keep') supposing.busy.push(busyAt(visit, standingOf(visit)))
  }
  for (const visit of affected) {
    const to = shifts.get(visit.id)
    const wish = wishes.get(visit.id)?.what ?? 'shift'
    if (to && wish === 'shift') supposing.busy.push(busyAt(visit, shifted(visit, to)))
  }
  const planned = new Map<AppointmentId, Chosen>()
  const named = affected.filter(({ id }) => wishes.get(id)?.what === 'move')
  for (const visit of [...named, ...affected.filter((one) => !named.includes(one))]) {
    const chosen = chooseOne(ctx, settings, declaration, diary, supposing, visit, shifts.get(visit.id), wishes.get(visit.id))
    planned.set(visit.id, chosen)
    if (chosen.rearrangement) supposing.rooms.push(...roomsAt(visit, chosen.rearrangement.to))
    if (chosen.choice.what === 'move' && chosen.rearrangement) {
      supposing.busy.push(busyAt(visit, chosen.rearrangement.to))
    }
  }
  return affected.flatMap(({ id }) => planned.get(id) ?? [])
} // prettier-ignore

function chooseOne(
  ctx: Ctx,
  settings: DiarySettings,
  declaration: Declaration,
  diary: OpenDiary,
  supposing: Required<Supposing>,
  visit: Appointment,
  shift: Instant | undefined,
  wish: Choice | undefined,
): Chosen {
  const { kind, then } = declaration
  const place = { serviceId: visit.serviceId, durationMin: minutesBetween(visit.startsAt, visit.endsAt) }
  const slotAt = (practitionerId: PractitionerId, locationId: LocationId, startsAt: Instant) =>
    diary.at({ ...place, practitionerId, locationId, startsAt }, supposing)
  const moveTo = ({ practitionerId, locationId, startsAt }: Slot): Choice => ({
    what: 'move',
    practitionerId,
    locationId,
    startsAt: Temporal.Instant.fromEpochMilliseconds(startsAt),
  })
  // Who is here already waits here; everybody else may be asked to come at another time.
  const elsewhere = visit.status === 'booked'
  const others = elsewhere
    ? settings.practitioners
        .filter(({ id, active }) => active && id !== visit.practitionerId)
        .flatMap(({ id }) => slotAt(id, visit.locationId, visit.startsAt) ?? [])
        .map(moveTo)
    : []
  const next = elsewhere ? nextFree(ctx, diary, supposing, visit, place).map(moveTo) : []
  const options: Choice[] = [
    ...(shift ? [{ what: 'shift', to: shift } as const] : []),
    ...next,
    ...others,
    { what: 'keep' },
    ...(elsewhere ? [{ what: 'cancel' } as const] : []),
  ]
  const handed = others.find((one) => one.what === 'move' && one.practitionerId === then)
  const usual =
    kind === 'late'
      ? options[0]
      : then === 'cancel'
        ? ({ what: 'cancel' } as const)
        : (handed ?? next[0] ?? ({ what: 'cancel' } as const))
  const had = wish && sameOf(wish, options, slotAt)
  if (had && !options.some((one) => choiceText(one) === choiceText(had))) options.unshift(had)
  const choice = had ?? usual ?? { what: 'keep' }
  const slot = choice.what === 'move' ? slotAt(choice.practitionerId, choice.locationId, choice.startsAt) : undefined
  const rearrangement = rearranged(settings, visit, choice, slot)
  const stands = rearrangement?.to
  const rooms = diary.roomsOf(visit.id)
  if (stands && choice.what === 'shift' && rooms.length > 0) {
    const sitting = { ...stands, serviceId: visit.serviceId }
    rearrangement.to = { ...stands, resourceIds: diary.freeRooms(rooms, sitting, supposing) }
  }
  return {
    rooms,
    roomless: choice.what === 'shift' && (rearrangement?.to.resourceIds?.length ?? rooms.length) < rooms.length,
    visit,
    choice,
    options,
    lost: wish !== undefined && had === undefined,
    afterHours:
      stands !== undefined &&
      choice.what === 'shift' &&
      !diary.atWork({ ...place, ...stands }, { closures: supposing.closures }),
    rearrangement,
  }
}

/** The wish, if it can be had: a visit that moves along does so to wherever the line has come. */
function sameOf(
  wish: Choice,
  options: readonly Choice[],
  slotAt: (practitionerId: PractitionerId, locationId: LocationId, startsAt: Instant) => Slot | undefined,
): Choice | undefined {
  // Somebody in front of them goes elsewhere: there is no need to move any more.
  const unmoved = wish.what === 'shift' ? options.find(({ what }) => what === 'keep') : undefined
  if (wish.what !== 'move') return options.find(({ what }) => what === wish.what) ?? unmoved
  return slotAt(wish.practitionerId, wish.locationId, wish.startsAt) ? wish : undefined
}

/** The first free times with the same doctor that come after the one there was; earlier ones nobody has asked for. */
function nextFree(
  ctx: Ctx,
  diary: OpenDiary,
  supposing: Supposing,
  visit: Appointment,
  place: Pick<Appointment, 'serviceId'> & { durationMin: number },
): Slot[] {
  const earliest = later(ctx.now.add(notice), visit.startsAt.add({ minutes: 1 })).epochMilliseconds
  const first = dateAt(Temporal.Instant.fromEpochMilliseconds(earliest), ctx.clinic.zone)
  const found: Slot[] = []
  for (let day = 0, step = 7; day < searchDays && found.length < choices; day += step, step = 14) {
    const days = Math.min(step, searchDays - day)
    const wish = { ...place, practitionerId: visit.practitionerId, locationId: undefined, from: first.add({ days: day }), days }
    const slots = diary.free(wish, supposing)?.days.flatMap((one) => one.slots) ?? []
    found.push(...slots.filter(({ startsAt }) => startsAt >= earliest))
  }
  return found.slice(0, choices)
} // prettier-ignore

const standingOf = (visit: Appointment): Rearrangement['to'] => visit

function shifted(visit: Appointment, to: Instant): Rearrangement['to'] {
  const by = visit.startsAt.until(to)
  return {
    ...visit,
    startsAt: to,
    endsAt: visit.endsAt.add(by),
    occupiedFrom: visit.occupiedFrom.add(by),
    occupiedTo: visit.occupiedTo.add(by),
    confirmedAt: null,
  }
}

function rearranged(
  settings: DiarySettings,
  visit: Appointment,
  choice: Choice,
  slot: Slot | undefined,
): Rearrangement | undefined {
  switch (choice.what) {
    case 'keep':
      return undefined
    case 'cancel':
      return { before: visit, to: { ...visit, status: 'cancelled' } }
    case 'shift':
      return choice.to.equals(visit.startsAt) ? undefined : { before: visit, to: shifted(visit, choice.to) }
    case 'move': {
      const service = settings.services.find(({ id }) => id === visit.serviceId)
      if (!service || !slot) return undefined
      const shape = { ...service, durationMin: minutesBetween(visit.startsAt, visit.endsAt) }
      const { practitionerId, locationId, startsAt } = choice
      const occupied = occupiedBy(startsAt, shape)
      const stands = {
        status: visit.status,
        practitionerId,
        locationId,
        startsAt,
        endsAt: startsAt.add({ minutes: shape.durationMin }),
        occupiedFrom: occupied.from,
        occupiedTo: occupied.to,
        lane: slot.lane,
        capacity: service.capacity,
        overbooked: false,
        confirmedAt: null,
        resourceIds: slot.resourceIds ?? [],
      }
      return { before: visit, to: stands }
    }
  }
}

const busyAt = (visit: Appointment, stands: Rearrangement['to']): Busy => ({
  // Nobody's, so that it is not looked through with the visit's own old place.
  appointmentId: `${visit.id} planned` as AppointmentId,
  practitionerId: stands.practitionerId,
  locationId: stands.locationId,
  serviceId: visit.serviceId,
  startsAt: stands.startsAt,
  occupiedFrom: stands.occupiedFrom,
  occupiedTo: stands.occupiedTo,
  lane: stands.lane,
})

const roomsAt = (visit: Appointment, stands: Rearrangement['to']): BusyResource[] =>
  (stands.resourceIds ?? []).map((resourceId) => ({ ...busyAt(visit, stands), resourceId }))

/** Adds what each patient will be told, by the same rules and facts as when it is queued, and why the others are not. */
async function withNews(
  ctx: Ctx,
  settings: DiarySettings,
  { kind }: Declaration,
  planned: readonly Chosen[],
): Promise<PlannedVisit[]> {
  const people = planned.flatMap(({ visit: { patientId, patientPhone: phone } }) =>
    patientId !== null && phone !== null ? [{ patientId, phone }] : [],
  )
  const unreached = await listUnreached(ctx, people)
  const tellable = planned.flatMap(({ visit, rearrangement }) =>
    rearrangement && visit.patientId !== null && visit.patientPhone !== null
      ? [{ facts: factsOf({ ...visit, ...rearrangement.to }), wasAt: visit.startsAt }]
      : [],
  )
  const news = await previewRearranged(ctx, tellable, becauseOf(kind))
  return planned.map((one) => ({ ...one, news: newsOf(one, news.get(one.visit.id), unreached) }))
}

function newsOf(
  { visit, rearrangement }: Chosen,
  news: News | undefined,
  unreached: ReadonlySet<PatientId>,
): News | Silence {
  if (!rearrangement) return 'unchanged'
  if (visit.status !== 'booked') return 'here'
  if (!visit.messagesWanted) return 'not_wanted'
  if (visit.patientId !== null && unreached.has(visit.patientId)) return 'stopped'
  return news ?? 'nothing_new'
}

/** Of what is shown: each visit in its version, what becomes of it, and whether its patient hears of it. */
function digestOf(visits: readonly PlannedVisit[], here: readonly Appointment[]): string {
  const shown = visits.map(({ visit, choice, news }) =>
    [visit.id, visit.version, choiceText(choice), typeof news === 'string' ? news : news.template].join(' '),
  )
  return createHash('sha256')
    .update([...shown, ...here.map(({ id }) => id)].join('\n'))
    .digest('base64url')
}
