// Joining from the public page and from a visit, proving the number, and the page of one's place: over HTTP, no scripts.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { dispatchDue } from '../../src/features/messaging/actions/dispatch.ts'
import { holdSlot } from '../../src/features/appointments/actions/hold.ts'
import { cancelByPatient } from '../../src/features/appointments/actions/run.ts'
import { changeWaitlistSettings } from '../../src/features/waitlist/actions/join.ts'
import { linkToken } from '../../src/platform/links.ts'
import { startTestApp, type TestApp } from '../support/app.ts'
import { wordsOf, type Agent, type Fields } from '../support/http.ts'
import { startOver } from '../support/messages.ts'
import { fakeWhatsApp, type FakeWhatsApp } from '../support/whatsapp.ts'
import { offersIn, patientActor, settle as settleAll, visitsIn, waitingScene, type Scene } from './scene.ts'

let app: TestApp
let whatsapp: FakeWhatsApp
let scene: Scene
let agent: Agent
let home: string
beforeAll(async () => {
  app = await startTestApp()
  whatsapp = fakeWhatsApp(app)
})
afterAll(() => app.stop())
beforeEach(async () => {
  await startOver(app, whatsapp)
  await app.superuser('delete from platform.throttles')
  scene = await waitingScene(app)
  agent = app.agent()
  home = `/c/${scene.clinic.slug}`
})

const settle = () => settleAll(app, whatsapp)
const wish = (more: Fields = {}): Fields => ({
  service: scene.service.id,
  from: '2026-11-25',
  until: '2026-11-25',
  weekdays: '3',
  parts: 'morning',
  name: 'Ayesha Waits',
  phone: '0300 7654321',
  consent: 'yes',
  website: '',
  ...more,
})
const join = async (more: Fields = {}) => {
  await agent.getForm(`${home}/waiting-list`)
  return agent.postForm(`${home}/waiting-list`, wish(more))
}
const entries = () =>
  app.superuser<{ state: string; weekdays: number[]; source: string }>(
    'select state, weekdays, source from clinic.waiting_entries where clinic_id = $1',
    [scene.clinic.id],
  )
const code = () => whatsapp.sent.filter(({ name }) => name === 'nabz_code').at(-1)!.texts[0]!

/** Takes tomorrow's time, and lets somebody join for it by the page; answers the path of their place. */
async function joined(): Promise<string> {
  await scene.book()
  const asked = await join()
  expect(asked.status).toBe(303)
  await dispatchDue(app.services)
  const at = asked.headers.location as string
  await agent.getForm(at)
  const proven = await agent.postForm(at, { step: 'code', code: code() })
  expect(proven.status).toBe(303)
  return proven.headers.location as string
}

