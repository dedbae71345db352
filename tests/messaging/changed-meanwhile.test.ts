// A visit is moved, cancelled or taken back while messages about it wait: nobody is told what is not so any more.
import { describe, expect, it } from 'vitest'
import { moveAppointment } from '../../src/features/appointments/actions/move.ts'
import { cancelByPatient, takeStep, undoStep } from '../../src/features/appointments/actions/run.ts'
import type { AppointmentId } from '../../src/kernel/ids.ts'
import type { TestApp } from '../support/app.ts'
import type { TestClinic } from '../support/cast.ts'
import { factsNow, inShort } from '../support/messages.ts'
import type { FakeWhatsApp } from '../support/whatsapp.ts'
import { withClinicThatWrites, wordsFor } from './scene.ts'

let app: TestApp
let whatsapp: FakeWhatsApp
let clinic: TestClinic
withClinicThatWrites((started) => ({ app, whatsapp, clinic } = started))
const { dispatch, booked } = wordsFor(() => ({ app, whatsapp, clinic }))

describe('what changes before a message leaves', () => {
  const move = (id: AppointmentId, startsAt: string) =>
    clinic.inClinic(async (ctx) => {
      const { practitionerId, locationId, startsAt: before } = await factsNow(ctx, id)
      const to = before.toZonedDateTimeISO('Asia/Karachi').withPlainTime(startsAt).toInstant()
      return moveAppointment(ctx, id, { practitionerId, locationId, startsAt: to }, 'desk')
    })

  it('moved: the old reminders never leave, the new ones do', async () => {
    const id = await booked()
    await dispatch()
    expect(await move(id, '11:00')).toMatchObject({ ok: true })
    app.clock.advance({ minutes: 3 })
    await dispatch()
    expect(await inShort(app, clinic.id)).toEqual([
      'confirmation accepted',
      'reminder_24h dropped (stale_version)',
      'reminder_2h dropped (stale_version)',
      'moved accepted',
      'reminder_24h queued',
      'reminder_2h queued',
    ])
  })

  it('moved away and back within the grace period: nobody hears of it', async () => {
    const id = await booked()
    await dispatch()
    await move(id, '11:00')
    await move(id, '16:30')
    app.clock.advance({ minutes: 10 })
    await dispatch()
    expect(whatsapp.sent).toHaveLength(1)
  })

  it('booked by mistake and cancelled within the grace period: nobody hears of it', async () => {
    const id = await booked('desk')
    await clinic.inClinic((ctx) => takeStep(ctx, id, 'cancel'))
    app.clock.advance({ minutes: 10 })
    await dispatch()
    expect(whatsapp.sent).toHaveLength(0)
  })

  it('cancelled by mistake and undone within the grace period: nobody hears of it, and reminders stand', async () => {
    const id = await booked()
    await dispatch()
    await clinic.inClinic((ctx) => takeStep(ctx, id, 'cancel'))
    await clinic.inClinic((ctx) => undoStep(ctx, id))
    app.clock.advance({ minutes: 10 })
    await dispatch()
    expect(whatsapp.sent).toHaveLength(1)
    app.clock.set('2026-11-25T11:30:00Z')
    await dispatch()
    expect(whatsapp.sent).toHaveLength(2)
  })

  it('cancelled, told, and taken back: told again', async () => {
    const id = await booked()
    await dispatch()
    await clinic.inClinic((ctx) => takeStep(ctx, id, 'cancel'))
    app.clock.advance({ minutes: 4 })
    await dispatch()
    await clinic.inClinic((ctx) => undoStep(ctx, id))
    app.clock.advance({ minutes: 4 })
    await dispatch()
    expect(whatsapp.sent.map(({ name }) => name)).toEqual(['nabz_confirmation', 'nabz_cancelled', 'nabz_confirmation'])
  })

  it('somebody who has come is not reminded', async () => {
    const id = await booked()
    await dispatch()
    app.clock.set('2026-11-26T09:00:00Z')
    await clinic.inClinic((ctx) => takeStep(ctx, id, 'arrive'))
    app.clock.set('2026-11-26T09:31:00Z')
    await dispatch()
    expect(whatsapp.sent).toHaveLength(1)
  })

  it('changed past our notice (a row written by hand): the last look finds out', async () => {
    const id = await booked()
    await dispatch()
    await app.superuser('update clinic.appointments set version = version + 1 where id = $1', [id])
    app.clock.set('2026-11-25T12:00:00Z')
    await dispatch()
    expect(whatsapp.sent).toHaveLength(1)
    expect(await inShort(app, clinic.id)).toContain('reminder_24h dropped (stale_version)')
  })

  it('reminders that could not leave in time are let go rather than sent late', async () => {
    await booked()
    await dispatch()
    app.clock.set('2026-11-26T11:20:00Z')
    await dispatch()
    expect(await inShort(app, clinic.id)).toEqual([
      'confirmation accepted',
      'reminder_24h dropped (expired)',
      'reminder_2h dropped (expired)',
    ])
  })

  it('the patient cancels: one message, the cancellation', async () => {
    const id = await booked()
    await dispatch()
    await clinic.inClinic((ctx) => cancelByPatient(ctx, id), { kind: 'patient' })
    await dispatch()
    expect(whatsapp.sent.map(({ name }) => name)).toEqual(['nabz_confirmation', 'nabz_cancelled'])
  })
})
