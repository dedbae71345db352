// A slip sends nothing: whatever somebody at the desk does, and takes back within three minutes by the button beside the
// words, leaves the visit as it was and the phone silent. One table for everything a desk can do; whoever adds a step adds
// a line.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { takeStep } from '../../src/features/appointments/actions/run.ts'
import type { AppointmentId } from '../../src/kernel/ids.ts'
import { startTestApp, testNow, type TestApp } from '../support/app.ts'
import { makeClinic, type TestClinic } from '../support/cast.ts'
import { makeAppointment, makeBookable, makePractitioner, makeShift } from '../support/factories.ts'
import type { Agent } from '../support/http.ts'
import { booked, desk, visitNow } from './scene.ts'

let app: TestApp
let clinic: TestClinic
let bilal: Agent
let hamid: string
beforeAll(async () => {
  app = await startTestApp({ simulator: true })
})
afterAll(() => app.stop())
beforeEach(async () => {
  app.clock.set(testNow)
  app.simulator!.controls.reset()
  clinic = await makeClinic(app)
  await makeBookable(clinic)
  hamid = (await makePractitioner(clinic)).id
  await makeShift(clinic, { practitionerId: hamid as never })
  bilal = await clinic.as(clinic.cast.bilal)
})

const minutes = (count: number) => app.clock.set(app.clock.now().add({ minutes: count }).toString())
/** The same for longer than a browser left alone stays signed in. */
async function later(count: number) {
  minutes(count)
  bilal = await clinic.as(clinic.cast.bilal)
}
const at = (path: string) => `/app/${clinic.slug}${path}`

type Visit = { id: AppointmentId; phone: string }
type Slip = {
  /** How the visit comes to stand before the slip: booked for half past one and told of it, unless it says so. */
  before?: (visit: Visit) => Promise<void>
  /** Does it as the page would; answers where the browser is sent. */
  does: (visit: Visit) => Promise<{ status: number; headers: Record<string, string> }>
}

const step = (name: string) => async ({ id }: Visit) =>
  bilal.postForm(at(`/appointments/${id}/${name}`), { back: at('/today') }) // prettier-ignore
const come = (...steps: ('arrive' | 'enter' | 'finish' | 'miss' | 'cancel')[]) => async ({ id }: Visit) => {
  for (const one of steps) {
    const taken = await clinic.inClinic((ctx) => takeStep(ctx, id, one))
    if (!taken.ok) throw new Error(taken.reason)
  }
} // prettier-ignore
const slot = async ({ id }: Visit, change: { practitionerId?: string; hours?: number }) => {
  const { serviceId, practitionerId, locationId, startsAt } = await visitNow(clinic, id)
  const to = startsAt.add({ hours: change.hours ?? 0 })
  return [serviceId, change.practitionerId ?? practitionerId, locationId, to.toString()].join('_')
}
const moves = (change: { practitionerId?: string; hours?: number }) => async (visit: Visit) =>
  bilal.postForm(at(`/appointments/${visit.id}/move`), { slot: await slot(visit, change), back: at('/today') })
const declares = (fields: Record<string, string>) => async (_visit: Visit) => {
  const page = await desk(app, clinic, bilal).look(fields)
  return desk(app, clinic, bilal).confirm(page)
}

/** Everything a desk does to a visit. */
const slips: Record<string, Slip> = {
  'checks in': { does: step('arrival') },
  'sends in to the doctor': { does: step('room') },
  'checks in, having been sent in': { before: come('arrive'), does: step('room') },
  'is done': { before: come('arrive', 'enter'), does: step('completion') },
  'did not come': { before: () => later(150), does: step('no-show') },
  cancels: { does: step('cancellation') },
  'cancels somebody who is here': { before: come('arrive'), does: step('cancellation') },
  'moves to another time': { does: moves({ hours: 2 }) },
  'moves to another day': { does: moves({ hours: 24 }) },
  'moves to another doctor': { does: moves({ practitionerId: 'hamid' }) },
  'moves somebody whose time has come': { before: () => later(95), does: moves({ hours: 2 }) },
  'makes it longer': {
    does: async ({ id }) => bilal.postForm(at(`/appointments/${id}/length`), { minutes: '45', back: at('/today') }),
  },
  'says that the doctor is late': { does: declares({ what: 'late', late_min: '90' }) },
  'says that the doctor is away today': { does: declares({ what: 'off' }) },
  'says that the doctor is away today, and calls visits off': { does: declares({ what: 'off', then: 'cancel' }) },
  'gives the doctor leave': { does: declares({ what: 'leave', from_date: '2026-11-24', to_date: '2026-11-30' }) },
}

