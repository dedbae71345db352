// What a clinic may do while its subscription has lapsed, is being closed, or was suspended.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { noticeBooked } from '../../src/features/notices/actions.ts'
import { dispatchDue } from '../../src/features/messaging/actions/dispatch.ts'
import { registerLink } from '../../src/platform/links.ts'
import { routeTable } from '../../src/platform/web/routers.ts'
import { bookableClinic, hold, slotAt, typed, wordsOf, type Scene } from '../booking/patient.ts'
import { startTestApp, testNow, type TestApp } from '../support/app.ts'
import { makeAppointment, makePatient } from '../support/factories.ts'
import { ask, type Agent } from '../support/http.ts'
import { factsNow, inShort } from '../support/messages.ts'
import { statementsOf } from '../support/statements.ts'
import { fakeWhatsApp } from '../support/whatsapp.ts'
import { addressOf, makeWorld } from '../support/world.ts'
import { instant, setLife, setPlan } from './scene.ts'

let app: TestApp
let scene: Scene
beforeAll(async () => {
  app = await startTestApp()
  fakeWhatsApp(app).always('accept')
})
afterAll(() => app.stop())
beforeEach(async () => {
  app.clock.set(testNow)
  scene = await bookableClinic(app)
})

const today = () => `/app/${scene.clinic.slug}/today`
const nadia = () => scene.clinic.as(scene.clinic.cast.nadia)
const bilal = () => scene.clinic.as(scene.clinic.cast.bilal)
const seen = async (agent: Agent, path = today()) => wordsOf((await agent.get(path).expect(200)).text)

async function visitTomorrow() {
  const patient = await makePatient(scene.clinic, { name: 'Ayesha Khan' })
  const visit = await makeAppointment(scene.clinic, {
    service: scene.service,
    patientId: patient.id,
    on: '2026-11-26',
    at: '10:00',
  })
  const token = await scene.clinic.inClinic((ctx) => registerLink(ctx, visit.id, 1, visit.endsAt.add({ hours: 24 })))
  return { id: visit.id, path: `/a/${token}` }
}

describe('read-only', () => {
  beforeEach(() => setLife(scene.clinic, 'expired', { since: instant('2026-11-20T07:00:00Z') }))

  it('everything can be looked up, and every page says until when and what to do', async () => {
    const owner = await seen(await nadia())
    // Thirty days to the minute after it began.
    expect(owner).toContain('read-only')
    expect(owner).toContain('by Sun, 20 Dec 2026')
    expect(owner).toContain('Reopen the clinic')
    expect(await seen(await bilal())).toContain('read-only until its owner renews')
    expect(await seen(await nadia(), `/app/${scene.clinic.slug}/settings/doctors`)).toContain('Dr Sana Malik')
  })

  it('no form of the workspace changes anything but those that say so', { timeout: 60_000 }, async () => {
    const { here, ids } = await makeWorld(app)
    await setLife(here, 'expired')
    const agent = await here.as(here.cast.nadia)
    const forms = routeTable.filter(
      ({ door, method, options }) =>
        door === 'clinic' && method === 'post' && !options.whileReadOnly && !options.whileLocked,
    )
    expect(forms.length).toBeGreaterThan(20)
    const entries = () => app.superuser('select count(*) from clinic.audit_entries where clinic_id = $1', [here.id])
    const before = await entries()
    for (const route of forms) {
      const path = addressOf(route, here.slug, ids)
      if (path === undefined) throw new Error(`${route.path} is not known to the world`)
      const body = new URLSearchParams({ _csrf: agent.csrfToken() }).toString()
      const answer = await ask(app.origin, agent, 'POST', path, { body })
      expect({ path, status: answer.status }).toEqual({ path, status: 409 })
      expect(wordsOf(answer.text)).toContain('Nothing was changed')
    }
    expect(await entries()).toEqual(before)
  })

  it('public booking is closed kindly', async () => {
    for (const path of [scene.home, `${scene.home}/times`]) {
      const { text } = await app.agent().get(path).expect(200)
      expect(wordsOf(text)).toContain('Online booking is closed at the moment')
      expect(text).toContain('href="tel:+922135870000"')
    }
    const answer = await app.agent().get(`${scene.home}/availability.json?service=${scene.service.id}&days=1`)
    expect(answer.body).toMatchObject({ closed: 'closed', days: [{ slots: [] }] })
  })

  it('not even a booking that was begun is finished', async () => {
    await setLife(scene.clinic, 'active')
    const agent = app.agent()
    const path = await hold(agent, scene)
    await setLife(scene.clinic, 'expired')
    await agent.postForm(path, typed()).expect(409)
    expect(
      await app.superuser('select status from clinic.appointments where clinic_id = $1', [scene.clinic.id]),
    ).toEqual([{ status: 'pending' }])
  })

  it('patients see their visit, confirm and cancel it, and don’t move it', async () => {
    const { path, id } = await visitTomorrow()
    const agent = app.agent()
    const page = await agent.getForm(path)
    expect(page.html).not.toContain(`${path}/move`)
    expect((await agent.get(`${path}/cancellation`)).text).not.toContain(`${path}/move`)
    expect(wordsOf((await agent.get(`${path}/move`).expect(200)).text)).toContain('Your visit stands as it is')
    const moved = await agent.postForm(`${path}/move`, { slot: slotAt('11:00', scene, '2026-11-26') })
    expect(moved.status).toBe(409)
    await agent.postForm(`${path}/confirmation`).expect(303)
    await agent.postForm(`${path}/cancellation`).expect(303)
    expect(await app.superuser('select status, cancelled_by from clinic.appointments where id = $1', [id])).toEqual([
      { status: 'cancelled', cancelled_by: 'patient' },
    ])
  })

  it('booked patients are still reminded', async () => {
    const { id } = await visitTomorrow()
    await scene.clinic.inClinic(async (ctx) => noticeBooked(ctx, await factsNow(ctx, id), { by: 'patient' }))
    await dispatchDue(app.services)
    app.clock.set('2026-11-25T05:30:00Z')
    await dispatchDue(app.services)
    expect(await inShort(app, scene.clinic.id)).toContain('reminder_24h accepted')
  })

  it('event streams go on', async () => {
    const { status, type } = await ask(app.origin, await bilal(), 'GET', `${today()}/events`)
    expect({ status, type: type.split(';')[0] }).toEqual({ status: 200, type: 'text/event-stream' })
  })

  it('opens again with everything as it was', async () => {
    await visitTomorrow()
    await setLife(scene.clinic, 'active')
    const agent = app.agent()
    const path = await hold(agent, scene)
    await agent.postForm(path, typed()).expect(303)
    expect(await seen(await nadia())).not.toContain('read-only')
  })
})

