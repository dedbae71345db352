// Somebody of the platform looks at a clinic: only on an owner's word, for an hour, without touching anything, in the open.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { startTestApp, type TestApp } from '../support/app.ts'
import { makeClinic, makePlatformAdmin, signedIn, type TestClinic } from '../support/cast.ts'
import { makeBookable, makePatient } from '../support/factories.ts'
import { wordsOf, type Agent } from '../support/http.ts'

let app: TestApp
beforeAll(async () => {
  app = await startTestApp()
})
afterAll(() => app.stop())

let clinic: TestClinic
let admin: Agent
let adminId: string
let nadia: Agent
beforeEach(async () => {
  clinic = await makeClinic(app)
  const person = await makePlatformAdmin(app)
  adminId = person.userId
  admin = await signedIn(app, person.userId)
  nadia = await clinic.as(clinic.cast.nadia)
})

const reason = 'Reminders do not arrive, ticket 17'
const declare = (fields: Record<string, string> = {}) =>
  admin.postForm('/admin/support', { clinic: clinic.slug, reason, ...fields })
const visitId = async () =>
  (
    await app.superuser<{ id: string }>(
      'select id from platform.support_visits where clinic_id = $1 order by asked_at desc, id desc limit 1',
      [clinic.id],
    )
  )[0]!.id
const settings = (path = '') => `/app/${clinic.slug}/settings/support${path}`
const mailsTo = async (email: string) => {
  await app.runJob('messaging.mails')
  return app.mail.mailsTo(email).map(({ subject, text }) => `${subject}\n${text}`)
}
/** Declared, allowed and begun. */
const begin = async () => {
  await declare().expect(303)
  const id = await visitId()
  await nadia.postForm(settings(`/${id}/answer`), { answer: 'allow' }).expect(303)
  const started = await admin.postForm(`/admin/support/${id}/start`).expect(303)
  expect(started.headers.location).toBe(`/app/${clinic.slug}/today`)
  return id
}

describe('before an owner has said yes', () => {
  it('nobody gets in, whatever they declared', async () => {
    await admin.get(`/app/${clinic.slug}/today`).expect(404)
    await declare().expect(303)
    const id = await visitId()
    await admin.postForm(`/admin/support/${id}/start`).expect(303)
    await admin.get(`/app/${clinic.slug}/today`).expect(404)
    const [mail] = await mailsTo(clinic.cast.nadia.email)
    expect(mail).toContain(reason)
    expect(mail).toContain(settings())
    expect(await mailsTo(clinic.cast.bilal.email)).toEqual([])
  })

  it('a reason is needed, a clinic there is, and one visit at a time', async () => {
    await declare({ reason: 'look' }).expect(422)
    await declare({ clinic: 'nowhere' }).expect(422)
    await declare().expect(303)
    await declare().expect(422)
  })

  it('an owner may refuse, once and for that visit', async () => {
    await declare().expect(303)
    const id = await visitId()
    await nadia.postForm(settings(`/${id}/answer`), { answer: 'refuse' }).expect(303)
    await nadia.postForm(settings(`/${id}/answer`), { answer: 'allow' }).expect(303)
    await admin.postForm(`/admin/support/${id}/start`).expect(303)
    await admin.get(`/app/${clinic.slug}/today`).expect(404)
    await declare().expect(303)
  })

  it('only an owner of this clinic decides', async () => {
    await declare().expect(303)
    const id = await visitId()
    const bilal = await clinic.as(clinic.cast.bilal)
    await bilal.postForm(settings(`/${id}/answer`), { answer: 'allow' }).expect(403)
    const omar = await clinic.as(clinic.cast.omar)
    await omar.postForm(`/app/${clinic.other.slug}/settings/support/${id}/answer`, { answer: 'allow' }).expect(404)
    await omar.postForm(`/app/${clinic.other.slug}/settings/support/${id}/end`).expect(404)
  })
})

