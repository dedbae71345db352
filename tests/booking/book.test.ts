import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startTestApp, testNow, type TestApp } from '../support/app.ts'
import { makeAppointment, makePatient, makePractitioner, makeShift } from '../support/factories.ts'
import { statementsOf } from '../support/statements.ts'
import {
  bookableClinic,
  hold,
  locationOf,
  readPage,
  setProfile,
  slotAt,
  slotsOf,
  statesOf,
  tap,
  typed,
  valueOf,
  wordsOf,
} from './patient.ts'

let app: TestApp
beforeAll(async () => {
  app = await startTestApp()
})
afterAll(() => app.stop())

describe('booking a visit', () => {
  it('takes four pages, and leaves a visit, a patient, a consent and a message', async () => {
    const scene = await bookableClinic(app)
    const agent = app.agent()
    const first = await agent.get(scene.home).expect(200)
    expect(first.text).toContain(`href="${scene.home}/times"`)
    const times = await agent.getForm(`${scene.home}/times`)
    const [slot] = slotsOf(times.html)
    const held = await agent.postForm(`${scene.home}/holds`, { ...times.hidden, slot: slot!.value }).expect(303)
    const details = await agent.getForm(locationOf(held))
    expect(wordsOf(details.html)).toContain('We are holding this time for you until 12:05 pm')
    const booked = await agent.postForm(locationOf(held), typed()).expect(303)
    const complete = await agent.get(locationOf(booked)).expect(200)
    expect(wordsOf(complete.text)).toContain('Booking complete')
    expect(wordsOf(complete.text)).toContain('Ayesha, your visit')

    expect(await statesOf(scene)).toEqual(['booked'])
    const messages = await app.superuser('select kind from clinic.messages where clinic_id = $1', [scene.clinic.id])
    expect(messages.map(({ kind }) => kind)).toContain('confirmation')
    const [consent] = await app.superuser('select wording, language from clinic.consents where clinic_id = $1', [
      scene.clinic.id,
    ])
    expect(consent).toEqual({ wording: 'booking', language: 'en' })
  })

  it('sends nobody a message who did not tick the box', async () => {
    const scene = await bookableClinic(app)
    const agent = app.agent()
    const path = await hold(agent, scene)
    const { consent: _, ...unticked } = typed()
    const booked = await agent.postForm(path, unticked).expect(303)
    expect(await app.superuser('select 1 from clinic.messages where clinic_id = $1', [scene.clinic.id])).toEqual([])
    const page = await agent.get(locationOf(booked))
    expect(wordsOf(page.text)).toContain('Keep the link to this page')
  })

  it.each(['0300 1234567', '+92-300-1234567', '0092 300 1234567', '٠٣٠٠١٢٣٤٥٦٧', '۰۳۰۰ ۱۲۳۴۵۶۷', '(0300) 123.4567'])(
    'takes a number however it is written: %s',
    async (phone) => {
      const scene = await bookableClinic(app)
      const known = await makePatient(scene.clinic, { name: 'Ayesha Khan', phone: '+923001234567' })
      const agent = app.agent()
      await agent.postForm(await hold(agent, scene), typed({ phone })).expect(303)
      const rows = await app.superuser('select patient_id from clinic.appointments where clinic_id = $1', [
        scene.clinic.id,
      ])
      expect(rows).toEqual([{ patient_id: known.id }])
    },
  )

  it('says what is wrong and keeps everything typed', async () => {
    const scene = await bookableClinic(app)
    const agent = app.agent()
    const path = await hold(agent, scene)
    const wrong = await agent.postForm(path, typed({ name: '', phone: '12', email: 'a@b' })).expect(422)
    const words = wordsOf(wrong.text)
    expect(wrong.text).toContain('<title>Error: ')
    expect(words).toContain('Enter the name of the person who is coming')
    expect(words).toContain('Enter a whole mobile number')
    expect(words).toContain('Enter an e-mail address')
    expect(valueOf(wrong.text, 'phone')).toBe('12')
    expect(valueOf(wrong.text, 'email')).toBe('a@b')
    expect(valueOf(wrong.text, 'consent')).toBe('yes')
    expect(await statesOf(scene)).toEqual(['pending'])
  })

  it('lets in no program that fills in what nobody sees', async () => {
    const scene = await bookableClinic(app)
    const agent = app.agent()
    await agent.postForm(await hold(agent, scene), typed({ website: 'https://spam.test' })).expect(422)
    expect(await statesOf(scene)).toEqual(['pending'])
  })

  it('stays in the language that was chosen', async () => {
    const scene = await bookableClinic(app)
    const agent = app.agent()
    const times = await agent.getForm(`${scene.home}/times?lang=ur`)
    expect(times.html).toContain('<html lang="ur" dir="rtl"')
    const action = times.forms.find(({ method }) => method === 'post')!.action
    const held = await agent.postForm(action, { ...times.hidden, slot: slotsOf(times.html)[0]!.value }).expect(303)
    expect(locationOf(held)).toContain('lang=ur')
    const details = await agent.getForm(locationOf(held))
    const form = details.forms.find(({ method }) => method === 'post')!
    const wrong = await agent.postForm(form.action, typed({ name: '' })).expect(422)
    expect(wrong.text).toContain('<html lang="ur"')
    const booked = await agent.postForm(form.action, typed()).expect(303)
    const complete = await agent.get(locationOf(booked))
    expect(complete.text).toContain('<html lang="ur"')
    const [visit] = await app.superuser('select language from clinic.appointments where clinic_id = $1', [
      scene.clinic.id,
    ])
    expect(visit).toEqual({ language: 'ur' })
    // The link of the message names no language: it speaks the patient's own.
    const later = await app.agent().get(locationOf(booked).split('?')[0]!)
    expect(later.text).toContain('<html lang="ur"')
  })

  it('stops at as many visits to come as the clinic allows, with its telephone number', async () => {
    const scene = await bookableClinic(app)
    await setProfile(scene.clinic, { max_open_bookings: 1 })
    const agent = app.agent()
    await agent.postForm(await hold(agent, scene, '10:00'), typed()).expect(303)
    const second = await agent.postForm(await hold(agent, scene, '11:00'), typed()).expect(409)
    expect(wordsOf(second.text)).toContain('You have several visits planned already')
    expect(second.text).toContain('href="tel:+922135870000"')
    expect(await statesOf(scene)).toEqual(['booked', 'pending'])
  })
})

