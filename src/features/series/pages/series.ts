import type { SeriesId } from '../../../kernel/ids.ts'
import { isolated } from '../../../kernel/names.ts'
import { allowed } from '../../../kernel/permissions.ts'
import { isBefore, Temporal, timeAt } from '../../../kernel/time.ts'
import type { Ctx } from '../../../platform/clinic-scope.ts'
import { notFound } from '../../../platform/errors.ts'
import type { Speaker } from '../../../platform/i18n/speaker.ts'
import { view, type View } from '../../../platform/web/views.ts'
import { ownDiaryOnly } from '../../appointments/actions/own-diary.ts'
import type { Appointment } from '../../appointments/queries.ts'
import { getSettings } from '../../availability/actions.ts'
import { deskGrace } from '../../notices/rules.ts'
import type { ThisAndLater } from '../actions/later.ts'
import type { Looked, Obstacle, Refused } from '../actions/undo.ts'
import { unheardUntil, type LastChange } from '../rules.ts'
import { aboutText, firstDateOf, nameOf, placeText, ruleText } from './words.ts'

/** A series with all of its visits, whatever became of them; and why its last change was not taken back, if it was asked. */
export async function seriesPage(
  ctx: Ctx,
  speaker: Speaker,
  { series, visits, obstacles }: Looked,
  refused?: Refused,
): Promise<View> {
  const [first] = visits
  if (!first) return notFound('series')
  await ownDiaryOnly(ctx, first.practitionerId)
  const { t } = speaker
  const base = `/app/${ctx.clinic.slug}`
  const mayMove = ctx.actor.kind === 'user' && allowed(ctx.actor.role, 'appointments.move')
  const next = visits.find((visit) => visit.status === 'booked' && isBefore(ctx.now, visit.startsAt))
  const { lastChange } = series
  return view('series/series', {
    title: t('series.page.title', { name: isolated(nameOf(speaker, first)) }),
    rule: ruleText(speaker, series.rule, firstDateOf(ctx, visits)),
    about: aboutText(first),
    backHref: `${base}/appointments/${next?.id ?? first.id}`,
    refused: refused && t(`series.refused.${refused}`),
    visits: visits.map((visit) => {
      const obstacle = refused && obstacles?.get(visit.id)
      return { ...rowOf(ctx, speaker, visit, first), obstacle: obstacle && obstacleText(speaker, obstacle) }
    }),
    changeHref: next && mayMove ? `${base}/appointments/${next.id}/later` : undefined,
    undo:
      lastChange && mayMove && obstacles?.size === 0 ? undoOf(ctx, speaker, series.id, lastChange, first) : undefined,
  })
}

function undoOf(ctx: Ctx, speaker: Speaker, id: SeriesId, change: LastChange, { messagesWanted }: Appointment) {
  const { t } = speaker
  const unheard = unheardUntil(change)
  const heard = !isBefore(ctx.now, unheard)
  return {
    action: `/app/${ctx.clinic.slug}/series/${id}/undo`,
    text: t(`series.undo.${change.kind}`, { count: change.visits.length }),
    until: heard
      ? t(messagesWanted ? 'series.undo.heard' : 'series.undo.since', { when: speaker.dateTime(Temporal.Instant.from(change.at)) })
      : t('series.undo.until', { time: speaker.time(unheard) }),
  } // prettier-ignore
}

const obstacleText = (speaker: Speaker, obstacle: Obstacle): string =>
  speaker.t(
    `series.obstacle.${obstacle.why}`,
    obstacle.why === 'changed' ? {} : { when: speaker.dateTime(obstacle.at) },
  )

/** What is the same for the whole list stands above it, and not in every row. */
function rowOf(ctx: Ctx, speaker: Speaker, visit: Appointment, usual: Appointment) {
  return {
    href: `/app/${ctx.clinic.slug}/appointments/${visit.id}`,
    place: placeText(speaker, visit),
    when: speaker.longDateTime(visit.startsAt),
    about: aboutText(visit) === aboutText(usual) ? undefined : aboutText(visit),
    status: visit.status,
    confirmed: visit.status === 'booked' && visit.confirmedAt !== null,
  }
}

/** What can be done to a visit and the ones after it, and whom it concerns, before it is done. */
export async function laterPage(ctx: Ctx, speaker: Speaker, { visit, later, seriesId }: ThisAndLater): Promise<View> {
  const { id } = visit
  const { t } = speaker
  const base = `/app/${ctx.clinic.slug}/appointments/${id}`
  return view('series/later', {
    title: t('series.later.title', { name: isolated(nameOf(speaker, visit)) }),
    about: aboutText(visit),
    backHref: `/app/${ctx.clinic.slug}/series/${seriesId}`,
    count: later.length,
    lead: t('series.later.lead', { count: later.length }),
    visits: later.map((one) => rowOf(ctx, speaker, one, visit)),
    move: later[0]?.id === id ? await moveFields(ctx, speaker, visit) : undefined,
    cancelAction: `${base}/later/cancellation`,
    cancelText: t('series.later.cancel', { count: later.length }),
    tells: visit.messagesWanted
      ? t('series.later.tells', { time: speaker.time(ctx.now.add(deskGrace)) })
      : t('series.book.tells_nobody'),
  })
}

/** Another time of day or another doctor for all of them; another day is chosen where free times are. */
async function moveFields(ctx: Ctx, { t }: Speaker, { id, serviceId, practitionerId, startsAt }: Appointment) {
  const { offers, practitioners } = await getSettings(ctx)
  const gives = (doctor: string) =>
    offers.some((offer) => offer.serviceId === serviceId && offer.practitionerId === doctor)
  const base = `/app/${ctx.clinic.slug}/appointments/${id}`
  return {
    action: `${base}/later/move`,
    back: `${base}/later`,
    otherDayHref: `${base}/move?scope=later`,
    time: {
      name: 'time',
      type: 'time',
      label: t('series.later.time'),
      value: timeAt(startsAt, ctx.clinic.zone).toString({ smallestUnit: 'minute' }),
    },
    doctor: {
      name: 'practitioner',
      type: 'select',
      label: t('series.later.doctor'),
      value: practitionerId,
      options: practitioners
        .filter((one) => one.id === practitionerId || (one.active && gives(one.id)))
        .map(({ id: value, name: label }) => ({ value, label })),
    },
  }
}
