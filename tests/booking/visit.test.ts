import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { registerLink } from '../../src/platform/links.ts'
import { startTestApp, testNow, type TestApp } from '../support/app.ts'
import { makeAppointment, makePatient, makePractitioner, makeShift } from '../support/factories.ts'
import { bookableClinic, readPage, setProfile, slotAt, slotsOf, wordsOf, type Scene } from './patient.ts'

let app: TestApp
beforeAll(async () => {
  app = await startTestApp()
})
afterAll(() => app.stop())
beforeEach(() => app.clock.set(testNow))

type Overrides = Parameters<typeof makeAppointment>[1]

/** A visit tomorrow at ten with its link, as a message would carry it. */
async function visitOf(scene: Scene, overrides: Overrides = {}) {
  const patient = await makePatient(scene.clinic, { name: 'Ayesha Khan' })
  const visit = await makeAppointment(scene.clinic, {
    service: scene.service,
    patientId: patient.id,
    on: '2026-11-25',
    at: '10:00',
    ...overrides,
  })
  const token = await scene.clinic.inClinic((ctx) => registerLink(ctx, visit.id, 1, visit.endsAt.add({ hours: 24 })))
  return { ...visit, path: `/a/${token}` }
}

const rowOf = async (id: string) =>
  (
    await app.superuser<{ status: string; at: string; confirmed: boolean; by: string | null; doctor: string }>(
      `select status, to_char(starts_at at time zone 'Asia/Karachi', 'DD HH24:MI') as at, confirmed_at is not null as confirmed,
         cancelled_by as by, practitioner_id as doctor
       from clinic.appointments where id = $1`,
      [id],
    )
  )[0]!

describe('the page of a visit', () => {
  it('shows when, where, with whom and what to bring, and of the patient only the first name', async () => {
    const scene = await bookableClinic(app)
    await setProfile(scene.clinic, { bring_note: 'Earlier reports' })
    const { path } = await visitOf(scene)
    const page = await app.agent().get(path).expect(200)
    const words = wordsOf(page.text)
    for (const part of [
      'Ayesha, your visit',
      '10:00 am',
      'Dr Sana Malik',
      'General consultation',
      'Main',
      'Earlier reports',
      'Rs 1,500',
    ]) {
      expect(words).toContain(part)
    }
    expect(words).not.toContain('Khan')
    expect(page.headers['cache-control']).toBe('no-store')
    expect(page.headers['x-robots-tag']).toBe('noindex, nofollow')
    expect(page.text).toContain('<meta name="robots" content="noindex">')
    expect(page.headers['referrer-policy']).toBe('same-origin')
  })

  it.each([
    ['arrived', 'Arrived'],
    ['in_room', 'With doctor'],
    ['fulfilled', 'Done'],
    ['cancelled', 'Cancelled'],
    ['noshow', 'Did not come'],
  ] as const)('of one that is %s says so, offers no change and refuses it', async (status, word) => {
    const scene = await bookableClinic(app)
    const { path, id } = await visitOf(scene, { status })
    const agent = app.agent()
    const page = await agent.getForm(path)
    expect(wordsOf(page.html)).toContain(word)
    expect(page.html).not.toContain('/cancellation')
    expect(wordsOf(page.html)).toContain('Book a new visit')
    for (const sub of ['/move', '/cancellation']) expect((await agent.get(path + sub)).status).toBe(200)
    await agent.postForm(`${path}/confirmation`).expect(409)
    await agent.postForm(`${path}/move`, { slot: slotAt('11:00', scene) }).expect(409)
    const cancelled = await agent.postForm(`${path}/cancellation`)
    expect(cancelled.status).toBe(status === 'cancelled' ? 303 : 409)
    expect((await rowOf(id)).status).toBe(status)
  })

  it('is a friendly 404 for a link that never was, ran out or was replaced', async () => {
    const scene = await bookableClinic(app)
    const { path, id } = await visitOf(scene)
    const agent = app.agent()
    // Not the last of its letters: some of them stand for the same bytes.
    const other = `${path.slice(0, -5)}${path.at(-5) === 'A' ? 'B' : 'A'}${path.slice(-4)}`
    for (const address of ['/a/nonsense', `/a/${'A'.repeat(32)}`, other]) {
      const gone = await agent.get(address).expect(404)
      expect(wordsOf(gone.text)).toContain('This link no longer works')
    }
    expect(wordsOf((await agent.get('/a/nonsense?lang=ur').expect(404)).text)).toContain('یہ لنک اب کام نہیں کرتا')
    await agent.get(`/a/${id}`).expect(404)
    app.clock.set('2026-11-26T05:30:01Z')
    for (const sub of ['', '/visit.ics', '/move', '/cancellation']) await agent.get(path + sub).expect(404)
    await agent.postForm(`${path}/cancellation`).expect(404)
    expect((await rowOf(id)).status).toBe('booked')
  })
})

