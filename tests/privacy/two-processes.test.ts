// Two processes with much to erase, and one of them killed with SIGKILL on the way, at several points: what is gone, is
// gone once, and the ledger has counted exactly that.
import { once } from 'node:events'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { applyRetention } from '../../src/features/privacy/actions.ts'
import { startTestApp, type TestApp } from '../support/app.ts'
import { makeClinic, type TestClinic } from '../support/cast.ts'
import { makeAppointment, makeBookable, makePatient } from '../support/factories.ts'
import { startProcess } from '../support/process.ts'

let app: TestApp
let clinics: TestClinic[]
const each = { messages: 1300, inbound: 700, visits: 40 }
const sessions = 2100

beforeAll(async () => {
  app = await startTestApp()
  clinics = await Promise.all(Array.from({ length: 4 }, () => makeClinic(app)))
  for (const clinic of clinics) await makeBookable(clinic)
}, 60_000)
afterAll(() => app.stop())

/** What is past keeping in two years, in every clinic and at the service. */
async function furnish(round: number): Promise<void> {
  const now = app.clock.now()
  for (const clinic of clinics) {
    await app.superuser(
      `insert into clinic.messages (clinic_id, id, version, kind, channel, template, language, recipient_sealed,
         recipient_hash, status, due_at, created_at)
       select $1, gen_random_uuid(), 1, 'confirmation', 'whatsapp', 'x', 'en', '', '', 'sent', $2, $2 from generate_series(1, $3)`,
      [clinic.id, now.toString(), each.messages],
    )
    await app.superuser(
      `insert into clinic.inbound_messages (clinic_id, id, sender_hash, body_sealed, meaning, received_at)
       select $1, gen_random_uuid(), '', '', 'stop', $2 from generate_series(1, $3)`,
      [clinic.id, now.toString(), each.inbound],
    )
    for (let visit = 0; visit < each.visits; visit++) {
      const { id } = await makePatient(clinic)
      await makeAppointment(clinic, { patientId: id, startsAt: now.add({ hours: visit }) })
    }
  }
  await app.superuser(
    `insert into platform.sessions (sid, sess, expire) select $1 || n, '{}', $2 from generate_series(1, $3) n`,
    [`round${round}-`, now.toString(), sessions],
  )
}

const expected = {
  booking_identity: 4 * each.visits,
  patients: 4 * each.visits,
  messages: 4 * each.messages,
  inbound_messages: 4 * each.inbound,
  sessions,
}

const ledger = async () =>
  Object.fromEntries(
    (
      await app.superuser<{ rule: string; total: number }>(
        `select rule, sum(count)::integer as total from platform.erasures where not rule like '%audit%' group by rule`,
      )
    ).map(({ rule, total }) => [rule, total]),
  )

const left = async () =>
  (
    await app.superuser<{ total: number }>(
      `select ((select count(*) from clinic.messages) + (select count(*) from clinic.inbound_messages)
         + (select count(*) from clinic.patients) + (select count(*) from platform.sessions)
         + (select count(*) from clinic.appointments where patient_id is not null))::integer as total`,
    )
  )[0]!.total

const lines = async () =>
  (await app.superuser<{ count: number }>('select count(*)::integer as count from platform.erasures'))[0]!.count

it.each([1, 4, 9, 14])('killed after %i batches, the end is the same', { timeout: 90_000 }, async (batches) => {
  await app.superuser('delete from platform.erasures; delete from platform.retention_turns')
  await furnish(batches)
  app.clock.set(app.clock.now().add({ hours: 24 * 800 }))
  // As if the service had been running all along.
  await app.superuser('delete from platform.retention_clock')
  const [survivor, victim] = [start(), start()]
  const ended = [once(survivor, 'exit'), once(victim, 'exit')]
  while ((await lines()) < batches && victim.exitCode === null) await new Promise((resolve) => setImmediate(resolve))
  victim.kill('SIGKILL')
  await Promise.all(ended)
  expect(survivor.exitCode).toBe(0)

  // What the dead process had claimed is taken up when its claim has lapsed.
  app.clock.advance({ minutes: 11 })
  await app.superuser('delete from platform.retention_clock')
  await applyRetention(app.services)
  expect(await left()).toBe(0)
  expect(await ledger()).toEqual(expected)
})

const start = () => startProcess(app, 'retention')
