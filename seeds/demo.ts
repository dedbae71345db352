// The demo's clinics. Run at every start of the demo: what is there stays, and days that have come nearer since are
// filled, so that today is always a full day.
import type { Knex } from 'knex'
import {
  newId,
  type AppointmentId,
  type ClinicId,
  type LocationId,
  type PatientId,
  type PractitionerId,
  type ServiceId,
  type UserId,
} from '../src/kernel/ids.ts'
import { minorDigits } from '../src/kernel/money.ts'
import { fold } from '../src/kernel/names.ts'
import type { Role } from '../src/kernel/permissions.ts'
import type { Phone } from '../src/kernel/phone.ts'
import { dateAt, dayBounds, Temporal, type PlainDate } from '../src/kernel/time.ts'
import { referenceFrom } from '../src/features/appointments/rules.ts'
import { planReminders } from '../src/features/notices/rules.ts'
import type { Ctx } from '../src/platform/clinic-scope.ts'
import { registerLinks } from './links.ts'
import { recipientHash } from '../src/platform/outbox.ts'
import { rows } from '../src/platform/db/rows.ts'
import type { Services } from '../src/platform/services.ts'
import { chance } from './chance.ts'
import { seedClinics, type SeedClinic } from './clinics.ts'
import { patientsOf, visitsOf, type SeedVisit } from './diary.ts'
import { numberArrivals } from './queue.ts'
import { seedSeries } from './series.ts'
import { insertServicesAsTheyAre } from './services.ts'
import { insertSpecialHours } from './special-hours.ts'
import { seedWaitingList } from './waiting-list.ts'

export const demoPassword = 'nabz demo only'

const historyDays = 100
const fortnight = 14
const system = { kind: 'system', job: 'demo' } as const
const origin = { requestId: 'demo' }

export async function seedDemo(services: Services): Promise<void> {
  const passwordHash = await services.passwords.hash(demoPassword)
  await person(services, { email: 'admin@nabz.test', name: 'Nabz Admin', language: 'en', passwordHash, admin: true })
  for (const clinic of seedClinics) {
    const known = await services.clinics.bySlug(clinic.slug)
    const id = known?.id ?? (await openSeedClinic(services, clinic, passwordHash))
    await fillDays(services, clinic, id)
    // As it stands now, after its days were filled.
    const filled = await services.clinics.byId(id)
    if (filled) await services.inClinic(filled, system, origin, seedSeries)
    if (filled) await services.inClinic(filled, system, origin, seedWaitingList)
  }
}

async function person(
  services: Services,
  who: { email: string; name: string; language: string; passwordHash: string; admin?: boolean },
): Promise<UserId> {
  const [known] = await rows<{ id: UserId }>(services.db, 'select id from platform.users where email = ?', [who.email])
  if (known) return known.id
  const id = newId<'user'>()
  await services.db
    .withSchema('platform')
    .table('users')
    .insert({
      id,
      email: who.email,
      name: who.name,
      password_hash: who.passwordHash,
      language: who.language,
      platform_admin: who.admin ?? false,
      created_at: services.clock.now(),
    })
  return id
}

