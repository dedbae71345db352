// Many processes ask those who wait at the same moment: never more about a time than the clinic set, nobody about two.
import { once } from 'node:events'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { cancelByPatient } from '../../src/features/appointments/actions/run.ts'
import { offerByHand } from '../../src/features/waitlist/actions/by-hand.ts'
import { changeWaitlistSettings } from '../../src/features/waitlist/actions/join.ts'
import { offerFreedTimes } from '../../src/features/waitlist/actions/offer.ts'
import { newId } from '../../src/kernel/ids.ts'
import type { Services } from '../../src/platform/services.ts'
import { startTestApp, testNow, type TestApp } from '../support/app.ts'
import { startProcess } from '../support/process.ts'
import { fakeWhatsApp, type FakeWhatsApp } from '../support/whatsapp.ts'
import { newPhone, patientActor, settle as settleAll, waitingScene, type Scene } from './scene.ts'

let app: TestApp
let whatsapp: FakeWhatsApp
let scene: Scene
beforeAll(async () => {
  app = await startTestApp()
  whatsapp = fakeWhatsApp(app)
})
afterAll(() => app.stop())
beforeEach(async () => {
  app.clock.set(testNow)
  for (const table of ['clinic.profiles', 'platform.opt_outs']) await app.superuser(`delete from ${table}`)
  whatsapp.sent.length = 0
  scene = await waitingScene(app)
})

const settle = () => settleAll(app, whatsapp)
const cancel = (id: Awaited<ReturnType<Scene['book']>>['id']) =>
  scene.clinic.inClinic((ctx) => cancelByPatient(ctx, id), patientActor)
const openOffers = () =>
  app.superuser<{ starts_at: { epochMilliseconds: number }; number: string }>(
    `select starts_at, encode(number_hash, 'hex') as number from clinic.waiting_offers
     where clinic_id = $1 and state = 'open'`,
    [scene.clinic.id],
  )
const stopped = (phone: string) =>
  app.superuser(
    `insert into platform.opt_outs (sender, number_hash, stopped_at, wording) values ('platform', $1, $2, 'STOP')`,
    [app.services.keys.platform.hash('number', phone), app.clock.now().toString()],
  )

/** The same program, whose first transaction of a clinic stands still after its work until it is let go. */
function standing(): { services: Services; worked: Promise<void>; letGo: () => void } {
  const { inClinic } = app.services
  let letGo = () => {}
  let done = () => {}
  const gate = new Promise<void>((resolve) => (letGo = resolve))
  const worked = new Promise<void>((resolve) => (done = resolve))
  const services = {
    ...app.services,
    inClinic: ((clinic, actor, origin, work) =>
      inClinic(clinic, actor, origin, async (ctx) => {
        const answer = await work(ctx)
        done()
        await gate
        return answer
      })) as typeof inClinic,
  }
  return { services, worked, letGo }
}

/** Until this work waits for a lock of somebody else, or is done without. */
async function untilBlocked(work: Promise<unknown>): Promise<void> {
  let ended = false
  void work.finally(() => (ended = true))
  while (!ended) {
    const [row] = await app.superuser<{ waiting: number }>(
      `select count(*)::int as waiting from pg_stat_activity
       where datname = current_database() and wait_event_type = 'Lock'`,
    )
    if ((row?.waiting ?? 0) > 0) return
  }
}

describe('two transactions at once', () => {
  /** Four wait; the first of them can't be asked while the first transaction looks, and can when the second does. */
  async function meanwhile() {
    const visit = await scene.book()
    const first = await scene.join()
    for (let number = 0; number < 4; number++) await scene.join()
    await settle()
    await stopped(first.phone)
    await cancel(visit.id)
    const one = standing()
    const offering = offerFreedTimes(one.services)
    await one.worked
    await app.superuser('delete from platform.opt_outs')
    return { one, offering, first }
  }

  it('ask no more people than one would', async () => {
    const { one, offering } = await meanwhile()
    // More comes free: half of the same time.
    await app.superuser(
      `insert into clinic.freed_times (clinic_id, id, practitioner_id, starts_at, ends_at, because, look_at)
       values ($1, $2, $3, $4, $5, 'cancelled', $6)`,
      [
        scene.clinic.id,
        newId(),
        scene.practitionerId,
        scene.slot().startsAt.toString(),
        scene.slot().startsAt.add({ minutes: 15 }).toString(),
        app.clock.now().toString(),
      ],
    )
    const other = offerFreedTimes(app.services)
    await untilBlocked(other)
    one.letGo()
    expect([await offering, await other]).toEqual([3, 0])
    expect(await openOffers()).toHaveLength(3)
  })

  it('count what the desk has just offered by hand', async () => {
    const visit = await scene.book()
    const people = [await scene.join(), await scene.join(), await scene.join(), await scene.join()]
    await settle()
    await cancel(visit.id)
    const slot = { ...scene.slot(), endsAt: scene.slot().startsAt.add({ minutes: 30 }) }
    let letGo = () => {}
    const gate = new Promise<void>((resolve) => (letGo = resolve))
    let asked = () => {}
    const worked = new Promise<void>((resolve) => (asked = resolve))
    const byHand = scene.clinic.inClinic(async (ctx) => {
      const sent = await offerByHand(ctx, slot, [people[3]!.id])
      asked()
      await gate
      return sent
    })
    await worked
    const job = offerFreedTimes(app.services)
    await untilBlocked(job)
    letGo()
    expect([await byHand, await job]).toEqual([{ ok: true, value: 1 }, 2])
    expect(await openOffers()).toHaveLength(3)
  })
})

describe('three processes at once', () => {
  it('keep the number for every time, and one offer for a number', { timeout: 120_000 }, async () => {
    scene = await waitingScene(app, { hours: ['10:00', '13:00'] })
    const most = 2
    await scene.clinic.inClinic((ctx) => changeWaitlistSettings(ctx, { on: true, most, minutes: 30 }))
    const times = ['10:00', '10:30', '11:00', '11:30', '12:00', '12:30']
    const visits = []
    for (const time of times) visits.push(await scene.book('2026-11-25', time))
    const family = newPhone()
    for (let number = 0; number < 24; number++) {
      await scene.join({}, number % 4 === 0 ? { phone: family, name: `Child ${number}` } : {})
    }
    await settle()
    const processes = [1, 2, 3].map(() => startProcess(app, 'waitlist'))
    await Promise.all(processes.map(({ stdout }) => once(stdout!, 'data')))
    for (const { stdin } of processes) stdin!.write('go\n')
    const ended = processes.map((child) => once(child, 'exit'))
    for (const { id } of visits) await cancel(id)
    for (const { stdin } of processes) stdin!.end()
    expect((await Promise.all(ended)).map(([code]) => code as number)).toEqual([0, 0, 0])
    await offerFreedTimes(app.services)
    const open = await openOffers()
    expect(new Set(open.map(({ number }) => number)).size).toBe(open.length)
    const perTime = new Map<number, number>()
    for (const { starts_at: at } of open) {
      perTime.set(at.epochMilliseconds, (perTime.get(at.epochMilliseconds) ?? 0) + 1)
    }
    expect([...perTime.values()]).toEqual(times.map(() => most))
  })
})
