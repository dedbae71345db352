// What somebody writes to the service, from the form to the last step about it, and the clock of data requests.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { fileRequest, type NewRequest } from '../../src/features/requests/actions.ts'
import { clockOf, referenceOf } from '../../src/features/requests/rules.ts'
import { Temporal } from '../../src/kernel/time.ts'
import { startTestApp, type TestApp } from '../support/app.ts'
import { makeClinic, makePlatformAdmin, signedIn, type TestClinic } from '../support/cast.ts'
import { wordsOf, type Agent } from '../support/http.ts'

let app: TestApp
let clinic: TestClinic
let admin: Agent
let adminId: string
beforeAll(async () => {
  app = await startTestApp()
  clinic = await makeClinic(app)
  const person = await makePlatformAdmin(app)
  adminId = person.userId
  admin = await signedIn(app, person.userId)
})
afterAll(() => app.stop())

let addresses = 0
const file = async (form: Partial<NewRequest> = {}, address = `2001:db8:1:${++addresses}::1`) => {
  const filed = await fileRequest(
    app.services,
    { requestId: 'test', address },
    {
      topic: 'question',
      name: 'Ayesha Siddiqui',
      email: 'ayesha@patient.test',
      message: 'Do you have a free plan?',
      language: 'en',
      ...form,
    },
  )
  return filed
}
const filed = async (form: Partial<NewRequest> = {}) => {
  const answer = await file(form)
  if (!answer.ok) throw new Error(answer.reason)
  return answer.value
}
const mailed = async (to: string) => {
  await app.runJob('messaging.mails')
  return app.mail.mailsTo(to).map(({ subject, text }) => `${subject}\n${text}`)
}
const requestPage = async (id: string) => wordsOf((await admin.get(`/admin/requests/${id}`).expect(200)).text)
const post = (id: string, what: string, fields: Record<string, string> = {}) =>
  admin.postForm(`/admin/requests/${id}/${what}`, fields)

describe('the clock of a data request', () => {
  const due = Temporal.Instant.from('2026-12-24T07:00:00Z')
  it.each([
    ['2026-11-24T07:00:00Z', 'running', 30],
    ['2026-12-14T06:59:59Z', 'running', 11],
    ['2026-12-14T07:00:00Z', 'escalated', 10],
    ['2026-12-24T06:59:59Z', 'escalated', 1],
    ['2026-12-24T07:00:00Z', 'overdue', 0],
    ['2026-12-25T06:59:59Z', 'overdue', 0],
    ['2026-12-25T07:00:00Z', 'overdue', -1],
  ])('at %s is %s with %i days', (now, state, daysLeft) => {
    const clock = clockOf({ dueAt: due, closedAt: null }, Temporal.Instant.from(now))
    expect({ ...clock, daysLeft: clock.daysLeft + 0 }).toEqual({ state, daysLeft })
  })

  it('stops when it is closed', () => {
    const closedAt = Temporal.Instant.from('2026-12-20T07:00:00Z')
    expect(clockOf({ dueAt: due, closedAt }, due.add({ hours: 999 }))).toEqual({ state: 'stopped', daysLeft: 4 })
  })
})

describe('filing a request', () => {
  it('keeps it sealed and tells who wrote that it came in, without a word of theirs', async () => {
    const { id, reference } = await filed({ email: 'sealed@patient.test', message: 'My secret question' })
    expect(reference).toBe(referenceOf(id))
    const [row] = await app.superuser<Record<string, Buffer>>('select * from platform.requests where id = $1', [id])
    for (const name of ['name_sealed', 'email_sealed', 'message_sealed']) {
      expect(row![name]!.toString('latin1')).not.toMatch(/Ayesha|secret|sealed@/i)
    }
    expect(row!.due_at).toBeNull()
    const [mail] = await mailed('sealed@patient.test')
    expect(mail).toContain(reference)
    expect(mail).not.toMatch(/secret|Ayesha/)
  })

  it('about data has 30 days, said in the language it was written in', async () => {
    const { id } = await filed({
      topic: 'privacy',
      language: 'ur',
      email: 'data@patient.test',
      clinicSlug: clinic.slug,
    })
    const [row] = await app.superuser<{ due_at: Temporal.Instant; clinic_id: string }>(
      'select due_at, clinic_id from platform.requests where id = $1',
      [id],
    )
    expect(row!.due_at.toString()).toBe(
      app.clock
        .now()
        .add({ hours: 30 * 24 })
        .toString(),
    )
    expect(row!.clinic_id).toBe(clinic.id)
    expect((await mailed('data@patient.test'))[0]).toContain('ذاتی ڈیٹا')
  })

  it('is taken five times an hour from one address', async () => {
    for (let round = 0; round < 5; round++) expect((await file({}, '203.0.113.9')).ok).toBe(true)
    expect(await file({}, '203.0.113.9')).toMatchObject({ ok: false, reason: 'too_many' })
    expect((await file({}, '203.0.113.10')).ok).toBe(true)
  })

  it('about a clinic that is not there is about none', async () => {
    const { id } = await filed({ clinicSlug: 'nowhere' })
    expect(await requestPage(id)).not.toContain('nowhere')
  })
})

