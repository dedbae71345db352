// The whole way against the stand-in for WhatsApp that the demo shows: our templates are registered as an operator would,
// every message we have passes its checks, and its webhooks, misbehaving on purpose, end where they should.
import express from 'express'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createWhatsAppSimulator, type Simulator } from '../../src/dev/whatsapp-simulator/simulator.ts'
import { cancelByPatient } from '../../src/features/appointments/actions/run.ts'
import { findAppointment } from '../../src/features/appointments/queries.ts'
import { dispatchDue } from '../../src/features/messaging/actions/dispatch.ts'
import { workOnEvents } from '../../src/features/messaging/actions/events.ts'
import { registerTemplates } from '../../src/features/messaging/actions/templates.ts'
import { listMessagesOf } from '../../src/features/messaging/queries/log.ts'
import { noticeBooked, noticeCode } from '../../src/features/notices/actions.ts'
import { linkExpiry } from '../../src/features/appointments/rules.ts'
import { newId, type AppointmentId } from '../../src/kernel/ids.ts'
import type { Phone } from '../../src/kernel/phone.ts'
import { languages, type Language } from '../../src/platform/i18n/languages.ts'
import { registerLink } from '../../src/platform/links.ts'
import { startTestApp, testNow, type TestApp } from '../support/app.ts'
import { makeClinic, type TestClinic } from '../support/cast.ts'
import { makeAppointment, makeBookable, makePatient } from '../support/factories.ts'
import { factsNow } from '../support/messages.ts'

let app: TestApp
let simulator: Simulator
let clinic: TestClinic
const wabaId = '102290129340398'
const phone = '+923001234567' as Phone

beforeAll(async () => {
  app = await startTestApp()
  const { whatsapp } = app.services.config
  simulator = createWhatsAppSimulator({
    accessToken: whatsapp.accessToken,
    appSecret: whatsapp.appSecret,
    verifyToken: whatsapp.verifyToken,
    wabaId,
    phoneNumberId: whatsapp.phoneNumberId,
    displayPhoneNumber: whatsapp.displayNumber,
    webhookUrl: `${app.origin}/webhooks/whatsapp`,
    now: () => app.clock.now().epochMilliseconds,
    deliver: 'manual',
  })
  // Under its own path it is a Graph API; ours is asked for without one.
  const graph = express()
  graph.use((req, _res, next) => {
    req.url = `/graph${req.url}`
    next()
  })
  graph.use(simulator.router)
  app.whatsappServer.on('request', graph)
})
afterAll(async () => {
  await simulator.stop()
  await app.stop()
})
beforeEach(async () => {
  app.clock.set(testNow)
  for (const table of ['clinic.profiles', 'platform.webhook_events', 'platform.opt_outs', 'platform.sending_pauses']) {
    await app.superuser(`delete from ${table}`)
  }
  simulator.controls.reset()
  await registerTemplates(app.services, wabaId)
  clinic = await makeClinic(app)
  await makeBookable(clinic)
})

async function book(language: Language = 'en'): Promise<AppointmentId> {
  const { id: patientId } = await makePatient(clinic, { phone })
  const { id } = await makeAppointment(clinic, { on: '2026-11-26', at: '16:30', patientId, language })
  await clinic.inClinic(async (ctx) => {
    const visit = (await findAppointment(ctx, id))!
    await registerLink(ctx, id, visit.linkVersion, linkExpiry(visit.endsAt))
    await noticeBooked(ctx, await factsNow(ctx, id), { by: 'patient' })
  })
  return id
}
async function settle(): Promise<void> {
  await dispatchDue(app.services)
  await simulator.controls.flush()
  await workOnEvents(app.services)
  await dispatchDue(app.services)
}
const inbox = () => simulator.controls.inbox(phone)
const confirmationOf = (id: AppointmentId) =>
  clinic.inClinic(async (ctx) => (await listMessagesOf(ctx, id)).find(({ kind }) => kind === 'confirmation')!)

describe('our templates', () => {
  it('are registered in every language, and registering again adds none', async () => {
    const again = await registerTemplates(app.services, wabaId)
    expect(again).toHaveLength(14 * languages.length)
    expect(again.every(({ status }) => status === 'APPROVED')).toBe(true)
  })

  it.each(languages)('keep within what Meta takes, in %s', (language) => {
    for (const { name, components, category } of simulator.state.templates.values()) {
      expect(name).toMatch(/^[a-z0-9_]{1,512}$/)
      for (const part of components as { type: string; text?: string; buttons?: { text: string }[] }[]) {
        if (part.type === 'BODY' && category === 'UTILITY') {
          expect(part.text!.length).toBeLessThanOrEqual(1024)
          expect(part.text, 'no variable first or last').not.toMatch(/^\{\{|\}\}$/)
          expect(part.text, 'no two side by side').not.toMatch(/\}\}\s*\{\{/)
        }
        if (part.type === 'FOOTER' && part.text) expect(part.text.length).toBeLessThanOrEqual(60)
        for (const button of part.buttons ?? []) expect(button.text.length).toBeLessThanOrEqual(25)
      }
    }
    expect([...simulator.state.templates.values()].filter((one) => one.language === language)).toHaveLength(14)
  })
})

