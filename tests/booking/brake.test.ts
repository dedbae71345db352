// Nobody holds a clinic's whole day: times are counted by the address they are taken from, whatever browser says it is.
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { newId } from '../../src/kernel/ids.ts'
import { minutes } from '../../src/kernel/time.ts'
import { startTestApp, testNow, type TestApp } from '../support/app.ts'
import {
  bookableClinic,
  hold,
  locationOf,
  readPage,
  slotAt,
  statesOf,
  tap,
  typed,
  valueOf,
  wordsOf,
} from './patient.ts'

let app: TestApp
beforeAll(async () => {
  app = await startTestApp()
})
afterAll(() => app.stop())
beforeEach(async () => {
  app.clock.set(testNow)
  await app.superuser('delete from platform.throttles')
})

const most = 20

/** Quarters of an hour from nine in the morning on the second day from now. */
const timeAt = (number: number) =>
  `${String(9 + Math.floor(number / 4)).padStart(2, '0')}:${String((number % 4) * 15).padStart(2, '0')}`

/** A clinic of visits of a quarter of an hour, and one address that has begun as many as it may, each in a new browser. */
async function spent(codePolicy: 'always' | 'off' = 'off') {
  const scene = await bookableClinic(app, { codePolicy, service: { durationMin: 15 } })
  const address = '203.0.113.7'
  for (let number = 0; number < most; number++) await hold(app.agent(address), scene, timeAt(number))
  return { scene, address, slot: slotAt('16:00', scene) }
}

it('one address takes twenty times in ten minutes, in however many browsers; what was chosen and typed is kept', async () => {
  const { scene, address, slot } = await spent()
  const agent = app.agent(address)
  const refused = await tap(agent, scene, slot, { name: 'Ayesha Khan', phone: '0300 1234567' })
  expect(refused.status).toBe(429)
  expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0)
  expect(wordsOf(refused.text)).toContain('Many bookings from your network')
  expect(refused.text).toContain('href="tel:+922135870000"')
  expect(await statesOf(scene)).toHaveLength(most)
  for (const [lang, words] of Object.entries({ ar: 'حجوزات كثيرة من شبكتك', ur: 'آپ کے نیٹ ورک سے بہت سی بکنگ' })) {
    const told = await agent.postForm(`${scene.home}/holds?lang=${lang}`, { service: scene.service.id, slot })
    expect(wordsOf(told.text)).toContain(words)
  }

  app.clock.advance(minutes(10))
  const { action, fields } = readPage(refused).forms.find((form) => form.action.endsWith('/holds'))!
  const taken = await agent.postForm(action, fields).expect(303)
  const details = await agent.get(locationOf(taken))
  expect(valueOf(details.text, 'name')).toBe('Ayesha Khan')
})

it('is another address’s affair neither here nor at another clinic', async () => {
  const { scene, address } = await spent()
  await hold(app.agent('203.0.113.8'), scene, '16:00')
  await hold(app.agent(address), await bookableClinic(app), '10:00')
})

it('an IPv6 household is one address', async () => {
  const scene = await bookableClinic(app, { service: { durationMin: 15 } })
  for (let number = 0; number < most; number++) {
    await hold(app.agent(`2001:db8:1:2::${number + 1}`), scene, timeAt(number))
  }
  expect((await tap(app.agent('2001:db8:1:2::ffff'), scene, slotAt('16:00', scene))).status).toBe(429)
})

it('whoever looks at another time gives the first back, and one that was lost was not taken', async () => {
  const scene = await bookableClinic(app, { service: { durationMin: 15 } })
  const agent = app.agent()
  const other = app.agent('203.0.113.9')
  await hold(other, scene, '16:00')
  for (let number = 0; number < most + 5; number++) await hold(agent, scene, timeAt(number))
  for (let number = 0; number < most; number++) {
    expect((await tap(app.agent(), scene, slotAt('16:00', scene))).status).toBe(409)
  }
  // Also when others at the address have used up all there is.
  for (let number = 0; number < most - 1; number++) await hold(app.agent(), scene, timeAt(number))
  expect((await tap(app.agent(), scene, slotAt('16:30', scene))).status).toBe(429)
  await hold(agent, scene, '16:45')
})

it.each(['always', 'off'] as const)(
  'the form of details takes no more than the buttons of the times (codes: %s)',
  async (codePolicy) => {
    const { scene, address } = await spent(codePolicy)
    const agent = app.agent(address)
    await agent.getForm(`${scene.home}/times`)
    const wish = { service: scene.service.id, practitioner: scene.practitionerId, location: scene.locationId }
    const query = new URLSearchParams({ ...wish, at: '2026-11-25T11:00:00Z' }).toString()
    const path = `${scene.home}/bookings/${newId<'appointment'>()}?${query}`
    const refused = await agent.postForm(path, typed()).expect(429)
    expect(await statesOf(scene)).toHaveLength(most)

    app.clock.advance(minutes(10))
    const { action, fields } = readPage(refused).forms.find((form) => form.action.includes('/bookings/'))!
    expect(fields).toMatchObject({ name: 'Ayesha Khan', phone: '0300 1234567', step: 'details' })
    await agent.postForm(action, fields).expect(303)
    expect((await statesOf(scene)).at(-1)).toBe(codePolicy === 'off' ? 'booked' : 'pending')
  },
)

it('whoever holds a time books it, whatever others at the address did meanwhile', async () => {
  const scene = await bookableClinic(app, { service: { durationMin: 15 } })
  const agent = app.agent()
  const path = await hold(agent, scene, '16:00')
  for (let number = 0; number < most - 1; number++) await hold(app.agent(), scene, timeAt(number))
  expect((await tap(app.agent(), scene, slotAt('16:30', scene))).status).toBe(429)
  expect(locationOf(await agent.postForm(path, typed()))).toMatch(/^\/a\//)
})
