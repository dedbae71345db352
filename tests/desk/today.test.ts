import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { newId } from '../../src/kernel/ids.ts'
import { startTestApp, type TestApp } from '../support/app.ts'
import { makeClinic, signedIn, type TestClinic } from '../support/cast.ts'
import { makeAppointment, makeBookable, makePatient, makePractitioner } from '../support/factories.ts'
import { wordsOf, type Agent } from '../support/http.ts'
import { statementsOf } from '../support/statements.ts'

let app: TestApp
let clinic: TestClinic
let bilal: Agent
beforeAll(async () => {
  app = await startTestApp()
})
afterAll(() => app.stop())
beforeEach(async () => {
  clinic = await makeClinic(app)
  bilal = await clinic.as(clinic.cast.bilal)
})

const today = (query = '') => bilal.get(`/app/${clinic.slug}/today${query}`).expect(200)
const wordsOfLane = (html: string, lane: string) =>
  wordsOf(new RegExp(`<section class="lane lane-${lane}"[\\s\\S]*?</section>`).exec(html)?.[0] ?? '')

/** A visit of somebody with a name, so that a test can say whom it looks for. */
async function visitOf(name: string, visit: Parameters<typeof makeAppointment>[1] = {}) {
  const patient = await makePatient(clinic, { name })
  return makeAppointment(clinic, { patientId: patient.id, ...visit })
}

describe('Today', () => {
  it('is where the workspace begins', async () => {
    await bilal.get(`/app/${clinic.slug}`).expect(303).expect('Location', `/app/${clinic.slug}/today`)
  })

  it('puts everybody into the lane they are in', async () => {
    await makeBookable(clinic)
    await visitOf('Omar Booked', { at: '15:00' })
    await visitOf('Fatima Arrived', { at: '11:30', status: 'arrived' })
    await visitOf('Layla Inside', { at: '11:00', status: 'in_room' })
    await visitOf('Yusuf Done', { at: '10:00', status: 'fulfilled' })
    await visitOf('Zara Cancelled', { at: '12:30', status: 'cancelled' })
    await visitOf('Hassan Absent', { at: '09:00', status: 'noshow' })
    const { text } = await today()
    expect(wordsOfLane(text, 'expected')).toContain('3:00 pm Omar Booked')
    expect(wordsOfLane(text, 'expected')).toMatch(/General consultation/)
    expect(wordsOfLane(text, 'waiting')).toContain('Fatima Arrived')
    expect(wordsOfLane(text, 'with-doctor')).toContain('Layla Inside')
    expect(wordsOfLane(text, 'done')).toContain('Yusuf Done')
    const words = wordsOf(text)
    expect(words).toContain('Cancelled or did not come: 2')
    expect(words.indexOf('Zara Cancelled')).toBeGreaterThan(words.indexOf('Cancelled or did not come'))
    expect(words).toContain('visits 5 waiting 1 with doctor 1 done 1 did not come 1')
  })

  it('says how long people wait, what the next step is, and where the day stands', async () => {
    await makeBookable(clinic)
    await visitOf('Late Laila', { at: '11:40' })
    await visitOf('Early Emad', { at: '15:00' })
    await visitOf('Waiting Waqar', { at: '11:00', status: 'arrived' })
    app.clock.advance({ minutes: 16 })
    const { text } = await today()
    app.clock.advance({ minutes: -16 })
    expect(wordsOfLane(text, 'expected')).toMatch(
      /11:40 am Late by 36 min late Late Laila .*Check in.*Now 12:16 pm.*3:00 pm/,
    )
    expect(wordsOfLane(text, 'waiting')).toMatch(/Waiting for 16 min .*Call in/)
    expect(text).toMatch(/<article class="visit visit-late" data-visit="[^"]+" data-status="arrived"/)
  })

  it('flags who is new, who missed one lately, who confirmed, and who reads another language', async () => {
    await makeBookable(clinic)
    const known = await makePatient(clinic, { name: 'Known Karim' })
    const absent = await makePatient(clinic, { name: 'Absent Ali' })
    await makeAppointment(clinic, { patientId: known.id, on: '2026-11-03', status: 'fulfilled' })
    await makeAppointment(clinic, { patientId: absent.id, on: '2026-11-03', at: '11:00', status: 'noshow' })
    const visit = await makeAppointment(clinic, { patientId: known.id, at: '15:00', language: 'ur' })
    await makeAppointment(clinic, { patientId: absent.id, at: '15:30' })
    await app.superuser('update clinic.appointments set confirmed_at = now() where id = $1', [visit.id])
    const lane = wordsOfLane((await today()).text, 'expected')
    expect(lane).toMatch(/Known Karim General consultation Confirmed اردو Check in/)
    expect(lane).toMatch(/Absent Ali General consultation New patient Missed visits before Check in/)
  })

  it('shows a hold as held, without a name to it, and no longer when it lapsed', async () => {
    await makeBookable(clinic)
    await makeAppointment(clinic, { at: '15:00', status: 'pending' })
    await makeAppointment(clinic, { at: '16:00', status: 'pending', holdExpiresAt: '2026-11-24T06:59:00Z' })
    const lane = wordsOfLane((await today()).text, 'expected')
    expect(lane).toContain('3:00 pm Being booked online')
    expect(lane).not.toContain('4:00 pm')
    expect(lane).not.toContain('Check in')
  })

  it('shows other days by their date, in the clinic’s own time', async () => {
    await makeBookable(clinic)
    await visitOf('Just Before Midnight', { startsAt: '2026-11-24T18:59:00Z' })
    const hamid = await makePractitioner(clinic)
    await visitOf('Just After Midnight', { startsAt: '2026-11-24T19:00:00Z', practitionerId: hamid.id })
    const words = wordsOf((await today('?date=2026-11-25')).text)
    expect(words).toContain('Tomorrow')
    expect(words).toContain('Just After Midnight')
    expect(words).not.toContain('Just Before Midnight')
    expect(words).not.toContain('Check in')
    expect(wordsOf((await today('?date=2026-13-45')).text)).toContain('Just Before Midnight')
  })

  it('shows one doctor’s day when asked, or everybody’s by doctor', async () => {
    await makeBookable(clinic)
    const hamid = await makePractitioner(clinic)
    await visitOf('Patient Of Sana', { at: '15:00' })
    await visitOf('Patient Of Hamid', { at: '15:00', practitionerId: hamid.id })
    const one = wordsOf((await today(`?doctor=${hamid.id}`)).text)
    expect(one).toContain('Patient Of Hamid')
    expect(one).not.toContain('Patient Of Sana')
    const list = wordsOf((await today('?view=list')).text)
    expect(list).toMatch(/Dr Sana Malik 1 visit .*Patient Of Sana.*Dr Hamid Raza 1 visit .*Patient Of Hamid/)
  })

  it('says what will be here when nothing is', async () => {
    expect(wordsOf((await today()).text)).toContain('Nobody is expected today')
    expect(wordsOf((await today('?date=2026-12-01')).text)).toContain('Nothing booked for this day yet')
  })

  it('needs few questions of the database however full the day is', async () => {
    await makeBookable(clinic)
    for (const at of ['13:00', '13:30', '14:00', '14:30', '15:00']) await visitOf(`Patient at ${at}`, { at })
    await today()
    const asked = await statementsOf(() => today())
    const ofThePage = asked.filter((sql) => /\bfrom clinic\./.test(sql))
    // The visits, what their patients' past tells, the line, and what a late doctor changed.
    expect(ofThePage).toHaveLength(4)
  })
})