async function openSeedClinic(services: Services, clinic: SeedClinic, passwordHash: string): Promise<ClinicId> {
  const { db, clock } = services
  const now = clock.now()
  const id = newId<'clinic'>()
  const domain = `${clinic.slug}.test`
  const account = (part: string, name: string) =>
    person(services, { email: `${part}@${domain}`, name, language: clinic.language, passwordHash })
  const { staff } = clinic
  const [owner, doctor, desk] = [
    await account('owner', staff.owner),
    await account('doctor', staff.doctor),
    await account('desk', staff.desk),
  ]
  const others: [UserId, Role][] = []
  for (const role of ['assistant', 'accountant'] as const) {
    const name = staff[role]
    if (name !== undefined) others.push([await account(role, name), role])
  }
  // A key whose clinic never came to be, after a kill in between, opens nothing: it is only made anew.
  await services.keys.createFor(id)
  await db.transaction(async (trx) => {
    await trx.withSchema('platform').table('clinics').insert({
      id,
      slug: clinic.slug,
      name: clinic.name,
      city: clinic.city,
      country: clinic.country,
      specialty: clinic.specialty,
      time_zone: clinic.zone,
      currency: clinic.currency,
      language: clinic.language,
      accent: clinic.accent,
      // So that the demo's directory has somebody in it.
      listed: true,
      created_at: now,
    })
    await trx.withSchema('platform').table('diaries').insert({ clinic_id: id })
    for (const [user_id, role] of [[owner, 'owner'], [doctor, 'doctor'], [desk, 'receptionist'], ...others]) {
      await trx.withSchema('platform').table('memberships').insert({ clinic_id: id, user_id, role, created_at: now })
    }
    await trx.raw('select app_set_clinic(?)', [id])
    await settingUp(trx, id, clinic, doctor, now)
  })
  await insertPatients(services, id, clinic)
  const proven = await services.clinics.byId(id)
  if (proven) await services.inClinic(proven, system, origin, insertServicesAsTheyAre)
  if (proven) await services.inClinic(proven, system, origin, (ctx) => insertSpecialHours(ctx, clinic, insertAll))
  return id
}

async function settingUp(
  trx: Knex.Transaction,
  clinic_id: ClinicId,
  clinic: SeedClinic,
  doctor: UserId,
  now: Temporal.Instant,
): Promise<void> {
  const insert = (table: string, rows: object[]) => trx.withSchema('clinic').table(table).insert(rows)
  const created_at = now
  await insert('profiles', [
    {
      clinic_id,
      about: clinic.about,
      phone: clinic.phone,
      whatsapp: clinic.whatsapp,
      languages: clinic.languages,
      slot_step_min: clinic.stepMin,
      alert_email: `owner@${clinic.slug}.test`,
      bring_note: clinic.bring,
      max_open_bookings: 3,
      missed_rule: clinic.missedRule ?? 'none',
      link_shared_at: now,
      checklist_hidden_at: now,
      created_at,
    },
  ])
  const locations = clinic.locations.map(({ name, address, mapUrl }, position) => {
    return {
      clinic_id,
      id: newId<'location'>(),
      name,
      address,
      map_url: mapUrl,
      phone: clinic.phone,
      position,
      created_at,
    }
  })
  const services = clinic.services.map((service, position) => ({
    clinic_id,
    id: newId<'service'>(),
    name: service.name,
    duration_min: service.minutes,
    buffer_before_min: service.before ?? 0,
    buffer_after_min: service.after ?? 0,
    capacity: service.capacity ?? 1,
    price_minor: service.price * 10 ** minorDigits(clinic.currency),
    currency: clinic.currency,
    online: service.online ?? true,
    position,
    created_at,
  }))
  const practitioners = clinic.practitioners.map(({ name, title }, position) => ({
    clinic_id,
    id: newId<'practitioner'>(),
    user_id: name === clinic.staff.doctor ? doctor : null,
    name,
    title,
    position,
    created_at,
  }))
  await insert('locations', locations)
  await insert('services', services)
  await insert('practitioners', practitioners)
  for (const [index, practitioner] of clinic.practitioners.entries()) {
    const practitioner_id = practitioners[index]?.id
    await insert(
      'practitioner_services',
      practitioner.services.map((service) => ({ clinic_id, practitioner_id, service_id: services[service]?.id })),
    )
    await insert(
      'shifts',
      practitioner.shifts.flatMap((shift) =>
        shift.days.map((weekday) => ({
          clinic_id,
          id: newId(),
          practitioner_id,
          location_id: locations[shift.location]?.id,
          weekday,
          starts_min: minutesOf(shift.from),
          ends_min: minutesOf(shift.to),
          created_at,
        })),
      ),
    )
  }
}

