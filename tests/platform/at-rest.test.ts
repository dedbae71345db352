// What somebody finds who steals the whole database, though not its keys.
import { afterAll, beforeAll, expect, it } from 'vitest'
import { minutes } from '../../src/kernel/time.ts'
import { audit } from '../../src/platform/audit.ts'
import { registerLink } from '../../src/platform/links.ts'
import { queueMessage } from '../../src/platform/outbox.ts'
import { throttle } from '../../src/platform/throttle.ts'
import { startTestApp, type TestApp } from '../support/app.ts'
import { makeClinic } from '../support/cast.ts'
import { makeAppointment, makePatient } from '../support/factories.ts'

let app: TestApp
beforeAll(async () => {
  app = await startTestApp()
})
afterAll(() => app.stop())

async function dump(): Promise<string> {
  const tables = await app.superuser<{ name: string }>(`
    select n.nspname || '.' || c.relname as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where n.nspname in ('clinic', 'platform', 'public') and c.relkind = 'r'`)
  const parts = await Promise.all(
    tables.map(({ name }) => app.superuser<{ row: string }>(`select t::text as row from ${name} t`)),
  )
  const text = parts.flatMap((found) => found.map(({ row }) => row)).join('\n')
  // Bytes are printed in hex: what lies in them unsealed is found as well.
  const bytes = [...text.matchAll(/\\\\?x([0-9a-f]{2,})/g)].map(([, hex = '']) =>
    Buffer.from(hex, 'hex').toString('latin1'),
  )
  return [text, ...bytes].join('\n')
}

it('V14.2.1: a dump of the database holds no number, address, code, link or message of a patient', async () => {
  const clinic = await makeClinic(app)
  const patient = await makePatient(clinic, {
    name: 'Ayesha Siddiqui',
    phone: '+92 300 555 7788',
    email: 'ayesha.canary@example.test',
  })
  const visit = await makeAppointment(clinic, { patientId: patient.id })
  const token = await clinic.inClinic(async (ctx) => {
    await queueMessage(ctx, {
      kind: 'code',
      template: 'code',
      recipient: { channel: 'whatsapp', phone: patient.phone },
      language: 'en',
      appointmentId: visit.id,
      version: 1,
      dueAt: ctx.now,
      params: { code: '736251' },
    })
    await audit(ctx, 'patient.renamed', { kind: 'patient', id: patient.id }, {}, { before: 'Canary Before' })
    return registerLink(ctx, visit.id, 1, ctx.now.add(minutes(60)))
  })
  await throttle(
    app.services.db,
    app.services.keys.platform,
    app.clock.now(),
    { purpose: 'code', max: 1, per: { minutes: 1 } },
    patient.phone,
  )

  const stolen = await dump()
  // The name is searched by its first letters at the desk and lies readable, behind row security.
  expect(stolen).toContain('Ayesha Siddiqui')
  for (const canary of [
    patient.phone,
    patient.phone.slice(1),
    '3005557788',
    '5557788',
    'ayesha.canary',
    '736251',
    token,
    'Canary Before',
  ]) {
    expect(stolen.includes(canary), canary).toBe(false)
  }

  // Had something been stored unsealed, this is where it would have been seen.
  await app.superuser(`update clinic.messages set body_sealed = 'See you at ten'::bytea`)
  expect(await dump()).toContain('See you at ten')
})