it('the last form of a booking asks the database no more than it must', async () => {
  const scene = await bookableClinic(app)
  const agent = app.agent()
  const path = await hold(agent, scene)
  const asked = await statementsOf(() => agent.postForm(path, typed()).expect(303))
  expect(asked.length).toBeLessThanOrEqual(20)
})

describe('twice, back and in two tabs', () => {
  it('a form sent twice books once and leads to the same page', async () => {
    const scene = await bookableClinic(app)
    const agent = app.agent()
    const path = await hold(agent, scene)
    const [one, two] = await Promise.all([agent.postForm(path, typed()), agent.postForm(path, typed())])
    expect([one.status, two.status]).toEqual([303, 303])
    expect(locationOf(one)).toBe(locationOf(two))
    expect(await statesOf(scene)).toEqual(['booked'])
  })

  it('a time tapped twice at once is held once', async () => {
    const scene = await bookableClinic(app)
    const agent = app.agent()
    await agent.getForm(`${scene.home}/times`)
    for (const practitionerId of [scene.practitionerId, 'any']) {
      const body = { service: scene.service.id, slot: slotAt('10:00', { ...scene, practitionerId }) }
      const taps = await Promise.all([1, 2, 3].map(() => agent.postForm(`${scene.home}/holds`, body)))
      expect(taps.map(({ status }) => status)).toEqual([303, 303, 303])
      expect(new Set(taps.map(locationOf)).size).toBe(1)
    }
    expect(await statesOf(scene)).toEqual(['pending'])
  })

  it('the first doctor who is free stays the same for a second tap', async () => {
    const scene = await bookableClinic(app)
    const hamid = await makePractitioner(scene.clinic)
    await makeShift(scene.clinic, { practitionerId: hamid.id, locationId: scene.locationId })
    const agent = app.agent()
    await agent.getForm(`${scene.home}/times`)
    const body = { service: scene.service.id, slot: slotAt('10:00', { ...scene, practitionerId: 'any' }) }
    const one = await agent.postForm(`${scene.home}/holds`, body)
    const two = await agent.postForm(`${scene.home}/holds`, body)
    expect(locationOf(two)).toBe(locationOf(one))
    // Another browser gets the other doctor at the same time, a third the page of nearest times.
    const other = app.agent()
    await other.getForm(`${scene.home}/times`)
    const three = await other.postForm(`${scene.home}/holds`, body).expect(303)
    expect(locationOf(three)).toContain(hamid.id)
    const last = app.agent()
    await last.getForm(`${scene.home}/times`)
    await last.postForm(`${scene.home}/holds`, body).expect(409)
  })

  it('after the back button the form leads to the booking that is there', async () => {
    const scene = await bookableClinic(app)
    const agent = app.agent()
    const path = await hold(agent, scene)
    const booked = await agent.postForm(path, typed()).expect(303)
    const back = await agent.get(path).expect(303)
    expect(locationOf(back)).toBe(locationOf(booked).split('?')[0])
    const again = await agent.postForm(path, typed({ name: 'Somebody Else' })).expect(303)
    expect(locationOf(again)).toBe(locationOf(booked))
    expect(await statesOf(scene)).toEqual(['booked'])
  })

  it('the details of the first tab still book after a second tab looked at another time', async () => {
    const scene = await bookableClinic(app)
    const agent = app.agent()
    const first = await hold(agent, scene, '10:00')
    const second = await hold(agent, scene, '11:00')
    await agent.postForm(first, typed()).expect(303)
    await agent.postForm(second, typed({ name: 'Bilal Khan' })).expect(303)
    const rows = await app.superuser(
      `select to_char(starts_at at time zone 'Asia/Karachi', 'HH24:MI') as at, status from clinic.appointments
       where clinic_id = $1 order by starts_at`,
      [scene.clinic.id],
    )
    expect(rows).toEqual([
      { at: '10:00', status: 'booked' },
      { at: '11:00', status: 'booked' },
    ])
  })

  it('somebody else’s hold is nobody’s business', async () => {
    const scene = await bookableClinic(app)
    const path = await hold(app.agent(), scene)
    const stranger = app.agent()
    const looked = await stranger.get(path).expect(409)
    expect(wordsOf(looked.text)).toContain('That time has just gone')
    await stranger.postForm(path, typed()).expect(409)
    // Without the time in the address there is nothing to offer either.
    await stranger.get(path.split('?')[0]!).expect(404)
    expect(await statesOf(scene)).toEqual(['pending'])
  })
})

