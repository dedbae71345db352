import type { PractitionerId } from '../../../kernel/ids.ts'
import { allowed } from '../../../kernel/permissions.ts'
import { dateAt, dayBounds } from '../../../kernel/time.ts'
import type { Ctx } from '../../../platform/clinic-scope.ts'
import type { Speaker } from '../../../platform/i18n/speaker.ts'
import { view, type View } from '../../../platform/web/views.ts'
import { findOwnPractitioner } from '../../appointments/actions/own-diary.ts'
import { listAppointments, type Appointment } from '../../appointments/queries.ts'
import { getSettings } from '../../availability/actions.ts'
import { listPaces, listTodaysLine } from '../queries/look.ts'
import type { LineVisit } from '../queries.ts'
import { aboutMinutes, dayOf, learnPace, minutesUntilCalled, type Pace } from '../rules/estimate.ts'
import { lineOf, priorities } from '../rules/line.ts'
import { aboutText, callButtons, tokenText } from '../rules/words.ts'
import { minutesText, whoText } from './words.ts'

type Button = { key: string; action: string; label: string; icon: string }

/** The lines of today, doctor by doctor. */
export async function queuePage(ctx: Ctx, speaker: Speaker, asked: PractitionerId | undefined): Promise<View> {
  const { practitioners, locations } = await getSettings(ctx)
  const { clinic, actor, now } = ctx
  const { t } = speaker
  const ownOnly = actor.kind === 'user' && actor.role === 'doctor'
  const own = ownOnly ? await findOwnPractitioner(ctx) : undefined
  const doctors = practitioners.filter(({ id, active }) => active && (!ownOnly || id === own))
  const only = doctors.find(({ id }) => id === asked)?.id
  const day = await listTodaysLine(ctx)
  const visits = new Map(
    (await listAppointments(ctx, { ...dayBounds(dateAt(now, clinic.zone), clinic.zone), practitionerId: only })).map(
      (visit) => [visit.id, visit],
    ),
  )
  const shown = doctors
    .filter(({ id }) => only === undefined || id === only)
    .map((doctor) => ({ doctor, day: day.filter(({ practitionerId }) => practitionerId === doctor.id) }))
  const busy = shown.filter((one) => one.day.some(({ status, token }) => token !== undefined || status === 'booked'))
  const paces = await listPaces(
    ctx,
    busy.map(({ doctor }) => doctor.id),
  )
  const base = `/app/${clinic.slug}`
  const here = `${base}/queue${only === undefined ? '' : `?doctor=${only}`}`
  const may = (permission: 'appointments.run' | 'appointments.book') =>
    actor.kind === 'user' && allowed(actor.role, permission)
  return view('queue/queue', {
    title: t('queue.title'),
    scripts: ['/js/live.js', '/js/today.js'],
    alsoKeys: may('appointments.book') ? [['w', t('queue.keys.walk_in')]] : [],
    walkIn: may('appointments.book') ? `${base}/walk-in?${new URLSearchParams({ back: here }).toString()}` : undefined,
    screens: locations
      .filter(({ active }) => active)
      .map(({ id, name }) => ({ href: `/q/${clinic.slug}/${id}`, label: t('queue.screen.open', { place: name }) })),
    doctors:
      doctors.length < 2
        ? []
        : [
            { name: t('desk.today.all_doctors'), href: `${base}/queue`, current: only === undefined },
            ...doctors.map(({ id, name }) => ({ name, href: `${base}/queue?doctor=${id}`, current: id === only })),
          ],
    doctor: doctors.find(({ id }) => id === only)?.name,
    lines: busy.map(({ doctor, day: line }) =>
      lineModel(ctx, speaker, doctor, line, { visits, pace: paces.get(doctor.id) ?? learnPace([]) }),
    ),
    back: here,
    live: {
      board: `${base}/queue/board${only === undefined ? '' : `?doctor=${only}`}`,
      events: `${base}/today/events`,
    },
    announce: {
      booked: sentences((count) => t('desk.live.booked', { count })),
      cancelled: sentences((count) => t('desk.live.cancelled', { count })),
    },
  })
}

/** For one to nine of something, and for more: the page's script can't know a language's plurals. */
const sentences = (of: (count: number) => string) => Array.from({ length: 10 }, (_, index) => of(index + 1))

