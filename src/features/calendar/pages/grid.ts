// Day and week: columns of visits, with the time around them. A column is one doctor's day, or, where all doctors share a
// week, a day of the whole clinic.
import type { LocationId, PractitionerId } from '../../../kernel/ids.ts'
import { dayBounds, isBefore, type PlainDate } from '../../../kernel/time.ts'
import type { Ctx } from '../../../platform/clinic-scope.ts'
import type { Speaker } from '../../../platform/i18n/speaker.ts'
import { listAppointments, type Appointment } from '../../appointments/queries.ts'
import { movable, resizable } from '../../appointments/rules.ts'
import { listWork, type Work } from '../../availability/actions.ts'
import { listBusy } from '../../availability/queries.ts'
import type { Closure } from '../../clinics/queries.ts'
import { isolated } from '../../desk/rules.ts'
import {
  beside,
  blockOn,
  clockText,
  hoursShown,
  joined,
  minuteOf,
  nowOn,
  placeCss,
  without,
  type Block,
} from '../rules.ts'
import { can, whose, type Shown } from './frame.ts'

/** A shorter piece of free time is not worth a press: no service fits into it. */
const leastFree = 10
/** Shorter visits are drawn as long as this, so that they can be read and hit. */
const leastDrawn = 15

/** What every column is told with: read once, used by each. */
type Facts = {
  ctx: Ctx
  speaker: Speaker
  shown: Shown
  visits: readonly Appointment[]
  busy: Awaited<ReturnType<typeof listBusy>>
  work: readonly Work[]
  severalPlaces: boolean
  /** Asked for by every part of a column, worked out once. */
  workByColumn: Map<string, WorkBlock[]>
}

type Column = {
  date: PlainDate
  /** Of one doctor; of the whole clinic without. */
  practitionerId: PractitionerId | undefined
  head: { label: string; href: string | undefined; note: string; today: boolean; person: boolean }
}

export async function gridOf(ctx: Ctx, speaker: Speaker, shown: Shown) {
  const { zone } = ctx.clinic
  const from = dayBounds(shown.from, zone).from
  const to = dayBounds(shown.from.add({ days: shown.days - 1 }), zone).to
  const all = await listAppointments(ctx, { from, to, practitionerId: shown.practitionerId })
  const visits = all.filter(
    ({ status, holdExpiresAt }) => status !== 'cancelled' && (!holdExpiresAt || isBefore(ctx.now, holdExpiresAt)),
  )
  const work = await listWork(ctx, shown.from, shown.days)
  const ids = shown.settings.practitioners.map(({ id }) => id)
  const busy = await listBusy(ctx, shown.practitionerId === undefined ? ids : [shown.practitionerId], from, to)
  const facts: Facts = {
    ctx,
    speaker,
    shown,
    visits,
    busy,
    work,
    severalPlaces: shown.settings.locations.filter(({ active }) => active).length > 1,
    workByColumn: new Map(),
  }
  const columns = columnsOf(facts)
  const hours = hoursShown(
    columns.flatMap((column) => [...workOf(facts, column), ...visitsOf(facts, column).map(drawn(facts, column))]),
  )
  return {
    from: hours.from,
    hours: Array.from({ length: hours.to - hours.from }, (_, hour) => ({
      css: `h${hours.from + hour} m0`,
      label: speaker.clockTime((hours.from + hour) * 60),
    })),
    css: `from-h${hours.from} hours-${hours.to - hours.from}`,
    columns: columns.map((column, index) => ({
      ...column.head,
      key: index,
      first: index === 0,
      practitioner: column.practitionerId ?? '',
      date: column.date.toString(),
      work: joined(workOf(facts, column)).map(placeCss),
      items: itemsOf(facts, column, hours),
      now: nowCss(facts, column),
    })),
    legend: legendOf(facts),
    step: shown.settings.profile.slotStepMin,
  }
}

function columnsOf(facts: Facts): Column[] {
  const { speaker, shown, visits } = facts
  if (shown.view === 'week') {
    return Array.from({ length: shown.days }, (_, day) => {
      const date = shown.from.add({ days: day })
      const column = { date, practitionerId: shown.practitionerId }
      const label = `${speaker.weekday(date)} ${speaker.dayOfMonth(date)}`
      const href = shown.address({ view: 'day', date })
      return {
        ...column,
        head: { label, href, note: hoursText(facts, column), today: date.equals(shown.today), person: false },
      }
    })
  }
  const doctors = shown.settings.practitioners.filter(({ id, active }) =>
    shown.practitionerId === undefined
      ? active || visits.some((visit) => visit.practitionerId === id)
      : id === shown.practitionerId,
  )
  return doctors.map(({ id, name }) => {
    const column = { date: shown.date, practitionerId: id }
    const href = shown.choices.length > 1 ? shown.address({ view: 'week', practitionerId: id }) : undefined
    return { ...column, head: { label: name, href, note: hoursText(facts, column), today: false, person: true } }
  })
}

