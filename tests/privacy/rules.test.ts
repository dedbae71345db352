// For every rule of the table: the thing is there one second before its time is over and nowhere one second after, looked
// for by a canary in every table, file and log. A rule without a planting here does not compile, and fails.
import { existsSync, readFileSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { retentionRules, type RuleCode } from '../../src/features/privacy/rules/retention.ts'
import { newId } from '../../src/kernel/ids.ts'
import type { Phone } from '../../src/kernel/phone.ts'
import { Temporal, type Instant } from '../../src/kernel/time.ts'
import { queueMail } from '../../src/platform/mails.ts'
import { queueMessage } from '../../src/platform/outbox.ts'
import { makeDeclaredPayment } from '../support/books.ts'
import { startTestApp, type TestApp } from '../support/app.ts'
import { makeClinic, type TestClinic } from '../support/cast.ts'
import { makeAppointment, makeBookable, makePatient } from '../support/factories.ts'
import { placesOf } from './canary.ts'

const karachi = 'Asia/Karachi'
const hours = (at: Instant, count: number) => at.add({ hours: count })
const months = (at: Instant, count: number, zone: string) =>
  at.toZonedDateTimeISO(zone).add({ months: count }).toInstant()
/** The years go by, visits don't collide. */
let day = 0

let app: TestApp
let clinic: TestClinic
let place: Awaited<ReturnType<typeof makeBookable>>
const logDir = join(tmpdir(), `nabz-canary-logs-${process.pid}-${newId()}`)

beforeAll(async () => {
  app = await startTestApp({ config: { LOG_DIR: logDir } })
  clinic = await makeClinic(app)
  place = await makeBookable(clinic)
})
afterAll(() => app.stop())

type Planting = {
  /** Plants the canary at this moment; answers the last moment at which it is promised to be there. */
  plant(canary: string, at: Instant): Promise<Instant>
  /** Where it is then, at the least. */
  where: string[]
  /** Where it stays, as promised. */
  stays?: string[]
}

const sql = (text: string, ...params: unknown[]) => app.superuser(text, params)
const now = (at: Instant) => at.toString()
const platform = () => app.services.keys.platform

async function visitOf(name: string, recordKept: boolean) {
  const patient = await makePatient(clinic, { name, email: `${name.replaceAll(' ', '-')}@patient.test` })
  const visit = await makeAppointment(clinic, {
    service: place.service,
    locationId: place.locationId,
    patientId: patient.id,
    startsAt: app.clock.now().add({ hours: 24 * ++day }),
    overbookReason: `${name} in pain`,
    lane: 1001 + day,
  })
  const note = await clinic.inClinic(({ seal }) =>
    Promise.resolve(seal.seal(`${name} note`, 'appointments.note', visit.id)),
  )
  const answers = await clinic.inClinic(({ seal }) =>
    Promise.resolve(
      seal.sealJson([{ question: 'Why do you come?', answer: `${name} reason` }], 'appointments.answers', visit.id),
    ),
  )
  await sql(
    `update clinic.appointments set note_sealed = $2, cancel_reason = $3, record_kept = $4, answers_sealed = $5 where id = $1`,
    visit.id, note, `${name} reason`, recordKept, answers,
  ) // prettier-ignore
  return visit.endsAt
}
const visitPlaces = ['note_sealed', 'answers_sealed', 'cancel_reason', 'overbook_reason'].map(
  (column) => `clinic.appointments.${column}`,
)
const patientPlaces = ['clinic.patients.name', 'clinic.patients.name_key', 'clinic.patients.email_sealed']

const plantings: Record<RuleCode, Planting | { shownIn: string; as: string }> = {
  closed_clinic: { shownIn: 'tests/closing/erased.test.ts', as: 'undoEnd.add({ seconds: 1 })' },
  expired_clinic: { shownIn: 'tests/closing/closing.test.ts', as: 'a clinic that was not paid for' },
  booking_identity: {
    plant: async (canary) => months(await visitOf(canary, false), 24, karachi),
    where: [...visitPlaces, ...patientPlaces],
  },
  medical_record: {
    plant: async (canary) => months(await visitOf(canary, true), 120, karachi),
    where: [...visitPlaces, ...patientPlaces],
  },
  patients: {
    plant: async (canary, at) => {
      await makePatient(clinic, { name: canary, email: `${canary}@patient.test` })
      return months(at, 24, karachi)
    },
    where: patientPlaces,
  },
  messages: {
    plant: async (canary, at) => {
      const id = await clinic.inClinic((ctx) =>
        queueMessage(ctx, {
          kind: 'reply_auto',
          template: 'text',
          recipient: { channel: 'whatsapp', phone: '+923001234567' as Phone },
          language: 'en',
          appointmentId: null,
          version: 1,
          dueAt: ctx.now,
          params: { text: canary },
        }),
      )
      await sql(
        `insert into clinic.message_attempts (clinic_id, id, message_id, started_at, error_detail) values ($1, $2, $3, $4, $5)`,
        clinic.id, newId(), id, now(at), canary,
      ) // prettier-ignore
      return hours(at, 90 * 24)
    },
    where: ['clinic.messages.params_sealed', 'clinic.message_attempts.error_detail'],
  },
  inbound_messages: {
    plant: async (canary, at) => {
      const id = newId()
      const body = await clinic.inClinic(({ seal }) => Promise.resolve(seal.seal(canary, 'inbound_messages.body', id)))
      await sql(
        `insert into clinic.inbound_messages (clinic_id, id, sender_hash, body_sealed, meaning, received_at)
         values ($1, $2, '', $3, 'other', $4)`,
        clinic.id, id, body, now(at),
      ) // prettier-ignore
      return hours(at, 90 * 24)
    },
    where: ['clinic.inbound_messages.body_sealed'],
  },
  holds: {
    plant: async (canary, at) => {
      const hold = await makeAppointment(clinic, {
        status: 'pending',
        service: place.service,
        locationId: place.locationId,
        startsAt: at.add({ hours: 24 * ++day }),
        holdOwner: Buffer.from(canary),
        holdExpiresAt: at,
      })
      const draft = await clinic.inClinic(({ seal }) =>
        Promise.resolve(seal.sealJson({ name: canary }, 'appointments.draft', hold.id)),
      )
      await sql('update clinic.appointments set draft_sealed = $2 where id = $1', hold.id, draft)
      await sql(
        `insert into clinic.verification_codes (clinic_id, id, appointment_id, code_hash, created_at, expires_at)
         values ($1, $2, $3, $4, $5, $5)`,
        clinic.id, newId(), hold.id, canary, now(at),
      ) // prettier-ignore
      return hours(at, 1)
    },
    where: [
      'clinic.appointments.draft_sealed',
      'clinic.appointments.hold_owner',
      'clinic.verification_codes.code_hash',
    ],
  },
  codes: {
    plant: async (canary, at) => {
      const visit = await makeAppointment(clinic, {
        service: place.service,
        locationId: place.locationId,
        startsAt: at.add({ hours: 24 * ++day }),
      })
      await sql(
        `insert into clinic.verification_codes (clinic_id, id, appointment_id, code_hash, created_at, expires_at, used_at)
         values ($1, $2, $3, $4, $5, $5, $5)`,
        clinic.id, newId(), visit.id, canary, now(at),
      ) // prettier-ignore
      return hours(at, 24)
    },
    where: ['clinic.verification_codes.code_hash'],
  },
  waiting: {
    plant: async (canary, at) => {
      const patient = await makePatient(clinic, { name: `Waits ${newId()}` })
      const [entry, offer] = [newId(), newId()]
      await sql(
        `insert into clinic.waiting_entries (clinic_id, id, patient_id, service_id, from_date, until_date, language, source,
           state, joined_at, ended_at) values ($1, $2, $3, $4, '2026-01-01', '2026-01-02', 'en', 'desk', 'left', $5, $5)`,
        clinic.id, entry, patient.id, place.service.id, now(at),
      ) // prettier-ignore
      await sql(
        `insert into clinic.waiting_offers (clinic_id, id, entry_id, number_hash, practitioner_id, location_id, starts_at,
           ends_at, state, offered_at, expires_at) values ($1, $2, $3, $4, $5, $6, $7, $7, 'declined', $7, $7)`,
        clinic.id, offer, entry, Buffer.from(canary), place.practitionerId, place.locationId, now(at),
      ) // prettier-ignore
      return hours(at, 30 * 24)
    },
    where: ['clinic.waiting_offers.number_hash'],
  },
  rights_requests: {
    plant: async (canary, at) => {
      const id = newId()
      const sealed = await clinic.inClinic(({ seal }) =>
        Promise.resolve(
          ['subject', 'wishes', 'answer'].map((what) => seal.seal(canary, `rights_requests.${what}`, id)),
        ),
      )
      await sql(
        `insert into clinic.rights_requests (clinic_id, id, kind, state, source, language, received_at, due_at, outcome,
           closed_at, subject_sealed, wishes_sealed, answer_sealed)
         values ($1, $2, 'access', 'decided', 'desk', 'en', $3, $3, 'done', $3, $4, $5, $6)`,
        clinic.id, id, now(at), ...sealed,
      ) // prettier-ignore
      return months(at, 24, karachi)
    },
    where: ['subject', 'wishes', 'answer'].map((what) => `clinic.rights_requests.${what}_sealed`),
  },
  exports: {
    plant: async (canary, at) => {
      const id = newId()
      const key = await clinic.inClinic(({ seal }) => Promise.resolve(seal.seal(canary, 'exports.key', id)))
      await mkdir(app.services.config.exportDir, { recursive: true })
      await writeFile(join(app.services.config.exportDir, `${id}.sealed`), canary)
      await sql(
        `insert into clinic.exports (clinic_id, id, asked_by, asked_at, state, protected, key_sealed, finished_at, expires_at)
         values ($1, $2, $3, $4, 'ready', false, $5, $4, $4::timestamptz + interval '24 hours')`,
        clinic.id, id, clinic.cast.nadia.userId, now(at), key,
      ) // prettier-ignore
      exportFile = `file exports/${id}.sealed`
      return hours(at, 24)
    },
    where: ['clinic.exports.key_sealed'],
  },
  // Their rules go by the database's own clock, whatever ours says: see below.
  clinic_audit_origin: { shownIn: 'tests/privacy/rules.test.ts', as: "['clinic_audit_origin', " },
  clinic_audit: { shownIn: 'tests/privacy/rules.test.ts', as: "['clinic_audit', " },
  platform_audit_origin: { shownIn: 'tests/privacy/rules.test.ts', as: "['platform_audit_origin', " },
  platform_audit: { shownIn: 'tests/privacy/rules.test.ts', as: "['platform_audit', " },
  webhook_events: {
    plant: async (canary, at) => {
      const id = newId()
      await sql(
        `insert into platform.webhook_events (provider, key, id, body_sealed, received_at) values ('p', $1::text, $1::uuid, $2, $3)`,
        id, platform().seal(canary, 'webhook_events.body', id), now(at),
      ) // prettier-ignore
      return hours(at, 20 * 24)
    },
    where: ['platform.webhook_events.body_sealed'],
  },
  mails: {
    plant: async (canary, at) => {
      await queueMail(app.services.db, platform(), {
        kind: 'x',
        to: 'a@b.test',
        subject: canary,
        text: canary,
        now: at,
      })
      return hours(at, 90 * 24)
    },
    where: ['platform.mails.mail_sealed'],
  },
  invitations: {
    plant: async (canary, at) => {
      await sql(
        `insert into platform.invitations (id, clinic_id, email, role, language, token_hash, invited_by, created_at, expires_at)
         values ($2::uuid, $1, $4, 'doctor', 'en', $5, $2::uuid, $3, $3)`,
        clinic.id, newId(), now(at), `${canary}@x.test`, Buffer.from(canary),
      ) // prettier-ignore
      return hours(at, 30 * 24)
    },
    where: ['platform.invitations.email', 'platform.invitations.token_hash'],
  },
  account_tokens: {
    plant: async (canary, at) => {
      await sql(
        `insert into platform.account_tokens (token_hash, user_id, purpose, password_version, created_at, expires_at)
         values ($1, $2, 'password_reset', 1, $3, $3)`,
        Buffer.from(canary), clinic.cast.nadia.userId, now(at),
      ) // prettier-ignore
      return hours(at, 24)
    },
    where: ['platform.account_tokens.token_hash'],
  },
  appointment_links: {
    plant: async (canary, at) => {
      await sql(
        'insert into platform.appointment_links (token_hash, clinic_id, appointment_id, expires_at) values ($1, $2, $3, $4)',
        Buffer.from(canary), clinic.id, newId(), now(at),
      ) // prettier-ignore
      return hours(at, 30 * 24)
    },
    where: ['platform.appointment_links.token_hash'],
  },
  sessions: {
    plant: async (canary, at) => {
      await sql('insert into platform.sessions (sid, sess, expire) values ($1, $2, $3)', canary, { canary }, now(at))
      return at
    },
    where: ['platform.sessions.sess', 'platform.sessions.sid'],
  },
  known_browsers: {
    plant: async (canary, at) => {
      await sql(
        'insert into platform.known_browsers (user_id, browser_hash, seen_at) values ($1, $2, $3)',
        clinic.cast.nadia.userId, Buffer.from(canary), now(at),
      ) // prettier-ignore
      return months(at, 12, 'UTC')
    },
    where: ['platform.known_browsers.browser_hash'],
  },
  throttles: {
    plant: async (canary, at) => {
      await sql(
        'insert into platform.throttles (key, window_start, count) values ($1, $2, 1)',
        Buffer.from(canary),
        now(at),
      )
      return hours(at, 24)
    },
    where: ['platform.throttles.key'],
  },
  loose_slips: {
    plant: async (canary, at) => {
      await slip(canary, at)
      return hours(at, 24)
    },
    where: ['platform.slips.image_sealed'],
  },
  slips: {
    plant: async (canary, at) => {
      const payment = await makeDeclaredPayment(clinic)
      await sql(
        `update platform.payments set slip_id = $2, status = 'rejected', decided_at = $3 where id = $1`,
        payment.id, await slip(canary, at), now(at),
      ) // prettier-ignore
      return months(at, 12, 'UTC')
    },
    where: ['platform.slips.image_sealed'],
  },
  requests: {
    plant: async (canary, at) => {
      const [id, step] = [newId(), newId()]
      const [name, email, message] = ['name', 'email', 'message'].map((what) =>
        platform().seal(canary, `requests.${what}`, id),
      )
      await sql(
        `insert into platform.requests (id, topic, language, name_sealed, email_sealed, message_sealed, status, received_at, closed_at)
         values ($1, 'privacy', 'en', $2, $3, $4, 'closed', $5, $5)`,
        id, name, email, message, now(at),
      ) // prettier-ignore
      await sql(
        `insert into platform.request_steps (id, request_id, at, kind, body_sealed) values ($1, $2, $3, 'note', $4)`,
        step, id, now(at), platform().seal(canary, 'request_steps.body', step),
      ) // prettier-ignore
      return months(at, 24, 'UTC')
    },
    where: ['platform.requests.message_sealed', 'platform.request_steps.body_sealed'],
  },
  server_logs: {
    plant: async (canary, at) => {
      const day = at.toString().slice(0, 10)
      await mkdir(logDir, { recursive: true })
      await writeFile(join(logDir, `nabz-${day}-canary.log`), canary)
      logFile = `file nabz-${day}-canary.log`
      return hours(Temporal.Instant.from(`${day}T00:00:00Z`), 30 * 24)
    },
    where: [],
  },
  status_checks: {
    plant: async (canary, at) => {
      const hour = `${at.toString().slice(0, 13)}:00:00Z`
      await sql(
        `insert into platform.status_checks (check_name, hour, state, code, checked_at) values ('website', $1, 'ok', $2, $1)`,
        hour, canary,
      ) // prettier-ignore
      return hours(Temporal.Instant.from(hour), 30 * 24)
    },
    where: ['platform.status_checks.code'],
  },
  job_runs: {
    plant: async (canary, at) => {
      await sql(
        `insert into platform.job_runs (id, job, process, started_at, ended_at, result, error_name)
         values ($1, 'x', $1, $2, $2, 'failed', $3)`,
        newId(), now(at), canary,
      ) // prettier-ignore
      return hours(at, 30 * 24)
    },
    where: ['platform.job_runs.error_name'],
  },
  opt_outs: {
    plant: async (canary, at) => {
      await sql(
        `insert into platform.opt_outs (sender, number_hash, stopped_at, wording) values ('platform', $1, $2, $3)`,
        Buffer.from(canary), now(at), canary,
      ) // prettier-ignore
      return months(at, 1200, 'UTC')
    },
    where: ['platform.opt_outs.wording', 'platform.opt_outs.number_hash'],
    stays: ['platform.opt_outs.number_hash', 'platform.opt_outs.wording'],
  },
}
let exportFile = ''
let logFile = ''

async function slip(canary: string, at: Instant) {
  const id = newId()
  const image = platform().sealBytes(Buffer.from(canary), 'slips.image', id)
  await sql(
    `insert into platform.slips (id, media_type, bytes, image_sealed, created_at) values ($1, 'image/png', 1, $2, $3)`,
    id, image, now(at),
  ) // prettier-ignore
  return id
}

/** As if the service had been running all along until then. */
async function runAt(job: string, instant: Instant) {
  app.clock.set(instant)
  await sql('delete from platform.retention_clock')
  await sql('delete from platform.retention_turns')
  await app.runJob(job)
}

const ledger = async (rule: string) =>
  (
    await app.superuser<{ total: number }>(
      'select coalesce(sum(count), 0)::integer as total from platform.erasures where rule = $1',
      [rule],
    )
  )[0]!.total

describe('each rule', () => {
  it.each(retentionRules)('$code keeps its thing to the second, and no longer', { timeout: 30_000 }, async (rule) => {
    const planting = plantings[rule.code]
    if ('shownIn' in planting) {
      // Another file plants it, and says so.
      expect(existsSync(planting.shownIn), planting.shownIn).toBe(true)
      expect(readFileSync(planting.shownIn, 'utf8').includes(planting.as), planting.as).toBe(true)
      return
    }
    const canary = `canary${rule.code.replaceAll('_', '')}`
    // Whole seconds, as the promise is.
    const at = Temporal.Instant.from(app.clock.now().toString({ smallestUnit: 'second' }))
    app.clock.set(at)
    const due = await planting.plant(canary, at)
    const files = { exports: exportFile, server_logs: logFile }[rule.code as string]
    const where = [...planting.where, ...(files === undefined ? [] : [files])]
    const job = 'job' in rule && rule.job !== '' ? rule.job : 'privacy.retention'
    const before = await ledger(rule.code)

    await runAt(job, due.subtract({ seconds: 1 }))
    expect(await placesOf(app, canary)).toEqual(expect.arrayContaining(where))
    expect(await ledger(rule.code)).toBe(before)

    await runAt(job, due.add({ seconds: 1 }))
    expect(await placesOf(app, canary)).toEqual(planting.stays ?? [])
    if (rule.ends !== 'never') expect(await ledger(rule.code)).toBeGreaterThan(before)
  })
})

describe('the rules of the audit logs, by the database’s own clock', () => {
  // A clock of ours that is a century ahead changes nothing.
  const wrong = Temporal.Instant.from('2190-01-01T00:00:00Z')

  /** An entry of this age by the database; two seconds younger than its time, or one older. */
  async function plant(schema: 'clinic' | 'platform', canary: string, age: string) {
    const id = newId()
    const place =
      schema === 'clinic' ? ['clinic_id, salt, origin_digest, ', `'${clinic.id}', 'salt', 'digest', `] : ['', '']
    await sql(
      `insert into ${schema}.audit_entries (${place[0]}id, at, actor_kind, action, details, address, browser)
       values (${place[1]}$1, now() - $2::interval + interval '5 seconds', 'system', 'x.y', $3, '192.0.2.7', $4)`,
      id, age, { word: `${canary}entry` }, `${canary}browser`,
    ) // prettier-ignore
    return {
      id,
      older: () => sql(`update ${schema}.audit_entries set at = at - interval '6 seconds' where id = $1`, id),
    }
  }

  it.each([
    ['clinic_audit_origin', 'clinic'],
    ['platform_audit_origin', 'platform'],
  ] as const)('%s: address and browser go after 30 days, the entry stays', async (code, schema) => {
    const canary = `canary${code.replaceAll('_', '')}`
    const entry = await plant(schema, canary, '720 hours')
    await runAt('privacy.retention', wrong)
    expect(await placesOf(app, `${canary}browser`)).toEqual([`${schema}.audit_entries.browser`])
    await entry.older()
    await runAt('privacy.retention', wrong)
    expect(await placesOf(app, `${canary}browser`)).toEqual([])
    expect(await placesOf(app, `${canary}entry`)).toEqual([`${schema}.audit_entries.details`])
  })

  it.each([
    ['clinic_audit', 'clinic'],
    ['platform_audit', 'platform'],
  ] as const)('%s: entries go after 12 months', async (code, schema) => {
    const canary = `canaryyear${code.replaceAll('_', '')}`
    const entry = await plant(schema, canary, '12 months')
    await runAt('privacy.retention', wrong)
    expect(await placesOf(app, `${canary}entry`)).toEqual([`${schema}.audit_entries.details`])
    await entry.older()
    await runAt('privacy.retention', wrong)
    expect(await placesOf(app, canary)).toEqual([])
  })
})
