// Nadia sets up her clinic: what it says of itself, who works there, what they give and where.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { linkAccount, unlinkAccount } from '../../src/features/clinics/actions/people.ts'
import {
  findChecklist,
  findPractitionerOfUser,
  getDiarySettings,
  listLocations,
  listPractitioners,
  listServices,
} from '../../src/features/clinics/queries.ts'
import { startTestApp, type TestApp } from '../support/app.ts'
import { makeClinic, type ClinicFactsOverrides, type TestClinic } from '../support/cast.ts'
import { makeAppointment, makeBookable, makeLocation, makePractitioner, makeService } from '../support/factories.ts'
import { wordsOf, type Agent, type Fields } from '../support/http.ts'

let app: TestApp
beforeAll(async () => {
  app = await startTestApp()
})
afterAll(() => app.stop())

async function open(overrides: ClinicFactsOverrides = {}): Promise<{ clinic: TestClinic; nadia: Agent; base: string }> {
  const clinic = await makeClinic(app, overrides)
  return { clinic, nadia: await clinic.as(clinic.cast.nadia), base: `/app/${clinic.slug}/settings` }
}
const settingsOf = (clinic: TestClinic) => clinic.inClinic(getDiarySettings)
const audited = async (clinic: TestClinic, action: string) =>
  app.superuser('select details from clinic.audit_entries where clinic_id = $1 and action = $2', [clinic.id, action])

describe('who may', () => {
  const paths = [
    '',
    '/doctors',
    '/services/new',
    '/locations',
    '/hours',
    '/closures',
    '/rules',
    '/share',
    '/share/poster',
  ]

  it.each(paths)(
    'the owner opens settings%s, the desk and the doctors may not, a stranger finds nothing',
    async (path) => {
      const { clinic, nadia, base } = await open()
      await nadia.get(base + path).expect(200)
      await (await clinic.as(clinic.cast.bilal)).get(base + path).expect(403)
      await (await clinic.as(clinic.cast.sana)).get(base + path).expect(403)
      await (await clinic.as(clinic.cast.omar)).get(base + path).expect(404)
      await app
        .agent()
        .get(base + path)
        .expect(303)
    },
  )

  it('nobody changes another clinic through its ids', async () => {
    const { clinic } = await open()
    const omar = await clinic.as(clinic.cast.omar)
    const { id } = await makeLocation(clinic)
    const sana = clinic.cast.sana.practitionerId
    for (const path of [
      `doctors/${sana}`,
      `doctors/${sana}/deactivation`,
      `hours/${sana}`,
      `locations/${id}/position`,
    ]) {
      const fields = { name: 'Taken', move: 'up', location: id, d1_1_from: '09:00', d1_1_to: '10:00' }
      const { status } = await omar.postForm(`/app/${clinic.other.slug}/settings/${path}`, fields)
      expect([path, status]).toEqual([path, 404])
    }
    expect((await settingsOf(clinic)).practitioners).toMatchObject([{ name: 'Dr Sana Malik', active: true }])
  })
})

const profile: Fields = {
  name: 'Shifa Family Clinic',
  city: 'Lahore',
  specialty: 'pediatrics',
  about: 'We see children.',
  phone: '042 3587 0000',
  whatsapp: '0300 1234567',
  language: 'ur',
  languages: ['ur', 'pa', 'klingon'],
  accent: 'violet',
  bring_note: 'Earlier reports',
}

