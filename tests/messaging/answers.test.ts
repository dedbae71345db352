import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { moveAppointment } from '../../src/features/appointments/actions/move.ts'
import { takeStep } from '../../src/features/appointments/actions/run.ts'
import { findAppointment } from '../../src/features/appointments/queries.ts'
import { workOnEvents } from '../../src/features/messaging/actions/events.ts'
import { isOptedOut, stopForPatient } from '../../src/features/messaging/actions/stop.ts'
import { noticeBooked, noticeCode } from '../../src/features/notices/actions.ts'
import { newId, type AppointmentId, type PatientId } from '../../src/kernel/ids.ts'
import type { Phone } from '../../src/kernel/phone.ts'
import { startTestApp, type TestApp } from '../support/app.ts'
import { makeClinic, type TestClinic } from '../support/cast.ts'
import { makeAppointment, makeBookable, makePatient } from '../support/factories.ts'
import { factsNow, inShort, settle as settleAll, startOver, tellOfBooking } from '../support/messages.ts'
import { fakeWhatsApp, type FakeWhatsApp } from '../support/whatsapp.ts'

let app: TestApp
let whatsapp: FakeWhatsApp
let clinic: TestClinic
let patientId: PatientId
beforeAll(async () => {
  app = await startTestApp()
  whatsapp = fakeWhatsApp(app)
})
afterAll(() => app.stop())
beforeEach(async () => {
  await startOver(app, whatsapp)
  clinic = await makeClinic(app)
  await makeBookable(clinic)
  patientId = (await makePatient(clinic, { phone })).id
})

const phone = '+923001234567' as Phone

async function book(at = '16:30', language: 'en' | 'ar' | 'ur' = 'en'): Promise<AppointmentId> {
  const { id } = await makeAppointment(clinic, { on: '2026-11-26', at, patientId, language })
  await tellOfBooking(clinic, id)
  return id
}
const settle = () => settleAll(app, whatsapp)
const visit = (id: AppointmentId) => clinic.inClinic(async (ctx) => (await findAppointment(ctx, id))!)

