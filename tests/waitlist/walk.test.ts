// Days of a waiting list by chance: times come free and are taken by others, people answer, are silent, say STOP and START,
// nights come. Whatever happens in whatever order, what the list promises holds after every step.
import fc from 'fast-check'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { cancelByPatient } from '../../src/features/appointments/actions/run.ts'
import { changeWaitlistSettings } from '../../src/features/waitlist/actions/join.ts'
import { timeAt } from '../../src/kernel/time.ts'
import { startTestApp, type TestApp } from '../support/app.ts'
import { startOver } from '../support/messages.ts'
import { fakeWhatsApp, type FakeWhatsApp } from '../support/whatsapp.ts'
import { newPhone, patientActor, settle, waitingScene } from './scene.ts'

let app: TestApp
let whatsapp: FakeWhatsApp
beforeAll(async () => {
  app = await startTestApp()
  whatsapp = fakeWhatsApp(app)
})
afterAll(() => app.stop())

const people = 5
const times = ['2026-11-25', '2026-11-26'].flatMap((day) => ['10:00', '10:30'].map((time) => [day, time] as const))

const person = fc.nat({ max: people - 1 })
const time = fc.nat({ max: times.length - 1 })
const step = fc.oneof(
  fc.record({ does: fc.constant('cancel' as const), which: time }),
  fc.record({ does: fc.constant('cancel' as const), which: time }),
  fc.record({ does: fc.constant('take' as const), which: time }),
  fc.record({ does: fc.constantFrom('yes' as const, 'no' as const, 'STOP' as const, 'START' as const), which: person }),
  fc.record({ does: fc.constantFrom('yes' as const, 'no' as const), which: person }),
  fc.record({ does: fc.constant('wait' as const), which: fc.constantFrom(1, 5, 31, 240, 600) }),
)

type OfferRow = {
  entry_id: string
  state: string
  number: string
  starts: number
  ends: number
  practitioner_id: string
}

/** How the walk went: what it never met it has not proven. */
const met = { byNight: 0, stoppedMeanwhile: 0, takenMeanwhile: 0, accepted: 0 }

