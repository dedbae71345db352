// A clinic comes to life.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { limits } from '../../src/features/accounts/rules.ts'
import { startTestApp, type TestApp } from '../support/app.ts'
import { readPage, wordsOf } from '../support/http.ts'
import { isSignedIn, mailsTo, newestMail, openAClinic, signUpFields, tryToSignIn } from './scene.ts'

let app: TestApp
beforeAll(async () => {
  app = await startTestApp({ passwordCost: 4 })
})
afterAll(() => app.stop())

const clinicsNamed = (name: string) =>
  app.superuser<Record<string, string>>('select * from platform.clinics where name = $1', [name])
const post = async (fields: Record<string, string>, path = '/sign-up', address = '198.51.100.251') => {
  const browser = app.agent(address)
  await browser.getForm(path)
  return { browser, answer: await browser.postForm(path, fields) }
}

describe('opening a clinic', () => {
  it('makes the clinic and its owner, and leads straight into the workspace', async () => {
    const { browser, slug, email } = await openAClinic(app, { clinicName: 'Seaview Clinic', city: 'Karachi' })
    expect(slug).toBe('seaview-clinic')
    const page = await browser.get(`/app/${slug}/today`).expect(200)
    expect(wordsOf(page.text)).toContain('Seaview Clinic')
    const [clinic] = await clinicsNamed('Seaview Clinic')
    expect(clinic).toMatchObject({
      slug: 'seaview-clinic',
      city: 'Karachi',
      country: 'PK',
      time_zone: 'Asia/Karachi',
      currency: 'PKR',
      language: 'en',
      specialty: 'general_practice',
      status: 'active',
    })
    const members = await app.superuser(
      `select u.email, m.role from platform.memberships m join platform.users u on u.id = m.user_id
       where m.clinic_id = $1`,
      [clinic!.id],
    )
    expect(members).toEqual([{ email, role: 'owner' }])
    const [entry] = await app.superuser(`select * from platform.audit_entries where clinic_id = $1`, [clinic!.id])
    expect(entry).toMatchObject({ action: 'clinic.opened', actor_kind: 'user' })
  })

  it('keeps no password that anybody could read, and lets its owner in with it again', async () => {
    const { email } = await openAClinic(app)
    const [row] = await app.superuser<{ password_hash: string }>(
      'select password_hash from platform.users where email = $1',
      [email],
    )
    expect(row!.password_hash).toMatch(/^\$2b\$/)
    expect((await tryToSignIn(app, email)).isIn).toBe(true)
  })

  it('guesses money and clock from the country', async () => {
    for (const [country, zone, currency] of [
      ['EG', 'Africa/Cairo', 'EGP'],
      ['GB', 'Europe/London', 'GBP'],
      ['KW', 'Asia/Kuwait', 'KWD'],
      ['IN', 'Asia/Kolkata', 'INR'],
    ] as const) {
      await openAClinic(app, { clinicName: `Clinic of ${country}`, country })
      expect(await clinicsNamed(`Clinic of ${country}`)).toMatchObject([{ time_zone: zone, currency }])
    }
  })

  it('asks about the clock where a country has several, with the likeliest chosen and everything typed kept', async () => {
    const fields = signUpFields('denver@example.org', { clinicName: 'Mile High', city: 'Denver', country: 'US' })
    const { browser, answer } = await post(fields)
    expect(answer.status).toBe(422)
    expect(wordsOf(answer.text)).toContain('This country has several time zones')
    expect(answer.text).toMatch(/<option value="America\/New_York" selected>/)
    expect(answer.text).toContain('value="Mile High"')
    await browser.postForm('/sign-up', { ...fields, zone: 'America/Denver' }).expect(303)
    expect(await clinicsNamed('Mile High')).toMatchObject([{ time_zone: 'America/Denver' }])
  })

  it('takes no clock of another country', async () => {
    const fields = signUpFields('x@example.org', { clinicName: 'Nowhere', country: 'US', zone: 'Asia/Karachi' })
    expect((await post(fields)).answer.status).toBe(422)
    await openAClinic(app, { clinicName: 'Karachi after all', country: 'PK', zone: 'America/Denver' })
    expect(await clinicsNamed('Karachi after all')).toMatchObject([{ time_zone: 'Asia/Karachi' }])
  })

  it('speaks the language that was chosen, from the form on', async () => {
    const page = await app.agent().getForm('/sign-up?lang=ar')
    expect(page.html).toContain('dir="rtl"')
    const form = page.forms.find(({ method }) => method === 'post')
    expect(form?.action).toBe('/sign-up?lang=ar')
    const { answer } = await post({}, '/sign-up?lang=ar')
    expect(readPage(answer).html).toContain('dir="rtl"')
  })

  it('two clinics of one name have two addresses', async () => {
    const one = await openAClinic(app, { clinicName: 'Twin Clinic' })
    const two = await openAClinic(app, { clinicName: 'Twin Clinic' })
    expect(two.slug).not.toBe(one.slug)
    await one.browser.get(`/app/${two.slug}/today`).expect(404)
  })
})

