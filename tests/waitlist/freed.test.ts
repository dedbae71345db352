// What comes free in other ways than by a visit that goes: one made shorter, one whose patient did not come, and a room.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { resizeAppointment } from '../../src/features/appointments/actions/resize.ts'
import { cancelByPatient, takeStep } from '../../src/features/appointments/actions/run.ts'
import type { Appointment } from '../../src/features/appointments/queries.ts'
import { changeWaitlistSettings } from '../../src/features/waitlist/actions/join.ts'
import { Temporal } from '../../src/kernel/time.ts'
import { valueOf } from '../appointments/scene.ts'
import { startTestApp, testNow, type TestApp } from '../support/app.ts'
import { makePractitioner, makeResource, makeService, makeShift } from '../support/factories.ts'
import { fakeWhatsApp, type FakeWhatsApp } from '../support/whatsapp.ts'
import { offersIn, patientActor, settle as settleAll, waitingScene, type Scene } from './scene.ts'

let app: TestApp
let whatsapp: FakeWhatsApp
beforeAll(async () => {
  app = await startTestApp()
  whatsapp = fakeWhatsApp(app)
})
afterAll(() => app.stop())
beforeEach(async () => {
  app.clock.set(testNow)
  await app.superuser('delete from clinic.profiles')
  whatsapp.sent.length = 0
})

const settle = () => settleAll(app, whatsapp)
const later = (minutes: number) => app.clock.set(app.clock.now().add({ minutes }))
const offered = async (scene: Scene) =>
  (await offersIn(scene.clinic)).map(({ starts_at: at }) =>
    at.toZonedDateTimeISO('Asia/Karachi').toPlainTime().toString().slice(0, 5),
  )
const resize = async (scene: Scene, { id }: Appointment, minutes: number) =>
  valueOf(await scene.clinic.inClinic((ctx) => resizeAppointment(ctx, id, minutes)))

describe('a visit made shorter', () => {
  /** One visit of an hour, in an hour, and somebody who waits for half an hour. */
  async function longVisit() {
    const scene = await waitingScene(app, { hours: ['10:00', '11:00'] })
    const visit = await scene.book()
    await resize(scene, visit, 60)
    await scene.join()
    await settle()
    return { scene, visit }
  }

  it('leaves time that is offered, once the desk can’t take it back any more', async () => {
    const { scene, visit } = await longVisit()
    await resize(scene, visit, 30)
    later(2)
    await settle()
    expect(await offered(scene)).toEqual([])
    later(1)
    await settle()
    expect(await offered(scene)).toEqual(['10:30'])
  })

  it('leaves nothing when it is made longer again in time', async () => {
    const { scene, visit } = await longVisit()
    await resize(scene, visit, 30)
    later(2)
    await resize(scene, visit, 60)
    later(2)
    await settle()
    expect(await offered(scene)).toEqual([])
  })

  it('leaves nothing where what is left is too short for what anybody waits for', async () => {
    const { scene, visit } = await longVisit()
    await resize(scene, visit, 35)
    later(4)
    await settle()
    expect(await offered(scene)).toEqual([])
    expect(await app.superuser('select 1 from clinic.freed_times where clinic_id = $1', [scene.clinic.id])).toEqual([])
  })
})

it('of somebody who did not come, the rest of a long visit is offered', async () => {
  const scene = await waitingScene(app, { hours: ['10:00', '14:00'] })
  const visit = await scene.book()
  await resize(scene, visit, 240)
  await scene.join()
  await settle()
  app.clock.set(visit.startsAt.add({ minutes: 30 }))
  await scene.clinic.inClinic((ctx) => takeStep(ctx, visit.id, 'miss'))
  later(4)
  await settle()
  const [first] = await offered(scene)
  // An hour's notice and time to answer: not what begins in a moment.
  expect(first! > '11:30').toBe(true)
})

describe('with its visit', () => {
  it('the time to clean up after it comes free', async () => {
    const scene = await waitingScene(app, { hours: ['10:00', '11:00'] })
    const long = await makeService(scene.clinic, { durationMin: 30, bufferAfterMin: 30 })
    await scene.clinic.inClinic((ctx) => changeWaitlistSettings(ctx, { on: true, most: 1, minutes: 30 }))
    const visit = await scene.book('2026-11-25', '10:00', undefined, long.id)
    await scene.join()
    await scene.join()
    await settle()
    await scene.clinic.inClinic((ctx) => cancelByPatient(ctx, visit.id), patientActor)
    await settle()
    expect(await offered(scene)).toEqual(['10:00', '10:30'])
  })

  it('a room comes free, and another doctor’s time with it', async () => {
    const scene = await waitingScene(app)
    const hamid = await makePractitioner(scene.clinic)
    await makeShift(scene.clinic, {
      practitionerId: hamid.id,
      locationId: scene.locationId,
      from: '10:00',
      to: '10:30',
    })
    await makeResource(scene.clinic, { name: 'Ultrasound', kind: 'equipment', neededBy: scene.service.id })
    const visit = await scene.book()
    await scene.join({ practitionerIds: [hamid.id] })
    await settle()
    expect(await offered(scene)).toEqual([])
    await scene.clinic.inClinic((ctx) => cancelByPatient(ctx, visit.id), patientActor)
    await settle()
    expect(await offersIn(scene.clinic)).toMatchObject([{ starts_at: Temporal.Instant.from('2026-11-25T05:00:00Z') }])
  })
})
