import type { AppointmentId, PatientId, PractitionerId } from '../../../kernel/ids.ts'
import { dateAt, dayBounds, isBefore, type PlainDate } from '../../../kernel/time.ts'
import { allowed } from '../../../kernel/permissions.ts'
import type { Ctx } from '../../../platform/clinic-scope.ts'
import { languageNames } from '../../../platform/i18n/languages.ts'
import type { Speaker } from '../../../platform/i18n/speaker.ts'
import { view, type View } from '../../../platform/web/views.ts'
import { findOwnPractitioner } from '../../appointments/actions/own-diary.ts'
import { listAppointments, type Appointment } from '../../appointments/queries.ts'
import { getSettings } from '../../availability/actions.ts'
import { findChecklist } from '../../clinics/queries.ts'
import type { Profile } from '../../clinics/rules.ts'
import { listLine, type LineVisit } from '../../queue/queries.ts'
import { lineOf } from '../../queue/rules/line.ts'
import { callButtons, tokenText } from '../../queue/rules/words.ts'
import { barsOf } from '../../disruptions/actions/look.ts'
import { listPasts, type Past } from '../../attendance/queries.ts'
import { isFlagged, needOf, scoreOf } from '../../attendance/rules.ts'
import { dayKind, laneOf, waitingOf, type Lane } from '../rules.ts'
import { actionsOf, type VisitActions } from './actions.ts'
import { nameOf, waitText } from './words.ts'

export type DayQuestion = { date?: PlainDate | undefined; practitionerId?: PractitionerId | undefined; list: boolean }

type Flag = { css: string; icon: string; word: string; lang?: string }
type Card = {
  id: string
  href: string
  time: string
  /** The number they wait with. */
  token: string | undefined
  name: string
  held: boolean
  what: string
  /** Left out where every card would say the same. */
  doctor: string | undefined
  place: string | undefined
  status: Appointment['status']
  wait: string | undefined
  waitLong: string | undefined
  css: string
  flags: Flag[]
  actions: VisitActions
  beforeNow: boolean
}

/** What the whole day is told with: read once, used by every card. */
type Day = {
  ctx: Ctx
  speaker: Speaker
  date: PlainDate
  kind: 'past' | 'today' | 'future'
  pasts: ReadonlyMap<PatientId, Past>
  policy: Pick<Profile, 'missedRule' | 'missedAfter'>
  sessions: Map<string, number>
  line: ReadonlyMap<AppointmentId, LineVisit>
  severalPlaces: boolean
  oneDoctor: boolean
  back: string
}

