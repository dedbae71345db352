// `npm run retention` as an operator types it. It goes by the real clock.
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { newId } from '../../src/kernel/ids.ts'
import { startTestApp, type TestApp } from '../support/app.ts'
import { makeClinic, type TestClinic } from '../support/cast.ts'

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

async function retention(...args: string[]): Promise<{ code: number; said: string }> {
  const { config } = app.services
  const base64 = (key: Buffer) => key.toString('base64')
  const file = fileURLToPath(new URL('../../src/retention-command.ts', import.meta.url))
  const env = {
    PATH: process.env.PATH,
    NODE_ENV: 'test',
    BASE_URL: config.baseUrl,
    LOG_LEVEL: 'silent',
    DATABASE_URL: config.database.url,
    JOBS_DATABASE_URL: config.database.jobsUrl,
    SESSION_SECRET: config.sessionSecrets[0],
    PASSWORD_PEPPER: base64(config.passwordPepper),
    MASTER_KEY: base64(config.masterKey),
    LOOKUP_KEY: base64(config.lookupKey),
    KEY_STORE_DIR: config.keyStoreDir,
    SMTP_URL: config.mail.smtpUrl,
    MAIL_FROM: config.mail.from,
    WHATSAPP_BASE_URL: config.whatsapp.baseUrl,
    WHATSAPP_PHONE_NUMBER_ID: config.whatsapp.phoneNumberId,
    WHATSAPP_DISPLAY_NUMBER: config.whatsapp.displayNumber,
    WHATSAPP_ACCESS_TOKEN: config.whatsapp.accessToken,
    WHATSAPP_APP_SECRET: config.whatsapp.appSecret,
    WHATSAPP_VERIFY_TOKEN: config.whatsapp.verifyToken,
  }
  try {
    const { stdout } = await promisify(execFile)(process.execPath, ['--import', 'tsx', file, ...args], { env })
    return { code: 0, said: stdout }
  } catch (error) {
    const { code, stderr } = error as { code: number; stderr: string }
    return { code, said: stderr }
  }
}

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
  expect(dry.said).toMatch(/^ +1 {2}sessions$/m)
  expect(dry.said).toMatch(/^ +2 {2}inbound_messages$/m)
  expect(dry.said).toMatch(/^ +0 {2}booking_identity$/m)
  expect((await retention('--dry-run', '--clinic', clinic.slug)).said).toMatch(/^ +1 {2}inbound_messages$/m)
  expect(await left()).toBe('old young 2 0')

  expect((await retention('--clinic', clinic.slug)).said).toContain('1 things were erased.')
  expect(await left()).toBe('old young 1 1')
  expect((await retention()).code).toBe(0)
  expect(await left()).toBe('young 0 3')
  expect(await retention('--clinic', 'nowhere')).toEqual({ code: 1, said: 'There is no clinic nowhere.\n' })
})

it('says that a clock which is not believed erases nothing', { timeout: 60_000 }, async () => {
  await app.superuser(`update platform.retention_clock set seen_at = now() + interval '1 day'`)
  expect((await retention('--dry-run')).said).toContain('But now nothing would be: the clock backwards.')
  expect(await retention()).toEqual({ code: 1, said: 'nothing was erased: the clock backwards\n' })
})
