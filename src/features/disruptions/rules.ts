/**
 * What a late or absent doctor does to the day's visits, as arithmetic.
 *
 * Late. From `from` to `until` the doctor is not there. A visit that would fall into that time begins at `until`; those
 * behind it move only as far as the one before them pushes, so that gaps swallow the delay. Nobody comes earlier than
 * they were told, the order stays, and what can't move (somebody is with the doctor, somebody is booking) is gone round.
 */
import type { AppointmentId, LocationId, PractitionerId } from '../../kernel/ids.ts'
import { parseId } from '../../kernel/ids.ts'
import { parseInstant, Temporal, type Instant } from '../../kernel/time.ts'

export const kinds = ['late', 'off', 'leave', 'closed'] as const
export type Kind = (typeof kinds)[number]

export type Outcome = 'shifted' | 'moved' | 'handed_over' | 'cancelled'

/** More than these at once are neither looked through by anybody nor sent back by one form. */
export const mostVisits = 200

/** How many days ahead another time with the same doctor is looked for. */
export const searchDays = 60

/** For how long the link in a cancellation still leads to other times. */
export const callOffLinkDays = 14

/** A visit as it stands in its line, in epoch milliseconds. Visits of one line may not overlap, those of one session share a time. */
export type InLine = {
  id: AppointmentId
  line: string
  session: string
  fixed: boolean
  startsAt: number
  endsAt: number
  occupiedFrom: number
  occupiedTo: number
}

/** When those visits begin now that have to move; the others stay. */
export function delayed(visits: readonly InLine[], from: number, until: number): Map<AppointmentId, number> {
  const moved = new Map<AppointmentId, number>()
  const lines = new Map<string, InLine[]>()
  for (const visit of visits) {
    const line = lines.get(visit.line)
    if (line) line.push(visit)
    else lines.set(visit.line, [visit])
  }
  for (const line of lines.values()) delayLine(line, from, until, moved)
  return moved
}

function delayLine(line: readonly InLine[], from: number, until: number, moved: Map<AppointmentId, number>): void {
  const sessions = new Map<string, InLine[]>()
  for (const visit of line) {
    const session = sessions.get(visit.session)
    if (session) session.push(visit)
    else sessions.set(visit.session, [visit])
  }
  // Of a group that has begun nobody is moved.
  const begun = (session: readonly InLine[]) => session.some(({ fixed }) => fixed)
  const obstacles = line
    .filter(({ session }) => begun(sessions.get(session) ?? []))
    .sort((a, b) => a.occupiedFrom - b.occupiedFrom)
  const moving = [...sessions.values()]
    .filter((session) => !begun(session))
    .flatMap((people) => people.slice(0, 1).map((first) => ({ people, first })))
    .sort((a, b) => a.first.startsAt - b.first.startsAt)
  let free = -Infinity
  for (const { people, first } of moving) {
    const before = first.startsAt - first.occupiedFrom
    const length = first.occupiedTo - first.occupiedFrom
    const over = first.endsAt <= from
    const wanted = over ? first.startsAt : Math.max(first.startsAt, until, free + before)
    const startsAt = wanted === first.startsAt ? wanted : around(obstacles, wanted - before, length) + before
    if (startsAt !== first.startsAt) for (const { id } of people) moved.set(id, startsAt)
    free = Math.max(free, startsAt - before + length)
  }
}

/** The first moment from `wanted` on from which `length` lies free of the obstacles, which come in order of time. */
function around(obstacles: readonly InLine[], wanted: number, length: number): number {
  let at = wanted
  for (const { occupiedFrom, occupiedTo } of obstacles) {
    if (occupiedFrom < at + length && occupiedTo > at) at = occupiedTo
  }
  return at
}

const fiveMinutes = 300_000

/** Nobody is asked to come at 11:23: the next time that can be divided by five minutes. */
export function roundedUp(instant: Instant): Instant {
  return Temporal.Instant.fromEpochMilliseconds(Math.ceil(instant.epochMilliseconds / fiveMinutes) * fiveMinutes)
}

export type Place = { practitionerId: PractitionerId; locationId: LocationId; startsAt: Instant }

/** What is to become of one visit. */
export type Choice = { what: 'keep' } | { what: 'cancel' } | { what: 'shift'; to: Instant } | ({ what: 'move' } & Place)

/** As one value of a form, and so that two choices are the same when their texts are. */
export function choiceText(choice: Choice): string {
  if (choice.what === 'shift') return `shift_${choice.to.toString()}`
  if (choice.what === 'move') return ['move', choice.practitionerId, choice.locationId, choice.startsAt.toString()].join('_')
  return choice.what
} // prettier-ignore

export function parseChoice(text: string): Choice | undefined {
  const [what, ...rest] = text.split('_')
  if ((what === 'keep' || what === 'cancel') && rest.length === 0) return { what }
  if (what === 'shift' && rest.length === 1) {
    const to = parseInstant(rest[0])
    return to && { what, to }
  }
  if (what !== 'move' || rest.length !== 3) return undefined
  const practitionerId = parseId<'practitioner'>(rest[0])
  const locationId = parseId<'location'>(rest[1])
  const startsAt = parseInstant(rest[2])
  return practitionerId && locationId && startsAt ? { what, practitionerId, locationId, startsAt } : undefined
}

/** How long after it was declared a disruption can be taken back: while it lasts, and always within the grace period. */
export function mayUndo(
  disruption: { undoneAt: Instant | null; endsAt: Instant; tellsAt: Instant },
  now: Instant,
): boolean {
  if (disruption.undoneAt !== null) return false
  const last = Math.max(disruption.endsAt.epochMilliseconds, disruption.tellsAt.epochMilliseconds)
  return now.epochMilliseconds < last
}

/** What somebody at the desk says is the matter, with its times worked out. */
export type Declaration = {
  kind: Kind
  practitionerId: PractitionerId | undefined
  locationId: LocationId | undefined
  from: Instant
  to: Instant
  /** What becomes of visits that nobody chose otherwise for: the next free time, another doctor at the same time, or off. */
  then: 'move' | 'cancel' | PractitionerId
}

/** So that what was looked at and what is confirmed are the same to the second, however long the looking takes. */
export function declarationText({ kind, practitionerId, locationId, from, to, then }: Declaration): string {
  return [kind, practitionerId ?? '', locationId ?? '', from.toString(), to.toString(), then].join('_')
}

export function parseDeclaration(text: unknown): Declaration | undefined {
  if (typeof text !== 'string') return undefined
  const [kindText, practitioner, location, start, end, after, ...rest] = text.split('_')
  const kind = kinds.find((one) => one === kindText)
  const from = parseInstant(start)
  const to = parseInstant(end)
  const then = after === 'move' || after === 'cancel' ? after : parseId<'practitioner'>(after)
  const practitionerId = parseId<'practitioner'>(practitioner)
  const locationId = parseId<'location'>(location)
  if (!kind || !from || !to || !then || rest.length > 0) return undefined
  // One doctor, or one place.
  if ((practitionerId === undefined) === (locationId === undefined)) return undefined
  if ((kind === 'closed') !== (locationId !== undefined)) return undefined
  const long = from.until(to).total('hours')
  return long > 0 && long <= longestDays * 24 ? { kind, practitionerId, locationId, from, to, then } : undefined
}

/** Nobody's leave is longer than this. */
export const longestDays = 400
