import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { startTestApp, type TestApp } from '../support/app.ts'
import { makeClinic, type TestClinic } from '../support/cast.ts'
import { makeAppointment, makeBookable, makePatient, makePractitioner, makeService } from '../support/factories.ts'
import { bareWordsOf, wordsOf, type Agent, type Fields } from '../support/http.ts'
import { inShort } from '../support/messages.ts'

let app: TestApp
let clinic: TestClinic
let bilal: Agent
let bookable: Awaited<ReturnType<typeof makeBookable>>
beforeAll(async () => {
  app = await startTestApp()
})
afterAll(() => app.stop())
beforeEach(async () => {
  clinic = await makeClinic(app)
  bookable = await makeBookable(clinic)
  bilal = await clinic.as(clinic.cast.bilal)
})

const address = () => `/app/${clinic.slug}/appointments/new`
const post = (fields: Fields, agent = bilal) => agent.postForm(address(), fields)
/** The free times on a page: what is on the button, and what it sends. */
function timesOn(html: string): Map<string, string> {
  const buttons = html.matchAll(/<button class="slot[^"]*" name="slot" value="([^"]+)"[^>]*>([\s\S]*?)<\/button>/g)
  return new Map([...buttons].map(([, value = '', label = '']) => [wordsOf(label), value]))
}
async function slotAt(time: string, query = ''): Promise<string> {
  const { text } = await bilal.get(address() + query).expect(200)
  const slot = timesOn(text).get(time)
  if (slot === undefined) throw new Error(`${time} is not among ${[...timesOn(text).keys()].join(', ')}`)
  return slot
}
const aGroup = async () => `?service=${(await makeService(clinic, { name: 'Antenatal class', capacity: 5 })).id}`
const caller = { name: 'Ayesha Siddiqua', phone: '0300-765 4321', language: 'ur' }
const booked = () =>
  app.superuser<Record<string, unknown>>(
    `select a.status, a.starts_at, a.source, a.language, a.messages_wanted, a.overbooked, a.overbook_reason, p.name
     from clinic.appointments a join clinic.patients p on p.id = a.patient_id and p.clinic_id = a.clinic_id
     where a.clinic_id = $1 order by a.created_at, a.id`,
    [clinic.id],
  )

describe('booking for a caller', () => {
  it('shows the free times of the first day that has any, from now on', async () => {
    const { text } = await bilal.get(address()).expect(200)
    expect(wordsOf(text)).toContain('Tuesday, 24 November')
    expect([...timesOn(text).keys()].slice(0, 2)).toEqual(['12:00 pm', '12:15 pm'])
    const next = (await bilal.get(`${address()}?date=2026-11-26`).expect(200)).text
    expect(wordsOf(next)).toContain('Thursday, 26 November')
    expect([...timesOn(next).keys()][0]).toBe('9:00 am')
  })

  it('books somebody new by name and any way of writing the phone, who agreed to messages', async () => {
    await post({ ...caller, agreed: 'yes', slot: await slotAt('3:00 pm') })
      .expect(303)
      .expect('Location', `/app/${clinic.slug}/today`)
    expect(await booked()).toMatchObject([
      { status: 'booked', source: 'desk', language: 'ur', messages_wanted: true, name: 'Ayesha Siddiqua' },
    ])
    const [patient] = await clinic.inClinic(async (ctx) => {
      const { searchPatients } = await import('../../src/features/patients/actions.ts')
      return searchPatients(ctx, '+923007654321')
    })
    expect(patient).toMatchObject({ name: 'Ayesha Siddiqua', phone: '+923007654321', phoneProvenAt: null })
    expect(await app.superuser('select wording from clinic.consents where clinic_id = $1', [clinic.id])).toEqual([
      { wording: 'desk' },
    ])
    expect(await inShort(app, clinic.id)).toEqual(['confirmation queued', 'reminder_2h queued'])
    const { text } = await bilal.get(`/app/${clinic.slug}/today`)
    expect(bareWordsOf(text)).toContain(
      'Booked: Ayesha Siddiqua, Tue, 24 Nov, 3:00 pm, Dr Sana Malik. The confirmation leaves at 12:03 pm. Undo',
    )
  })

  it('who did not agree gets none', async () => {
    await post({ ...caller, slot: await slotAt('3:00 pm') }).expect(303)
    expect(await inShort(app, clinic.id)).toEqual([])
    expect(await app.superuser('select 1 from clinic.consents where clinic_id = $1', [clinic.id])).toEqual([])
  })

  it('finds a returning patient, with the usual doctor and service, and books in two presses', async () => {
    const hamid = await makePractitioner(clinic)
    const patient = await makePatient(clinic, { name: 'Omar Farid', phone: '+923001234567', language: 'ar' })
    await makeAppointment(clinic, { patientId: patient.id, on: '2026-11-03', status: 'fulfilled' })
    await makeAppointment(clinic, { at: '13:00', practitionerId: hamid.id })
    const people = await bilal.get(`${address()}/people?q=4567`).expect(200)
    expect(wordsOf(people.text)).toContain('Omar Farid +92 300 1234567 · last visit Tue, 3 Nov 2026')
    const [, href = ''] = /href="([^"]+)"/.exec(people.text) ?? []
    const page = await bilal.getForm(href.replaceAll('&amp;', '&'))
    expect(page.hidden.patient).toBe(patient.id)
    expect(page.html).toMatch(new RegExp(`<option value="${bookable.practitionerId}" selected>Dr Sana Malik`))
    expect(page.html).toMatch(/<option value="ar" selected>/)
    expect(page.html).toMatch(/id="f-agreed"[^>]* checked/)
    await post({ ...page.hidden, agreed: 'yes', slot: timesOn(page.html).get('4:00 pm')! }).expect(303)
    expect(await booked()).toMatchObject([{}, {}, { status: 'booked', name: 'Omar Farid' }])
  })

  it('finds people without a script too, and nothing typed is lost by looking', async () => {
    await makePatient(clinic, { name: 'Omar Farid' })
    const found = await post({ step: 'find', q: 'farid', reason: 'kept' }).expect(200)
    expect(wordsOf(found.text)).toContain('Omar Farid')
    expect(found.text).toContain('value="farid"')
    const none = await post({ step: 'find', q: 'nobody', phone: '0300 1' }).expect(200)
    expect(wordsOf(none.text)).toContain('Nobody by that name or number yet')
    expect(none.text).toContain('value="0300 1"')
    const other = await post({ ...caller, step: 'look', day: '2026-11-30', date: '2026-11-24' }).expect(200)
    expect(wordsOf(other.text)).toContain('Monday, 30 November')
    expect(other.text).toContain('value="Ayesha Siddiqua"')
    expect(await booked()).toEqual([])
  })

  it('asks for what is missing, with everything typed still there', async () => {
    const slot = await slotAt('3:00 pm')
    const { text } = await post({ name: '', phone: '12', agreed: 'yes', slot }).expect(422)
    expect(wordsOf(text)).toContain("There is a problem Enter the patient's name, or find the patient above")
    expect(wordsOf(text)).toContain('Enter a phone number that exists')
    expect(text).toContain('value="12"')
    expect(text).toMatch(/id="f-agreed"[^>]* checked/)
    expect(await booked()).toEqual([])
  })

  it('of a time that was just taken keeps everything and offers the nearest three', async () => {
    const slot = await slotAt('3:00 pm')
    await makeAppointment(clinic, { at: '15:00' })
    const { text } = await post({ ...caller, agreed: 'yes', slot }).expect(409)
    expect(wordsOf(text)).toContain('Tuesday, 24 November at 3:00 pm has just been taken.')
    const nearest = [...timesOn(text).keys()].filter((label) => label.includes('Dr Sana'))
    expect(nearest).toEqual([
      'Tue, 24 Nov, 2:15 pm Dr Sana Malik',
      'Tue, 24 Nov, 2:30 pm Dr Sana Malik',
      'Tue, 24 Nov, 3:30 pm Dr Sana Malik',
    ])
    for (const typed of ['value="Ayesha Siddiqua"', 'value="0300-765 4321"', '<option value="ur" selected>']) {
      expect(text).toContain(typed)
    }
    await post({ ...caller, slot: timesOn(text).get(nearest[2]!)! }).expect(303)
    expect(await booked()).toHaveLength(2)
  })

  it('sent twice makes one visit', async () => {
    const slot = await slotAt('3:00 pm')
    const answers = await Promise.all([1, 2, 3].map(() => post({ ...caller, agreed: 'yes', slot })))
    expect(answers.map(({ status }) => status)).toEqual([303, 303, 303])
    expect(await booked()).toHaveLength(1)
    expect(await inShort(app, clinic.id)).toEqual(['confirmation queued', 'reminder_2h queued'])
  })

  const onTop = () => ({
    ...caller,
    agreed: 'yes',
    step: 'overbook',
    service: bookable.service.id,
    practitioner: bookable.practitionerId,
    date: '2026-11-24',
    time: '15:00',
    reason: 'Severe pain',
  })

  it('sent twice makes one visit on top of another', async () => {
    await makeAppointment(clinic, { at: '15:00' })
    const answers = await Promise.all([1, 2, 3].map(() => post(onTop())))
    expect(answers.map(({ status }) => status)).toEqual([303, 303, 303])
    expect((await booked()).map(({ name, overbooked }) => [name, overbooked])).toEqual([
      [expect.any(String), false],
      ['Ayesha Siddiqua', true],
    ])
    expect(await inShort(app, clinic.id)).toEqual(['confirmation queued', 'reminder_2h queued'])
  })

  it('sent twice takes one place of a group', async () => {
    const slot = await slotAt('3:00 pm', await aGroup())
    const answers = await Promise.all([1, 2, 3].map(() => post({ ...caller, agreed: 'yes', slot })))
    expect(answers.map(({ status }) => status)).toEqual([303, 303, 303])
    expect(await booked()).toHaveLength(1)
    expect(await inShort(app, clinic.id)).toEqual(['confirmation queued', 'reminder_2h queued'])
  })

  it('makes a visit each for the people of one number, and another for somebody whose first was called off', async () => {
    const slot = await slotAt('3:00 pm', await aGroup())
    for (const name of ['Ayesha Siddiqua', 'Hamza Siddiqua']) await post({ ...caller, name, slot }).expect(303)
    await post({ ...onTop(), name: 'Zara Siddiqua' }).expect(303)
    await app.superuser(`update clinic.appointments set status = 'cancelled' where clinic_id = $1`, [clinic.id])
    await post({ ...caller, slot }).expect(303)
    expect((await booked()).map(({ name, status }) => [name, status])).toEqual([
      ['Ayesha Siddiqua', 'cancelled'],
      ['Hamza Siddiqua', 'cancelled'],
      ['Zara Siddiqua', 'cancelled'],
      ['Ayesha Siddiqua', 'booked'],
    ])
  })

  it('sent again once they are here answers the visit they came for', async () => {
    const slot = await slotAt('12:15 pm', await aGroup())
    await post({ ...caller, slot }).expect(303)
    await app.superuser(`update clinic.appointments set status = 'arrived' where clinic_id = $1`, [clinic.id])
    await post({ ...caller, slot }).expect(303)
    expect(await booked()).toMatchObject([{ status: 'arrived' }])
  })

  it('is undone by the button beside the words, before anybody hears of it', async () => {
    await post({ ...caller, agreed: 'yes', slot: await slotAt('3:00 pm') })
    const { text } = await bilal.get(`/app/${clinic.slug}/today`)
    const [, undo = ''] = /action="([^"]+cancellation\?back=[^"]+)"/.exec(text) ?? []
    await bilal.postForm(undo).expect(303).expect('Location', `/app/${clinic.slug}/today`)
    expect(await booked()).toMatchObject([{ status: 'cancelled' }])
    expect(await inShort(app, clinic.id)).toEqual([
      'confirmation dropped (cancelled)',
      'reminder_2h dropped (cancelled)',
    ])
  })

  it('does not take a slot that was made up, or one outside hours', async () => {
    await post({ ...caller, slot: 'x' }).expect(422)
    const night = (await slotAt('3:00 pm')).replace('T10:00:00Z', 'T22:00:00Z')
    await post({ ...caller, slot: night }).expect(409)
    expect(await booked()).toEqual([])
  })

  it('on top of another visit is a decision with a reason, a doctor and a time', async () => {
    await makeAppointment(clinic, { at: '15:00' })
    const choice = { service: bookable.service.id, practitioner: bookable.practitionerId, date: '2026-11-24' }
    const asked = await post({ ...caller, ...choice, step: 'overbook', time: '15:00', reason: ' ' }).expect(422)
    expect(wordsOf(asked.text)).toContain('Say why this visit is booked on top')
    const any = await post({ ...caller, ...choice, practitioner: 'any', step: 'overbook', time: '', reason: 'Pain' })
    expect(any.status).toBe(422)
    expect(wordsOf(any.text)).toContain('Choose the doctor for a booking on top')
    await post({ ...caller, ...choice, step: 'overbook', time: '15:00', reason: 'Severe pain' }).expect(303)
    expect((await booked())[1]).toMatchObject({ overbooked: true, overbook_reason: 'Severe pain' })
    const actions = await app.superuser<{ action: string }>(
      `select action from clinic.audit_entries where clinic_id = $1 and record_kind = 'appointment'`,
      [clinic.id],
    )
    expect(actions).toEqual([{ action: 'appointment.overbooked' }])
    expect(wordsOf((await bilal.get(`/app/${clinic.slug}/today`)).text)).toContain('Booked on top')
  })

  it('says what is missing when nothing can be booked yet', async () => {
    const empty = await makeClinic(app)
    const nadia = await empty.as(empty.cast.nadia)
    const { text } = await nadia.get(`/app/${empty.slug}/appointments/new`).expect(200)
    expect(wordsOf(text)).toContain('Nothing can be booked yet')
  })

  it('is not for the doctor, nor for another clinic', async () => {
    const slot = await slotAt('3:00 pm')
    await post({ ...caller, slot }, await clinic.as(clinic.cast.sana)).expect(403)
    await post({ ...caller, slot }, await clinic.as(clinic.cast.omar)).expect(404)
    const patient = await makePatient(clinic)
    const omar = await clinic.as(clinic.cast.omar)
    await omar.get(`/app/${clinic.other.slug}/appointments/new?patient=${patient.id}`).expect(404)
    expect(await booked()).toEqual([])
  })
})

