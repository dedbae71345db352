// ui.md: at most 50 KB a page over the wire, in all; also for somebody who has come here for years.
import { afterAll, beforeAll, expect, it } from 'vitest'
import { audit } from '../../src/platform/audit.ts'
import { queueMessage } from '../../src/platform/outbox.ts'
import { startTestApp, type TestApp } from '../support/app.ts'
import { makeClinic } from '../support/cast.ts'
import { makeAppointment, makeBookable, makePatient } from '../support/factories.ts'
import { weigh } from '../support/weigh.ts'
import { ask, open } from './scene.ts'

let app: TestApp
beforeAll(async () => {
  app = await startTestApp()
})
afterAll(() => app.stop())

it('every page stays under 50 KB, in every language', { timeout: 60_000 }, async () => {
  const clinic = await makeClinic(app)
  const { service, locationId } = await makeBookable(clinic)
  const patient = await makePatient(clinic, { phone: '+923027654321' })
  for (let day = 1; day <= 28; day++) {
    for (const at of ['09:00', '12:00']) {
      const on = `2026-10-${String(day).padStart(2, '0')}`
      await makeAppointment(clinic, { service, locationId, patientId: patient.id, on, at, status: 'fulfilled' })
    }
  }
  await clinic.inClinic(async (ctx) => {
    for (let version = 1; version <= 150; version++) {
      await queueMessage(ctx, {
        kind: 'confirmation',
        template: 'nabz_confirmation',
        recipient: { channel: 'whatsapp', phone: patient.phone },
        language: 'ur',
        appointmentId: null,
        version,
        patientId: patient.id,
        dueAt: ctx.now,
      })
      await audit(ctx, 'patient.opened', { kind: 'patient', id: patient.id })
    }
  })
  const agent = app.agent('198.51.100.9')
  const waiting = await ask(app.agent('198.51.100.8'), clinic, '+923027654320')
  const at = await open(app, agent, clinic, patient.phone)
  const own = `${at}/people/${patient.id}`
  const cookies = [...agent.cookies].map(([name, value]) => `${name}=${value}`).join('; ')
  const heavy: Record<string, number> = {}
  let most = 0
  for (const lang of ['en', 'ar', 'ur']) {
    const rest = ['', '/visits', '/messages', '/openings', '/copy', '/correction', '/requests?kind=erasure']
    for (const path of [`/c/${clinic.slug}/privacy`, waiting, at, ...rest.map((end) => own + end)]) {
      const bytes = await weigh(app, `${path}${path.includes('?') ? '&' : '?'}lang=${lang}`, cookies)
      most = Math.max(most, bytes)
      if (bytes > 50 * 1024) heavy[`${lang} ${path}`] = bytes
    }
  }
  expect(heavy).toEqual({})
  expect(most).toBeGreaterThan(10_000)
})
