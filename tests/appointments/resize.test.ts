import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { moveAppointment } from '../../src/features/appointments/actions/move.ts'
import { resizeAppointment } from '../../src/features/appointments/actions/resize.ts'
import { takeStep } from '../../src/features/appointments/actions/run.ts'
import type { AppointmentId } from '../../src/kernel/ids.ts'
import type { Actor } from '../../src/platform/clinic-scope.ts'
import { startTestApp, type TestApp } from '../support/app.ts'
import { makeAppointment, makePractitioner } from '../support/factories.ts'
import { actionsOf, messagesOf, scene, valueOf } from './scene.ts'

let app: TestApp
beforeAll(async () => {
  app = await startTestApp()
})
afterAll(() => app.stop())

async function row(id: AppointmentId) {
  const [found] = await app.superuser<Record<string, unknown>>(
    `select (extract(epoch from ends_at - starts_at) / 60)::int as minutes, version, calendar_sequence, resized,
       (extract(epoch from occupied_to - ends_at) / 60)::int as after, (extract(epoch from starts_at - occupied_from) / 60)::int as before,
       overbooked, overbook_reason, lane
     from clinic.appointments where id = $1`,
    [id],
  )
  return found!
}

describe('a visit gets another length', () => {
  it('longer and shorter, with its buffers, in the log, and without a word to anybody', async () => {
    const { clinic, at, bookByPhone } = await scene(app, { bufferBeforeMin: 5, bufferAfterMin: 10 })
    const { id } = valueOf(await bookByPhone(at('10:00')))
    const told = await messagesOf(clinic, id)
    const { appointment, before } = valueOf(await clinic.inClinic((ctx) => resizeAppointment(ctx, id, 50)))
    expect([before, appointment.endsAt.toString()]).toEqual([30, at('10:50').startsAt.toString()])
    expect(await row(id)).toMatchObject({
      minutes: 50,
      before: 5,
      after: 10,
      version: 1,
      calendar_sequence: 1,
      resized: true,
    })
    valueOf(await clinic.inClinic((ctx) => resizeAppointment(ctx, id, 15)))
    expect(await row(id)).toMatchObject({ minutes: 15, before: 5, after: 10, version: 1, calendar_sequence: 2 })
    // What was queued about it is as true as it was.
    expect(await messagesOf(clinic, id)).toEqual(told)
    expect((await actionsOf(clinic)).filter((action) => action === 'appointment.resized')).toHaveLength(2)
  })

  it('back to what the service says, and is again as long as every other', async () => {
    const { clinic, at, bookByPhone } = await scene(app)
    const { id } = valueOf(await bookByPhone(at('10:00')))
    const { before } = valueOf(await clinic.inClinic((ctx) => resizeAppointment(ctx, id, 50)))
    valueOf(await clinic.inClinic((ctx) => resizeAppointment(ctx, id, before)))
    expect(await row(id)).toMatchObject({ minutes: 30, resized: false })
  })

  it('never into the next visit or its buffer, and a hold that lapsed is no next visit', async () => {
    const { clinic, at, bookByPhone } = await scene(app, { bufferAfterMin: 10 })
    const { id } = valueOf(await bookByPhone(at('10:00')))
    await makeAppointment(clinic, {
      startsAt: at('10:45').startsAt,
      status: 'pending',
      holdExpiresAt: app.clock.now().subtract({ seconds: 1 }),
    })
    const next = valueOf(await bookByPhone(at('11:15')))
    const long = (minutes: number) => clinic.inClinic((ctx) => resizeAppointment(ctx, id, minutes))
    expect(await long(66)).toEqual({ ok: false, reason: 'slot_taken' })
    expect(await row(id)).toMatchObject({ minutes: 30, calendar_sequence: 0 })
    valueOf(await long(65))
    expect(await row(next.id)).toMatchObject({ minutes: 30 })
  })

  it('only while it is to come or waits, within bounds', async () => {
    const { clinic, at, bookByPhone } = await scene(app)
    const { id } = valueOf(await bookByPhone(at('10:00')))
    const to = (minutes: number) => clinic.inClinic((ctx) => resizeAppointment(ctx, id, minutes))
    for (const minutes of [0, 4, 721, 22.5]) expect(await to(minutes)).toMatchObject({ reason: 'out_of_bounds' })
    valueOf(await clinic.inClinic((ctx) => takeStep(ctx, id, 'arrive')))
    valueOf(await to(40))
    valueOf(await clinic.inClinic((ctx) => takeStep(ctx, id, 'enter')))
    expect(await to(30)).toMatchObject({ reason: 'too_late' })
    expect(await row(id)).toMatchObject({ minutes: 40 })
  })

  it('by one of two who try at once, and never over somebody who books there meanwhile', async () => {
    const { clinic, at, bookByPhone } = await scene(app)
    const { id } = valueOf(await bookByPhone(at('10:00')))
    const [long, taken] = await Promise.all([
      clinic.inClinic((ctx) => resizeAppointment(ctx, id, 60)),
      bookByPhone(at('10:30')),
    ])
    expect([long.ok, taken.ok].filter(Boolean)).toHaveLength(1)
    const both = await Promise.all(
      [40, 50].map((minutes) => clinic.inClinic((ctx) => resizeAppointment(ctx, id, minutes))),
    )
    const [overlap] = await app.superuser<{ n: number }>(
      `select count(*)::int as n from clinic.appointments a join clinic.appointments b on a.clinic_id = b.clinic_id
         and a.id < b.id and a.lane = b.lane and a.practitioner_id = b.practitioner_id and a.occupied && b.occupied
       where a.clinic_id = $1`,
      [clinic.id],
    )
    expect(overlap!.n).toBe(0)
    for (const one of both) if (!one.ok) expect(['changed_meanwhile', 'slot_taken']).toContain(one.reason)
  })

  it("in a doctor's own diary alone, when a doctor does it", async () => {
    const { clinic, at, bookByPhone } = await scene(app)
    const hamid = await makePractitioner(clinic)
    const sana: Actor = { kind: 'user', userId: clinic.cast.sana.userId, name: 'Dr Sana', role: 'doctor' }
    const { id } = valueOf(await bookByPhone(at('10:00')))
    valueOf(await clinic.inClinic((ctx) => resizeAppointment(ctx, id, 45), sana))
    const other = await makeAppointment(clinic, { practitionerId: hamid.id, startsAt: at('10:00').startsAt })
    await expect(clinic.inClinic((ctx) => resizeAppointment(ctx, other.id, 45), sana)).rejects.toThrow('appointment')
    expect(await row(other.id)).toMatchObject({ minutes: 30 })
  })
})

