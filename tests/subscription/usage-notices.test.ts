// Owners are warned when four fifths of a month's bookings or messages are used, and when all are.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { kindsOf, mailsAbout } from '../billing/scene.ts'
import { startTestApp, testNow, type TestApp } from '../support/app.ts'
import { makeClinic } from '../support/cast.ts'
import { setLife, setPlan } from './scene.ts'

let app: TestApp
beforeAll(async () => {
  app = await startTestApp()
})
afterAll(() => app.stop())
beforeEach(async () => {
  app.clock.set(testNow)
  await app.superuser('update platform.diaries set usage_month = null')
})
const look = () => app.runJob('subscription.usage')

describe('a warning of what is used', () => {
  it.each([
    [79, []],
    [80, ['usage_80']],
    [99, ['usage_80']],
    [100, ['usage_100']],
    [130, ['usage_100']],
  ])('at %i of 100 bookings is %j, told once a month', async (bookingsUsed, expected) => {
    const clinic = await makeClinic(app)
    await setPlan(clinic, { bookings: 100, bookingsUsed })
    await look()
    await look()
    expect(await kindsOf(clinic)).toEqual(expected)
  })

  it('comes for each level and each of the two, with the sums in it', async () => {
    const clinic = await makeClinic(app)
    await setPlan(clinic, { bookings: 100, bookingsUsed: 85, messages: 1000, messagesUsed: 10 })
    await look()
    await setPlan(clinic, { bookingsUsed: 100, messagesUsed: 900 })
    await look()
    const told = await mailsAbout(clinic)
    expect(told.map(({ kind }) => kind)).toEqual(['usage_80', 'usage_100', 'usage_80'])
    expect(told[0]?.subject).toContain('85 of 100 bookings')
    expect(told[2]?.subject).toContain('900 of 1,000 messages')
    for (const { text } of told) expect(text).not.toMatch(/\{\{|subscription\.mail/)
  })

  it('comes again in the next month, and says nothing of the month before', async () => {
    const clinic = await makeClinic(app)
    await setPlan(clinic, { bookings: 100, bookingsUsed: 100 })
    await look()
    app.clock.set('2026-12-02T07:00:00Z')
    await look()
    expect(await kindsOf(clinic)).toEqual(['usage_100'])
    await setPlan(clinic, { bookingsUsed: 100 })
    await look()
    expect(await kindsOf(clinic)).toEqual(['usage_100', 'usage_100'])
  })

  it('is none without a limit, nor while nothing can be booked anyway', async () => {
    const [free, closed] = [await makeClinic(app), await makeClinic(app)]
    await setPlan(free, { bookings: null, messages: null, bookingsUsed: 5000, messagesUsed: 5000 })
    await setPlan(closed, { bookings: 100, bookingsUsed: 100 })
    await setLife(closed, 'expired')
    await look()
    expect([await kindsOf(free), await kindsOf(closed)]).toEqual([[], []])
  })

  it('comes once from two runs at the same time', async () => {
    const clinic = await makeClinic(app)
    await setPlan(clinic, { bookings: 100, bookingsUsed: 90, messages: 100, messagesUsed: 100 })
    await Promise.all([look(), look(), look()])
    expect((await kindsOf(clinic)).sort()).toEqual(['usage_100', 'usage_80'])
  })
})