async function walk(steps: { does: string; which: number }[], most: number): Promise<void> {
  await startOver(app, whatsapp)
  const scene = await waitingScene(app, { hours: ['10:00', '11:00'] })
  const { clinic } = scene
  await clinic.inClinic((ctx) => changeWaitlistSettings(ctx, { on: true, most, minutes: 30 }))
  const visits: Awaited<ReturnType<typeof scene.book>>['id'][] = []
  for (const [day, at] of times) visits.push((await scene.book(day, at)).id)
  const family = newPhone()
  const waiting: Awaited<ReturnType<typeof scene.join>>[] = []
  for (let number = 0; number < people; number++) {
    const phone = number < 2 ? family : newPhone()
    waiting.push(await scene.join({ until: scene.wish().until.add({ days: 1 }) }, { phone, name: `Person ${number}` }))
  }
  await settle(app, whatsapp)

  const booked = () =>
    app.superuser<{ patient_id: string; starts: number }>(
      `select patient_id, extract(epoch from starts_at)::float8 as starts from clinic.appointments
       where clinic_id = $1 and status = 'booked' order by id`,
      [clinic.id],
    )
  const offers = () =>
    app.superuser<OfferRow>(
      `select entry_id, state, encode(number_hash, 'hex') as number, extract(epoch from starts_at)::float8 as starts,
         extract(epoch from ends_at)::float8 as ends, practitioner_id
       from clinic.waiting_offers where clinic_id = $1 order by offered_at, id`,
      [clinic.id],
    )
  const stopped = new Set<string>()
  const offersTo = (phone: string) =>
    whatsapp.sent.filter(({ name, to }) => name.startsWith('nabz_waitlist') && to === phone.replace('+', ''))
  const numberOf = (phone: string) => app.services.keys.platform.hash('number', phone).toString('hex')

  for (const { does, which } of steps) {
    const before = { visits: await booked(), offers: await offers(), sent: whatsapp.sent.length }
    const who = waiting[which % people]!
    const open = before.offers.find((one) => one.state === 'open' && one.number === numberOf(who.phone))
    const message = offersTo(who.phone).at(-1)
    if (does === 'cancel') {
      await clinic.inClinic((ctx) => cancelByPatient(ctx, visits[which]!), patientActor)
    } else if (does === 'take') {
      const [day, at] = times[which]!
      const taken = await scene.book(day, at).catch(() => undefined)
      if (taken) visits[which] = taken.id
      const starts = taken && taken.startsAt.epochMilliseconds / 1000
      if (before.offers.some((one) => one.state === 'open' && one.starts === starts)) met.takenMeanwhile++
    } else if (does === 'wait') app.clock.set(app.clock.now().add({ minutes: which }))
    else if (does === 'STOP' || does === 'START') {
      await whatsapp.write(who.phone, does).expect(200)
      if (does === 'STOP') stopped.add(who.phone)
      else stopped.delete(who.phone)
      if (does === 'STOP' && open) met.stoppedMeanwhile++
    } else if (message) await whatsapp.tap(who.phone, message, does === 'yes' ? 0 : 1).expect(200)
    const hour = timeAt(app.clock.now(), 'Asia/Karachi').hour
    const byNight = hour < 8 || hour >= 21
    await settle(app, whatsapp)

    const after = { visits: await booked(), offers: await offers() }
    // Whoever says yes has it while the offer stands and the time is free; else nothing is booked for anybody who waits.
    const mine = new Set<string>(waiting.map(({ patientId }) => patientId))
    const gained = after.visits.filter(({ patient_id: id }) => mine.has(id)).length
    const had = before.visits.filter(({ patient_id: id }) => mine.has(id)).length
    const may = does === 'yes' && open !== undefined && !stopped.has(who.phone)
    expect(gained - had).toBeLessThanOrEqual(may ? 1 : 0)
    met.accepted += Math.max(0, gained - had)
    expect(after.offers.filter(({ state }) => state === 'accepted').length).toBeGreaterThanOrEqual(
      before.offers.filter(({ state }) => state === 'accepted').length,
    )
    // What is over stays over.
    for (const [at, one] of before.offers.entries()) {
      if (one.state !== 'open') expect(after.offers[at]!.state).toBe(one.state)
    }
    const standing = after.offers.filter(({ state }) => state === 'open')
    expect(new Set(standing.map(({ number }) => number)).size).toBe(standing.length)
    for (const one of standing) {
      // At no moment of a doctor's day; one that reaches into two times has rivals for either.
      const rivals = standing.filter(({ starts, ends }) => starts <= one.starts && one.starts < ends)
      expect(rivals.length).toBeLessThanOrEqual(most)
      // What somebody has is on offer for a minute at most.
      if (does === 'wait' && !byNight) expect(after.visits.map(({ starts }) => starts)).not.toContain(one.starts)
    }
    for (const phone of stopped) expect(standing.map(({ number }) => number)).not.toContain(numberOf(phone))
    const asked = after.offers.map((one) => `${one.entry_id} ${one.practitioner_id} ${one.starts}`)
    expect(new Set(asked).size).toBe(asked.length)
    // By night nobody is asked, and who said STOP never.
    const sent = whatsapp.sent.slice(before.sent).filter(({ name }) => name.startsWith('nabz_waitlist'))
    if (byNight) {
      met.byNight++
      expect(sent).toEqual([])
    }
    for (const { to } of sent) expect(stopped.has(`+${to}`)).toBe(false)
  }
  // Nobody has two visits, and no time two people.
  const end = await booked()
  expect(new Set(end.map(({ starts }) => starts)).size).toBe(end.length)
  expect(new Set(end.map(({ patient_id: id }) => id)).size).toBe(end.length)
}

it('keeps its promises on every walk', { timeout: 240_000 }, async () => {
  const steps = fc.array(step, { minLength: 14, maxLength: 20 })
  await fc.assert(fc.asyncProperty(steps, fc.integer({ min: 1, max: 3 }), walk), { numRuns: 5, endOnFailure: true })
})

it('and on the one where each of them happens', { timeout: 120_000 }, async () => {
  Object.assign(met, { byNight: 0, stoppedMeanwhile: 0, takenMeanwhile: 0, accepted: 0 })
  const said = (does: string, which: number) => ({ does, which })
  await walk(
    [
      said('cancel', 0),
      said('STOP', 0),
      said('yes', 0),
      said('take', 0),
      said('yes', 2),
      said('cancel', 1),
      said('yes', 2),
      said('wait', 600),
      said('cancel', 2),
      said('wait', 600),
      said('yes', 3),
    ],
    2,
  )
  expect(met.accepted).toBe(2)
  for (const times of Object.values(met)) expect(times).toBeGreaterThan(0)
})
