import type { AppointmentId, PatientId, SeriesId } from '../../../kernel/ids.ts'
import { done, refuse, type Outcome } from '../../../kernel/outcome.ts'
import { dateAt, Temporal, timeAt, type Instant } from '../../../kernel/time.ts'
import { audit } from '../../../platform/audit.ts'
import type { Ctx } from '../../../platform/clinic-scope.ts'
import { notFound } from '../../../platform/errors.ts'
import type { Language } from '../../../platform/i18n/languages.ts'
import { bookAtDesk } from '../../appointments/actions/book.ts'
import { joinSeries } from '../../appointments/actions/series.ts'
import { ownDiaryOnly } from '../../appointments/actions/own-diary.ts'
import { getAppointment, listAppointmentsOfSeries, type Appointment } from '../../appointments/queries.ts'
import { answersIn, questionsOf } from '../../appointments/rules/answers.ts'
import { getSettings } from '../../availability/actions.ts'
import type { SlotChoice } from '../../desk/rules.ts'
import { noticeTogether, type AppointmentFacts } from '../../notices/actions.ts'
import { rememberPatient, type PatientDetails } from '../../patients/actions.ts'
import { getPatient } from '../../patients/queries.ts'
import { usageOf } from '../../subscription/rules/usage.ts'
import { findSeries, insertSeries, updateLastChange } from '../queries.ts'
import {
  deskHorizonDays,
  mostVisits,
  occurrencesOf,
  repeatable,
  slotOf,
  standsInTheWay,
  wallClock,
  type End,
  type Decision,
  type Rule,
} from '../rules.ts'
import { plan, type Planned, type Wish } from './plan.ts'

/** What repeats: a visit that is there already, which becomes the first, or a free time that was picked for somebody. */
export type Anchor = { visit: AppointmentId } | { slot: SlotChoice }

export type Who = {
  patient: { id: PatientId } | Pick<PatientDetails, 'name' | 'phone'>
  language: Language
  agreed: boolean
  /** As typed under the service's questions, and said of each visit. */
  answers?: Readonly<Record<string, string>>
}

export type SeriesPlan = {
  /** The visit that is there already. */
  kept: Appointment | undefined
  rows: Planned[]
  /** The horizon ended it before its count did. */
  cut: boolean
}

export async function planSeries(
  ctx: Ctx,
  anchor: Anchor,
  rule: Rule,
  end: End,
  picks: ReadonlyMap<string, Decision>,
): Promise<SeriesPlan> {
  const kept = 'visit' in anchor ? await getAppointment(ctx, anchor.visit) : undefined
  if (kept) await ownDiaryOnly(ctx, kept.practitionerId)
  const slot = 'slot' in anchor ? anchor.slot : kept && slotOf(kept)
  if (!slot || (kept && !repeatable(kept))) return notFound('appointment')
  const { zone } = ctx.clinic
  const [first, time] = [dateAt(slot.startsAt, zone), timeAt(slot.startsAt, zone)]
  const horizon = dateAt(ctx.now, zone).add({ days: deskHorizonDays })
  // Of a visit some time ago the days that went by since are no part: its series goes on from now.
  const whole = kept ? (('count' in end ? { count: mostVisits } : end) satisfies End) : end
  const found = occurrencesOf(rule, first, whole, horizon)
  const wishes = found.occurrences.map(({ date, lastDay }): Wish => {
    const { startsAt, shifted } = wallClock(date, time, zone)
    return { key: date.toString(), slot: { ...slot, startsAt }, lastDay, shifted }
  })
  if (!kept) return { kept, rows: await plan(ctx, wishes, picks), cut: found.cut }
  const ahead = wishes.filter(
    ({ slot: { startsAt } }) => isAfter(startsAt, kept.startsAt) && isAfter(startsAt, ctx.now),
  )
  const wanted = 'count' in end ? ahead.slice(0, end.count - 1) : ahead
  return { kept, rows: await plan(ctx, wanted, picks), cut: 'count' in end && wanted.length < end.count - 1 }
}

