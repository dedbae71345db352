import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { moveAppointment } from '../../src/features/appointments/actions/move.ts'
import { cancelByPatient, takeStep, undoStep } from '../../src/features/appointments/actions/run.ts'
import { dispatchDue, dispatchFresh } from '../../src/features/messaging/actions/dispatch.ts'
import { workOnEvents } from '../../src/features/messaging/actions/events.ts'
import { noticeBooked, noticeClinicAlert, noticeCode } from '../../src/features/notices/actions.ts'
import { newId, type AppointmentId, type LocationId } from '../../src/kernel/ids.ts'
import type { Phone } from '../../src/kernel/phone.ts'
import { queueMessage } from '../../src/platform/outbox.ts'
import { startTestApp, testNow, type TestApp } from '../support/app.ts'
import { makeClinic, type TestClinic } from '../support/cast.ts'
import { makeAppointment, makeBookable, makeLocation, makePatient } from '../support/factories.ts'
import { factsNow, inShort, messagesOf } from '../support/messages.ts'
import { fakeWhatsApp, type FakeWhatsApp } from '../support/whatsapp.ts'

let app: TestApp
let whatsapp: FakeWhatsApp
let clinic: TestClinic
beforeAll(async () => {
  app = await startTestApp()
  whatsapp = fakeWhatsApp(app)
})
afterAll(() => app.stop())
beforeEach(async () => {
  app.clock.set(testNow)
  await app.superuser('delete from clinic.profiles')
  await app.superuser('delete from platform.sending_pauses')
  whatsapp.always('accept')
  whatsapp.sent.length = 0
  clinic = await makeClinic(app)
  await makeBookable(clinic)
})

const dispatch = () => dispatchDue(app.services)
const patientPhone = '+923001234567'

/** A visit in two days at 4:30 pm, told of as a patient who books online is. */
async function booked(
  by: 'patient' | 'desk' = 'patient',
  email?: string,
  place: { locationId?: LocationId } = {},
): Promise<AppointmentId> {
  const patient = await makePatient(clinic, { phone: patientPhone, ...(email === undefined ? {} : { email }) })
  const { id } = await makeAppointment(clinic, { on: '2026-11-26', at: '16:30', patientId: patient.id, ...place })
  await clinic.inClinic(async (ctx) => noticeBooked(ctx, await factsNow(ctx, id), { by }))
  return id
}

const sinceSent = async (kind = 'confirmation') => (await messagesOf(app, clinic.id)).find((m) => m.kind === kind)!

