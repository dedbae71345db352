import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { moveAppointment } from '../../src/features/appointments/actions/move.ts'
import { cancelByPatient, confirmByPatient, takeStep, undoStep } from '../../src/features/appointments/actions/run.ts'
import type { Step } from '../../src/features/appointments/rules.ts'
import type { AppointmentId } from '../../src/kernel/ids.ts'
import type { Actor } from '../../src/platform/clinic-scope.ts'
import { startTestApp, type TestApp } from '../support/app.ts'
import { makeAppointment, makePractitioner } from '../support/factories.ts'
import { browser, messagesOf, scene, valueOf, visitor } from './scene.ts'

let app: TestApp
beforeAll(async () => {
  app = await startTestApp()
})
afterAll(() => app.stop())

async function booked(time = '10:00') {
  const set = await scene(app)
  const wish = set.at(time, '2026-11-27')
  const id = valueOf(await set.hold(wish))
  await set.book(id, wish)
  const { clinic } = set
  return {
    ...set,
    id,
    step: (step: Step) => clinic.inClinic((ctx) => takeStep(ctx, id, step)),
    undo: () => clinic.inClinic((ctx) => undoStep(ctx, id)),
    move: (to: string, by: 'patient' | 'desk' = 'desk', date = '2026-11-27') =>
      clinic.inClinic((ctx) => moveAppointment(ctx, id, set.at(to, date), by), by === 'patient' ? visitor : undefined),
  }
}

const queued = async (set: Awaited<ReturnType<typeof booked>>) =>
  (await messagesOf(set.clinic, set.id)).filter(({ status }) => status === 'queued').map(({ kind }) => kind)

/** As if the dispatcher had sent everything that is due. */
const sent = async (id: AppointmentId) =>
  app.superuser(
    `update clinic.messages set status = 'accepted' where appointment_id = $1 and status = 'queued' and kind in ('confirmation', 'moved', 'cancelled')`,
    [id],
  )

describe("the desk's day", () => {
  it('goes from arrival to done, and every step back again', async () => {
    const { step, undo } = await booked()
    expect(valueOf(await step('arrive')).status).toBe('arrived')
    expect(valueOf(await step('enter')).status).toBe('in_room')
    expect(valueOf(await step('finish')).status).toBe('fulfilled')
    expect(valueOf(await undo())).toMatchObject({ status: 'in_room', fulfilledAt: null })
    expect(await undo()).toEqual({ ok: false, reason: 'nothing_to_undo' })
  })

  it('tells what was left out for somebody who was not here after all', async () => {
    const set = await booked()
    await set.step('arrive')
    // The confirmation came due meanwhile, and nobody who stands at the desk needs it.
    await app.superuser(
      `update clinic.messages set status = 'dropped', drop_reason = 'not_needed'
       where appointment_id = $1 and kind = 'confirmation'`,
      [set.id],
    )
    expect(await queued(set)).not.toContain('confirmation')
    await set.undo()
    expect(await queued(set)).toContain('confirmation')
  })

  it('refuses steps that make no sense', async () => {
    const { step } = await booked()
    expect(await step('finish')).toEqual({ ok: false, reason: 'not_now' })
    expect(await step('miss'), 'before the visit began').toEqual({ ok: false, reason: 'not_now' })
  })

  it('tells one of two desks that the other was faster', async () => {
    const { clinic, id } = await booked()
    const both = await Promise.all([1, 2].map(() => clinic.inClinic((ctx) => takeStep(ctx, id, 'arrive'))))
    expect(both.filter(({ ok }) => ok)).toHaveLength(1)
  })

  it("keeps a doctor out of a colleague's diary: it does not exist", async () => {
    const { clinic } = await scene(app)
    const hamid = await makePractitioner(clinic)
    const visit = await makeAppointment(clinic, { practitionerId: hamid.id })
    const sana: Actor = { kind: 'user', userId: clinic.cast.sana.userId, name: 'Dr Sana', role: 'doctor' }
    await expect(clinic.inClinic((ctx) => takeStep(ctx, visit.id, 'arrive'), sana)).rejects.toMatchObject({
      status: 404,
    })
  })
})