describe('the buttons', () => {
  it('I will come: confirmed, and thanked once', async () => {
    const id = await book()
    const [message] = await settle()
    await whatsapp.tap(phone, message!, 0).expect(200)
    const [thanks] = await settle()
    expect((await visit(id)).confirmedAt).not.toBeNull()
    expect(thanks!.texts[0]).toMatch(/^Thank you, we expect you on Thursday.*4:30/)
    await whatsapp.tap(phone, message!, 0).expect(200)
    expect(await settle()).toEqual([])
  })

  it('cancel: cancelled, the news of it is the answer, and no reminder leaves', async () => {
    const id = await book()
    const [message] = await settle()
    await whatsapp.tap(phone, message!, 1).expect(200)
    expect((await settle()).map(({ name }) => name)).toEqual(['nabz_cancelled'])
    expect(await visit(id)).toMatchObject({ status: 'cancelled', cancelledBy: 'patient' })
    await whatsapp.tap(phone, message!, 1).expect(200)
    expect(await settle()).toEqual([])
    app.clock.set('2026-11-27T00:00:00Z')
    expect(await settle()).toEqual([])
  })

  it('under an old message change nothing, and lead to how the visit stands', async () => {
    const id = await book()
    const [message] = await settle()
    await clinic.inClinic(async (ctx) => {
      const { practitionerId, locationId, startsAt } = (await findAppointment(ctx, id))!
      await moveAppointment(
        ctx,
        id,
        { practitionerId, locationId, startsAt: startsAt.subtract({ hours: 4 }) },
        'patient',
      )
    })
    await settle()
    await whatsapp.tap(phone, message!, 1).expect(200)
    const [answer] = await settle()
    expect((await visit(id)).status).toBe('booked')
    expect(answer!.texts[0]).toMatch(/now on Thursday.*12:30.*https:\/\/nabz\.test\/a\/[\w-]{32}$/s)
  })

  it('under a message about a cancelled visit lead to booking another', async () => {
    const id = await book()
    const [message] = await settle()
    await clinic.inClinic((ctx) => takeStep(ctx, id, 'cancel'))
    await whatsapp.tap(phone, message!, 0).expect(200)
    const [answer] = await settle()
    expect(answer!.texts[0]).toContain(`https://nabz.test/c/${clinic.slug}`)
    expect((await visit(id)).status).toBe('cancelled')
  })

  it('too late: says so, names the telephone, changes nothing', async () => {
    await app.superuser(`update clinic.profiles set phone = '+92 21 111 222' where clinic_id = $1`, [clinic.id])
    const id = await book()
    const [message] = await settle()
    app.clock.set('2026-11-26T12:00:00Z')
    await whatsapp.tap(phone, message!, 1).expect(200)
    const [answer] = await settle()
    expect(answer!.texts[0]).toContain('+92 21 111 222')
    expect((await visit(id)).status).toBe('booked')
    const [row] = await app.superuser<{ count: string }>('select count(*) as count from clinic.inbound_messages')
    expect(Number(row!.count)).toBe(1)
  })

  it('with a made-up token do nothing', async () => {
    const id = await book()
    await settle()
    const button = { payload: `cancel:${'x'.repeat(32)}.1`, text: 'Cancel' }
    await whatsapp.write(phone, '', { type: 'button', text: undefined, button }).expect(200)
    await settle()
    expect((await visit(id)).status).toBe('booked')
  })

  it('the same tap delivered fifty times is one tap', async () => {
    await book()
    const [message] = await settle()
    const tap = { id: 'wamid.same' }
    await Promise.all(
      Array.from({ length: 50 }, () =>
        whatsapp
          .write(phone, '', {
            ...tap, type: 'button', text: undefined, button: { payload: message!.buttons[0], text: 'x' },
          })
          .expect(200),
      ),
    ) // prettier-ignore
    await Promise.all([workOnEvents(app.services), workOnEvents(app.services), workOnEvents(app.services)])
    expect(await settle()).toHaveLength(1)
  })
})

