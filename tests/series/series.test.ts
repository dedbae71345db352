import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { moveAppointment } from '../../src/features/appointments/actions/move.ts'
import { elsewhere, moveLater, planMove } from '../../src/features/series/actions/later.ts'
import type { Decision } from '../../src/features/series/rules.ts'
import { newId } from '../../src/kernel/ids.ts'
import { Temporal } from '../../src/kernel/time.ts'
import { valueOf } from '../appointments/scene.ts'
import { startTestApp, testNow, type TestApp } from '../support/app.ts'
import type { TestClinic } from '../support/cast.ts'
import { makePractitioner, makeShift } from '../support/factories.ts'
import { countWaiting } from '../support/locks.ts'
import { seriesScene } from './scene.ts'

const close = (clinic: TestClinic, date: string, reason: string) =>
  clinic.inClinic(async (ctx) => {
    await app.superuser(
      `insert into clinic.closures (clinic_id, id, starts_at, ends_at, reason, created_at)
       values ($1, $2, $3::date::timestamp at time zone 'Asia/Karachi', ($3::date + 1)::timestamp at time zone 'Asia/Karachi', $4, now())`,
      [clinic.id, newId(), date, reason],
    )
    ctx.settingsChanged()
  })

let app: TestApp
beforeAll(async () => {
  app = await startTestApp()
})
afterAll(() => app.stop())
beforeEach(() => app.clock.set(testNow))

describe('booking a series', () => {
  it('books every date, in one go, with one message and one entry for the whole', async () => {
    const { repeat, stand, waiting, audited } = await seriesScene(app)
    const booked = await repeat()
    expect(await stand()).toEqual(
      ['2026-11-25', '2026-12-02', '2026-12-09', '2026-12-16', '2026-12-23', '2026-12-30'].map((date, at) => ({
        index: at + 1,
        of: 6,
        status: 'booked',
        at: `${date} 10:00`,
      })),
    )
    expect(await waiting()).toEqual(['series_confirmation'])
    expect(booked.messageAt?.toString()).toBe(app.clock.now().add({ minutes: 3 }).toString())
    expect(await audited()).toEqual([...Array.from({ length: 6 }, () => 'appointment.booked'), 'series.booked'])
  })

  it('is told as moved when its message is just being made, and not confirmed twice', async () => {
    const { clinic, at, repeat, waiting } = await seriesScene(app)
    const [first] = (await repeat()).visits
    let moved: Promise<unknown> | undefined
    const order: string[] = []
    await clinic.inClinic(async (ctx) => {
      // The dispatcher, who has it in hand ...
      await ctx.db.raw(
        `update clinic.messages set status = 'sending' where clinic_id = ? and kind = 'series_confirmation'`,
        [clinic.id],
      )
      moved = clinic
        .inClinic((other) => moveAppointment(other, first!.id, at('12:00'), 'desk'))
        .then(() => order.push('moved'))
      // ... while somebody gets as far as they can.
      await expect.poll(() => countWaiting(app), { timeout: 10_000 }).toBeGreaterThan(0)
      order.push('sent')
    })
    await moved
    expect(order).toEqual(['sent', 'moved'])
    expect(await waiting()).toContain('moved')
    expect(await waiting()).not.toContain('confirmation')
  })

  it('has reminders of its own for each visit', async () => {
    const { clinic, repeat } = await seriesScene(app)
    await repeat('10:00', '2026-11-27')
    const [row] = await app.superuser<{ visits: number; reminders: number }>(
      `select count(distinct appointment_id)::int as visits, count(*)::int as reminders
       from clinic.messages where clinic_id = $1 and kind like 'reminder%'`,
      [clinic.id],
    )
    expect(row).toEqual({ visits: 6, reminders: 12 })
  })

  it('is the same series when the form is sent twice', async () => {
    const { at, asShown, book, stand } = await seriesScene(app)
    const anchor = { slot: at('10:00') }
    const id = newId<'series'>()
    const picks = await asShown(anchor)
    const twice = [await book(anchor, picks, { id }), await book(anchor, picks, { id })]
    expect(twice.map((one) => valueOf(one).visits.map(({ id: visit }) => visit))).toEqual(
      Array.from({ length: 2 }, () => valueOf(twice[0]!).visits.map(({ id: visit }) => visit)),
    )
    expect(await stand()).toHaveLength(6)
  })

  it('makes a visit that is there the first, and leaves what was told of it alone', async () => {
    const { at, bookByPhone, asShown, book, stand, messages } = await seriesScene(app)
    const visit = valueOf(await bookByPhone(at('10:00')))
    const anchor = { visit: visit.id }
    valueOf(await book(anchor, await asShown(anchor)))
    expect((await stand()).map(({ index, of }) => [index, of])).toEqual([1, 2, 3, 4, 5, 6].map((index) => [index, 6]))
    expect((await messages()).map(({ kind, status }) => [kind, status])).toEqual([
      ['confirmation', 'queued'],
      ['series_confirmation', 'queued'],
      ...Array.from({ length: 5 }, () => ['confirmation', 'dropped']),
    ])
  })

  it('goes on from a visit of some weeks ago', async () => {
    const { clinic, at, bookByPhone, planOf } = await seriesScene(app)
    const visit = valueOf(await bookByPhone(at('10:00')))
    await app.superuser(
      `update clinic.appointments set status = 'fulfilled', starts_at = starts_at - interval '21 days',
         ends_at = ends_at - interval '21 days', occupied_from = occupied_from - interval '21 days',
         occupied_to = occupied_to - interval '21 days' where clinic_id = $1`,
      [clinic.id],
    )
    const { rows } = await planOf({ visit: visit.id }, undefined, { count: 3 })
    expect(rows.map(({ key }) => key)).toEqual(['2026-11-25', '2026-12-02'])
  })

  it('counts as one open booking of its number', async () => {
    const { at, hold, bookHeld, repeat } = await seriesScene(app)
    await repeat('12:00')
    const id = valueOf(await hold(at('15:00')))
    expect(await bookHeld(id, at('15:00'))).toMatchObject({ ok: true })
  })
})

