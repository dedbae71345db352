// A message is gone after 90 days. What it told somebody of a visit that is still to come is not forgotten with it.
import { expect, it } from 'vitest'
import { moveAppointment } from '../../src/features/appointments/actions/move.ts'
import { takeStep } from '../../src/features/appointments/actions/run.ts'
import { findAppointment } from '../../src/features/appointments/queries.ts'
import { noticeBooked, noticeTogether, previewRearranged } from '../../src/features/notices/actions.ts'
import type { AppointmentId } from '../../src/kernel/ids.ts'
import { patientPhone, withClinicThatWrites, wordsFor } from '../messaging/scene.ts'
import { testNow, type TestApp } from '../support/app.ts'
import type { TestClinic } from '../support/cast.ts'
import { makeAppointment, makePatient } from '../support/factories.ts'
import { factsNow, messagesOf } from '../support/messages.ts'
import type { FakeWhatsApp } from '../support/whatsapp.ts'
import { placesOf } from './canary.ts'

let app: TestApp
let whatsapp: FakeWhatsApp
let clinic: TestClinic
withClinicThatWrites((started) => ({ app, whatsapp, clinic } = started))
const { dispatch } = wordsFor(() => ({ app, whatsapp, clinic }))

const farOff = '2027-04-05'
const email = 'canaryaddress@patient.test'
const visitsOf = async (...times: string[]): Promise<AppointmentId[]> => {
  const { id: patientId } = await makePatient(clinic, { phone: patientPhone, email })
  const ids: AppointmentId[] = []
  for (const at of times) ids.push((await makeAppointment(clinic, { on: farOff, at, patientId })).id)
  return ids
}
const bookedFarAhead = async (by: 'patient' | 'desk' = 'patient') => {
  const [id] = await visitsOf('10:00')
  await clinic.inClinic(async (ctx) => noticeBooked(ctx, await factsNow(ctx, id!), { by }))
  await dispatch()
  return id!
}

/** As if the service had been running all along until so many hours, and seconds, after the tests' beginning. */
async function retentionAt(hours: number, seconds: number) {
  app.clock.set(testNow)
  app.clock.set(app.clock.now().add({ seconds: hours * 3600 + seconds }))
  await app.superuser('delete from platform.retention_clock')
  await app.superuser('delete from platform.retention_turns')
  await app.runJob('privacy.retention')
}
const announcements = async () =>
  (await messagesOf(app, clinic.id)).filter(({ kind }) => !kind.startsWith('reminder')).map(({ kind }) => kind)
const told = async (id: AppointmentId) =>
  (await app.superuser<{ told: unknown }>('select told from clinic.appointments where id = $1', [id]))[0]!.told
const lately = async () => {
  whatsapp.sent.length = 0
  app.clock.advance({ minutes: 30 })
  await dispatch()
  return whatsapp.sent.map(({ name }) => name)
}

it('goes to the second, whole, and leaves with the visit what was told and nothing that was written', async () => {
  const id = await bookedFarAhead()
  const { practitionerId, locationId, startsAt } = await clinic.inClinic((ctx) => factsNow(ctx, id))
  await app.superuser(`update clinic.messages set error_code = 'canarycode' where kind = 'confirmation'`)

  await retentionAt(90 * 24, -1)
  expect(await announcements()).toEqual(['confirmation'])
  expect(await told(id)).toBeNull()

  await retentionAt(90 * 24, 1)
  expect(await announcements()).toEqual([])
  expect(await placesOf(app, 'canarycode')).toEqual([])
  const news = { kind: 'confirmation', version: 1, status: 'sent', by: 'patient' }
  expect(await told(id)).toEqual([{ ...news, startsAt: startsAt.toString(), practitionerId, locationId }])
})

it('a visit that is over keeps none of it', async () => {
  const id = await bookedFarAhead()
  const { id: patientId } = await makePatient(clinic, { phone: patientPhone, name: 'Near' })
  const near = await makeAppointment(clinic, { on: '2026-11-26', at: '10:00', patientId })
  await clinic.inClinic(async (ctx) => noticeBooked(ctx, await factsNow(ctx, near.id), { by: 'patient' }))
  await dispatch()
  await retentionAt(90 * 24, 1)
  expect([await told(id), await told(near.id)]).toEqual([[expect.anything()], null])
  await retentionAt(140 * 24, 0)
  expect(await told(id)).toBeNull()
})

