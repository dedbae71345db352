// The reference that patients read out is drawn by lot. One that somebody has already is drawn again, and nobody is told
// that their time has gone.
import crypto from 'node:crypto'
import { syncBuiltinESMExports } from 'node:module'
import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest'
import { startTestApp, type TestApp } from '../support/app.ts'
import { browser, details, scene, valueOf } from './scene.ts'

/** What the next draws bring, in order; after them, chance. */
const draws: number[] = []
const byChance = crypto.randomBytes
const drawn = (size: number): Buffer => {
  const next = size === 6 ? draws.shift() : undefined
  return next === undefined ? byChance(size) : Buffer.alloc(size, next)
}

let app: TestApp
beforeAll(async () => {
  app = await startTestApp()
  // In the module itself: what draws may have been loaded by a file before this one.
  vi.spyOn(crypto, 'randomBytes').mockImplementation(drawn)
  syncBuiltinESMExports()
})
afterAll(async () => {
  vi.restoreAllMocks()
  syncBuiltinESMExports()
  await app.stop()
})
afterEach(() => {
  draws.length = 0
})

const referencesOf = async (id: string) =>
  (
    await app.superuser<{ reference: string }>(
      'select reference from clinic.appointments where clinic_id = $1 order by reference',
      [id],
    )
  ).map(({ reference }) => reference)

it('a reference that is given away is drawn again, whoever books', async () => {
  const { clinic, at, bookByPhone, hold, book } = await scene(app)
  draws.push(0)
  valueOf(await bookByPhone(at('10:00')))
  draws.push(0, 1)
  valueOf(await bookByPhone(at('11:00')))
  draws.push(0, 1, 2)
  valueOf(await bookByPhone(at('11:00'), undefined, 'in pain'))
  draws.push(0, 1, 2, 3)
  valueOf(await book(valueOf(await hold(at('12:00'), browser(2))), at('12:00'), browser(2), details(2)))
  expect(await referencesOf(clinic.id)).toEqual(['333333', '444444', '666666', '777777'])
})

it('of two who draw the same reference at the same moment one draws again', async () => {
  const { clinic, at, bookByPhone } = await scene(app)
  draws.push(0, 0)
  const both = await Promise.all([bookByPhone(at('10:00')), bookByPhone(at('11:00'))])
  both.map(valueOf)
  expect(new Set(await referencesOf(clinic.id)).size).toBe(2)
})

it('somebody who never draws another is not told that the time has gone', async () => {
  const { at, bookByPhone } = await scene(app)
  draws.push(0)
  valueOf(await bookByPhone(at('10:00')))
  draws.push(...Array.from({ length: 20 }, () => 0))
  await expect(bookByPhone(at('11:00'))).rejects.toThrow('no reference')
})
