import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openClinic, type OpeningFacts } from '../../src/features/clinics/actions.ts'
import { getDiarySettings } from '../../src/features/clinics/queries.ts'
import { countryCodes, currencyOf, zoneOf } from '../../src/features/clinics/rules/countries.ts'
import { isReservedSlug, isSlug, slugCandidates, slugOf } from '../../src/features/clinics/rules/slug.ts'
import { isZone } from '../../src/kernel/time.ts'
import { startTestApp, type TestApp } from '../support/app.ts'

let app: TestApp
beforeAll(async () => {
  app = await startTestApp()
})
afterAll(() => app.stop())

const karachi: OpeningFacts = {
  name: 'Rehman Family Clinic',
  city: 'Karachi',
  country: 'PK',
  zone: 'Asia/Karachi',
  currency: 'PKR',
  specialty: 'general_practice',
  language: 'en',
}
const open = (facts: Partial<OpeningFacts> = {}) =>
  app.services.db.transaction((trx) => openClinic(app.services, trx, { ...karachi, ...facts }))

describe('opening a clinic', () => {
  it('gives it an address, a diary, a profile, a first location and a key', async () => {
    const { id, slug } = await open()
    expect(slug).toBe('rehman-family-clinic')
    const clinic = await app.services.clinics.bySlug(slug)
    expect(clinic).toMatchObject({ id, zone: 'Asia/Karachi', currency: 'PKR', diaryVersion: 1, status: 'active' })
    const settings = await app.services.inClinic(clinic!, { kind: 'visitor' }, { requestId: 't' }, getDiarySettings)
    expect(settings.locations).toMatchObject([{ name: 'Main clinic', address: '', active: true }])
    expect(settings.profile).toMatchObject({ languages: ['en'], codePolicy: 'always', minNoticeMin: 60 })
    expect(settings.practitioners).toEqual([])
  })

  it('names the first location in the language of the clinic', async () => {
    const { id } = await open({ name: 'عيادة النور', language: 'ar' })
    const rows = await app.superuser<{ name: string }>('select name from clinic.locations where clinic_id = $1', [id])
    expect(rows[0]?.name).toBe('العيادة الرئيسية')
  })

  it('goes on to the next address when one is taken: with the city, then numbered', async () => {
    const slugs = []
    for (let time = 0; time < 3; time++) slugs.push((await open({ name: 'Noor Dental' })).slug)
    expect(slugs).toEqual(['noor-dental', 'noor-dental-karachi', 'noor-dental-2'])
  })

  it('gives ten clinics of one name that open at the same moment ten addresses', async () => {
    const opened = await Promise.all(Array.from({ length: 10 }, () => open({ name: 'Same Name' })))
    expect(new Set(opened.map(({ slug }) => slug)).size).toBe(10)
  })

  it('takes the address it is told to, or fails', async () => {
    expect((await open({ slug: 'told-so' })).slug).toBe('told-so')
    await expect(open({ slug: 'told-so' })).rejects.toThrow('no free address')
    await expect(open({ slug: 'admin' })).rejects.toThrow('not an address')
  })

  it('leaves nothing in the database when the rest of the sign-up fails', async () => {
    const failing = app.services.db.transaction(async (trx) => {
      await openClinic(app.services, trx, { ...karachi, name: 'Never Was' })
      throw new Error('the e-mail is taken')
    })
    await expect(failing).rejects.toThrow('the e-mail is taken')
    expect(await app.services.clinics.bySlug('never-was')).toBeUndefined()
    expect((await open({ name: 'Never Was' })).slug).toBe('never-was')
  })
})

describe('the address of a name', () => {
  it.each([
    ["St. Mary's Clinic & Spa", 'st-marys-clinic-and-spa'],
    ['  Clínica São José  ', 'clinica-sao-jose'],
    ['Straße 7', 'strasse-7'],
    ['Çağlar Diş', 'caglar-dis'],
    ['عيادة النور لطب الأسنان', 'clinic-alnoor-dental'],
    ['مركز الشفاء', 'center-alshifa'],
    ['شفاء کلینک', 'shifa-clinic'],
    ['ڈاکٹر کریم', 'dr-krim'],
    ['د. محمد يوسف', 'dr-muhammad-yosf'],
    ['عيادة ٢٤', 'clinic-24'],
    ['診療所', ''],
    ['❤️', ''],
  ])('%s becomes %s', (name, slug) => {
    expect(slugOf(name)).toBe(slug)
  })

  it('is cut at the end of a word', () => {
    const slug = slugOf('The Very Long And Winding Name Of A Family Practice In Town')
    expect(slug).toBe('the-very-long-and-winding-name-of-a')
  })

  it('falls back to the city, and to chance', () => {
    expect(slugCandidates('診療所', 'Karachi', 'a1b2c3')[0]).toBe('clinic-karachi')
    expect(slugCandidates('診療所', '東京', 'a1b2c3')).toEqual(['clinic-a1b2c3'])
  })

  it('is never a word that means something else', () => {
    expect(slugCandidates('Admin', 'Lahore', 'a1b2c3')[0]).toBe('admin-lahore')
    expect(slugCandidates('X', 'Lahore', 'a1b2c3')[0]).toBe('clinic-lahore')
    for (const word of ['api', 'app', 'www', 'sign-in', 'clinic']) expect(isReservedSlug(word)).toBe(true)
    expect(isReservedSlug('shifa')).toBe(false)
  })

  it('is always well made', () => {
    for (const name of ['a'.repeat(100), '--x--y--', 'عيادة '.repeat(20), 'A-1']) {
      for (const slug of slugCandidates(name, 'Kafr El Sheikh', 'a1b2c3')) expect(isSlug(slug), slug).toBe(true)
    }
  })
})

describe('countries', () => {
  it('have a currency and a time zone that exist', () => {
    expect(countryCodes.length).toBeGreaterThan(230)
    for (const code of countryCodes) {
      expect(currencyOf(code), code).toMatch(/^[A-Z]{3}$/)
      expect(isZone(zoneOf(code)), code).toBe(true)
    }
    expect([currencyOf('PK'), zoneOf('PK')]).toEqual(['PKR', 'Asia/Karachi'])
    expect([currencyOf('EG'), zoneOf('EG')]).toEqual(['EGP', 'Africa/Cairo'])
    expect([currencyOf('GB'), zoneOf('GB')]).toEqual(['GBP', 'Europe/London'])
    expect([currencyOf('US'), zoneOf('US')]).toEqual(['USD', 'America/New_York'])
  })
})
