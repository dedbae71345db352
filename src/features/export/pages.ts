import type { Form } from '../../kernel/forms.ts'
import type { Ctx } from '../../platform/clinic-scope.ts'
import type { Speaker } from '../../platform/i18n/speaker.ts'
import { view, type View } from '../../platform/web/views.ts'
import { settingsMenu } from '../clinics/rules/settings.ts'
import { listExports } from './queries.ts'
import { exportTables } from './rules/tables.ts'
import { cancellable, downloadable, hoursKept, zipPasswordLength, type Export, type ExportState } from './rules.ts'

const shown = 20
const path = '/settings/export'
const at = (ctx: Ctx, below: string) => `/app/${ctx.clinic.slug}${below}`

const pills: Record<ExportState, { kind: string; icon: string }> = {
  waiting: { kind: 'info', icon: 'clock' },
  making: { kind: 'info', icon: 'refresh' },
  ready: { kind: 'success', icon: 'check' },
  failed: { kind: 'danger', icon: 'alert-triangle' },
  expired: { kind: 'neutral', icon: 'trash' },
  cancelled: { kind: 'neutral', icon: 'x' },
}

export async function exportPage(ctx: Ctx, speaker: Speaker, form: Form): Promise<View> {
  const { t } = speaker
  const field = (one: { name: string; [option: string]: unknown }) => ({ ...one, error: form.errors[one.name] })
  const list = await listOf(ctx, speaker)
  return view('export/export', {
    title: t('export.title'),
    menu: settingsMenu(ctx, speaker, 'export'),
    form,
    action: at(ctx, path),
    ...list,
    contents: [...exportTables.map(({ name }) => name), 'staff', 'slips'].map((name) => ({
      file: `${name}.csv`,
      text: t(`export.table.${name}`),
    })),
    fields: [
      field({
        name: 'password',
        type: 'password',
        label: t('export.field.password'),
        hint: t('export.field.password_hint', { count: zipPasswordLength.min }),
        autocomplete: 'new-password',
        required: false,
      }),
      field({
        name: 'again',
        type: 'password',
        label: t('export.field.again'),
        autocomplete: 'new-password',
        required: false,
      }),
    ],
    hours: hoursKept,
    scripts: ['/js/error-summary.js', '/js/password.js', '/js/export.js'],
  })
}

/** The list alone, for the page to put in place of its own. */
export async function exportListPage(ctx: Ctx, speaker: Speaker): Promise<View> {
  return view('export/_list', { title: speaker.t('export.title'), ...(await listOf(ctx, speaker)) })
}

async function listOf(ctx: Ctx, speaker: Speaker) {
  const exports = await listExports(ctx, shown)
  const underWay = exports.some(({ state }) => state === 'waiting' || state === 'making')
  return { underWay, listHref: at(ctx, `${path}/list`), exports: exports.map((one) => rowOf(ctx, speaker, one)) }
}

function rowOf(ctx: Ctx, speaker: Speaker, one: Export) {
  const { t } = speaker
  const mine = ctx.actor.kind === 'user' && ctx.actor.userId === one.askedBy
  const over = one.state === 'ready' && !(mine && downloadable(one, one.askedBy, ctx.now)) && mine
  const state: ExportState = over ? 'expired' : one.state
  return {
    id: one.id,
    asked: speaker.dateTime(one.askedAt),
    who: one.askedByName ?? t('export.somebody'),
    state: { ...pills[state], text: t(`export.state.${state}`) },
    protected: one.protected,
    progress:
      state === 'making' && one.rowsTotal !== null
        ? {
            value: one.rowsDone,
            max: Math.max(one.rowsTotal, 1),
            text: t('export.progress', { done: speaker.number(one.rowsDone), total: speaker.number(one.rowsTotal) }),
          }
        : undefined,
    size: state === 'ready' && one.bytes !== null ? sizeText(speaker, one.bytes) : undefined,
    until: state === 'ready' && one.expiresAt ? t('export.until', { at: speaker.dateTime(one.expiresAt) }) : undefined,
    downloadAction: state === 'ready' && mine ? at(ctx, `${path}/${one.id}/download`) : undefined,
    cancelAction: cancellable(one) ? at(ctx, `${path}/${one.id}/cancel`) : undefined,
    note: noteOf(speaker, one, state, mine),
  }
}

function noteOf({ t }: Speaker, one: Export, state: ExportState, mine: boolean): string | undefined {
  if (state === 'ready') return mine ? undefined : t('export.for_who_asked')
  if (state === 'failed') return t(one.failure === 'no_room' ? 'export.no_room_note' : 'export.failed_note')
  return state === 'making' && one.attempts > 1 ? t('export.again_note') : undefined
}

function sizeText(speaker: Speaker, bytes: number): string {
  const kilobytes = Math.max(1, Math.round(bytes / 1_000))
  return kilobytes < 1_000
    ? speaker.t('export.size_kb', { size: speaker.number(kilobytes) })
    : speaker.t('export.size_mb', { size: speaker.number(Math.round(kilobytes / 100) / 10) })
}