describe('moving', () => {
  it('tells the patient, replaces the reminders and frees the old time', async () => {
    const set = await booked()
    await sent(set.id)
    const after = valueOf(await set.move('12:00'))
    expect(after.version).toBe(3)
    expect((await queued(set)).sort()).toEqual(['moved', 'reminder_24h', 'reminder_2h'])
    expect(await set.hold(set.at('10:00', '2026-11-27'), browser(2))).toMatchObject({ ok: true })
  })

  it('says nothing when moved away and back within the grace', async () => {
    const set = await booked()
    await sent(set.id)
    await set.move('12:00')
    await set.move('10:00')
    expect((await queued(set)).sort()).toEqual(['reminder_24h', 'reminder_2h'])
  })

  it('is refused where somebody is, also in a race', async () => {
    const set = await booked()
    const other = await makeAppointment(set.clinic, { on: '2026-11-27', at: '12:00', service: set.service })
    expect(other.id).toBeDefined()
    expect(await set.move('12:00')).toEqual({ ok: false, reason: 'slot_taken' })
    const [moved, held] = await Promise.all([set.move('14:00'), set.hold(set.at('14:00', '2026-11-27'), browser(2))])
    expect([moved, held].filter(({ ok }) => ok)).toHaveLength(1)
  })

  it('may overlap its own old time', async () => {
    const set = await booked()
    expect(valueOf(await set.move('10:15')).status).toBe('booked')
  })

  it('is the same when asked for twice', async () => {
    const set = await booked()
    const first = valueOf(await set.move('12:00'))
    expect(valueOf(await set.move('12:00')).version).toBe(first.version)
  })

  it('is too late for the patient once the visit began, and for everyone once they arrived', async () => {
    const set = await booked()
    app.clock.set('2026-11-27T05:00:00Z')
    expect(await set.move('15:00', 'patient')).toEqual({ ok: false, reason: 'too_late' })
    await set.step('arrive')
    expect(await set.move('15:00')).toEqual({ ok: false, reason: 'too_late' })
    app.clock.set('2026-11-24T07:00:00Z')
  })
})

describe('cancelling', () => {
  it('drops the reminders, tells the patient, and frees the time', async () => {
    const set = await booked()
    await sent(set.id)
    expect(valueOf(await set.step('cancel'))).toMatchObject({ status: 'cancelled', cancelledBy: 'clinic' })
    expect(await queued(set)).toEqual(['cancelled'])
    expect(await set.hold(set.at('10:00', '2026-11-27'), browser(2))).toMatchObject({ ok: true })
  })

  it('can be undone without a word sent', async () => {
    const set = await booked()
    await sent(set.id)
    await set.step('cancel')
    expect(valueOf(await set.undo()).status).toBe('booked')
    expect((await queued(set)).sort()).toEqual(['reminder_24h', 'reminder_2h'])
  })

  it("can't be undone when somebody else has the time by now", async () => {
    const set = await booked()
    await set.step('cancel')
    valueOf(await set.hold(set.at('10:00', '2026-11-27'), browser(2)))
    expect(await set.undo()).toEqual({ ok: false, reason: 'slot_taken' })
  })

  it('by the patient is twice the same as once, and not undone by the desk', async () => {
    const set = await booked()
    const cancel = () => set.clinic.inClinic((ctx) => cancelByPatient(ctx, set.id), { kind: 'patient' })
    expect(valueOf(await cancel()).cancelledBy).toBe('patient')
    expect(valueOf(await cancel()).status).toBe('cancelled')
    expect(await set.undo()).toEqual({ ok: false, reason: 'nothing_to_undo' })
  })
})

describe('confirming', () => {
  it('is twice the same as once and leaves the reminders alone', async () => {
    const set = await booked()
    const confirm = () => set.clinic.inClinic((ctx) => confirmByPatient(ctx, set.id), { kind: 'patient' })
    const first = valueOf(await confirm())
    expect(first.confirmedAt).not.toBeNull()
    expect(valueOf(await confirm()).version).toBe(first.version)
    expect(await queued(set)).toContain('reminder_2h')
  })

  it('is forgotten when the visit moves', async () => {
    const set = await booked()
    await set.clinic.inClinic((ctx) => confirmByPatient(ctx, set.id), { kind: 'patient' })
    expect(valueOf(await set.move('12:00')).confirmedAt).toBeNull()
  })
})