/** The day at a glance: a board of lanes, or a list by doctor. */
export async function todayPage(ctx: Ctx, speaker: Speaker, asked: DayQuestion): Promise<View> {
  const settings = await getSettings(ctx)
  const { zone } = ctx.clinic
  const today = dateAt(ctx.now, zone)
  const date = asked.date ?? today
  const ownOnly = ctx.actor.kind === 'user' && ctx.actor.role === 'doctor'
  const own = ownOnly ? await findOwnPractitioner(ctx) : undefined
  const doctors = settings.practitioners.filter(({ active }) => active)
  const practitionerId = ownOnly ? own : doctors.find(({ id }) => id === asked.practitionerId)?.id
  const { from, to } = dayBounds(date, zone)
  // A doctor's account that stands for no doctor of the clinic has no diary to look at.
  const all = ownOnly && own === undefined ? [] : await listAppointments(ctx, { from, to, practitionerId })
  const visits = all.filter(({ holdExpiresAt }) => !holdExpiresAt || isBefore(ctx.now, holdExpiresAt))
  const patientIds = [...new Set(visits.flatMap(({ patientId }) => patientId ?? []))]

  // Numbers are of days that were.
  const kind = dayKind(date, today)
  const line = kind === 'future' || visits.length === 0 ? [] : await listLine(ctx, { date, from, to }, practitionerId)

  const { t } = speaker
  const base = `/app/${ctx.clinic.slug}/today`
  const address = addresses(base, {
    date,
    today,
    practitionerId: ownOnly ? undefined : practitionerId,
    list: asked.list,
  })
  const day: Day = {
    ctx,
    speaker,
    date,
    kind,
    pasts: await listPasts(ctx, patientIds, from),
    policy: settings.profile,
    sessions: countSessions(visits),
    line: new Map(line.map((visit) => [visit.id, visit])),
    severalPlaces: settings.locations.filter(({ active }) => active).length > 1,
    oneDoctor: practitionerId !== undefined || doctors.length < 2,
    back: address.here,
  }
  const cards = visits.map((visit) => ({ visit, lane: laneOf(visit.status), card: cardOf(day, visit) }))
  const inLane = (lane: Lane) => cards.filter((one) => one.lane === lane).map(({ card }) => card)
  const nowText = day.kind === 'today' ? speaker.time(ctx.now) : undefined
  return view('desk/today', {
    title: titleOf(speaker, date, today),
    scripts: ['/js/live.js', '/js/today.js'],
    checklist: day.kind === 'today' ? await findChecklist(ctx, settings) : undefined,
    workspace: `/app/${ctx.clinic.slug}`,
    dateText: speaker.date(date),
    date: date.toString(),
    kind: day.kind,
    address,
    list: asked.list,
    doctors: ownOnly ? [] : doctorLinks(doctors, practitionerId, address, t('desk.today.all_doctors')),
    doctor: doctors.find(({ id }) => id === practitionerId)?.name,
    noDiary: ownOnly && own === undefined,
    counts: countsOf(speaker, cards),
    disruptions: day.kind === 'today' ? await barsOf(ctx, speaker) : [],
    lateHref: lateHrefOf(ctx, day.kind, practitionerId),
    lanes: [
      { lane: 'expected', ...withNow(inLane('expected'), nowText), more: [] },
      { lane: 'waiting', cards: inLineOrder(inLane('waiting'), line), more: [] },
      { lane: 'with_doctor', cards: inLane('with_doctor'), more: [] },
      { lane: 'done', ...folded(inLane('done').reverse()) },
    ],
    off: inLane('off'),
    groups: asked.list ? groupsOf(cards, nowText) : [],
    empty: cards.length === 0,
    toConfirm: toConfirmOf(day, visits),
    back: address.here,
    calls:
      kind === 'today'
        ? doctors.flatMap((doctor) => {
            const own = line.filter((visit) => visit.practitionerId === doctor.id)
            const call = callButtons(ctx, speaker, doctor, own)
            return call ? [{ id: doctor.id, name: doctor.name, call }] : []
          })
        : [],
    walkInHref: `/app/${ctx.clinic.slug}/walk-in?${walkInQuery(address.here, practitionerId)}`,
    alsoKeys: [['w', t('queue.keys.walk_in')]],
    canBook: ctx.actor.kind === 'user' && allowed(ctx.actor.role, 'appointments.book'),
    newHref: `/app/${ctx.clinic.slug}/appointments/new?${newQuery(date, day.kind, practitionerId)}`,
    live: { board: address.board, events: `${base}/events` },
    announce: {
      booked: sentences((count) => t('desk.live.booked', { count })),
      cancelled: sentences((count) => t('desk.live.cancelled', { count })),
    },
  })
}

/** Who waits in the order they are called in, doctor by doctor as their next ones come; who is away stands last. */
function inLineOrder(cards: Card[], line: readonly LineVisit[]): Card[] {
  const doctors = [...new Set(line.map(({ practitionerId }) => practitionerId))]
  const place = new Map<string, number>()
  for (const id of doctors) {
    const { waiting, steppedOut } = lineOf(line.filter(({ practitionerId }) => practitionerId === id))
    for (const [index, visit] of waiting.entries()) place.set(visit.id, index)
    for (const visit of steppedOut) place.set(visit.id, Infinity)
  }
  const of = (card: Card) => place.get(card.id) ?? Infinity
  return [...cards].sort((a, b) => (of(a) === of(b) ? 0 : of(a) - of(b)))
}

function walkInQuery(back: string, practitionerId: PractitionerId | undefined): string {
  const query = new URLSearchParams({ back })
  if (practitionerId !== undefined) query.set('doctor', practitionerId)
  return query.toString()
}

function titleOf(speaker: Speaker, date: PlainDate, today: PlainDate): string {
  const days = today.until(date).days
  if (days === 0) return speaker.t('desk.today.title')
  if (days === 1) return speaker.t('desk.today.tomorrow')
  if (days === -1) return speaker.t('desk.today.yesterday')
  return speaker.longDate(date)
}

type Shown = { date: PlainDate; today: PlainDate; practitionerId: PractitionerId | undefined; list: boolean }

function addresses(base: string, shown: Shown) {
  const to = (change: Partial<Shown>, path = base) => {
    const { date, today, practitionerId, list } = { ...shown, ...change }
    const query = new URLSearchParams()
    if (!date.equals(today)) query.set('date', date.toString())
    if (practitionerId !== undefined) query.set('doctor', practitionerId)
    if (list) query.set('view', 'list')
    return query.size === 0 ? path : `${path}?${query.toString()}`
  }
  return {
    base,
    here: to({}),
    board: to({}, `${base}/board`),
    previous: to({ date: shown.date.subtract({ days: 1 }) }),
    next: to({ date: shown.date.add({ days: 1 }) }),
    today: to({ date: shown.today }),
    asBoard: to({ list: false }),
    asList: to({ list: true }),
    ofDoctor: (practitionerId: PractitionerId | undefined) => to({ practitionerId }),
    hidden: { doctor: shown.practitionerId, view: shown.list ? 'list' : undefined },
  }
}

