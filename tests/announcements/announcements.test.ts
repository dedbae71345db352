// What the platform tells its clinics: over their pages and by mail, to whom it is for, and once.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { newsToken, sendAnnouncements } from '../../src/features/announcements/actions.ts'
import { startTestApp, type TestApp } from '../support/app.ts'
import { makeClinic, makePlatformAdmin, signedIn, type TestClinic } from '../support/cast.ts'
import { wordsOf, type Agent } from '../support/http.ts'

let app: TestApp
let here: TestClinic
let abroad: TestClinic
let admin: Agent
beforeAll(async () => {
  app = await startTestApp()
  here = await makeClinic(app)
  abroad = await makeClinic(app, {
    country: 'EG',
    zone: 'Africa/Cairo',
    currency: 'EGP',
    language: 'ar',
    city: 'Cairo',
  })
  admin = await signedIn(app, (await makePlatformAdmin(app)).userId)
})
afterAll(() => app.stop())

type Fields = Record<string, string | string[]>
let written = 0
const wording = (fields: Fields = {}): Fields => {
  const title = `Maintenance ${++written}`
  return {
    title_en: title, title_ar: `صيانة ${written}`, title_ur: `دیکھ بھال ${written}`,
    text_en: 'On Friday {{at}} noon.', text_ar: 'يوم الجمعة.', text_ur: 'جمعہ کو۔',
    tone: 'info', banner: 'yes', starts: '2026-11-24T06:00', ends: '', publish: 'yes',
    ...fields,
  } // prettier-ignore
}
/** Writes one and answers its address in the console. */
const write = async (fields: Fields = {}) => {
  const answer = await admin.postForm('/admin/announcements/new', wording(fields)).expect(303)
  return answer.headers.location as string
}
const today = async (clinic: TestClinic, person: TestClinic['cast']['nadia'] = clinic.cast.nadia) =>
  wordsOf((await (await clinic.as(person)).get(`/app/${clinic.slug}/today`).expect(200)).text)
const received = async (email: string, subject: string) => {
  await app.runJob('messaging.mails')
  return app.mail.mailsTo(email).filter((mail) => mail.subject === subject)
}

