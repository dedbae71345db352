// A code on its way to a patient: before everything else, once, and only while it is good.
import { beforeEach, describe, expect, it } from 'vitest'
import { dispatchFresh } from '../../src/features/messaging/actions/dispatch.ts'
import { noticeCode } from '../../src/features/notices/actions.ts'
import { newId, type AppointmentId } from '../../src/kernel/ids.ts'
import type { Phone } from '../../src/kernel/phone.ts'
import { queueMessage } from '../../src/platform/outbox.ts'
import type { TestApp } from '../support/app.ts'
import { makeClinic, type TestClinic } from '../support/cast.ts'
import { inShort } from '../support/messages.ts'
import type { FakeWhatsApp } from '../support/whatsapp.ts'
import { patientPhone, withClinicThatWrites, wordsFor } from './scene.ts'

let app: TestApp
let whatsapp: FakeWhatsApp
let clinic: TestClinic
withClinicThatWrites((started) => ({ app, whatsapp, clinic } = started))
const { dispatch, booked, sinceSent } = wordsFor(() => ({ app, whatsapp, clinic }))

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