describe.each(languages)('in %s', (language) => {
  it('every message we have reaches the phone, and the log says what the phone shows', async () => {
    const id = await book(language)
    await clinic.inClinic((ctx) =>
      noticeCode(ctx, {
        holdId: newId(), sequence: 1, phone, language, code: '482913', expiresAt: ctx.now.add({ minutes: 5 }),
      }),
    ) // prettier-ignore
    await settle()
    app.clock.set('2026-11-25T11:30:00Z')
    await settle()
    await clinic.inClinic((ctx) => cancelByPatient(ctx, id), { kind: 'patient' })
    await settle()
    simulator.controls.reply(phone, 'cancel')
    await settle()
    simulator.controls.reply(phone, 'STOP')
    await settle()
    expect(inbox().map(({ template }) => template ?? 'text')).toEqual([
      ...(inbox()[0]?.template === 'nabz_code'
        ? ['nabz_code', 'nabz_confirmation']
        : ['nabz_confirmation', 'nabz_code']),
      'nabz_reminder',
      'nabz_cancelled',
      'text',
      'text',
    ])
    const shown = new Set(inbox().map(({ text }) => text))
    const logged = await clinic.inClinic((ctx) => listMessagesOf(ctx, id))
    for (const { body, kind } of logged.filter(({ body }) => body !== undefined)) expect(shown, kind).toContain(body)
  })
})

describe('webhooks that misbehave', () => {
  it.each([{}, { twice: true }, { outOfOrder: true }, { twice: true, outOfOrder: true }, { statusBeforeAnswer: true }])(
    '%j: two blue ticks in the end',
    async (settings) => {
      simulator.controls.set(settings)
      const id = await book()
      await settle()
      simulator.controls.open(phone)
      await settle()
      expect(await confirmationOf(id)).toMatchObject({ status: 'read', ticks: 2, read: true, reasonKey: undefined })
      expect(inbox()).toHaveLength(1)
    },
  )

  it.each([{ wrongSignature: true }, { foreignPhoneNumber: true }])('%j: nothing is believed', async (settings) => {
    simulator.controls.set(settings)
    const id = await book()
    await settle()
    expect(await confirmationOf(id)).toMatchObject({ status: 'accepted', ticks: 1 })
  })

  it('a send that broke off is known by its report, and not repeated', async () => {
    simulator.controls.set({ breakAfterAccepting: 1 })
    const id = await book()
    await dispatchDue(app.services)
    expect(await confirmationOf(id)).toMatchObject({ status: 'unknown', reasonKey: 'messaging.reason.no_answer' })
    await settle()
    app.clock.advance({ minutes: 10 })
    await settle()
    expect(await confirmationOf(id)).toMatchObject({ status: 'delivered' })
    expect(inbox()).toHaveLength(1)
  })

  it('a token that expired holds everything back until it is mended', async () => {
    simulator.controls.set({ tokenInvalid: true })
    const id = await book()
    await settle()
    expect(await confirmationOf(id)).toMatchObject({
      status: 'queued',
      attempts: 0,
      reasonKey: 'messaging.reason.sender_stopped',
      canTakeBack: true,
    })
    simulator.controls.set({})
    app.clock.advance({ minutes: 11 })
    await settle()
    expect(await confirmationOf(id)).toMatchObject({ status: 'delivered' })
  })

  it('a number without WhatsApp is named as such', async () => {
    simulator.controls.set({ withoutWhatsApp: [phone] })
    const id = await book()
    await settle()
    expect(await confirmationOf(id)).toMatchObject({
      status: 'failed',
      reasonKey: 'messaging.reason.no_whatsapp',
      canRetry: true,
    })
  })
})

it('a tap on the phone reaches the visit', async () => {
  const id = await book()
  await settle()
  simulator.controls.tap(phone, inbox()[0]!.id, 0)
  await settle()
  const visit = await clinic.inClinic((ctx) => findAppointment(ctx, id))
  expect(visit?.confirmedAt).not.toBeNull()
  expect(inbox().at(-1)!.text).toMatch(/^Thank you/)
})
