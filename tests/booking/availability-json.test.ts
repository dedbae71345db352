import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { instantText, Temporal } from '../../src/kernel/time.ts'
import { newId, type ServiceId } from '../../src/kernel/ids.ts'
import { listFreeTimes } from '../../src/features/availability/actions.ts'
import { startTestApp, testNow, type TestApp } from '../support/app.ts'
import { makeAppointment, makePractitioner, makeResource, makeService, makeShift } from '../support/factories.ts'
import { statementsOf } from '../support/statements.ts'
import { bookableClinic, hold, slotAt, tap, typed, type Scene } from './patient.ts'

let app: TestApp
beforeAll(async () => {
  app = await startTestApp()
})
afterAll(() => app.stop())
beforeEach(() => app.clock.set(testNow))

type Answer = {
  timeZone: string
  days: { date: string; slots: { startsAt: string; practitionerId: string; locationId: string }[] }[]
}
const ask = async (scene: Scene, query = '') => {
  const response = await app
    .agent()
    .get(`${scene.home}/availability.json?service=${scene.service.id}&from=2026-11-25&days=1${query}`)
  return { response, body: response.body as Answer }
}

describe('availability.json', () => {
  it('lists what can be booked, in UTC, for anybody’s page', async () => {
    const scene = await bookableClinic(app, { service: { durationMin: 60 } })
    const { response, body } = await ask(scene)
    expect(response.status).toBe(200)
    expect(response.headers['access-control-allow-origin']).toBe('*')
    expect(response.headers['cache-control']).toBe('public, max-age=5')
    expect(response.headers['set-cookie']).toBeUndefined()
    expect(body.timeZone).toBe('Asia/Karachi')
    expect(body.days).toHaveLength(1)
    expect(body.days[0]!.date).toBe('2026-11-25')
    expect(body.days[0]!.slots[0]).toEqual({
      startsAt: '2026-11-25T04:00:00Z',
      practitionerId: scene.practitionerId,
      locationId: scene.locationId,
    })
    expect(body.days[0]!.slots.at(-1)!.startsAt).toBe('2026-11-25T11:00:00Z')
  })

  it('defaults to a week from today, any doctor and every place', async () => {
    const scene = await bookableClinic(app)
    const response = await app.agent().get(`${scene.home}/availability.json?service=${scene.service.id}`).expect(200)
    const { days } = response.body as Answer
    expect(days.map(({ date }) => date)).toEqual([24, 25, 26, 27, 28, 29, 30].map((day) => `2026-11-${day}`))
  })

  it('is never older than a booking anywhere, nor a hold that lapsed', async () => {
    const scene = await bookableClinic(app)
    const free = async () => (await ask(scene)).body.days[0]!.slots.map(({ startsAt }) => startsAt.slice(11, 16))
    expect(await free()).toContain('05:00')
    const agent = app.agent()
    const path = await hold(agent, scene, '10:00')
    expect(await free()).not.toContain('05:00')
    app.clock.advance({ minutes: 5 })
    expect(await free()).toContain('05:00')
    await agent.postForm(path, typed()).expect(303)
    expect(await free()).not.toContain('05:00')
  })

  it.each([
    ['service', ''],
    ['service', 'service=nonsense'],
    ['service', `service=${newId()}`],
    ['practitioner', 'practitioner=x'],
    ['practitioner', `practitioner=${newId()}`],
    ['location', 'location=x'],
    ['location', `location=${newId()}`],
    ['from', 'from=25-11-2026'],
    ['from', 'from=2026-02-30'],
    ['days', 'days=0'],
    ['days', 'days=43'],
    ['days', 'days=seven'],
    ['days', 'days=1&days=2'],
  ])('names a bad %s: %s', async (parameter, query) => {
    const scene = await bookableClinic(app)
    const service = parameter === 'service' ? '' : `service=${scene.service.id}&`
    const response = await app.agent().get(`${scene.home}/availability.json?${service}${query}`).expect(400)
    expect(response.body).toMatchObject({ error: { parameter, message: expect.stringMatching(/^\w.{10,}/) as string } })
    expect(response.headers['cache-control']).toBe('no-store')
  })

  it('says nothing of what is not offered online', async () => {
    const scene = await bookableClinic(app)
    const inside = await makeService(scene.clinic, { online: false })
    await app.agent().get(`${scene.home}/availability.json?service=${inside.id}`).expect(400)
  })

  it('lists nothing that can’t be held, and all that can', async () => {
    const scene = await bookableClinic(app, { service: { bufferBeforeMin: 10, bufferAfterMin: 5 } })
    await makeAppointment(scene.clinic, { service: scene.service, on: '2026-11-25', at: '12:00' })
    const listed = new Set((await ask(scene)).body.days[0]!.slots.map(({ startsAt }) => startsAt))
    for (const time of ['09:00', '11:15', '11:30', '11:45', '12:30', '12:45', '16:30', '16:45']) {
      const value = slotAt(time, scene)
      const { status } = await tap(app.agent(), scene, value)
      expect({ time, status }).toEqual({ time, status: listed.has(value.slice(0, 20)) ? 303 : 409 })
      await app.superuser(`delete from clinic.appointments where clinic_id = $1 and status = 'pending'`, [
        scene.clinic.id,
      ])
    }
  })

  it('answers for other services of the same doctors from the same look, each as a look of its own would', async () => {
    const scene = await bookableClinic(app, { service: { durationMin: 15 } })
    const { clinic } = scene
    const long = await makeService(clinic, { durationMin: 90, bufferBeforeMin: 30, bufferAfterMin: 45 })
    const scanned = await makeService(clinic)
    await makeResource(clinic, { neededBy: scanned.id })
    // Both end or begin beyond the day that is asked about, within reach of the long visit only.
    await makeShift(clinic, { from: '18:00', to: '23:59' })
    await makeAppointment(clinic, { service: long, on: '2026-11-26', at: '00:20' })
    await makeAppointment(clinic, { service: scene.service, on: '2026-11-25', at: '12:00' })
    const day = (serviceId: ServiceId) => ask({ ...scene, service: { ...scene.service, id: serviceId } })
    await day(scene.service.id)

    for (const [serviceId, looks] of [
      [long.id, []],
      [scanned.id, ['from clinic.appointments', 'from clinic.appointment_resources']],
    ] as const) {
      let shown: Answer['days'][number]['slots'] = []
      const asked = await statementsOf(async () => {
        shown = (await day(serviceId)).body.days[0]!.slots
      })
      expect(asked.filter((text) => !/^(BEGIN|COMMIT)|app_set_clinic/i.test(text))).toEqual([
        expect.stringContaining('from platform.clinics'),
        ...looks.map((look) => expect.stringContaining(look) as string),
      ])
      const own = await clinic.inClinic((ctx) =>
        listFreeTimes(ctx, 'patient', {
          serviceId,
          practitionerId: 'any',
          locationId: undefined,
          from: Temporal.PlainDate.from('2026-11-25'),
          days: 1,
        }),
      )
      expect(shown.map(({ startsAt, practitionerId }) => [startsAt, practitionerId])).toEqual(
        own!.days[0]!.slots.map(({ startsAt, practitionerId }) => [instantText(startsAt), practitionerId]),
      )
      expect(shown.length).toBeGreaterThan(10)
    }

    // A visit booked since is seen by all of them.
    const before = (await day(long.id)).body.days[0]!.slots.length
    await makeAppointment(clinic, { service: scene.service, on: '2026-11-25', at: '15:00' })
    expect((await day(long.id)).body.days[0]!.slots.length).toBeLessThan(before)
  })

  it('a month of five doctors takes three questions', async () => {
    const scene = await bookableClinic(app)
    for (let doctor = 0; doctor < 4; doctor++) {
      const { id } = await makePractitioner(scene.clinic)
      await makeShift(scene.clinic, { practitionerId: id, locationId: scene.locationId })
    }
    const path = `${scene.home}/availability.json?service=${scene.service.id}&practitioner=any&from=2026-11-24&days=30`
    await app.agent().get(path)
    await makeAppointment(scene.clinic, { service: scene.service, on: '2026-11-25', at: '12:00' })
    let body: Answer | undefined
    const asked = await statementsOf(async () => {
      body = (await app.agent().get(path).expect(200)).body as Answer
    })
    expect(body!.days.reduce((sum, day) => sum + day.slots.length, 0)).toBeGreaterThan(4000)
    // Whose clinic, whose rows, what is taken; the rest is the transaction around them.
    expect(asked.filter((text) => !/^(BEGIN|COMMIT)/i.test(text))).toEqual([
      expect.stringContaining('from platform.clinics'),
      expect.stringContaining('app_set_clinic'),
      expect.stringContaining('from clinic.appointments'),
    ])
  })
})

it('writes instants as Temporal does', () => {
  for (const text of [
    '1970-01-01T00:00:00Z',
    '2024-02-29T23:59:59Z',
    '2026-03-01T00:00:00Z',
    '2099-12-31T12:30:00Z',
    '2100-02-28T00:00:00Z',
    '2000-02-29T01:02:03Z',
  ]) {
    expect(instantText(Temporal.Instant.from(text).epochMilliseconds)).toBe(text)
  }
})
