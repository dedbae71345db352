// What comes back for a message that was sent, by the documented codes: over, again later, or everything waits.
import { describe, expect, it } from 'vitest'
import { workOnEvents } from '../../src/features/messaging/actions/events.ts'
import { noticeBooked, noticeCode } from '../../src/features/notices/actions.ts'
import { newId } from '../../src/kernel/ids.ts'
import type { Phone } from '../../src/kernel/phone.ts'
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
