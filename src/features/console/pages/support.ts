import { emptyForm, type Form } from '../../../kernel/forms.ts'
import type { UserId } from '../../../kernel/ids.ts'
import type { Speaker } from '../../../platform/i18n/speaker.ts'
import type { Services } from '../../../platform/services.ts'
import { view, type View } from '../../../platform/web/views.ts'
import { listVisits } from '../../support/queries.ts'
import { stageOf, type Stage } from '../../support/rules.ts'
import { lookAt, placeAt } from '../rules/operations.ts'
import { pageOf, withQuery } from '../rules/paging.ts'
import { clinicHref, type Pill } from './words.ts'

const pageSize = 50

const looks: Record<Stage, { css: string; icon: string }> = {
  asked: { css: 'pill-info', icon: 'clock' },
  allowed: { css: 'pill-success', icon: 'check' },
  refused: { css: 'pill-danger', icon: 'x' },
  running: { css: 'pill-warning', icon: 'eye' },
  ended: { css: '', icon: 'door-exit' },
  unused: { css: '', icon: 'moon' },
}

/** Visits that were declared, and the form to declare one. */
export async function supportVisitsPage(
  { db, clock }: Pick<Services, 'db' | 'clock'>,
  speaker: Speaker,
  me: UserId,
  query: { clinic?: string | undefined; after?: string | undefined },
  form: Form = emptyForm,
): Promise<View> {
  const { t } = speaker
  const now = clock.now()
  const { look, before } = lookAt<'support_visit'>(query.after)
  const found = await listVisits(db, { before, limit: pageSize + 1 })
  const { shown, next } = pageOf(found, pageSize, look, ({ id, askedAt }) => placeAt(askedAt, id))
  return view('console/support', {
    title: t('support.title'),
    scripts: ['/js/error-summary.js'],
    form,
    visits: shown.map((visit) => {
      const stage = stageOf(visit, now)
      const pill: Pill = { ...looks[stage], word: t(`support.stage.${stage}`) }
      const mine = visit.operatorId === me
      return {
        operator: visit.operator,
        clinic: visit.clinicName,
        clinicHref: clinicHref(visit.clinicId),
        reason: visit.reason,
        asked: speaker.dateTime(visit.askedAt),
        times: visit.startedAt
          ? t('support.from_to', {
              from: speaker.dateTime(visit.startedAt),
              until: speaker.time(visit.endedAt ?? visit.expiresAt ?? visit.startedAt),
            })
          : undefined,
        allowedBy: visit.allowedByName ? t('support.allowed_by', { name: visit.allowedByName }) : undefined,
        pill,
        start: mine && stage === 'allowed' ? `/admin/support/${visit.id}/start` : undefined,
        end:
          mine && (stage === 'running' || stage === 'asked' || stage === 'allowed')
            ? `/admin/support/${visit.id}/end`
            : undefined,
      }
    }),
    fields: [
      {
        name: 'clinic',
        label: t('support.console.clinic'),
        hint: t('support.console.clinic_hint'),
        dir: 'ltr',
        value: form.values.clinic ?? query.clinic ?? '',
        error: form.errors.clinic,
      },
      {
        name: 'reason',
        label: t('support.console.reason'),
        hint: t('support.console.reason_hint'),
        type: 'textarea',
        rows: 2,
        value: form.values.reason ?? '',
        error: form.errors.reason,
      },
    ],
    pagination: next === undefined ? {} : { next: withQuery('/admin/support', { after: next }) },
  })
}