/** All of a visit that anybody could notice. */
async function standing(id: AppointmentId): Promise<string> {
  // That its length was once set by hand says nothing while it is what it was.
  const { version, calendarSequence, previousStatus, resized: _, ...visit } = await visitNow(clinic, id)
  expect([typeof version, typeof calendarSequence, previousStatus !== undefined]).toEqual(['number', 'number', true])
  return JSON.stringify(visit)
}

/** The button beside the words on the next page. */
async function undoOf(location: string): Promise<string | undefined> {
  const { text } = await bilal.get(location)
  const flash = /<div class="notice notice-\w+ flash"[\s\S]*?<\/form>/.exec(text)?.[0] ?? ''
  return /<form method="post" action="([^"]+)"/.exec(flash)?.[1]?.replaceAll('&amp;', '&')
}

async function phoneOf({ phone }: Visit) {
  await app.runJob('messaging.dispatch')
  return app.simulator!.controls.inbox(phone)
}

async function toldVisit(): Promise<Visit> {
  const visit = await booked(clinic, 'Ayesha Khan', '13:30')
  minutes(10)
  await app.runJob('messaging.dispatch')
  expect(await phoneOf(visit)).toHaveLength(1)
  app.simulator!.controls.reset()
  return visit
}

describe('a slip at the desk sends nothing', () => {
  it.each(Object.entries(slips))('%s', async (name, { before, does }) => {
    const visit = await toldVisit()
    await before?.(visit)
    const was = await standing(visit.id)
    const act = name.includes('another doctor') ? moves({ practitionerId: hamid }) : does
    const done = await act(visit)
    expect([done.status, app.lastError()]).toEqual([303, 'nothing logged'])
    expect(await standing(visit.id)).not.toBe(was)
    const undo = await undoOf(done.headers.location!)
    expect(undo, 'an Undo beside the words').toBeDefined()
    minutes(2)
    await bilal.postForm(undo!).expect(303)
    expect(await standing(visit.id)).toBe(was)
    minutes(10)
    expect(await phoneOf(visit)).toEqual([])
  })

  it('books, and takes it back before the confirmation has left', async () => {
    const { serviceId, practitionerId, locationId } = await visitNow(clinic, (await makeAppointment(clinic)).id)
    const startsAt = app.clock.now().add({ hours: 3 })
    const done = await bilal.postForm(at('/appointments/new'), {
      slot: [serviceId, practitionerId, locationId, startsAt.toString()].join('_'),
      name: 'Booked By Mistake',
      phone: '+923005556677',
      agreed: 'yes',
      language: 'en',
    })
    expect(done.status).toBe(303)
    const undo = await undoOf(done.headers.location as string)
    minutes(2)
    await bilal.postForm(undo!).expect(303)
    minutes(10)
    await app.runJob('messaging.dispatch')
    expect(app.simulator!.controls.inbox('+923005556677')).toEqual([])
  })

  it('brings a cancelled visit back by mistake, and cancels it again', async () => {
    const visit = await toldVisit()
    await step('cancellation')(visit)
    minutes(4)
    expect(await phoneOf(visit)).toHaveLength(1)
    app.simulator!.controls.reset()
    await step('undo')(visit)
    minutes(1)
    await step('cancellation')(visit)
    minutes(10)
    expect(await phoneOf(visit)).toEqual([])
  })

  it('moves there and back and there again: the patient hears of it once', async () => {
    const visit = await toldVisit()
    const to = await slot(visit, { hours: 2 })
    const move = () => bilal.postForm(at(`/appointments/${visit.id}/move`), { slot: to, back: at('/today') })
    const done = await move()
    await bilal.postForm((await undoOf(done.headers.location as string))!).expect(303)
    await move()
    minutes(10)
    expect(await phoneOf(visit)).toHaveLength(1)
  })

  it('moves somebody who stood on top of another, and puts them back there', async () => {
    await toldVisit()
    const top = await makeAppointment(clinic, { at: '13:30', overbookReason: 'insists' })
    const was = await standing(top.id)
    const done = await moves({ hours: 2 })({ id: top.id, phone: '' })
    expect((await visitNow(clinic, top.id)).overbooked).toBe(false)
    await bilal.postForm((await undoOf(done.headers.location as string))!).expect(303)
    expect(await standing(top.id)).toBe(was)
  })
})

it('takes a move back from the page of the visit too, as long as nothing else has happened to it', async () => {
  const visit = await toldVisit()
  await moves({ hours: 2 })(visit)
  const offered = async () => (await bilal.get(at(`/appointments/${visit.id}`))).text.includes('/move/undo')
  expect(await offered()).toBe(true)
  await bilal.postForm(at(`/appointments/${visit.id}/move/undo`)).expect(303)
  expect(await offered()).toBe(false)
  await bilal.postForm(at(`/appointments/${visit.id}/move/undo`)).expect(303)
  expect((await visitNow(clinic, visit.id)).startsAt.toString()).toBe('2026-11-24T08:30:00Z')
})