describe('STOP', () => {
  it('ends everything that waits, is confirmed once with its reach and the way back, then silence', async () => {
    await book()
    await settle()
    await whatsapp.write(phone, 'Stop!').expect(200)
    const [answer, ...more] = await settle()
    expect(more).toEqual([])
    expect(answer!.texts[0]).toMatch(/Shifa Clinic.*any other clinic.*START/s)
    expect(await inShort(app, clinic.id)).toEqual(
      expect.arrayContaining(['reminder_24h dropped (opted_out)', 'reminder_2h dropped (opted_out)']),
    )
    await whatsapp.write(phone, 'STOP').expect(200)
    await whatsapp.write(phone, 'hello?').expect(200)
    expect(await settle()).toEqual([])
    app.clock.set('2026-11-27T00:00:00Z')
    expect(await settle()).toEqual([])
  })

  it('is believed in the language of the patient, and answered in it', async () => {
    await book('16:30', 'ur')
    await settle()
    await whatsapp.write(phone, 'بند کریں').expect(200)
    const [answer] = await settle()
    expect(answer!.texts[0]).toMatch(/شروع/)
  })

  it('holds at every clinic that writes from this number', async () => {
    const other = await makeClinic(app)
    await makeBookable(other)
    const patient = await makePatient(other, { phone })
    const { id } = await makeAppointment(other, { on: '2026-11-26', at: '10:00', patientId: patient.id })
    await other.inClinic(async (ctx) => noticeBooked(ctx, await factsNow(ctx, id), { by: 'patient' }))
    await book()
    await settle()
    await whatsapp.write(phone, 'STOP').expect(200)
    expect(await settle()).toHaveLength(1)
    expect(await inShort(app, other.id)).toEqual([
      'confirmation accepted',
      'reminder_24h dropped (opted_out)',
      'reminder_2h dropped (opted_out)',
    ])
  })

  it('holds for what is queued afterwards: no confirmation, no code', async () => {
    await book()
    await settle()
    await whatsapp.write(phone, 'STOP').expect(200)
    await settle()
    await book('10:00')
    await clinic.inClinic((ctx) =>
      noticeCode(ctx, {
        holdId: newId(), sequence: 1, phone, language: 'en', code: '123456', expiresAt: ctx.now.add({ minutes: 5 }),
      }),
    ) // prettier-ignore
    expect(await settle()).toEqual([])
    expect(await clinic.inClinic((ctx) => isOptedOut(ctx, phone))).toBe(true)
  })

  it('spares the mail somebody is waiting for', async () => {
    await book()
    await settle()
    await whatsapp.write(phone, 'STOP').expect(200)
    await settle()
    const { id } = await makePatient(clinic, { phone, name: 'Mona', email: 'mona@example.org' })
    const made = await makeAppointment(clinic, { on: '2026-11-26', at: '12:00', patientId: id })
    await clinic.inClinic(async (ctx) => noticeBooked(ctx, await factsNow(ctx, made.id), { by: 'patient' }))
    await settle()
    await settle()
    expect(app.mail.mailsTo('mona@example.org').map(({ subject }) => subject)).toEqual([
      'Your visit to Shifa Clinic is booked',
    ])
  })

  it('is kept apart from patients: erasing the clinic does not undo it', async () => {
    await book()
    await settle()
    await whatsapp.write(phone, 'STOP').expect(200)
    await settle()
    await app.superuser('delete from clinic.profiles')
    const again = await makeClinic(app)
    expect(await again.inClinic((ctx) => isOptedOut(ctx, phone))).toBe(true)
    const [row] = await app.superuser<Record<string, unknown>>('select * from platform.opt_outs')
    expect(JSON.stringify(row)).not.toContain('923001234567')
    expect(row).toMatchObject({ sender: 'platform', wording: 'STOP' })
  })

  it('of a stranger is kept too', async () => {
    await whatsapp.write('+447700900123', 'STOP').expect(200)
    expect(await settle()).toEqual([])
    expect(await clinic.inClinic((ctx) => isOptedOut(ctx, '+447700900123' as Phone))).toBe(true)
  })

  it('of somebody who hides the number is known by what we learned of them', async () => {
    await book()
    const [message] = await settle()
    await whatsapp.report(message!, 'delivered', { recipient_user_id: 'PK.1349120865530274' }).expect(200)
    await settle()
    await whatsapp.write(phone, 'STOP', { from: undefined, from_user_id: 'PK.1349120865530274' }).expect(200)
    expect((await settle()).map(({ to }) => to)).toEqual(['923001234567'])
    expect(await clinic.inClinic((ctx) => isOptedOut(ctx, phone))).toBe(true)
  })

  it('goes with a person to their new number', async () => {
    await book()
    await settle()
    await whatsapp.write(phone, 'STOP').expect(200)
    await settle()
    app.clock.advance({ minutes: 1 })
    await whatsapp
      .write(phone, '', {
        type: 'system',
        text: undefined,
        system: { type: 'user_changed_number', wa_id: '923337654321' },
      })
      .expect(200)
    await settle()
    expect(await clinic.inClinic((ctx) => isOptedOut(ctx, '+923337654321' as Phone))).toBe(true)
  })

  it('may be said to the desk, which can stop but never resume', async () => {
    await book()
    await settle()
    expect(await clinic.inClinic((ctx) => stopForPatient(ctx, { id: patientId, phone }))).toMatchObject({ ok: true })
    expect(await clinic.inClinic((ctx) => stopForPatient(ctx, { id: patientId, phone }))).toMatchObject({ ok: false })
    app.clock.set('2026-11-27T00:00:00Z')
    expect(await settle()).toEqual([])
  })
})

