// Retention across all clinics, for whoever runs the service.
import { emptyForm, type Form } from '../../../kernel/forms.ts'
import { dateAt, type Instant } from '../../../kernel/time.ts'
import { notFound } from '../../../platform/errors.ts'
import type { Speaker } from '../../../platform/i18n/speaker.ts'
import type { Services } from '../../../platform/services.ts'
import { view, type View } from '../../../platform/web/views.ts'
import { findClockMemory } from '../queries.ts'
import { findLegalHoldById, listLegalHolds, type LegalHold, type LegalHoldId } from '../queries/holds.ts'
import { countBehind, listErasedSince, listLastRuns, listLateTurns } from '../queries/watch.ts'
import { judgeClock, lateHours, retentionRules, ruleOf, waitMs } from '../rules/retention.ts'
import type { Overdue } from '../actions/watch.ts'
import { ruleWords } from './words.ts'

const backDays = 30
const turnsShown = 20
const holdsShown = 100
const home = '/admin/retention'
const platformZone = 'UTC'

type Looking = Pick<Services, 'clock' | 'databaseNow' | 'db'>

export async function retentionConsolePage(
  services: Looking,
  speaker: Speaker,
  overdue: readonly Overdue[],
): Promise<View> {
  const { db, clock } = services
  const { t } = speaker
  const number = (value: number) => speaker.number(value)
  const now = clock.now()
  const lateBefore = now.subtract({ hours: lateHours })
  const [erased, runs, late, behind, holds] = await Promise.all([
    listErasedSince(db, now.subtract({ hours: backDays * 24 })),
    listLastRuns(db),
    listLateTurns(db, lateBefore, turnsShown),
    countBehind(db, lateBefore),
    listLegalHolds(db, holdsShown),
  ])
  const rules = retentionRules.map(({ code }) => {
    const rule = ruleOf(code)
    const there = overdue.find((one) => one.rule === code)
    const clinics = behind.find((one) => one.rule === code)?.count ?? 0
    const isLate = clinics > 0 || (there !== undefined && there.hours > lateHours)
    const ran = later(runs.rules.get(code), runs.jobs.get(rule.job === 'privacy.retention' ? '' : rule.job))
    return {
      ...ruleWords(speaker, rule),
      code,
      ran: rule.ends === 'never' ? '' : ran ? speaker.dateTime(ran) : t('privacy.console.never'),
      erased: number(erased.find((one) => one.rule === code)?.recent ?? 0),
      late: isLate,
      overdue:
        clinics > 0
          ? t('privacy.console.behind', { count: clinics })
          : there === undefined
            ? ''
            : t('privacy.console.overdue', { count: there.count, hours: there.hours }),
    }
  })
  return view('privacy/console', {
    title: t('privacy.console.title'),
    clock: await clockOf(services, speaker),
    // What is late first.
    rules: [...rules.filter(({ late }) => late), ...rules.filter(({ late }) => !late)],
    turns: late.turns.map((turn) => ({
      name: turn.name,
      href: `/admin/clinics/${turn.id}`,
      since: speaker.dateTime(turn.since),
      behind: turn.behind.map((code) => t(`privacy.rule.${code}.what`)),
    })),
    more:
      late.total > late.turns.length ? t('privacy.console.more', { count: late.total - late.turns.length }) : undefined,
    holds: holds.map((hold) => holdFacts(speaker, hold, now)),
    newHref: `${home}/holds/new`,
  })
}

const later = (a: Instant | undefined, b: Instant | undefined) =>
  !a ? b : !b ? a : a.epochMilliseconds > b.epochMilliseconds ? a : b

/** Whether the clock is believed now, and if not why, and what happens then. */
async function clockOf({ clock, databaseNow, db }: Looking, speaker: Speaker) {
  const [now, database, before] = [clock.now(), await databaseNow(), await findClockMemory(db)]
  const { verdict, memory } = judgeClock(now, database, before)
  const seconds = Math.round(Math.abs(database.epochMilliseconds - now.epochMilliseconds) / 1000)
  const believed = (memory.leaptAt ?? now).add({ milliseconds: waitMs })
  return {
    fine: verdict === 'fine',
    title: speaker.t(`privacy.clock.${verdict}.title`),
    text: speaker.t(`privacy.clock.${verdict}.text`, {
      seconds: speaker.number(seconds),
      seen: before ? speaker.dateTime(before.seenAt) : speaker.t('privacy.console.never'),
      at: speaker.dateTime(believed),
    }),
  }
}