describe('a date that is not free', () => {
  it.each([
    ['taken', '2026-12-02'],
    ['closed', '2026-12-09'],
  ])('says that it is %s, and offers what is near', async (why, date) => {
    const { clinic, at, bookByPhone, planOf } = await seriesScene(app)
    valueOf(await bookByPhone(at('10:00', '2026-12-02')))
    await close(clinic, '2026-12-09', 'Eid')
    const { rows } = await planOf({ slot: at('10:00') })
    const row = rows.find(({ key }) => key === date)!
    expect(row).toMatchObject({ state: 'conflict', why, to: undefined, ...(why === 'closed' ? { reason: 'Eid' } : {}) })
    expect(row.alternatives.length).toBeGreaterThan(0)
    expect(rows.filter(({ state }) => state === 'free')).toHaveLength(4)
  })

  it('says that nobody works then', async () => {
    const { at, planOf } = await seriesScene(app)
    const { rows } = await planOf({ slot: at('20:00') })
    expect(new Set(rows.map(({ why }) => why))).toEqual(new Set(['hours']))
  })

  it('has to be decided; then it goes elsewhere or is left out', async () => {
    const { at, bookByPhone, asShown, book, planOf, stand } = await seriesScene(app)
    valueOf(await bookByPhone(at('10:00', '2026-12-02')))
    const anchor = { slot: at('10:00') }
    const picks = await asShown(anchor)
    expect(await book(anchor, picks)).toEqual({ ok: false, reason: 'undecided' })
    const [alternative] = (await planOf(anchor)).rows[1]!.alternatives
    const elsewhere = new Map(picks).set('2026-12-02', alternative!).set('2026-12-09', 'leave_out')
    expect(valueOf(await book(anchor, elsewhere)).visits).toHaveLength(5)
    expect((await stand()).filter(({ of }) => of !== null).map(({ index, of }) => [index, of])).toEqual(
      [1, 2, 3, 4, 5].map((index) => [index, 5]),
    )
  })

  it('is never offered the same time as another date of the series', async () => {
    const { at, bookByPhone, planOf } = await seriesScene(app)
    valueOf(await bookByPhone(at('10:00', '2026-12-02')))
    const { rows } = await planOf({ slot: at('10:00') }, { every: 'day', step: 1 }, { count: 12 })
    const others = rows.flatMap(({ to }) => (to ? [to.startsAt.toString()] : []))
    const offered = rows.flatMap(({ alternatives }) => alternatives.map(({ startsAt }) => startsAt.toString()))
    expect(offered.length).toBeGreaterThan(0)
    expect(offered.filter((moment) => others.includes(moment))).toEqual([])
  })

  it('of which two went to the same other time, is one too many', async () => {
    const { at, asShown, book, stand } = await seriesScene(app)
    const anchor = { slot: at('10:00') }
    const same = at('15:00', '2026-12-01')
    const picks = new Map<string, Decision>(await asShown(anchor)).set('2026-12-02', same).set('2026-12-09', same)
    expect(await book(anchor, picks)).toEqual({ ok: false, reason: 'changed' })
    expect(await stand()).toEqual([])
  })
})

