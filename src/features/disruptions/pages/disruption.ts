import { isolated } from '../../../kernel/names.ts'
import type { Ctx } from '../../../platform/clinic-scope.ts'
import { notFound } from '../../../platform/errors.ts'
import type { Speaker } from '../../../platform/i18n/speaker.ts'
import { view, type View } from '../../../platform/web/views.ts'
import { listAppointmentsById, listStanding, type Appointment } from '../../appointments/queries.ts'
import { findDisruption, listDisruptions, listKept, type DisruptionId } from '../queries.ts'
import { mostVisits } from '../rules.ts'
import { barOf, sentenceOf } from '../rules/words.ts'

/** One that was declared: how its visits stood and stand, and what came in since. */
export async function disruptionPage(ctx: Ctx, speaker: Speaker, id: DisruptionId): Promise<View> {
  const { t } = speaker
  const disruption = (await findDisruption(ctx, id)) ?? notFound('disruption')
  const kept = await listKept(ctx, id)
  const visits = await listAppointmentsById(
    ctx,
    kept.map(({ appointmentId }) => appointmentId),
  )
  const byId = new Map(visits.map((visit) => [visit.id, visit]))
  const base = `/app/${ctx.clinic.slug}`
  const rows = kept.flatMap((was) => {
    const visit = byId.get(was.appointmentId)
    if (!visit) return []
    const since = visit.version !== was.versionAfter
    return [
      {
        href: `${base}/appointments/${visit.id}`,
        name: nameOf(speaker, visit),
        was: speaker.dateTime(was.startsAt),
        now: visit.status === 'cancelled' ? undefined : nowText(speaker, visit, visit.practitionerId !== was.practitionerId),
        status: visit.status,
        outcome: t(`disruptions.outcome.${was.outcome}`),
        since: since && disruption.undoneAt === null ? t('disruptions.page.since') : undefined,
      },
    ]
  })
  const { practitionerId, locationId, startsAt, endsAt } = disruption
  const span = {
    from: startsAt,
    to: endsAt,
    practitionerId: practitionerId ?? undefined,
    locationId: locationId ?? undefined,
  }
  const over = disruption.undoneAt !== null || ctx.now.epochMilliseconds >= endsAt.epochMilliseconds
  // Booked in the moment it was declared, or on purpose afterwards.
  const standing = over ? [] : await listStanding(ctx, span, { lock: false, limit: mostVisits })
  const booked = standing.filter(({ status }) => status === 'booked')
  return view('disruptions/disruption', {
    title: sentenceOf(ctx, speaker, disruption),
    back: `${base}/disruptions`,
    bar: barOf(ctx, speaker, disruption),
    undone: disruption.undoneAt === null ? undefined : t('disruptions.page.undone', { when: speaker.dateTime(disruption.undoneAt) }),
    declared: t('disruptions.page.declared', { when: speaker.dateTime(disruption.createdAt) }),
    rows,
    booked: booked.map((visit) => ({
      href: `${base}/appointments/${visit.id}`,
      name: nameOf(speaker, visit),
      when: speaker.dateTime(visit.startsAt),
    })),
  })
} // prettier-ignore

const nowText = (speaker: Speaker, visit: Appointment, otherDoctor: boolean): string =>
  otherDoctor
    ? `${speaker.dateTime(visit.startsAt)} · ${isolated(visit.practitionerName)}`
    : speaker.dateTime(visit.startsAt)

const nameOf = ({ t }: Speaker, visit: Pick<Appointment, 'patientName' | 'hidden'>): string =>
  visit.patientName ?? t(visit.hidden ? 'desk.card.restricted' : 'desk.card.erased')

/** Who was late or away lately, and who will be. */
export async function disruptionsPage(ctx: Ctx, speaker: Speaker): Promise<View> {
  const { t } = speaker
  const found = await listDisruptions(ctx, 50)
  return view('disruptions/list', {
    title: t('disruptions.list.title'),
    newHref: `/app/${ctx.clinic.slug}/disruptions/new`,
    back: `/app/${ctx.clinic.slug}/today`,
    rows: found.map((one) => ({
      href: `/app/${ctx.clinic.slug}/disruptions/${one.id}`,
      text: sentenceOf(ctx, speaker, one),
      note: t('disruptions.list.visits', { count: one.visits }),
      undone: one.undoneAt !== null,
      when: speaker.dateTime(one.createdAt),
    })),
  })
}
