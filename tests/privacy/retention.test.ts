// Every promise about time, driven by the clock: there one second before, nowhere one second after.
import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { applyRetention, ClockNotBelieved } from '../../src/features/privacy/actions.ts'
import { clinicSteps, platformSteps } from '../../src/features/privacy/queries.ts'
import { cutOff, judgeClock, retentionRules, ruleOf } from '../../src/features/privacy/rules/retention.ts'
import { newId } from '../../src/kernel/ids.ts'
import { Temporal } from '../../src/kernel/time.ts'
import { jobsOf } from '../../src/jobs.ts'
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

  const soon = at('2026-11-25T07:00:00Z')
  const stamp = soon.toString()
  /** What is planted with its moment, how it is looked for, and how long after the moment it may still be there. */
  const planted: [rule: string, after: Temporal.DurationLike, table: string, insert: string][] = [
    ['messages', { hours: 2160 }, 'clinic.messages where id = $2', `insert into clinic.messages (clinic_id, id, version, kind, channel, template, language, recipient_sealed, recipient_hash, status, due_at, created_at) values ($1, $2, 1, 'confirmation', 'whatsapp', 'x', 'en', '', '', 'sent', $3, $3)`],
    ['inbound_messages', { hours: 2160 }, 'clinic.inbound_messages where id = $2', `insert into clinic.inbound_messages (clinic_id, id, sender_hash, body_sealed, meaning, received_at) values ($1, $2, '', '', 'stop', $3)`],
    ['webhook_events', { hours: 2160 }, 'platform.webhook_events where id = $2', `insert into platform.webhook_events (provider, key, id, body_sealed, received_at) values ('p', $1::text, $2, '', $3)`],
    ['mails', { hours: 2160 }, 'platform.mails where id = $2', `insert into platform.mails (id, kind, mail_sealed, due_at, created_at, status) select $2, 'x', '', $3, $3, 'sent' where $1::uuid is not null`],
    ['invitations', { hours: 720 }, 'platform.invitations where id = $2', `insert into platform.invitations (id, clinic_id, email, role, language, token_hash, invited_by, created_at, expires_at) values ($2::uuid, $1, 'canary@x.test', 'doctor', 'en', $2::uuid::text::bytea, $2::uuid, $3, $3)`],
    ['account_tokens', { hours: 24 }, 'platform.account_tokens where token_hash = $2::text::bytea', `insert into platform.account_tokens (token_hash, user_id, purpose, password_version, created_at, expires_at) select $2::text::bytea, user_id, 'password_reset', 1, $3, $3 from platform.memberships where clinic_id = $1 limit 1`],
    ['appointment_links', { hours: 720 }, 'platform.appointment_links where appointment_id = $2', `insert into platform.appointment_links (token_hash, clinic_id, appointment_id, expires_at) values ($2::uuid::text::bytea, $1, $2::uuid, $3)`],
    ['sessions', { hours: 0 }, 'platform.sessions where sid = $2::text', `insert into platform.sessions (sid, sess, expire) select $2::text, '{}', $3 where $1::uuid is not null`],
    ['throttles', { hours: 24 }, 'platform.throttles where key = $2::text::bytea', `insert into platform.throttles (key, window_start, count) select $2::text::bytea, $3, 1 where $1::uuid is not null`],
    ['loose_slips', { hours: 24 }, 'platform.slips where id = $2', `insert into platform.slips (id, media_type, bytes, image_sealed, created_at) select $2, 'image/png', 1, '', $3 where $1::uuid is not null`],
    ['requests', {}, 'platform.requests where id = $2', `insert into platform.requests (id, topic, language, name_sealed, email_sealed, message_sealed, status, received_at, closed_at) select $2, 'privacy', 'en', '', '', '', 'closed', $3, $3 where $1::uuid is not null`],
    ['rights_requests', {}, 'clinic.rights_requests where id = $2', `insert into clinic.rights_requests (clinic_id, id, kind, state, source, language, received_at, due_at, outcome, closed_at) values ($1, $2, 'access', 'decided', 'desk', 'en', $3, $3, 'done', $3)`],
  ] // prettier-ignore

  it.each(planted)('keeps %s as long as promised and not a second longer', async (rule, after, table, insert) => {
    const id = newId()
    await app.superuser(insert, [clinic.id, id, stamp])
    const due = rule.endsWith('requests')
      ? soon.toZonedDateTimeISO('UTC').add({ months: 24 }).toInstant()
      : soon.add(after)
    const there = () => count(table.replaceAll('$2', '$1'), [id])
    await runAt(due)
    expect(await there()).toBe(1)
    expect(await runAt(due.add({ seconds: 1 }))).toHaveProperty(rule)
    expect(await there()).toBe(0)
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