describe('the clinic itself', () => {
  it('changes what it says of itself and keeps its address', async () => {
    const { clinic, nadia, base } = await open()
    await nadia.postForm(base, profile).expect(303).expect('location', base)
    const facts = await clinic.proven()
    expect(facts).toMatchObject({
      name: 'Shifa Family Clinic',
      city: 'Lahore',
      specialty: 'pediatrics',
      language: 'ur',
      accent: 'violet',
      slug: clinic.slug,
      zone: 'Asia/Karachi',
    })
    expect(facts.settingsVersion).toBe(2)
    expect((await settingsOf(clinic)).profile).toMatchObject({
      about: 'We see children.',
      phone: '+924235870000',
      whatsapp: '+923001234567',
      languages: ['ur', 'pa'],
      bringNote: 'Earlier reports',
    })
    const page = wordsOf((await nadia.get(base)).text)
    expect(page).toContain('Saved.')
    expect(await audited(clinic, 'profile.changed')).toHaveLength(1)
  })

  it('keeps everything typed when something is wrong', async () => {
    const { clinic, nadia, base } = await open()
    const answer = await nadia.postForm(base, { ...profile, name: ' ', phone: '12', accent: 'neon' }).expect(422)
    const page = wordsOf(answer.text)
    expect(page).toContain("Enter the clinic's name")
    expect(page).toContain('Enter a phone number')
    expect(page).toContain('Choose a colour')
    expect(answer.text).toContain('We see children.')
    expect(answer.text).toContain('value="12"')
    expect(answer.text).toMatch(/value="pa" checked/)
    expect((await clinic.proven()).name).toBe('Shifa Clinic')
  })

  it('says why its page is not live, and when it is', async () => {
    const { clinic, nadia, base } = await open()
    expect(wordsOf((await nadia.get(base)).text)).toContain('Your page takes no bookings yet.')
    await makeBookable(clinic)
    const page = wordsOf((await nadia.get(base)).text)
    expect(page).toContain(`Patients can book online: https://nabz.test/c/${clinic.slug}`)
  })

  it('decides how it takes bookings', async () => {
    const { clinic, nadia, base } = await open()
    const rules = {
      notice: '120',
      horizon: '٦٠',
      step: '20',
      code: 'new',
      max_open: '5',
      missed_rule: 'confirm',
      missed_after: '3',
      alert_email: 'Nadia@Shifa.test ',
    }
    const quiet = { quiet_from: '22:30', quiet_to: '7:15' }
    await nadia.postForm(`${base}/rules`, { ...rules, ...quiet }).expect(303)
    const { profile } = await settingsOf(clinic)
    expect(profile).toMatchObject({
      minNoticeMin: 120,
      horizonDays: 60,
      slotStepMin: 20,
      codePolicy: 'new',
      maxOpenBookings: 5,
      alertEmail: 'nadia@shifa.test',
    })
    expect([profile.quietFrom.toString(), profile.quietTo.toString()]).toEqual(['22:30:00', '07:15:00'])
    const wrong = {
      notice: '-5',
      horizon: '400',
      step: '1',
      code: 'maybe',
      max_open: '0',
      alert_email: 'x',
      quiet_from: '25:00',
    }
    const answer = await nadia.postForm(`${base}/rules`, { ...wrong, quiet_to: '' }).expect(422)
    const keys = ['notice', 'horizon', 'step', 'code', 'max_open', 'alert_email', 'quiet_from', 'quiet_to']
    for (const key of keys) expect(answer.text).toContain(`href="#f-${key}"`)
  })
})