describe('joining', () => {
  it('is offered where no time suits', async () => {
    expect(wordsOf((await agent.get(`${home}/times`)).text)).toContain('None of these suit? Join the waiting list')
    await scene.clinic.inClinic((ctx) => changeWaitlistSettings(ctx, { on: false, most: 3, minutes: 30 }))
    expect(wordsOf((await agent.get(`${home}/times`)).text)).not.toContain('waiting list')
    expect(wordsOf((await agent.get(`${home}/waiting-list`)).text)).toContain('There is no waiting list here now')
  })

  it('proves the number by the code of a booking, then shows the place', async () => {
    const place = await joined()
    expect(place).toMatch(/^\/w\/[\w-]{32}\?news=joined$/)
    expect(await entries()).toEqual([{ state: 'waiting', weekdays: [3], source: 'online' }])
    const page = wordsOf((await agent.get(place)).text)
    expect(page).toContain('You are on the waiting list')
    expect(page).toMatch(/Wed.*Morning/)
    const [consent] = await app.superuser(
      `select wording, decision from clinic.consents where clinic_id = $1 and wording = 'waiting'`,
      [scene.clinic.id],
    )
    expect(consent).toMatchObject({ decision: 'permit' })
  })

  it('wants the consent, dates that make sense, and keeps what was typed', async () => {
    await scene.book()
    const refused = await join({ consent: '', until: '2026-11-20' })
    expect(refused.status).toBe(422)
    expect(wordsOf(refused.text)).toContain('Agree to the messages, since the list works by them')
    expect(refused.text).toContain('value="Ayesha Waits"')
    expect(refused.text).toMatch(/name="weekdays" value="3" checked/)
    const past = await join({ until: '2026-11-23', from: '2026-11-23' })
    expect(wordsOf(past.text)).toContain('The last day has to be today or later')
    expect(wordsOf((await join({ until: '2027-11-23' })).text)).toContain('three months ahead')
    expect(await entries()).toEqual([])
  })

  it('shows what is free already instead', async () => {
    const free = await join()
    expect(free.status).toBe(409)
    expect(wordsOf(free.text)).toContain('These times suit you and are free now')
    expect(free.text).toMatch(/name="slot" value="2026-11-25T05:00:00Z_/)
    expect(await entries()).toEqual([])
  })

  it('a wrong code joins nobody, nor does the right one from another browser', async () => {
    await scene.book()
    const at = (await join()).headers.location as string
    await dispatchDue(app.services)
    await agent.getForm(at)
    const wrong = await agent.postForm(at, { step: 'code', code: code() === '000000' ? '111111' : '000000' })
    expect(wrong.status).toBe(422)
    await app.agent().get(at).expect(404)
    expect(await entries()).toEqual([])
    await agent.getForm(at)
    const again = await agent.postForm(at, { step: 'resend' })
    expect([again.status, wordsOf(again.text)]).toEqual([429, expect.stringContaining('seconds')])
  })

  it('a time that came free while the code was on its way is offered all the same', async () => {
    const visit = await scene.book()
    await scene.join({ parts: ['evening'] })
    await settle()
    const at = (await join()).headers.location as string
    await dispatchDue(app.services)
    await scene.clinic.inClinic((ctx) => cancelByPatient(ctx, visit.id), patientActor)
    app.clock.set(app.clock.now().add({ seconds: 15 }))
    await settle()
    await agent.getForm(at)
    await agent.postForm(at, { step: 'code', code: code() }).expect(303)
    await settle()
    expect(await offersIn(scene.clinic)).toMatchObject([{ state: 'open', starts_at: scene.slot().startsAt }])
  })

  it('in Arabic too', async () => {
    await scene.book()
    const page = await agent.get(`${home}/waiting-list?lang=ar`)
    expect(page.text).toContain('dir="rtl"')
    expect(wordsOf(page.text)).toContain('الانضمام إلى قائمة الانتظار')
  })
})

describe('a place on the list', () => {
  async function offered(): Promise<string> {
    const visit = await scene.book()
    const waiting = await scene.join()
    await settle()
    await scene.clinic.inClinic((ctx) => cancelByPatient(ctx, visit.id), patientActor)
    await settle()
    return `/w/${waiting.token}`
  }

  it('shows an offer, and looking takes nothing', async () => {
    const place = await offered()
    for (let look = 0; look < 2; look++) {
      const page = wordsOf((await agent.get(place).expect(200)).text)
      expect(page).toMatch(/A time has come free.*10:00.*Yes, I take it/)
    }
    expect(await offersIn(scene.clinic)).toMatchObject([{ state: 'open' }])
    expect(await visitsIn(scene.clinic)).toEqual([])
  })

  it('yes books it and leads to the visit; said twice it is one visit', async () => {
    const place = await offered()
    await agent.getForm(place)
    const { id } = (await offersIn(scene.clinic))[0]!
    const taken = await agent.postForm(`${place}/acceptance`, { offer: id })
    expect(taken.status).toBe(303)
    const visit = await agent.get(taken.headers.location as string).expect(200)
    expect(wordsOf(visit.text)).toContain('Booking complete')
    expect((await agent.postForm(`${place}/acceptance`, { offer: id })).headers.location).toBe(taken.headers.location)
    expect(await visitsIn(scene.clinic)).toHaveLength(1)
    expect(wordsOf((await agent.get(place)).text)).toContain('See your visit')
  })

  it('yes too late says so, keeps the place, and the list goes on', async () => {
    const place = await offered()
    await scene.book()
    await agent.getForm(place)
    const { id } = (await offersIn(scene.clinic))[0]!
    const lost = await agent.postForm(`${place}/acceptance`, { offer: id })
    expect(lost.status).toBe(409)
    expect(wordsOf(lost.text)).toContain('Somebody else was a moment faster')
    expect(await entries()).toMatchObject([{ state: 'waiting' }])
  })

  it('yes to a time that somebody is just booking says so, and the offer stands', async () => {
    const place = await offered()
    const holder = { owner: Buffer.alloc(32, 1), language: 'en' as const }
    await scene.clinic.inClinic((ctx) => holdSlot(ctx, scene.slot(), holder), { kind: 'visitor' })
    await agent.getForm(place)
    const { id } = (await offersIn(scene.clinic))[0]!
    const held = await agent.postForm(`${place}/acceptance`, { offer: id })
    expect(held.status).toBe(409)
    expect(wordsOf(held.text)).toMatch(/Somebody is just booking this time.*until 12:30.*Yes, I take it/)
    expect(wordsOf((await agent.get(`${place}?news=held`)).text)).not.toContain('Somebody is just booking')
    app.clock.set(app.clock.now().add({ minutes: 6 }))
    await agent.getForm(place)
    await agent.postForm(`${place}/acceptance`, { offer: id }).expect(303)
    expect(await visitsIn(scene.clinic)).toMatchObject([{ status: 'booked' }])
  })

  it.each(['taken', 'over', 'limit', 'declined'])('“%s” in the address alone says nothing', async (news) => {
    await scene.book()
    const never = await scene.join()
    expect((await agent.get(`/w/${never.token}?news=${news}`).expect(200)).text).not.toContain('class="notice')
    await app.superuser('delete from clinic.profiles')
    scene = await waitingScene(app)
    const open = await offered()
    expect((await agent.get(`${open}?news=${news}`).expect(200)).text).not.toContain('class="notice')
  })

  it('promises no message to somebody who said STOP, and says how to get them again', async () => {
    const place = await offered()
    const { id } = (await offersIn(scene.clinic))[0]!
    const [{ number }] = (await app.superuser<{ number: Buffer }>(
      'select number_hash as number from clinic.waiting_offers where id = $1',
      [id],
    )) as [{ number: Buffer }]
    await app.superuser(
      `insert into platform.opt_outs (sender, number_hash, stopped_at, wording) values ('platform', $1, $2, 'STOP')`,
      [number, app.clock.now().toString()],
    )
    await agent.getForm(place)
    const declined = await agent.postForm(`${place}/refusal`, { offer: id })
    const page = (await agent.get(declined.headers.location as string)).text
    expect(wordsOf(page)).toContain('you told us STOP')
    expect(wordsOf(page)).not.toContain('we write when another time comes free')
    expect(page).toContain('?text=START')
  })

  it('a late yes of somebody who left hears that they left, and how to come back', async () => {
    const place = await offered()
    const { id } = (await offersIn(scene.clinic))[0]!
    await agent.getForm(place)
    await agent.postForm(`${place}/removal`, {}).expect(303)
    const late = await agent.postForm(`${place}/acceptance`, { offer: id })
    expect([late.status, wordsOf(late.text)]).toEqual([409, expect.stringContaining('That offer has ended')])
    expect(wordsOf(late.text)).not.toContain('You stay on the list')
    expect(late.text).toContain(`href="${home}/waiting-list?service=${scene.service.id}"`)
  })

  it('no, and leaving', async () => {
    const place = await offered()
    await agent.getForm(place)
    const { id } = (await offersIn(scene.clinic))[0]!
    const declined = await agent.postForm(`${place}/refusal`, { offer: id })
    expect(wordsOf((await agent.get(declined.headers.location as string)).text)).toContain('Thank you for telling us')
    await agent.getForm(place)
    const left = await agent.postForm(`${place}/removal`, {})
    expect(wordsOf((await agent.get(left.headers.location as string)).text)).toContain('You have left the waiting list')
    expect(await entries()).toMatchObject([{ state: 'left' }])
  })

  it('is nobody else’s: a guess, and the link of a visit, lead nowhere', async () => {
    await agent.get(`/w/${'x'.repeat(32)}`).expect(404)
    const visit = await scene.book()
    const token = await scene.clinic.inClinic((ctx) => Promise.resolve(linkToken(ctx, visit.id, visit.linkVersion)))
    await agent.get(`/w/${token}`).expect(404)
  })
})

describe('something sooner', () => {
  it('is waited for from the visit’s own page, without a code', async () => {
    await scene.book()
    const visit = await scene.book('2026-11-27')
    const token = await scene.clinic.inClinic((ctx) => Promise.resolve(linkToken(ctx, visit.id, visit.linkVersion)))
    expect(wordsOf((await agent.get(`/a/${token}`)).text)).toContain('Wait for a sooner time')
    await agent.getForm(`/a/${token}/sooner`)
    const days = { from: '2026-11-25', until: '2026-11-25', consent: 'yes' }
    const free = await agent.postForm(`/a/${token}/sooner`, { ...days, until: '2026-11-26' })
    expect([free.status, free.text.includes(`action="/a/${token}/move"`)]).toEqual([409, true])
    const waiting = await agent.postForm(`/a/${token}/sooner`, days)
    expect(waiting.status).toBe(303)
    expect(wordsOf((await agent.get(waiting.headers.location as string)).text)).toContain('You are on the waiting list')
  })
})