describe('a hold that lapsed', () => {
  it('still books while nobody else wanted the time', async () => {
    const scene = await bookableClinic(app)
    const agent = app.agent()
    const path = await hold(agent, scene)
    app.clock.advance({ minutes: 20 })
    const page = await agent.get(path).expect(200)
    expect(wordsOf(page.text)).toContain('We no longer hold this time for you, but it is still free')
    await agent.postForm(path, typed()).expect(303)
    expect(await statesOf(scene)).toEqual(['booked'])
    app.clock.set(testNow)
  })

  it.each(['off', 'always'] as const)('books no time that is over, codes being asked %s', async (codePolicy) => {
    const scene = await bookableClinic(app, { codePolicy })
    await setProfile(scene.clinic, { min_notice_min: 0 })
    const agent = app.agent()
    app.clock.set('2026-11-25T04:58:00Z')
    const path = await hold(agent, scene, '10:00')
    app.clock.set('2026-11-25T05:48:00Z')
    const lost = await agent.postForm(path, typed({ name: 'Slow Typist' })).expect(409)
    expect(wordsOf(lost.text)).toContain('That time has just gone')
    expect(lost.text).toContain('value="Slow Typist"')
    expect(slotsOf(lost.text).map(({ value }) => value.slice(11, 16))).toEqual(['06:00', '06:15', '06:30'])
    const page = await agent.get(path).expect(409)
    expect(wordsOf(page.text)).toContain('That time has just gone')
    expect(await statesOf(scene)).toEqual(['pending'])
    expect(await app.superuser('select 1 from clinic.messages where clinic_id = $1', [scene.clinic.id])).toEqual([])
    app.clock.set(testNow)
  })

  it('still books what has come within the notice since', async () => {
    const scene = await bookableClinic(app)
    await setProfile(scene.clinic, { min_notice_min: 60 })
    const agent = app.agent()
    app.clock.set('2026-11-25T03:58:00Z')
    const path = await hold(agent, scene, '10:00')
    app.clock.set('2026-11-25T04:20:00Z')
    await agent.postForm(path, typed()).expect(303)
    expect(await statesOf(scene)).toEqual(['booked'])
    app.clock.set(testNow)
  })

  it('is taken again after it was swept up', async () => {
    const scene = await bookableClinic(app)
    const agent = app.agent()
    const path = await hold(agent, scene)
    app.clock.advance({ minutes: 70 })
    await app.runJob('booking.holds')
    expect(await statesOf(scene)).toEqual([])
    await agent.get(path).expect(200)
    expect(await statesOf(scene)).toEqual([])
    await agent.postForm(path, typed()).expect(303)
    expect(await statesOf(scene)).toEqual(['booked'])
    app.clock.set(testNow)
  })

  it('that somebody else took offers the three nearest times, and keeps what was typed', async () => {
    const scene = await bookableClinic(app)
    const agent = app.agent()
    const path = await hold(agent, scene, '10:00')
    app.clock.advance({ minutes: 6 })
    const faster = app.agent()
    await faster.postForm(await hold(faster, scene, '10:00'), typed({ name: 'Faster' })).expect(303)

    const lost = await agent.postForm(path, typed({ name: 'Slow Typist', email: 'slow@example.com' })).expect(409)
    const page = readPage(lost)
    expect(wordsOf(lost.text)).toContain('That time has just gone')
    expect(slotsOf(lost.text).map(({ value }) => value.slice(11, 16))).toEqual(['04:30', '05:30', '05:45'])
    const form = page.forms.find(({ action }) => action.endsWith('/holds'))!
    const [nearest] = slotsOf(lost.text)
    const again = await agent.postForm(form.action, { ...form.fields, slot: nearest!.value }).expect(303)
    // Nothing personal travels in an address.
    expect(locationOf(again)).not.toMatch(/Slow|slow|0300/)
    const details = await agent.getForm(locationOf(again))
    expect(valueOf(details.html, 'name')).toBe('Slow Typist')
    expect(valueOf(details.html, 'phone')).toBe('0300 1234567')
    expect(valueOf(details.html, 'email')).toBe('slow@example.com')
    expect(valueOf(details.html, 'consent')).toBe('yes')
    await agent.postForm(locationOf(again), typed({ name: 'Slow Typist' })).expect(303)
    app.clock.set(testNow)
  })
})