describe('doctors', () => {
  it('are added with their services, and hours come next', async () => {
    const { clinic, nadia, base } = await open()
    const service = await makeService(clinic)
    const fields = { name: 'Dr Hamid Raza', title: 'Dentist', services: [service.id, 'not-an-id'] }
    const answer = await nadia.postForm(`${base}/doctors`, fields).expect(303)
    const { practitioners, offers } = await settingsOf(clinic)
    const hamid = practitioners.find(({ name }) => name === 'Dr Hamid Raza')!
    expect(hamid).toMatchObject({ title: 'Dentist', active: true })
    expect(answer.headers.location).toBe(`${base}/hours/${hamid.id}`)
    expect(offers).toContainEqual({
      durationMin: null,
      priceMinor: null,
      practitionerId: hamid.id,
      serviceId: service.id,
    })
    expect(wordsOf((await nadia.get(answer.headers.location!)).text)).toContain('Dr Hamid Raza is added.')
  })

  it('are changed; unticked services are no longer theirs', async () => {
    const { clinic, nadia, base } = await open()
    await makeService(clinic)
    const { practitionerId } = clinic.cast.sana
    await nadia.postForm(`${base}/doctors/${practitionerId}`, { name: 'Dr Sana Malik-Khan', title: '' }).expect(303)
    const settings = await settingsOf(clinic)
    expect(settings.practitioners).toMatchObject([{ name: 'Dr Sana Malik-Khan', title: null }])
    expect(settings.offers).toEqual([])
    await nadia.postForm(`${base}/doctors/${practitionerId}`, { name: '' }).expect(422)
  })

  it('come in the order they are put in', async () => {
    const { clinic, nadia, base } = await open()
    const second = await makePractitioner(clinic, { name: 'Dr Second' })
    const third = await makePractitioner(clinic, { name: 'Dr Third' })
    await makePractitioner(clinic, { name: 'Dr Gone', active: false })
    const names = async () =>
      (await clinic.inClinic((ctx) => listPractitioners(ctx, { activeOnly: true }))).map((d) => d.name)
    expect(await names()).toEqual(['Dr Sana Malik', 'Dr Second', 'Dr Third'])
    await nadia.postForm(`${base}/doctors/${third.id}/position`, { move: 'up' }).expect(303)
    expect(await names()).toEqual(['Dr Sana Malik', 'Dr Third', 'Dr Second'])
    await nadia.postForm(`${base}/doctors/${second.id}/position`, { move: 'down' }).expect(303)
    await nadia.postForm(`${base}/doctors/${second.id}/position`, { move: 'sideways' }).expect(303)
    expect(await names()).toEqual(['Dr Sana Malik', 'Dr Third', 'Dr Second'])
  })

  it('leave, and their visits stay: the page says how many, before and after', async () => {
    const { clinic, nadia, base } = await open()
    await makeBookable(clinic)
    await makeAppointment(clinic, { on: '2026-11-26', at: '10:00' })
    await makeAppointment(clinic, { on: '2026-11-27', at: '10:00' })
    await makeAppointment(clinic, { on: '2026-11-27', at: '11:00', status: 'cancelled' })
    await makeAppointment(clinic, { on: '2026-11-20', at: '10:00' })
    const path = `${base}/doctors/${clinic.cast.sana.practitionerId}/deactivation`
    const question = wordsOf((await nadia.get(path).expect(200)).text)
    expect(question).toContain('2 booked visits stay as they are')
    expect(question).toContain('your page takes no online bookings')
    await nadia.postForm(path).expect(303)
    expect((await settingsOf(clinic)).practitioners).toMatchObject([{ active: false }])
    const booked = await app.superuser(`select 1 from clinic.appointments where clinic_id = $1 and status = 'booked'`, [
      clinic.id,
    ])
    expect(booked).toHaveLength(3)
    const list = wordsOf((await nadia.get(`${base}/doctors`)).text)
    expect(list).toContain('Taken out of use. 2 booked visits stay.')
    expect(list).toContain('Undo')
    await nadia.get(path).expect(404)
    await nadia.postForm(`${path}/undo`).expect(303)
    expect((await settingsOf(clinic)).practitioners).toMatchObject([{ active: true }])
    expect(await audited(clinic, 'practitioner.deactivated')).toMatchObject([{ details: { visits: 2 } }])
  })

  it('are joined to an account, one account to one doctor', async () => {
    const { clinic } = await open()
    const { userId } = clinic.cast.bilal
    const hamid = await makePractitioner(clinic)
    const { sana } = clinic.cast
    await clinic.inClinic((ctx) => linkAccount(ctx, sana.practitionerId, userId))
    await clinic.inClinic((ctx) => linkAccount(ctx, hamid.id, userId))
    expect(await clinic.inClinic((ctx) => findPractitionerOfUser(ctx, userId))).toMatchObject({ id: hamid.id })
    await clinic.inClinic((ctx) => unlinkAccount(ctx, userId))
    expect(await clinic.inClinic((ctx) => findPractitionerOfUser(ctx, userId))).toBeUndefined()
  })
})

const service: Fields = {
  name: 'Check-up',
  minutes: '45',
  price: '',
  before: '0',
  after: '10',
  capacity: '1',
  online: 'yes',
}