describe('a message that is due', () => {
  it('leaves at once for a patient, in the documented form', async () => {
    const { id: locationId } = await makeLocation(clinic, { name: 'Gulshan', address: 'Block 5, Karachi' })
    await booked('patient', undefined, { locationId })
    await dispatch()
    expect(await inShort(app, clinic.id)).toEqual([
      'confirmation accepted',
      'reminder_24h queued',
      'reminder_2h queued',
    ])
    const [message] = whatsapp.sentTo(patientPhone)
    const confirmation = await sinceSent()
    expect(message!.payload).toEqual({
      messaging_product: 'whatsapp',
      recipient_type: 'individual',
      to: '923001234567',
      biz_opaque_callback_data: `${clinic.id}.${confirmation.id}`,
      type: 'template',
      template: {
        name: 'nabz_confirmation',
        language: { code: 'en' },
        components: [
          {
            type: 'body',
            parameters: [
              { type: 'text', text: 'Shifa Clinic' },
              { type: 'text', text: expect.stringMatching(/^Thursday.* 26 .*November.*4:30/) as string },
              { type: 'text', text: 'Dr Sana Malik' },
              { type: 'text', text: 'Gulshan, Block 5, Karachi' },
            ],
          },
          {
            type: 'button',
            sub_type: 'quick_reply',
            index: '0',
            parameters: [{ type: 'payload', payload: expect.stringMatching(/^confirm:[\w-]{32}\.1$/) as string }],
          },
          {
            type: 'button',
            sub_type: 'quick_reply',
            index: '1',
            parameters: [{ type: 'payload', payload: expect.stringMatching(/^cancel:[\w-]{32}\.1$/) as string }],
          },
          {
            type: 'button',
            sub_type: 'url',
            index: '2',
            parameters: [{ type: 'text', text: expect.stringMatching(/^[\w-]{32}$/) as string }],
          },
        ],
      },
    })
    expect(confirmation.provider_id).toBe(message!.id)
  })

  it('waits three minutes when the desk booked', async () => {
    await booked('desk')
    app.clock.advance({ minutes: 2, seconds: 59 })
    await dispatch()
    expect(whatsapp.sent).toHaveLength(0)
    app.clock.advance({ seconds: 1 })
    await dispatch()
    expect(whatsapp.sentTo(patientPhone)).toHaveLength(1)
  })

  it('reminds a day and two hours before, and never again', async () => {
    await booked()
    await dispatch()
    for (const at of ['2026-11-25T11:29:59Z', '2026-11-25T11:30:00Z', '2026-11-26T09:29:59Z', '2026-11-26T09:30:00Z']) {
      app.clock.set(at)
      await dispatch()
    }
    app.clock.set('2026-11-27T00:00:00Z')
    await dispatch()
    const names = whatsapp.sent.map(({ name }) => name)
    expect(names).toEqual(['nabz_confirmation', 'nabz_reminder', 'nabz_reminder'])
  })

  it('is written in the language of the visit', async () => {
    const patient = await makePatient(clinic, { phone: patientPhone })
    const { id } = await makeAppointment(clinic, {
      on: '2026-11-26', at: '16:30', patientId: patient.id, language: 'ur',
    }) // prettier-ignore
    await clinic.inClinic(async (ctx) => noticeBooked(ctx, await factsNow(ctx, id), { by: 'patient' }))
    await dispatch()
    expect(whatsapp.sent[0]!.payload.template).toMatchObject({ language: { code: 'ur' } })
  })

  it('is not written to somebody who did not agree to it', async () => {
    const { id } = await makeAppointment(clinic, { on: '2026-11-26', at: '16:30', messagesWanted: false })
    await clinic.inClinic(async (ctx) => noticeBooked(ctx, await factsNow(ctx, id), { by: 'patient' }))
    expect(await messagesOf(app, clinic.id)).toEqual([])
  })

  it('keeps what it said sealed, and says nothing of it in the log', async () => {
    await booked()
    await dispatch()
    const message = await sinceSent()
    const body = await clinic.inClinic((ctx) =>
      Promise.resolve(ctx.seal.open(message.body_sealed!, 'messages.body', message.id)),
    )
    expect(body).toContain('Your visit to Shifa Clinic is booked')
    const logged = app.logLines.join('\n')
    expect(logged).toContain('message.attempted')
    for (const secret of ['923001234567', 'Main Street', 'Sana']) expect(logged).not.toContain(secret)
  })
})