describe('confirming', () => {
  it('is a tap, and twice is once', async () => {
    const scene = await bookableClinic(app)
    const { path, id } = await visitOf(scene)
    const agent = app.agent()
    const page = await agent.getForm(path)
    expect(wordsOf(page.html)).toContain('I will come')
    const done = await agent.postForm(`${path}/confirmation`).expect(303)
    await agent.postForm(`${path}/confirmation`).expect(303)
    const after = await agent.get(done.headers.location as string)
    expect(wordsOf(after.text)).toContain('Thank you for confirming')
    expect(wordsOf(after.text)).not.toContain('I will come')
    expect((await rowOf(id)).confirmed).toBe(true)
  })
})

describe('moving', () => {
  it('offers the free times, the own not being in the way, and moves', async () => {
    const scene = await bookableClinic(app)
    const { path, id } = await visitOf(scene)
    const agent = app.agent()
    const page = await agent.getForm(`${path}/move?date=2026-11-25`)
    const labels = slotsOf(page.html).map(({ value }) => value.slice(11, 16))
    expect(labels).toContain('05:15')
    const moved = await agent.postForm(`${path}/move`, { slot: slotAt('10:15', scene) }).expect(303)
    const after = await agent.get(moved.headers.location as string)
    expect(wordsOf(after.text)).toContain('Your visit has been moved')
    expect(await rowOf(id)).toMatchObject({ status: 'booked', at: '25 10:15' })
  })

  it('to any doctor keeps the own where possible', async () => {
    const scene = await bookableClinic(app)
    const hamid = await makePractitioner(scene.clinic)
    await makeShift(scene.clinic, { practitionerId: hamid.id, locationId: scene.locationId })
    const { path, id } = await visitOf(scene)
    await makeAppointment(scene.clinic, { service: scene.service, on: '2026-11-25', at: '12:00' })
    const agent = app.agent()
    await agent.getForm(`${path}/move?practitioner=any`)
    const any = { ...scene, practitionerId: 'any' }
    await agent.postForm(`${path}/move`, { slot: slotAt('11:00', any) }).expect(303)
    expect(await rowOf(id)).toMatchObject({ at: '25 11:00', doctor: scene.practitionerId })
    const { hidden } = await agent.getForm(`${path}/move?practitioner=any`)
    await agent.postForm(`${path}/move`, { ...hidden, slot: slotAt('12:00', any) }).expect(303)
    expect(await rowOf(id)).toMatchObject({ at: '25 12:00', doctor: hamid.id })
  })

  it('to a time that is gone is answered 409 with the nearest, and nothing changes', async () => {
    const scene = await bookableClinic(app)
    const { path, id } = await visitOf(scene)
    await makeAppointment(scene.clinic, { service: scene.service, on: '2026-11-25', at: '12:00' })
    const agent = app.agent()
    await agent.getForm(`${path}/move`)
    const lost = await agent.postForm(`${path}/move`, { slot: slotAt('12:00', scene) }).expect(409)
    expect(slotsOf(lost.text)).toHaveLength(3)
    const form = readPage(lost).forms.find(({ action }) => action.includes('/move'))!
    await agent.postForm(form.action, { ...form.fields, slot: slotsOf(lost.text)[0]!.value }).expect(303)
    expect((await rowOf(id)).at).toBe('25 11:30')
    const bad = await agent.postForm(`${path}/move`, { slot: 'whenever' }).expect(422)
    expect(wordsOf(bad.text)).toContain('Choose one of the times')
  })
})