describe('services', () => {
  it('are added, with the doctors who give them', async () => {
    const { clinic, nadia, base } = await open()
    const doctors = [clinic.cast.sana.practitionerId]
    await nadia.postForm(`${base}/services`, { ...service, price: '1,500', doctors }).expect(303)
    const { services, offers } = await settingsOf(clinic)
    expect(services).toMatchObject([
      { name: 'Check-up', durationMin: 45, bufferAfterMin: 10, priceMinor: 150_000, currency: 'PKR', online: true },
    ])
    expect(offers).toEqual([
      { durationMin: null, priceMinor: null, practitionerId: doctors[0], serviceId: services[0]!.id },
    ])
    expect(wordsOf((await nadia.get(`${base}/services`)).text)).toContain('45 minutes Rs 1,500 Online')
  })

  it.each([
    ['PKR', 'PK', '1,50,000', 15_000_000],
    ['PKR', 'PK', '1500.50', 150_050],
    ['KWD', 'KW', '12.250', 12_250],
    ['JPY', 'JP', '3000', 3000],
    ['EGP', 'EG', '٣٥٠', 35_000],
    ['GBP', 'GB', '0', 0],
    ['GBP', 'GB', '', null],
  ])('in %s cost what is typed: %s %s', async (currency, country, typed, minor) => {
    const { clinic, nadia, base } = await open({ currency, country })
    await nadia.postForm(`${base}/services`, { ...service, price: typed }).expect(303)
    const [added] = await clinic.inClinic((ctx) => listServices(ctx))
    expect(added).toMatchObject({ priceMinor: minor, currency })
  })

  it.each([
    ['PKR', 'PK', '12,50'],
    ['PKR', 'PK', '-5'],
    ['PKR', 'PK', 'free'],
    ['JPY', 'JP', '3000.5'],
    ['KWD', 'KW', '1.2345'],
  ])('in %s refuse what is no price: %s %s', async (currency, country, typed) => {
    const { clinic, nadia, base } = await open({ currency, country })
    const answer = await nadia.postForm(`${base}/services`, { ...service, price: typed }).expect(422)
    expect(wordsOf(answer.text)).toContain('Enter the price as a number')
    expect(answer.text).toContain(`value="${typed}"`)
    expect(await clinic.inClinic((ctx) => listServices(ctx))).toEqual([])
  })

  it.each([
    ['minutes', '4'],
    ['minutes', '721'],
    ['minutes', '30.5'],
    ['before', '241'],
    ['after', ''],
    ['capacity', '0'],
    ['name', ''],
  ])('refuse %s of %s', async (field, typed) => {
    const { nadia, base } = await open()
    const answer = await nadia.postForm(`${base}/services`, { ...service, [field]: typed }).expect(422)
    expect(answer.text).toContain(`href="#f-${field}"`)
  })

  it.each([
    ['label', 'Any\u0000 allergies?', 'yes'],
    ['choices', 'Penicillin\nNuts\u0000', 'Allergies'],
  ])('refuse signs that nobody types in the %s of a question', async (part, typed, label) => {
    const { nadia, base } = await open()
    const question = { q1_label: label, q1_kind: 'choice', q1_choices: 'Yes\nNo', [`q1_${part}`]: typed }
    const answer = await nadia.postForm(`${base}/services`, { ...service, ...question }).expect(422)
    expect(answer.text).toContain(`href="#f-q1_${part}"`)
  })

  it('are changed and taken out of use', async () => {
    const { clinic, nadia, base } = await open()
    const { id } = await makeService(clinic, { priceMinor: 150_050 })
    expect((await nadia.get(`${base}/services/${id}`)).text).toContain('value="1500.50"')
    const { online: _online, ...atTheDesk } = service
    await nadia.postForm(`${base}/services/${id}`, atTheDesk).expect(303)
    expect(await clinic.inClinic((ctx) => listServices(ctx))).toMatchObject([{ name: 'Check-up', online: false }])
    await nadia.postForm(`${base}/services/${id}/deactivation`).expect(303)
    expect(await clinic.inClinic((ctx) => listServices(ctx, { activeOnly: true }))).toEqual([])
  })
})

