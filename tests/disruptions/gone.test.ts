// A doctor has left the clinic, and visits are booked with them still: handed over in one go, seen before it is done.
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { takeOutOfUse } from '../../src/features/clinics/actions/people.ts'
import type { PractitionerId } from '../../src/kernel/ids.ts'
import { startTestApp, testNow, type TestApp } from '../support/app.ts'
import { makeClinic, type TestClinic } from '../support/cast.ts'
import { makeBookable, makePractitioner, makeShift } from '../support/factories.ts'
import { bareWordsOf, wordsOf, type Agent } from '../support/http.ts'
import { booked, desk, inbox, readPreview, timeOf, visitNow } from './scene.ts'

let app: TestApp
let clinic: TestClinic
let nadia: Agent
let hamid: PractitionerId
let fits: Awaited<ReturnType<typeof booked>>
let meets: Awaited<ReturnType<typeof booked>>
let next: Awaited<ReturnType<typeof booked>>
const sana = () => clinic.cast.sana.practitionerId
const path = () => `/app/${clinic.slug}/disruptions/new?practitioner=${sana()}`

beforeAll(async () => {
  app = await startTestApp({ simulator: true })
})
afterAll(() => app.stop())
beforeEach(async () => {
  app.clock.set(testNow)
  app.simulator!.controls.reset()
  clinic = await makeClinic(app)
  const { locationId } = await makeBookable(clinic)
  hamid = (await makePractitioner(clinic)).id
  await makeShift(clinic, { practitionerId: hamid, locationId })
  nadia = await clinic.as(clinic.cast.nadia)
  fits = await booked(clinic, 'Ayesha Khan', '13:00')
  meets = await booked(clinic, 'Zara Ahmed', '14:00')
  await booked(clinic, 'Of Hamid', '14:00', { practitionerId: hamid })
  next = await booked(clinic, 'Bushra Noor', '15:00', { days: 7 })
  app.clock.advance({ minutes: 10 })
  await app.runJob('messaging.dispatch')
  app.simulator!.controls.reset()
})

const gone = () => clinic.inClinic((ctx) => takeOutOfUse(ctx, { kind: 'practitioner', id: sana() }))
async function preview(then: string) {
  const form = await nadia.getForm(path())
  const value = (name: string) => new RegExp(`name="${name}" value="([^"]*)"`).exec(form.html)?.[1] ?? ''
  return desk(app, clinic, nadia).look({
    who: `doctor:${sana()}`,
    what: 'leave',
    from_date: value('from_date'),
    to_date: value('to_date'),
    then,
  })
}
const stands = async (id: typeof fits.id) => {
  const { practitionerId, status } = await visitNow(clinic, id)
  return `${status} ${practitionerId === hamid ? 'Hamid' : 'Sana'} ${await timeOf(clinic, id)}`
}

it('the form has the doctor who is gone, from today to the last visit, and says what it is for', async () => {
  await gone()
  const { html } = await nadia.getForm(path())
  expect(bareWordsOf(html)).toContain('Dr Sana Malik is out of use')
  expect(html).toContain(`value="doctor:${sana()}" selected`)
  expect(html).toMatch(/name="from_date" value="2026-11-24"/)
  expect(html).toMatch(/name="to_date" value="2026-12-01"/)
  expect(wordsOf(html)).toContain('The same time with whoever is free')
})

it.each(['hamid', 'move'])('all go to who is free at the time, else later; each is told once (%s)', async (then) => {
  await gone()
  const page = await preview(then === 'hamid' ? hamid : then)
  expect(page.visits.map(({ id }) => id)).toEqual([fits.id, meets.id, next.id])
  expect(await stands(fits.id)).toBe('booked Sana 13:00')
  const address = await desk(app, clinic, nadia).done(page)
  expect(await stands(fits.id)).toBe('booked Hamid 13:00')
  expect(await stands(meets.id)).toBe('booked Hamid 14:30')
  expect(await stands(next.id)).toBe('booked Hamid 15:00')
  expect(await inbox(app, fits.phone)).toEqual([])
  app.clock.advance({ minutes: 10 })
  for (const { phone } of [fits, meets, next]) expect(await inbox(app, phone)).toHaveLength(1)
  expect(wordsOf((await nadia.get(address)).text)).toContain('Zara Ahmed')
})

it('within the grace all of it is taken back without a word', async () => {
  await gone()
  const at = desk(app, clinic, nadia)
  const address = await at.done(await preview(hamid))
  await at.undo(address).expect(303)
  expect(await stands(fits.id)).toBe('booked Sana 13:00')
  expect(await stands(meets.id)).toBe('booked Sana 14:00')
  app.clock.advance({ minutes: 10 })
  for (const { phone } of [fits, meets, next]) expect(await inbox(app, phone)).toEqual([])
})

it('with nobody else to take them they are proposed to be cancelled, and can be left', async () => {
  await gone()
  await clinic.inClinic((ctx) => takeOutOfUse(ctx, { kind: 'practitioner', id: hamid }))
  const page = await preview('move')
  expect(page.visits.map(({ value }) => value)).toEqual(['cancel', 'cancel', 'cancel'])
  expect(Object.values(page.visits[0]!.options)).toEqual(['keep', 'cancel'])
})

it('is where one comes to by taking a doctor out of use, by removing one, and from the doctor’s page', async () => {
  const removal = `/app/${clinic.slug}/settings/staff/${clinic.cast.sana.userId}/removal`
  const removed = await nadia.postForm(removal, { visits: 'move', to: hamid }).expect(303)
  // The one that met another visit is left.
  expect(await stands(meets.id)).toBe('booked Sana 14:00')
  expect(removed.headers.location).toBe(path())
  const left = readPreview(await nadia.get(path()))
  expect(left.words).toContain('Still on the doctor’s list: 1')
  const doctor = `/app/${clinic.slug}/settings/doctors/${sana()}`
  expect((await nadia.get(doctor)).text).toContain(`href="${path()}"`)
  await desk(app, clinic, nadia).done(await preview(hamid))
  expect((await nadia.get(doctor)).text).not.toContain(`href="${path()}"`)
  const other = `/app/${clinic.slug}/settings/doctors/${hamid}/deactivation`
  const ended = await nadia.postForm(other).expect(303)
  expect(ended.headers.location).toBe(path().replace(sana(), hamid))
})
