// The pages by which the service is run: jobs, the outbox of all clinics, switches, the audit log.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startJobs, type Job } from '../../src/platform/cron.ts'
import { nextRun, secondsBetweenRuns } from '../../src/platform/cron-times.ts'
import { recordRuns } from '../../src/platform/job-runs.ts'
import { createLog } from '../../src/platform/log.ts'
import { queueMail } from '../../src/platform/mails.ts'
import { queueMessage } from '../../src/platform/outbox.ts'
import { Temporal } from '../../src/kernel/time.ts'
import { startTestApp, type TestApp } from '../support/app.ts'
import { makeClinic, makePlatformAdmin, signedIn, type TestClinic } from '../support/cast.ts'
import { makeBookable, makePatient } from '../support/factories.ts'
import { wordsOf, type Agent } from '../support/http.ts'
import { statementsOf } from '../support/statements.ts'

let app: TestApp
let clinic: TestClinic
let admin: Agent
beforeAll(async () => {
  app = await startTestApp()
  clinic = await makeClinic(app)
  admin = await signedIn(app, (await makePlatformAdmin(app)).userId)
})
afterAll(() => app.stop())

const page = async (path: string) => wordsOf((await admin.get(path).expect(200)).text)
const until = async (done: () => Promise<boolean>) => {
  for (let round = 0; round < 200; round++) {
    if (await done()) return
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  throw new Error('it never came to that')
}

describe('when a job runs next', () => {
  it.each([
    ['*/5 * * * * *', '2026-11-24T07:00:03Z', '2026-11-24T07:00:05Z'],
    ['20 * * * * *', '2026-11-24T07:00:20Z', '2026-11-24T07:01:20Z'],
    ['0 7 * * * *', '2026-11-24T23:30:00Z', '2026-11-25T00:07:00Z'],
    ['0 41 3 * * *', '2026-12-31T12:00:00Z', '2027-01-01T03:41:00Z'],
    ['0 0 0 29 2 *', '2026-11-24T07:00:00Z', '2028-02-29T00:00:00Z'],
    ['0 30 9 * * 1-5', '2026-11-27T10:00:00Z', '2026-11-30T09:30:00Z'],
    ['0 0 0 1 * 7', '2026-11-24T07:00:00Z', '2026-11-29T00:00:00Z'],
    ['5,35 10-12 8/6 * * *', '2026-11-24T08:10:05Z', '2026-11-24T08:10:35Z'],
  ])('%s after %s: %s', (schedule, after, expected) => {
    expect(nextRun(schedule, Temporal.Instant.from(after))?.toString()).toBe(expected)
  })

  it('says how often that is, and refuses what it can’t read', () => {
    const now = Temporal.Instant.from('2026-11-24T07:00:00Z')
    expect(secondsBetweenRuns('*/5 * * * * *', now)).toBe(5)
    expect(secondsBetweenRuns('20 */15 * * * *', now)).toBe(900)
    expect(() => nextRun('* * * * *', now)).toThrow()
    expect(() => nextRun('0 0 0 L * *', now)).toThrow()
  })
})

/** Jobs of one process, whose runs are in the test's hands. */
function processWith(...jobs: { name: string; schedule?: string }[]) {
  const runs = new Map<string, { end(): void; fail(error: Error): void }[]>()
  const wakes = new Map<string, () => void>()
  const made = jobs.map(({ name, schedule = '0 0 0 29 2 *' }): Job => {
    runs.set(name, [])
    return {
      name,
      schedule,
      wakes: (wake) => {
        wakes.set(name, wake)
        return () => undefined
      },
      run: () => new Promise((resolve, reject) => runs.get(name)!.push({ end: resolve, fail: reject })),
    }
  })
  const running = startJobs(made, createLog('silent'), recordRuns(app.services))
  return { running, wake: (name: string) => wakes.get(name)!(), runsOf: (name: string) => runs.get(name)! }
}
const jobRow = async (name: string) =>
  (await app.superuser<Record<string, unknown>>('select * from platform.jobs where name = $1', [name]))[0]
const runRows = (name: string) =>
  app.superuser<{ result: string | null; error_name: string | null; error_code: string | null; requested: boolean }>(
    'select * from platform.job_runs where job = $1 order by started_at, id',
    [name],
  )

describe('a run of a job', () => {
  it('is kept with its end, and counted', async () => {
    const { running, wake, runsOf } = processWith({ name: 'test.daily' })
    wake('test.daily')
    await until(async () => (await runRows('test.daily')).length === 1)
    expect((await runRows('test.daily'))[0]!.result).toBeNull()
    runsOf('test.daily')[0]!.end()
    await until(async () => (await jobRow('test.daily'))?.last_result === 'done')
    expect(await jobRow('test.daily')).toMatchObject({ runs: 1, failures: 0, failures_in_a_row: 0 })
    await running.stop()
  })

  it('that failed shows its name and code, and nothing it was about', async () => {
    const { running, wake, runsOf } = processWith({ name: 'test.fails' })
    for (let round = 0; round < 3; round++) {
      wake('test.fails')
      runsOf('test.fails')[round]!.fail(
        Object.assign(new RangeError('Ayesha at +923001234567'), { code: 'E_SECRETLESS' }),
      )
      await until(async () => Number((await jobRow('test.fails'))?.failures) === round + 1)
    }
    expect(await jobRow('test.fails')).toMatchObject({
      last_result: 'failed',
      last_error_name: 'RangeError',
      last_error_code: 'E_SECRETLESS',
      failures_in_a_row: 3,
      last_success_at: null,
    })
    const words = await page('/admin/jobs?job=test.fails')
    expect(words).toContain('RangeError E_SECRETLESS')
    expect(words).toContain('failed 3 times in a row')
    expect(words).not.toContain('Ayesha')
    await running.stop()
  })

  it('of a job that runs all the time is counted, and kept once an hour or when it fails', async () => {
    const { running, wake, runsOf } = processWith({ name: 'test.often', schedule: '*/5 * * 29 2 *' })
    for (let round = 0; round < 4; round++) {
      wake('test.often')
      if (round === 2) runsOf('test.often')[round]!.fail(new Error('once'))
      else runsOf('test.often')[round]!.end()
      await new Promise((resolve) => setImmediate(resolve))
      await new Promise((resolve) => setImmediate(resolve))
    }
    await running.stop()
    expect((await runRows('test.often')).map(({ result }) => result).sort()).toEqual(['done', 'failed'])
    expect(await jobRow('test.often')).toMatchObject({
      runs: 4,
      failures: 1,
      failures_in_a_row: 0,
      last_result: 'done',
    })
  })

  it('cut off with its process shows as cut off', async () => {
    const dead = processWith({ name: 'test.killed' })
    dead.wake('test.killed')
    await until(async () => (await runRows('test.killed')).length === 1)
    await app.superuser(`update platform.job_processes set seen_at = now() - interval '5 minutes'`)
    const other = processWith({ name: 'test.killed' })
    await until(async () => (await runRows('test.killed'))[0]!.result === 'killed')
    expect(await page('/admin/jobs?job=test.killed')).toContain('Cut off')
    expect(await jobRow('test.killed')).toMatchObject({ failures: 1, failures_in_a_row: 1 })
    dead.runsOf('test.killed')[0]!.end()
    await dead.running.stop()
    await other.running.stop()
  })
})

describe('runs that are old', () => {
  it('are forgotten after 30 days, to the second', async () => {
    await app.superuser(
      `insert into platform.job_runs (id, job, process, started_at, ended_at, result)
       select gen_random_uuid(), 'test.old', gen_random_uuid(), $1::timestamptz - interval '30 days' - n * interval '1 second',
         $1, 'done' from generate_series(0, 1) n`,
      [app.clock.now().toString()],
    )
    await app.runJob('console.tidy')
    expect(await runRows('test.old')).toHaveLength(1)
  })
})

describe('a run that is asked for', () => {
  it('starts in one process only, and is not doubled while it goes', async () => {
    const [one, two] = [processWith({ name: 'test.now' }), processWith({ name: 'test.now' })]
    const begun = () => [...one.runsOf('test.now'), ...two.runsOf('test.now')]
    await until(async () => (await jobRow('test.now')) !== undefined)
    await admin.postForm('/admin/jobs/run', { job: 'test.now' }).expect(303)
    await until(() => Promise.resolve(begun().length === 1))
    await until(async () => (await runRows('test.now')).length === 1)
    await admin.postForm('/admin/jobs/run', { job: 'test.now' }).expect(303)
    expect(await page('/admin/jobs')).toContain('test.now is under way already')
    expect(begun()).toHaveLength(1)
    begun()[0]!.end()
    await until(async () => (await runRows('test.now'))[0]!.result === 'done')
    expect((await runRows('test.now'))[0]!.requested).toBe(true)
    const [entry] = await app.superuser(`select details from platform.audit_entries where action = 'job.asked'`)
    expect(entry).toEqual({ details: { job: 'test.now' } })
    await one.running.stop()
    await two.running.stop()
  })

  it('needs a job there is', async () => {
    await admin.postForm('/admin/jobs/run', { job: 'no.such' }).expect(404)
    await admin.postForm('/admin/jobs/run', {}).expect(422)
  })
})

describe('the outbox of all clinics', () => {
  it('counts what waits and what failed, and names nobody', async () => {
    await makeBookable(clinic)
    const patient = await makePatient(clinic, { name: 'Zubaida Secret', phone: '+923001119999' })
    const send = (kind: string, minutes: number) =>
      clinic.inClinic((ctx) =>
        queueMessage(ctx, {
          kind,
          template: 'confirmation',
          recipient: { channel: 'whatsapp', phone: patient.phone },
          language: 'en',
          appointmentId: null,
          patientId: patient.id,
          version: 1,
          dueAt: ctx.now.add({ minutes }),
        }),
      )
    await send('reminder_24h', 60)
    await send('confirmation', -5)
    await send('confirmation', -40)
    const failed = await send('confirmation', -90)
    await app.superuser(
      `update clinic.messages set status = 'failed', failed_at = $2, error_code = '131026', attempts = 1 where id = $1`,
      [failed, app.clock.now().toString()],
    )
    const answer = await admin.get('/admin/messages').expect(200)
    const words = wordsOf(answer.text)
    expect(words).toContain('Due later 1')
    expect(words).toContain('Due now 1')
    expect(words).toContain('Over 15 min late 1')
    expect(words).toContain('Failed in 7 days 1')
    expect(words).toContain('131026')
    const own = (await admin.get(`/admin/messages?clinic=${clinic.slug}`).expect(200)).text
    expect(wordsOf(own)).toContain('131026')
    for (const html of [answer.text, own]) expect(html).not.toMatch(/Zubaida|1119999/)
    await admin.get('/admin/messages?clinic=nowhere').expect(404)
  })

  it('tries a mail of the platform again, unless it is of no use any more', async () => {
    const { db, keys } = app.services
    const now = app.clock.now()
    const mail = { to: 'a@b.test', subject: 's', text: 't', kind: 'password_reset', now }
    const [useful, dead] = [
      await queueMail(db, keys.platform, mail),
      await queueMail(db, keys.platform, { ...mail, expiresAt: now.subtract({ minutes: 1 }) }),
    ]
    await app.superuser(
      `update platform.mails set status = 'failed', error_code = '550', attempts = 8 where id = any($1)`,
      [[useful, dead]],
    )
    await admin.postForm('/admin/messages/retry', { mail: useful }).expect(303)
    await admin.postForm('/admin/messages/retry', { mail: dead }).expect(303)
    expect(await page('/admin/messages')).toContain('The mail is of no use any more')
    await admin.postForm('/admin/messages/retry', { mail: 'x' }).expect(422)
    await app.runJob('messaging.mails')
    const rows = await app.superuser<{ id: string; status: string }>('select id, status from platform.mails')
    expect(rows.find(({ id }) => id === useful)?.status).toBe('sent')
    expect(rows.find(({ id }) => id === dead)?.status).toBe('failed')
    expect(app.mail.mailsTo('a@b.test')).toHaveLength(1)
  })
})

describe('a switch', () => {
  const put = (code: string, fields: Record<string, string | string[]>) =>
    admin.postForm('/admin/switches', { code, note: 'a test', ...fields })

  it('stops sign-up and starts it again, with who and why', async () => {
    await put('sign_up', { mode: 'off' }).expect(303)
    const visitor = app.agent()
    expect(wordsOf((await visitor.get('/sign-up').expect(200)).text)).toContain('No new clinics for the moment')
    await visitor.postForm('/sign-up', {}).expect(409)
    expect(await page('/admin/switches')).toContain('a test')
    await put('sign_up', { mode: 'on' }).expect(303)
    await visitor.postForm('/sign-up', {}).expect(422)
    const entries = await app.superuser(
      `select details->>'mode' as mode from platform.audit_entries where action = 'switch.changed' order by at, id`,
    )
    expect(entries).toEqual([{ mode: 'off' }, { mode: 'on' }])
  })

  it('stops public booking, for all or for some', async () => {
    const bookable = await makeClinic(app)
    const { service } = await makeBookable(bookable)
    const other = await makeClinic(app)
    await makeBookable(other)
    const offers = async (slug: string) =>
      /href="[^"]*\/times/.test((await app.agent().get(`/c/${slug}`).expect(200)).text)
    expect([await offers(bookable.slug), await offers(other.slug)]).toEqual([true, true])
    await put('public_booking', { mode: 'off_for', clinics: bookable.slug }).expect(303)
    expect([await offers(bookable.slug), await offers(other.slug)]).toEqual([false, true])
    const asked = `/c/${bookable.slug}/availability.json?service=${service.id}`
    const json = (await app.agent().get(asked).expect(200)).body as { closed?: unknown; days?: { slots: unknown[] }[] }
    expect(JSON.stringify(json)).not.toMatch(/"starts?At"/)
    await put('public_booking', { mode: 'off' }).expect(303)
    expect([await offers(bookable.slug), await offers(other.slug)]).toEqual([false, false])
    await put('public_booking', { mode: 'on' }).expect(303)
    expect([await offers(bookable.slug), await offers(other.slug)]).toEqual([true, true])
  })

  it('takes the directory away', async () => {
    await app.agent().get('/clinics?country=PK').expect(200)
    await put('directory', { mode: 'off' }).expect(303)
    await app.agent().get('/clinics?country=PK').expect(404)
    await put('directory', { mode: 'on' }).expect(303)
  })

  it('names whom it is for, and is heard by other processes', async () => {
    await put('card_payments', { mode: 'on_for' }).expect(422)
    await put('card_payments', { mode: 'on_for', clinics: 'nowhere-at-all' }).expect(422)
    await put('sign_up', { mode: 'on_for', plans: 'clinic' }).expect(422)
    await put('card_payments', { mode: 'on_for', plans: ['solo', 'group'], clinics: clinic.slug }).expect(303)
    const proven = await clinic.proven()
    const { switches } = app.services
    expect(switches.on('card_payments', { ...proven, plan: 'free' })).toBe(true)
    expect(switches.on('card_payments', { id: (await makeClinic(app)).id, plan: 'free' })).toBe(false)
    expect(switches.on('card_payments', { id: clinic.other.id, plan: 'solo' })).toBe(true)
    // As another process would have done it.
    await app.superuser(`update platform.switches set mode = 'off' where code = 'card_payments'`)
    await app.superuser(`select pg_notify('nabz_changed', 'switches')`)
    await until(() => Promise.resolve(!switches.on('card_payments', proven)))
    await put('card_payments', { mode: 'on' }).expect(303)
  })

  it('is there or is not', async () => {
    await put('no_such', { mode: 'off' }).expect(404)
    await put('directory', { mode: 'off', note: '' }).expect(422)
  })
})

