// "This and later" taken back: every visit exactly where it was, and nobody told twice.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { confirmByPhone } from '../../src/features/appointments/actions/confirm.ts'
import { moveAppointment } from '../../src/features/appointments/actions/move.ts'
import { resizeAppointment } from '../../src/features/appointments/actions/resize.ts'
import { leaveSeries } from '../../src/features/appointments/actions/series.ts'
import { addClosure } from '../../src/features/clinics/actions/closures.ts'
import type { AppointmentId } from '../../src/kernel/ids.ts'
import { details, valueOf } from '../appointments/scene.ts'
import { startTestApp, testNow, type TestApp } from '../support/app.ts'
import { makePractitioner, makeResource, makeShift } from '../support/factories.ts'
import { bareWordsOf, wordsOf } from '../support/http.ts'
import { seriesScene } from './scene.ts'

let app: TestApp
beforeAll(async () => {
  app = await startTestApp()
})
afterAll(() => app.stop())
beforeEach(() => app.clock.set(testNow))

async function desk(rooms = 2) {
  const scene = await seriesScene(app)
  const { clinic, service, locationId } = scene
  for (let number = 1; number <= rooms; number++) {
    await makeResource(clinic, { name: `Room ${number}`, kind: 'room', locationId, neededBy: service.id })
  }
  return {
    ...scene,
    bilal: await clinic.as(clinic.cast.bilal),
    base: `/app/${clinic.slug}`,
    /** All that a diary says of a visit. */
    exact: () =>
      app.superuser(
        `select a.series_index as index, a.status, a.starts_at::text, a.ends_at::text, a.occupied_from::text,
           a.occupied_to::text, a.lane, a.overbooked, a.resized, a.practitioner_id, a.location_id, a.confirmed_at::text,
           (select array_agg(r.resource_id order by r.resource_id) from clinic.appointment_resources r
            where r.clinic_id = a.clinic_id and r.appointment_id = a.id) as rooms
         from clinic.appointments a where a.clinic_id = $1 and a.series_id is not null order by a.series_index`,
        [clinic.id],
      ),
    versions: async () =>
      (
        await app.superuser<{ version: number }>(
          'select version from clinic.appointments where clinic_id = $1 and series_id is not null order by series_index',
          [clinic.id],
        )
      ).map(({ version }) => version),
    moves: async () =>
      (
        await app.superuser<{ count: number }>(
          `select coalesce(sum(count), 0)::int as count from platform.daily_counts where clinic_id = $1 and metric = 'moved'`,
          [clinic.id],
        )
      )[0]?.count,
    /** As if the dispatcher had sent all that was to be told. */
    send: () =>
      app.superuser(
        `update clinic.messages set status = 'accepted'
         where clinic_id = $1 and status = 'queued' and kind not like 'reminder%'`,
        [clinic.id],
      ),
    confirm: (id: AppointmentId) => clinic.inClinic((ctx) => confirmByPhone(ctx, id)),
    resize: (id: AppointmentId, minutes: number) => clinic.inClinic((ctx) => resizeAppointment(ctx, id, minutes)),
  }
}

