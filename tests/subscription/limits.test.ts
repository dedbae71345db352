// A full plan stops the adding of more. Nothing that exists is lost by it: no booking that was begun, no visit, no
// message about one.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { moveAppointment } from '../../src/features/appointments/actions/move.ts'
import { takeStep, undoStep } from '../../src/features/appointments/actions/run.ts'
import { dispatchDue } from '../../src/features/messaging/actions/dispatch.ts'
import { noticeBooked, noticeMoved } from '../../src/features/notices/actions.ts'
import { registerLink } from '../../src/platform/links.ts'
import { bookableClinic, hold, slotAt, typed, wordsOf, type Scene } from '../booking/patient.ts'
import { startTestApp, testNow, type TestApp } from '../support/app.ts'
import { makeAppointment, makeLocation, makePatient, makePractitioner } from '../support/factories.ts'
import { factsNow, inShort } from '../support/messages.ts'
import { fakeWhatsApp, type FakeWhatsApp } from '../support/whatsapp.ts'
import { countsOf, instant, setPlan, usedOf } from './scene.ts'

let app: TestApp
let scene: Scene
let whatsapp: FakeWhatsApp
beforeAll(async () => {
  app = await startTestApp()
  whatsapp = fakeWhatsApp(app)
})
afterAll(() => app.stop())
beforeEach(async () => {
  app.clock.set(testNow)
  await app.superuser('delete from clinic.profiles')
  await app.superuser('delete from platform.sending_pauses')
  whatsapp.always('accept')
  scene = await bookableClinic(app)
})

const states = () =>
  app
    .superuser<{ status: string }>('select status from clinic.appointments where clinic_id = $1 order by created_at', [
      scene.clinic.id,
    ])
    .then((found) => found.map(({ status }) => status))

describe('counting', () => {
  it('counts a booking when it is made, and not when it is held', async () => {
    const agent = app.agent()
    const path = await hold(agent, scene)
    expect(await usedOf(scene.clinic)).toEqual({ bookings: 0, messages: 0 })
    await agent.postForm(path, typed()).expect(303)
    expect(await usedOf(scene.clinic)).toEqual({ bookings: 1, messages: 0 })
    // Sent twice is one booking.
    await agent.postForm(path, typed()).expect(303)
    expect(await countsOf(scene.clinic)).toEqual({ bookings: 1, bookings_online: 1 })
  })

  it('counts how visits end, and takes back what is undone', async () => {
    const { clinic } = scene
    const { id } = await makeAppointment(clinic, { at: '11:00', service: scene.service })
    const step = (name: Parameters<typeof takeStep>[2]) => clinic.inClinic((ctx) => takeStep(ctx, id, name))
    const undo = () => clinic.inClinic((ctx) => undoStep(ctx, id))
    await step('miss')
    expect(await countsOf(clinic)).toEqual({ noshow: 1 })
    await step('arrive')
    await step('finish')
    expect(await countsOf(clinic)).toEqual({ noshow: 0, fulfilled: 1 })
    await undo()
    expect(await countsOf(clinic)).toEqual({ noshow: 0, fulfilled: 0 })
    await step('cancel')
    expect(await countsOf(clinic)).toMatchObject({ cancelled: 1 })
    await undo()
    expect(await countsOf(clinic)).toMatchObject({ cancelled: 0, noshow: 0, fulfilled: 0 })
  })

  it('counts a move, and nothing of what was refused', async () => {
    const { clinic, practitionerId, locationId, service } = scene
    const { id } = await makeAppointment(clinic, { at: '16:00', service })
    const to = (text: string) => ({ practitionerId, locationId, startsAt: instant(text) })
    await clinic.inClinic((ctx) => moveAppointment(ctx, id, to('2026-11-25T05:00:00Z'), 'desk'))
    await clinic.inClinic((ctx) => moveAppointment(ctx, id, to('2026-11-25T22:00:00Z'), 'desk'))
    expect(await countsOf(clinic)).toEqual({ moved: 1 })
  })

  it('counts a message once it left, a failure as one, and what the clinic hears about itself not at all', async () => {
    const { clinic } = scene
    const patient = await makePatient(clinic)
    const { id } = await makeAppointment(clinic, { on: '2026-11-26', patientId: patient.id })
    await clinic.inClinic(async (ctx) => noticeBooked(ctx, await factsNow(ctx, id), { by: 'patient' }))
    expect(await usedOf(clinic)).toMatchObject({ messages: 0 })
    await dispatchDue(app.services)
    expect(await usedOf(clinic)).toMatchObject({ messages: 1 })
    await dispatchDue(app.services)
    expect(await countsOf(clinic)).toEqual({ messages: 1 })
  })
})