describe('a code', () => {
  const code = (sequence: number, digits: string) =>
    clinic.inClinic((ctx) =>
      noticeCode(ctx, {
        holdId,
        sequence,
        phone: patientPhone as Phone,
        language: 'en',
        code: digits,
        expiresAt: ctx.now.add({ minutes: 5 }),
      }),
    )
  let holdId: AppointmentId
  beforeEach(() => {
    holdId = newId<'appointment'>()
  })

  it('leaves before anything else, and is forgotten once sent', async () => {
    await booked()
    app.clock.advance({ seconds: 1 })
    await code(1, '482913')
    await dispatch()
    const sent = whatsapp.sent.map(({ name }) => name)
    expect(sent.sort()).toEqual(['nabz_code', 'nabz_confirmation'])
    expect(whatsapp.sent.find(({ name }) => name === 'nabz_code')!.payload.template!.components).toEqual([
      { type: 'body', parameters: [{ type: 'text', text: '482913' }] },
      { type: 'button', sub_type: 'url', index: '0', parameters: [{ type: 'text', text: '482913' }] },
    ])
    const kept = await sinceSent('code')
    expect([kept.params_sealed, kept.body_sealed]).toEqual([null, null])
  })

  it('is not behind the reminders of other clinics', async () => {
    const busy = await makeClinic(app)
    await busy.inClinic(async (ctx) => {
      for (let i = 0; i < 60; i++) {
        await queueMessage(ctx, {
          kind: 'reply_auto', template: 'text', recipient: { channel: 'whatsapp', phone: patientPhone as Phone },
          language: 'en', appointmentId: null, version: 1, dueAt: ctx.now, params: { text: 'one of many' },
        })
      }
    }) // prettier-ignore
    whatsapp.latency = 10
    const backlog = dispatch()
    await code(1, '482913')
    await dispatchFresh(app.services, [clinic.id])
    const before = whatsapp.sent.length
    await backlog
    whatsapp.latency = 0
    expect(whatsapp.sent.findIndex(({ name }) => name === 'nabz_code')).toBeLessThan(before)
    expect(before).toBeLessThan(61)
    expect(whatsapp.sent).toHaveLength(61)
  })

  it('gives way to the next one', async () => {
    await code(1, '111111')
    await code(2, '222222')
    await dispatch()
    expect(whatsapp.sent.map(({ texts }) => texts[0])).toEqual(['222222'])
  })

  it('does not leave when it is no longer good', async () => {
    await code(1, '111111')
    app.clock.advance({ minutes: 5 })
    await dispatch()
    expect(await inShort(app, clinic.id)).toEqual(['code dropped (expired)'])
  })

  it('is never sent again when nobody knows whether it arrived', async () => {
    await code(1, '111111')
    whatsapp.next('silence')
    await dispatch()
    expect(await inShort(app, clinic.id)).toEqual(['code unknown'])
    await app.superuser(`update clinic.messages set expires_at = expires_at + interval '1 hour'`)
    app.clock.advance({ minutes: 6 })
    await dispatch()
    expect(await inShort(app, clinic.id)).toEqual(['code failed'])
    expect(whatsapp.sent).toHaveLength(1)
  })
})

