// All that stands in a column of the calendar: visits, people who share a time, what is closed, and free time to book.
import type { LocationId, PractitionerId } from '../../../kernel/ids.ts'
import { isBefore, type PlainDate } from '../../../kernel/time.ts'
import type { Ctx } from '../../../platform/clinic-scope.ts'
import { movable, resizable } from '../../appointments/rules.ts'
import type { Visit } from '../queries.ts'
import { beside, blockOn, clockText, minuteOf, placeCss, without, type Block } from '../rules.ts'
import { colourOf } from './colours.ts'
import { spanOf, type Column, type Facts } from './facts.ts'
import { whose, type Shown } from './frame.ts'

/** A shorter piece of free time is not worth a press: no service fits into it. */
const leastFree = 10
/** Shorter visits are drawn as long as this, so that they can be read and hit. */
const leastDrawn = 15

export const drawn =
  ({ ctx }: Facts, { date }: Column) =>
  (visit: Pick<Visit, 'startsAt' | 'endsAt'>): Block => {
    const { zone } = ctx.clinic
    const from = minuteOf(visit.startsAt.epochMilliseconds, date, zone)
    const to = minuteOf(visit.endsAt.epochMilliseconds, date, zone)
    return { from, to: Math.min(1440, Math.max(to, from + leastDrawn)) }
  }

/** A column with the name of its doctor. */
type HeadedColumn = Column & { head: { label: string } }

type Item =
  | ReturnType<typeof visitItem>
  | ReturnType<typeof groupItem>
  | { kind: 'closure'; at: number; css: string; text: string }
  | { kind: 'free'; at: number; css: string; href: string; label: string; from: number; to: number }

/** All that stands in a column, in order of time. */
export function itemsOf(facts: Facts, column: HeadedColumn, hours: { from: number; to: number }): Item[] {
  const sessions = sessionsOf(facts.visitsOf(column))
  const blocks = sessions.map(([first]) => ({ ...drawn(facts, column)(first), onTop: first.overbooked }))
  const lanes = beside(blocks)
  const visits = sessions.flatMap((session, index): Item[] => {
    const [block, lane] = [blocks[index], lanes[index]]
    if (!block || !lane) return []
    const css = `${placeCss(block)} of-${lane.of} no-${lane.no}`
    return session.length > 1 || session[0].capacity > 1
      ? [groupItem(facts, column, session, { at: block.from, css })]
      : [visitItem(facts, column, session[0], { at: block.from, css })]
  })
  return [...closuresIn(facts, column, hours), ...freeIn(facts, column), ...visits].sort((a, b) => a.at - b.at)
}

type Session = [Visit, ...Visit[]]

/** People who share a time and a service are one thing on the calendar. */
function sessionsOf(visits: readonly Visit[]): Session[] {
  const sessions = new Map<string, Session>()
  for (const visit of visits) {
    const { practitionerId, serviceId, locationId, startsAt } = visit
    const shared = visit.capacity > 1 && !visit.overbooked
    const key = shared ? [practitionerId, serviceId, locationId, startsAt.epochMilliseconds].join(' ') : visit.id
    const known = sessions.get(key)
    if (known) known.push(visit)
    else sessions.set(key, [visit])
  }
  return [...sessions.values()]
}

type Place = { at: number; css: string }

function visitItem(facts: Facts, column: Column, visit: Visit, place: Place) {
  const { ctx, speaker, severalPlaces } = facts
  const mayMove = facts.mayMove && visit.patientId !== null
  const name = whose(speaker, visit)
  const from = facts.time(visit.startsAt)
  const state = speaker.t(`shared.status.${visit.status}`)
  const minutes = minuteOf(visit.endsAt.epochMilliseconds, column.date, ctx.clinic.zone) - place.at
  return {
    kind: 'visit' as const,
    at: place.at,
    css: [
      place.css,
      colourOf(facts, visit),
      visit.overbooked ? 'is-on-top' : '',
      minutes < 25 ? 'is-short' : minutes < 45 ? 'is-medium' : '',
    ]
      .join(' ')
      .trim(),
    id: visit.id,
    href: hrefOf(ctx, visit),
    from,
    tip: [`${from} – ${facts.time(visit.endsAt)}`, name, visit.serviceName, visit.practitionerName, state].join(' · '),
    name,
    what: visit.serviceName,
    doctor: column.practitionerId === undefined ? visit.practitionerName : undefined,
    place: severalPlaces ? visit.locationName : undefined,
    status: visit.status,
    state,
    icon: statusIcon[visit.status],
    held: visit.status === 'pending',
    onTop: visit.overbooked,
    movable: mayMove && movable(visit.status),
    resizable: mayMove && resizable(visit.status),
    start: place.at,
    minutes,
    practitioner: visit.practitionerId,
  }
}