describe('"this and later" taken back', () => {
  it('puts each visit where it was: time, room, length and confirmation, and counts no move', async () => {
    const { repeat, confirm, resize, move, undo, exact, versions, moves, audited } = await desk()
    const { id, visits } = await repeat()
    valueOf(await confirm(visits[1]!.id))
    valueOf(await resize(visits[2]!.id, 45))
    const [before, counted, first] = [await exact(), await moves(), await versions()]
    valueOf(await move(visits[1]!.id, '14:30', '2026-12-03'))
    expect((await exact()).map((visit) => visit.confirmed_at)).toEqual([null, null, null, null, null, null])
    expect(await moves()).toBe(counted! + 5)
    expect(valueOf(await undo(id))).toEqual({ kind: 'moved', count: 5 })
    expect(await exact()).toEqual(before)
    expect(await moves()).toBe(counted)
    // Once for the move and once for its end: what was queued of either is of a version that is over.
    expect(await versions()).toEqual(first.map((version, at) => (at === 0 ? version : version + 2)))
    expect((await audited()).slice(-6)).toEqual([
      ...Array.from({ length: 5 }, () => 'appointment.step_undone'),
      'series.undone',
    ])
  })

  it('says no word within the grace, whether or not the first message has left', async () => {
    const { repeat, move, undo, send, waiting } = await desk()
    const { id, visits } = await repeat()
    valueOf(await move(visits[0]!.id, '12:00', '2026-11-25'))
    valueOf(await undo(id))
    expect(await waiting()).toEqual(['series_confirmation'])
    await send()
    valueOf(await move(visits[0]!.id, '12:00', '2026-11-25'))
    expect(await waiting()).toEqual(['series_moved'])
    valueOf(await undo(id))
    expect(await waiting()).toEqual([])
  })

  it('tells of it in one message when the move has been told', async () => {
    const { repeat, move, undo, send, waiting, exact } = await desk()
    const { id, visits } = await repeat()
    await send()
    const before = await exact()
    valueOf(await move(visits[0]!.id, '12:00', '2026-11-25'))
    await send()
    app.clock.advance({ minutes: 10 })
    expect(valueOf(await undo(id))).toEqual({ kind: 'moved', count: 6 })
    expect(await waiting()).toEqual(['series_moved'])
    expect(await exact()).toEqual(before)
    app.clock.advance({ minutes: -10 })
  })

  it('is refused whole when one of the times was taken meanwhile, and says which', async () => {
    const { repeat, move, undo, at, bookByPhone, exact, bilal, base } = await desk()
    const { id, visits } = await repeat()
    valueOf(await move(visits[0]!.id, '12:00', '2026-11-25'))
    valueOf(await bookByPhone(at('10:00', '2026-12-09'), details(7)))
    const moved = await exact()
    expect(await undo(id)).toEqual({ ok: false, reason: 'slot_taken' })
    expect(await exact()).toEqual(moved)
    const answer = await bilal.postForm(`${base}/series/${id}/undo`)
    expect(answer.status).toBe(409)
    const words = bareWordsOf(answer.text)
    expect(words).toContain('Can’t go back: Wed, 9 Dec, 10:00 am has been taken meanwhile.')
    expect(words.match(/Can’t go back/g)).toHaveLength(1)
  })

  it.each(['moved', 'cancelled'] as const)('%s, with a hold that lapsed where one of them was', async (kind) => {
    const { repeat, move, cancel, undo, at, hold } = await desk()
    const { id, visits } = await repeat()
    if (kind === 'moved') valueOf(await move(visits[0]!.id, '12:00', '2026-11-25'))
    else valueOf(await cancel(visits[0]!.id))
    valueOf(await hold(at('10:15', '2026-12-09')))
    app.clock.advance({ minutes: 6 })
    expect(valueOf(await undo(id))).toEqual({ kind, count: 6 })
  })

  it.each(['moved', 'cancelled'] as const)('%s, into a day that has closed since', async (kind) => {
    const { clinic, repeat, move, cancel, undo, at, exact, bilal, base } = await desk()
    const { id, visits } = await repeat()
    const change = async () =>
      valueOf(await (kind === 'moved' ? move(visits[0]!.id, '12:00', '2026-11-25') : cancel(visits[0]!.id)))
    const before = await exact()
    await change()
    const [from, to] = [at('09:00', '2026-12-09'), at('11:00', '2026-12-09')]
    await clinic.inClinic((ctx) =>
      addClosure(ctx, { startsAt: from.startsAt, endsAt: to.startsAt, reason: 'water', shown: false }),
    )
    // Within the grace nobody has heard that it was ever otherwise.
    app.clock.advance({ minutes: 2, seconds: 59 })
    expect(valueOf(await undo(id))).toEqual({ kind, count: 6 })
    expect(await exact()).toEqual(before)
    await change()
    const changed = await exact()
    app.clock.advance({ minutes: 3 })
    expect(await undo(id)).toEqual({ ok: false, reason: 'closed' })
    expect(await exact()).toEqual(changed)
    const answer = await bilal.postForm(`${base}/series/${id}/undo`)
    expect(answer.status).toBe(409)
    const words = wordsOf(answer.text)
    expect(words).toContain('one of the times has closed meanwhile')
    expect(words).toContain('Can’t go back: Wed, 9 Dec, 10:00 am has closed meanwhile.')
    expect(words.match(/Can’t go back/g)).toHaveLength(1)
  })

  it('is refused whole when one of the visits is of the series no more', async () => {
    const { clinic, repeat, move, undo, exact, bilal, base } = await desk()
    const { id, visits } = await repeat()
    valueOf(await move(visits[0]!.id, '12:00', '2026-11-25'))
    await clinic.inClinic((ctx) => leaveSeries(ctx, visits[2]!.id))
    const before = await exact()
    expect(await undo(id)).toEqual({ ok: false, reason: 'changed' })
    expect(await exact()).toEqual(before)
    expect(wordsOf((await bilal.get(`${base}/series/${id}`)).text)).not.toContain('Undo all of it')
  })

  it('is refused whole when one of the old times is over, and says which', async () => {
    const { clinic, repeat, move, undo, exact, base } = await desk()
    const { id, visits } = await repeat()
    valueOf(await move(visits[0]!.id, '12:00', '2026-11-26'))
    const moved = await exact()
    app.clock.set('2026-11-25T05:00:00Z')
    expect(await undo(id)).toEqual({ ok: false, reason: 'too_late' })
    expect(await exact()).toEqual(moved)
    // The desk signs in again: it is another day.
    const bilal = await clinic.as(clinic.cast.bilal)
    const words = wordsOf((await bilal.postForm(`${base}/series/${id}/undo`)).text)
    expect(words).toContain('Can’t go back: Wed, 25 Nov, 10:00 am has passed.')
    expect(words.match(/Can’t go back/g)).toHaveLength(1)
  })

  it('cancelled, is refused whole when somebody was booked on one of the dates', async () => {
    const { repeat, cancel, undo, at, bookByPhone, exact, bilal, base } = await desk()
    const { id, visits } = await repeat()
    valueOf(await cancel(visits[0]!.id))
    valueOf(await bookByPhone(at('10:00', '2026-12-16'), details(7)))
    const cancelled = await exact()
    expect(await undo(id)).toEqual({ ok: false, reason: 'slot_taken' })
    expect(await exact()).toEqual(cancelled)
    const words = wordsOf((await bilal.postForm(`${base}/series/${id}/undo`)).text)
    expect(words).toContain('Can’t go back: Wed, 16 Dec, 10:00 am has been taken meanwhile.')
    expect(words.match(/Can’t go back/g)).toHaveLength(1)
  })

  it('is refused whole when one of the rooms was', async () => {
    const { clinic, repeat, move, undo, at, bookByPhone, locationId, exact, bilal, base } = await desk(1)
    const hamid = await makePractitioner(clinic, { name: 'Dr Hamid' })
    await makeShift(clinic, { practitionerId: hamid.id, locationId })
    const { id, visits } = await repeat()
    valueOf(await move(visits[0]!.id, '12:00', '2026-11-25'))
    valueOf(await bookByPhone({ ...at('10:00', '2026-12-16'), practitionerId: hamid.id }, details(7)))
    const moved = await exact()
    expect(await undo(id)).toEqual({ ok: false, reason: 'slot_taken' })
    expect(await exact()).toEqual(moved)
    const words = wordsOf((await bilal.postForm(`${base}/series/${id}/undo`)).text)
    expect(words).toContain('Can’t go back: Wed, 16 Dec, 10:00 am has been taken meanwhile.')
    expect(words.match(/Can’t go back/g)).toHaveLength(1)
  })

  it('is refused whole when one of the visits was changed since', async () => {
    const { clinic, repeat, move, undo, exact, bilal, base } = await desk()
    const { id, visits } = await repeat()
    valueOf(await move(visits[2]!.id, '12:00', '2026-12-09'))
    valueOf(await move(visits[4]!.id, '16:00', '2026-12-23'))
    // The last change is the second one; its first visit was then moved by itself.
    const { practitionerId, locationId } = visits[4]!
    const startsAt = visits[4]!.startsAt.add({ hours: 3 })
    valueOf(
      await clinic.inClinic((ctx) =>
        moveAppointment(ctx, visits[4]!.id, { practitionerId, locationId, startsAt }, 'desk'),
      ),
    )
    const before = await exact()
    expect(await undo(id)).toEqual({ ok: false, reason: 'changed' })
    expect(await exact()).toEqual(before)
    const answer = await bilal.postForm(`${base}/series/${id}/undo`)
    expect(answer.status).toBe(409)
    expect(wordsOf(answer.text)).toContain('Can’t go back: it was changed since.')
  })

  it('is offered until a time it would go back to has passed', async () => {
    const { clinic, repeat, move, base } = await desk()
    const { id, visits } = await repeat('10:00', '2026-11-25')
    valueOf(await move(visits[0]!.id, '12:00', '2026-11-26'))
    const page = async () => {
      const bilal = await clinic.as(clinic.cast.bilal)
      return wordsOf((await bilal.get(`${base}/series/${id}`)).text)
    }
    expect(await page()).toContain('Until 12:03 pm it can be undone without anybody hearing of it.')
    app.clock.advance({ minutes: 3 })
    expect(await page()).toContain('the patient is told once more')
    expect(await page()).toContain('Undo all of it')
    app.clock.set('2026-11-25T05:00:00Z')
    expect(await page()).toContain('Visit 1 of 6')
    expect(await page()).not.toContain('Undo all of it')
  })
})

