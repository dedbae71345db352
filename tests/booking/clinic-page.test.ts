import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { startTestApp, testNow, type TestApp } from '../support/app.ts'
import { makeClinic } from '../support/cast.ts'
import { makeAppointment, makeLocation, makePractitioner, makeService, makeShift } from '../support/factories.ts'
import { statementsOf } from '../support/statements.ts'
import { bookableClinic, hold, setProfile, wordsOf } from './patient.ts'

let app: TestApp
beforeAll(async () => {
  app = await startTestApp()
})
afterAll(() => app.stop())
beforeEach(() => app.clock.set(testNow))

const bytesOf = async (path: string, coding: string) => {
  const response = await fetch(app.origin + path, {
    headers: { 'Accept-Encoding': coding, 'X-Forwarded-Proto': 'https' },
  })
  return { response, text: await response.text() }
}

describe('the clinic’s page', () => {
  it('says who, where, when and how much', async () => {
    const scene = await bookableClinic(app)
    await makePractitioner(scene.clinic, { name: 'Dr Busy' })
    await app.superuser(`update clinic.locations set address = '12 Main Street' where clinic_id = $1`, [
      scene.clinic.id,
    ])
    await setProfile(scene.clinic, {
      about: 'Family doctors since 2009',
      whatsapp: '+923001112222',
      languages: 'en ur',
    })
    const page = await app.agent().get(scene.home).expect(200)
    const words = wordsOf(page.text)
    for (const part of [
      'Shifa Clinic',
      'General practice',
      'Karachi',
      'Open until 5:00 pm',
      'Family doctors since 2009',
      'Dr Sana Malik',
      'Next free time: Today, 1:00 pm',
      'No free time soon',
      'General consultation',
      '30 minutes',
      'Rs 1,500',
      'Open map',
      'English · Urdu',
      'Monday to Sunday',
      '9:00 am – 5:00 pm',
    ]) {
      expect(words).toContain(part)
    }
    expect(page.text).toContain('href="tel:+922135870000"')
    expect(page.text).toContain('href="https://wa.me/923001112222"')
    expect(page.text).toContain('<meta property="og:url" content="https://nabz.test/c/')
    // Until the clinic wants to be found, only its link leads here.
    expect(page.text).toContain('<meta name="robots" content="noindex">')
  })

  it('is the same for everybody: no form, no token, no cookie, nothing of the address it was asked by', async () => {
    const scene = await bookableClinic(app)
    const first = await app.agent().get(`${scene.home}?fbclid=somebody&lang=ur`)
    const second = await app.agent().get(`${scene.home}?lang=ur`)
    expect(second.text).toBe(first.text)
    expect(first.text).not.toMatch(/fbclid|_csrf|<form/)
    expect(first.headers['set-cookie']).toBeUndefined()
    expect(first.headers['cache-control']).toBe('public, max-age=15')
    expect(first.headers.vary).toBe('Accept-Encoding')
  })

  it('comes in the coding the browser takes', async () => {
    const scene = await bookableClinic(app)
    const plain = await bytesOf(scene.home, 'identity')
    expect(plain.response.headers.get('content-encoding')).toBeNull()
    for (const [asked, coding] of [
      ['gzip, deflate, br', 'br'],
      ['gzip;q=1.0, br;q=0', 'gzip'],
    ] as const) {
      const coded = await bytesOf(scene.home, asked)
      expect(coded.response.headers.get('content-encoding')).toBe(coding)
      expect(coded.text).toBe(plain.text)
    }
  })

  it('is never older than the last booking, setting or minute', async () => {
    const scene = await bookableClinic(app)
    const next = async () => / Next free time: ([^R]+?) Rs/.exec(wordsOf((await app.agent().get(scene.home)).text))?.[1]
    expect(await next()).toBe('Today, 1:00 pm')
    await makeAppointment(scene.clinic, { service: scene.service, at: '13:00' })
    expect(await next()).toBe('Today, 1:30 pm')
    await hold(app.agent(), scene, '10:00')
    app.clock.advance({ minutes: 31 })
    expect(await next()).toBe('Today, 1:45 pm')
    await makeService(scene.clinic, { name: 'Vaccination' })
    expect(wordsOf((await app.agent().get(scene.home)).text)).toContain('Vaccination')
    app.clock.set('2026-11-24T12:00:00Z')
    expect(wordsOf((await app.agent().get(scene.home)).text)).toContain('Opens: Tomorrow, 9:00 am')
    app.clock.set('2026-11-24T19:00:00Z')
    expect(wordsOf((await app.agent().get(scene.home)).text)).toContain('Opens: Today, 9:00 am')
    app.clock.set('2026-11-25T04:00:00Z')
    expect(wordsOf((await app.agent().get(scene.home)).text)).toContain('Open until 5:00 pm')
  })

  it('asks the database one thing while nothing changed', async () => {
    const scene = await bookableClinic(app)
    await app.agent().get(scene.home)
    const asked = await statementsOf(() => app.agent().get(scene.home))
    expect(asked).toEqual([expect.stringContaining('from platform.clinics')])
  })

  it('of a clinic that is not ready says so, with what it has', async () => {
    const clinic = await makeClinic(app)
    await setProfile(clinic, { phone: '+922135870000' })
    for (const path of ['', '/times']) {
      const page = await app.agent().get(`/c/${clinic.slug}${path}`).expect(200)
      expect(wordsOf(page.text)).toContain('Online booking is closed at the moment')
      expect(page.text).toContain('href="tel:+922135870000"')
    }
    await app.agent().get('/c/nobody-here').expect(404)
  })
})

