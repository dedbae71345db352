// Every promise about time, driven by the clock: there one second before, nowhere one second after.
import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { applyRetention, ClockNotBelieved, RetentionIncomplete } from '../../src/features/privacy/actions.ts'
import { foresee } from '../../src/features/privacy/actions/foresee.ts'
import { listRetentionTroubles } from '../../src/features/privacy/actions/watch.ts'
import { clinicSteps, platformSteps } from '../../src/features/privacy/queries.ts'
import { cutOff, judgeClock, retentionRules, ruleOf } from '../../src/features/privacy/rules/retention.ts'
import { newId } from '../../src/kernel/ids.ts'
import { Temporal } from '../../src/kernel/time.ts'
import { jobsOf } from '../../src/jobs.ts'
import { languages } from '../../src/platform/i18n/languages.ts'
import { readLocale } from '../../src/platform/i18n/translate.ts'
import { startTestApp, type TestApp } from '../support/app.ts'
import { makeClinic, type TestClinic } from '../support/cast.ts'
import { makeAppointment, makeBookable, makePatient } from '../support/factories.ts'

const at = (text: string) => Temporal.Instant.from(text)

describe('the table of rules', () => {
  it('names for every rule the one job that keeps it, and no other', async () => {
    const app = await startTestApp()
    try {
      const jobs = new Set(jobsOf(app.services).map(({ name }) => name))
      for (const rule of retentionRules) {
        const done = clinicSteps[rule.code] !== undefined || platformSteps[rule.code] !== undefined
        expect([rule.code, done]).toEqual([rule.code, rule.job === 'privacy.retention'])
        // Closing clinics is a job of its own, with pages of its own.
        if (rule.job !== '' && rule.job !== 'privacy.closing') expect(jobs).toContain(rule.job)
      }
      expect(new Set(retentionRules.map(({ code }) => code)).size).toBe(retentionRules.length)
    } finally {
      await app.stop()
    }
  })

  it('counts months by the calendar of the clinic, and never shortens one', () => {
    const rule = ruleOf('booking_identity')
    const settings = { bookingIdentityMonths: 6, medicalRecordMonths: 120 }
    expect(String(cutOff(rule, at('2027-08-31T10:00:00Z'), 'UTC', settings))).toBe('2027-02-28T10:00:00Z')
    // Summer in London, winter six months before: ten o'clock both times.
    expect(String(cutOff(rule, at('2027-07-15T09:00:00Z'), 'Europe/London', settings))).toBe('2027-01-15T10:00:00Z')
    expect(String(cutOff(rule, at('2027-07-15T09:00:00Z'), 'UTC'))).toBe('2025-07-15T09:00:00Z')
    expect(cutOff(ruleOf('opt_outs'), at('2027-07-15T09:00:00Z'), 'UTC')).toBeUndefined()
  })
})

describe('a clock that is not believed', () => {
  const now = at('2026-11-24T07:00:00Z')
  const seen = (hoursAgo: number) => ({ seenAt: now.subtract({ hours: hoursAgo }), leaptAt: null })
  it.each([
    ['is fine the first time', now, undefined, 'fine'],
    ['is fine after ten minutes', now, seen(1), 'fine'],
    ['may be a minute from the database', now.add({ seconds: 60 }), seen(1), 'fine'],
    ['may not be more', now.add({ seconds: 61 }), seen(1), 'disagrees'],
    ['nor behind by more', now.subtract({ seconds: 61 }), seen(1), 'disagrees'],
    ['may not go back', now, seen(-1), 'backwards'],
    ['may not leap', now, seen(25), 'leapt'],
  ])('%s', (_what, database, memory, verdict) => {
    expect(judgeClock(now, database, memory).verdict).toBe(verdict)
  })

  it('is believed again when it has gone on for an hour, or came back', () => {
    const { memory } = judgeClock(now, now, seen(100))
    const then = (minutes: number) => now.add({ minutes })
    expect(judgeClock(then(59), then(59), memory).verdict).toBe('leapt')
    expect(judgeClock(then(60), then(60), memory).verdict).toBe('fine')
    const back = now.subtract({ hours: 99 })
    expect(judgeClock(back, back, memory)).toEqual({ verdict: 'fine', memory: { seenAt: back, leaptAt: null } })
    const further = now.add({ hours: 1000 })
    expect(judgeClock(further, further, memory).verdict).toBe('leapt')
  })
})

