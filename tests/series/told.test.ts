// One person hears of a series once, whatever is done to one of its visits before the first message has left.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { wantMessages } from '../../src/features/appointments/actions/agree.ts'
import { moveAppointment } from '../../src/features/appointments/actions/move.ts'
import { cancelByPatient, takeStep, undoStep } from '../../src/features/appointments/actions/run.ts'
import { undoMove } from '../../src/features/appointments/actions/undo-move.ts'
import type { Appointment } from '../../src/features/appointments/queries.ts'
import { dispatchDue } from '../../src/features/messaging/actions/dispatch.ts'
import type { Actor } from '../../src/platform/clinic-scope.ts'
import { details, valueOf } from '../appointments/scene.ts'
import { startTestApp, testNow, type TestApp } from '../support/app.ts'
import { seriesScene } from './scene.ts'

let app: TestApp
beforeAll(async () => {
  app = await startTestApp({ simulator: true })
})
afterAll(() => app.stop())
beforeEach(() => app.clock.set(testNow))

async function desk() {
  const scene = await seriesScene(app)
  const { clinic, at } = scene
  return {
    ...scene,
    moveOne: (visit: Appointment, time: string, date: string, by: 'desk' | 'patient' = 'desk') =>
      clinic.inClinic((ctx) => moveAppointment(ctx, visit.id, at(time, date), by)),
    /** Sends what is due after the grace, and answers what was read since the first message. */
    read: async () => {
      app.clock.advance({ minutes: 4 })
      await dispatchDue(app.services)
      return clinic.inClinic(async (ctx) => {
        const rows = await app.superuser<{ id: string; kind: string; body: Buffer }>(
          `select id, kind, body_sealed as body from clinic.messages
           where clinic_id = $1 and status = 'accepted' order by created_at, id`,
          [clinic.id],
        )
        return rows.map(({ id, kind, body }) => ({ kind, body: ctx.seal.open(body, 'messages.body', id) }))
      })
    },
  }
}
const six = ['25 Nov', '2 Dec', '9 Dec', '16 Dec', '23 Dec', '30 Dec']

describe('one visit of a series that is moved by itself', () => {
  it('adds no message while the first one waits, which tells of it as it stands', async () => {
    const { repeat, moveOne, waiting, read } = await desk()
    const { visits } = await repeat()
    valueOf(await moveOne(visits[2]!, '15:30', '2026-12-10'))
    expect(await waiting()).toEqual(['series_confirmation'])
    const [first, ...more] = await read()
    expect(more).toEqual([])
    for (const date of six.filter((one) => one !== '9 Dec')) expect(first!.body).toContain(date)
    expect(first!.body).toMatch(/10 Dec[^;]*3:30/)
    expect(first!.body).not.toContain(' 9 Dec')
  })

  it('tells of its move by itself once the first one has left', async () => {
    const { repeat, moveOne, read } = await desk()
    const { visits } = await repeat()
    await read()
    valueOf(await moveOne(visits[2]!, '15:30', '2026-12-10'))
    const [, second, ...more] = await read()
    expect(more).toEqual([])
    expect(second!.kind).toBe('moved')
    expect(second!.body).toContain('10 Dec')
    expect(second!.body).not.toContain('16 Dec')
  })

  it('gives the desk its whole grace again', async () => {
    const { clinic, repeat, moveOne } = await desk()
    const { visits } = await repeat()
    app.clock.advance({ minutes: 2 })
    valueOf(await moveOne(visits[2]!, '15:30', '2026-12-10'))
    const [carrier] = await app.superuser<{ due: string }>(
      `select to_char(due_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as due from clinic.messages
       where clinic_id = $1 and kind = 'series_confirmation'`,
      [clinic.id],
    )
    expect(carrier?.due).toBe(app.clock.now().add({ minutes: 3 }).toString())
  })

  it('moved and put back, is told with the others', async () => {
    const { clinic, repeat, moveOne, read } = await desk()
    const { visits } = await repeat()
    valueOf(await moveOne(visits[2]!, '15:30', '2026-12-10'))
    valueOf(await clinic.inClinic((ctx) => undoMove(ctx, visits[2]!.id)))
    const [first, ...more] = await read()
    expect(more).toEqual([])
    for (const date of six) expect(first!.body).toContain(date)
  })

  it('cancelled and brought back, is told with the others', async () => {
    const { clinic, repeat, waiting, read } = await desk()
    const { visits } = await repeat()
    valueOf(await clinic.inClinic((ctx) => takeStep(ctx, visits[2]!.id, 'cancel')))
    valueOf(await clinic.inClinic((ctx) => undoStep(ctx, visits[2]!.id)))
    expect(await waiting()).toEqual(['series_confirmation'])
    const [first, ...more] = await read()
    expect(more).toEqual([])
    for (const date of six) expect(first!.body).toContain(date)
  })

  it('is not told of by a message that has nothing else to tell', async () => {
    const { clinic, repeat, move, moveOne, waiting, read } = await desk()
    const { visits } = await repeat()
    await read()
    valueOf(await move(visits[4]!.id, '12:00', '2026-12-23'))
    valueOf(await moveOne(visits[4]!, '10:00', '2026-12-23'))
    valueOf(await moveOne(visits[5]!, '10:00', '2026-12-30'))
    expect(await waiting()).toEqual([])
    const patient: Actor = { kind: 'patient' }
    valueOf(await clinic.inClinic((ctx) => cancelByPatient(ctx, visits[5]!.id), patient))
    expect(await waiting()).toEqual(['cancelled'])
  })
})

describe('somebody who agrees to messages later', () => {
  it('has one message for each series, and one for a visit by itself', async () => {
    const { clinic, at, asShown, book, bookByPhone, who, waiting, read } = await desk()
    const anchor = { slot: at('10:00') }
    const silent = { ...who(), agreed: false }
    const { visits } = valueOf(await book(anchor, await asShown(anchor), { who: silent }))
    const other = { slot: at('12:00', '2026-11-26') }
    valueOf(await book(other, await asShown(other), { who: silent }))
    const alone = valueOf(await bookByPhone(at('16:00', '2026-11-27'), details(1), undefined, false))
    expect(alone.patientId).toBe(visits[0]!.patientId)
    expect(await waiting()).toEqual([])
    await clinic.inClinic((ctx) => wantMessages(ctx, alone.patientId!))
    expect((await waiting()).sort()).toEqual(['confirmation', 'series_confirmation', 'series_confirmation'])
    const [reminders] = await app.superuser<{ visits: number }>(
      `select count(distinct appointment_id)::int as visits from clinic.messages
       where clinic_id = $1 and status = 'queued' and kind like 'reminder%'`,
      [clinic.id],
    )
    expect(reminders!.visits).toBe(13)
    expect((await read()).map(({ kind }) => kind).sort()).toEqual([
      'confirmation',
      'series_confirmation',
      'series_confirmation',
    ])
  })
})