type Of = Pick<Column, 'date' | 'practitionerId'>

const visitsOf = ({ visits, ctx }: Facts, { date, practitionerId }: Of) => {
  const { from, to } = dayBounds(date, ctx.clinic.zone)
  return visits.filter(
    (visit) =>
      (practitionerId === undefined || visit.practitionerId === practitionerId) &&
      !isBefore(visit.startsAt, from) &&
      isBefore(visit.startsAt, to),
  )
}

type WorkBlock = Block & { locationId: LocationId; practitionerId: PractitionerId }

/** The hours of a column, with what is closed already taken out. */
function workOf(facts: Facts, { date, practitionerId }: Of): WorkBlock[] {
  const key = `${date.toString()} ${practitionerId ?? ''}`
  const known = facts.workByColumn.get(key)
  if (known) return known
  const found = worked(facts, { date, practitionerId })
  facts.workByColumn.set(key, found)
  return found
}

function worked({ work, shown, ctx }: Facts, { date, practitionerId }: Of): WorkBlock[] {
  const { from, to } = dayBounds(date, ctx.clinic.zone)
  return work
    .filter((one) => one.from < to.epochMilliseconds && one.to > from.epochMilliseconds)
    .filter((one) => practitionerId === undefined || one.practitionerId === practitionerId)
    .flatMap((one) => {
      const block = blockOn(one, date, ctx.clinic.zone)
      if (!block) return []
      const closed = shown.settings.closures
        .filter((closure) => concerns(closure, one.practitionerId, one.locationId))
        .flatMap((closure) => blockOn(spanOf(closure), date, ctx.clinic.zone) ?? [])
      const { locationId } = one
      return without([block], closed).map((open) => ({ ...open, locationId, practitionerId: one.practitionerId }))
    })
}

const spanOf = ({ startsAt, endsAt }: Closure) => ({ from: startsAt.epochMilliseconds, to: endsAt.epochMilliseconds })

const concerns = (closure: Closure, practitionerId: PractitionerId, locationId: LocationId): boolean =>
  (closure.practitionerId === undefined || closure.practitionerId === practitionerId) &&
  (closure.locationId === undefined || closure.locationId === locationId)

/** `9 am – 1 pm, 4 – 8 pm`, or that nobody works. */
function hoursText(facts: Facts, column: Of): string {
  const { speaker } = facts
  const blocks = joined(workOf(facts, column))
  if (blocks.length === 0) return speaker.t('calendar.no_hours')
  return speaker.list(
    blocks.map(({ from, to }) => isolated(`${speaker.clockTime(from)} – ${speaker.clockTime(to % 1440)}`)),
  )
}

const drawn =
  ({ ctx }: Facts, { date }: Of) =>
  (visit: Pick<Appointment, 'startsAt' | 'endsAt'>): Block => {
    const { zone } = ctx.clinic
    const from = minuteOf(visit.startsAt.epochMilliseconds, date, zone)
    const to = minuteOf(visit.endsAt.epochMilliseconds, date, zone)
    return { from, to: Math.min(1440, Math.max(to, from + leastDrawn)) }
  }

type Item =
  | ({ kind: 'visit' } & ReturnType<typeof visitItem>)
  | ({ kind: 'group' } & ReturnType<typeof groupItem>)
  | { kind: 'closure'; at: number; css: string; text: string }
  | { kind: 'free'; at: number; css: string; href: string; label: string; from: number; to: number }

/** All that stands in a column, in order of time. */
function itemsOf(facts: Facts, column: Column, hours: { from: number; to: number }): Item[] {
  const sessions = sessionsOf(visitsOf(facts, column))
  const blocks = sessions.map(([first]) => ({ ...drawn(facts, column)(first), onTop: first.overbooked }))
  const lanes = beside(blocks)
  const visits = sessions.flatMap((session, index): Item[] => {
    const [block, lane] = [blocks[index], lanes[index]]
    if (!block || !lane) return []
    const css = `${placeCss(block)} of-${lane.of} no-${lane.no}`
    return session.length > 1 || session[0].capacity > 1
      ? [{ kind: 'group', ...groupItem(facts, column, session, { at: block.from, css }) }]
      : [{ kind: 'visit', ...visitItem(facts, column, session[0], { at: block.from, css }) }]
  })
  return [...closuresIn(facts, column, hours), ...freeIn(facts, column), ...visits].sort((a, b) => a.at - b.at)
}

type Session = [Appointment, ...Appointment[]]

