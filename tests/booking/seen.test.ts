// A button of a visit's own page does what it says about the visit that was looked at: what the desk changed behind an
// open page is shown before anything is done to it.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { AppointmentId } from '../../src/kernel/ids.ts'
import { Temporal } from '../../src/kernel/time.ts'
import { moveAppointment } from '../../src/features/appointments/actions/move.ts'
import { takeStep } from '../../src/features/appointments/actions/run.ts'
import { startTestApp, testNow, type TestApp } from '../support/app.ts'
import { bookableClinic, hold, locationOf, readPage, slotAt, slotsOf, typed, wordsOf, type Scene } from './patient.ts'

let app: TestApp
beforeAll(async () => {
  app = await startTestApp()
})
afterAll(() => app.stop())
beforeEach(() => app.clock.set(testNow))

/** A visit that Ayesha has booked for tomorrow at ten, and her browser. */
async function visited() {
  const scene = await bookableClinic(app)
  const agent = app.agent()
  const path = await hold(agent, scene)
  const booked = await agent.postForm(path, typed())
  const [link = ''] = locationOf(booked).split('?')
  const [visit] = await app.superuser<{ id: AppointmentId }>(
    'select id from clinic.appointments where clinic_id = $1',
    [scene.clinic.id],
  )
  return { scene, agent, link, id: visit!.id }
}

/** The desk moves the visit to four in the afternoon. */
const moves = ({ clinic, practitionerId, locationId }: Scene, id: AppointmentId) =>
  clinic.inClinic(async (ctx) => {
    const startsAt = Temporal.Instant.from('2026-11-25T11:00:00Z')
    const moved = await moveAppointment(ctx, id, { practitionerId, locationId, startsAt }, 'desk')
    if (!moved.ok) throw new Error(moved.reason)
  })

const rowOf = async (id: string) =>
  (
    await app.superuser<{ status: string; at: string; confirmed: boolean }>(
      `select status, to_char(starts_at at time zone 'Asia/Karachi', 'HH24:MI') as at, confirmed_at is not null as confirmed
       from clinic.appointments where id = $1`,
      [id],
    )
  )[0]!

/** The hidden fields of the page's form that posts to `action`, as a browser sends them. */
async function formOf(agent: ReturnType<TestApp['agent']>, page: string, action: string) {
  const { forms } = await agent.getForm(page)
  const form = forms.find((one) => one.action.startsWith(action))
  if (!form) throw new Error(`no form to ${action}`)
  return form.fields
}

const untouched = { status: 'booked', at: '16:00', confirmed: false }

describe('after the desk moved the visit', () => {
  it.each([
    ['confirmation', ''],
    ['cancellation', '/cancellation'],
    ['move', '/move?date=2026-11-25'],
  ])('the button of %s on the page from before does nothing and shows how it stands', async (action, page) => {
    const { scene, agent, link, id } = await visited()
    const fields = await formOf(agent, link + page, `${link}/${action}`)
    await moves(scene, id)
    const slot = { slot: slotAt('11:00', scene) }
    const pressed = await agent.postForm(`${link}/${action}`, { ...fields, ...slot }).expect(409)
    expect(wordsOf(pressed.text)).toContain('Your visit was changed meanwhile')
    expect(wordsOf(pressed.text)).toContain('4:00 pm')
    expect(await rowOf(id)).toEqual(untouched)
    // The page that answered has what it takes to go on.
    const confirm = readPage(pressed).forms.find((one) => one.action === `${link}/confirmation`)!
    await agent.postForm(confirm.action, confirm.fields).expect(303)
    expect(await rowOf(id)).toEqual({ ...untouched, confirmed: true })
  })

  it.each([
    ['ar', 'تغيّرت زيارتك في هذه الأثناء'],
    ['ur', 'اس دوران آپ کا وزٹ بدل گیا'],
  ])('says so in the language of the page: %s', async (lang, words) => {
    const { scene, agent, link, id } = await visited()
    const fields = await formOf(agent, `${link}?lang=${lang}`, `${link}/confirmation`)
    await moves(scene, id)
    const pressed = await agent.postForm(`${link}/confirmation?lang=${lang}`, fields).expect(409)
    expect(wordsOf(pressed.text)).toContain(words)
  })

  it('a form that does not say what was seen is asked again; nothing having changed, it is not', async () => {
    const { scene, agent, link, id } = await visited()
    await agent.postForm(`${link}/confirmation`).expect(303)
    await moves(scene, id)
    for (const version of [{}, { version: '' }, { version: 'x' }, { version: ['1', '2'] }]) {
      await agent.postForm(`${link}/cancellation`, version).expect(409)
    }
    expect((await rowOf(id)).status).toBe('booked')
  })

  it('a visit that was cancelled meanwhile is cancelled, and one that has begun is too late', async () => {
    const { scene, agent, link, id } = await visited()
    const fields = await formOf(agent, `${link}/cancellation`, `${link}/cancellation`)
    await scene.clinic.inClinic((ctx) => takeStep(ctx, id, 'cancel'))
    const pressed = await agent.postForm(`${link}/cancellation`, fields).expect(303)
    expect(wordsOf((await agent.get(locationOf(pressed))).text)).toContain('Your visit is cancelled')
    const late = await agent.postForm(`${link}/confirmation`, fields).expect(409)
    expect(wordsOf(late.text)).toContain("can't be changed here any more")
  })
})

describe('sent twice at once', () => {
  it.each([
    ['confirmation', '', { status: 'booked', at: '10:00', confirmed: true }],
    ['cancellation', '/cancellation', { status: 'cancelled', at: '10:00', confirmed: false }],
    ['move', '/move?date=2026-11-25', { status: 'booked', at: '11:00', confirmed: false }],
  ])('%s ends well both times', async (action, page, end) => {
    const { scene, agent, link, id } = await visited()
    const fields = { ...(await formOf(agent, link + page, `${link}/${action}`)), slot: slotAt('11:00', scene) }
    const both = await Promise.all([1, 2].map(() => agent.postForm(`${link}/${action}`, fields)))
    expect(both.map(({ status }) => status)).toEqual([303, 303])
    expect((await agent.postForm(`${link}/${action}`, fields)).status).toBe(303)
    expect(await rowOf(id)).toEqual(end)
  })
})

it('a move whose time is gone goes on from the times nearest to it', async () => {
  const { scene, agent, link, id } = await visited()
  const fields = await formOf(agent, `${link}/move?date=2026-11-25`, `${link}/move`)
  const lost = await agent.postForm(`${link}/move`, { ...fields, slot: slotAt('18:00', scene) }).expect(409)
  const form = readPage(lost).forms.find(({ action }) => action.startsWith(`${link}/move`))!
  const slot = slotsOf(lost.text).find(({ value }) => value !== slotAt('16:00', scene))!.value
  await moves(scene, id)
  await agent.postForm(form.action, { ...form.fields, slot }).expect(409)
  expect(await rowOf(id)).toEqual(untouched)
})