describe('a form that is not right', () => {
  it('says at each field what is missing, and makes nothing', async () => {
    const before = await app.superuser('select count(*) from platform.users')
    const { answer } = await post({ specialty: '' })
    expect(answer.status).toBe(422)
    const words = wordsOf(answer.text)
    for (const message of [
      'Enter the name of the clinic',
      'Enter the city',
      'Choose the country',
      'Choose a specialty',
      'Enter your name',
      'Enter an e-mail address',
      'Enter a password',
    ]) {
      expect(words).toContain(message)
    }
    expect(await app.superuser('select count(*) from platform.users')).toEqual(before)
  })

  it.each([
    ['short', 'Use at least 12 characters'],
    ['password123456', 'one of the first that guessers try'],
    ['Marina Clinic 1', 'Leave names, your e-mail and the clinic out'],
    ['nabz demo only', 'everybody knows it'],
    ['x'.repeat(257), 'Use at most 256 characters'],
    ['y'.repeat(2000), 'Use at most 256 characters'],
    ['with a nul \u0000 in it', 'a character that can’t be used'],
  ])('V6.2.1, V6.2.4: refuses the password %j', async (password, message) => {
    const { answer } = await post(signUpFields('weak@example.org', { password }))
    expect(answer.status).toBe(422)
    expect(wordsOf(answer.text)).toContain(message)
    // What was typed is kept, but for the password.
    expect(answer.text).toContain('value="weak@example.org"')
    expect(answer.text).not.toContain(`value="${password}"`)
  })

  it.each([
    ['country', 'XX'],
    ['country', 'pk'],
    ['specialty', 'magic'],
    ['language', 'de'],
    ['email', 'two@example.org,three@example.org'],
    ['email', 'no address'],
  ])('refuses %s %j', async (field, value) => {
    expect((await post(signUpFields('odd@example.org', { [field]: value }))).answer.status).toBe(422)
    expect(await app.superuser(`select 1 from platform.users where email like '%odd@%'`)).toEqual([])
  })
})

describe('an e-mail that has an account', () => {
  it('V6.3.8: gets a mail, opens nothing and signs nobody in; the page only says to look there', async () => {
    const { email } = await openAClinic(app)
    const { browser, answer } = await post(
      signUpFields(email.toUpperCase(), { clinicName: 'Impostor', password: 'another long password' }),
    )
    expect(answer.status).toBe(200)
    expect(wordsOf(answer.text)).toContain('Look in your mail')
    expect(answer.text).not.toContain(email)
    expect(await clinicsNamed('Impostor')).toEqual([])
    expect(await isSignedIn(browser)).toBe(false)
    expect((await newestMail(app, email)).subject).toBe('You have a Nabz account already')
    expect((await tryToSignIn(app, email, 'another long password')).isIn).toBe(false)
    expect((await tryToSignIn(app, email)).isIn).toBe(true)
  })

  it('is not flooded with such mail', async () => {
    const { email } = await openAClinic(app)
    for (let i = 0; i < 6; i++) await post(signUpFields(email), '/sign-up', `198.51.100.${i + 1}`)
    expect((await mailsTo(app, email)).length).toBe(limits.resetAccount.max)
  })

  it('stays one account when two forms arrive at once', async () => {
    const both = await Promise.all([
      post(signUpFields('once@example.org', { clinicName: 'First Try' })),
      post(signUpFields('once@example.org', { clinicName: 'Second Try' })),
    ])
    expect(both.map(({ answer }) => answer.status).sort()).toEqual([200, 303])
    const opened = [...(await clinicsNamed('First Try')), ...(await clinicsNamed('Second Try'))]
    expect(opened).toHaveLength(1)
  })
})

describe('somebody who opens clinics without end', () => {
  it('V2.4.1: is asked to wait, while mistakes in the form cost nothing', async () => {
    const from = '198.51.100.77'
    for (let i = 0; i < limits.signUpAddress.max + 5; i++) await post({}, '/sign-up', from)
    for (let i = 0; i < limits.signUpAddress.max; i++) {
      expect((await post(signUpFields(`many-${i}@example.org`), '/sign-up', from)).answer.status).toBe(303)
    }
    const { answer } = await post(signUpFields('one-more@example.org'), '/sign-up', from)
    expect(answer.status).toBe(429)
    expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0)
  })
})
