// The clock never ticks here: everything that happens was woken by a notice.
import { once } from 'node:events'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { messagingJobs } from '../../src/features/messaging/jobs.ts'
import { noticeCode } from '../../src/features/notices/actions.ts'
import { newId } from '../../src/kernel/ids.ts'
import type { Phone } from '../../src/kernel/phone.ts'
import { startJobs, type RunningJobs } from '../../src/platform/cron.ts'
import { queueMail } from '../../src/platform/mails.ts'
import { startTestApp, type TestApp } from '../support/app.ts'
import { makeClinic, type TestClinic } from '../support/cast.ts'
import { fakeWhatsApp, type FakeWhatsApp } from '../support/whatsapp.ts'

let app: TestApp
let whatsapp: FakeWhatsApp
let clinic: TestClinic
let jobs: RunningJobs
const phone = '+923001234567' as Phone

beforeAll(async () => {
  app = await startTestApp()
  whatsapp = fakeWhatsApp(app)
  clinic = await makeClinic(app)
  const onceInFourYears = '0 0 0 29 2 *'
  jobs = startJobs(
    messagingJobs(app.services).map((job) => ({ ...job, schedule: onceInFourYears })),
    app.services.log,
  )
})
afterAll(async () => {
  app.services.stopping.abort()
  await jobs.stop()
  await app.stop()
})

const nextSend = () => once(app.whatsappServer, 'request')

it('a code leaves with the commit that asked for it', async () => {
  const sent = nextSend()
  await clinic.inClinic((ctx) =>
    noticeCode(ctx, {
      holdId: newId(), sequence: 1, phone, language: 'en', code: '482913', expiresAt: ctx.now.add({ minutes: 5 }),
    }),
  ) // prettier-ignore
  await sent
})

it('a STOP is answered as it arrives', async () => {
  const sent = nextSend()
  await whatsapp.write(phone, 'STOP').expect(200)
  await sent
  while (whatsapp.sent.length < 2) await new Promise((resolve) => setImmediate(resolve))
  expect(whatsapp.sent.at(-1)!.texts[0]).toContain('START')
})

it('a mail about an account leaves at once', async () => {
  const { db, keys, clock } = app.services
  await queueMail(db, keys.platform, {
    kind: 'test', to: 'nadia@shifa.test', subject: 'Hello', text: 'Hello', now: clock.now(),
  }) // prettier-ignore
  while (app.mail.mails.length === 0) await new Promise((resolve) => setImmediate(resolve))
})
