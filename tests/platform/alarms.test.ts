import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { Temporal } from '../../src/kernel/time.ts'
import { decide, listTroubles, runAlarms, type Alarm } from '../../src/platform/health/alarms.ts'
import { lookAround, runChecks, type Machine } from '../../src/platform/health/checks.ts'
import { jobsOf } from '../../src/jobs.ts'
import { checkNames, listChecks, publicChecks, recordChecks, removeOldChecks } from '../../src/platform/status.ts'
import { startServices } from '../../src/start.ts'
import { startTestApp, testNow, type TestApp } from '../support/app.ts'
import { makeClinic } from '../support/cast.ts'

let app: TestApp
/** What the database's clock is ahead of the application's. */
let ahead = 0
beforeAll(async () => {
  app = await startTestApp({
    config: { ALARM_EMAIL: 'ops@nabz.test, boss@nabz.test', BACKUP_STAMP_FILE: '/backup/stamp' },
    databaseNow: () => Promise.resolve(app.clock.now().add({ seconds: ahead })),
  })
})
afterAll(() => app.stop())
beforeEach(async () => {
  ahead = 0
  app.clock.set(testNow)
  await app.superuser(
    'truncate platform.alarms, platform.status_checks, platform.mails, platform.jobs, platform.audit_entries',
  )
})

const machine = (free = 50, backupHours: number | null = 1): Machine => ({
  freePercent: () => Promise.resolve(free),
  touchedAt: () =>
    Promise.resolve(backupHours === null ? undefined : app.clock.now().epochMilliseconds - backupHours * 3_600_000),
})
const look = async (found: Machine = machine()) =>
  new Map((await lookAround(app.services, jobsOf(app.services), found, app.clock.now())).map((one) => [one.name, one]))
const minute = async (found: Machine = machine()) => {
  await runChecks(app.services, jobsOf(app.services), found)
  await runAlarms(app.services, jobsOf(app.services))
  await app.runJob('messaging.mails')
  app.clock.advance({ minutes: 1 })
}
const alarmMails = async () => {
  await app.runJob('messaging.mails')
  return app.mail.mails
    .filter(({ subject }) => subject?.includes('Nabz alarm'))
    .map(({ envelopeTo, subject }) => `${envelopeTo[0]} ${subject}`)
}
const job = (name: string, values: Record<string, unknown>) =>
  app.superuser(
    `insert into platform.jobs (name, schedule, last_started_at, last_success_at, failures_in_a_row) values ($1, '', $2, $3, $4)
     on conflict (name) do update set last_started_at = excluded.last_started_at, last_success_at = excluded.last_success_at,
       failures_in_a_row = excluded.failures_in_a_row`,
    [name, values.started, values.succeeded, values.failures ?? 0],
  )
const ago = (duration: Temporal.DurationLike) => app.clock.now().subtract(duration).toString()

