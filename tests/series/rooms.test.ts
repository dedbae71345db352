// What the dates of a series take beside their doctor: one machine, which others need as well.
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Decision } from '../../src/features/series/rules.ts'
import { valueOf } from '../appointments/scene.ts'
import { startTestApp, type TestApp } from '../support/app.ts'
import { makePractitioner, makeResource, makeShift } from '../support/factories.ts'
import { seriesScene, weekly } from './scene.ts'

let app: TestApp
beforeAll(async () => {
  app = await startTestApp()
})
afterAll(() => app.stop())

async function machine() {
  const base = await seriesScene(app)
  const { clinic, service, locationId } = base
  const hamid = (await makePractitioner(clinic)).id
  await makeShift(clinic, { practitionerId: hamid, locationId })
  await makeResource(clinic, { neededBy: service.id })
  return { ...base, hamid }
}

it('a date whose machine is somebody else’s says so, and one whose doctor is taken says that', async () => {
  const { at, hamid, bookByPhone, planOf } = await machine()
  valueOf(await bookByPhone({ ...at('10:00', '2026-12-02'), practitionerId: hamid }))
  valueOf(await bookByPhone(at('10:00', '2026-12-09')))
  const { rows } = await planOf({ slot: at('10:00') }, weekly, { count: 4 })
  expect(rows.map(({ state, why }) => [state, why])).toEqual([
    ['free', undefined],
    ['conflict', 'no_room'],
    ['conflict', 'taken'],
    ['free', undefined],
  ])
})

it('two dates of one series don’t take the machine at the same time, whichever doctors they went to', async () => {
  const { at, hamid, book, asShown, planOf } = await machine()
  const anchor = { slot: at('10:00') }
  const picks = new Map<string, Decision>(await asShown(anchor, weekly, { count: 3 }))
  const [first, second] = [...picks.keys()]
  picks.set(second!, { ...at('10:00'), practitionerId: hamid })
  const { rows } = await planOf(anchor, weekly, { count: 3 }, picks)
  expect(rows.map(({ key, state, why, lost }) => [key, state, why, lost])).toEqual([
    [first, 'free', undefined, false],
    [second, 'conflict', 'no_room', true],
    [expect.anything(), 'free', undefined, false],
  ])
  expect(await book(anchor, picks, { end: { count: 3 } })).toEqual({ ok: false, reason: 'changed' })
})