const minutesOf = (time: string): number => {
  const [hours = 0, minutes = 0] = time.split(':').map(Number)
  return hours * 60 + minutes
}

async function insertPatients(services: Services, id: ClinicId, clinic: SeedClinic): Promise<void> {
  const proven = await services.clinics.byId(id)
  if (!proven) throw new Error('a clinic that was just made')
  await services.inClinic(proven, system, origin, async (ctx) => {
    const since = ctx.now.subtract({ hours: 24 * historyDays })
    const people = patientsOf(clinic).map((patient) => ({ ...patient, id: newId<'patient'>() }))
    await insertAll(
      ctx,
      'patients',
      people.map(({ id: patientId, name, phone, language }) => ({
        clinic_id: id,
        id: patientId,
        name,
        name_key: fold(name),
        phone_sealed: ctx.seal.seal(phone, 'patients.phone', patientId),
        phone_index: ctx.seal.phoneIndex(phone as Phone),
        phone_last_four_index: ctx.seal.lastFourIndex(phone),
        language,
        phone_proven_at: since,
        created_at: since,
      })),
    )
    await insertAll(
      ctx,
      'patient_words',
      people.flatMap(({ id: patient_id, name }) =>
        [...new Set(fold(name).split(' '))].map((word) => ({ clinic_id: id, word, patient_id })),
      ),
    )
    await insertAll(
      ctx,
      'consents',
      people.map(({ id: patient_id, language }) => ({
        clinic_id: id,
        id: newId(),
        patient_id,
        purpose: 'appointment_messages',
        decision: 'permit',
        wording: 'booking',
        wording_version: 1,
        language,
        channel: 'web',
        source: 'public_page',
        decided_at: since,
      })),
    )
  })
}

type Setup = {
  locations: LocationId[]
  services: { id: ServiceId; price_minor: number }[]
  practitioners: PractitionerId[]
  patients: { id: PatientId; phone: Phone; language: string }[]
}

async function readSetup(ctx: Ctx, clinic: SeedClinic): Promise<Setup> {
  const read = <T>(sql: string) => rows<T>(ctx.db, sql, [ctx.clinic.id])
  const patients = await read<{ id: PatientId; phone_sealed: Buffer; language: string }>(
    'select id, phone_sealed, language from clinic.patients where clinic_id = ? order by id',
  )
  const locations = await read<{ id: LocationId }>(
    'select id from clinic.locations where clinic_id = ? order by position',
  )
  const practitioners = await read<{ id: PractitionerId }>(
    'select id from clinic.practitioners where clinic_id = ? order by position',
  )
  const services = await read<Setup['services'][number]>(
    'select id, price_minor from clinic.services where clinic_id = ? order by position',
  )
  const byPhone = new Map<string, Setup['patients'][number]>(
    patients.map((row) => {
      const phone = ctx.seal.open(row.phone_sealed, 'patients.phone', row.id) as Phone
      return [phone, { id: row.id, phone, language: row.language }] as const
    }),
  )
  return {
    locations: locations.map(({ id }) => id),
    practitioners: practitioners.map(({ id }) => id),
    services,
    patients: patientsOf(clinic)
      .map(({ phone }) => byPhone.get(phone))
      .filter((patient) => patient !== undefined),
  }
}