describe('a check', () => {
  it('finds everything well when it is', async () => {
    const found = await look()
    expect([...found.values()].filter(({ state }) => state !== 'ok')).toEqual([])
    expect([...found.keys()].sort()).toEqual([...checkNames].sort())
  })

  it.each([
    [11, 'ok'],
    [9, 'degraded'],
    [4, 'down'],
  ])('of the disk, %i percent free, is %s', async (free, state) => {
    expect((await look(machine(free))).get('disk')).toMatchObject({ state, value: free })
  })

  it.each([
    [25, 'ok', ''],
    [27, 'degraded', 'old'],
    [51, 'down', 'old'],
    [null, 'down', 'missing'],
  ])('of the backup, %s hours old, is %s', async (age, state, code) => {
    expect((await look(machine(50, age))).get('backup')).toMatchObject({ state, code })
  })

  it.each([
    [4, 'ok'],
    [-30, 'degraded'],
    [61, 'down'],
  ])('of the clocks, %i seconds apart, is %s', async (seconds, state) => {
    ahead = seconds
    expect((await look()).get('clock')).toMatchObject({ state, value: Math.abs(seconds) })
  })

  it.each([
    [2, 'ok'],
    [4, 'degraded'],
    [16, 'down'],
  ])('of mail, the oldest %i minutes late, is %s', async (late, state) => {
    await app.superuser(
      `insert into platform.mails (id, kind, mail_sealed, due_at, created_at) values (gen_random_uuid(), 'x', '\\x00', $1, $1)`,
      [ago({ minutes: late })],
    )
    expect((await look()).get('mail')).toMatchObject({ state })
  })

  it('of WhatsApp sees what waits at any clinic', async () => {
    const clinic = await makeClinic(app)
    await clinic.inClinic(({ db }) =>
      db.raw(
        `insert into clinic.messages (clinic_id, id, version, kind, channel, template, language, recipient_sealed,
           recipient_hash, due_at, created_at)
         values (?, gen_random_uuid(), 1, 'reminder', 'whatsapp', 'x', 'en', '\\x00', '\\x00', ?, ?)`,
        [clinic.id, ago({ minutes: 20 }), ago({ hours: 48 })],
      ),
    )
    expect((await look()).get('whatsapp')).toMatchObject({ state: 'down', code: 'waiting', value: 1200 })
    await app.superuser("update clinic.messages set attempts = 3, due_at = due_at + interval '40 minutes'")
    expect((await look()).get('whatsapp')).toMatchObject({ state: 'ok' })
    await app.superuser('delete from clinic.messages')
  })

  it('of a provider that takes nothing from us says since when', async () => {
    await app.superuser(
      `insert into platform.sending_pauses (sender, subject, code, since, until) values ('platform', '', '131048', $1, $2)`,
      [ago({ minutes: 30 }), app.clock.now().add({ minutes: 5 }).toString()],
    )
    expect((await look()).get('whatsapp')).toMatchObject({ state: 'down', code: 'refused', value: 1800 })
    await app.superuser('delete from platform.sending_pauses')
  })

  it('of the jobs finds those that fail again and again, and those that nobody runs', async () => {
    await job('messaging.mails', { started: ago({ seconds: 5 }), succeeded: ago({ minutes: 4 }), failures: 9 })
    await job('gone.job', { started: ago({ hours: 999 }), succeeded: null, failures: 9 })
    expect((await look()).get('jobs')).toMatchObject({ state: 'ok' })
    await job('messaging.mails', { started: ago({ seconds: 5 }), succeeded: ago({ minutes: 6 }), failures: 9 })
    expect((await look()).get('jobs')).toMatchObject({ state: 'degraded', code: 'failing' })
    await job('messaging.mails', { started: ago({ minutes: 6 }), succeeded: ago({ minutes: 6 }) })
    expect((await look()).get('jobs')).toMatchObject({ state: 'degraded', code: 'not_run' })
  })
})