describe('a doctor', () => {
  it('sees the own diary and no other, whatever the address says', async () => {
    await makeBookable(clinic)
    const hamid = await makePractitioner(clinic)
    await visitOf('Patient Of Sana', { at: '15:00' })
    const foreign = await visitOf('Patient Of Hamid', { at: '15:00', practitionerId: hamid.id })
    const sana = await clinic.as(clinic.cast.sana)
    for (const query of ['', `?doctor=${hamid.id}`, '?view=list']) {
      const words = wordsOf((await sana.get(`/app/${clinic.slug}/today${query}`).expect(200)).text)
      expect(words).toContain('Patient Of Sana')
      expect(words).not.toContain('Patient Of Hamid')
      expect(words).not.toContain('Cancel the visit')
    }
    await sana.get(`/app/${clinic.slug}/appointments/${foreign.id}`).expect(404)
  })

  it('whose account is nobody’s is told so, and sees no diary at all', async () => {
    await makeBookable(clinic)
    await visitOf('Patient Of Sana', { at: '15:00' })
    await app.superuser('update clinic.practitioners set user_id = null where clinic_id = $1', [clinic.id])
    await app.superuser('update platform.diaries set settings_version = settings_version + 1 where clinic_id = $1', [
      clinic.id,
    ])
    const sana = await clinic.as(clinic.cast.sana)
    const words = wordsOf((await sana.get(`/app/${clinic.slug}/today`).expect(200)).text)
    expect(words).toContain('No diary of your own yet')
    expect(words).not.toContain('Patient Of Sana')
  })
})

it('shows a stranger nothing', async () => {
  await makeBookable(clinic)
  const visit = await visitOf('Secret Sadia', { at: '15:00' })
  const omar = await signedIn(app, clinic.cast.omar.userId)
  for (const path of ['', '/today', '/today/board', '/today/events', '/patients?q=sadia', '/messages']) {
    await omar.get(`/app/${clinic.slug}${path}`).expect(404)
  }
  for (const path of [`/appointments/${visit.id}`, `/appointments/${visit.id}/move`, `/patients/${visit.patientId}`]) {
    const own = await omar.get(`/app/${clinic.other.slug}${path}`).expect(404)
    const nobody = await omar.get(`/app/${clinic.other.slug}${path.replace(/[0-9a-f-]{36}/, newId())}`).expect(404)
    expect(wordsOf(own.text).replace(/[0-9a-f-]{36}/g, '')).toBe(wordsOf(nobody.text).replace(/[0-9a-f-]{36}/g, ''))
  }
})