describe('taking it back', () => {
  it('undoes a booking without a word', async () => {
    const { repeat, undo, stand, waiting, audited } = await seriesScene(app)
    const { id } = await repeat()
    expect(valueOf(await undo(id))).toEqual({ kind: 'booked', count: 6 })
    expect(new Set((await stand()).map(({ status }) => status))).toEqual(new Set(['cancelled']))
    expect(await waiting()).toEqual([])
    expect((await audited()).at(-1)).toBe('series.undone')
  })

  it('undoes a cancellation: every visit stands, and the first message tells of all again', async () => {
    const { repeat, cancel, undo, stand, waiting } = await seriesScene(app)
    const { id, visits } = await repeat()
    valueOf(await cancel(visits[1]!.id))
    expect(valueOf(await undo(id))).toEqual({ kind: 'cancelled', count: 5 })
    expect(new Set((await stand()).map(({ status }) => status))).toEqual(new Set(['booked']))
    expect(await waiting()).toEqual(['series_confirmation'])
  })

  it('undoes the cancellation of the last one, which the first message tells of again too', async () => {
    const { clinic, repeat, cancel, undo, waiting } = await seriesScene(app)
    const { id, visits } = await repeat()
    valueOf(await cancel(visits[5]!.id))
    app.clock.advance({ minutes: 1 })
    valueOf(await undo(id))
    expect(await waiting()).toEqual(['series_confirmation'])
    const [carrier] = await app.superuser<{ due: Date; visits: number }>(
      `select c.due_at as due, (select count(*)::int from clinic.messages m join clinic.appointments a
         on a.clinic_id = m.clinic_id and a.id = m.appointment_id and a.version = m.version
         where m.told_with = c.told_with and m.drop_reason = 'told_together' and a.status = 'booked') as visits
       from clinic.messages c where c.clinic_id = $1 and c.status = 'queued' and c.kind = 'series_confirmation'`,
      [clinic.id],
    )
    // Whoever took it back has the whole grace to see that it was wrong to.
    const due = app.clock.now().add({ minutes: 3 })
    expect(carrier).toMatchObject({ visits: 6 })
    expect(new Date(String(carrier!.due)).getTime()).toBe(due.epochMilliseconds)
  })

  it('is over when the grace is', async () => {
    const { repeat, undo, stand } = await seriesScene(app)
    const { id } = await repeat()
    app.clock.advance({ minutes: 2, seconds: 59, milliseconds: 999 })
    const early = await seriesScene(app)
    const other = await early.repeat()
    expect((await early.undo(other.id)).ok).toBe(true)
    app.clock.advance({ milliseconds: 1 })
    expect(await undo(id)).toEqual({ ok: false, reason: 'too_late' })
    expect(new Set((await stand()).map(({ status }) => status))).toEqual(new Set(['booked']))
  })

  it('takes back nothing when one visit was changed since', async () => {
    const { clinic, repeat, undo, stand } = await seriesScene(app)
    const { id, visits } = await repeat()
    await app.superuser('update clinic.appointments set version = version + 1 where clinic_id = $1 and id = $2', [
      clinic.id,
      visits[4]!.id,
    ])
    expect(await undo(id)).toEqual({ ok: false, reason: 'changed' })
    expect(new Set((await stand()).map(({ status }) => status))).toEqual(new Set(['booked']))
  })

  it('can be done once', async () => {
    const { repeat, undo } = await seriesScene(app)
    const { id } = await repeat()
    valueOf(await undo(id))
    expect(await undo(id)).toEqual({ ok: false, reason: 'nothing_to_undo' })
  })
})
