// A hold whose time is up keeps nobody from a doctor, a room or a thing, however somebody comes to want it: it stands in the
// tables until the sweep takes it, and the constraints see it.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { moveAppointment } from '../../src/features/appointments/actions/move.ts'
import { resizeAppointment } from '../../src/features/appointments/actions/resize.ts'
import { returnByPatient } from '../../src/features/appointments/actions/return.ts'
import { takeStep, undoStep } from '../../src/features/appointments/actions/run.ts'
import { undoMove } from '../../src/features/appointments/actions/undo-move.ts'
import { calledOff } from '../../src/features/appointments/rules.ts'
import { declare } from '../../src/features/disruptions/actions/declare.ts'
import { planFor } from '../../src/features/disruptions/actions/plan.ts'
import type { PractitionerId } from '../../src/kernel/ids.ts'
import { startTestApp, testNow, type TestApp } from '../support/app.ts'
import { makePractitioner, makeResource, makeShift } from '../support/factories.ts'
import { scene, valueOf } from './scene.ts'

let app: TestApp
beforeAll(async () => {
  app = await startTestApp()
})
afterAll(() => app.stop())
beforeEach(() => app.clock.set(testNow))

/** Dr Sana and Dr Hamid, who share one ultrasound. */
async function ultrasound() {
  const base = await scene(app)
  const { clinic, locationId, service, hold } = base
  const hamid = (await makePractitioner(clinic)).id
  await makeShift(clinic, { practitionerId: hamid, locationId })
  await makeResource(clinic, { kind: 'equipment', neededBy: service.id })
  const at = (time: string, practitionerId: PractitionerId = base.practitionerId) => ({
    ...base.at(time),
    practitionerId,
  })
  return {
    ...base,
    at,
    hamid,
    /** Somebody begins to book this time, and leaves. */
    abandon: async (wish: ReturnType<typeof at>) => {
      valueOf(await hold(wish))
      app.clock.advance({ minutes: 6 })
    },
  }
}

describe('a hold that lapsed, in the room of a visit or with its doctor', () => {
  it('keeps nobody whose visit was called off from another time', async () => {
    const { clinic, at, hamid, bookByPhone, abandon } = await ultrasound()
    const { id } = valueOf(await bookByPhone(at('14:00')))
    await app.superuser(
      `update clinic.appointments set status = 'cancelled', previous_status = 'booked', cancelled_by = 'clinic',
         cancelled_at = now(), cancel_reason = $2 where id = $1`,
      [id, calledOff],
    )
    await abandon(at('10:00'))
    const back = await clinic.inClinic((ctx) => returnByPatient(ctx, id, at('10:00', hamid)), { kind: 'patient' })
    expect(valueOf(back)).toMatchObject({ status: 'booked', practitionerId: hamid })
  })

  it('keeps nobody from being put elsewhere when the doctor is away', async () => {
    const { clinic, at, practitionerId, hamid, bookByPhone, abandon } = await ultrasound()
    const { id } = valueOf(await bookByPhone(at('10:00')))
    await abandon(at('12:00', hamid))
    const [from, to] = [at('09:00').startsAt, at('12:00').startsAt]
    const declaration = { kind: 'leave', practitionerId, locationId: undefined, from, to, then: 'move' } as const
    const { digest } = valueOf(await clinic.inClinic((ctx) => planFor(ctx, declaration, new Map(), { lock: false })))
    valueOf(await clinic.inClinic((ctx) => declare(ctx, declaration, new Map(), digest, 'leave')))
    const [moved] = await app.superuser<{ at: string }>(
      `select to_char(starts_at at time zone 'Asia/Karachi', 'HH24:MI') as at from clinic.appointments where id = $1`,
      [id],
    )
    expect(moved!.at).toBe('12:00')
  })

  it('keeps no visit from becoming longer', async () => {
    const { clinic, at, hamid, bookByPhone, abandon } = await ultrasound()
    const { id } = valueOf(await bookByPhone(at('10:00')))
    await abandon(at('10:30', hamid))
    valueOf(await clinic.inClinic((ctx) => resizeAppointment(ctx, id, 45)))
  })

  it('keeps no move from being taken back', async () => {
    const { clinic, at, hamid, bookByPhone, abandon } = await ultrasound()
    const { id } = valueOf(await bookByPhone(at('10:00')))
    valueOf(await clinic.inClinic((ctx) => moveAppointment(ctx, id, at('14:00'), 'desk')))
    await abandon(at('10:00', hamid))
    valueOf(await clinic.inClinic((ctx) => undoMove(ctx, id)))
  })

  it.each(['the doctor', 'the machine'])('keeps no cancellation from being taken back, by %s', async (what) => {
    const { clinic, at, practitionerId, hamid, bookByPhone, abandon } = await ultrasound()
    const { id } = valueOf(await bookByPhone(at('10:00')))
    valueOf(await clinic.inClinic((ctx) => takeStep(ctx, id, 'cancel')))
    await abandon(at('10:15', what === 'the doctor' ? practitionerId : hamid))
    valueOf(await clinic.inClinic((ctx) => undoStep(ctx, id)))
  })

  it('keeps nobody from arriving who was thought to have missed it', async () => {
    const { clinic, at, hamid, bookByPhone, hold } = await ultrasound()
    const { id } = valueOf(await bookByPhone(at('10:00')))
    app.clock.set(at('10:01').startsAt.toString())
    valueOf(await clinic.inClinic((ctx) => takeStep(ctx, id, 'miss')))
    await app.superuser('update clinic.profiles set min_notice_min = 0 where clinic_id = $1', [clinic.id])
    await clinic.inClinic((ctx) => Promise.resolve(ctx.settingsChanged()))
    valueOf(await hold(at('10:15', hamid)))
    app.clock.advance({ minutes: 6 })
    valueOf(await clinic.inClinic((ctx) => takeStep(ctx, id, 'arrive')))
  })

  it('that has not lapsed keeps its time', async () => {
    const { clinic, at, hamid, bookByPhone, hold } = await ultrasound()
    const { id } = valueOf(await bookByPhone(at('10:00')))
    valueOf(await clinic.inClinic((ctx) => takeStep(ctx, id, 'cancel')))
    valueOf(await hold(at('10:15', hamid)))
    app.clock.advance({ minutes: 4 })
    expect(await clinic.inClinic((ctx) => undoStep(ctx, id))).toEqual({ ok: false, reason: 'slot_taken' })
  })
})