type Known = { visits: ReadonlyMap<string, Appointment>; pace: Pace }

function lineModel(
  ctx: Ctx,
  speaker: Speaker,
  doctor: { id: PractitionerId; name: string },
  line: LineVisit[],
  { visits, pace }: Known,
) {
  const { t } = speaker
  const { inRoom, waiting, steppedOut, left } = lineOf(line)
  const day = dayOf(line, ctx.now.epochMilliseconds)
  const run = ctx.actor.kind === 'user' && allowed(ctx.actor.role, 'appointments.run')
  const base = `/app/${ctx.clinic.slug}/appointments`
  const button = (visit: LineVisit, key: string, path: string, icon: string, word: string): Button => ({
    key: `${visit.id}:${key}`,
    action: `${base}/${visit.id}/${path}`,
    icon,
    label: t(`queue.step.${word}`),
  })
  const row = (visit: LineVisit) => {
    const known = visits.get(visit.id)
    return {
      id: visit.id,
      status: visit.status,
      href: `${base}/${visit.id}`,
      slip: `${base}/${visit.id}/slip`,
      token: tokenText(speaker, visit.token),
      name: known ? whoText(speaker, known) : '',
      what: known?.serviceName ?? '',
      when: visit.walkIn ? t('queue.walk_in.word') : speaker.time(visit.startsAt),
      flags: [
        ...(visit.priorityAt === null || visit.priority === null
          ? []
          : [{ css: 'pill-danger', icon: 'flag', word: t(`queue.priority.${visit.priority}`) }]),
        ...(visit.skips > 0 && visit.status === 'arrived'
          ? [{ css: 'pill-warning', icon: 'user-x', word: t('queue.skipped', { count: visit.skips }) }]
          : []),
      ],
      since: undefined as string | undefined,
      soon: undefined as string | undefined,
      main: undefined as Button | undefined,
      more: [] as Button[],
      reasons: [] as Button[],
    }
  }
  return {
    id: doctor.id,
    name: doctor.name,
    count: t('queue.waiting', { count: waiting.length }),
    call: callButtons(ctx, speaker, doctor, line),
    inRoom: inRoom.map((visit) => ({
      ...row(visit),
      since: visit.inRoomAt ? minutesText(speaker, visit.inRoomAt, ctx.now) : undefined,
      main: run ? button(visit, 'main', 'completion', 'circle-check', 'finish') : undefined,
      more: run && visit.previousStatus === 'arrived' ? [button(visit, 'skip', 'skip', 'user-x', 'not_here')] : [],
    })),
    waiting: waiting.map((visit) => ({
      ...row(visit),
      since: visit.arrivedAt ? minutesText(speaker, visit.arrivedAt, ctx.now) : undefined,
      soon: aboutText(speaker, aboutMinutes(minutesUntilCalled(visit, day, pace))),
      more: run
        ? [
            button(visit, 'enter', 'room', 'door-enter', 'enter'),
            button(visit, 'skip', 'skip', 'user-x', 'not_here'),
            button(visit, 'out', 'stepping-out', 'door-exit', 'step_out'),
            ...(visit.placeAt === null ? [] : [button(visit, 'back', 'line', 'arrow-back-up', 'own_place')]),
            ...(visit.priorityAt === null
              ? []
              : [button(visit, 'ordinary', 'priority/removal', 'flag', 'end_priority')]),
            button(visit, 'undo', 'undo', 'arrow-back-up', 'undo_arrival'),
          ]
        : [],
      reasons:
        run && visit.priorityAt === null
          ? priorities.map((reason) => ({
              key: `${visit.id}:${reason}`,
              action: `${base}/${visit.id}/priority?reason=${reason}`,
              icon: 'flag',
              label: t(`queue.priority.${reason}`),
            }))
          : [],
    })),
    away: steppedOut.map((visit) => ({
      ...row(visit),
      since: visit.steppedOutAt ? minutesText(speaker, visit.steppedOutAt, ctx.now) : undefined,
      main: run ? button(visit, 'main', 'line', 'arrow-back-up', 'come_back') : undefined,
    })),
    left: left.map((visit) => tokenText(speaker, visit.token)),
  }
}