describe('START', () => {
  it('resumes, and says so once', async () => {
    await book()
    await settle()
    await whatsapp.write(phone, 'STOP').expect(200)
    await settle()
    app.clock.advance({ minutes: 5 })
    await whatsapp.write(phone, 'start').expect(200)
    expect((await settle()).map(({ texts }) => texts[0])).toEqual([expect.stringContaining('again')])
    expect(await clinic.inClinic((ctx) => isOptedOut(ctx, phone))).toBe(false)
    await book('10:00')
    expect((await settle()).map(({ name }) => name)).toEqual(['nabz_confirmation'])
  })

  it('that arrives before the STOP it was said after still holds', async () => {
    await book()
    await settle()
    const at = (seconds: number) => String(Math.floor(app.clock.now().epochMilliseconds / 1000) + seconds)
    await whatsapp.write(phone, 'STOP', { timestamp: at(0) }).expect(200)
    await whatsapp.write(phone, 'START', { timestamp: at(60) }).expect(200)
    await settle()
    // Delivered days late, said before the START.
    await whatsapp.write(phone, 'STOP', { timestamp: at(30) }).expect(200)
    await settle()
    expect(await clinic.inClinic((ctx) => isOptedOut(ctx, phone))).toBe(false)
  })
})

describe('other words', () => {
  it('cancel alone: we ask whether the visit or the messages are meant', async () => {
    const id = await book()
    await settle()
    await whatsapp.write(phone, 'Cancel').expect(200)
    const [question] = await settle()
    expect(question!.name).toBe('interactive')
    expect(question!.buttons).toEqual([expect.stringMatching(/^cancel:/), 'optout'])
    await whatsapp.tap(phone, question!, 0).expect(200)
    expect((await settle()).map(({ name }) => name)).toEqual(['nabz_cancelled'])
    expect((await visit(id)).status).toBe('cancelled')
  })

  it('and the other button stops the messages', async () => {
    const id = await book()
    await settle()
    await whatsapp.write(phone, 'إلغاء').expect(200)
    const [question] = await settle()
    await whatsapp.tap(phone, question!, 1).expect(200)
    expect((await settle()).map(({ texts }) => texts[0])).toEqual([expect.stringContaining('START')])
    expect((await visit(id)).status).toBe('booked')
    expect(await clinic.inClinic((ctx) => isOptedOut(ctx, phone))).toBe(true)
  })

  it('anything else is answered by the machine once a day', async () => {
    await book()
    await settle()
    await whatsapp.write(phone, 'is the doctor good?').expect(200)
    await whatsapp.write(phone, 'hello').expect(200)
    expect((await settle()).map(({ texts }) => texts[0])).toEqual([
      expect.stringContaining(`https://nabz.test/c/${clinic.slug}`),
    ])
    app.clock.advance({ hours: 25 })
    await whatsapp.write(phone, 'hello again').expect(200)
    expect((await settle()).filter(({ name }) => name === 'text')).toHaveLength(1)
  })

  it('a reaction, a stranger, a system notice: silence', async () => {
    await book()
    await settle()
    await whatsapp.write(phone, '', { type: 'reaction', text: undefined, reaction: { emoji: '👍' } }).expect(200)
    await whatsapp.write('+447700900999', 'hello').expect(200)
    await whatsapp.write(phone, '', { type: 'system', text: undefined, system: { type: 'news' } }).expect(200)
    expect(await settle()).toEqual([])
  })

  it('are kept sealed, with what we took them to mean', async () => {
    await book()
    await settle()
    await whatsapp.write(phone, 'my tooth hurts').expect(200)
    await settle()
    const [row] = await app.superuser<{ id: string; body_sealed: Buffer; meaning: string; patient_id: string }>(
      'select * from clinic.inbound_messages',
    )
    expect(row).toMatchObject({ meaning: 'other', patient_id: patientId })
    expect(row!.body_sealed.includes('tooth')).toBe(false)
  })

  it('that come too late are not answered with free text WhatsApp would refuse', async () => {
    await book()
    await settle()
    await whatsapp.write(phone, 'hello').expect(200)
    app.clock.advance({ hours: 24 })
    expect((await settle()).filter(({ name }) => name === 'text')).toEqual([])
  })
})
