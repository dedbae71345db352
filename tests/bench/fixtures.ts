// What is measured: a server of Postgres of the bench's own, a clinic with five doctors and twenty services, and a copy
// of it with 100,000 visits behind it.
import { createHmac, randomBytes } from 'node:crypto'
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Knex } from 'knex'
import pg from 'pg'
import { readConfig } from '../../src/config.ts'
import { startEmbeddedPostgres } from '../../src/dev/embedded-postgres.ts'
import { createDatabase, prepareRoles, urlOf } from '../../src/dev/prepare-database.ts'
import { openClinic } from '../../src/features/clinics/actions.ts'
import { insertPatient } from '../../src/features/patients/queries.ts'
import {
  newId,
  type ClinicId,
  type LocationId,
  type PatientId,
  type PractitionerId,
  type ServiceId,
} from '../../src/kernel/ids.ts'
import type { Phone } from '../../src/kernel/phone.ts'
import { dateAt, dayBounds } from '../../src/kernel/time.ts'
import type { Ctx } from '../../src/platform/clinic-scope.ts'
import { changes } from '../../src/platform/db/rows.ts'
import { migrateToLatest } from '../../src/platform/db/migrate.ts'
import type { Services } from '../../src/platform/services.ts'
import { sessionCookieName } from '../../src/platform/web/session.ts'
import { startServices } from '../../src/start.ts'
import { setAllRules } from './all-rules.ts'
import type { Peers } from './baselines.ts'

export const zone = 'Asia/Karachi'
export const slug = 'bench-clinic'

/** One database with the clinic in it, and what a server for it must be told. */
export type Diary = {
  database: string
  superuserUrl: string
  appUrl: string
  env: Record<string, string>
  /** The cookie of somebody signed in at the desk. */
  deskCookie: string
  clinic: BenchClinic
}

export type BenchClinic = {
  id: ClinicId
  locationId: LocationId
  practitionerIds: PractitionerId[]
  /** All of them; the first is a visit of 15 minutes. */
  serviceIds: ServiceId[]
}

export type Place = {
  fresh: Diary
  past: Diary
  /** A copy of a diary's database as it stands; nobody may be connected to it. */
  copy(diary: Diary, name: string): Promise<Diary>
  stop(): Promise<void>
}

const pastVisits = 100_000
const slotsPerDay = 40
/** How often somebody comes to the same clinic in two years and more. */
const visitsEach = 8
const key = (fill: number) => Buffer.alloc(32, fill).toString('base64')