describe('a banner', () => {
  it('is shown to whom it is for, in their language', async () => {
    await write({ title_en: 'For Egypt', title_ar: 'إلى مصر', countries: 'EG' })
    expect(await today(abroad)).toContain('For Egypt')
    await app.superuser(`update platform.users set language = 'ar' where id = $1`, [abroad.cast.bilal.userId])
    expect(await today(abroad, abroad.cast.bilal)).toContain('إلى مصر')
    expect(await today(here)).not.toContain('For Egypt')
    await write({ title_en: 'For groups', plans: ['group', 'solo'] })
    expect(await today(here)).not.toContain('For groups')
    await write({ title_en: 'In English', languages: 'en' })
    expect(await today(here)).toContain('In English')
    expect(await today(abroad)).not.toContain('In English')
  })

  it('is put away by one person, and stays away, also after signing in again', async () => {
    const address = await write({ title_en: 'Read me' })
    const nadia = await here.as(here.cast.nadia)
    const page = await nadia.getForm(`/app/${here.slug}/patients`)
    const form = page.forms.find(({ action }) => action.startsWith('/account/announcements'))!
    expect(form.fields.back).toBe(`/app/${here.slug}/patients`)
    const announcement = address.split('/').at(-1)!
    expect(page.html).toContain(`value="${announcement}"`)
    const gone = await nadia.postForm(form.action, { ...form.fields, announcement }).expect(303)
    expect(gone.headers.location).toBe(`/app/${here.slug}/patients`)
    expect(await today(here)).not.toContain('Read me')
    expect(await today(here, here.cast.bilal)).toContain('Read me')
    const elsewhere = await nadia.postForm(form.action, { announcement, back: 'https://evil.test/' }).expect(303)
    expect(elsewhere.headers.location).toBe('/')
  })

  it('comes and goes by its hours, and costs a page no statement', async () => {
    const address = await write({ title_en: 'Tomorrow', starts: '2026-11-25T07:00', ends: '2026-11-25T08:00' })
    expect(await today(here)).not.toContain('Tomorrow')
    app.clock.set('2026-11-25T07:00:00Z')
    expect(await today(here)).toContain('Tomorrow')
    app.clock.set('2026-11-25T08:00:00Z')
    expect(await today(here)).not.toContain('Tomorrow')
    app.clock.set('2026-11-24T07:00:00Z')
    await admin.getForm(address)
  })

  it('is heard of by other processes', async () => {
    await app.superuser(
      `insert into platform.announcements (id, titles, texts, banner, email, starts_at, published_at, created_at, updated_at)
       values (gen_random_uuid(), $1, $1, true, false, $2, $2, $2, $2)`,
      [JSON.stringify({ en: 'From another process', ar: 'x', ur: 'x' }), '2026-11-24T06:59:00Z'],
    )
    await app.superuser(`select pg_notify('nabz_changed', 'announcements')`)
    for (let round = 0; round < 100; round++) {
      if ((await today(here)).includes('From another process')) return
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
    throw new Error('nobody heard')
  })
})

describe('writing one', () => {
  it('needs all three languages, a place and a time', async () => {
    await admin.postForm('/admin/announcements/new', wording({ title_ur: '' })).expect(422)
    const { banner: _banner, ...nowhere } = wording()
    await admin.postForm('/admin/announcements/new', nowhere).expect(422)
    await admin.postForm('/admin/announcements/new', wording({ starts: 'soon' })).expect(422)
    await admin.postForm('/admin/announcements/new', wording({ ends: '2026-11-24T05:00' })).expect(422)
  })

  it('shows beforehand how many it reaches, and keeps nothing by that', async () => {
    const before = await app.superuser('select 1 from platform.announcements')
    const { publish: _publish, ...draft } = wording({ email: 'yes', countries: 'EG', preview: 'yes' })
    const answer = await admin.postForm('/admin/announcements/new', draft).expect(200)
    expect(wordsOf(answer.text)).toContain('2 clinics')
    expect(wordsOf(answer.text)).toContain('2 owners by mail')
    expect(await app.superuser('select 1 from platform.announcements')).toHaveLength(before.length)
  })

  it('as a draft is seen by nobody; it is changed until it begins, and no more', async () => {
    const { publish: _publish, ...draft } = wording({ title_en: 'Drafted', starts: '2026-11-26T07:00' })
    const answer = await admin.postForm('/admin/announcements/new', draft).expect(303)
    const address = answer.headers.location as string
    await admin.postForm(address, wording({ title_en: 'Better words', starts: '2026-11-24T06:00' })).expect(303)
    expect(await today(here)).toContain('Better words')
    await admin.postForm(address, wording({ title_en: 'Rewritten' })).expect(409)
    expect(await today(here)).not.toContain('Rewritten')
    await admin.postForm(`${address}/withdrawal`).expect(303)
    expect(await today(here)).not.toContain('Better words')
  })
})

describe('the mails of one', () => {
  it('reach each owner once, in their language, whoever sends and however often', async () => {
    await app.superuser(`update platform.users set language = 'ur' where id = $1`, [abroad.cast.nadia.userId])
    await write({ title_en: 'By mail', title_ur: 'ای میل سے', email: 'yes' })
    await Promise.all([sendAnnouncements(app.services), sendAnnouncements(app.services)])
    await app.runJob('announcements.send')
    const [mail, ...more] = await received(here.cast.nadia.email, 'By mail')
    expect(more).toEqual([])
    expect(mail!.text).toContain('On Friday {{at}} noon.')
    expect(mail!.text).toContain('/unsubscribe/')
    expect(await received(abroad.cast.nadia.email, 'ای میل سے')).toHaveLength(1)
    expect(await received(here.cast.bilal.email, 'By mail')).toEqual([])
    const [row] = await app.superuser<{ mails: number; done: boolean }>(
      `select mails, mailing_done_at is not null as done from platform.announcements where titles->>'en' = 'By mail'`,
    )
    const owners = await app.superuser(`select distinct user_id from platform.memberships where role = 'owner'`)
    expect(row).toEqual({ mails: owners.length, done: true })
  })

  it('go on behind the last owner written to after the process died', async () => {
    const address = await write({ title_en: 'Resumed', email: 'yes' })
    const id = address.split('/').at(-1)!
    const owners = await app.superuser<{ id: string }>(
      `select distinct user_id as id from platform.memberships where role = 'owner' order by user_id`,
    )
    await app.superuser(
      'insert into platform.announcement_mails (announcement_id, user_id, at) values ($1, $2, now())',
      [id, owners[1]!.id],
    )
    await app.superuser('update platform.announcements set mailed_up_to = $2 where id = $1', [id, owners[0]!.id])
    await app.runJob('announcements.send')
    const [row] = await app.superuser<{ mails: number }>('select mails from platform.announcements where id = $1', [id])
    expect(row!.mails).toBe(owners.length - 2)
  })

  it('that came too late are not sent, and none while the switch is off', async () => {
    await write({ title_en: 'Stale', email: 'yes', starts: '2026-11-24T01:00', ends: '2026-11-24T02:00' })
    await app.runJob('announcements.send')
    expect(await received(here.cast.nadia.email, 'Stale')).toEqual([])
    await admin.postForm('/admin/switches', { code: 'announcement_mails', mode: 'off', note: 'quiet' }).expect(303)
    await write({ title_en: 'Held back', email: 'yes' })
    await app.runJob('announcements.send')
    expect(await received(here.cast.nadia.email, 'Held back')).toEqual([])
    await admin.postForm('/admin/switches', { code: 'announcement_mails', mode: 'on', note: 'again' }).expect(303)
    await app.runJob('announcements.send')
    expect(await received(here.cast.nadia.email, 'Held back')).toHaveLength(1)
  })

  it('stop by the link in them, all but those about the service itself', async () => {
    const token = newsToken(app.services.keys.platform, here.cast.nadia.userId)
    const visitor = app.agent()
    // A mail program that looks ahead changes nothing.
    expect(wordsOf((await visitor.getForm(`/unsubscribe/${token}`)).html)).toContain('No more news by mail?')
    await write({ title_en: 'Still news', email: 'yes' })
    await app.runJob('announcements.send')
    expect(await received(here.cast.nadia.email, 'Still news')).toHaveLength(1)
    const stopped = await visitor.postForm(`/unsubscribe/${token}`, { news: 'no' }).expect(200)
    expect(wordsOf(stopped.text)).toContain('You will get no more news')
    await write({ title_en: 'News', email: 'yes' })
    await write({ title_en: 'About the service', email: 'yes', operational: 'yes' })
    await app.runJob('announcements.send')
    expect(await received(here.cast.nadia.email, 'News')).toEqual([])
    const [mail] = await received(here.cast.nadia.email, 'About the service')
    expect(mail!.text).not.toContain('unsubscribe')
    await visitor.postForm(`/unsubscribe/${token}`, { news: 'yes' }).expect(200)
    await write({ title_en: 'News again', email: 'yes' })
    await app.runJob('announcements.send')
    expect(await received(here.cast.nadia.email, 'News again')).toHaveLength(1)
    const forged = `${abroad.cast.nadia.userId}.${token.split('.')[1]}`
    await visitor.get(`/unsubscribe/${forged}`).expect(404)
    await visitor.postForm(`/unsubscribe/${forged}`, { news: 'no' }).expect(404)
  })
})