it('a cancellation after it is told', async () => {
  const id = await bookedFarAhead()
  await retentionAt(100 * 24, 0)
  await clinic.inClinic((ctx) => takeStep(ctx, id, 'cancel'))
  expect(await lately()).toEqual(['nabz_cancelled'])
})

it('a move after it is told as a move, and one that changes nothing is not', async () => {
  const id = await bookedFarAhead()
  await retentionAt(100 * 24, 0)
  await clinic.inClinic(async (ctx) =>
    noticeTogether(ctx, [await factsNow(ctx, id)], { by: 'desk', dropping: 'undone' }),
  )
  expect(await lately()).toEqual([])
  await clinic.inClinic(async (ctx) => {
    const { practitionerId, locationId, startsAt } = (await findAppointment(ctx, id))!
    await moveAppointment(ctx, id, { practitionerId, locationId, startsAt: startsAt.add({ hours: 2 }) }, 'desk')
  })
  expect(await lately()).toEqual(['nabz_moved'])
})

it('a day that goes wrong after it is told', async () => {
  const id = await bookedFarAhead()
  await retentionAt(100 * 24, 0)
  const news = await clinic.inClinic(async (ctx) => {
    const facts = { ...(await factsNow(ctx, id)), status: 'cancelled' } as const
    return previewRearranged(ctx, [{ facts, wasAt: facts.startsAt }], 'away')
  })
  expect(news.get(id)?.template).toBe('nabz_called_off')
})

it('what was said since counts for more', async () => {
  const id = await bookedFarAhead()
  await retentionAt(100 * 24, 0)
  await clinic.inClinic((ctx) => takeStep(ctx, id, 'cancel'))
  expect(await lately()).toEqual(['nabz_cancelled'])
  await clinic.inClinic(async (ctx) =>
    noticeTogether(ctx, [await factsNow(ctx, id)], { by: 'desk', dropping: 'undone' }),
  )
  expect(await lately()).toEqual([])
  await retentionAt(100 * 24 + 90 * 24 + 1, 0)
  expect(await announcements()).toEqual([])
})

it('of visits told of in one message too, also where that message goes a run sooner than the rest', async () => {
  const ids = await visitsOf('10:00', '11:00')
  await clinic.inClinic(async (ctx) => {
    const facts = [await factsNow(ctx, ids[0]!), await factsNow(ctx, ids[1]!)]
    await noticeTogether(ctx, facts, { by: 'patient', dropping: 'undone' })
  })
  await dispatch()
  expect(whatsapp.sent).toHaveLength(1)
  await app.superuser(
    `update clinic.messages set created_at = created_at + interval '1 minute' where drop_reason = 'told_together'`,
  )
  await retentionAt(90 * 24, 1)
  expect(await announcements()).toEqual(['confirmation', 'confirmation'])
  await retentionAt(90 * 24, 61)
  expect(await announcements()).toEqual([])
  for (const id of ids) await clinic.inClinic((ctx) => takeStep(ctx, id, 'cancel'))
  expect(await lately()).toEqual(['nabz_cancelled', 'nabz_cancelled'])
})

it('steps round a visit that somebody is changing; its messages go when they are done', async () => {
  const id = await bookedFarAhead()
  let erasing: Promise<void> = Promise.resolve()
  await clinic.inClinic(async (ctx) => {
    await ctx.db.raw('select 1 from clinic.appointments where clinic_id = ? and id = ? for update', [clinic.id, id])
    erasing = retentionAt(90 * 24, 1)
    await erasing
  })
  expect(await announcements()).toEqual(['confirmation'])
  await retentionAt(90 * 24, 2)
  expect([await announcements(), await told(id)]).toEqual([[], [expect.objectContaining({ status: 'sent' })]])
})

it('nobody who was told nothing is told of the end', async () => {
  const id = await bookedFarAhead('desk')
  await app.superuser(`update clinic.messages set status = 'failed' where kind = 'confirmation'`)
  await retentionAt(100 * 24, 0)
  await clinic.inClinic((ctx) => takeStep(ctx, id, 'cancel'))
  expect(await lately()).toEqual([])
})
