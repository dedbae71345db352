// What an operator decides about one clinic: days, plan, suspension; notes and invitations; and what all of it leaves behind.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Instant } from '../../src/kernel/time.ts'
import { startTestApp, type TestApp } from '../support/app.ts'
import { makeClinic, makePlatformAdmin, signedIn, type TestClinic } from '../support/cast.ts'
import type { Agent } from '../support/http.ts'
import { statementsOf } from '../support/statements.ts'

let app: TestApp
let admin: Agent
beforeAll(async () => {
  app = await startTestApp()
  admin = await signedIn(app, (await makePlatformAdmin(app)).userId)
})
afterAll(() => app.stop())

const pathOf = (clinic: TestClinic, rest = '') => `/admin/clinics/${clinic.id}${rest}`
const subscriptionOf = async (clinic: TestClinic) => {
  const [row] = await app.superuser<Record<string, unknown>>(
    `select s.status, s.period_end, s.suspended_at, p.code as plan, c.status as standing
     from platform.subscriptions s join platform.plans p on p.id = s.plan_id join platform.clinics c on c.id = s.clinic_id
     where s.clinic_id = $1`,
    [clinic.id],
  )
  return row!
}
const actionsOf = async (clinic: TestClinic) =>
  (
    await app.superuser<{ action: string }>(
      `select action from platform.audit_entries where clinic_id = $1 and actor_id is not null order by at, id`,
      [clinic.id],
    )
  ).map(({ action }) => action)

describe('the page of a clinic', () => {
  it('tells who works there, what it uses and what it pays, and nothing of its patients', async () => {
    const clinic = await makeClinic(app, { name: 'Rahma Clinic' })
    await clinic.inClinic((ctx) => {
      ctx.tally('bookings', 3)
      return Promise.resolve()
    })
    const { text } = await admin.get(pathOf(clinic)).expect(200)
    for (const words of ['Rahma Clinic', 'Nadia Khan', clinic.cast.nadia.email, 'Trial', '3 / 3,000', 'Trial began']) {
      expect(text).toContain(words)
    }
    await admin.get('/admin/clinics/01a1fdde-3b92-731f-a760-69db29517c9f').expect(404)
    const statements = await statementsOf(() => admin.get(pathOf(clinic)).expect(200))
    // Session, person, twelve parts in one transaction (begin and commit), and the one look of the jobs' role.
    expect(statements.length, statements.join('\n')).toBeLessThanOrEqual(17)
  })

  it('keeps notes, which can be taken away and brought back', async () => {
    const clinic = await makeClinic(app)
    await admin.postForm(pathOf(clinic, '/notes'), { body: ' ' }).expect(422)
    await admin.postForm(pathOf(clinic, '/notes'), { body: 'Pays on the 5th <b>' }).expect(303)
    const page = await admin.get(pathOf(clinic)).expect(200)
    expect(page.text).toContain('Pays on the 5th &lt;b&gt;')
    const withdrawal = /action="([^"]+\/withdrawal)"/.exec(page.text)![1]!
    await admin.postForm(withdrawal).expect(303)
    expect((await admin.get(pathOf(clinic)).expect(200)).text).not.toContain('Pays on the 5th')
    await admin.postForm(`${withdrawal}/undo`).expect(303)
    expect((await admin.get(pathOf(clinic)).expect(200)).text).toContain('Pays on the 5th')
    // Under another clinic's address there is no such note.
    const other = await makeClinic(app)
    await admin.postForm(withdrawal.replace(clinic.id, other.id)).expect(404)
    expect(await actionsOf(clinic)).toEqual(['clinic.noted', 'clinic.note_withdrawn', 'clinic.note_restored'])
  })

  it('sends an invitation again, with a link of its own', async () => {
    const clinic = await makeClinic(app)
    const id = '01a1fdde-3b92-731f-a760-69db29517c9f'
    await app.superuser(
      `insert into platform.invitations (id, clinic_id, email, role, language, token_hash, invited_by, created_at, expires_at)
       values ($1, $2, 'new@shifa.test', 'receptionist', 'en', 'old', $3, $4, $4::timestamptz + interval '7 days')`,
      [id, clinic.id, clinic.cast.nadia.userId, app.clock.now().toString()],
    )
    await admin.postForm(pathOf(clinic, `/invitations/${id}/again`)).expect(303)
    const open = await app.superuser(
      `select token_hash = 'old' as old from platform.invitations where clinic_id = $1 and withdrawn_at is null`,
      [clinic.id],
    )
    expect(open).toEqual([{ old: false }])
    expect(await actionsOf(clinic)).toContain('invitation.sent_again')
  })
})