describe('all or nothing', () => {
  it('writes nothing when somebody took the fourth date meanwhile, and says which', async () => {
    const { clinic, at, bookByPhone, asShown, book, planOf, stand, messages } = await seriesScene(app)
    const anchor = { slot: at('10:00') }
    const picks = await asShown(anchor)
    valueOf(await bookByPhone(at('10:00', '2026-12-16'), undefined))
    const before = await messages()
    expect(await book(anchor, picks)).toEqual({ ok: false, reason: 'changed' })
    expect((await stand()).map(({ at: when }) => when)).toEqual(['2026-12-16 10:00'])
    expect(await messages()).toEqual(before)
    const [{ count }] = (await app.superuser<{ count: number }>(
      'select count(*)::int as count from clinic.series where clinic_id = $1',
      [clinic.id],
    )) as [{ count: number }]
    expect(count).toBe(0)
    const again = await planOf(anchor, undefined, undefined, picks)
    expect(again.rows.filter(({ lost }) => lost).map(({ key }) => key)).toEqual(['2026-12-16'])
  })

  it('lets one of two series that cross win whole', async () => {
    const { at, asShown, book, stand } = await seriesScene(app)
    for (let round = 0; round < 4; round++) {
      const time = `${10 + round}:00`
      // Every Wednesday, and every second day from Thursday on: they share the Wednesday after.
      const [one, other] = [{ slot: at(time, '2026-11-25') }, { slot: at(time, '2026-11-26') }]
      const daily = { every: 'day', step: 2 } as const
      const ends = { count: 8 }
      const outcomes = await Promise.all([
        book(one, await asShown(one, undefined, ends), { end: ends, patient: 1 }),
        book(other, await asShown(other, daily, ends), { rule: daily, end: ends, patient: 2 }),
      ])
      expect(outcomes.filter(({ ok }) => ok)).toHaveLength(1)
      expect(outcomes.filter(({ ok }) => !ok)).toEqual([{ ok: false, reason: 'changed' }])
      expect((await stand()).filter(({ at: when }) => when.endsWith(time))).toHaveLength(8)
    }
  })

  it('asks to be looked at again when the rule was changed after the dates were shown', async () => {
    const { at, asShown, book } = await seriesScene(app)
    const anchor = { slot: at('10:00') }
    const picks = await asShown(anchor)
    expect(await book(anchor, picks, { end: { count: 7 } })).toEqual({ ok: false, reason: 'undecided' })
  })

  it('needs two visits to be a series', async () => {
    const { at, book } = await seriesScene(app)
    const anchor = { slot: at('10:00') }
    const picks = new Map<string, Decision>([
      ['2026-11-25', anchor.slot],
      ['2026-12-02', 'leave_out'],
    ])
    expect(await book(anchor, picks, { end: { count: 2 } })).toEqual({ ok: false, reason: 'too_few' })
  })
})

describe('this and later', () => {
  it('moves the rest to another weekday and time, and tells it once', async () => {
    const { repeat, move, stand, waiting, audited } = await seriesScene(app)
    const { visits } = await repeat()
    app.clock.advance({ minutes: 5 })
    const moved = valueOf(await move(visits[2]!.id, '14:30', '2026-12-10'))
    expect(moved.count).toBe(4)
    expect((await stand()).map(({ at: when }) => when)).toEqual([
      '2026-11-25 10:00',
      '2026-12-02 10:00',
      '2026-12-10 14:30',
      '2026-12-17 14:30',
      '2026-12-24 14:30',
      '2026-12-31 14:30',
    ])
    // The first message has not been sent in this test: it tells of all six as they stand now.
    expect(await waiting()).toEqual(['series_confirmation'])
    expect((await audited()).slice(-5)).toEqual([
      ...Array.from({ length: 4 }, () => 'appointment.moved'),
      'series.moved',
    ])
  })

  it('can go a week later, each onto the place of the next, and back again', async () => {
    const { repeat, move, undo, stand } = await seriesScene(app)
    const { id, visits } = await repeat()
    const before = await stand()
    valueOf(await move(visits[0]!.id, '10:00', '2026-12-02'))
    expect((await stand()).at(0)?.at).toBe('2026-12-02 10:00')
    expect(valueOf(await undo(id))).toEqual({ kind: 'moved', count: 6 })
    expect(await stand()).toEqual(before)
    valueOf(await move(visits[3]!.id, '10:00', '2026-12-15'))
    expect((await stand()).map(({ at: when }) => when.slice(0, 10))).toContain('2026-12-15')
  })

  it('moves nothing when one of the new times went meanwhile', async () => {
    const { at, bookByPhone, repeat, move, stand } = await seriesScene(app)
    const { visits } = await repeat()
    const picks = new Map<string, Decision>(
      visits.map((visit) => [visit.id, { ...at('15:00'), startsAt: visit.startsAt.add({ hours: 5 }) }] as const),
    )
    valueOf(await bookByPhone(at('15:00', '2026-12-16')))
    const before = await stand()
    expect(await move(visits[0]!.id, '15:00', '2026-11-25', picks)).toEqual({ ok: false, reason: 'changed' })
    expect(await stand()).toEqual(before)
  })

  it('cancels the rest and tells it once, and nothing of what nobody had been told', async () => {
    const { repeat, cancel, stand, waiting } = await seriesScene(app)
    const { visits } = await repeat()
    expect(valueOf(await cancel(visits[3]!.id)).count).toBe(3)
    expect((await stand()).map(({ status }) => status)).toEqual([
      'booked',
      'booked',
      'booked',
      'cancelled',
      'cancelled',
      'cancelled',
    ])
    expect(await waiting()).toEqual(['series_confirmation'])
    expect(valueOf(await cancel(visits[0]!.id)).count).toBe(3)
    // Nothing is left of what the message was to tell.
    expect(await waiting()).toEqual([])
  })

  it('leaves alone what is over or was cancelled by itself', async () => {
    const { clinic, repeat, cancel, stand } = await seriesScene(app)
    const { visits } = await repeat()
    await app.superuser(
      `update clinic.appointments set status = 'arrived', arrived_at = now() where clinic_id = $1 and id = $2`,
      [clinic.id, visits[1]!.id],
    )
    expect(valueOf(await cancel(visits[0]!.id)).count).toBe(5)
    expect((await stand()).map(({ status }) => status).filter((status) => status === 'arrived')).toHaveLength(1)
  })
})