type Doctor = { id: PractitionerId; name: string }

function doctorLinks(
  doctors: readonly Doctor[],
  chosen: PractitionerId | undefined,
  address: ReturnType<typeof addresses>,
  all: string,
) {
  if (doctors.length < 2) return []
  return [
    { name: all, href: address.ofDoctor(undefined), current: chosen === undefined },
    ...doctors.map(({ id, name }) => ({ name, href: address.ofDoctor(id), current: id === chosen })),
  ]
}

function newQuery(date: PlainDate, kind: Day['kind'], practitionerId: PractitionerId | undefined): string {
  const query = new URLSearchParams()
  if (kind === 'future') query.set('date', date.toString())
  if (practitionerId !== undefined) query.set('practitioner', practitionerId)
  return query.toString()
}

/** Where the desk says that a doctor is late or away: of the doctor looked at, where only one is. */
function lateHrefOf(ctx: Ctx, kind: Day['kind'], practitionerId: PractitionerId | undefined): string | undefined {
  if (kind !== 'today' || ctx.actor.kind !== 'user' || !allowed(ctx.actor.role, 'appointments.move')) return undefined
  const path = `/app/${ctx.clinic.slug}/disruptions/new`
  return practitionerId === undefined ? path : `${path}?practitioner=${practitionerId}`
}

function cardOf(day: Day, visit: Appointment): Card {
  const { ctx, speaker, kind } = day
  const { t } = speaker
  const waiting = kind === 'today' ? waitingOf(visit, ctx.now) : undefined
  const held = visit.status === 'pending'
  return {
    id: visit.id,
    href: `/app/${ctx.clinic.slug}/appointments/${visit.id}`,
    time: speaker.time(visit.startsAt),
    token: tokenOf(day, visit),
    name: nameOf(speaker, visit),
    held,
    what: visit.serviceName,
    doctor: day.oneDoctor ? undefined : visit.practitionerName,
    place: day.severalPlaces ? visit.locationName : undefined,
    status: visit.status,
    wait: waiting && waitText(speaker, waiting),
    waitLong: waiting && t(`desk.wait.${waiting.kind}`),
    css: [
      waiting?.warn ? 'visit-late' : '',
      ['fulfilled', 'cancelled', 'noshow'].includes(visit.status) ? 'visit-done' : '',
      held ? 'visit-held' : '',
    ].join(' ').trim(), // prettier-ignore
    flags: held ? [] : flagsOf(day, visit),
    actions: actionsOf(ctx, speaker, visit),
    beforeNow: !isBefore(ctx.now, visit.startsAt),
  }
}

function tokenOf({ line, speaker }: Day, { id, status }: Appointment): string | undefined {
  const token = line.get(id)?.token
  return token === undefined || status === 'booked' ? undefined : tokenText(speaker, token)
}

/** How many of the day's visits still have to be confirmed, and where all of them stand. */
function toConfirmOf({ ctx, speaker, policy, pasts }: Day, visits: readonly Appointment[]) {
  const count = visits.filter(({ patientId, ...visit }) => {
    const misses = patientId === null ? [] : (pasts.get(patientId)?.misses ?? [])
    return needOf(policy, scoreOf(misses, ctx.now), visit, ctx.now) !== undefined
  }).length
  if (count === 0) return undefined
  return { text: speaker.t('attendance.list.waiting', { count }), href: `/app/${ctx.clinic.slug}/confirmations` }
}

/** Of somebody who often misses visits: that they do, and whether this one still has to be confirmed. */
function attendanceFlags({ ctx, speaker: { t }, policy }: Day, visit: Appointment, past: Past | undefined) {
  const score = scoreOf(past?.misses ?? [], ctx.now)
  const need = needOf(policy, score, visit, ctx.now)
  return [
    isFlagged(score) &&
      ['booked', 'arrived', 'in_room'].includes(visit.status) && {
        css: 'pill-no-show',
        icon: 'user-x',
        word: t('attendance.flag.missed'),
      },
    need !== undefined && { css: 'pill-warning', icon: 'phone', word: t(`attendance.flag.${need}`) },
  ]
}