/** Something has to take the messages, as in real life. */
export async function prepare(options: Peers & { past?: number }): Promise<Place> {
  const folder = await mkdtemp(join(tmpdir(), 'nabz-bench-'))
  // Started by root, the database server runs as somebody else and has to get in.
  await chmod(folder, 0o711)
  const postgres = await startEmbeddedPostgres({ dataDir: join(folder, 'data') })
  const superuserUrl = postgres.url('postgres')
  const stop = async () => {
    await postgres.stop()
    await rm(postgres.dataDir, { recursive: true, force: true })
    await rm(folder, { recursive: true, force: true })
  }
  const at = (database: string, of: Pick<Diary, 'deskCookie' | 'clinic'>): Diary => ({
    ...of,
    database,
    superuserUrl: urlOf(superuserUrl, database),
    appUrl: urlOf(superuserUrl, database, 'nabz_app'),
    env: environment(superuserUrl, database, folder, options),
  })
  const copy = async (diary: Diary, name: string) => {
    await createDatabase(superuserUrl, name, { template: diary.database })
    return at(name, diary)
  }
  try {
    await prepareRoles(superuserUrl)
    await createDatabase(superuserUrl, 'bench_fresh')
    await migrateToLatest(urlOf(superuserUrl, 'bench_fresh', 'nabz_owner'))
    const env = environment(superuserUrl, 'bench_fresh', folder, options)
    const made = await withServices(env, async (services) => {
      const clinic = await makeClinic(services)
      return { clinic, deskCookie: await signIn(services, clinic.id) }
    })
    const fresh = at('bench_fresh', made)
    const past = await copy(fresh, 'bench_past')
    await withServices(past.env, (services) => addPast(services, past.clinic, options.past ?? pastVisits))
    for (const diary of [fresh, past]) await withClient(diary.superuserUrl, (client) => client.query('vacuum analyze'))
    return { fresh, past, copy, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

/** As in production, except that the certificate would be the proxy's business and WhatsApp is played nearby. */
function environment(superuserUrl: string, database: string, folder: string, { whatsappUrl, smtpUrl }: Peers) {
  return {
    NODE_ENV: 'test',
    PORT: '0',
    BASE_URL: 'https://nabz.test',
    TRUST_PROXY: '1',
    LOG_LEVEL: 'info',
    DATABASE_URL: urlOf(superuserUrl, database, 'nabz_app'),
    JOBS_DATABASE_URL: urlOf(superuserUrl, database, 'nabz_jobs'),
    SESSION_SECRET: key(1),
    PASSWORD_PEPPER: key(2),
    MASTER_KEY: key(3),
    LOOKUP_KEY: key(4),
    KEY_STORE_DIR: join(folder, 'keys'),
    EXPORT_DIR: join(folder, 'exports'),
    SMTP_URL: smtpUrl,
    MAIL_FROM: 'Nabz <hello@nabz.test>',
    WHATSAPP_BASE_URL: whatsappUrl,
    WHATSAPP_PHONE_NUMBER_ID: '106540352242922',
    WHATSAPP_DISPLAY_NUMBER: '+15550783881',
    WHATSAPP_ACCESS_TOKEN: 'bench-access-token',
    WHATSAPP_APP_SECRET: 'bench-app-secret',
    WHATSAPP_VERIFY_TOKEN: 'bench-verify-token',
  }
}

async function withServices<T>(env: Record<string, string>, work: (services: Services) => Promise<T>): Promise<T> {
  const started = await startServices(readConfig({ ...env, LOG_LEVEL: 'error' }))
  try {
    return await work(started.services)
  } finally {
    await started.stop()
  }
}

async function inClinic<T>(services: Services, id: ClinicId, work: (ctx: Ctx) => Promise<T>): Promise<T> {
  const clinic = await services.clinics.byId(id)
  if (!clinic) throw new Error('the clinic is gone')
  return services.inClinic(clinic, { kind: 'system', job: 'bench' }, { requestId: 'bench' }, work)
}

async function makeClinic(services: Services): Promise<BenchClinic> {
  const { id } = await services.db.transaction((trx: Knex.Transaction) =>
    openClinic(services, trx, {
      name: 'Bench Clinic',
      slug,
      city: 'Karachi',
      country: 'PK',
      zone,
      currency: 'PKR',
      specialty: 'general_practice',
      language: 'en',
    }),
  )
  return inClinic(services, id, async (ctx) => {
    await changes(
      ctx.db,
      `update clinic.profiles set code_policy = 'off', horizon_days = 42, slot_step_min = 15, min_notice_min = 60
       where clinic_id = ?`,
      [id],
    )
    const insert = (table: string, rows: Record<string, unknown>[]) =>
      ctx.db
        .withSchema('clinic')
        .table(table)
        .insert(rows.map((row) => ({ clinic_id: id, ...row })))
    const created_at = ctx.now
    const [location] = await ctx.db
      .withSchema('clinic')
      .table('locations')
      .where({ clinic_id: id })
      .select<{ id: LocationId }[]>('id')
    if (!location) throw new Error('a clinic without a place')
    const practitioners = ['Sana Malik', 'Hamid Raza', 'Farah Iqbal', 'Usman Tariq', 'Zainab Shah'].map(
      (name, position) => ({
        id: newId<'practitioner'>(),
        name: `Dr ${name}`,
        title: 'General physician',
        position,
        created_at,
      }),
    )
    await insert('practitioners', practitioners)
    const durations = [15, 30, 20, 45, 15, 60, 30, 15, 20, 30]
    const services_ = Array.from({ length: 20 }, (_, position) => ({
      id: newId<'service'>(),
      name: `Consultation ${position + 1}`,
      duration_min: durations[position % durations.length],
      price_minor: 150_000 + position * 25_000,
      currency: ctx.clinic.currency,
      position,
      created_at,
    }))
    await insert('services', services_)
    const clinic = {
      id,
      locationId: location.id,
      practitionerIds: practitioners.map((one) => one.id),
      serviceIds: services_.map((one) => one.id),
    }
    await setAllRules(ctx, insert, clinic)
    // A day at the desk: every fifth quarter of an hour of each doctor is taken.
    const patients = await makePatients(ctx, 0, 40)
    await insertVisits(ctx, clinic, patients, { count: 40, slotsApart: 5, firstDay: 0, status: 'booked' })
    ctx.settingsChanged()
    ctx.diaryChanged()
    return clinic
  })
}

async function makePatients(ctx: Ctx, from: number, to: number): Promise<PatientId[]> {
  const ids: PatientId[] = []
  for (let i = from; i < to; i++) {
    const id = newId<'patient'>()
    await insertPatient(ctx, id, {
      name: `Ayesha Patient ${i}`,
      phone: `+92301${String(1_000_000 + i)}` as Phone,
      email: undefined,
      language: 'en',
      proven: true,
    })
    ids.push(id)
  }
  return ids
}

/** Visits of a quarter of an hour, the doctors in turn, slot by slot and day by day going back. */
async function insertVisits(
  ctx: Ctx,
  clinic: BenchClinic,
  patients: PatientId[],
  plan: { count: number; offset?: number; slotsApart: number; firstDay: number; status: 'booked' | 'over' },
): Promise<void> {
  const midnight = dayBounds(dateAt(ctx.now, zone), zone).from
  const offset = plan.offset ?? 0
  await changes(
    ctx.db,
    `insert into clinic.appointments (clinic_id, id, reference, practitioner_id, service_id, location_id, patient_id,
       status, starts_at, ends_at, occupied_from, occupied_to, lane, capacity, source, language, messages_wanted,
       price_minor, currency, created_at, booked_at, arrived_at, in_room_at, fulfilled_at, noshow_at, cancelled_at,
       cancelled_by, previous_status)
     select ?::uuid, uuidv7(starts_at - now()), 'B' || lpad(n::text, 7, '0'), practitioner_id, service_id, ?::uuid,
       patient_id, status, starts_at, ends_at, starts_at, ends_at, 1, 1, 'online', 'en', true, 150000, ?,
       starts_at - interval '3 days', starts_at - interval '3 days',
       case when status = 'fulfilled' then starts_at end, case when status = 'fulfilled' then starts_at end,
       case when status = 'fulfilled' then ends_at end, case when status = 'noshow' then ends_at end,
       case when status = 'cancelled' then starts_at - interval '1 day' end,
       case when status = 'cancelled' then 'patient' end,
       case status when 'fulfilled' then 'in_room' when 'booked' then null else 'booked' end
     from (
       select n, practitioner_id, service_id, patient_id, starts_at, starts_at + interval '15 minutes' as ends_at,
         case when ? then 'booked' when n % 12 = 0 then 'cancelled' when n % 12 = 7 then 'noshow' else 'fulfilled' end as status
       from (
         select n, (?::uuid[])[1 + n % 5] as practitioner_id, (?::uuid[])[1 + n % 3] as service_id,
           (?::uuid[])[1 + n % ?::int] as patient_id,
           ?::timestamptz - make_interval(days => ?::int + (n / 5) * ?::int / ${slotsPerDay})
             + interval '9 hours' + make_interval(mins => 15 * ((n / 5) * ?::int % ${slotsPerDay})) as starts_at
         from generate_series(?::int, ?::int) n) placed) visits`,
    [
      clinic.id,
      clinic.locationId,
      ctx.clinic.currency,
      plan.status === 'booked',
      clinic.practitionerIds,
      clinic.serviceIds,
      patients,
      patients.length,
      midnight,
      plan.firstDay,
      plan.slotsApart,
      plan.slotsApart,
      offset,
      offset + plan.count - 1,
    ],
  )
}

/** Two years and more of full days, ending yesterday. Whoever comes today has been here as often as anybody. */
async function addPast(services: Services, clinic: BenchClinic, count: number): Promise<void> {
  const patients = await inClinic(services, clinic.id, (ctx) =>
    ctx.db.withSchema('clinic').table('patients').where({ clinic_id: clinic.id }).pluck<PatientId[]>('id'),
  )
  const people = Math.ceil(count / visitsEach)
  for (let from = patients.length; from < people; from += 500) {
    const more = await inClinic(services, clinic.id, (ctx) => makePatients(ctx, from, Math.min(people, from + 500)))
    patients.push(...more)
  }
  const batch = 2_500
  for (let offset = 100; offset < count + 100; offset += batch) {
    await inClinic(services, clinic.id, (ctx) =>
      insertVisits(ctx, clinic, patients, {
        count: Math.min(batch, count + 100 - offset),
        offset,
        slotsApart: 1,
        firstDay: 1,
        status: 'over',
      }),
    )
  }
}

/** The row and the signed cookie that signing in leaves. */
async function signIn(services: Services, clinicId: ClinicId): Promise<string> {
  const userId = newId<'user'>()
  const now = services.clock.now()
  await changes(
    services.db,
    `insert into platform.users (id, email, name, password_hash, created_at) values (?, 'desk@bench.test', 'Bilal Ahmed', 'none', ?)`,
    [userId, now],
  )
  await changes(
    services.db,
    `insert into platform.memberships (clinic_id, user_id, role, created_at) values (?, ?, 'owner', ?)`,
    [clinicId, userId, now],
  )
  const sid = randomBytes(24).toString('base64url')
  const session = {
    cookie: { originalMaxAge: null, expires: null, secure: true, httpOnly: true, path: '/', sameSite: 'lax' },
    userId,
    passwordVersion: 1,
    facts: { id: newId(), family: 'other', platform: 'other', network: '192.0.2.*' },
    // Ahead of time: what is measured may take longer than a proof counts.
    proven: { password: now.add({ hours: 12 }).epochMilliseconds },
    startedAt: now.epochMilliseconds,
    seenAt: now.epochMilliseconds,
  }
  await changes(
    services.db,
    `insert into platform.sessions (sid, sess, expire) values (?, ?, now() + interval '12 hours')`,
    [sid, JSON.stringify(session)],
  )
  const signature = createHmac('sha256', key(1)).update(sid).digest('base64').replace(/=+$/, '')
  return `${sessionCookieName(true)}=${encodeURIComponent(`s:${sid}.${signature}`)}`
}

export async function withClient<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    return await work(client)
  } finally {
    await client.end()
  }
}
