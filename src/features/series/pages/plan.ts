// The page on which a series is looked at before it is booked or moved: every date with what is to be said about it.
import { emptyForm, type Form } from '../../../kernel/forms.ts'
import { newId, type AppointmentId } from '../../../kernel/ids.ts'
import { isolated } from '../../../kernel/names.ts'
import { phoneText } from '../../../kernel/phone.ts'
import { dateAt } from '../../../kernel/time.ts'
import type { Ctx } from '../../../platform/clinic-scope.ts'
import { notFound } from '../../../platform/errors.ts'
import type { Speaker } from '../../../platform/i18n/speaker.ts'
import { view, type View } from '../../../platform/web/views.ts'
import { answerFields, questionsOf } from '../../appointments/rules/answers.ts'
import { getSettings } from '../../availability/actions.ts'
import { slotText, type SlotChoice } from '../../desk/rules.ts'
import { deskGrace } from '../../notices/rules.ts'
import { getPatient } from '../../patients/queries.ts'
import type { Anchor, SeriesPlan } from '../actions/book.ts'
import type { MovePlanned } from '../actions/later.ts'
import type { Planned } from '../actions/plan.ts'
import { mostVisits, sameTime, slotOf, standsInTheWay } from '../rules.ts'
import type { SeriesForm } from '../schema.ts'
import { aboutText, nameOf, weekdaysOf } from './words.ts'

/** What a form that could not be carried out is to say on top. */
export type Trouble = 'changed' | 'undecided' | 'too_few' | 'month_full' | undefined

export type BookingPlan = {
  form: SeriesForm
  anchor: Anchor
  /** Somebody new, as they were typed on the page before. */
  caller: { name: string; phone: string } | undefined
  back: string | undefined
  trouble: Trouble
  /** What is wrong with the answers to what the service asks, by field. */
  errors: Form['errors']
}

export async function bookingPlanPage(
  ctx: Ctx,
  speaker: Speaker,
  state: BookingPlan,
  planned: SeriesPlan,
): Promise<View> {
  const { form, anchor, caller, back, errors } = state
  const { t } = speaker
  const { kept, rows, cut } = planned
  const slot = 'slot' in anchor ? anchor.slot : kept && slotOf(kept)
  if (!slot) return notFound('appointment')
  const patient = form.patientId && !kept ? await getPatient(ctx, form.patientId) : undefined
  // Nothing new is booked for somebody whose data is restricted.
  if (patient && patient.restrictedAt !== null) return notFound('patient')
  const names = await namesOf(ctx, slot)
  // A visit that is there has its answers already.
  const questions = kept ? [] : questionsOf(await getSettings(ctx), slot.serviceId)
  const first = dateAt(slot.startsAt, ctx.clinic.zone)
  const booked = rows.filter(({ to }) => to).length + (kept ? 1 : 0)
  const wanted = kept ? kept.messagesWanted : form.agreed
  return view('series/plan', {
    title: t('series.book.title'),
    scripts: ['/js/error-summary.js'],
    form: { errors },
    who: kept ? nameOf(speaker, kept) : (patient?.name ?? caller?.name ?? ''),
    phone: patient ? phoneText(patient.phone) : caller?.phone,
    about: aboutText(names),
    firstText: speaker.longDateTime(slot.startsAt),
    cancelHref: back ?? `/app/${ctx.clinic.slug}/today`,
    action: `/app/${ctx.clinic.slug}/series`,
    lookAction: `/app/${ctx.clinic.slug}/series/plan`,
    hidden: {
      // Sent twice, it is one series.
      series: form.id ?? newId<'series'>(),
      ...('visit' in anchor ? { visit: anchor.visit } : { slot: slotText(anchor.slot) }),
      ...(kept || !form.patientId ? {} : { patient: form.patientId }),
      ...(caller && !kept ? caller : {}),
      ...(form.language ? { language: form.language } : {}),
      ...(form.agreed ? { agreed: 'yes' } : {}),
      ...(back ? { back } : {}),
    },
    asks: answerFields(t, questions, { values: form.answers, errors }),
    rule: ruleFields(speaker, form, first.dayOfWeek),
    kept: kept && { when: speaker.longDateTime(kept.startsAt), status: kept.status },
    ...rowsOf(ctx, speaker, rows, names, state.trouble ?? (standsInTheWay(planned) === 'changed' ? 'changed' : undefined)),
    leave: t('series.row.leave'),
    cut: cut ? t('series.book.cut') : undefined,
    ready: booked >= 2,
    submit: t('series.book.do', { count: booked }),
    tells: wanted ? t('series.book.tells', { time: speaker.time(ctx.now.add(deskGrace)) }) : t('series.book.tells_nobody'),
  }) // prettier-ignore
}

export type MovePlan = {
  id: AppointmentId
  to: SlotChoice
  back: string
  trouble: Trouble
}

export async function movePlanPage(
  ctx: Ctx,
  speaker: Speaker,
  state: MovePlan,
  { visit, rows }: MovePlanned,
): Promise<View> {
  const { id, to, back } = state
  const { t } = speaker
  const names = await namesOf(ctx, to)
  const moved = rows.filter(({ was, to: place }) => place && !sameTime(was, place)).length
  const action = `/app/${ctx.clinic.slug}/appointments/${id}/later/move`
  return view('series/plan', {
    title: t('series.move.title'),
    form: emptyForm,
    who: nameOf(speaker, visit),
    phone: undefined,
    about: aboutText(names),
    firstText: speaker.longDateTime(to.startsAt),
    cancelHref: back,
    action,
    lookAction: undefined,
    hidden: { slot: slotText(to), back, step: 'move' },
    asks: [],
    rule: undefined,
    kept: undefined,
    ...rowsOf(ctx, speaker, rows, names, state.trouble),
    // Of a visit that is there, leaving it out is leaving it where it is.
    leave: t('series.move.leave'),
    cut: undefined,
    ready: moved > 0,
    submit: t('series.move.do', { count: moved }),
    tells: visit.messagesWanted
      ? t('series.move.tells', { time: speaker.time(ctx.now.add(deskGrace)) })
      : t('series.book.tells_nobody'),
  })
}