function groupItem(facts: Facts, column: Column, session: Session, place: Place) {
  const { ctx, speaker, shown } = facts
  const [first] = session
  const left = first.capacity - session.filter(({ status }) => status !== 'noshow').length
  return {
    kind: 'group' as const,
    at: place.at,
    css: `${place.css} ${colourOf(facts, first)}`,
    key: `${first.practitionerId}-${first.startsAt.epochMilliseconds}`,
    from: facts.time(first.startsAt),
    what: first.serviceName,
    doctor: column.practitionerId === undefined ? first.practitionerName : undefined,
    count: speaker.t('calendar.places', {
      taken: speaker.number(first.capacity - left),
      capacity: speaker.number(first.capacity),
    }),
    people: session.map((visit) => ({
      id: visit.id,
      name: whose(speaker, visit),
      href: hrefOf(ctx, visit),
      status: visit.status,
    })),
    addHref:
      left > 0 && facts.mayBook && isBefore(ctx.now, first.startsAt)
        ? bookHref(ctx, shown, first.practitionerId, first.locationId, column.date, place.at, first.serviceId)
        : undefined,
  }
}

/** A hold is nobody's visit yet: there is nothing to open. */
const hrefOf = (ctx: Ctx, visit: Visit): string | undefined =>
  visit.status === 'pending' ? undefined : `/app/${ctx.clinic.slug}/appointments/${visit.id}`

const statusIcon: Record<Visit['status'], string> = {
  pending: 'circle-dashed',
  booked: 'calendar-check',
  arrived: 'walk',
  in_room: 'stethoscope',
  fulfilled: 'circle-check',
  noshow: 'user-x',
  cancelled: 'circle-x',
}

function closuresIn(facts: Facts, column: Column, hours: { from: number; to: number }): Item[] {
  const { shown, ctx, speaker, work } = facts
  const places = new Set(
    work.filter((one) => one.practitionerId === column.practitionerId).map(({ locationId }) => locationId),
  )
  return shown.settings.closures
    .filter(({ practitionerId, locationId }) =>
      column.practitionerId === undefined
        ? practitionerId === undefined && locationId === undefined
        : (practitionerId === undefined || practitionerId === column.practitionerId) &&
          (locationId === undefined || places.has(locationId)),
    )
    .flatMap((closure) => {
      const block = blockOn(spanOf(closure), column.date, ctx.clinic.zone)
      if (!block) return []
      const seen = { from: Math.max(block.from, hours.from * 60), to: Math.min(block.to, hours.to * 60) }
      const text = closure.reason === '' ? speaker.t('calendar.closed') : closure.reason
      return seen.to > seen.from ? [{ kind: 'closure' as const, at: seen.from, css: placeCss(seen), text }] : []
    })
}

/** What of a doctor's hours nobody has yet and is still to come, each piece a way into the booking panel. */
function freeIn(facts: Facts, column: HeadedColumn): Item[] {
  const { ctx, speaker, shown, busy } = facts
  const { practitionerId, date } = column
  if (practitionerId === undefined || !facts.mayBook) return []
  const { zone } = ctx.clinic
  const taken = busy
    .filter((row) => row.practitionerId === practitionerId)
    .filter(({ holdExpiresAt }) => !holdExpiresAt || isBefore(ctx.now, holdExpiresAt))
    .flatMap(
      (row) =>
        blockOn({ from: row.occupiedFrom.epochMilliseconds, to: row.occupiedTo.epochMilliseconds }, date, zone) ?? [],
    )
  const past = { from: 0, to: minuteOf(ctx.now.epochMilliseconds, date, zone) }
  const step = shown.settings.profile.slotStepMin
  return facts.workOf(column).flatMap((block) =>
    without([block], [...taken, past], leastFree).map((free) => {
      // Right after now the next step of the grid is the first that can be booked.
      const first = free.from === past.to ? Math.min(free.to, Math.ceil(free.from / step) * step) : free.from
      return {
        kind: 'free' as const,
        at: free.from,
        css: placeCss(free),
        href: bookHref(ctx, shown, practitionerId, block.locationId, date, first, undefined),
        label: speaker.t('calendar.free', {
          from: speaker.clockTime(free.from),
          to: speaker.clockTime(free.to % 1440),
          who: column.head.label,
        }),
        from: free.from,
        to: free.to,
      }
    }),
  )
}

function bookHref(
  ctx: Ctx,
  shown: Shown,
  practitionerId: PractitionerId,
  locationId: LocationId,
  date: PlainDate,
  minute: number,
  serviceId: string | undefined,
): string {
  const query = new URLSearchParams({
    ...(serviceId === undefined ? {} : { service: serviceId }),
    practitioner: practitionerId,
    location: locationId,
    date: date.toString(),
    time: clockText(minute),
    back: shown.address(),
  })
  return `/app/${ctx.clinic.slug}/appointments/new?${query.toString()}`
}
