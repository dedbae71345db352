// `npm run retention` as an operator types it. It goes by the real clock.
import { afterAll, beforeAll, expect, it } from 'vitest'
import { newId } from '../../src/kernel/ids.ts'
import { startTestApp, type TestApp } from '../support/app.ts'
import { makeClinic, type TestClinic } from '../support/cast.ts'
import { runCommand } from '../support/process.ts'

let app: TestApp
let clinic: TestClinic
beforeAll(async () => {
  app = await startTestApp()
  clinic = await makeClinic(app)
  for (const id of [clinic.id, clinic.other.id]) {
    await app.superuser(
      `insert into clinic.inbound_messages (clinic_id, id, sender_hash, body_sealed, meaning, received_at)
       values ($1, $2, '', '', 'stop', now() - interval '91 days')`,
      [id, newId()],
    )
  }
  await app.superuser(
    `insert into platform.sessions (sid, sess, expire) values ('old', '{}', now() - interval '1 hour'), ('young', '{}', now() + interval '1 hour')`,
  )
}, 60_000)
afterAll(() => app.stop())

const retention = (...args: string[]) => runCommand(app, 'retention', args)

const left = async () =>
  (
    await app.superuser<{ left: string }>(
      `select (select string_agg(sid, ' ') from platform.sessions) || ' '
         || (select count(*) from clinic.inbound_messages) || ' ' || (select count(*) from platform.erasures) as left`,
    )
  )[0]!.left

it('counts and erases nothing, erases at one clinic, then everywhere', { timeout: 60_000 }, async () => {
  const dry = await retention('--dry-run')
  expect(dry).toMatchObject({ code: 0 })
  expect(dry.out).toMatch(/^ +1 {2}sessions$/m)
  expect(dry.out).toMatch(/^ +2 {2}inbound_messages$/m)
  expect(dry.out).toMatch(/^ +0 {2}booking_identity$/m)
  expect((await retention('--dry-run', '--clinic', clinic.slug)).out).toMatch(/^ +1 {2}inbound_messages$/m)
  expect(await left()).toBe('old young 2 0')

  expect((await retention('--clinic', clinic.slug)).out).toContain('1 things were erased.')
  expect(await left()).toBe('old young 1 1')
  expect((await retention()).code).toBe(0)
  expect(await left()).toBe('young 0 3')
  expect(await retention('--clinic', 'nowhere')).toMatchObject({ code: 1, problem: 'There is no clinic nowhere.\n' })
})

it('says that a clock which is not believed erases nothing', { timeout: 60_000 }, async () => {
  await app.superuser(`update platform.retention_clock set seen_at = now() + interval '1 day'`)
  expect((await retention('--dry-run')).out).toContain('But now nothing would be: the clock backwards.')
  expect(await retention()).toMatchObject({ code: 1, problem: 'nothing was erased: the clock backwards\n' })
})
