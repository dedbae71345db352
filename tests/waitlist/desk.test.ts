// The list at the desk: seen, narrowed, added to, taken off and put back, and offered from by hand.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { startTestApp, testNow, type TestApp } from '../support/app.ts'
import { wordsOf, type Agent } from '../support/http.ts'
import { fakeWhatsApp, type FakeWhatsApp } from '../support/whatsapp.ts'
import { makePractitioner } from '../support/factories.ts'
import { offersIn, settle as settleAll, waitingScene, type Scene } from './scene.ts'

let app: TestApp
let whatsapp: FakeWhatsApp
let scene: Scene
let bilal: Agent
let path: string
beforeAll(async () => {
  app = await startTestApp()
  whatsapp = fakeWhatsApp(app)
})
afterAll(() => app.stop())
beforeEach(async () => {
  app.clock.set(testNow)
  await app.superuser('delete from clinic.profiles')
  whatsapp.sent.length = 0
  scene = await waitingScene(app)
  bilal = await scene.clinic.as(scene.clinic.cast.bilal)
  path = `/app/${scene.clinic.slug}/waiting-list`
})

const states = () =>
  app.superuser<{ state: string }>('select state from clinic.waiting_entries where clinic_id = $1', [scene.clinic.id])
const listed = async (query = '') => wordsOf((await bilal.get(path + query).expect(200)).text)

describe('the list', () => {
  it('says what it is for while nobody waits', async () => {
    expect(await listed()).toContain('Nobody is waiting')
  })

  it('names who waits for what, and is narrowed by doctor', async () => {
    const hamid = await makePractitioner(scene.clinic)
    await scene.book()
    await scene.join({ weekdays: [3], parts: ['morning'] }, { name: 'Ayesha Waits' })
    await scene.join({ practitionerIds: [hamid.id] }, { name: 'Zainab Waits' })
    const all = await listed()
    expect(all).toMatch(/2 people are waiting.*Ayesha Waits.*Any doctor.*Wed.*Morning.*Zainab Waits.*Dr Hamid Raza/)
    const narrowed = await listed(`?practitioner=${scene.practitionerId}`)
    expect(narrowed).toContain('Ayesha Waits')
    expect(narrowed).not.toContain('Zainab Waits')
  })

  it('takes somebody off, and back', async () => {
    await scene.book()
    const { id } = await scene.join({}, { name: 'Ayesha Waits' })
    await bilal.getForm(path)
    await bilal.postForm(`${path}/${id}/removal`, {}).expect(303)
    expect(await states()).toEqual([{ state: 'removed' }])
    const page = await bilal.getForm(path)
    expect(wordsOf(page.response.text)).toMatch(/Ayesha Waits\W+is off the waiting list/)
    await bilal.postForm(`${path}/${id}/removal/undo`, {}).expect(303)
    expect(await states()).toEqual([{ state: 'waiting' }])
  })

  it('is not another clinic’s', async () => {
    await scene.book()
    const { id } = await scene.join()
    const other = await waitingScene(app)
    const stranger = await other.clinic.as(other.clinic.cast.bilal)
    await stranger.get(path).expect(404)
    await stranger.getForm(`/app/${other.clinic.slug}/waiting-list`)
    await stranger.postForm(`/app/${other.clinic.slug}/waiting-list/${id}/removal`, {}).expect(404)
  })
})