/** Fills what is empty from the past to a fortnight ahead; days that hold anything are left as they are. */
async function fillDays(services: Services, clinic: SeedClinic, id: ClinicId): Promise<void> {
  const proven = await services.clinics.byId(id)
  if (!proven) throw new Error('a clinic that was just made')
  await services.inClinic(proven, system, origin, async (ctx) => {
    const today = dateAt(ctx.now, clinic.zone)
    const setup = await readSetup(ctx, clinic)
    const filled = await datesWithVisits(ctx, clinic, today)
    const visits: { visit: SeedVisit; id: AppointmentId }[] = []
    for (let day = -historyDays; day <= fortnight; day++) {
      const date = today.add({ days: day })
      if (filled.has(date.toString())) continue
      const fill = day < 0 ? 0.72 : day === 0 ? 0.97 : 0.5 - day * 0.012
      for (const visit of visitsOf(clinic, date, ctx.now, fill)) visits.push({ visit, id: newId<'appointment'>() })
    }
    if (visits.length === 0) return
    const wanted = visits.map(({ visit, id: visitId }) => appointmentRow(ctx, setup, visit, visitId))
    // Somebody may have booked into a day that was empty until now: their visit stays, ours gives way.
    const written = new Set(await insertAll(ctx, 'appointments', wanted))
    const kept = visits.filter(({ id: visitId }) => written.has(visitId))
    await registerLinks(
      ctx,
      kept.map(({ visit, id: visitId }) => ({ id: visitId, endsAt: visit.endsAt })),
    )
    await insertAll(
      ctx,
      'messages',
      kept.flatMap(({ visit, id: visitId }) => messageRows(ctx, setup, visit, visitId)),
    )
    await numberArrivals(ctx)
    ctx.diaryChanged()
  })
}

async function datesWithVisits(ctx: Ctx, clinic: SeedClinic, today: PlainDate): Promise<Set<string>> {
  const from = dayBounds(today.subtract({ days: historyDays }), clinic.zone).from
  const visits = await rows<{ startsAt: Temporal.Instant }>(
    ctx.db,
    `select starts_at as "startsAt" from clinic.appointments where clinic_id = ? and source = 'desk' and starts_at >= ?`,
    [ctx.clinic.id, from],
  )
  return new Set(visits.map(({ startsAt }) => dateAt(startsAt, clinic.zone).toString()))
}

function appointmentRow(ctx: Ctx, setup: Setup, visit: SeedVisit, id: AppointmentId): Row {
  const { startsAt, endsAt, status } = visit
  const patient = at(setup.patients, visit.patient)
  const dice = chance(id)
  const booked = startsAt.subtract({ hours: 24 * (1 + dice.upTo(9)), minutes: dice.upTo(300) })
  const arrived = startsAt.subtract({ minutes: dice.upTo(20) })
  const came = status === 'arrived' || status === 'in_room' || status === 'fulfilled'
  return {
    clinic_id: ctx.clinic.id,
    id,
    reference: referenceFrom(Uint8Array.from({ length: 6 }, () => dice.upTo(256))),
    practitioner_id: at(setup.practitioners, visit.practitioner),
    service_id: at(setup.services, visit.service).id,
    location_id: at(setup.locations, visit.location),
    patient_id: patient.id,
    status,
    starts_at: startsAt,
    ends_at: endsAt,
    occupied_from: startsAt,
    occupied_to: visit.occupiedTo,
    lane: visit.lane,
    capacity: visit.capacity,
    source: visit.source,
    language: patient.language,
    messages_wanted: true,
    price_minor: at(setup.services, visit.service).price_minor,
    currency: ctx.clinic.currency,
    version: 2,
    created_at: booked,
    booked_at: booked,
    confirmed_at: visit.confirmed ? startsAt.subtract({ hours: 20 }) : null,
    arrived_at: came ? arrived : null,
    in_room_at: status === 'in_room' || status === 'fulfilled' ? startsAt : null,
    fulfilled_at: status === 'fulfilled' ? endsAt : null,
    noshow_at: status === 'noshow' ? endsAt : null,
    cancelled_at: status === 'cancelled' ? startsAt.subtract({ hours: 18 }) : null,
    cancelled_by: status === 'cancelled' ? 'patient' : null,
  }
}

