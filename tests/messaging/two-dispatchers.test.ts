// Two processes, a thousand due messages, and one of the two killed in the middle with SIGKILL.
import { once } from 'node:events'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { workOnEvents } from '../../src/features/messaging/actions/events.ts'
import type { AppointmentId } from '../../src/kernel/ids.ts'
import { newId } from '../../src/kernel/ids.ts'
import type { Phone } from '../../src/kernel/phone.ts'
import { queueMessage } from '../../src/platform/outbox.ts'
import { startTestApp, type TestApp } from '../support/app.ts'
import { makeClinic, type TestClinic } from '../support/cast.ts'
import { messagesOf } from '../support/messages.ts'
import { startProcess } from '../support/process.ts'
import { fakeWhatsApp, type FakeWhatsApp } from '../support/whatsapp.ts'

let app: TestApp
let whatsapp: FakeWhatsApp
let clinics: TestClinic[]
const total = 1000

beforeAll(async () => {
  app = await startTestApp()
  whatsapp = fakeWhatsApp(app)
  // So that a process killed at any moment has something on the wire.
  whatsapp.latency = 15
  clinics = await Promise.all(Array.from({ length: 5 }, () => makeClinic(app)))
  for (const clinic of clinics) {
    await clinic.inClinic(async (ctx) => {
      for (let i = 0; i < total / clinics.length; i++) {
        await queueMessage(ctx, {
          kind: 'reply_auto',
          template: 'text',
          recipient: { channel: 'whatsapp', phone: `+92300${String(1_000_000 + i)}` as Phone },
          language: 'en',
          appointmentId: newId<'appointment'>() satisfies AppointmentId,
          version: 1,
          dueAt: ctx.now,
          params: { text: `message ${i}` },
        })
      }
    })
  }
}, 120_000)
afterAll(() => app.stop())

const dispatcher = () => startProcess(app, 'dispatcher')

async function untilSent(count: number): Promise<void> {
  while (whatsapp.sent.length < count) await new Promise((resolve) => setImmediate(resolve))
}

async function states(): Promise<Record<string, number>> {
  const all = (await Promise.all(clinics.map(({ id }) => messagesOf(app, id)))).flat()
  return all.reduce<Record<string, number>>((sum, { status }) => ({ ...sum, [status]: (sum[status] ?? 0) + 1 }), {})
}

const timesSent = () => {
  const times = new Map<string, number>()
  for (const { ours } of whatsapp.sent) times.set(ours, (times.get(ours) ?? 0) + 1)
  return times
}

it('sends every message, none twice but what was in flight at the kill, and none is recorded twice', async () => {
  const [survivor, victim] = [dispatcher(), dispatcher()]
  const ended = [once(survivor, 'exit'), once(victim, 'exit')]
  await Promise.all([once(survivor.stdout!, 'data'), once(victim.stdout!, 'data')])
  await untilSent(total / 3)
  victim.kill('SIGKILL')
  await Promise.all(ended)
  expect(victim.signalCode).toBe('SIGKILL')
  expect(survivor.exitCode).toBe(0)

  // What the dead process held is not touched while its claim holds; nothing was sent twice so far.
  const atKill = await states()
  const left = (atKill.queued ?? 0) + (atKill.sending ?? 0)
  expect(atKill.accepted).toBe(total - left)
  expect(left).toBeGreaterThan(0)
  expect([...timesSent().values()].every((times) => times === 1)).toBe(true)
  const inFlight = (await Promise.all(clinics.map(({ id }) => messagesOf(app, id))))
    .flat()
    .filter(({ status }) => status === 'sending')
  expect(inFlight.length).toBeGreaterThan(0)
  expect(inFlight.length, 'a process has no more than four on the wire').toBeLessThanOrEqual(4)

  // The claims lapse. What had not begun is sent; what was in flight may be out already and is left to wait for word.
  app.clock.advance({ minutes: 3 })
  await run()
  expect(await states()).toEqual({
    accepted: total - inFlight.length,
    unknown: inFlight.length,
  })
  expect([...timesSent().values()].every((times) => times === 1)).toBe(true)

  // Word comes of one of them: it did go out, so it is not sent again. Of the others it does not: sent once more.
  const takenAtKill = inFlight.flatMap(({ id }) => whatsapp.sent.filter(({ ours }) => ours.endsWith(id)))
  const [heardOf] = takenAtKill
  if (heardOf) {
    await whatsapp.report(heardOf, 'delivered').expect(200)
    await workOnEvents(app.services)
  }
  app.clock.advance({ minutes: 6 })
  await run()
  const end = await states()
  expect(end).toEqual({ accepted: total - (heardOf ? 1 : 0), ...(heardOf ? { delivered: 1 } : {}) })
  for (const [ours, times] of timesSent()) {
    const again = takenAtKill.some((one) => one.ours === ours) && ours !== heardOf?.ours
    expect(times, ours).toBe(again ? 2 : 1)
  }
  const accepted = await app.superuser<{ most: number; total: number }>(
    `select max(n) as most, sum(n)::integer as total from
       (select count(*) as n from clinic.message_attempts where outcome = 'accepted' group by message_id) counted`,
  )
  expect(accepted[0]).toMatchObject({ most: 1, total: total - (heardOf ? 1 : 0) })
}, 180_000)

async function run(): Promise<void> {
  const child = dispatcher()
  await once(child, 'exit')
  expect(child.exitCode).toBe(0)
}
