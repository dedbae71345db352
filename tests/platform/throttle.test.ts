import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { addressBlock, forgive, slowDown, throttle, type Limit } from '../../src/platform/throttle.ts'
import { startTestApp, type TestApp } from '../support/app.ts'

let app: TestApp
beforeAll(async () => {
  app = await startTestApp()
})
afterAll(() => app.stop())

const limit: Limit = { purpose: 'test', max: 3, per: { minutes: 10 } }
const use = (subject: string, of = limit) =>
  throttle(app.services.db, app.services.keys.platform, app.clock.now(), of, subject)

describe('a limit', () => {
  it('lets so many through, then says how long to wait, then starts anew', async () => {
    app.clock.set('2026-11-24T07:02:30Z')
    for (let i = 0; i < 3; i++) expect(await use('a')).toBeUndefined()
    expect(await use('a')).toBe(450)
    app.clock.set('2026-11-24T07:09:59.500Z')
    expect(await use('a')).toBe(1)
    app.clock.set('2026-11-24T07:10:00Z')
    expect(await use('a')).toBeUndefined()
  })

  it('counts every subject and every purpose for itself', async () => {
    for (let i = 0; i < 3; i++) await use('b')
    expect(await use('b')).toBeDefined()
    expect(await use('c')).toBeUndefined()
    expect(await use('b', { ...limit, purpose: 'other' })).toBeUndefined()
  })

  it('counts exactly when many ask at once', async () => {
    const answers = await Promise.all(Array.from({ length: 30 }, () => use('d')))
    expect(answers.filter((wait) => wait === undefined)).toHaveLength(3)
  })

  it('keeps no trace of whom it counts', async () => {
    await use('+923001234567')
    const found = await app.superuser<{ key: Buffer }>('select key from platform.throttles')
    for (const { key } of found) {
      expect(key).toHaveLength(32)
      expect(key.toString('latin1')).not.toContain('9230')
    }
  })
})

describe('a growing delay', () => {
  const delay = { purpose: 'slow', free: 2, first: { seconds: 10 }, most: { seconds: 35 } }
  const attempt = (subject: string) =>
    slowDown(app.services.db, app.services.keys.platform, app.clock.now(), delay, subject)

  it('lets some through at once, then one after ever longer waits, up to the longest', async () => {
    app.clock.set('2026-11-24T07:00:00Z')
    for (let i = 0; i < 2; i++) expect(await attempt('a')).toBeUndefined()
    for (const seconds of [10, 20, 35, 35]) {
      expect(await attempt('a')).toBe(seconds)
      app.clock.advance({ seconds })
      expect(await attempt('a')).toBeUndefined()
    }
  })

  it('counts exactly when many come at once, and those too early not at all', async () => {
    const answers = await Promise.all(Array.from({ length: 30 }, () => attempt('b')))
    expect(answers.filter((wait) => wait === undefined)).toHaveLength(2)
    expect(await attempt('b')).toBe(10)
  })

  it('is for one subject alone, and forgotten when it proves to be itself', async () => {
    for (let i = 0; i < 3; i++) await attempt('c')
    expect(await attempt('c')).toBe(10)
    expect(await attempt('d')).toBeUndefined()
    await forgive(app.services.db, app.services.keys.platform, delay, 'c')
    expect(await attempt('c')).toBeUndefined()
  })
})

describe('an address', () => {
  it.each([
    ['192.0.2.7', '192.0.2.7'],
    ['::ffff:192.0.2.7', '192.0.2.7'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2'],
  ])('%s is counted as %s', (address, block) => {
    expect(addressBlock(address)).toBe(block)
  })
})
