import { afterAll, beforeAll, expect, it } from 'vitest'
import { newId } from '../../src/kernel/ids.ts'
import { listen, type Notice, type Notifications } from '../../src/platform/db/notifications.ts'
import { createLog } from '../../src/platform/log.ts'
import { startTestApp, type TestApp } from '../support/app.ts'

let app: TestApp
let hearer: Notifications
let teller: Notifications
const heard: Notice[] = []

beforeAll(async () => {
  app = await startTestApp()
  const log = createLog('error', () => undefined)
  hearer = await listen(app.services.config.database.url, log)
  teller = await listen(app.services.config.database.url, log)
  hearer.subscribe((notice) => heard.push(notice))
})
afterAll(async () => {
  await teller.stop()
  await hearer.stop()
  await app.stop()
})

it('tells of each clinic what is newest, whatever the order it comes in', async () => {
  const [one, other] = [newId<'clinic'>(), newId<'clinic'>()]
  for (const diary of [7, 9, 8]) teller.tell({ channel: 'nabz_diary', clinicId: one, diary })
  teller.tell({ channel: 'nabz_messages', clinicId: one })
  teller.tell({ channel: 'nabz_messages', clinicId: one })
  teller.tell({ channel: 'nabz_diary', clinicId: other, diary: 1 })
  await expect.poll(() => heard.length).toBeGreaterThanOrEqual(3)
  expect(heard.splice(0)).toEqual([
    { channel: 'nabz_diary', clinicId: one, diary: 9 },
    { channel: 'nabz_messages', clinicId: one },
    { channel: 'nabz_diary', clinicId: other, diary: 1 },
  ])
})

it('tells once it is connected again', async () => {
  // Whoever came last is the teller.
  await app.superuser(
    `select pg_terminate_backend(pid) from pg_stat_activity
     where datname = current_database() and application_name = 'nabz-listen' order by backend_start desc limit 1`,
  )
  const clinicId = newId<'clinic'>()
  teller.tell({ channel: 'nabz_diary', clinicId, diary: 3 })
  await expect.poll(() => heard.length, { timeout: 5000 }).toBeGreaterThanOrEqual(1)
  expect(heard).toEqual([{ channel: 'nabz_diary', clinicId, diary: 3 }])
})