describe('what WhatsApp answers decides', () => {
  const final = [100, 130472, 130497, 131008, 131009, 131021, 131026, 131030, 131047, 131049, 131050, 131051, 131062,
    132000, 132005, 132008, 132012, 132068, 135000, 137000, 999999] // prettier-ignore
  it.each(final)('%i: this message is over', async (error) => {
    await booked()
    whatsapp.next({ error })
    await dispatch()
    expect(await sinceSent()).toMatchObject({ status: 'failed', error_code: String(error), attempts: 1 })
    app.clock.advance({ hours: 2 })
    await dispatch()
    expect(whatsapp.sent).toHaveLength(0)
  })

  const retry = [1, 2, 4, 80007, 130429, 131000, 131016, 131052, 131053, 131056, 131057, 132069, 133004]
  it.each(retry)('%i: tried again, and it arrives', async (error) => {
    await booked()
    whatsapp.next({ error })
    await dispatch()
    expect(await sinceSent()).toMatchObject({ status: 'queued', error_code: String(error), attempts: 1 })
    await dispatch()
    expect(whatsapp.sent, 'not at once').toHaveLength(0)
    app.clock.advance({ minutes: 10 })
    await dispatch()
    expect(await sinceSent()).toMatchObject({ status: 'accepted', attempts: 2 })
  })

  const stop = [
    0, 190, 3, 10, 200, 250, 299, 131005, 33, 368, 131031, 131037, 131042, 131045, 133010, 131064, 131048, 133016,
  ]
  it.each(stop)('%i: everything waits, no try is spent', async (error) => {
    await booked()
    const other = await makePatient(clinic, { phone: '+923007654321' })
    whatsapp.next({ error, status: 401 })
    await dispatch()
    expect(await sinceSent()).toMatchObject({ status: 'queued', error_code: 'sender_stopped', attempts: 0 })
    const requests = whatsapp.requests
    const { id } = await makeAppointment(clinic, { on: '2026-11-26', at: '10:00', patientId: other.id })
    await clinic.inClinic(async (ctx) => noticeBooked(ctx, await factsNow(ctx, id), { by: 'patient' }))
    await dispatch()
    expect(whatsapp.requests, 'nobody else is tried either').toBe(requests)
    app.clock.advance({ hours: 2, minutes: 1 })
    await dispatch()
    expect(whatsapp.sent).toHaveLength(2)
  })

  it('100 with subcode 33: the number itself is gone', async () => {
    await booked()
    whatsapp.next({ error: 100, subcode: 33 })
    await dispatch()
    expect(await sinceSent()).toMatchObject({ status: 'queued', error_code: 'sender_stopped' })
  })

  it.each([131063, 132001, 132007, 132015, 132016])('%i: this template waits, others go', async (error) => {
    await booked()
    whatsapp.next({ error })
    await dispatch()
    expect(await sinceSent()).toMatchObject({ status: 'queued', error_code: 'template_stopped', attempts: 0 })
    await clinic.inClinic((ctx) =>
      noticeCode(ctx, {
        holdId: newId(), sequence: 1, phone: patientPhone as Phone, language: 'en', code: '123456',
        expiresAt: ctx.now.add({ minutes: 5 }),
      }),
    ) // prettier-ignore
    await dispatch()
    expect(whatsapp.sent.map(({ name }) => name)).toEqual(['nabz_code'])
    app.clock.advance({ minutes: 61 })
    await dispatch()
    expect(await sinceSent()).toMatchObject({ status: 'accepted' })
  })

  it('an unknown code that calls itself transient is tried again', async () => {
    await booked()
    whatsapp.next({ error: 777, transient: true })
    await dispatch()
    expect(await sinceSent()).toMatchObject({ status: 'queued', attempts: 1 })
  })

  it('Retry-After is the least it waits, for everybody', async () => {
    await booked()
    whatsapp.next({ error: 130429, status: 429, headers: { 'retry-after': '90' } })
    await dispatch()
    app.clock.advance({ seconds: 89 })
    await dispatch()
    expect(whatsapp.sent).toHaveLength(0)
    app.clock.advance({ seconds: 40 })
    await dispatch()
    expect(whatsapp.sent).toHaveLength(1)
  })

  it('gives up after eight tries, and says so in plain words', async () => {
    await booked()
    whatsapp.always({ error: 2 })
    for (let i = 0; i < 12; i++) {
      await dispatch()
      app.clock.advance({ minutes: 31 })
    }
    expect(await sinceSent()).toMatchObject({ status: 'failed', attempts: 8 })
  })

  it.each([
    ['a line cut after it was taken', 'silence' as const],
    ['a gateway that gave up', { status: 504 }],
    ['an answer nobody understands', { status: 200, body: '<html>' }],
  ])('%s: perhaps sent; once more after five minutes of silence, then no more', async (_name, answer) => {
    await booked()
    whatsapp.always(answer)
    await dispatch()
    expect(await sinceSent()).toMatchObject({ status: 'unknown', attempts: 1 })
    const requests = whatsapp.requests
    app.clock.advance({ minutes: 4, seconds: 59 })
    await dispatch()
    expect(whatsapp.requests).toBe(requests)
    app.clock.advance({ seconds: 2 })
    await dispatch()
    expect(whatsapp.requests).toBe(requests + 1)
    app.clock.advance({ minutes: 6 })
    await dispatch()
    app.clock.advance({ minutes: 6 })
    await dispatch()
    expect(whatsapp.requests).toBe(requests + 1)
    expect(await sinceSent()).toMatchObject({ status: 'failed', error_code: 'no_answer' })
  })

  it('perhaps sent, and a report says it was: never sent again', async () => {
    await booked()
    whatsapp.next('silence')
    await dispatch()
    await whatsapp.report(whatsapp.sent[0]!, 'delivered').expect(200)
    await workOnEvents(app.services)
    app.clock.advance({ minutes: 10 })
    await dispatch()
    expect(await sinceSent()).toMatchObject({ status: 'delivered', provider_id: whatsapp.sent[0]!.id })
    expect(whatsapp.sent).toHaveLength(1)
  })

  it('a refused connection is no message sent', async () => {
    await booked()
    whatsapp.next({ status: 503 })
    await dispatch()
    expect(await sinceSent()).toMatchObject({ status: 'queued', attempts: 1, error_code: 'http_503' })
  })

  it('a number without WhatsApp: the news goes by mail where there is an address', async () => {
    await booked('patient', 'mona@example.org')
    whatsapp.next({ error: 131026 })
    await dispatch()
    await dispatch()
    expect((await inShort(app, clinic.id)).filter((line) => line.startsWith('confirmation'))).toEqual([
      'confirmation failed',
      'confirmation by mail accepted',
    ])
    const [mail] = app.mail.mailsTo('mona@example.org')
    expect(mail!.subject).toBe('Your visit to Shifa Clinic is booked')
    expect(mail!.text).toMatch(/https:\/\/nabz\.test\/a\/[\w-]{32}/)
  })

  it('keeps no number in the log of attempts', async () => {
    await booked()
    whatsapp.next({ error: 131026 })
    await dispatch()
    const [attempt] = await app.superuser<{ error_detail: string }>(
      'select error_detail from clinic.message_attempts where clinic_id = $1',
      [clinic.id],
    )
    expect(attempt!.error_detail).toBe('about …')
  })
})

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