describe('cancelling', () => {
  it('asks first, then does, and offers to book again', async () => {
    const scene = await bookableClinic(app)
    const { path, id } = await visitOf(scene)
    const agent = app.agent()
    const asked = await agent.getForm(`${path}/cancellation`)
    expect(wordsOf(asked.html)).toContain('Cancel this visit?')
    expect((await rowOf(id)).status).toBe('booked')
    const done = await agent.postForm(`${path}/cancellation`).expect(303)
    await agent.postForm(`${path}/cancellation`).expect(303)
    const after = await agent.get(done.headers.location as string)
    expect(wordsOf(after.text)).toContain('Your visit is cancelled')
    expect(after.text).toContain(`${scene.home}/times?service=${scene.service.id}`)
    expect(await rowOf(id)).toMatchObject({ status: 'cancelled', by: 'patient' })
  })

  it('is too late once the visit has begun', async () => {
    const scene = await bookableClinic(app)
    const { path, id } = await visitOf(scene)
    app.clock.set('2026-11-25T05:00:00Z')
    const agent = app.agent()
    const late = await agent.postForm(`${path}/cancellation`).expect(409)
    expect(wordsOf(late.text)).toContain('can’t be changed here any more'.replace('’', "'"))
    expect((await rowOf(id)).status).toBe('booked')
  })
})

describe('the calendar file', () => {
  it('is what calendars expect: one event, UTC, folded lines, growing sequence, nothing personal', async () => {
    const scene = await bookableClinic(app, {
      facts: { name: 'عيادة الشفاء للطب العام والأسنان والعلاج الطبيعي، كراتشي' },
    })
    const { path, id } = await visitOf(scene)
    const file = await app.agent().get(`${path}/visit.ics`).expect(200)
    expect(file.headers['content-type']).toBe('text/calendar; charset=utf-8; method=PUBLISH')
    const lines = file.text.split('\r\n')
    expect(lines.at(-1)).toBe('')
    for (const line of lines) {
      expect(Buffer.byteLength(line)).toBeLessThanOrEqual(75)
      expect(line).not.toContain('\n')
    }
    const unfolded = file.text.replaceAll('\r\n ', '')
    expect(unfolded).toContain(`UID:${id}@nabz.test\r\nSEQUENCE:0\r\n`)
    expect(unfolded).toContain('DTSTART:20261125T050000Z\r\nDTEND:20261125T053000Z\r\n')
    expect(unfolded).toContain('METHOD:PUBLISH')
    expect(unfolded).toContain('العلاج الطبيعي\\، '.replace('\\، ', '، '))
    expect(unfolded).not.toMatch(/Ayesha|consultation/)
    await scene.clinic.inClinic((ctx) =>
      ctx.db
        .withSchema('clinic')
        .table('appointments')
        .where({ clinic_id: scene.clinic.id, id })
        .update({ calendar_sequence: 3 }),
    )
    expect((await app.agent().get(`${path}/visit.ics`)).text).toContain('SEQUENCE:3')
  })
})

it('looking changes nothing', async () => {
  const scene = await bookableClinic(app)
  const { path } = await visitOf(scene)
  const everything = () => app.superuser('select * from clinic.appointments where clinic_id = $1', [scene.clinic.id])
  const before = await everything()
  for (const sub of ['', '?news=cancelled', '/move', '/cancellation', '/visit.ics'])
    await app
      .agent()
      .get(path + sub)
      .expect(200)
  expect(await everything()).toEqual(before)
  // What an address claims is not said unless it is so.
  expect(wordsOf((await app.agent().get(`${path}?news=cancelled`)).text)).not.toContain('cancelled')
})