describe('the audit log', () => {
  it('is found by action, person, clinic and day, and read page by page', async () => {
    const { nadia } = clinic.cast
    await app.superuser(
      `insert into platform.audit_entries (id, at, actor_kind, actor_id, action, clinic_id, details)
       select gen_random_uuid(), $1::timestamptz - n * interval '1 hour', 'user', $2, 'test.' || (n % 3), $3, '{}'
       from generate_series(1, 130) n`,
      [app.clock.now().toString(), nadia.userId, clinic.id],
    )
    const rowsOn = (html: string) => (html.match(/<bdi dir="ltr">test\.\d<\/bdi>/g) ?? []).length
    const first = await admin.get(`/admin/audit?person=${nadia.email}`).expect(200)
    expect(rowsOn(first.text)).toBe(50)
    const next = /rel="next" href="([^"]+)"/.exec(first.text)![1]!.replaceAll('&amp;', '&')
    const second = await admin.get(next).expect(200)
    expect(rowsOn(second.text)).toBe(50)
    const third = await admin
      .get(/rel="next" href="([^"]+)"/.exec(second.text)![1]!.replaceAll('&amp;', '&'))
      .expect(200)
    expect(rowsOn(third.text)).toBe(30)
    expect(third.text).not.toContain('rel="next"')
    expect(rowsOn((await admin.get(`/admin/audit?clinic=${clinic.slug}&action=test.1`).expect(200)).text)).toBe(44)
    expect(rowsOn((await admin.get('/admin/audit?person=nobody@nowhere.test').expect(200)).text)).toBe(0)
    expect(rowsOn((await admin.get('/admin/audit?action=test.1&from=2026-11-20&to=2026-11-20').expect(200)).text)).toBe(
      8,
    )
    await admin.get('/admin/audit?from=never&after=x&clinic=%00').expect(200)
  })

  it('is taken along as a file, which is an entry itself', async () => {
    await admin.get('/admin/audit')
    const file = await admin.postForm('/admin/audit/export?action=test.2').expect(200)
    expect(file.text.trim().split('\r\n')).toHaveLength(1 + 43)
    const exported = await app.superuser(
      `select 1 from platform.audit_entries where action = 'list.exported' and details->>'list' = 'audit'`,
    )
    expect(exported).toHaveLength(1)
  })

  it('costs few statements, as do the other pages', async () => {
    // Signing in is looked up by each page in one more.
    for (const path of [
      '/admin/audit',
      '/admin/jobs',
      '/admin/messages',
      '/admin/requests',
      '/admin/announcements',
      '/admin/switches',
      '/admin/support',
    ]) {
      const statements = await statementsOf(() => admin.get(path).expect(200))
      expect({ path, many: statements.length > 6 ? statements : 0 }).toEqual({ path, many: 0 })
    }
  })
})