describe('the status', () => {
  it('counts minutes by the hour, each once however many processes looked', async () => {
    const { db } = app.services
    const now = Temporal.Instant.from('2026-11-24T07:58:00Z')
    for (const minutes of [0, 1, 2, 3]) {
      const at = now.add({ minutes, seconds: 7 })
      const state = minutes === 1 ? 'down' : 'ok'
      for (const seconds of [0, 20]) {
        await recordChecks(db, [{ name: 'mail', state, code: '' }], at.add({ seconds }))
      }
    }
    const [mail] = await listChecks(db, publicChecks, now.subtract({ hours: 1 }), now.add({ minutes: 5 }))
    expect(mail).toMatchObject({ name: 'mail', state: 'ok', fresh: true })
    expect(mail!.hours.map(({ hour, ok, down }) => [hour.toString(), ok, down])).toEqual([
      ['2026-11-24T07:00:00Z', 1, 1],
      ['2026-11-24T08:00:00Z', 2, 0],
    ])
    expect((await listChecks(db, publicChecks, now, now.add({ hours: 1 })))[0]).toMatchObject({ fresh: false })
  })

  it('shows outsiders what they notice, and keeps the machine to the operator', async () => {
    await minute(machine(3))
    const now = app.clock.now()
    const names = (await listChecks(app.services.db, publicChecks, now, now)).map(({ name }) => name)
    expect(names).toEqual(['website', 'whatsapp', 'mail', 'jobs'])
    const all = await listChecks(app.services.db, checkNames, now, now)
    expect(all.find(({ name }) => name === 'disk')).toMatchObject({ state: 'down', value: 3 })
  })

  it('is forgotten after 30 days, to the hour', async () => {
    await minute()
    const count = () => app.superuser('select 1 from platform.status_checks').then((found) => found.length)
    await removeOldChecks(app.services.db, Temporal.Instant.from(testNow).add({ hours: 720 }))
    expect(await count()).toBe(7)
    await removeOldChecks(app.services.db, Temporal.Instant.from(testNow).add({ hours: 720, seconds: 1 }))
    expect(await count()).toBe(0)
  })
})

describe('an alarm', () => {
  it('is told to everybody named once when it begins, again after a day, and once when it is over', async () => {
    const before = (await alarmMails()).length
    const told = async () => (await alarmMails()).slice(before)
    for (let i = 0; i < 10; i++) await minute(machine(7))
    expect((await told()).sort()).toEqual([
      'boss@nabz.test Nabz alarm: The disk is nearly full: 7 percent left',
      'ops@nabz.test Nabz alarm: The disk is nearly full: 7 percent left',
    ])
    app.clock.set(Temporal.Instant.from(testNow).add({ hours: 23, minutes: 59 }))
    await app.runJob('privacy.retention')
    await minute(machine(6))
    expect(await told()).toHaveLength(2)
    await minute(machine(6))
    expect((await told()).slice(2)[0]).toContain('alarm goes on: The disk is nearly full: 6 percent left')
    for (let i = 0; i < 3; i++) await minute()
    expect(await told()).toHaveLength(4)
    for (let i = 0; i < 4; i++) await minute()
    expect((await told()).slice(4)).toHaveLength(2)
    expect((await told()).at(-1)).toContain('alarm over: The disk is nearly full')
    for (let i = 0; i < 4; i++) await minute()
    expect(await told()).toHaveLength(6)
    // Another time is another alarm.
    await minute(machine(7))
    expect(await told()).toHaveLength(8)
  })

  it('that comes and goes is one alarm', async () => {
    const before = (await alarmMails()).length
    for (let i = 0; i < 20; i++) await minute(machine(i % 3 === 0 ? 7 : 50))
    expect((await alarmMails()).slice(before)).toHaveLength(2)
  })

  it('is not repeated by a second process or a restart', async () => {
    const before = (await alarmMails()).length
    const { config } = app.services
    const others = await Promise.all(
      [1, 2].map(() => startServices(config, { clock: app.clock, log: app.services.log })),
    )
    await runChecks(app.services, [], machine(7))
    await Promise.all([app.services, ...others.map(({ services }) => services)].map((one) => runAlarms(one, [])))
    await Promise.all(others.map((other) => other.stop()))
    expect((await alarmMails()).slice(before)).toHaveLength(2)
  })

  it.each([
    [
      'a job that fails',
      () => job('booking.release', { started: ago({ seconds: 3 }), succeeded: ago({ hours: 1 }), failures: 4 }),
    ],
  ])('knows %s', async (_what, arrange) => {
    await arrange()
    const known = [{ name: 'booking.release', schedule: '*/5 * * * * *' }]
    expect(await listTroubles(app.services.db, known, app.clock.now())).toEqual([
      { name: 'job.booking.release', code: 'failing', value: 4 },
    ])
  })

  it('knows many failed sign-ins, at whatever account', async () => {
    const refused = (count: number) =>
      app.superuser(
        `insert into platform.audit_entries (id, at, actor_kind, action)
         select gen_random_uuid(), $1, 'visitor', 'account.sign_in_refused' from generate_series(1, $2)`,
        [ago({ minutes: 10 }), count],
      )
    await refused(99)
    expect(await listTroubles(app.services.db, [], app.clock.now())).toEqual([])
    await refused(1)
    expect(await listTroubles(app.services.db, [], app.clock.now())).toEqual([
      { name: 'sign_ins', code: 'many', value: 100 },
    ])
    expect(await listTroubles(app.services.db, [], app.clock.now().add({ minutes: 6 }))).toEqual([])
  })

  it('measures failed sign-ins by twenty times the usual of a week, so that a large service is not always alarmed', async () => {
    const now = app.clock.now()
    const refused = (count: number, at: string) =>
      app.superuser(
        `insert into platform.audit_entries (id, at, actor_kind, action)
         select gen_random_uuid(), $1, 'visitor', 'account.sign_in_refused' from generate_series(1, $2)`,
        [at, count],
      )
    // Ten in each of the 671 quarters of an hour before.
    await refused(6710, ago({ hours: 72 }))
    await refused(199, ago({ minutes: 10 }))
    expect(await listTroubles(app.services.db, [], now)).toEqual([])
    await refused(1, ago({ minutes: 10 }))
    expect(await listTroubles(app.services.db, [], now)).toEqual([{ name: 'sign_ins', code: 'many', value: 200 }])
  })

  it('is said in the log too, for when mail itself is down', async () => {
    ahead = 120
    await minute()
    expect(app.logLines.join('')).toContain('"alarm.begins"')
    expect(app.logLines.join('')).toContain('clock disagrees')
    expect((await app.superuser('select name from platform.alarms')).map(({ name }) => name)).toEqual(['clock'])
  })

  it('of a check that nobody has made for long is not raised: the job that makes it is missed instead', async () => {
    await runChecks(app.services, [], machine(3))
    await job('health.checks', { started: ago({ seconds: 0 }), succeeded: ago({ seconds: 0 }) })
    app.clock.advance({ minutes: 20 })
    const troubles = await listTroubles(
      app.services.db,
      [{ name: 'health.checks', schedule: '5 * * * * *' }],
      app.clock.now(),
    )
    expect(troubles.map(({ name, code }) => [name, code])).toEqual([['job.health.checks', 'not_run']])
  })
})