describe('mail', () => {
  it('tells the clinic of an online booking, naming nobody', async () => {
    await app.superuser(`update clinic.profiles set alert_email = 'desk@shifa.test' where clinic_id = $1`, [clinic.id])
    const id = await booked()
    await clinic.inClinic(async (ctx) => noticeClinicAlert(ctx, await factsNow(ctx, id)))
    await dispatch()
    const [mail] = app.mail.mailsTo('desk@shifa.test')
    expect(mail!.subject).toMatch(/^New online booking: .*26.*4:30/)
    expect(mail!.text).toContain(`https://nabz.test/app/${clinic.slug}/today?date=2026-11-26`)
    expect(`${mail!.subject} ${mail!.text}`).not.toMatch(/Ayesha|3001234567/)
    expect(mail!.from!.name).toBe('Shifa Clinic')
  })

  it.each([
    [451, 'queued'],
    [550, 'failed'],
  ])('refused with %i is %s', async (code, status) => {
    await app.superuser(`update clinic.profiles set alert_email = 'nobody@shifa.test' where clinic_id = $1`, [
      clinic.id,
    ])
    const id = await booked()
    await clinic.inClinic(async (ctx) => noticeClinicAlert(ctx, await factsNow(ctx, id)))
    app.mail.refuseNext(1, code)
    await dispatch()
    expect(await sinceSent('clinic_alert')).toMatchObject({ status, error_code: String(code) })
  })
})

describe('while pages are asked for', () => {
  it('waits with each message until they let it', async () => {
    await booked()
    let knock: () => void = () => undefined
    let release: () => void = () => undefined
    const knocked = new Promise<void>((resolve) => (knock = resolve))
    const released = new Promise<void>((resolve) => (release = resolve))
    const pagesFirst = {
      seen: () => undefined,
      gap: () => {
        knock()
        return released
      },
    }
    const dispatching = dispatchDue({ ...app.services, pagesFirst })
    // Whoever does not ask sends, and ends without having knocked.
    await Promise.race([knocked, dispatching])
    expect(whatsapp.sent).toEqual([])
    release()
    await dispatching
    expect(whatsapp.sent.map(({ name }) => name)).toEqual(['nabz_confirmation'])
  })
})

describe('stopping the process', () => {
  it('lets go of what was claimed and not begun', async () => {
    await bookMany(5)
    let running = 0
    app.whatsappServer.prependOnceListener('request', () => {
      running++
      app.services.stopping.abort()
    })
    await dispatch()
    const states = (await messagesOf(app, clinic.id)).filter(({ kind }) => kind === 'confirmation')
    expect(running).toBe(1)
    expect(states.filter(({ status }) => status === 'sending')).toEqual([])
    expect(states.filter(({ status, lease_until: lease }) => status === 'queued' && lease !== null)).toEqual([])
    expect(states.some(({ status }) => status === 'accepted')).toBe(true)
    expect(states.some(({ status }) => status === 'queued')).toBe(true)
  })
})

async function bookMany(count: number): Promise<void> {
  for (let i = 0; i < count; i++) {
    const { id } = await makeAppointment(clinic, {
      on: '2026-11-26', at: `${String(9 + i).padStart(2, '0')}:00`,
    }) // prettier-ignore
    await clinic.inClinic(async (ctx) => noticeBooked(ctx, await factsNow(ctx, id), { by: 'patient' }))
  }
}