/** People who share a time and a service are one thing on the calendar. */
function sessionsOf(visits: readonly Appointment[]): Session[] {
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

function visitItem(facts: Facts, column: Column, visit: Appointment, place: Place) {
  const { ctx, speaker, severalPlaces } = facts
  const mayMove = can(ctx, 'appointments.move') && visit.patientId !== null
  const from = speaker.time(visit.startsAt)
  const to = speaker.time(visit.endsAt)
  const start = minuteOf(visit.startsAt.epochMilliseconds, column.date, ctx.clinic.zone)
  const end = minuteOf(visit.endsAt.epochMilliseconds, column.date, ctx.clinic.zone)
  return {
    at: place.at,
    css: [
      place.css,
      colourOf(facts, visit),
      visit.overbooked ? 'is-on-top' : '',
      end - start < 25 ? 'is-short' : end - start < 45 ? 'is-medium' : '',
    ]
      .join(' ')
      .trim(),
    id: visit.id,
    href: hrefOf(ctx, visit),
    from,
    tip: [
      speaker.t('calendar.from_to', { from, to }),
      whose(speaker, visit),
      visit.serviceName,
      visit.practitionerName,
      speaker.t(`shared.status.${visit.status}`),
    ].join(' · '),
    name: whose(speaker, visit),
    what: visit.serviceName,
    doctor: column.practitionerId === undefined ? visit.practitionerName : undefined,
    place: severalPlaces ? visit.locationName : undefined,
    status: visit.status,
    held: visit.status === 'pending',
    onTop: visit.overbooked,
    movable: mayMove && movable(visit.status),
    resizable: mayMove && resizable(visit.status),
    start,
    minutes: end - start,
    service: visit.serviceId,
    practitioner: visit.practitionerId,
  }
}

function groupItem(facts: Facts, column: Column, session: Session, place: Place) {
  const { ctx, speaker, shown } = facts
  const [first] = session
  const from = speaker.time(first.startsAt)
  const left = first.capacity - session.filter(({ status }) => status !== 'noshow').length
  return {
    at: place.at,
    css: `${place.css} ${colourOf(facts, first)}`,
    key: `${first.practitionerId}-${first.startsAt.epochMilliseconds}`,
    from,
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
      left > 0 && can(ctx, 'appointments.book') && isBefore(ctx.now, first.startsAt)
        ? bookHref(ctx, shown, first.practitionerId, first.locationId, column.date, place.at, first.serviceId)
        : undefined,
  }
}

/** A hold is nobody's visit yet: there is nothing to open. */
const hrefOf = (ctx: Ctx, visit: Appointment): string | undefined =>
  visit.status === 'pending' ? undefined : `/app/${ctx.clinic.slug}/appointments/${visit.id}`

const statusCss: Record<Appointment['status'], string> = {
  pending: 'is-held',
  booked: 'is-booked',
  arrived: 'is-arrived',
  in_room: 'is-in-room',
  fulfilled: 'is-done',
  noshow: 'is-no-show',
  cancelled: 'is-cancelled',
}

/** As many colours as people can tell apart; a ninth service begins again, and its name stands on it anyway. */
const serviceColours = 8

function colourOf({ shown }: Facts, visit: Pick<Appointment, 'status' | 'serviceId'>): string {
  const css = statusCss[visit.status]
  if (shown.colour === 'status' || visit.status === 'pending') return css
  const at = shown.settings.services.findIndex(({ id }) => id === visit.serviceId)
  return `${css} service-${(Math.max(0, at) % serviceColours) + 1}`
}

function legendOf(facts: Facts) {
  const { speaker, shown, visits } = facts
  const there = (test: (visit: Appointment) => boolean) => visits.some(test)
  if (shown.colour === 'service') {
    return shown.settings.services
      .filter(({ id }) => there((visit) => visit.serviceId === id && visit.status !== 'pending'))
      .map(({ id, name }) => ({ css: colourOf(facts, { status: 'booked', serviceId: id }), label: name }))
  }
  return (['pending', 'booked', 'arrived', 'in_room', 'fulfilled', 'noshow'] as const)
    .filter((status) => there((visit) => visit.status === status))
    .map((status) => ({ css: statusCss[status], label: speaker.t(`shared.status.${status}`) }))
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
function freeIn(facts: Facts, column: Column): Item[] {
  const { ctx, speaker, shown, busy } = facts
  const { practitionerId, date } = column
  if (practitionerId === undefined || !can(ctx, 'appointments.book')) return []
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
  return workOf(facts, column).flatMap((block) =>
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

function nowCss({ ctx }: Facts, { date }: Of): string | undefined {
  const minute = nowOn(ctx.now, date, ctx.clinic.zone)
  return minute === undefined ? undefined : placeCss({ from: minute, to: minute + 5 })
}