describe('the times', () => {
  it('open on the first free day, in parts, with names to be heard', async () => {
    const scene = await bookableClinic(app)
    app.clock.set('2026-11-24T15:00:00Z') // today is over
    const page = await app.agent().get(`${scene.home}/times`).expect(200)
    const words = wordsOf(page.text)
    expect(words).toContain('Tuesday, 24 November: Over for today')
    expect(words).toContain('Wednesday, 25 November')
    expect(words).toContain('Morning')
    expect(words).toContain('Afternoon')
    expect(page.text).toMatch(/aria-current="date"><span class="visually-hidden">Wednesday, 25 November: \d+ times/)
    expect(page.text).toContain(
      '<span class="visually-hidden">Wednesday, 25 November at 9:00 am and first available doctor</span>',
    )
  })

  it('say why a day has none: closed, doctor off, full, not open yet', async () => {
    const scene = await bookableClinic(app)
    const hamid = await makePractitioner(scene.clinic)
    await makeShift(scene.clinic, {
      practitionerId: hamid.id,
      locationId: scene.locationId,
      weekdays: [3],
      from: '09:00',
      to: '09:30',
    })
    await app.superuser(
      'delete from clinic.shifts where clinic_id = $1 and practitioner_id <> $2 and weekday in (3, 4)',
      [scene.clinic.id, hamid.id],
    )
    await makeAppointment(scene.clinic, {
      service: scene.service,
      practitionerId: hamid.id,
      on: '2026-11-25',
      at: '09:00',
    })
    await setProfile(scene.clinic, { horizon_days: 3 })
    const any = wordsOf((await app.agent().get(`${scene.home}/times`)).text)
    expect(any).toContain('Wednesday, 25 November: Full')
    expect(any).toContain('Thursday, 26 November: Closed')
    expect(any).toContain('Saturday, 28 November: Not open yet')
    const sana = wordsOf((await app.agent().get(`${scene.home}/times?practitioner=${scene.practitionerId}`)).text)
    expect(sana).toContain('Wednesday, 25 November: Doctor off')
  })

  it('page by weeks, and lead to the next free day when a week has none', async () => {
    const scene = await bookableClinic(app)
    await app.superuser('update clinic.shifts set valid_from = $2 where clinic_id = $1', [
      scene.clinic.id,
      '2026-12-20',
    ])
    await setProfile(scene.clinic, {})
    const first = wordsOf((await app.agent().get(`${scene.home}/times`)).text)
    expect(first).toContain('Sunday, 20 December')
    const empty = await app.agent().get(`${scene.home}/times?from=2026-11-24`)
    expect(wordsOf(empty.text)).toContain('No free times on these days')
    expect(empty.text).toContain('date=2026-12-20')
    expect(empty.text).toContain('from=2026-12-01')
    await app.superuser('update clinic.shifts set valid_from = $2 where clinic_id = $1', [
      scene.clinic.id,
      '2028-01-01',
    ])
    await setProfile(scene.clinic, { horizon_days: 100 })
    const none = wordsOf((await app.agent().get(`${scene.home}/times`)).text)
    expect(none).toContain('No free times')
    expect(none).toContain('Call the clinic')
  })

  it('name the place where there are several, and the doctor asked for', async () => {
    const scene = await bookableClinic(app)
    const clifton = await makeLocation(scene.clinic, { name: 'Clifton' })
    const hamid = await makePractitioner(scene.clinic)
    await makeShift(scene.clinic, { practitionerId: hamid.id, locationId: clifton.id })
    const all = await app.agent().get(`${scene.home}/times?date=2026-11-25`)
    expect(wordsOf(all.text)).toContain('9:00 am Clifton')
    const only = await app
      .agent()
      .get(`${scene.home}/times?date=2026-11-25&practitioner=${hamid.id}&location=${clifton.id}`)
    expect(wordsOf(only.text)).toContain('9:00 am, Dr Hamid Raza')
    expect(wordsOf(only.text)).not.toContain('Dr Sana Malik, ')
    // Nonsense in an address is left out.
    await app
      .agent()
      .get(`${scene.home}/times?date=2026-13-45&service=x&practitioner=any&location=&from=never`)
      .expect(200)
  })

  it('say when the doctor does not give the service', async () => {
    const scene = await bookableClinic(app)
    const special = await makeService(scene.clinic, { name: 'Laser', practitioners: [scene.practitionerId] })
    const hamid = await makePractitioner(scene.clinic)
    await app.superuser(
      'delete from clinic.practitioner_services where clinic_id = $1 and practitioner_id = $2 and service_id = $3',
      [scene.clinic.id, hamid.id, special.id],
    )
    await setProfile(scene.clinic, {})
    const page = wordsOf(
      (await app.agent().get(`${scene.home}/times?service=${special.id}&practitioner=${hamid.id}`)).text,
    )
    expect(page).toContain('The doctor you chose does not offer this service')
  })
})
