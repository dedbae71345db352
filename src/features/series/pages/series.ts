import type { SeriesId } from '../../../kernel/ids.ts'
import { allowed } from '../../../kernel/permissions.ts'
import { isBefore } from '../../../kernel/time.ts'
import type { Ctx } from '../../../platform/clinic-scope.ts'
import { notFound } from '../../../platform/errors.ts'
import type { Speaker } from '../../../platform/i18n/speaker.ts'
import { view, type View } from '../../../platform/web/views.ts'
import { ownDiaryOnly } from '../../appointments/actions/own-diary.ts'
import { listAppointmentsOfSeries, type Appointment } from '../../appointments/queries.ts'
import { isolated } from '../../desk/rules.ts'
import { deskGrace } from '../../notices/rules.ts'
import type { ThisAndLater } from '../actions/later.ts'
import { getSeries } from '../queries.ts'
import { undoableUntil } from '../rules.ts'
import { aboutText, firstDateOf, nameOf, placeText, ruleText } from './words.ts'

/** A series with all of its visits, whatever became of them. */
export async function seriesPage(ctx: Ctx, speaker: Speaker, id: SeriesId): Promise<View> {
  const series = await getSeries(ctx, id)
  const visits = await listAppointmentsOfSeries(ctx, id)
  const [first] = visits
  if (!first) return notFound('series')
  await ownDiaryOnly(ctx, first.practitionerId)
  const { t } = speaker
  const base = `/app/${ctx.clinic.slug}`
  const mayMove = ctx.actor.kind === 'user' && allowed(ctx.actor.role, 'appointments.move')
  const next = visits.find((visit) => visit.status === 'booked' && isBefore(ctx.now, visit.startsAt))
  const { lastChange } = series
  const undoable = lastChange && mayMove && isBefore(ctx.now, undoableUntil(lastChange))
  return view('series/series', {
    title: t('series.page.title', { name: isolated(nameOf(speaker, first)) }),
    rule: ruleText(speaker, series.rule, firstDateOf(ctx, visits)),
    about: aboutText(first),
    backHref: `${base}/appointments/${next?.id ?? first.id}`,
    visits: visits.map((visit) => rowOf(ctx, speaker, visit)),
    changeHref: next && mayMove ? `${base}/appointments/${next.id}/later` : undefined,
    undo: undoable
      ? {
          action: `${base}/series/${id}/undo`,
          text: t(`series.undo.${lastChange.kind}`, { count: lastChange.visits.length }),
          until: t('series.undo.until', { time: speaker.time(undoableUntil(lastChange)) }),
        }
      : undefined,
  })
}

function rowOf(ctx: Ctx, speaker: Speaker, visit: Appointment) {
  return {
    href: `/app/${ctx.clinic.slug}/appointments/${visit.id}`,
    place: placeText(speaker, visit),
    when: speaker.longDateTime(visit.startsAt),
    about: aboutText(visit),
    status: visit.status,
  }
}

/** What can be done to a visit and the ones after it, and whom it concerns, before it is done. */
export function laterPage(ctx: Ctx, speaker: Speaker, { visit, later, seriesId }: ThisAndLater): View {
  const { id } = visit
  const { t } = speaker
  const base = `/app/${ctx.clinic.slug}/appointments/${id}`
  return view('series/later', {
    title: t('series.later.title', { name: isolated(nameOf(speaker, visit)) }),
    backHref: `/app/${ctx.clinic.slug}/series/${seriesId}`,
    count: later.length,
    lead: t('series.later.lead', { count: later.length }),
    visits: later.map((one) => rowOf(ctx, speaker, one)),
    moveHref: later.length > 0 && later[0]?.id === id ? `${base}/move?scope=later` : undefined,
    cancelAction: `${base}/later/cancellation`,
    cancelText: t('series.later.cancel', { count: later.length }),
    tells: visit.messagesWanted
      ? t('series.later.tells', { time: speaker.time(ctx.now.add(deskGrace)) })
      : t('series.book.tells_nobody'),
  })
}