describe('when the month’s bookings are used up', () => {
  beforeEach(() => setPlan(scene.clinic, { bookings: 5, bookingsUsed: 5 }))

  it('the clinic’s page and the times say so kindly, with the telephone', async () => {
    for (const path of [scene.home, `${scene.home}/times`]) {
      const { text } = await app.agent().get(path).expect(200)
      expect(wordsOf(text)).toContain('No more online bookings this month')
      expect(text).toContain('href="tel:+922135870000"')
      expect(text).not.toContain('name="slot"')
    }
  })

  it('says so at once, though the page was kept a moment before, and opens again with the month', async () => {
    await setPlan(scene.clinic, { bookingsUsed: 4 })
    const open = await app.agent().get(scene.home).expect(200)
    expect(wordsOf(open.text)).toContain('See free times')
    await setPlan(scene.clinic, { bookingsUsed: 5 })
    expect(wordsOf((await app.agent().get(scene.home)).text)).not.toContain('See free times')
    app.clock.set('2026-11-30T19:00:00Z')
    expect(wordsOf((await app.agent().get(scene.home)).text)).toContain('See free times')
  })

  it('takes no new hold', async () => {
    const agent = app.agent()
    await setPlan(scene.clinic, { bookingsUsed: 4 })
    await agent.getForm(`${scene.home}/times?service=${scene.service.id}`)
    await setPlan(scene.clinic, { bookingsUsed: 5 })
    const tapped = await agent.postForm(`${scene.home}/holds`, {
      service: scene.service.id,
      slot: slotAt('10:00', scene),
    })
    expect(tapped.status).toBe(409)
    expect(wordsOf(tapped.text)).toContain('No more online bookings this month')
    expect(await states()).toEqual([])
  })

  it('finishes a booking that was begun', async () => {
    await setPlan(scene.clinic, { bookingsUsed: 4 })
    const agent = app.agent()
    const path = await hold(agent, scene)
    await setPlan(scene.clinic, { bookingsUsed: 5 })
    await agent.get(path).expect(200)
    await agent.postForm(path, typed()).expect(303)
    expect(await states()).toEqual(['booked'])
    expect(await usedOf(scene.clinic)).toMatchObject({ bookings: 6 })
  })

  it('does not take again what was let go, and says why', async () => {
    await setPlan(scene.clinic, { bookingsUsed: 4 })
    const agent = app.agent()
    const path = await hold(agent, scene)
    await setPlan(scene.clinic, { bookingsUsed: 5 })
    await app.superuser('delete from clinic.appointments where clinic_id = $1', [scene.clinic.id])
    for (const answer of [await agent.get(path), await agent.postForm(path, typed())]) {
      expect(answer.status).toBe(409)
      expect(wordsOf(answer.text)).toContain('No more online bookings this month')
    }
    expect(await states()).toEqual([])
  })

  it('lets patients confirm, move and cancel what they have', async () => {
    const patient = await makePatient(scene.clinic)
    const visit = await makeAppointment(scene.clinic, {
      service: scene.service,
      patientId: patient.id,
      on: '2026-11-25',
      at: '10:00',
    })
    const token = await scene.clinic.inClinic((ctx) => registerLink(ctx, visit.id, 1, visit.endsAt.add({ hours: 24 })))
    const agent = app.agent()
    expect(wordsOf((await agent.getForm(`/a/${token}`)).html)).toContain('Move')
    await agent.postForm(`/a/${token}/confirmation`).expect(303)
    await agent.postForm(`/a/${token}/move`, { slot: slotAt('11:00', scene) }).expect(303)
    const { hidden } = await agent.getForm(`/a/${token}/cancellation`)
    await agent.postForm(`/a/${token}/cancellation`, hidden).expect(303)
    expect(await states()).toEqual(['cancelled'])
  })

  it('answers empty days with the reason to programs', async () => {
    const answer = await app
      .agent()
      .get(`${scene.home}/availability.json?service=${scene.service.id}&from=2026-11-25&days=2`)
      .expect(200)
    expect(answer.body).toEqual({
      timeZone: 'Asia/Karachi',
      closed: 'limit',
      days: [
        { date: '2026-11-25', slots: [] },
        { date: '2026-11-26', slots: [] },
      ],
    })
  })

  it('tells the desk until when, and the owner where to change it; moving goes on', async () => {
    const { clinic } = scene
    const bilal = await clinic.as(clinic.cast.bilal)
    const nadia = await clinic.as(clinic.cast.nadia)
    const address = `/app/${clinic.slug}/appointments/new`
    const told = wordsOf((await bilal.get(address).expect(200)).text)
    expect(told).toContain('This month’s bookings are used up')
    expect(told).toContain('before Tue, 1 Dec 2026')
    expect(told).toContain('Please tell the owner')
    expect((await bilal.get(address)).text).not.toContain('/settings/subscription')
    expect((await nadia.get(address)).text).toContain(`href="/app/${clinic.slug}/settings/subscription"`)
    const visit = await makeAppointment(clinic, { on: '2026-11-25', at: '10:00', service: scene.service })
    await bilal
      .postForm(`/app/${clinic.slug}/appointments/${visit.id}/move`, {
        slot: `${scene.service.id}_${slotAt('11:00', scene)}`,
      })
      .expect((answer) => expect(answer.status).toBeLessThan(400))
  })

  it('refuses a desk booking that was typed before, but answers its twin', async () => {
    const { clinic } = scene
    await setPlan(clinic, { bookingsUsed: 4 })
    const bilal = await clinic.as(clinic.cast.bilal)
    const address = `/app/${clinic.slug}/appointments/new?service=${scene.service.id}`
    const page = await bilal.get(address)
    const slots = [...page.text.matchAll(/name="slot" value="([^"]+)"/g)].map(([, value = '']) => value)
    const form = (slot: string | undefined) => ({
      name: 'Omar Farid',
      phone: '0300 7654321',
      language: 'en',
      slot: slot!,
    })
    await bilal.postForm(`/app/${clinic.slug}/appointments/new`, form(slots[0])).expect(303)
    // The double click, and then somebody else.
    await bilal.postForm(`/app/${clinic.slug}/appointments/new`, form(slots[0])).expect(303)
    const refused = await bilal.postForm(`/app/${clinic.slug}/appointments/new`, form(slots[1]))
    expect(refused.status).toBe(409)
    expect(wordsOf(refused.text)).toContain('This month’s bookings are used up')
    expect(await states()).toEqual(['booked'])
  })
})

