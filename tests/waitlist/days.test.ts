// Every day another day of the calendar opens: on the wall of each clinic, wherever it stands.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { offerFreedTimes } from '../../src/features/waitlist/actions/offer.ts'
import { dayBounds, Temporal } from '../../src/kernel/time.ts'
import { startTestApp, testNow, type TestApp } from '../support/app.ts'
import { makeShift } from '../support/factories.ts'
import { fakeWhatsApp, type FakeWhatsApp } from '../support/whatsapp.ts'
import { offersIn, settle, waitingScene } from './scene.ts'

let app: TestApp
let whatsapp: FakeWhatsApp
beforeAll(async () => {
  app = await startTestApp()
  whatsapp = fakeWhatsApp(app)
  // Keeps every look at a whole diary, which is done with in the same transaction.
  await app.superuser('create table public.looks (clinic_id uuid not null, at timestamptz not null)')
  await app.superuser(`create function public.note_look() returns trigger language plpgsql security definer as
    $$ begin insert into public.looks values (new.clinic_id, new.look_at); return new; end $$`)
  await app.superuser(`create trigger note_look after insert on clinic.freed_times for each row
    when (new.because = 'hours') execute function public.note_look()`)
})
afterAll(() => app.stop())
beforeEach(async () => {
  app.clock.set(testNow)
  await app.superuser('delete from clinic.profiles')
  await app.superuser('delete from public.looks')
  whatsapp.sent.length = 0
})

// The day on which the clocks of that place change, and for Karachi, where they never do, any.
const places = [
  ['Asia/Karachi', '2026-11-25', 24],
  ['Africa/Cairo', '2027-04-30', 23],
  ['Europe/London', '2027-03-28', 23],
  ['America/New_York', '2026-11-01', 25],
  ['America/Los_Angeles', '2027-03-14', 23],
] as const

/** A clinic there, two days before `day`, that takes bookings for a week ahead, and somebody who waits for longer. */
async function sceneIn(zone: string, day: string) {
  const date = Temporal.PlainDate.from(day)
  app.clock.set(dayBounds(date.subtract({ days: 2 }), zone).from.add({ hours: 12 }))
  const scene = await waitingScene(app, { zone })
  await app.superuser('update clinic.profiles set horizon_days = 7 where clinic_id = $1', [scene.clinic.id])
  return { scene, date }
}

describe.each(places)('in %s', (zone, day, hours) => {
  it('the day that opens at midnight is offered in the morning, when the clocks change too', async () => {
    const { scene, date } = await sceneIn(zone, day)
    const opening = date.add({ days: 7 })
    await scene.join({ from: opening, until: opening })
    const until = dayBounds(date, zone).from
    for (const minutes of [60, 1]) {
      app.clock.set(until.subtract({ minutes }))
      expect(await settle(app, whatsapp)).toEqual([])
    }
    app.clock.set(until.add({ minutes: 1 }))
    // By night nobody is woken for it.
    expect(await settle(app, whatsapp)).toEqual([])
    const eight = date.toZonedDateTime({ timeZone: zone, plainTime: '08:01' }).toInstant()
    app.clock.set(eight)
    await settle(app, whatsapp)
    const ten = opening.toZonedDateTime({ timeZone: zone, plainTime: '10:00' }).toInstant()
    expect(await offersIn(scene.clinic)).toMatchObject([{ state: 'open', starts_at: ten }])
  })

  it('it is looked at once a day, however often and in however many processes', async () => {
    const { scene, date } = await sceneIn(zone, day)
    const from = date.subtract({ days: 1 })
    await scene.join({ from: date.add({ days: 30 }), until: date.add({ days: 30 }) })
    const begin = dayBounds(from, zone).from
    const ends = dayBounds(date, zone).to
    expect(ends.since(begin).total('hours')).toBe(24 + hours)
    for (let at = begin; Temporal.Instant.compare(at, ends) < 0; at = at.add({ minutes: 30 })) {
      app.clock.set(at)
      await Promise.all([offerFreedTimes(app.services), offerFreedTimes(app.services), offerFreedTimes(app.services)])
    }
    const looks = await app.superuser<{ at: Temporal.Instant }>('select at from public.looks order by at')
    expect(looks.map(({ at }) => at.toZonedDateTimeISO(zone).toPlainDate().toString())).toEqual([
      from.toString(),
      date.toString(),
    ])
  })
})

it('a process whose clock is behind looks at nothing a second time', async () => {
  const { scene, date } = await sceneIn('America/New_York', '2026-11-25')
  await scene.join({ from: date.add({ days: 30 }), until: date.add({ days: 30 }) })
  const midnight = dayBounds(date, 'America/New_York').from
  for (const seconds of [1, -1, 2, -2, 3]) {
    app.clock.set(midnight.add({ seconds }))
    await offerFreedTimes(app.services)
  }
  expect(await app.superuser('select at from public.looks')).toHaveLength(1)
  await makeShift(scene.clinic, { locationId: scene.locationId, from: '15:00', to: '15:30' })
  app.clock.set(midnight.subtract({ seconds: 3 }))
  await offerFreedTimes(app.services)
  expect(await app.superuser('select at from public.looks')).toHaveLength(2)
})