describe('moving for a caller', () => {
  const move = (id: string, fields: Fields, agent = bilal) =>
    agent.postForm(`/app/${clinic.slug}/appointments/${id}/move`, fields)
  const startOf = async (id: string) =>
    String((await app.superuser<{ starts_at: unknown }>('select starts_at from clinic.appointments where id = $1', [id]))[0]!.starts_at) // prettier-ignore
  const back = () => `/app/${clinic.slug}/today?date=2026-11-25`

  it('offers the other free times, says what the patient hears and when, and can be taken back', async () => {
    const visit = await makeAppointment(clinic, { on: '2026-11-25', at: '10:00' })
    await clinic.inClinic(async (ctx) => {
      const { noticeBooked } = await import('../../src/features/notices/actions.ts')
      const { factsNow } = await import('../support/messages.ts')
      await noticeBooked(ctx, await factsNow(ctx, visit.id), { by: 'patient' })
    })
    await app.superuser(`update clinic.messages set status = 'sent' where kind = 'confirmation' and clinic_id = $1`, [
      clinic.id,
    ])
    const before = await startOf(visit.id)
    const { text } = await bilal.get(`/app/${clinic.slug}/appointments/${visit.id}/move?back=${encodeURIComponent(back())}`).expect(200) // prettier-ignore
    expect(wordsOf(text)).toContain('The patient gets a message with the new time. It leaves at 12:03 pm')
    expect([...timesOn(text).keys()].slice(0, 6)).toEqual(['9:00 am', '9:15 am', '9:30 am', '9:45 am', '10:15 am', '10:30 am']) // prettier-ignore
    await move(visit.id, { back: back(), slot: timesOn(text).get('10:15 am')! })
      .expect(303)
      .expect('Location', back())
    expect(await startOf(visit.id)).not.toBe(before)
    const day = (await bilal.get(back())).text
    expect(wordsOf(day)).toContain('now Wed, 25 Nov, 10:15 am. The message about it leaves at 12:03 pm. Undo')
    const [, undo = ''] = /action="([^"]+\/move\/undo\?[^"]+)"/.exec(day) ?? []
    await bilal.postForm(undo.replaceAll('&amp;', '&')).expect(303).expect('Location', back())
    expect(await startOf(visit.id)).toBe(before)
    expect((await inShort(app, clinic.id)).filter((one) => one.startsWith('moved'))).toEqual(['moved dropped (undone)'])
  })

  it('to a time that was just taken is a page with the nearest ones', async () => {
    const visit = await makeAppointment(clinic, { on: '2026-11-25', at: '10:00' })
    const { text } = await bilal.get(`/app/${clinic.slug}/appointments/${visit.id}/move`).expect(200)
    const slot = timesOn(text).get('11:00 am')!
    await makeAppointment(clinic, { on: '2026-11-25', at: '11:00' })
    const lost = await move(visit.id, { slot }).expect(409)
    expect(wordsOf(lost.text)).toContain('Wednesday, 25 November at 11:00 am has just been taken.')
  })

  it('is over once the visit has begun', async () => {
    const visit = await makeAppointment(clinic, { at: '11:30', status: 'arrived' })
    const { text } = await bilal.get(`/app/${clinic.slug}/appointments/${visit.id}/move`).expect(200)
    expect(wordsOf(text)).toContain("This visit can't be moved")
    await move(visit.id, { slot: await slotAt('3:00 pm') }).expect(303)
    const page = await bilal.get(`/app/${clinic.slug}/appointments/${visit.id}`)
    expect(wordsOf(page.text)).toContain("This visit can't be moved any more.")
  })

  it('is not for the doctor, nor for another clinic', async () => {
    const visit = await makeAppointment(clinic, { on: '2026-11-25', at: '10:00' })
    const slot = await slotAt('3:00 pm')
    await move(visit.id, { slot }, await clinic.as(clinic.cast.sana)).expect(403)
    const omar = await clinic.as(clinic.cast.omar)
    await omar.postForm(`/app/${clinic.other.slug}/appointments/${visit.id}/move`, { slot }).expect(404)
  })
})