/** What was sent about a visit in the last month, and what will be about one to come. */
function messageRows(ctx: Ctx, setup: Setup, visit: SeedVisit, id: AppointmentId): Row[] {
  const { startsAt } = visit
  const monthAgo = ctx.now.subtract({ hours: 24 * 30 }).epochMilliseconds
  if (startsAt.epochMilliseconds < monthAgo || visit.status === 'cancelled') return []
  const patient = at(setup.patients, visit.patient)
  const dice = chance(`${id} messages`)
  const row = (kind: string, template: string, due: Temporal.Instant, rest: Row) => {
    const messageId = newId<'message'>()
    return {
      clinic_id: ctx.clinic.id,
      id: messageId,
      appointment_id: id,
      patient_id: patient.id,
      version: 2,
      kind,
      channel: 'whatsapp',
      template,
      language: patient.language,
      recipient_sealed: ctx.seal.seal(patient.phone, 'messages.recipient', messageId),
      recipient_hash: recipientHash(ctx, { channel: 'whatsapp', phone: patient.phone }),
      params_sealed: ctx.seal.sealJson(
        {
          by: 'patient',
          startsAt: startsAt.toString(),
          practitionerId: at(setup.practitioners, visit.practitioner),
          locationId: at(setup.locations, visit.location),
        },
        'messages.params',
        messageId,
      ),
      due_at: due,
      ...rest,
    }
  }
  const delivered = (sentAt: Temporal.Instant) => {
    const read = dice.next() < 0.8
    return {
      status: read ? 'read' : 'delivered',
      attempts: 1,
      created_at: sentAt,
      accepted_at: sentAt,
      sent_at: sentAt,
      delivered_at: sentAt.add({ seconds: 2 }),
      read_at: read ? sentAt.add({ minutes: 1 + dice.upTo(90) }) : null,
    }
  }
  const bookedAt = startsAt.subtract({ hours: 24 * (2 + dice.upTo(4)) })
  const past = bookedAt.epochMilliseconds < ctx.now.epochMilliseconds ? bookedAt : ctx.now.subtract({ hours: 3 })
  const messages: Row[] = [row('confirmation', 'nabz_confirmation', past, delivered(past))]
  const quiet = { from: Temporal.PlainTime.from('21:00'), to: Temporal.PlainTime.from('08:00'), zone: ctx.clinic.zone }
  for (const reminder of planReminders({ startsAt, now: past, quiet })) {
    const isPast = reminder.dueAt.epochMilliseconds <= ctx.now.epochMilliseconds
    if (!isPast && visit.status !== 'booked') continue
    messages.push(
      row(reminder.kind, 'nabz_reminder', reminder.dueAt, {
        expires_at: reminder.expiresAt,
        ...(isPast ? delivered(reminder.dueAt) : { status: 'queued', created_at: past }),
      }),
    )
  }
  return messages
}

/** Inserts in chunks and answers the ids written; rows that meet what is there already are left out. */
async function insertAll(ctx: Ctx, table: string, wanted: Row[]): Promise<string[]> {
  // Rows of one statement must name the same columns; a chunk stays well under the limit of 65,535 parameters.
  const columns = [...new Set(wanted.flatMap((row) => Object.keys(row)))]
  const even = wanted.map((row) =>
    Object.fromEntries(columns.map((column) => [column, row[column] ?? defaults[column] ?? null])),
  )
  const key = columns.includes('id') ? 'id' : 'clinic_id'
  const written: string[] = []
  for (let start = 0; start < even.length; start += 500) {
    const chunk = ctx.db
      .withSchema('clinic')
      .table(table)
      .insert(even.slice(start, start + 500))
    const answered = await chunk.onConflict().ignore().returning<Record<string, string>[]>(key)
    for (const row of answered) written.push(row[key] ?? '')
  }
  return written
}

type Row = Record<string, unknown>

const defaults: Row = { attempts: 0 }

function at<T>(items: readonly T[], index: number): T {
  const item = items[index]
  if (item === undefined) throw new Error(`nothing at ${index}`)
  return item
}
