// A move or a cancellation taken back into a time that has closed since: as it stood while nobody has heard of either, and
// never told to somebody who was told otherwise.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { moveAppointment } from '../../src/features/appointments/actions/move.ts'
import { resizeAppointment } from '../../src/features/appointments/actions/resize.ts'
import { takeStep, undoStep } from '../../src/features/appointments/actions/run.ts'
import { undoMove } from '../../src/features/appointments/actions/undo-move.ts'
import { addClosure } from '../../src/features/clinics/actions/closures.ts'
import type { AppointmentId } from '../../src/kernel/ids.ts'
import { startTestApp, testNow, type TestApp } from '../support/app.ts'
import { wordsOf } from '../support/http.ts'
import { scene, valueOf } from './scene.ts'

let app: TestApp
beforeAll(async () => {
  app = await startTestApp()
})
afterAll(() => app.stop())
beforeEach(() => app.clock.set(testNow))

type Scene = Awaited<ReturnType<typeof scene>>

const close = ({ clinic, at }: Scene) =>
  clinic.inClinic((ctx) =>
    addClosure(ctx, { startsAt: at('09:00').startsAt, endsAt: at('12:00').startsAt, reason: 'water', shown: false }),
  )

const ways = {
  'a move': {
    there: (at: Scene, id: AppointmentId) =>
      at.clinic.inClinic((ctx) => moveAppointment(ctx, id, at.at('14:00'), 'desk')),
    back: ({ clinic }: Scene, id: AppointmentId) => clinic.inClinic((ctx) => undoMove(ctx, id)),
    path: 'move/undo',
  },
  'a cancellation': {
    there: ({ clinic }: Scene, id: AppointmentId) => clinic.inClinic((ctx) => takeStep(ctx, id, 'cancel')),
    back: ({ clinic }: Scene, id: AppointmentId) => clinic.inClinic((ctx) => undoStep(ctx, id)),
    path: 'undo',
  },
}

describe.each(Object.entries(ways))('%s taken back, when the time has closed since', (_name, { there, back, path }) => {
  it('within the grace is as it stood', async () => {
    const at = await scene(app)
    const { id } = valueOf(await at.bookByPhone(at.at('10:00')))
    valueOf(await there(at, id))
    await close(at)
    app.clock.advance({ minutes: 2, seconds: 59 })
    expect(valueOf(await back(at, id))).toMatchObject({ status: 'booked', startsAt: at.at('10:00').startsAt })
  })

  it('after it is refused, and the desk reads why', async () => {
    const at = await scene(app)
    const { id } = valueOf(await at.bookByPhone(at.at('10:00')))
    valueOf(await there(at, id))
    await close(at)
    app.clock.advance({ minutes: 3 })
    expect(await back(at, id)).toEqual({ ok: false, reason: 'closed' })
    const bilal = await at.clinic.as(at.clinic.cast.bilal)
    const own = `/app/${at.clinic.slug}/appointments/${id}`
    await bilal.postForm(`${own}/${path}`).expect(303)
    expect(wordsOf((await bilal.get(own)).text)).toContain('That time has closed since')
  })

  it('after it is as it stood when something else has closed', async () => {
    const at = await scene(app)
    const { id } = valueOf(await at.bookByPhone(at.at('12:00')))
    valueOf(await there(at, id))
    await close(at)
    app.clock.advance({ minutes: 3 })
    expect(valueOf(await back(at, id))).toMatchObject({ startsAt: at.at('12:00').startsAt })
  })

  it('after it is as it stood when the desk had put it outside the hours itself', async () => {
    const at = await scene(app)
    const late = valueOf(await at.bookByPhone(at.at('21:00'), undefined, 'in pain'))
    const long = valueOf(await at.bookByPhone(at.at('16:30')))
    valueOf(await at.clinic.inClinic((ctx) => resizeAppointment(ctx, long.id, 60)))
    for (const { id } of [late, long]) {
      valueOf(await there(at, id))
      app.clock.advance({ minutes: 3 })
      valueOf(await back(at, id))
      valueOf(await at.clinic.inClinic((ctx) => takeStep(ctx, id, 'cancel')))
    }
  })
})
