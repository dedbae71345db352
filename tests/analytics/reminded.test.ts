// Whether those who were reminded come more often: counted as they come or don't, in numbers of a day.
import { afterAll, beforeAll, expect, it } from 'vitest'
import { takeStep, undoStep } from '../../src/features/appointments/actions/run.ts'
import { scene, valueOf } from '../appointments/scene.ts'
import { startTestApp, testNow, type TestApp } from '../support/app.ts'

let app: TestApp
beforeAll(async () => {
  app = await startTestApp()
})
afterAll(() => app.stop())

async function visit(reminder: 'sent' | 'failed' | 'queued') {
  app.clock.set(testNow)
  const set = await scene(app)
  const wish = set.at('10:00', '2026-11-27')
  const id = valueOf(await set.hold(wish))
  await set.book(id, wish)
  await app.superuser(`update clinic.messages set status = $2 where appointment_id = $1 and kind like 'reminder%'`, [
    id,
    reminder,
  ])
  app.clock.set('2026-11-27T06:00:00Z')
  const { clinic } = set
  return {
    miss: () => clinic.inClinic((ctx) => takeStep(ctx, id, 'miss')),
    see: async () => {
      for (const step of ['arrive', 'enter', 'finish'] as const)
        valueOf(await clinic.inClinic((ctx) => takeStep(ctx, id, step)))
    },
    undo: () => clinic.inClinic((ctx) => undoStep(ctx, id)),
    counts: async () => {
      const found = await app.superuser<{ metric: string; count: string }>(
        `select metric, count::text from platform.daily_counts
         where clinic_id = $1 and count <> 0 and (metric like 'fulfilled%' or metric like 'noshow%') order by 1`,
        [clinic.id],
      )
      return Object.fromEntries(found.map(({ metric, count }) => [metric, Number(count)]))
    },
  }
}

it('a visit that took place is counted with the reminded when a reminder was sent', async () => {
  const { see, counts } = await visit('sent')
  await see()
  expect(await counts()).toEqual({ fulfilled: 1, fulfilled_reminded: 1 })
})

it.each(['failed', 'queued'] as const)('a reminder that is %s reminded nobody', async (state) => {
  const { miss, counts } = await visit(state)
  valueOf(await miss())
  expect(await counts()).toEqual({ noshow: 1 })
})

it('what is undone is taken back, and counted anew as it ends', async () => {
  const { miss, undo, see, counts } = await visit('sent')
  valueOf(await miss())
  expect(await counts()).toEqual({ noshow: 1, noshow_reminded: 1 })
  valueOf(await undo())
  expect(await counts()).toEqual({})
  await see()
  expect(await counts()).toEqual({ fulfilled: 1, fulfilled_reminded: 1 })
})