function flagsOf(day: Day, visit: Appointment): Flag[] {
  const { ctx, speaker, pasts, line, sessions } = day
  const { t } = speaker
  const past = visit.patientId === null ? undefined : pasts.get(visit.patientId)
  // What helps to receive somebody is no news of one who has been and gone.
  const toCome = ['booked', 'arrived', 'in_room'].includes(visit.status)
  const inLine = visit.status === 'arrived' ? line.get(visit.id) : undefined
  const flags: (Flag | false)[] = [
    inLine?.priorityAt != null &&
      inLine.priority !== null && {
        css: 'pill-danger',
        icon: 'flag',
        word: t(`queue.priority.${inLine.priority}`),
      },
    inLine?.steppedOutAt != null && { css: '', icon: 'door-exit', word: t('queue.part.away') },
    visit.status === 'booked' &&
      visit.confirmedAt !== null && { css: 'pill-success', icon: 'check', word: t('desk.card.confirmed') },
    toCome && past?.seen !== true && { css: 'pill-accent', icon: 'star', word: t('desk.card.new_patient') },
    ...attendanceFlags(day, visit, past),
    visit.capacity > 1 &&
      !visit.overbooked &&
      toCome && {
        css: '',
        icon: 'users',
        word: t('desk.card.session', {
          taken: speaker.number(sessions.get(sessionOf(visit)) ?? 1),
          of: speaker.number(visit.capacity),
        }),
      },
    visit.seriesIndex !== null && {
      css: '',
      icon: 'repeat',
      word: t('series.place', { index: speaker.number(visit.seriesIndex), of: speaker.number(visit.seriesOf ?? 0) }),
    },
    visit.overbooked && { css: 'pill-warning', icon: 'layout-columns', word: t('desk.card.overbooked') },
    toCome &&
      visit.language !== ctx.clinic.language && {
        css: '',
        icon: 'language',
        word: languageNames[visit.language],
        lang: visit.language,
      },
  ]
  return flags.filter((flag) => flag !== false)
}

const sessionOf = ({ practitionerId, serviceId, locationId, startsAt }: Appointment) =>
  `${practitionerId} ${serviceId} ${locationId} ${startsAt.epochMilliseconds}`

/** How many are in each session: its doctor's and its time's visits that stand. */
function countSessions(visits: readonly Appointment[]): Map<string, number> {
  const counts = new Map<string, number>()
  for (const visit of visits) {
    if (visit.capacity === 1 || visit.overbooked || visit.status === 'cancelled' || visit.status === 'noshow') continue
    counts.set(sessionOf(visit), (counts.get(sessionOf(visit)) ?? 0) + 1)
  }
  return counts
}

type Placed = { visit: Appointment; lane: Lane; card: Card }

function countsOf(speaker: Speaker, cards: readonly Placed[]) {
  const { t } = speaker
  const count = (statuses: Appointment['status'][]) =>
    cards.filter(({ visit }) => statuses.includes(visit.status)).length
  const booked = cards.filter(({ visit }) => !['pending', 'cancelled'].includes(visit.status)).length
  return [
    { label: t('desk.count.booked'), n: booked, lane: undefined },
    { label: t('desk.count.waiting'), n: count(['arrived']), lane: 'waiting' },
    { label: t('desk.count.with_doctor'), n: count(['in_room']), lane: 'with-doctor' },
    { label: t('desk.count.done'), n: count(['fulfilled']), lane: 'done' },
    { label: t('desk.count.missed'), n: count(['noshow']), lane: undefined },
  ].map(({ n, ...rest }) => ({ ...rest, n: speaker.number(n) }))
}

/** The last that were done stay in sight, what was done before them a press away. */
const folded = (cards: Card[]) => ({ cards: cards.slice(0, doneInSight), more: cards.slice(doneInSight) })
const doneInSight = 6

/** The place of the now-line among cards in order of time: before the first that is still to come. */
function withNow(cards: Card[], nowText: string | undefined) {
  if (nowText === undefined || cards.length === 0) return { cards, now: undefined }
  const before = cards.findIndex(({ beforeNow }) => !beforeNow)
  return { cards, now: { text: nowText, at: before === -1 ? cards.length : before } }
}

function groupsOf(cards: readonly Placed[], nowText: string | undefined) {
  const doctors = new Map<PractitionerId, { name: string; cards: Card[] }>()
  for (const { visit, card } of cards) {
    const group = doctors.get(visit.practitionerId) ?? { name: visit.practitionerName, cards: [] }
    group.cards.push(card)
    doctors.set(visit.practitionerId, group)
  }
  return [...doctors.values()].map(({ name, cards: own }) => ({ name, ...withNow(own, nowText) }))
}

/** For one to nine of something, and for more: the page's script can't know a language's plurals. */
const sentences = (of: (count: number) => string) => Array.from({ length: 10 }, (_, index) => of(index + 1))
