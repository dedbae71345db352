// What an owner sees of retention: each rule in plain words, what it will do, what it did, and the two periods that are
// the clinic's to decide. Six statements, however many rules there are.
import { filledForm, type Form } from '../../../kernel/forms.ts'
import { later, type Instant } from '../../../kernel/time.ts'
import type { Ctx } from '../../../platform/clinic-scope.ts'
import { nextRun } from '../../../platform/cron-times.ts'
import { notFound } from '../../../platform/errors.ts'
import type { Speaker } from '../../../platform/i18n/speaker.ts'
import { view, type View } from '../../../platform/web/views.ts'
import { settingsMenu } from '../../clinics/rules/settings.ts'
import { findRetentionSettings } from '../queries.ts'
import { countDue, type CutOffs } from '../queries/due.ts'
import { findTurn, listErasedSums } from '../queries/watch.ts'
import {
  cutOff,
  everyHours,
  identityMonths,
  recordYears,
  retentionRules,
  retentionSchedule,
  ruleOf,
  settingsOf,
  touchesClinics,
  yearsOf,
  type RetentionSettings,
} from '../rules/retention.ts'
import { holdNotice } from './hub.ts'
import { ruleWords } from './words.ts'

/** How far ahead and back the page looks. */
const aheadDays = 7
const backDays = 30

type Asked = { identity: number; records: number }

/** `asked`: periods to be shown by what they would do, before anything does it. */
export async function retentionPage(ctx: Ctx, speaker: Speaker, form?: Form, asked?: Asked): Promise<View> {
  const { t } = speaker
  const number = (value: number) => speaker.number(value)
  const at = (path: string) => `/app/${ctx.clinic.slug}/settings/privacy${path}`
  const settings = (await findRetentionSettings(ctx)) ?? notFound('clinic')
  const hold = await holdNotice(ctx, speaker)
  const doneAt = (await findTurn(ctx))?.doneAt ?? undefined
  const next = nextTurn(ctx.now, doneAt)
  const due = await countDue(ctx, cutOffsAt(ctx, ctx.now.add({ hours: aheadDays * 24 }), settings))
  const erased = await listErasedSums(ctx, ctx.now.subtract({ hours: backDays * 24 }))
  const shown = form ?? filledForm(valuesOf(settings))
  const field = (one: { name: string; [option: string]: unknown }) => ({
    ...one,
    inputmode: 'numeric',
    dir: 'ltr',
    css: 'input-short',
    value: shown.values[one.name] ?? '',
    error: shown.errors[one.name],
  })
  const rules = retentionRules.map(({ code }) => ruleOf(code)).filter(touchesClinics)
  return view('privacy/retention', {
    title: t('privacy.retention.title'),
    menu: settingsMenu(ctx, speaker, 'privacy'),
    back: { href: at(''), label: t('privacy.hub.title') },
    hold,
    form: shown,
    action: at('/retention'),
    fields: [
      field({
        name: 'identity',
        label: t('privacy.retention.identity'),
        hint: t('privacy.retention.identity_hint', identityMonths),
        suffix: t('privacy.retention.months'),
      }),
      field({
        name: 'records',
        label: t('privacy.retention.records'),
        hint: t('privacy.retention.records_hint', recordYears),
        suffix: t('privacy.retention.years'),
      }),
    ],
    effect: asked && (await effectOf(ctx, speaker, settings, asked, { next, held: hold !== undefined })),
    last: doneAt ? speaker.dateTime(doneAt) : t('privacy.retention.never'),
    next: speaker.dateTime(next),
    own: rules
      .filter(({ scope }) => scope === 'clinic')
      .map((rule) => {
        const sums = erased.find((one) => one.rule === rule.code)
        return {
          ...ruleWords(speaker, rule, settings),
          decides: rule.setting !== undefined,
          waits: hold !== undefined && rule.pausable === true,
          due: number(due[rule.code as keyof typeof due] ?? 0),
          recent: number(sums?.recent ?? 0),
          total: number(sums?.total ?? 0),
        }
      }),
    shared: rules.filter(({ scope }) => scope === 'platform').map((rule) => ruleWords(speaker, rule)),
    scripts: ['/js/error-summary.js'],
  })
}

const valuesOf = (settings: RetentionSettings) => ({
  identity: String(settings.bookingIdentityMonths),
  records: String(yearsOf(settings.medicalRecordMonths)),
})

function cutOffsAt(ctx: Ctx, at: Instant, settings: RetentionSettings): CutOffs {
  const cutOffs: CutOffs = {}
  for (const { code } of retentionRules) {
    const rule = ruleOf(code)
    const before = rule.scope === 'clinic' ? cutOff(rule, at, ctx.clinic.zone, settings) : undefined
    if (before) cutOffs[code] = before
  }
  return cutOffs
}

/** The first round of the job in which it is the clinic's turn again. */
function nextTurn(now: Instant, doneAt: Instant | undefined): Instant {
  return nextRun(retentionSchedule, doneAt ? later(now, doneAt.add({ hours: everyHours })) : now) ?? now
}

/** What the next run would take with these periods that it would leave with the present ones, in sentences. */
async function effectOf(
  ctx: Ctx,
  speaker: Speaker,
  before: RetentionSettings,
  asked: Asked,
  { next, held }: { next: Instant; held: boolean },
) {
  const { t } = speaker
  const after = settingsOf(asked, before)
  const affected = ({ booking_identity, medical_record, patients }: CutOffs) =>
    Object.fromEntries(
      Object.entries({ booking_identity, medical_record, patients }).filter(([, before]) => before !== undefined),
    ) as CutOffs
  const now = await countDue(ctx, affected(cutOffsAt(ctx, next, before)))
  const then = await countDue(ctx, affected(cutOffsAt(ctx, next, after)))
  const more = (code: 'booking_identity' | 'medical_record' | 'patients') =>
    Math.max(0, (then[code] ?? 0) - (now[code] ?? 0))
  const [visits, patients] = [more('booking_identity') + more('medical_record'), more('patients')]
  const changed =
    after.bookingIdentityMonths !== before.bookingIdentityMonths ||
    after.medicalRecordMonths !== before.medicalRecordMonths
  const loses = visits + patients > 0
  return {
    changed,
    loses,
    lines: !changed
      ? [t('privacy.effect.unchanged')]
      : [
          ...(loses
            ? [
                t('privacy.effect.when', { at: speaker.dateTime(next) }),
                ...(visits > 0 ? [t('privacy.effect.visits', { count: visits })] : []),
                ...(patients > 0 ? [t('privacy.effect.patients', { count: patients })] : []),
                t('privacy.effect.for_good'),
              ]
            : [t('privacy.effect.nothing')]),
          ...(held ? [t('privacy.effect.held')] : []),
        ],
    values: { identity: String(asked.identity), records: String(asked.records) },
  }
}
