import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { cancelQueuedMessage, retryMessage } from '../../src/features/messaging/actions/desk.ts'
import { dispatchDue } from '../../src/features/messaging/actions/dispatch.ts'
import { listMessagesOf, listRecentMessages } from '../../src/features/messaging/queries/log.ts'
import { noticeBooked } from '../../src/features/notices/actions.ts'
import type { AppointmentId, MessageId } from '../../src/kernel/ids.ts'
import { startTestApp, testNow, type TestApp } from '../support/app.ts'
import { makeClinic, type TestClinic } from '../support/cast.ts'
import { makeAppointment, makeBookable } from '../support/factories.ts'
import { factsNow } from '../support/messages.ts'
import { fakeWhatsApp, type FakeWhatsApp } from '../support/whatsapp.ts'

let app: TestApp
let whatsapp: FakeWhatsApp
let clinic: TestClinic
let id: AppointmentId
beforeAll(async () => {
  app = await startTestApp()
  whatsapp = fakeWhatsApp(app)
})
afterAll(() => app.stop())
beforeEach(async () => {
  app.clock.set(testNow)
  whatsapp.sent.length = 0
  await app.superuser('delete from clinic.profiles')
  clinic = await makeClinic(app)
  await makeBookable(clinic)
  ;({ id } = await makeAppointment(clinic, { on: '2026-11-26', at: '16:30' }))
})

const dispatch = () => dispatchDue(app.services)
const told = (by: 'patient' | 'desk') =>
  clinic.inClinic(async (ctx) => noticeBooked(ctx, await factsNow(ctx, id), { by }))
const logged = async (kind = 'confirmation') =>
  (await clinic.inClinic((ctx) => listMessagesOf(ctx, id))).find((message) => message.kind === kind)!
const auditOf = (message: MessageId) =>
  app.superuser<{ action: string }>('select action from clinic.audit_entries where record_id = $1', [message])

describe('taking a message back', () => {
  it('works while it waits, and is written down', async () => {
    await told('desk')
    const message = await logged()
    expect(message).toMatchObject({ canTakeBack: true, status: 'queued', statusKey: 'messaging.status.queued' })
    expect(await clinic.inClinic((ctx) => cancelQueuedMessage(ctx, message.id))).toMatchObject({ ok: true })
    app.clock.advance({ minutes: 10 })
    await dispatch()
    expect(whatsapp.sent).toEqual([])
    expect(await logged()).toMatchObject({ status: 'dropped', reasonKey: 'messaging.reason.taken_back', ticks: 0 })
    expect(await auditOf(message.id)).toEqual([{ action: 'message.taken_back' }])
  })

  it('is too late once it left', async () => {
    await told('patient')
    await dispatch()
    const message = await logged()
    expect(await clinic.inClinic((ctx) => cancelQueuedMessage(ctx, message.id))).toEqual({
      ok: false,
      reason: 'not_possible',
    })
    expect(await auditOf(message.id)).toEqual([])
  })

  it('of another clinic is not there', async () => {
    await told('desk')
    const message = await logged()
    const other = await makeClinic(app)
    await expect(other.inClinic((ctx) => cancelQueuedMessage(ctx, message.id))).rejects.toMatchObject({ status: 404 })
    await expect(other.inClinic((ctx) => retryMessage(ctx, message.id))).rejects.toMatchObject({ status: 404 })
  })
})

describe('trying again', () => {
  beforeEach(async () => {
    await told('patient')
    whatsapp.next({ error: 131026 })
    await dispatch()
  })

  it('sends what failed, if it is still true', async () => {
    const message = await logged()
    expect(message).toMatchObject({ status: 'failed', canRetry: true })
    expect(await clinic.inClinic((ctx) => retryMessage(ctx, message.id))).toMatchObject({ ok: true })
    await dispatch()
    expect(await logged()).toMatchObject({ status: 'accepted', reasonKey: undefined })
    expect(await auditOf(message.id)).toEqual([{ action: 'message.retried' }])
  })

  it('sends nothing that has become untrue meanwhile', async () => {
    const message = await logged()
    await app.superuser('update clinic.appointments set version = version + 1 where id = $1', [id])
    await clinic.inClinic((ctx) => retryMessage(ctx, message.id))
    await dispatch()
    expect(whatsapp.sent).toEqual([])
    expect(await logged()).toMatchObject({ status: 'dropped', reasonKey: 'messaging.reason.stale_version' })
  })

  it('is refused for what did not fail, and for what came too late', async () => {
    const [message, reminder] = [await logged(), await logged('reminder_2h')]
    expect(await clinic.inClinic((ctx) => retryMessage(ctx, reminder.id))).toMatchObject({ ok: false })
    app.clock.set('2026-11-26T12:00:00Z')
    expect(await clinic.inClinic((ctx) => retryMessage(ctx, message.id))).toMatchObject({ ok: false })
  })
})

describe('the log', () => {
  it('is read page by page, newest first, each message once', async () => {
    for (let i = 0; i < 4; i++) {
      app.clock.advance({ minutes: 1 })
      const visit = await makeAppointment(clinic, { on: '2026-11-27', at: `1${i}:00` })
      await clinic.inClinic(async (ctx) => noticeBooked(ctx, await factsNow(ctx, visit.id), { by: 'desk' }))
    }
    const seen: MessageId[] = []
    let before: { createdAt: (typeof page)[number]['createdAt']; id: MessageId } | undefined
    let page: Awaited<ReturnType<typeof listRecentMessages>>
    do {
      page = await clinic.inClinic((ctx) => listRecentMessages(ctx, { before, limit: 5 }))
      seen.push(...page.map(({ id }) => id))
      before = page.at(-1)
    } while (page.length === 5)
    expect(seen).toHaveLength(12)
    expect(new Set(seen).size).toBe(12)
  })

  it('names the patient, the number, and what was said', async () => {
    await told('patient')
    await dispatch()
    expect(await logged()).toMatchObject({
      patientName: expect.stringContaining('Ayesha') as string,
      recipient: expect.stringMatching(/^\+92300/) as string,
      body: expect.stringContaining('Shifa Clinic') as string,
      attempts: 1,
    })
  })
})