describe('a visit is moved', () => {
  it('on top of another with a reason, into a lane of its own, and from there to a free time again', async () => {
    const { clinic, at, bookByPhone } = await scene(app)
    const { id } = valueOf(await bookByPhone(at('10:00')))
    valueOf(await bookByPhone(at('11:00')))
    const move = (time: string, overbookReason?: string) =>
      clinic.inClinic((ctx) => moveAppointment(ctx, id, { ...at(time), overbookReason }, 'desk'))
    expect(await move('11:00')).toEqual({ ok: false, reason: 'slot_taken' })
    valueOf(await move('11:10', 'In pain'))
    expect(await row(id)).toMatchObject({ overbooked: true, overbook_reason: 'In pain', lane: 1001 })
    valueOf(await move('12:00'))
    expect(await row(id)).toMatchObject({ overbooked: false, lane: 1 })
  })

  it('with the length it was given, which has to be free there', async () => {
    const { clinic, at, bookByPhone } = await scene(app)
    const { id } = valueOf(await bookByPhone(at('10:00')))
    valueOf(await bookByPhone(at('12:00')))
    valueOf(await clinic.inClinic((ctx) => resizeAppointment(ctx, id, 45)))
    const move = (time: string) => clinic.inClinic((ctx) => moveAppointment(ctx, id, at(time), 'desk'))
    expect(await move('11:30')).toEqual({ ok: false, reason: 'slot_taken' })
    valueOf(await move('11:15'))
    expect(await row(id)).toMatchObject({ minutes: 45, resized: true })
  })
})
