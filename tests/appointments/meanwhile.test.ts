// What somebody does to a visit is not written over by somebody else who looked at it just before.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { moveAppointment } from '../../src/features/appointments/actions/move.ts'
import { resizeAppointment } from '../../src/features/appointments/actions/resize.ts'
import { takeStep } from '../../src/features/appointments/actions/run.ts'
import { undoMove } from '../../src/features/appointments/actions/undo-move.ts'
import { getAppointment } from '../../src/features/appointments/queries.ts'
import type { AppointmentId } from '../../src/kernel/ids.ts'
import type { Ctx } from '../../src/platform/clinic-scope.ts'
import { startTestApp, testNow, type TestApp } from '../support/app.ts'
import { wordsOf } from '../support/http.ts'
import { countWaiting } from '../support/locks.ts'
import { scene, valueOf } from './scene.ts'

let app: TestApp
beforeAll(async () => {
  app = await startTestApp()
})
afterAll(() => app.stop())
beforeEach(() => app.clock.set(testNow))

type Scene = Awaited<ReturnType<typeof scene>>
type Deed = (ctx: Ctx, id: AppointmentId, at: Scene['at']) => Promise<{ ok: boolean }>

const deeds = {
  'they arrive': (ctx, id) => takeStep(ctx, id, 'arrive'),
  'it is made longer': (ctx, id) => resizeAppointment(ctx, id, 45),
} satisfies Record<string, Deed>

const late = {
  'its move is taken back': (ctx, id) => undoMove(ctx, id),
  'it is moved': (ctx, id, at) => moveAppointment(ctx, id, at('16:00'), 'desk'),
  'it is made shorter': (ctx, id) => resizeAppointment(ctx, id, 15),
} satisfies Record<string, Deed>

/** One does something to a visit that was moved, and before it is done another, who sees it as it was, sets out too. */
async function atOnce<T>({ clinic, at, bookByPhone }: Scene, first: Deed, second: (id: AppointmentId) => Promise<T>) {
  const { id } = valueOf(await bookByPhone(at('10:00')))
  valueOf(await clinic.inClinic((ctx) => moveAppointment(ctx, id, at('14:00'), 'desk')))
  let other: Promise<T> | undefined
  const left = await clinic.inClinic(async (ctx) => {
    expect(await first(ctx, id, at)).toMatchObject({ ok: true })
    other = second(id)
    await expect.poll(() => countWaiting(app), { timeout: 10_000 }).toBeGreaterThan(0)
    return getAppointment(ctx, id)
  })
  const answer = await other
  expect(await clinic.inClinic((ctx) => getAppointment(ctx, id))).toEqual(left)
  return { id, answer }
}

const cases = Object.entries<Deed>(deeds).flatMap(([what, deed]) =>
  Object.entries<Deed>(late).map(([then, another]) => ({ what, then, deed, another })),
)

describe('a visit in two hands', () => {
  it.each(cases)('$what while $then: that stands, and the other is told', async ({ deed, another }) => {
    const at = await scene(app)
    const { answer } = await atOnce(at, deed, (id) => at.clinic.inClinic((ctx) => another(ctx, id, at.at)))
    expect(answer).toEqual({ ok: false, reason: 'changed_meanwhile' })
  })

  it('the desk that takes a move back of somebody who arrives reads that nothing was done', async () => {
    const at = await scene(app)
    const bilal = await at.clinic.as(at.clinic.cast.bilal)
    const own = (id: AppointmentId) => `/app/${at.clinic.slug}/appointments/${id}`
    const { id } = await atOnce(at, deeds['they arrive'], async (id) => bilal.postForm(`${own(id)}/move/undo`))
    expect(wordsOf((await bilal.get(own(id))).text)).toContain(
      'Somebody else changed this visit a moment ago, so nothing was done.',
    )
  })
})
