// Reminders that could not leave when they were due: nobody is woken for them once they can.
import { expect, it } from 'vitest'
import { takeStep } from '../../src/features/appointments/actions/run.ts'
import { noticeBooked, noticeConfirmRequest } from '../../src/features/notices/actions.ts'
import { Temporal } from '../../src/kernel/time.ts'
import type { TestApp } from '../support/app.ts'
import type { TestClinic } from '../support/cast.ts'
import { makeAppointment, makePatient } from '../support/factories.ts'
import { factsNow, inShort } from '../support/messages.ts'
import type { FakeWhatsApp } from '../support/whatsapp.ts'
import { patientPhone, withClinicThatWrites, wordsFor } from './scene.ts'

let app: TestApp
let whatsapp: FakeWhatsApp
let clinic: TestClinic
withClinicThatWrites((started) => ({ app, whatsapp, clinic } = started))
const { dispatch, booked, sinceSent } = wordsFor(() => ({ app, whatsapp, clinic }))

/** By the clinic's clock, whose night is from nine to eight. */
const karachi = (local: string) => Temporal.PlainDateTime.from(local).toZonedDateTime('Asia/Karachi').toInstant()
const at = async (local: string) => {
  app.clock.set(karachi(local))
  whatsapp.sent.length = 0
  await dispatch()
  return whatsapp.sent.map(({ name }) => name)
}

it('after an outage one leaves in the morning, not at three', async () => {
  await booked('patient') // On the 26th at 16:30: a reminder is due on the 25th at 16:30.
  await dispatch()
  expect(await at('2026-11-26T03:00')).toEqual([])
  const held = await sinceSent('reminder_24h')
  expect(held).toMatchObject({ status: 'queued', attempts: 0, lease_until: null, error_code: null })
  expect(String(held.due_at)).toBe(String(karachi('2026-11-26T08:00')))
  expect(await at('2026-11-26T07:59:59')).toEqual([])
  expect(await at('2026-11-26T08:00')).toEqual(['nabz_reminder'])
})

it('what is tried again is not tried through the night', async () => {
  await booked('patient')
  await dispatch()
  whatsapp.always({ status: 500 })
  await at('2026-11-25T20:55')
  whatsapp.always('accept')
  expect(await at('2026-11-25T22:00')).toEqual([])
  expect(await at('2026-11-26T08:00')).toEqual(['nabz_reminder'])
})

it('nor what may have arrived', async () => {
  await booked('patient')
  await dispatch()
  whatsapp.always('silence')
  await at('2026-11-25T20:57')
  whatsapp.always('accept')
  expect(await at('2026-11-25T21:30')).toEqual([])
  expect((await sinceSent('reminder_24h')).status).toBe('unknown')
  expect(await at('2026-11-26T08:00')).toEqual(['nabz_reminder'])
})

it('nor what waited while the sender was stopped', async () => {
  await booked('patient')
  await dispatch()
  await app.superuser(
    `insert into platform.sending_pauses (sender, subject, code, since, until) values ('platform', '', 'x', $1, $2)`,
    [String(karachi('2026-11-25T16:00')), String(karachi('2026-11-25T23:00'))],
  )
  expect(await at('2026-11-25T16:30')).toEqual([])
  expect(await at('2026-11-25T23:00')).toEqual([])
  expect(await at('2026-11-26T08:00')).toEqual(['nabz_reminder'])
})

it('one that is of no use by the morning ends when it is of none', async () => {
  const { id: patientId } = await makePatient(clinic, { phone: patientPhone })
  const { id } = await makeAppointment(clinic, { on: '2026-11-26', at: '07:30', patientId })
  await clinic.inClinic(async (ctx) => noticeBooked(ctx, await factsNow(ctx, id), { by: 'patient' }))
  await dispatch()
  expect(await at('2026-11-26T03:00')).toEqual([])
  const ends = karachi('2026-11-26T07:15')
  expect(String((await sinceSent('reminder_2h')).due_at)).toBe(String(ends))
  expect(await at('2026-11-26T07:15')).toEqual([])
  expect(await inShort(app, clinic.id)).toContain('reminder_2h dropped (expired)')
})

it('asking whether somebody will come waits like a reminder', async () => {
  const id = await booked('patient')
  await dispatch()
  await clinic.inClinic(async (ctx) => noticeConfirmRequest(ctx, await factsNow(ctx, id), karachi('2026-11-25T12:00')))
  expect(await at('2026-11-25T23:00')).toEqual([])
  expect(String((await sinceSent('confirm_request')).due_at)).toBe(String(karachi('2026-11-26T08:00')))
})

it('a confirmation and the end of a visit leave by night too', async () => {
  app.clock.set(karachi('2026-11-25T23:00'))
  const id = await booked('patient')
  expect(await at('2026-11-25T23:00')).toEqual(['nabz_confirmation'])
  await clinic.inClinic((ctx) => takeStep(ctx, id, 'cancel'))
  expect(await at('2026-11-26T01:00')).toEqual(['nabz_cancelled'])
})

it('a clinic without a night reminds by night', async () => {
  await clinic.inClinic(async (ctx) => {
    await ctx.db.raw(`update clinic.profiles set quiet_from = '00:00', quiet_to = '00:00' where clinic_id = ?`, [
      clinic.id,
    ])
    ctx.settingsChanged()
  })
  await booked('patient')
  await dispatch()
  expect(await at('2026-11-26T03:00')).toEqual(['nabz_reminder'])
})