describe('locked', () => {
  beforeEach(() => setLife(scene.clinic, 'purge_scheduled'))

  it('the owner is led to the subscription, others are told kindly, nobody sees more', async () => {
    const owner = await (await nadia()).get(today()).expect(403)
    expect(wordsOf(owner.text)).toContain('This clinic is closed')
    expect(owner.text).toContain(`/app/${scene.clinic.slug}/settings/subscription`)
    const desk = await (await bilal()).get(today()).expect(403)
    expect(wordsOf(desk.text)).toContain('Only the owner can open it again')
    expect(desk.text).not.toContain('/settings/subscription')
    expect((await ask(app.origin, await bilal(), 'GET', `${today()}/events`)).status).toBe(403)
  })
})

describe('suspended', () => {
  beforeEach(() => setLife(scene.clinic, 'active', { suspended: 'Two complaints <b>about</b> spam' }))

  it('tells the owner the reason, and the desk that there is one', async () => {
    const owner = wordsOf((await (await nadia()).get(today()).expect(403)).text)
    expect(owner).toContain('This clinic is suspended')
    expect(owner).toContain('Two complaints <b>about</b> spam')
    const desk = wordsOf((await (await bilal()).get(today()).expect(403)).text)
    expect(desk).not.toContain('complaints')
    expect(desk).toContain('The owner has been told why')
  })

  it('closes public booking, and leaves patients their visits', async () => {
    expect(wordsOf((await app.agent().get(scene.home).expect(200)).text)).toContain('Online booking is closed')
    const { path } = await visitTomorrow()
    const agent = app.agent()
    await agent.getForm(path)
    await agent.postForm(`${path}/cancellation`).expect(303)
  })
})

describe('what is said over every page', () => {
  const end = instant('2026-12-04T19:00:00Z')
  it.each([
    ['2026-11-27T18:59:00Z', undefined],
    ['2026-11-27T19:00:00Z', 'Your trial ends in 7 days, on Sat, 5 Dec 2026'],
    ['2026-12-02T20:00:00Z', 'Your trial ends in 2 days'],
    ['2026-12-04T07:00:00Z', 'Your trial ends tomorrow'],
  ])('of a trial at %s: %s', async (now, words) => {
    await setLife(scene.clinic, 'trialing', { periodEnd: end })
    app.clock.set(now)
    const text = await seen(await nadia())
    if (words === undefined) expect(text).not.toContain('Your trial')
    else expect(text).toContain(words)
    // Nobody else is bothered with it.
    expect(await seen(await bilal())).not.toContain('trial')
  })

  it('of a payment that is overdue: by when', async () => {
    await setLife(scene.clinic, 'past_due', { since: instant('2026-11-22T00:00:00Z') })
    expect(await seen(await nadia())).toContain('Please pay by Sun, 29 Nov 2026')
    expect(await seen(await bilal())).not.toContain('pay by')
  })

  it('of a limit that is near or reached, to everybody who works there', async () => {
    await setPlan(scene.clinic, { bookings: 600, bookingsUsed: 480 })
    expect(await seen(await bilal())).toContain('480 of the 600 bookings')
    await setPlan(scene.clinic, { bookingsUsed: 600 })
    expect(await seen(await bilal())).toContain('All 600 bookings')
    await setPlan(scene.clinic, { bookingsUsed: 479 })
    expect(await seen(await bilal())).not.toContain('bookings of this month’s plan')
  })

  it('asks the database for nothing more', async () => {
    const agent = await nadia()
    const path = `/app/${scene.clinic.slug}/settings/rules`
    await agent.get(path)
    const calm = await statementsOf(() => agent.get(path))
    await setPlan(scene.clinic, { bookings: 10, bookingsUsed: 10, messages: 10, messagesUsed: 10 })
    await setLife(scene.clinic, 'past_due')
    expect(await statementsOf(() => agent.get(path))).toHaveLength(calm.length)
  })
})