describe('a time that is gone when it is tapped', () => {
  it('is answered 409 with the nearest, in the chosen language', async () => {
    const scene = await bookableClinic(app)
    await makeAppointment(scene.clinic, { service: scene.service, on: '2026-11-25', at: '10:00' })
    const agent = app.agent()
    await agent.getForm(`${scene.home}/times`)
    const lost = await agent
      .postForm(`${scene.home}/holds?lang=ar`, { service: scene.service.id, slot: slotAt('10:00', scene) })
      .expect(409)
    expect(wordsOf(lost.text)).toContain('حُجز هذا الموعد للتو')
    expect(slotsOf(lost.text)).toHaveLength(3)
    expect(lost.text).toContain('href="tel:+922135870000"')
  })

  it.each([
    ['outside the hours', '20:00', '2026-11-25'],
    ['off the grid', '10:07', '2026-11-25'],
    ['in the past', '10:00', '2026-11-23'],
    ['beyond the horizon', '10:00', '2027-06-01'],
  ])('like one %s, whatever the form says', async (_, time, date) => {
    const scene = await bookableClinic(app)
    await tap(app.agent(), scene, slotAt(time, scene, date)).then(({ status }) => expect(status).toBe(409))
    expect(await statesOf(scene)).toEqual([])
  })

  it('is asked for again when it is no time at all', async () => {
    const scene = await bookableClinic(app)
    const bad = await tap(app.agent(), scene, 'yesterday')
    expect(bad.status).toBe(422)
    expect(wordsOf(bad.text)).toContain('Choose one of the times')
  })

  it('is not taken from a clinic that is not open for booking', async () => {
    const scene = await bookableClinic(app)
    const agent = app.agent()
    const path = await hold(agent, scene)
    await app.superuser(`update platform.clinics set status = 'read_only' where id = $1`, [scene.clinic.id])
    for (const answer of [
      await tap(agent, scene, slotAt('11:00', scene)),
      await agent.postForm(path, typed()),
      await agent.get(`${scene.home}/times`),
      await agent.get(scene.home),
    ]) {
      expect(wordsOf(answer.text)).toContain('Online booking is closed at the moment')
      expect(answer.text).toContain('href="tel:+922135870000"')
      expect(answer.status).toBe(answer.request.method === 'POST' ? 409 : 200)
    }
    expect(await statesOf(scene)).toEqual(['pending'])
  })
})

describe('a form that was open too long', () => {
  it('is answered in the clinic’s dress with a way back, and does nothing', async () => {
    const scene = await bookableClinic(app)
    const agent = app.agent()
    await agent.getForm(`${scene.home}/times?lang=ar`)
    const answer = await agent
      .post(`${scene.home}/holds?lang=ar`)
      .type('form')
      .send({ _csrf: 'stale', service: scene.service.id, slot: slotAt('10:00', scene) })
      .expect(403)
    expect(wordsOf(answer.text)).toContain('بقيت هذه الصفحة مفتوحة طويلًا')
    expect(answer.text).toContain(`href="${scene.home}/times?lang=ar"`)
    expect(await statesOf(scene)).toEqual([])
  })
})
