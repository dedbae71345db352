// Visits as the clinic sees them: a page of its settings, and what stands over every page while one goes on.
import type { Ctx } from '../../platform/clinic-scope.ts'
import type { Speaker } from '../../platform/i18n/speaker.ts'
import type { Services } from '../../platform/services.ts'
import type { Banner, DeskPlace } from '../../platform/web/routers.ts'
import { view, type View } from '../../platform/web/views.ts'
import { settingsMenu } from '../clinics/rules/settings.ts'
import { findConsent, listVisits } from './queries.ts'
import { stageOf } from './rules.ts'

const shown = 30

export async function supportPage(ctx: Ctx, speaker: Speaker): Promise<View> {
  const { t } = speaker
  const at = (path: string) => `/app/${ctx.clinic.slug}${path}`
  const consent = await findConsent(ctx.db, ctx.clinic.id)
  const visits = (await listVisits(ctx.db, { clinicId: ctx.clinic.id, limit: shown })).map((visit) => ({
    visit,
    stage: stageOf(visit, ctx.now),
  }))
  const facts = ({ visit, stage }: (typeof visits)[number]) => ({
    operator: visit.operator,
    reason: visit.reason,
    asked: speaker.dateTime(visit.askedAt),
    stage: t(`support.stage.${stage}`),
    stageName: stage,
    from: visit.startedAt ? speaker.dateTime(visit.startedAt) : undefined,
    until: visit.startedAt ? speaker.time(visit.endedAt ?? visit.expiresAt ?? visit.startedAt) : undefined,
    allowedBy: visit.allowedByName ?? undefined,
    answerAction: at(`/settings/support/${visit.id}/answer`),
    endAction: at(`/settings/support/${visit.id}/end`),
  })
  return view('support/settings', {
    title: t('support.title'),
    menu: settingsMenu(ctx, speaker, 'support'),
    // Decisions are the owners'; somebody on a visit sees the page as it is and can't press anything.
    mayDecide: ctx.actor.kind === 'user',
    consent: consent && { name: consent.name, since: speaker.date(consent.allowedAt) },
    allowAction: at('/settings/support/consent'),
    withdrawAction: at('/settings/support/consent/withdrawal'),
    asked: visits.filter(({ stage }) => stage === 'asked').map(facts),
    running: visits.filter(({ stage }) => stage === 'running' || stage === 'allowed').map(facts),
    past: visits.filter(({ stage }) => ['ended', 'refused', 'unused'].includes(stage)).map(facts),
  })
}

/** For the visitor on every page; for the clinic's owners too, so that nobody looks behind their back. */
export const supportBanners =
  ({ noticeboard }: Pick<Services, 'noticeboard'>) =>
  (place: DeskPlace): Banner[] => {
    const { clinic, role, person, speaker, now, visit } = place
    const { t } = speaker
    if (visit) {
      return [
        {
          kind: 'warning',
          icon: 'eye',
          text: t('support.banner', { name: person.name, until: speaker.time(visit.expiresAt) }),
          form: { action: '/account/support-visit/end', label: t('support.end'), icon: 'door-exit' },
        },
      ]
    }
    const underWay = role === 'owner' ? noticeboard.visitAt(clinic.id, now) : undefined
    if (!underWay) return []
    return [
      {
        kind: 'warning',
        icon: 'eye',
        text: t('support.banner', { name: underWay.operator, until: speaker.time(underWay.expiresAt) }),
        form: {
          action: `/app/${clinic.slug}/settings/support/${underWay.id}/end`,
          label: t('support.end'),
          icon: 'door-exit',
        },
      },
    ]
  }

/** In place of what a form would have done. */
export function lookOnlyPage({ clinic, speaker }: DeskPlace): View {
  const { t } = speaker
  return view('support/look-only', {
    title: t('support.look_only.title'),
    text: t('support.look_only.text'),
    back: { href: `/app/${clinic.slug}/today`, label: t('support.look_only.back') },
  })
}