describe('the decision', () => {
  const now = Temporal.Instant.from(testNow)
  const alarm = (over: Partial<Alarm>): Alarm => ({
    name: 'disk', code: 'low', value: 7, since: now.subtract({ hours: 1 }), toldAt: now.subtract({ hours: 1 }), calmSince: null, ...over,
  }) // prettier-ignore
  const trouble = { name: 'disk', code: 'low', value: 5 }
  it.each([
    ['new', [trouble], [], ['begins']],
    ['told an hour ago', [trouble], [alarm({})], ['stays']],
    ['told a day ago', [trouble], [alarm({ toldAt: now.subtract({ hours: 24 }) })], ['lasts']],
    ['never told', [trouble], [alarm({ toldAt: null })], ['lasts']],
    ['gone just now', [], [alarm({})], ['calms']],
    ['gone for a while', [], [alarm({ calmSince: now.subtract({ minutes: 4 }) })], []],
    ['gone for long', [], [alarm({ calmSince: now.subtract({ minutes: 5 }) })], ['over']],
    ['back again', [trouble], [alarm({ calmSince: now.subtract({ minutes: 9 }) })], ['stays']],
  ])('about one that is %s', (_what, troubles, known, kinds) => {
    const steps = decide(troubles, known, now)
    expect(steps.map(({ kind }) => kind)).toEqual(kinds)
    if (troubles.length > 0) expect(steps[0]!.alarm).toMatchObject({ value: 5, calmSince: null })
  })
})
