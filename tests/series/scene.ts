// What the tests of repeat visits share: a clinic open every day from nine to six, and short words for what a desk does.
import { bookSeries, planSeries, type Anchor, type Booked, type Who } from '../../src/features/series/actions/book.ts'
import { cancelLater, moveLater, planMove } from '../../src/features/series/actions/later.ts'
import { undoLastChange } from '../../src/features/series/actions/undo.ts'
import type { Decision, End, Rule } from '../../src/features/series/rules.ts'
import { newId, type AppointmentId, type SeriesId } from '../../src/kernel/ids.ts'
import type { Phone } from '../../src/kernel/phone.ts'
import { Temporal } from '../../src/kernel/time.ts'
import { scene, valueOf } from '../appointments/scene.ts'
import type { TestApp } from '../support/app.ts'

export const weekly: Rule = { every: 'week', step: 1, weekdays: [] }

export async function seriesScene(app: TestApp, service: Parameters<typeof scene>[1] = {}) {
  const base = await scene(app, service)
  const { clinic, at } = base
  const who = (number = 1) => ({
    patient: { name: `Ayesha Khan ${number}`, phone: `+92300${2_000_000 + number}` as Phone },
    language: 'en' as const,
    agreed: true,
  })
  const planOf = (anchor: Anchor, rule: Rule = weekly, end: End = { count: 6 }, picks = new Map<string, Decision>()) =>
    clinic.inClinic((ctx) => planSeries(ctx, anchor, rule, end, picks))
  /** What a form sends when somebody looked at the plan and changed nothing about it. */
  const asShown = async (anchor: Anchor, rule: Rule = weekly, end: End = { count: 6 }) => {
    const { rows } = await planOf(anchor, rule, end)
    return new Map<string, Decision>(rows.flatMap(({ key, to }) => (to ? [[key, to] as const] : [])))
  }
  const book = (
    anchor: Anchor,
    picks: ReadonlyMap<string, Decision>,
    {
      rule = weekly,
      end = { count: 6 },
      id = newId<'series'>(),
      patient = 1,
      ...rest
    }: { rule?: Rule; end?: End; id?: SeriesId; patient?: number; who?: Who } = {},
  ) => clinic.inClinic((ctx) => bookSeries(ctx, { id, anchor, rule, end, picks, who: rest.who ?? who(patient) }))
  /** Looks and books. */
  const repeat = async (time = '10:00', date = '2026-11-25', rule: Rule = weekly, end: End = { count: 6 }) => {
    const anchor = { slot: at(time, date) }
    return valueOf<Booked>(await book(anchor, await asShown(anchor, rule, end), { rule, end }))
  }
  const move = async (id: AppointmentId, time: string, date: string, picks?: ReadonlyMap<string, Decision>) => {
    const to = at(time, date)
    const shown = await clinic.inClinic((ctx) => planMove(ctx, id, to, new Map()))
    const taken =
      picks ?? new Map<string, Decision>(shown.rows.flatMap((row) => (row.to ? [[row.key, row.to] as const] : [])))
    return clinic.inClinic((ctx) => moveLater(ctx, id, to, taken))
  }
  const cancel = (id: AppointmentId) => clinic.inClinic((ctx) => cancelLater(ctx, id))
  const undo = (id: SeriesId) => clinic.inClinic((ctx) => undoLastChange(ctx, id))
  const stand = () =>
    app.superuser<{ index: number | null; of: number | null; status: string; at: string }>(
      `select series_index as index, series_of as of, status,
         to_char(starts_at at time zone 'Asia/Karachi', 'YYYY-MM-DD HH24:MI') as at
       from clinic.appointments where clinic_id = $1 order by starts_at`,
      [clinic.id],
    )
  const messages = () =>
    app.superuser<{ kind: string; status: string; reason: string | null; due: string }>(
      `select kind, status, drop_reason as reason, due_at::text as due from clinic.messages
       where clinic_id = $1 and kind not like 'reminder%' order by created_at, id`,
      [clinic.id],
    )
  const waiting = async () => (await messages()).filter(({ status }) => status === 'queued').map(({ kind }) => kind)
  const audited = async () =>
    (
      await app.superuser<{ action: string }>(
        `select action from clinic.audit_entries where clinic_id = $1 and action not like 'patient%' and action not like 'consent%'
         order by id`,
        [clinic.id],
      )
    ).map(({ action }) => action)
  return {
    ...base,
    bookHeld: base.book,
    who,
    planOf,
    asShown,
    book,
    repeat,
    move,
    cancel,
    undo,
    stand,
    messages,
    waiting,
    audited,
  }
}

export const local = (text: string) => Temporal.PlainDateTime.from(text).toZonedDateTime('Asia/Karachi').toInstant()