const isAfter = (a: Instant, b: Instant) => Temporal.Instant.compare(a, b) > 0

export type Booked = { id: SeriesId; visits: Appointment[]; messageAt: Instant | undefined }

/**
 * Books a whole series or nothing of it. Each date is as it was looked at: when one of them is no longer free the answer
 * is that something changed, and nothing was written. Sent twice, it answers the series that the first one made.
 */
export async function bookSeries(
  ctx: Ctx,
  wanted: {
    id: SeriesId
    anchor: Anchor
    rule: Rule
    end: End
    picks: ReadonlyMap<string, Decision>
    who: Who | undefined
  },
): Promise<Outcome<Booked, 'changed' | 'undecided' | 'too_few' | 'month_full' | 'answers'>> {
  const { id, anchor, rule, end, picks } = wanted
  if (await findSeries(ctx, id)) {
    return done({ id, visits: await listAppointmentsOfSeries(ctx, id), messageAt: undefined })
  }
  const planned = await planSeries(ctx, anchor, rule, end, picks)
  const hindrance = standsInTheWay(planned)
  if (hindrance) return refuse(hindrance)
  // In order of time: two series that cross wait for each other at the first date they share, and never both ways.
  const slots = planned.rows
    .flatMap(({ to }) => to ?? [])
    .sort((a, b) => Temporal.Instant.compare(a.startsAt, b.startsAt))
  const { used, limit } = usageOf(ctx.clinic, 'bookings', ctx.now)
  if (limit !== null && used + slots.length > limit) return refuse('month_full')
  const known = planned.kept
  const who = known ? whoOf(known) : wanted.who
  if (!who) return notFound('patient')
  const asked = slots[0] ? questionsOf(await getSettings(ctx), slots[0].serviceId) : []
  const { answers, errors } = answersIn(asked, who.answers ?? {})
  if (Object.keys(errors).length > 0) return refuse('answers')
  const patient = await patientOf(ctx, who)
  if (!(await insertSeries(ctx, id, rule, slots.length + (known ? 1 : 0)))) return refuse('changed')
  const together: AppointmentFacts[] = []
  const ids: AppointmentId[] = known ? [known.id] : []
  for (const wish of slots) {
    const booked = await bookAtDesk(ctx, {
      wish,
      patient,
      language: who.language,
      messagesWanted: who.agreed,
      answers,
      together,
    })
    if (!booked.ok) return refuse(booked.reason === 'month_full' ? 'month_full' : 'changed')
    ids.push(booked.value.id)
  }
  if (!(await joinSeries(ctx, id, ids))) return refuse('changed')
  await audit(
    ctx,
    'series.booked',
    { kind: 'series', id },
    { visits: ids.length, every: rule.every, step: rule.step, left_out: planned.rows.length - slots.length },
  )
  const messageAt = await noticeTogether(ctx, together, { by: 'desk', dropping: 'stale_version' })
  const visits = await listAppointmentsOfSeries(ctx, id)
  await updateLastChange(ctx, id, {
    kind: 'booked',
    at: ctx.now.toString(),
    visits: visits.filter((visit) => visit.id !== known?.id).map((visit) => ({ id: visit.id, version: visit.version })),
  })
  return done({ id, visits, messageAt })
}

/** The series of a visit is its patient's: told in the same language, or not at all, as they wished for that visit. */
function whoOf({ patientId, language, messagesWanted }: Appointment): Who | undefined {
  return patientId === null ? undefined : { patient: { id: patientId }, language, agreed: messagesWanted }
}

async function patientOf(ctx: Ctx, { patient, language, agreed }: Who): Promise<{ id: PatientId }> {
  const known =
    'id' in patient ? await getPatient(ctx, patient.id) : { ...patient, email: undefined, restrictedAt: null }
  // Nothing new is booked for somebody whose data is restricted.
  if (known.restrictedAt !== null) return notFound('patient')
  if ('id' in patient && !agreed) return patient
  const consentWording = agreed ? 'desk' : undefined
  return { id: await rememberPatient(ctx, { ...known, language, proven: false, consentWording }) }
}
