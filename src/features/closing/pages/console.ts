import type { Form } from '../../../kernel/forms.ts'
import type { Speaker } from '../../../platform/i18n/speaker.ts'
import { notFound } from '../../../platform/errors.ts'
import type { Services } from '../../../platform/services.ts'
import { view, type View } from '../../../platform/web/views.ts'
import { timeLeft } from '../pages.ts'
import { findClosingById, listClosings, type ListedClosing } from '../queries.ts'
import { findLeaving } from '../queries/purge.ts'
import { erasedFrom, undoable, type ClosingId, type ClosingState } from '../rules.ts'

const pageSize = 50
const pills: Record<ClosingState | 'held', { css: string; icon: string }> = {
  waiting: { css: 'pill-warning', icon: 'clock' },
  held: { css: 'pill-info', icon: 'lock' },
  purging: { css: 'pill-danger', icon: 'refresh' },
  done: { css: '', icon: 'check' },
  undone: { css: 'pill-success', icon: 'arrow-back-up' },
}

/** Every closing, those under way first. */
export async function closingsPage(
  { db, keys, clock }: Pick<Services, 'db' | 'keys' | 'clock'>,
  speaker: Speaker,
  page: number,
): Promise<View> {
  const { t } = speaker
  const now = clock.now()
  const skip = (page - 1) * pageSize
  const found = await listClosings(db, keys.platform, { now, limit: pageSize + 1, skip })
  const rowOf = (one: ListedClosing) => {
    const heldUntil = one.heldUntil ?? undefined
    const state = one.state === 'waiting' && heldUntil ? 'held' : one.state
    const open = undoable(one, heldUntil, now)
    return {
      clinic: one.clinicName ?? t('closing.console.gone'),
      clinicHref: one.clinicName === null ? undefined : `/admin/clinics/${one.clinicId}`,
      kind: t(`closing.kind.${one.kind}`),
      reasons: one.reasons.map((reason) => t(`closing.reason.${reason}`)).join(' · '),
      comment: one.comment,
      asked: speaker.dateTime(one.askedAt),
      pill: { ...pills[state], word: t(`closing.state.${state}`) },
      about: aboutOf(one, speaker, now, heldUntil),
      progress:
        one.state === 'purging' && one.rowsTotal !== null
          ? { value: Math.min(one.rowsDone, one.rowsTotal), max: Math.max(one.rowsTotal, 1) }
          : undefined,
      certificate: one.certificateId === null ? undefined : `/certificates/${one.certificateId}`,
      undo: open && one.kind === 'asked' ? `/admin/closings/${one.id}/undo` : undefined,
    }
  }
  return view('closing/console', {
    title: t('closing.console.title'),
    closings: found.slice(0, pageSize).map(rowOf),
    pagination: {
      ...(page > 1 ? { previous: `/admin/closings?page=${page - 1}` } : {}),
      ...(found.length > pageSize ? { next: `/admin/closings?page=${page + 1}` } : {}),
    },
  })
}

function aboutOf(
  one: ListedClosing,
  speaker: Speaker,
  now: ListedClosing['askedAt'],
  heldUntil: ListedClosing['askedAt'] | undefined,
): string {
  const { t } = speaker
  switch (one.state) {
    case 'waiting':
      return heldUntil
        ? t('closing.console.held', { until: speaker.dateTime(heldUntil) })
        : timeLeft(speaker, now, erasedFrom(one, heldUntil))
    case 'purging':
      return one.rowsTotal === null
        ? t('closing.console.beginning')
        : t('closing.console.rows', { done: speaker.number(one.rowsDone), total: speaker.number(one.rowsTotal) })
    case 'done':
      return one.finishedAt ? speaker.dateTime(one.finishedAt) : ''
    case 'undone':
      return [one.undoneAt ? speaker.dateTime(one.undoneAt) : '', one.undoReason ?? ''].filter(Boolean).join(' · ')
  }
}

export async function undoPage({ db }: Services, { t }: Speaker, id: ClosingId, form: Form): Promise<View> {
  const closing = (await findClosingById(db, id)) ?? notFound('closing')
  const clinic = await findLeaving(db, closing.clinicId)
  return view('closing/undo', {
    title: t('closing.console.undo_title'),
    back: { href: '/admin/closings', label: t('closing.console.title') },
    clinic: clinic?.name ?? t('closing.console.gone'),
    action: `/admin/closings/${id}/undo`,
    form,
    field: {
      name: 'reason',
      label: t('closing.console.undo_reason'),
      hint: t('closing.console.undo_hint'),
      type: 'textarea',
      rows: 2,
      maxlength: 500,
      value: form.values.reason ?? '',
      error: form.errors.reason,
    },
    scripts: ['/js/error-summary.js'],
  })
}