type Names = { serviceName: string; practitionerName: string; locationName: string; all: Map<string, string> }

async function namesOf(ctx: Ctx, { serviceId, practitionerId, locationId }: SlotChoice): Promise<Names> {
  const { services, practitioners, locations } = await getSettings(ctx)
  const all = new Map<string, string>([...practitioners, ...locations].map(({ id, name }) => [id, name]))
  return {
    serviceName: services.find(({ id }) => id === serviceId)?.name ?? '',
    practitionerName: all.get(practitionerId) ?? '',
    locationName: all.get(locationId) ?? '',
    all,
  }
}

function ruleFields(speaker: Speaker, { rule, end, until }: SeriesForm, firstDay: number) {
  const { t } = speaker
  const days = rule.every === 'week' ? rule.weekdays : []
  const field = (name: string, rest: Record<string, unknown>) => ({ name, label: t(`series.field.${name}`), ...rest })
  return {
    repeat: field('repeat', {
      type: 'select',
      value: rule.every,
      options: ['day', 'week', 'month'].map((value) => ({ value, label: t(`series.every.${value}`) })),
    }),
    step: field('step', {
      type: 'number',
      value: String(rule.step),
      min: 1,
      max: 12,
      inputmode: 'numeric',
      css: 'input-short',
    }),
    weekday: field('weekday', {
      type: 'checkboxes',
      value: [...new Set([...days, firstDay])].map(String),
      options: weekdaysOf(speaker),
    }),
    monthBy: field('month_by', {
      type: 'radio',
      value: rule.every === 'month' ? rule.by : 'date',
      options: ['date', 'weekday'].map((value) => ({ value, label: t(`series.month_by.${value}`) })),
    }),
    ends: field('ends', {
      type: 'radio',
      value: 'until' in end ? 'until' : 'count',
      options: ['count', 'until'].map((value) => ({ value, label: t(`series.ends.${value}`) })),
    }),
    count: field('count', {
      type: 'number',
      value: 'count' in end ? String(end.count) : '',
      min: 2,
      max: mostVisits,
      inputmode: 'numeric',
      css: 'input-short',
    }),
    until: field('until', { type: 'date', value: 'until' in end ? end.until.toString() : until }),
  }
}

function rowsOf(
  ctx: Ctx,
  speaker: Speaker,
  rows: readonly (Planned & { was?: { startsAt: Planned['slot']['startsAt'] } })[],
  names: Names,
  trouble: Trouble,
) {
  const { t } = speaker
  const count = (wanted: (row: Planned) => boolean) => rows.filter(wanted).length
  const open = count(({ state }) => state === 'conflict')
  const choice = (slot: SlotChoice, of: SlotChoice) => ({
    value: slotText(slot),
    label: speaker.longDateTime(slot.startsAt),
    note: [
      ...(slot.practitionerId === of.practitionerId ? [] : [isolated(names.all.get(slot.practitionerId) ?? '')]),
      ...(slot.locationId === of.locationId ? [] : [isolated(names.all.get(slot.locationId) ?? '')]),
    ].join(' · '),
  })
  return {
    trouble: trouble && { title: t(`series.trouble.${trouble}_title`), text: t(`series.trouble.${trouble === 'undecided' && open === 0 ? 'unseen' : trouble}`, { count: open }) },
    summary: {
      free: t('series.summary.free', { count: count(({ to }) => to !== undefined) }),
      open: open === 0 ? undefined : t('series.summary.open', { count: open }),
      out: count(({ state }) => state === 'left_out') === 0
        ? undefined
        : t('series.summary.left_out', { count: count(({ state }) => state === 'left_out') }),
    },
    rows: rows.map((row) => ({
      key: row.key,
      when: speaker.longDateTime((row.to ?? row.slot).startsAt),
      wanted: row.state === 'chosen' ? t('series.row.instead_of', { when: speaker.longDateTime(row.slot.startsAt) }) : undefined,
      was: row.was ? t('series.row.was', { when: speaker.dateTime(row.was.startsAt) }) : undefined,
      state: row.state,
      css: { free: 'pill-success', chosen: 'pill-accent', left_out: '', conflict: 'pill-warning' }[row.state],
      icon: { free: 'check', chosen: 'arrow-right', left_out: 'x', conflict: 'alert-triangle' }[row.state],
      word: t(`series.state.${row.state}`),
      why:
        row.why &&
        (row.reason === undefined
          ? t(`series.why.${row.why}`)
          : t('series.why.closed_because', { reason: isolated(row.reason) })),
      lost: row.lost,
      notes: [
        ...(row.lastDay ? [t('series.row.last_day')] : []),
        ...(row.shifted ? [t('series.row.shifted')] : []),
      ],
      at: row.to && slotText(row.to),
      alternatives: row.alternatives.map((slot) => choice(slot, row.slot)),
      leave: t('series.row.leave_out', { when: speaker.longDateTime(row.slot.startsAt) }),
    })),
  } // prettier-ignore
}
