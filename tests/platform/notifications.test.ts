import { createServer, connect, type AddressInfo, type Socket } from 'node:net'
import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest'
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
afterEach(() => {
  vi.useRealTimers()
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

const patiently = { timeout: 5_000 }

/** A door before the database that can be shut, and can go silent while it looks open. */
async function startDoor() {
  const database = new URL(app.services.config.database.url)
  const inside = new Set<Socket>()
  const door = { open: true, silent: false, knocks: 0, inside, url: '', shut: () => undefined as unknown }
  const server = createServer((guest) => {
    door.knocks++
    if (!door.open) return void guest.destroy()
    const host = connect(Number(database.port), database.hostname)
    inside.add(guest)
    guest.on('data', (said) => door.silent || host.write(said))
    host.on('data', (said) => door.silent || guest.write(said))
    for (const one of [guest, host])
      one
        .on('error', () => undefined)
        .on('close', () => {
          inside.delete(guest)
          guest.destroy()
          host.destroy()
        })
  })
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  const url = new URL(database)
  url.host = `127.0.0.1:${(server.address() as AddressInfo).port}`
  door.url = url.href
  door.shut = () => server.close()
  return door
}

/** Connected, and from now on only the test moves the time. */
async function listenThroughDoor() {
  const door = await startDoor()
  const notifications = await listen(
    door.url,
    createLog('error', () => undefined),
  )
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  return { door, notifications }
}

it('knocks once at a time while the database is away, and has one connection when it is back', async () => {
  const { door, notifications } = await listenThroughDoor()
  door.open = false
  for (const guest of door.inside) guest.destroy()
  for (let failed = 1; failed <= 4; failed++) {
    await expect.poll(() => vi.getTimerCount(), patiently).toBe(1)
    expect(door.knocks).toBe(failed)
    vi.runOnlyPendingTimers()
    await expect.poll(() => door.knocks, patiently).toBe(failed + 1)
  }
  await expect.poll(() => vi.getTimerCount(), patiently).toBe(1)
  door.open = true
  vi.runOnlyPendingTimers()
  const clinicId = newId<'clinic'>()
  notifications.tell({ channel: 'nabz_diary', clinicId, diary: 4 })
  await expect.poll(() => heard.splice(0), patiently).toEqual([{ channel: 'nabz_diary', clinicId, diary: 4 }])
  expect(door.inside.size).toBe(1)
  expect(vi.getTimerCount()).toBe(0)
  await notifications.stop()
  door.shut()
})

it('gives up a connection that went silent, and tells over the next', async () => {
  const { door, notifications } = await listenThroughDoor()
  door.silent = true
  const clinicId = newId<'clinic'>()
  notifications.tell({ channel: 'nabz_diary', clinicId, diary: 5 })
  await expect.poll(() => vi.getTimerCount(), patiently).toBe(1)
  await vi.advanceTimersByTimeAsync(5_000)
  await expect.poll(() => door.inside.size, patiently).toBe(0)
  door.silent = false
  await expect.poll(() => vi.getTimerCount(), patiently).toBe(1)
  vi.runOnlyPendingTimers()
  await expect.poll(() => heard.splice(0), patiently).toEqual([{ channel: 'nabz_diary', clinicId, diary: 5 }])
  await notifications.stop()
  door.shut()
})