describe('extending', () => {
  it('adds days to what is left, with a reason', async () => {
    const clinic = await makeClinic(app)
    await admin.get(pathOf(clinic, '/extension')).expect(200)
    const before = (await subscriptionOf(clinic)).period_end as Instant
    await admin.postForm(pathOf(clinic, '/extension'), { days: '10', reason: '' }).expect(422)
    await admin.postForm(pathOf(clinic, '/extension'), { days: '0', reason: 'Sorry' }).expect(422)
    await admin.postForm(pathOf(clinic, '/extension'), { days: '١٠', reason: 'We were down' }).expect(303)
    const after = (await subscriptionOf(clinic)).period_end as Instant
    expect((after.epochMilliseconds - before.epochMilliseconds) / 86_400_000).toBe(10)
    expect(await actionsOf(clinic)).toEqual(['subscription.extended'])
    expect((await admin.get(pathOf(clinic)).expect(200)).text).toContain('We were down')
  })

  it('can’t be done where nothing ends', async () => {
    const clinic = await makeClinic(app)
    await app.superuser('update platform.subscriptions set period_end = null where clinic_id = $1', [clinic.id])
    const answer = await admin
      .postForm(pathOf(clinic, '/extension'), { days: '7', reason: 'Kept as typed' })
      .expect(409)
    expect(answer.text).toContain('Kept as typed')
  })
})

describe('changing the plan', () => {
  it('moves the clinic at once, limits and all', async () => {
    const clinic = await makeClinic(app)
    await admin.get(pathOf(clinic, '/plan')).expect(200)
    const wanted = { plan: 'solo', interval: 'year', reason: 'Asked by phone' }
    await admin.postForm(pathOf(clinic, '/plan'), { ...wanted, interval: 'week' }).expect(422)
    await admin.postForm(pathOf(clinic, '/plan'), { ...wanted, plan: 'nothing' }).expect(409)
    await admin.postForm(pathOf(clinic, '/plan'), wanted).expect(303)
    expect(await subscriptionOf(clinic)).toMatchObject({ plan: 'solo', status: 'trialing' })
    expect((await clinic.proven()).practitionerLimit).toBe(1)
    const { text } = await admin.get('/admin/clinics?plan=solo').expect(200)
    expect(text).toContain(clinic.slug)
  })
})

describe('suspension', () => {
  it('closes the clinic, tells its owners why, and is lifted with everything as it was', async () => {
    const clinic = await makeClinic(app)
    await admin.get(pathOf(clinic, '/suspension')).expect(200)
    await admin.postForm(pathOf(clinic, '/suspension'), { reason: '' }).expect(422)
    await admin.postForm(pathOf(clinic, '/suspension'), { reason: 'Reported by patients' }).expect(303)
    expect(await subscriptionOf(clinic)).toMatchObject({ standing: 'suspended', status: 'trialing' })
    expect((await admin.get('/admin/clinics?status=suspended').expect(200)).text).toContain(clinic.slug)
    await admin.postForm(pathOf(clinic, '/suspension'), { reason: 'Again' }).expect(409)
    await app.runJob('messaging.mails')
    expect(app.mail.mailsTo(clinic.cast.nadia.email).some(({ text }) => text?.includes('Reported by patients'))).toBe(
      true,
    )
    await admin.postForm(pathOf(clinic, '/restoration'), { reason: 'Cleared up' }).expect(303)
    expect(await subscriptionOf(clinic)).toMatchObject({ standing: 'active', suspended_at: null })
    await admin.postForm(pathOf(clinic, '/restoration'), { reason: 'Again' }).expect(409)
    expect(await actionsOf(clinic)).toEqual(['subscription.suspended', 'subscription.restored'])
  })

  it('can be taken back at once', async () => {
    const clinic = await makeClinic(app)
    await admin.postForm(pathOf(clinic, '/suspension'), { reason: 'The wrong one' }).expect(303)
    await admin.postForm(pathOf(clinic, '/suspension/undo')).expect(303)
    expect(await subscriptionOf(clinic)).toMatchObject({ standing: 'active' })
  })
})
