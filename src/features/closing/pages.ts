import type { Form } from '../../kernel/forms.ts'
import type { Instant } from '../../kernel/time.ts'
import type { Ctx } from '../../platform/clinic-scope.ts'
import type { Speaker } from '../../platform/i18n/speaker.ts'
import { view, type View } from '../../platform/web/views.ts'
import { settingsMenu } from '../clinics/rules/settings.ts'
import { findLegalHold } from '../privacy/queries.ts'
import { countVisitsToCome, findClosing } from './queries.ts'
import {
  closingReasons,
  erasedFrom,
  purgeBy,
  purgeByDays,
  tellAfterMinutes,
  undoable,
  undoDays,
  undoUntil,
  type Closing,
} from './rules.ts'

const path = '/settings/privacy/closing'
const at = (ctx: Ctx, below: string) => `/app/${ctx.clinic.slug}${below}`
const backUp = '/settings/export'

/** The page of an owner: how closing goes, or how far it is. */
export async function closingPage(
  ctx: Ctx,
  speaker: Speaker,
  form: Form,
  reasons: readonly string[] = [],
): Promise<View> {
  const closing = await findClosing(ctx.db, ctx.clinic.id)
  const { t } = speaker
  const frame = {
    title: t(closing ? 'closing.open.title' : 'closing.title'),
    menu: settingsMenu(ctx, speaker, 'privacy'),
    back: { href: at(ctx, '/settings/privacy'), label: t('closing.back') },
    backUpHref: at(ctx, backUp),
    form,
    scripts: ['/js/error-summary.js', '/js/password.js'],
  }
  const hold = await findLegalHold(ctx.db, ctx.clinic.id, ctx.now)
  const held = hold && { text: t('closing.held', { reason: hold.reason, until: speaker.dateTime(hold.until) }) }
  if (closing) return view('closing/open', { ...frame, held, ...openFacts(ctx, speaker, closing, hold?.until) })
  const visits = await countVisitsToCome(ctx)
  return view('closing/ask', {
    ...frame,
    held,
    action: at(ctx, path),
    steps: stepsOf(ctx, speaker),
    visits: visits > 0,
    fields: fieldsOf(ctx, speaker, form, reasons, visits),
  })
}

function stepsOf(ctx: Ctx, speaker: Speaker) {
  const { t } = speaker
  return [
    { when: t('closing.step.now'), text: t('closing.step.now_text') },
    {
      when: t('closing.step.until', { count: undoDays, at: speaker.dateTime(undoUntil(ctx.now)) }),
      text: t('closing.step.until_text'),
    },
    { when: t('closing.step.then'), text: t('closing.step.then_text') },
    {
      when: t('closing.step.by', { count: purgeByDays, date: speaker.longDate(purgeBy(ctx.now)) }),
      text: t('closing.step.by_text'),
    },
  ]
}

function fieldsOf(ctx: Ctx, { t }: Speaker, form: Form, reasons: readonly string[], visits: number) {
  const field = (one: { name: string; [option: string]: unknown }) => ({
    ...one,
    value: form.values[one.name] ?? one.value,
    error: form.errors[one.name],
  })
  const why = [
    {
      ...field({
        name: 'reasons',
        type: 'checkboxes',
        label: t('closing.field.reasons'),
        hint: t('closing.field.reasons_hint'),
        required: false,
        options: closingReasons.map((value) => ({ value, label: t(`closing.reason.${value}`) })),
      }),
      value: reasons,
    },
    field({
      name: 'comment',
      type: 'textarea',
      rows: 3,
      label: t('closing.field.comment'),
      hint: t('closing.field.comment_hint'),
      required: false,
    }),
  ]
  const tell = field({
    name: 'tell',
    type: 'radio',
    label: t('closing.field.tell', { count: visits }),
    options: [
      {
        value: 'cancel',
        label: t('closing.tell.cancel'),
        hint: t('closing.tell.cancel_hint', { count: tellAfterMinutes }),
      },
      { value: 'keep', label: t('closing.tell.keep'), hint: t('closing.tell.keep_hint') },
    ],
  })
  const sure = [
    field({
      name: 'name',
      label: t('closing.field.name', { clinic: ctx.clinic.name }),
      hint: t('closing.field.name_hint'),
      autocomplete: 'off',
    }),
  ]
  return { why, tell: visits > 0 ? [tell] : [], sure }
}

function openFacts(ctx: Ctx, speaker: Speaker, closing: Closing, heldUntil: Instant | undefined) {
  const { t } = speaker
  const end = erasedFrom(closing, heldUntil)
  const asked = closing.kind === 'asked'
  const open = undoable(closing, heldUntil, ctx.now)
  return {
    lead: t(asked ? 'closing.open.lead' : 'closing.open.lead_expired'),
    left: open ? timeLeft(speaker, ctx.now, end) : t('closing.open.over'),
    progress: { value: elapsed(closing.askedAt, ctx.now, end), max: 100 },
    facts: [
      [t('closing.open.since'), speaker.dateTime(closing.askedAt)],
      [t('closing.open.until'), speaker.dateTime(end)],
      [t('closing.open.by'), speaker.longDate(closing.purgeBy)],
      [t('closing.open.patients'), patientsText(speaker, closing)],
    ],
    undo: asked && open ? at(ctx, `${path}/undo`) : undefined,
    pay: asked ? undefined : at(ctx, '/settings/subscription'),
  }
}

function patientsText(speaker: Speaker, { tellPatients, tellAt, toldAt, visitsCancelled }: Closing): string {
  const { t } = speaker
  if (tellPatients === 'keep') return t('closing.open.patients_keep')
  if (toldAt) return t('closing.open.patients_told', { count: visitsCancelled })
  return t('closing.open.patients_soon', { at: tellAt ? speaker.dateTime(tellAt) : '' })
}

export function timeLeft({ t }: Speaker, now: Instant, end: Instant): string {
  const left = Math.max(0, Math.ceil((end.epochMilliseconds - now.epochMilliseconds) / 3_600_000))
  return left >= 48
    ? t('closing.left.days', { count: Math.floor(left / 24) })
    : t('closing.left.hours', { count: left })
}

function elapsed(from: Instant, now: Instant, to: Instant): number {
  const whole = to.epochMilliseconds - from.epochMilliseconds
  const part = now.epochMilliseconds - from.epochMilliseconds
  return whole <= 0 ? 100 : Math.min(100, Math.max(0, Math.round((part / whole) * 100)))
}
