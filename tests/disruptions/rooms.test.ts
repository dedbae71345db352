// What visits take beside their doctor while a day is rearranged: one machine for everybody, and never in two places.
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { holdSlot } from '../../src/features/appointments/actions/hold.ts'
import { moveAppointment } from '../../src/features/appointments/actions/move.ts'
import type { LocationId, PractitionerId } from '../../src/kernel/ids.ts'
import { startTestApp, testNow, type TestApp } from '../support/app.ts'
import { makeClinic, type TestClinic } from '../support/cast.ts'
import { makeBookable, makeLocation, makePractitioner, makeResource, makeShift } from '../support/factories.ts'
import type { Agent } from '../support/http.ts'
import { booked, desk, timeOf, visitNow } from './scene.ts'

let app: TestApp
let clinic: TestClinic
let bilal: Agent
let hamid: PractitionerId
let here: LocationId
beforeAll(async () => {
  app = await startTestApp({ simulator: true })
})
afterAll(() => app.stop())
beforeEach(async () => {
  app.clock.set(testNow)
  clinic = await makeClinic(app)
  const { service, locationId } = await makeBookable(clinic)
  here = locationId
  hamid = (await makePractitioner(clinic)).id
  await makeShift(clinic, { practitionerId: hamid, locationId, to: '13:00' })
  await makeResource(clinic, { neededBy: service.id })
  bilal = await clinic.as(clinic.cast.bilal)
})

const atDesk = () => desk(app, clinic, bilal)
const closed = () => atDesk().look({ what: 'off', who: `place:${here}` })
const takenAt = async (time: string, count: number) => {
  const found = await app.superuser<{ at: string }>(
    `select to_char(occupied_from at time zone 'Asia/Karachi', 'HH24:MI') as at from clinic.appointment_resources
     where clinic_id = $1 and occupies order by 1`,
    [clinic.id],
  )
  expect(found.filter(({ at }) => at === time)).toHaveLength(count)
}

it('a visit that stays keeps the machine: another is not put elsewhere at that time with it', async () => {
  const elsewhere = await makeLocation(clinic)
  await makeShift(clinic, { practitionerId: hamid, locationId: elsewhere.id, from: '13:00' })
  const moves = await booked(clinic, 'Goes Elsewhere', '12:30', { practitionerId: hamid })
  const stays = await booked(clinic, 'Stays', '13:00')
  const page = await closed()
  const again = await atDesk().again(page, { [stays.id]: 'keep' })
  await atDesk().done(again)
  expect([await timeOf(clinic, moves.id), await timeOf(clinic, stays.id)]).toEqual(['13:30', '13:00'])
  await takenAt('13:00', 1)
})

it('of two that are moved, the second waits until the first is done with it', async () => {
  const elsewhere = await makeLocation(clinic)
  for (const practitionerId of [clinic.cast.sana.practitionerId, hamid]) {
    await makeShift(clinic, { practitionerId, locationId: elsewhere.id, from: '17:00', to: '20:00' })
  }
  const one = await booked(clinic, 'One', '12:30', { practitionerId: hamid })
  const two = await booked(clinic, 'Two', '13:00')
  await atDesk().done(await closed())
  expect([await timeOf(clinic, one.id), await timeOf(clinic, two.id)]).toEqual(['17:00', '17:30'])
})

it('who can’t be handed over for want of the machine is put elsewhere, and the desk reads why', async () => {
  const omar = (await makePractitioner(clinic, { name: 'Dr Omar' })).id
  await makeShift(clinic, { practitionerId: omar, locationId: here })
  await booked(clinic, 'Has The Machine', '12:30', { practitionerId: omar })
  const visit = await booked(clinic, 'Squeezed In', '15:00')
  const { startsAt } = await visitNow(clinic, visit.id)
  const onTop = { practitionerId: clinic.cast.sana.practitionerId, locationId: here, overbookReason: 'in pain' }
  const at = startsAt.subtract({ hours: 2, minutes: 30 })
  await clinic.inClinic((ctx) => moveAppointment(ctx, visit.id, { ...onTop, startsAt: at }, 'desk'))
  const page = await atDesk().look({ what: 'off', then: hamid })
  expect(page.words).toContain('With Dr Hamid Raza, no room or equipment is free then')
  expect(page.visits[0]!.value).toContain(`move_${clinic.cast.sana.practitionerId}`)
  // The same when it was chosen by name.
  const free = await atDesk().look({ what: 'off' })
  expect(free.words).not.toContain('no room')
  const chosen = `move_${hamid}_${here}_${at.toString()}`
  const again = await atDesk().again(free, { [visit.id]: chosen })
  expect(again.words).toContain('The time you chose is no longer free')
  expect(again.words).toContain('With Dr Hamid Raza, no room or equipment is free then')
})

it('what is named but stands in the way of somebody who stays after all is lost, and not refused in the end', async () => {
  const before = await booked(clinic, 'Before', '13:00')
  const after = await booked(clinic, 'After', '13:30')
  const page = await atDesk().look({ what: 'late', late_min: '80' })
  const { startsAt, practitionerId, locationId } = await visitNow(clinic, after.id)
  const chosen = `move_${practitionerId}_${locationId}_${startsAt.toString()}`
  const again = await atDesk().again(page, { [before.id]: chosen })
  expect(again.words).toContain('The time you chose is no longer free')
  await atDesk().done(again)
  expect(await timeOf(clinic, after.id)).toBe('13:30')
})

it('a hold that lapsed takes the machine from nobody who is moved along', async () => {
  const visit = await booked(clinic, 'Comes Later', '12:30')
  const { serviceId, practitionerId, locationId, startsAt } = await visitNow(clinic, visit.id)
  const held = await clinic.inClinic((ctx) =>
    holdSlot(
      ctx,
      { serviceId, practitionerId, locationId, startsAt: startsAt.add({ minutes: 75 }) },
      { owner: Buffer.alloc(32, 1), language: 'en' },
    ),
  )
  expect(held.ok).toBe(true)
  app.clock.advance({ minutes: 6 })
  await atDesk().done(await atDesk().look({ what: 'late', late_min: '80' }))
  expect(await timeOf(clinic, visit.id)).toBe('13:30')
  await takenAt('13:30', 1)
})