describe('this and later, but only the time of day or only the doctor', () => {
  it('leaves to each visit what does not change for this one', async () => {
    const { clinic, repeat, move, at, locationId } = await seriesScene(app)
    const hamid = await makePractitioner(clinic, { name: 'Dr Hamid' })
    await makeShift(clinic, { practitionerId: hamid.id, locationId })
    const { visits } = await repeat()
    // One of them is at another time and with another doctor, as the patient wished for that day.
    const odd = { ...at('16:30', '2026-12-10'), practitionerId: hamid.id }
    valueOf(await clinic.inClinic((ctx) => moveAppointment(ctx, visits[2]!.id, odd, 'desk')))
    const stand = async () =>
      (
        await app.superuser<{ at: string; doctor: string }>(
          `select to_char(starts_at at time zone 'Asia/Karachi', 'MM-DD HH24:MI') as at, practitioner_id as doctor
           from clinic.appointments where clinic_id = $1 order by series_index`,
          [clinic.id],
        )
      ).map(({ at: when, doctor }) => `${when} ${doctor === hamid.id ? 'Hamid' : 'Sana'}`)
    const timeOnly = await clinic.inClinic((ctx) =>
      elsewhere(ctx, visits[1]!.id, { time: Temporal.PlainTime.from('11:15'), practitionerId: undefined }),
    )
    expect(timeOnly).toEqual(at('11:15', '2026-12-02'))
    valueOf(await move(visits[1]!.id, '11:15', '2026-12-02'))
    expect((await stand()).slice(0, 4)).toEqual([
      '11-25 10:00 Sana',
      '12-02 11:15 Sana',
      '12-10 11:15 Hamid',
      '12-16 11:15 Sana',
    ])
    valueOf(await clinic.inClinic((ctx) => moveAppointment(ctx, visits[3]!.id, at('16:15', '2026-12-16'), 'desk')))
    const to = await clinic.inClinic((ctx) =>
      elsewhere(ctx, visits[1]!.id, { time: undefined, practitionerId: hamid.id }),
    )
    const { rows } = await clinic.inClinic((ctx) => planMove(ctx, visits[1]!.id, to!, new Map()))
    const picks = new Map<string, Decision>(rows.flatMap((row) => (row.to ? [[row.key, row.to] as const] : [])))
    // The one that is there already is not moved.
    expect(valueOf(await clinic.inClinic((ctx) => moveLater(ctx, visits[1]!.id, to!, picks))).count).toBe(4)
    expect((await stand()).slice(0, 4)).toEqual([
      '11-25 10:00 Sana',
      '12-02 11:15 Hamid',
      '12-10 11:15 Hamid',
      '12-16 16:15 Hamid',
    ])
  })

  it('is nothing when neither is another one', async () => {
    const { clinic, repeat } = await seriesScene(app)
    const [first] = (await repeat()).visits
    const same = { time: Temporal.PlainTime.from('10:00'), practitionerId: first!.practitionerId }
    expect(await clinic.inClinic((ctx) => elsewhere(ctx, first!.id, same))).toBeUndefined()
  })
})