function holdFacts(speaker: Speaker, hold: LegalHold, now: Instant) {
  const { t } = speaker
  const state = hold.liftedAt ? 'lifted' : hold.until.epochMilliseconds > now.epochMilliseconds ? 'stands' : 'over'
  const looks = {
    stands: { css: 'pill-warning', icon: 'player-pause' },
    lifted: { css: '', icon: 'arrow-back-up' },
    over: { css: '', icon: 'circle-check' },
  }
  return {
    href: `${home}/holds/${hold.id}`,
    clinic: hold.clinicName,
    slug: hold.clinicSlug,
    reason: hold.reason,
    owner: hold.ownerName,
    set: speaker.date(hold.setAt),
    setBy: hold.setBy ?? t('privacy.console.somebody'),
    until: speaker.date(hold.until.subtract({ seconds: 1 })),
    stands: state === 'stands',
    pill: { ...looks[state], word: t(`privacy.hold.state.${state}`) },
    lifted: hold.liftedAt
      ? t('privacy.hold.lifted_by', {
          at: speaker.date(hold.liftedAt),
          name: hold.liftedBy ?? t('privacy.console.somebody'),
        })
      : undefined,
  }
}

export function newHoldPage({ clock }: Pick<Services, 'clock'>, speaker: Speaker, form: Form = emptyForm): View {
  const { t } = speaker
  const field = fieldsOf(form)
  return view('privacy/hold-new', {
    title: t('privacy.hold.new'),
    back: { href: home, label: t('privacy.console.title') },
    form,
    action: `${home}/holds`,
    fields: [
      field({ name: 'clinic', label: t('privacy.hold.clinic'), hint: t('privacy.hold.clinic_hint'), dir: 'ltr' }),
      field({ name: 'owner', label: t('privacy.hold.owner_name'), hint: t('privacy.hold.owner_hint') }),
      field({
        name: 'reason',
        label: t('privacy.hold.reason'),
        hint: t('privacy.hold.reason_hint'),
        type: 'textarea',
        rows: 3,
      }),
      field({ ...untilField(speaker, clock.now()), name: 'until' }),
      field({
        name: 'typed',
        label: t('privacy.hold.typed'),
        hint: t('privacy.hold.typed_hint'),
        dir: 'ltr',
        autocomplete: 'off',
      }),
    ],
    scripts: ['/js/error-summary.js'],
  })
}

/** One hold, with what may be done about it while it stands. */
export async function holdPage(
  { clock, db }: Pick<Services, 'clock' | 'db'>,
  speaker: Speaker,
  id: LegalHoldId,
  form: Form = emptyForm,
): Promise<View> {
  const { t } = speaker
  const hold = (await findLegalHoldById(db, id)) ?? notFound('hold')
  const field = fieldsOf(form)
  const typed = (name: string) =>
    field({ name, label: t('privacy.hold.type_slug', { slug: hold.clinicSlug }), dir: 'ltr', autocomplete: 'off' })
  const facts = holdFacts(speaker, hold, clock.now())
  return view('privacy/hold', {
    title: t('privacy.hold.title', { clinic: hold.clinicName }),
    back: { href: home, label: t('privacy.console.title') },
    form,
    hold: facts,
    clinicHref: `/admin/clinics/${hold.clinicId}`,
    extendAction: `${facts.href}/extension`,
    extendFields: [field({ ...untilField(speaker, clock.now()), name: 'until' }), typed('extension_typed')],
    liftAction: `${facts.href}/lifting`,
    liftFields: [typed('typed')],
    scripts: ['/js/error-summary.js'],
  })
}

const fieldsOf =
  (form: Form) =>
  (one: { name: string; [option: string]: unknown }): { name: string; [option: string]: unknown } => ({
    ...one,
    value: form.values[one.name] ?? '',
    error: form.errors[one.name],
  })

const untilField = ({ t }: Speaker, now: Instant) => ({
  label: t('privacy.hold.until_label'),
  hint: t('privacy.hold.until_hint'),
  type: 'date',
  css: 'input-date',
  min: dateAt(now, platformZone).toString(),
})