describe('what is done about it', () => {
  let id: string
  beforeEach(async () => {
    id = (await filed({ topic: 'privacy', email: 'asks@patient.test' })).id
    await admin.getForm(`/admin/requests/${id}`)
  })

  it('is answered by mail, in the words typed, braces and all', async () => {
    await post(id, 'answer', { text: 'Dear Ayesha, {{reference}} $t(x) is what you asked.' }).expect(303)
    const words = await requestPage(id)
    expect(words).toContain('The answer is on its way')
    expect(words).toContain('Answer sent')
    expect((await mailed('asks@patient.test')).at(-1)).toContain('{{reference}} $t(x) is what you asked.')
    await post(id, 'answer', { text: ' ' }).expect(422)
  })

  it('is noted, given to somebody, and only to somebody of the platform', async () => {
    await post(id, 'notes', { text: 'Called her back.' }).expect(303)
    await post(id, 'assignment', { to: adminId }).expect(303)
    await post(id, 'assignment', { to: clinic.cast.nadia.userId }).expect(422)
    const words = await requestPage(id)
    expect(words).toContain('Called her back.')
    expect(words).toContain('Given to Platform Admin')
    const mine = wordsOf((await admin.get('/admin/requests?view=mine').expect(200)).text)
    expect(mine).toContain(referenceOf(id))
  })

  it('is handed to the clinic, whose owners hear by when, and not who asks', async () => {
    await post(id, 'routing', { clinic: 'nowhere' }).expect(422)
    await post(id, 'routing', { clinic: clinic.slug }).expect(303)
    expect(await requestPage(id)).toContain('With the clinic')
    const mail = (await mailed(clinic.cast.nadia.email)).at(-1)
    expect(mail).toContain(referenceOf(id))
    expect(mail).not.toMatch(/Ayesha|asks@/)
    expect(await mailed(clinic.cast.bilal.email)).toEqual([])
    const other = (await filed({ topic: 'question' })).id
    await post(other, 'routing', { clinic: clinic.slug }).expect(422)
  })

  it('is closed with a reason, once, and opened again with its clock', async () => {
    await post(id, 'closing', {}).expect(422)
    await post(id, 'closing', { reason: 'answered' }).expect(303)
    await post(id, 'closing', { reason: 'spam' }).expect(422)
    await post(id, 'answer', { text: 'too late' }).expect(422)
    expect(await requestPage(id)).toContain('Closed in time')
    await post(id, 'closing/undo').expect(303)
    expect(await requestPage(id)).toContain('30 days left')
  })

  it('stands in the audit log, each step once', async () => {
    await post(id, 'notes', { text: 'x' }).expect(303)
    await post(id, 'closing', { reason: 'spam' }).expect(303)
    const entries = await app.superuser<{ action: string }>(
      'select action from platform.audit_entries where record_id = $1 order by at, id',
      [id],
    )
    expect(entries.map(({ action }) => action)).toEqual(['request.filed', 'request.noted', 'request.closed'])
  })
})

describe('the inbox', () => {
  it('is filtered by state, topic and clinic, and taken along without names', async () => {
    const { reference } = await filed({ topic: 'abuse', clinicSlug: clinic.slug, name: 'Somebody Named' })
    const list = async (query: string) => wordsOf((await admin.get(`/admin/requests?${query}`).expect(200)).text)
    expect(await list(`topic=abuse&clinic=${clinic.slug}&status=open`)).toContain(reference)
    expect(await list('topic=plans')).not.toContain(reference)
    expect(await list('topic=abuse&status=closed')).not.toContain(reference)
    expect(await list('clinic=nowhere')).not.toContain(reference)
    await admin.getForm('/admin/requests')
    const csv = await admin.postForm('/admin/requests/export?topic=abuse').expect(200)
    expect(csv.text).toContain(reference)
    expect(csv.text).not.toMatch(/Somebody|patient\.test/)
  })

  it('goes on page by page, each request once', async () => {
    for (let round = 0; round < 55; round++) await filed({ topic: 'plans' })
    const references = (html: string) => [...html.matchAll(/>(R-[0-9A-F]{8})</g)].map(([, one]) => one!)
    const first = (await admin.get('/admin/requests?topic=plans').expect(200)).text
    const next = /rel="next" href="([^"]+)"/.exec(first)![1]!.replaceAll('&amp;', '&')
    const all = [...references(first), ...references((await admin.get(next).expect(200)).text)]
    expect(all).toHaveLength(55)
    expect(new Set(all).size).toBe(55)
  })
})

describe('day 20', () => {
  it('reminds its operator and the clinic’s owners, once, and marks the request', async () => {
    const { id } = await filed({ topic: 'privacy', clinicSlug: clinic.slug })
    await admin.getForm('/admin/requests')
    await post(id, 'assignment', { to: adminId }).expect(303)
    // It named its clinic, so nobody has to hand it over.
    const [{ email }] = (await app.superuser<{ email: string }>('select email from platform.users where id = $1', [
      adminId,
    ])) as [{ email: string }]
    const about = (mails: string[]) => mails.filter((mail) => mail.includes(referenceOf(id)))
    app.clock.advance({ hours: 20 * 24 - 1, minutes: 59, seconds: 59 })
    await app.runJob('requests.escalate')
    expect(about(await mailed(email))).toEqual([])
    app.clock.advance({ seconds: 1 })
    await Promise.all([app.runJob('requests.escalate'), app.runJob('requests.escalate')])
    await app.runJob('requests.escalate')
    expect(about(await mailed(email))).toHaveLength(1)
    // One when it was handed over, one now.
    expect(about(await mailed(clinic.cast.nadia.email))).toHaveLength(2)
    admin = await signedIn(app, adminId as never)
    expect(await requestPage(id)).toContain('Day 20 has passed')
  })
})
