import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startTestApp, type TestApp } from '../support/app.ts'
import { makeClinic } from '../support/cast.ts'
import { wordsOf } from '../support/http.ts'

let app: TestApp
beforeAll(async () => {
  app = await startTestApp()
})
afterAll(() => app.stop())

const typed = {
  topic: 'question',
  name: 'Huda',
  email: 'huda@example.org',
  clinic: '',
  message: 'How does it work?',
  website: '',
}
const filed = () => app.superuser('select topic, clinic_id, language from platform.requests order by received_at, id')

describe('writing to us', () => {
  it('keeps what was written and says what happens next', async () => {
    const huda = app.agent('192.0.2.50')
    await huda.getForm('/contact?lang=ar')
    const answer = await huda.postForm('/contact?lang=ar', typed).expect(303)
    const page = await huda.get(answer.headers.location!).expect(200)
    const reference = /reference=([A-Z0-9-]+)/.exec(answer.headers.location!)?.[1]
    expect(reference).toBeDefined()
    expect(page.text).toContain(reference)
    expect(page.text).toContain('<html lang="ar"')
    expect((await filed()).at(-1)).toMatchObject({ topic: 'question', language: 'ar', clinic_id: null })
  })

  it.each([
    ['its address', (slug: string) => slug],
    ['its link', (slug: string) => `https://nabz.test/c/${slug}?lang=ur`],
  ])('knows the clinic by %s', async (_name, write) => {
    const clinic = await makeClinic(app)
    await app
      .agent('192.0.2.51')
      .postForm('/contact', { ...typed, topic: 'privacy', clinic: write(clinic.slug) })
      .expect(303)
    expect((await filed()).at(-1)).toMatchObject({ topic: 'privacy', clinic_id: clinic.id })
  })

  it('says what is wrong at the field and on top, and keeps what was typed', async () => {
    const before = await filed()
    const answer = await app
      .agent('192.0.2.52')
      .postForm('/contact?lang=en', { ...typed, topic: '', email: 'huda' })
      .expect(422)
    const words = wordsOf(answer.text)
    expect(words.split('Choose what it is about')).toHaveLength(3)
    expect(words.split('Enter an e-mail address like name@example.com')).toHaveLength(3)
    expect(answer.text).toContain('href="#f-topic"')
    expect(answer.text).toContain('How does it work?')
    expect(answer.text).toMatch(/<title>Error: /)
    expect(await filed()).toEqual(before)
  })

  it('thanks a program that fills in everything, and throws it away', async () => {
    const before = await filed()
    const answer = await app
      .agent('192.0.2.53')
      .postForm('/contact', { ...typed, website: 'https://spam.test' })
      .expect(303)
    expect(answer.headers.location).not.toContain('reference')
    expect(await filed()).toEqual(before)
  })

  it('takes five an hour from one address', async () => {
    const many = app.agent('192.0.2.54')
    for (let more = 0; more < 5; more++) await many.postForm('/contact', typed).expect(303)
    await many.postForm('/contact', typed).expect(429)
    await app.agent('192.0.2.55').postForm('/contact', typed).expect(303)
    app.clock.advance({ minutes: 61 })
    await many.postForm('/contact', typed).expect(303)
  })

  it('opens with the topic a link names, and shows no reference that is none', async () => {
    const page = await app.agent().get('/contact?topic=security').expect(200)
    expect(page.text).toMatch(/value="security" checked/)
    const sent = await app.agent().get('/contact/sent?reference=%3Cb%3Ehello%3C%2Fb%3E').expect(200)
    expect(wordsOf(sent.text)).not.toContain('hello')
  })
})
