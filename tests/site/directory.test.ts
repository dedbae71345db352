// Found are clinics that want to be, whose plan allows it, and who take bookings.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startTestApp, type TestApp } from '../support/app.ts'
import { makeClinic, type ClinicFactsOverrides, type TestClinic } from '../support/cast.ts'
import { makeBookable } from '../support/factories.ts'
import { wordsOf } from '../support/http.ts'

let app: TestApp
beforeAll(async () => {
  app = await startTestApp()
})
afterAll(() => app.stop())

const profile = (clinic: TestClinic, more: Record<string, string> = {}) => ({
  name: 'Shifa Clinic', city: 'Karachi', specialty: 'dental', language: 'en', accent: 'teal', ...more,
}) // prettier-ignore

async function liveClinic(facts: ClinicFactsOverrides): Promise<TestClinic> {
  const clinic = await makeClinic(app, facts)
  await makeBookable(clinic)
  return clinic
}
const list = (clinic: TestClinic) =>
  app.superuser('update platform.clinics set listed = true where id = $1', [clinic.id])
async function directory(query = '') {
  app.clock.advance({ minutes: 3 })
  return wordsOf((await app.agent().get(`/clinics?lang=en${query}`).expect(200)).text)
}

describe('being found', () => {
  it('is off until the owner switches it on, and on until they switch it off', async () => {
    const clinic = await liveClinic({ name: 'Quiet Clinic' })
    const nadia = await clinic.as(clinic.cast.nadia)
    expect(await directory()).not.toContain('Quiet Clinic')
    expect((await app.agent().get(`/c/${clinic.slug}`)).text).toContain('content="noindex"')

    await nadia
      .postForm(`/app/${clinic.slug}/settings`, profile(clinic, { name: 'Quiet Clinic', listed: 'yes' }))
      .expect(303)
    expect(await directory()).toContain('Quiet Clinic')
    const page = (await app.agent().get(`/c/${clinic.slug}`)).text
    expect(page).not.toContain('noindex')
    expect(page).toContain('<meta property="og:image" content="https://nabz.test/img/card.png">')
    app.clock.advance({ minutes: 11 })
    expect((await app.agent().get('/sitemap.xml')).text).toContain(`<loc>https://nabz.test/c/${clinic.slug}</loc>`)

    await nadia.postForm(`/app/${clinic.slug}/settings`, profile(clinic, { name: 'Quiet Clinic' })).expect(303)
    expect(await directory()).not.toContain('Quiet Clinic')
    expect((await app.agent().get(`/c/${clinic.slug}`)).text).toContain('content="noindex"')
  })

  it('is for the owner to decide', async () => {
    const clinic = await liveClinic({})
    const bilal = await clinic.as(clinic.cast.bilal)
    await bilal.postForm(`/app/${clinic.slug}/settings`, profile(clinic, { listed: 'yes' })).expect(403)
  })

  it('is part of some plans: without it the box is not there, and counts for nothing', async () => {
    const clinic = await liveClinic({ name: 'Free Clinic' })
    await list(clinic)
    expect(await directory()).toContain('Free Clinic')
    await app.superuser(`update platform.clinics set features = '{}' where id = $1`, [clinic.id])
    expect(await directory()).not.toContain('Free Clinic')
    const nadia = await clinic.as(clinic.cast.nadia)
    const settings = await nadia.get(`/app/${clinic.slug}/settings`).expect(200)
    expect(settings.text).not.toContain('name="listed"')
    // Saved meanwhile, the wish stands for when the plan allows it again.
    await nadia.postForm(`/app/${clinic.slug}/settings`, profile(clinic, { name: 'Free Clinic' })).expect(303)
    await app.superuser(`update platform.clinics set features = '{directory}' where id = $1`, [clinic.id])
    expect(await directory()).toContain('Free Clinic')
  })

  it('is only for clinics that take bookings', async () => {
    const empty = await makeClinic(app, { name: 'Empty Clinic' })
    const suspended = await liveClinic({ name: 'Suspended Clinic' })
    await list(empty)
    await list(suspended)
    await app.superuser(`update platform.clinics set status = 'suspended' where id = $1`, [suspended.id])
    const words = await directory()
    expect(words).not.toContain('Empty Clinic')
    expect(words).not.toContain('Suspended Clinic')
  })
})

describe('the directory', () => {
  it('is searched by country, city, specialty and name', async () => {
    const cairo = await liveClinic({
      name: 'Nour 100% Dental',
      city: 'Cairo',
      country: 'EG',
      zone: 'Africa/Cairo',
      specialty: 'dental',
    })
    const giza = await liveClinic({
      name: 'Giza Eyes',
      city: 'Giza',
      country: 'EG',
      zone: 'Africa/Cairo',
      specialty: 'ophthalmology',
    })
    await list(cairo)
    await list(giza)
    const both = await directory('&country=EG')
    expect(both).toContain('Nour 100% Dental')
    expect(both).toContain('Giza Eyes')
    expect(both).toContain('All cities')
    expect(await directory('&country=EG&city=cairo')).not.toContain('Giza Eyes')
    expect(await directory('&specialty=ophthalmology')).not.toContain('Nour 100% Dental')
    expect(await directory('&q=giza')).toContain('Giza Eyes')
    expect(await directory('&q=100%25')).toContain('Nour 100% Dental')
    expect(await directory('&q=giza%25eyes')).toContain('No clinic fits')
    expect(await directory('&country=XX&specialty=nonsense')).toContain('Giza Eyes')
  })

  it('has pages, and leaves out who takes no bookings at the moment', async () => {
    const last = await liveClinic({ name: 'Zz Last Clinic', city: 'Quetta' })
    const others = await Promise.all(
      Array.from({ length: 24 }, (_, at) => makeClinic(app, { name: `Aa Number ${at}`, city: 'Quetta' })),
    )
    for (const clinic of [last, ...others]) await list(clinic)
    const first = await directory('&country=PK&city=Quetta')
    expect(first).toContain('25 clinics')
    expect(first).toContain('1 of 2')
    expect(first).not.toContain('Aa Number')
    expect(first).not.toContain('Zz Last Clinic')
    expect(await directory('&country=PK&city=Quetta&page=2')).toContain('Zz Last Clinic')
    expect(await directory('&country=PK&city=Quetta&page=99')).not.toContain('Zz Last Clinic')
  })
})