describe('during a visit', () => {
  it('pages are seen, with a banner on each, and nothing else is let in', async () => {
    const patient = await makePatient(clinic)
    await makeBookable(clinic)
    await begin()
    for (const path of [
      '/today',
      '/patients',
      `/patients/${patient.id}`,
      '/messages',
      '/settings',
      '/settings/staff',
    ]) {
      const page = await admin.get(`/app/${clinic.slug}${path}`).expect(200)
      expect(wordsOf(page.text), path).toContain('Support visit by Platform Admin until 1:00')
    }
    await admin.get(`/app/${clinic.other.slug}/today`).expect(404)
    await admin.get(`/app/${clinic.slug}/settings/subscription`).expect(403)
    await admin.get('/admin').expect(200)
  })

  it('no form is taken, from the first to the last', async () => {
    await makeBookable(clinic)
    await begin()
    const counted = () =>
      app.superuser<{ n: number }>(
        `select (select count(*) from clinic.services where clinic_id = $1) + (select count(*) from clinic.appointments
           where clinic_id = $1) + (select count(*) from platform.support_consents where clinic_id = $1) as n`,
        [clinic.id],
      )
    const before = await counted()
    for (const path of [
      '/settings',
      '/settings/rules',
      '/settings/support/consent',
      '/settings/staff/invitations',
      '/settings/services',
    ]) {
      const answer = await admin.postForm(`/app/${clinic.slug}${path}`, { name: 'x', email: 'x@x.test', role: 'owner' })
      expect({ path, status: answer.status }).toEqual({ path, status: 403 })
      expect(wordsOf(answer.text)).toContain('You are only looking')
    }
    expect(await counted()).toEqual(before)
  })

  it('what was looked at stands in the clinic’s log with both people', async () => {
    const patient = await makePatient(clinic)
    const id = await begin()
    await admin.get(`/app/${clinic.slug}/patients/${patient.id}`).expect(200)
    const entries = await app.superuser(
      `select actor_kind, actor_id, on_behalf_id, visit_id, details from clinic.audit_entries
       where clinic_id = $1 and action = 'support_visit.looked'`,
      [clinic.id],
    )
    expect(entries).toEqual([
      {
        actor_kind: 'support',
        actor_id: adminId,
        on_behalf_id: clinic.cast.nadia.userId,
        visit_id: id,
        details: { page: '/app/:slug/patients/:id', id: patient.id },
      },
    ])
    const both = await app.superuser(
      `select action from clinic.audit_entries where clinic_id = $1 and actor_kind = 'support' and
         (actor_id is null or on_behalf_id is null or visit_id is null)`,
      [clinic.id],
    )
    expect(both).toEqual([])
  })

  it('the owners see it on their pages, were told, and end it: the next request is out', async () => {
    const id = await begin()
    const page = await nadia.getForm(`/app/${clinic.slug}/today`)
    expect(wordsOf(page.html)).toContain('Support visit by Platform Admin')
    const bilal = await (await clinic.as(clinic.cast.bilal)).get(`/app/${clinic.slug}/today`).expect(200)
    expect(wordsOf(bilal.text)).not.toContain('Support visit by')
    const form = page.forms.find(({ action }) => action.endsWith(`${id}/end`))!
    await nadia.postForm(form.action, form.fields).expect(303)
    await admin.get(`/app/${clinic.slug}/today`).expect(404)
    const subjects = (await mailsTo(clinic.cast.nadia.email)).map((mail) => mail.split('\n')[0])
    // Queued at one moment of the test's clock, in whichever order.
    expect(subjects.sort()).toEqual([
      'A support visit at Shifa Clinic has begun',
      'Platform Admin of Nabz asks to look at Shifa Clinic',
      'The support visit at Shifa Clinic is over',
    ])
  })

  it('the visitor ends it, and keeps nothing of it', async () => {
    await begin()
    const inside = admin.cookies.get('__Host-nabz')
    const ended = await admin.postForm('/account/support-visit/end').expect(303)
    expect(ended.headers.location).toBe('/admin/support')
    expect(admin.cookies.get('__Host-nabz')).not.toBe(inside)
    await admin.get(`/app/${clinic.slug}/today`).expect(404)
    await admin.get('/admin/support').expect(200)
  })

  it('an operator who is none any more is out as well', async () => {
    await begin()
    await app.superuser('update platform.users set platform_admin = false where id = $1', [adminId])
    await admin.get(`/app/${clinic.slug}/today`).expect(404)
  })

  it('another browser of the same person is not on it', async () => {
    await begin()
    const elsewhere = await signedIn(app, adminId as never)
    await elsewhere.get(`/app/${clinic.slug}/today`).expect(404)
  })
})

describe('time', () => {
  it('is up after an hour, to the second, and the owners hear of it once', async () => {
    await begin()
    // Sessions of the platform's people end after 15 minutes in which nothing was asked for.
    for (const span of [14, 14, 14, 14]) {
      app.clock.advance({ minutes: span })
      await admin.get(`/app/${clinic.slug}/today`).expect(200)
    }
    app.clock.advance({ minutes: 3, seconds: 59 })
    await admin.get(`/app/${clinic.slug}/today`).expect(200)
    app.clock.advance({ seconds: 1 })
    await admin.get(`/app/${clinic.slug}/today`).expect(404)
    await Promise.all([app.runJob('support.end'), app.runJob('support.end')])
    const over = (await mailsTo(clinic.cast.nadia.email)).filter((mail) => mail.includes('is over'))
    expect(over).toHaveLength(1)
    const [visit] = await app.superuser('select ended_by from platform.support_visits where clinic_id = $1', [
      clinic.id,
    ])
    expect(visit).toEqual({ ended_by: 'time' })
  })

  it('makes a yes of no use after a day', async () => {
    await declare().expect(303)
    const id = await visitId()
    await nadia.postForm(settings(`/${id}/answer`), { answer: 'allow' }).expect(303)
    app.clock.advance({ hours: 24 })
    admin = await signedIn(app, adminId as never)
    await admin.postForm(`/admin/support/${id}/start`).expect(303)
    await admin.get(`/app/${clinic.slug}/today`).expect(404)
  })

  it('can’t be stretched in the database either', async () => {
    const id = await begin()
    await expect(
      app.superuser(
        `update platform.support_visits set expires_at = started_at + interval '61 minutes' where id = $1`,
        [id],
      ),
    ).rejects.toMatchObject({ constraint: 'support_visits_hour' })
  })
})

describe('a yes for good', () => {
  it('lets visits begin without asking, until it is taken back: then who is in is out', async () => {
    await nadia.postForm(settings('/consent')).expect(303)
    await declare().expect(303)
    await admin.postForm(`/admin/support/${await visitId()}/start`).expect(303)
    await admin.get(`/app/${clinic.slug}/today`).expect(200)
    expect((await mailsTo(clinic.cast.nadia.email)).map((mail) => mail.split('\n')[0])).toEqual([
      'A support visit at Shifa Clinic has begun',
    ])
    await nadia.postForm(settings('/consent/withdrawal')).expect(303)
    await admin.get(`/app/${clinic.slug}/today`).expect(404)
    const actions = await app.superuser<{ action: string }>(
      `select action from clinic.audit_entries where clinic_id = $1 and action like 'support%' and action <> 'support_visit.looked'
       order by at, id`,
      [clinic.id],
    )
    expect(actions.map(({ action }) => action)).toEqual([
      'support_consent.given', 'support_visit.asked', 'support_visit.started', 'support_consent.withdrawn',
      'support_visit.ended',
    ]) // prettier-ignore
  })
})