describe('adding somebody', () => {
  const wish = (more = {}) => ({
    service: scene.service.id,
    from: '2026-11-25',
    until: '2026-11-25',
    name: 'Hina Caller',
    phone: '0300 7654321',
    agreed: 'yes',
    ...more,
  })

  it('by name and number, with their word about messages', async () => {
    await scene.book()
    await bilal.getForm(`${path}/new`)
    const refused = await bilal.postForm(`${path}/new`, wish({ agreed: '' }))
    expect([refused.status, await states()]).toEqual([422, []])
    await bilal.postForm(`${path}/new`, wish()).expect(303)
    expect(await listed()).toMatch(/Hina Caller\W+is on the waiting list/)
    const [consent] = await app.superuser(
      'select wording, source from clinic.consents where clinic_id = $1 and wording = $2',
      [scene.clinic.id, 'waiting_desk'],
    )
    expect(consent).toEqual({ wording: 'waiting_desk', source: 'desk' })
  })

  it('who is known, from their page; and what is free is booked instead', async () => {
    const { patientId } = await scene.book('2026-11-28')
    const known = await bilal.getForm(`${path}/new?patient=${patientId!}`)
    expect(wordsOf(known.response.text)).toContain('Zara Holds It')
    const free = await bilal.postForm(`${path}/new`, wish())
    expect([free.status, wordsOf(free.text)]).toEqual([409, expect.stringContaining('That is free already')])
  })

  it('shows nothing of somebody whose data is restricted', async () => {
    const { patientId } = await scene.book('2026-11-28')
    await app.superuser('update clinic.patients set restricted_at = $2 where id = $1', [patientId, testNow])
    const page = await bilal.get(`${path}/new?patient=${patientId!}`).expect(404)
    expect(page.text).not.toContain('Zara Holds It')
    await bilal.getForm(`${path}/new`)
    const posted = await bilal.postForm(`${path}/new`, wish({ patient: patientId! })).expect(404)
    expect(posted.text).not.toContain('Zara Holds It')
    expect(await states()).toEqual([])
  })
})

describe('offering by hand', () => {
  it('shows who fits a free time, asks those ticked, and says so', async () => {
    const visit = await scene.book()
    await scene.join({}, { name: 'Ayesha Waits' })
    await scene.join({ parts: ['evening'] }, { name: 'Zainab Evening' })
    await settleAll(app, whatsapp)
    await app.superuser(`update clinic.appointments set status = 'cancelled' where id = $1`, [visit.id])
    const slot = `2026-11-25T05:00:00Z_${scene.practitionerId}_${scene.locationId}`
    const day = await bilal.get(`${path}/offer?service=${scene.service.id}&date=2026-11-25`).expect(200)
    expect(day.text).toContain(encodeURIComponent(slot))
    const page = await bilal.getForm(`${path}/offer?service=${scene.service.id}&slot=${encodeURIComponent(slot)}`)
    const words = wordsOf(page.response.text)
    expect(words).toContain('One person fits this time')
    expect(words).not.toContain('Zainab Evening')
    const people = /name="people" value="([^"]+)" checked/.exec(page.response.text)![1]!
    const nobody = await bilal.postForm(`${path}/offer`, { service: scene.service.id, slot })
    expect([nobody.status, wordsOf(nobody.text)]).toEqual([422, expect.stringContaining('Tick at least one person')])
    await bilal.postForm(`${path}/offer`, { service: scene.service.id, slot, people }).expect(303)
    expect(await listed()).toMatch(/One person was asked about .*10:00/)
    expect(await offersIn(scene.clinic)).toMatchObject([{ state: 'open' }])
  })
})

describe('its settings', () => {
  it('are the owner’s', async () => {
    const nadia = await scene.clinic.as(scene.clinic.cast.nadia)
    const settings = `/app/${scene.clinic.slug}/settings/waiting-list`
    await bilal.get(settings).expect(403)
    await nadia.getForm(settings)
    expect((await nadia.postForm(settings, { on: 'yes', most: '0', minutes: '30' })).status).toBe(422)
    await nadia.postForm(settings, { most: '5', minutes: '45' }).expect(303)
    const [profile] = await app.superuser(
      'select waitlist, waitlist_offers, waitlist_offer_min from clinic.profiles where clinic_id = $1',
      [scene.clinic.id],
    )
    expect(profile).toEqual({ waitlist: false, waitlist_offers: 5, waitlist_offer_min: 45 })
    expect(await listed()).toContain('switched off')
  })
})