describe('locations', () => {
  it('are added with an address, a map and a phone', async () => {
    const { clinic, nadia, base } = await open()
    const map_url = 'https://maps.google.com/?q=Clifton'
    const fields = { name: 'Clifton', address: 'Block 5', map_url, phone: '021 3587 0000' }
    await nadia.postForm(`${base}/locations`, fields).expect(303)
    expect(await clinic.inClinic((ctx) => listLocations(ctx))).toMatchObject([
      { name: 'Main clinic' },
      { name: 'Clifton', address: 'Block 5', mapUrl: map_url, phone: '+922135870000' },
    ])
  })

  it.each([
    'http://maps.google.com/',
    'javascript:alert(1)',
    'maps.google.com',
    'https://user:secret@maps.example.com/',
    'https://localhost/',
  ])('refuse %s as a map', async (map_url) => {
    const { nadia, base } = await open()
    const answer = await nadia.postForm(`${base}/locations`, { name: 'Clifton', map_url }).expect(422)
    expect(wordsOf(answer.text)).toContain('Enter a link that begins with https://')
  })

  it('are changed, and the last one in use stays', async () => {
    const { clinic, nadia, base } = await open()
    const [main] = (await settingsOf(clinic)).locations
    await nadia.postForm(`${base}/locations/${main!.id}`, { name: 'Main', address: '' }).expect(303)
    await nadia.postForm(`${base}/locations/${main!.id}/deactivation`).expect(303)
    expect(wordsOf((await nadia.get(`${base}/locations`)).text)).toContain('your only location in use')
    const second = await makeLocation(clinic, { name: 'Second' })
    await nadia.postForm(`${base}/locations/${main!.id}/deactivation`).expect(303)
    const left = await clinic.inClinic((ctx) => listLocations(ctx, { activeOnly: true }))
    expect(left.map(({ id }) => id)).toEqual([second.id])
  })
})

describe('the first steps', () => {
  const checklist = async (clinic: TestClinic) =>
    clinic.inClinic(async (ctx) => findChecklist(ctx, await getDiarySettings(ctx)))

  it('are done when a test booking came in, and can be put away', async () => {
    const { clinic, nadia, base } = await open()
    expect(await checklist(clinic)).toMatchObject({ done: 2, total: 6, complete: false }) // Dr Sana, and WhatsApp
    const today = async () => wordsOf((await nadia.get(`/app/${clinic.slug}/today`).expect(200)).text)
    expect(await today()).toContain('First steps 2 of 6 done')
    expect(wordsOf((await nadia.get(`/app/${clinic.slug}/today?date=2026-11-25`)).text)).not.toContain('First steps')
    await makeBookable(clinic)
    await nadia.postForm(`${base}/share`).expect(303)
    expect(await checklist(clinic)).toMatchObject({ done: 5 })
    await makeAppointment(clinic, { on: '2026-11-26', source: 'desk' })
    expect(await checklist(clinic)).toMatchObject({ done: 5 })
    await makeAppointment(clinic, { on: '2026-11-27', source: 'online' })
    expect(await checklist(clinic)).toMatchObject({ done: 6, complete: true })
    await nadia.postForm(`${base}/checklist/dismissal`).expect(303)
    expect(await checklist(clinic)).toBeUndefined()
    const without = await today()
    expect(without).toContain('First steps are hidden. Undo')
    expect(without).not.toContain('6 of 6')
    await nadia.postForm(`${base}/checklist/dismissal/undo`).expect(303)
    expect(await checklist(clinic)).toMatchObject({ done: 6 })
  })

  it('are nobody else’s', async () => {
    const { clinic } = await open()
    const { bilal } = clinic.cast
    const actor = { kind: 'user', userId: bilal.userId, name: bilal.name, role: 'receptionist' } as const
    const found = await clinic.inClinic(async (ctx) => findChecklist(ctx, await getDiarySettings(ctx)), actor)
    expect(found).toBeUndefined()
  })
})

describe('the link', () => {
  it('is shown with a code to scan, and noted as shared once', async () => {
    const { clinic, nadia, base } = await open()
    const page = (await nadia.get(`${base}/share`)).text
    expect(page).toContain(`value="https://nabz.test/c/${clinic.slug}"`)
    expect(page).toMatch(/<svg class="qr"[^>]*viewBox="0 0 (\d+) \1"/)
    await nadia.postForm(`${base}/share`).expect(303)
    await nadia.postForm(`${base}/share`).expect(303)
    expect(wordsOf((await nadia.get(`${base}/share`)).text)).toContain('You have shared your link.')
    expect(await audited(clinic, 'link.shared')).toHaveLength(1)
  })

  it('hangs on the wall in the language of the patients', async () => {
    const { nadia, base } = await open({ language: 'ar' })
    const poster = (await nadia.get(`${base}/share/poster`)).text
    expect(poster).toContain('<html lang="ar" dir="rtl"')
    expect(poster).toContain('احجزوا موعدكم من هنا')
    expect((await nadia.get(`${base}/share/poster?in=ur`)).text).toContain('<html lang="ur" dir="rtl"')
  })
})