describe('the clocks of one process', () => {
  const now = at('2026-11-24T07:00:00Z')
  const memory = { seenAt: now.subtract({ minutes: 10 }), leaptAt: null }
  const look = (wallMs: number, steadyMs: number) => judgeClock(now, now, memory, { wallMs, steadyMs }).verdict
  it.each([
    ['tell of a leap too small for a service that was away', 720_000, 600_000, 'leapt'],
    ['may drift by a minute', 660_000, 600_000, 'fine'],
    ['and the one on the wall may fall behind', 0, 600_000, 'fine'],
  ])('%s', (_what, wallMs, steadyMs, verdict) => expect(look(wallMs, steadyMs)).toBe(verdict))

  it('start the wait anew when it leaps again meanwhile', () => {
    const waiting = { seenAt: memory.seenAt, leaptAt: now.subtract({ minutes: 59 }) }
    const judged = judgeClock(now, now, waiting, { wallMs: 900_000, steadyMs: 600_000 })
    expect(judged).toEqual({ verdict: 'leapt', memory: { seenAt: memory.seenAt, leaptAt: now } })
  })
})

describe('the job', () => {
  let app: TestApp
  let clinic: TestClinic
  let databaseOff = 0
  // The functions that shorten the audit logs go by the database's own clock, so what they must find is older than that.
  const start = '2026-11-24T07:00:00Z'
  beforeAll(async () => {
    app = await startTestApp({
      now: start,
      databaseNow: () => Promise.resolve(app.clock.now().add({ seconds: databaseOff })),
    })
    clinic = await makeClinic(app)
  })
  afterAll(() => app.stop())

  /** As if the service had been running all along until then. */
  async function runAt(instant: Temporal.Instant) {
    app.clock.set(instant)
    await app.superuser('delete from platform.retention_clock')
    await app.superuser('delete from platform.retention_turns')
    return applyRetention(app.services, { everyClinic: true })
  }
  const count = async (sql: string, params: unknown[] = []) =>
    Number((await app.superuser<{ count: string }>(`select count(*) from ${sql}`, params))[0]!.count)

  /** Every value of every table, bytes as text, in one string. */
  async function everything(): Promise<string> {
    const tables = await app.superuser<{ name: string }>(
      `select n.nspname || '.' || c.relname as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
       where n.nspname in ('clinic', 'platform') and c.relkind = 'r'`,
    )
    const parts = await Promise.all(
      tables.map(({ name }) => app.superuser<{ row: string }>(`select t::text as row from ${name} t`)),
    )
    return parts.flatMap((found) => found.map(({ row }) => row)).join('\n') + app.logLines.join('\n')
  }

  it('forgets whose a visit was 24 months after it, and nothing sooner', async () => {
    const { service, locationId } = await makeBookable(clinic)
    const patient = await makePatient(clinic, { name: 'Canary Siddiqui' })
    const visit = await makeAppointment(clinic, { service, locationId, patientId: patient.id, at: '16:00' })
    await app.superuser(
      `update clinic.appointments set cancel_reason = 'canary-reason', note_sealed = 'canary-note' where id = $1`,
      [visit.id],
    )
    const due = visit.endsAt.toZonedDateTimeISO('Asia/Karachi').add({ months: 24 }).toInstant()
    await runAt(due)
    expect(await everything()).toContain('Canary Siddiqui')
    expect(await count('clinic.appointments where id = $1 and patient_id is not null', [visit.id])).toBe(1)

    expect(await runAt(due.add({ seconds: 1 }))).toMatchObject({ booking_identity: 1, patients: 1 })
    const left = await everything()
    for (const canary of ['Canary Siddiqui', 'canary siddiqui', 'canary-reason', '63616e6172792d6e6f7465']) {
      expect(left.includes(canary), canary).toBe(false)
    }
    // The row stays for counts and cash.
    expect(
      await app.superuser('select status, price_minor is null as free from clinic.appointments where id = $1', [
        visit.id,
      ]),
    ).toHaveLength(1)
    expect(await count(`platform.erasures where rule = 'booking_identity' and clinic_id = $1`, [clinic.id])).toBe(1)
  })

  it('keeps a visit of a medical record for the clinic’s own period, and a legal hold pauses both', async () => {
    const other = await makeClinic(app)
    app.clock.set(start)
    const { service, locationId } = await makeBookable(other)
    const patient = await makePatient(other)
    const visit = await makeAppointment(other, { service, locationId, patientId: patient.id, at: '16:00' })
    await app.superuser('update clinic.appointments set record_kept = true where id = $1', [visit.id])
    await app.superuser('update clinic.profiles set medical_record_months = 60 where clinic_id = $1', [other.id])
    const due = visit.endsAt.toZonedDateTimeISO('Asia/Karachi').add({ months: 60 }).toInstant()
    const known = () => count('clinic.appointments where id = $1 and patient_id is not null', [visit.id])
    await runAt(due)
    expect(await known()).toBe(1)
    await app.superuser(
      `insert into platform.legal_holds (id, clinic_id, reason, owner_name, set_by, set_at, until)
       values ($1, $2, 'Court order', 'Nadia', $1, $3, $3::timestamptz + interval '9 days')`,
      [newId(), other.id, due.toString()],
    )
    await runAt(due.add({ hours: 24 }))
    expect(await known()).toBe(1)
    await runAt(due.add({ hours: 9 * 24 }))
    expect(await known()).toBe(0)
  })

  it('shortens the audit logs after 30 days, deletes entries after 12 months, by the database’s own clock', async () => {
    // Written by the database's clock, since it is the one that decides.
    const plant = async (age: string) => {
      const id = newId()
      await app.superuser(
        `insert into clinic.audit_entries (clinic_id, id, at, actor_kind, action, address, browser, salt, origin_digest)
         values ($1, $2, now() - $3::interval, 'system', 'x.y', '192.0.2.77', 'canary', 'salt', 'digest')`,
        [clinic.id, id, age],
      )
      await app.superuser(
        `insert into platform.audit_entries (id, at, actor_kind, action, address, browser)
         values ($1, now() - $2::interval, 'system', 'x.y', '192.0.2.77', 'canary')`,
        [id, age],
      )
      return id
    }
    const young = await plant('719 hours')
    const month = await plant('721 hours')
    const year = await plant('11 months 29 days')
    const old = await plant('12 months 1 hour')
    // An application whose clock is years ahead can't make the database shorten anything early.
    await runAt(at('2036-01-01T00:00:00Z'))
    const found = await app.superuser<{ id: string; address: string | null; at: unknown }>(
      'select id, address from clinic.audit_entries where id = any($1) union all select id, address from platform.audit_entries where id = any($1)',
      [[young, month, year, old]],
    )
    const of = (id: string) => found.filter((row) => row.id === id).map(({ address }) => address)
    expect(of(young)).toEqual(['192.0.2.77', '192.0.2.77'])
    expect(of(month)).toEqual([null, null])
    expect(of(year)).toEqual([null, null])
    expect(of(old)).toEqual([])
    // What a chain commits to stays.
    expect(
      await count(`clinic.audit_entries where id = $1 and origin_digest is not null and salt is null`, [month]),
    ).toBe(1)
  })

  it('erases nothing by a wrong clock, and fails so that somebody is told', async () => {
    const id = newId()
    await app.superuser(`insert into platform.sessions (sid, sess, expire) values ($1, '{}', '2026-11-25T07:00:00Z')`, [
      id,
    ])
    app.clock.set('2026-12-01T00:00:00Z')
    await app.superuser('delete from platform.retention_clock')
    databaseOff = -61
    await expect(applyRetention(app.services)).rejects.toThrow(ClockNotBelieved)
    databaseOff = 0
    await app.superuser(`insert into platform.retention_clock (seen_at) values ('2026-11-24T00:00:00Z')
      on conflict (only_one) do update set seen_at = excluded.seen_at, leapt_at = null`)
    await expect(applyRetention(app.services)).rejects.toThrow(/leapt/)
    expect(await count('platform.sessions where sid = $1', [id])).toBe(1)
    app.clock.advance({ minutes: 60 })
    await applyRetention(app.services)
    expect(await count('platform.sessions where sid = $1', [id])).toBe(0)
  })

  /** What is late but the audit logs, whose rules go by the database's real clock while ours is far ahead here. */
  const troubles = async () => (await listRetentionTroubles(app.services)).filter(({ name }) => !name.includes('audit'))

  it('believes no clock that leapt by minutes while it ran, nor one that went back', async () => {
    app.clock.set('2026-12-01T12:00:00Z')
    await app.superuser('delete from platform.retention_clock')
    await applyRetention(app.services)
    app.clock.leap({ minutes: 2 })
    await expect(applyRetention(app.services)).rejects.toThrow(/leapt/)
    app.clock.advance({ minutes: 60 })
    await applyRetention(app.services)
    app.clock.set('2026-12-01T12:30:00Z')
    await expect(applyRetention(app.services)).rejects.toThrow(/backwards/)
  })

  it('goes through everybody else when a clinic has no key, and fails with the count of those it could not', async () => {
    const [lost, other] = [await makeClinic(app), await makeClinic(app)]
    const stamp = app.clock.now().toString()
    for (const { id } of [lost, other]) {
      await app.superuser(
        `insert into clinic.inbound_messages (clinic_id, id, sender_hash, body_sealed, meaning, received_at)
         values ($1, $2, '', '', 'stop', $3)`,
        [id, newId(), stamp],
      )
    }
    const left = (id: string) => count('clinic.inbound_messages where clinic_id = $1', [id])
    const due = at(stamp).add({ hours: 2160 })
    await runAt(due)
    await app.services.keys.destroyFor(lost.id)
    const run = async (instant: Temporal.Instant) => {
      app.clock.set(instant)
      await app.superuser('delete from platform.retention_clock')
      return applyRetention(app.services, { everyClinic: true })
    }
    await expect(run(due.add({ seconds: 1 }))).rejects.toThrow(/^1 clinics and 0 rules/)
    expect([await left(lost.id), await left(other.id)]).toEqual([1, 0])
    // Its turn is not over: the next run tries again, ten minutes later, and fails too, so that the job's alarm is raised.
    app.clock.advance({ minutes: 10 })
    await expect(applyRetention(app.services)).rejects.toThrow(RetentionIncomplete)
    expect((await troubles()).filter(({ code }) => code === 'behind')).toEqual([])
    await expect(run(due.add({ hours: 25 }))).rejects.toThrow(RetentionIncomplete)
    expect(await troubles()).toEqual(
      expect.arrayContaining([{ name: 'retention.inbound_messages', code: 'behind', value: 1 }]),
    )
    await app.superuser('delete from platform.clinics where id = $1', [lost.id])
    await runAt(app.clock.now())
    expect(await troubles()).toEqual([])
  })

  it('is late when something is a day longer there than promised, each rule by itself, or when nothing runs at all', async () => {
    const now = app.clock.now()
    await runAt(now)
    const session = (expire: Temporal.Instant) =>
      app.superuser(`insert into platform.sessions (sid, sess, expire) values ($1, '{}', $2)`, [
        newId(),
        expire.toString(),
      ])
    await session(now.subtract({ hours: 24 }))
    expect(await troubles()).toEqual([])
    await session(now.subtract({ hours: 25 }))
    expect(await troubles()).toEqual([{ name: 'retention.sessions', code: 'late', value: 25 }])
    app.clock.advance({ hours: 23 })
    await runAt(app.clock.now())
    expect(await troubles()).toEqual([])
    app.clock.advance({ hours: 25 })
    expect(await troubles()).toEqual([{ name: 'retention', code: 'stopped', value: 25 }])
    // It runs, but passes clinics by.
    await app.superuser('update platform.retention_clock set seen_at = $1', [app.clock.now().toString()])
    const [clinics] = await app.superuser<{ count: string }>('select count(*) from platform.clinics')
    expect(await troubles()).toEqual([{ name: 'retention', code: 'clinics', value: Number(clinics!.count) }])
    await runAt(app.clock.now())
    expect(await troubles()).toEqual([])
  })

  it('counts beforehand what it then erases, rule by rule', async () => {
    const other = await makeClinic(app)
    const { service, locationId } = await makeBookable(other)
    for (const time of ['10:00', '11:00', '12:00']) {
      const patient = await makePatient(other)
      await makeAppointment(other, { service, locationId, patientId: patient.id, at: time })
    }
    await makePatient(other)
    await app.runJob('privacy.retention').catch(() => undefined)
    const later = app.clock.now().toZonedDateTimeISO('Asia/Karachi').add({ months: 25 }).toInstant()
    app.clock.set(later)
    const foreseen = await foresee(app.services, await other.proven())
    expect(foreseen).toMatchObject({ booking_identity: 3, patients: 4 })
    await runAt(later)
    const done = await app.superuser<{ rule: string; count: number }>(
      'select rule, sum(count)::integer as count from platform.erasures where clinic_id = $1 group by rule',
      [other.id],
    )
    const erased = Object.fromEntries(done.map(({ rule, count }) => [rule, count]))
    const counted = Object.entries(foreseen).filter(([rule, count]) => count > 0 && !rule.includes('audit'))
    expect(Object.fromEntries(counted)).toEqual(erased)
  })

  it('works in batches, and two processes at once come to the same end', async () => {
    await app.superuser(
      `insert into platform.sessions (sid, sess, expire)
       select 'many-' || n, '{}', '2026-11-25T07:00:00Z' from generate_series(1, 1700) n`,
    )
    app.clock.set('2026-12-02T00:00:00Z')
    await app.superuser('delete from platform.retention_clock; delete from platform.erasures')
    await Promise.all([applyRetention(app.services), applyRetention(app.services)])
    expect(await count(`platform.sessions where sid like 'many-%'`)).toBe(0)
    const [ledger] = await app.superuser<{ total: string; most: number }>(
      `select sum(count) as total, max(count) as most from platform.erasures where rule = 'sessions'`,
    )
    expect(Number(ledger!.total)).toBeGreaterThanOrEqual(1700)
    expect(ledger!.most).toBe(500)
  })
})

it('has words for every rule in every language', () => {
  for (const lang of languages) {
    const words = readLocale(lang) as { privacy: { rule: Record<string, { what: string; from: string }> } }
    for (const { code } of retentionRules)
      expect(Object.keys(words.privacy.rule[code] ?? {}), `${lang} ${code}`).toEqual(['what', 'from'])
  }
})

it('has a rule or a reason for every table', async () => {
  const app = await startTestApp()
  try {
    const kept = JSON.parse(readFileSync(new URL('tables.json', import.meta.url), 'utf8')) as Record<string, string>
    const tables = await app.superuser<{ name: string }>(
      `select schemaname || '.' || tablename as name from pg_tables where schemaname in ('clinic', 'platform') order by 1`,
    )
    const codes = new Set<string>(retentionRules.map(({ code }) => code))
    const reasons = ['clinic', 'books', 'account', 'service']
    expect(tables.map(({ name }) => name).filter((name) => kept[name] === undefined)).toEqual([])
    const unknown = Object.values(kept).filter((word) => !codes.has(word) && !reasons.includes(word))
    expect(unknown).toEqual([])
  } finally {
    await app.stop()
  }
})