describe('a plan without limits', () => {
  it('is never full', async () => {
    await setPlan(scene.clinic, { bookings: null, bookingsUsed: 1_000_000 })
    await hold(app.agent(), scene)
    expect(await states()).toEqual(['pending'])
  })
})

describe('when the month’s messages are used up', () => {
  const booked = async () => {
    const patient = await makePatient(scene.clinic)
    const { id } = await makeAppointment(scene.clinic, { on: '2026-11-27', at: '16:30', patientId: patient.id })
    await scene.clinic.inClinic(async (ctx) => noticeBooked(ctx, await factsNow(ctx, id), { by: 'patient' }))
    return id
  }
  const moved = (id: Awaited<ReturnType<typeof booked>>) =>
    scene.clinic.inClinic(async (ctx) => {
      const facts = await factsNow(ctx, id)
      await noticeMoved(
        ctx,
        { ...facts, version: facts.version + 1, startsAt: facts.startsAt.add({ hours: 1 }) },
        { by: 'patient' },
      )
    })

  it('a visit is confirmed and not reminded of', async () => {
    await setPlan(scene.clinic, { messages: 10, messagesUsed: 10 })
    await booked()
    expect(await inShort(app, scene.clinic.id)).toEqual(['confirmation queued'])
    await dispatchDue(app.services)
    expect(await inShort(app, scene.clinic.id)).toEqual(['confirmation accepted'])
  })

  it('a visit booked before keeps its reminders, also when it moves', async () => {
    const id = await booked()
    await dispatchDue(app.services)
    await setPlan(scene.clinic, { messages: 1, messagesUsed: 1 })
    await moved(id)
    const now = await inShort(app, scene.clinic.id)
    expect(now.filter((line) => line === 'reminder_24h queued' || line === 'reminder_2h queued')).toHaveLength(2)
    expect(now).toContain('moved queued')
  })

  it('a visit booked after has none when it moves, and has them again once there is room', async () => {
    await setPlan(scene.clinic, { messages: 1, messagesUsed: 1 })
    const id = await booked()
    await dispatchDue(app.services)
    await moved(id)
    expect((await inShort(app, scene.clinic.id)).filter((line) => line.startsWith('reminder'))).toEqual([])
    await setPlan(scene.clinic, { messages: 100 })
    await app.superuser('update clinic.appointments set version = version + 1 where id = $1', [id])
    await moved(id)
    expect((await inShort(app, scene.clinic.id)).filter((line) => line.startsWith('reminder'))).toHaveLength(2)
  })

  it('the desk and the owner are told on every page', async () => {
    await setPlan(scene.clinic, { messages: 10, messagesUsed: 8 })
    const bilal = await scene.clinic.as(scene.clinic.cast.bilal)
    const today = async () => wordsOf((await bilal.get(`/app/${scene.clinic.slug}/today`).expect(200)).text)
    expect(await today()).toContain('8 of the 10 messages')
    await setPlan(scene.clinic, { messagesUsed: 10 })
    expect(await today()).toContain('All 10 messages of this month’s plan are used')
    await setPlan(scene.clinic, { messagesUsed: 7 })
    expect(await today()).not.toContain('of the 10 messages')
  })
})

