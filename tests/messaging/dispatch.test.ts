// A message leaves: when it is due, in which form and language, by mail too, and however the process stands.
import { describe, expect, it } from 'vitest'
import { dispatchDue } from '../../src/features/messaging/actions/dispatch.ts'
import { noticeBooked, noticeClinicAlert } from '../../src/features/notices/actions.ts'
import type { TestApp } from '../support/app.ts'
import type { TestClinic } from '../support/cast.ts'
import { makeAppointment, makeLocation, makePatient } from '../support/factories.ts'
import { factsNow, inShort, messagesOf } from '../support/messages.ts'
import type { FakeWhatsApp } from '../support/whatsapp.ts'
import { patientPhone, withClinicThatWrites, wordsFor } from './scene.ts'

let app: TestApp
let whatsapp: FakeWhatsApp
let clinic: TestClinic
withClinicThatWrites((started) => ({ app, whatsapp, clinic } = started))
const { dispatch, booked, sinceSent } = wordsFor(() => ({ app, whatsapp, clinic }))

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