describe('doctors and places', () => {
  const settings = () => `/app/${scene.clinic.slug}/settings`
  const nadia = () => scene.clinic.as(scene.clinic.cast.nadia)
  const inUse = (table: string) =>
    app
      .superuser<{ n: number }>(`select count(*)::int as n from clinic.${table} where clinic_id = $1 and active`, [
        scene.clinic.id,
      ])
      .then(([row]) => row!.n)

  it('no more are added than the plan has room for, before and after typing', async () => {
    await setPlan(scene.clinic, { doctors: 1, locations: 1 })
    const agent = await nadia()
    for (const [path, form, title] of [
      ['/doctors', { name: 'Dr Hamid Raza' }, 'Your plan has room for one doctor'],
      ['/locations', { name: 'Gulshan' }, 'Your plan has room for one location'],
    ] as const) {
      const page = await agent.get(`${settings()}${path}/new`).expect(200)
      expect(wordsOf(page.text)).toContain(title)
      expect(page.text).toContain(`href="${settings()}/subscription"`)
      const refused = await agent.postForm(settings() + path, form).expect(409)
      expect(wordsOf(refused.text)).toContain(title)
    }
    expect([await inUse('practitioners'), await inUse('locations')]).toEqual([1, 1])
  })

  it('one that is out of use makes room, and comes back only where there is room', async () => {
    const { id } = await makePractitioner(scene.clinic, { active: false })
    await setPlan(scene.clinic, { doctors: 1 })
    const agent = await nadia()
    const back = () => agent.postForm(`${settings()}/doctors/${id}/deactivation/undo`)
    expect(wordsOf((await back().expect(409)).text)).toContain('Your plan has room for one doctor')
    await agent.postForm(`${settings()}/doctors/${scene.practitionerId}/deactivation`).expect(303)
    await back().expect(303)
    // Twice is the same as once, also when there is no more room.
    await back().expect(303)
    expect(await inUse('practitioners')).toBe(1)
  })

  it('what is over the limit since the plan became smaller stays in use', async () => {
    await makeLocation(scene.clinic)
    await makeLocation(scene.clinic)
    await setPlan(scene.clinic, { locations: 1 })
    await (await nadia()).get(`${settings()}/locations`).expect(200)
    expect(await inUse('locations')).toBe(3)
  })

  it('two who add the last one at the same time get one', async () => {
    await setPlan(scene.clinic, { doctors: 2 })
    const agent = await nadia()
    const added = await Promise.all(
      ['A', 'B', 'C', 'D'].map((name) => agent.postForm(`${settings()}/doctors`, { name: `Dr ${name}` })),
    )
    expect(added.map(({ status }) => status).sort()).toEqual([303, 409, 409, 409])
    expect(await inUse('practitioners')).toBe(2)
  })
})
