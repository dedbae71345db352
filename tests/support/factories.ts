// The least a test needs, through the application's own role and every constraint. State only what the test is about.
import {
  newId,
  type AppointmentId,
  type Id,
  type LocationId,
  type PatientId,
  type PractitionerId,
  type ServiceId,
} from '../../src/kernel/ids.ts'
import { parsePhone, type Phone } from '../../src/kernel/phone.ts'
import {
  dateAt,
  localInstant,
  minutes,
  parseTime,
  Temporal,
  type Instant,
  type PlainDate,
} from '../../src/kernel/time.ts'
import type { Question } from '../../src/features/clinics/rules/services.ts'
import { rememberPatient } from '../../src/features/patients/actions.ts'
import type { Ctx } from '../../src/platform/clinic-scope.ts'
import type { Language } from '../../src/platform/i18n/languages.ts'
import type { TestClinic } from './cast.ts'

export type ServiceFacts = {
  id: ServiceId
  durationMin: number
  bufferBeforeMin: number
  bufferAfterMin: number
  capacity: number
  priceMinor: number | null
}

export async function makeLocation(
  clinic: TestClinic,
  overrides: { name?: string; address?: string } = {},
): Promise<{ id: LocationId }> {
  return clinic.inClinic(async (ctx) => {
    const id = newId<'location'>()
    await insert(ctx, 'locations', {
      id,
      name: overrides.name ?? 'Main Street',
      address: overrides.address ?? '12 Main Street',
      created_at: ctx.now,
    })
    ctx.settingsChanged()
    return { id }
  })
}

/** Another doctor, who offers every service there is so far. */
export async function makePractitioner(
  clinic: TestClinic,
  overrides: { name?: string; active?: boolean } = {},
): Promise<{ id: PractitionerId }> {
  return clinic.inClinic(async (ctx) => {
    const id = newId<'practitioner'>()
    await insert(ctx, 'practitioners', {
      id,
      name: overrides.name ?? 'Dr Hamid Raza',
      active: overrides.active ?? true,
      created_at: ctx.now,
    })
    for (const service of await idsOf<ServiceId>(ctx, 'services')) {
      await insert(ctx, 'practitioner_services', { practitioner_id: id, service_id: service })
    }
    ctx.settingsChanged()
    return { id }
  })
}

/** A service offered by `practitioners`, or by everybody there is so far. */
export async function makeService(
  clinic: TestClinic,
  overrides: Partial<Omit<ServiceFacts, 'id'>> & {
    name?: string
    online?: boolean
    active?: boolean
    practitioners?: PractitionerId[]
  } = {},
): Promise<ServiceFacts> {
  return clinic.inClinic(async (ctx) => {
    const service: ServiceFacts = {
      id: newId<'service'>(),
      durationMin: overrides.durationMin ?? 30,
      bufferBeforeMin: overrides.bufferBeforeMin ?? 0,
      bufferAfterMin: overrides.bufferAfterMin ?? 0,
      capacity: overrides.capacity ?? 1,
      priceMinor: overrides.priceMinor === undefined ? 150_000 : overrides.priceMinor,
    }
    await insert(ctx, 'services', {
      id: service.id,
      name: overrides.name ?? 'General consultation',
      duration_min: service.durationMin,
      buffer_before_min: service.bufferBeforeMin,
      buffer_after_min: service.bufferAfterMin,
      capacity: service.capacity,
      price_minor: service.priceMinor,
      currency: ctx.clinic.currency,
      online: overrides.online ?? true,
      active: overrides.active ?? true,
      created_at: ctx.now,
    })
    for (const practitioner of overrides.practitioners ?? (await idsOf<PractitionerId>(ctx, 'practitioners'))) {
      await insert(ctx, 'practitioner_services', { practitioner_id: practitioner, service_id: service.id })
    }
    ctx.settingsChanged()
    return service
  })
}

/** A question that a service asks, behind those it asks already. */
export async function makeQuestion(
  clinic: TestClinic,
  { serviceId, ...overrides }: Partial<Omit<Question, 'id'>> & { serviceId: ServiceId },
): Promise<Question> {
  return clinic.inClinic(async (ctx) => {
    const question: Question = {
      id: newId<'question'>(),
      serviceId,
      kind: 'text',
      label: 'Why do you come?',
      choices: [],
      required: false,
      ...overrides,
    }
    const [{ count } = { count: 0 }] = await ctx.db
      .withSchema('clinic')
      .table('service_questions')
      .where({ service_id: serviceId })
      .count<{ count: number }[]>('* as count')
    const { id, kind, label, choices, required } = question
    await insert(ctx, 'service_questions', {
      id,
      service_id: serviceId,
      position: count,
      kind,
      label,
      choices: JSON.stringify(choices),
      required,
    })
    ctx.settingsChanged()
    return question
  })
}

/** A room or machine, which a service needs one of. */
export async function makeResource(
  clinic: TestClinic,
  overrides: {
    name?: string
    kind?: 'room' | 'equipment'
    locationId?: LocationId | undefined
    neededBy?: ServiceId
    need?: number
  } = {},
): Promise<Id<'resource'>> {
  return clinic.inClinic(async (ctx) => {
    const id = newId<'resource'>()
    await insert(ctx, 'resources', {
      id,
      kind: overrides.kind ?? 'equipment',
      name: overrides.name ?? 'Ultrasound',
      location_id: overrides.locationId ?? null,
      created_at: ctx.now,
    })
    if (overrides.neededBy !== undefined) {
      await insert(ctx, 'service_resources', {
        service_id: overrides.neededBy,
        need: overrides.need ?? 1,
        resource_id: id,
      })
    }
    ctx.settingsChanged()
    return id
  })
}

/** Weekly hours: every day 09:00 to 17:00 for Dr Sana at the clinic's first location, unless told otherwise. */
export async function makeShift(
  clinic: TestClinic,
  overrides: {
    practitionerId?: PractitionerId
    locationId?: LocationId
    /** ISO weekdays, Monday is 1. */
    weekdays?: number[]
    from?: string
    to?: string
    validFrom?: string
    validTo?: string
  } = {},
): Promise<void> {
  const locationId = overrides.locationId ?? (await anyLocation(clinic))
  await clinic.inClinic(async (ctx) => {
    const startsMin = minutesOf(overrides.from ?? '09:00')
    const endsMin = minutesOf(overrides.to ?? '17:00')
    for (const weekday of overrides.weekdays ?? [1, 2, 3, 4, 5, 6, 7]) {
      await insert(ctx, 'shifts', {
        id: newId(),
        practitioner_id: overrides.practitionerId ?? clinic.cast.sana.practitionerId,
        location_id: locationId,
        weekday,
        starts_min: startsMin,
        // Up to the next midnight and beyond: 22:00 to 02:00.
        ends_min: endsMin > startsMin ? endsMin : endsMin + 1440,
        valid_from: overrides.validFrom ?? null,
        valid_to: overrides.validTo ?? null,
        created_at: ctx.now,
      })
    }
    ctx.settingsChanged()
  })
}

/** Everything a clinic needs before somebody can book: one service, and Dr Sana's week at the first location. */
export async function makeBookable(
  clinic: TestClinic,
  overrides: Parameters<typeof makeService>[1] = {},
): Promise<{ service: ServiceFacts; locationId: LocationId; practitionerId: PractitionerId }> {
  const locationId = await anyLocation(clinic)
  const service = await makeService(clinic, overrides)
  await makeShift(clinic, { locationId })
  return { service, locationId, practitionerId: clinic.cast.sana.practitionerId }
}

let people = 0

export async function makePatient(
  clinic: TestClinic,
  overrides: {
    name?: string
    phone?: string
    email?: string
    language?: Language
    proven?: boolean
    consent?: boolean
  } = {},
): Promise<{ id: PatientId; name: string; phone: Phone }> {
  const number = ++people
  return clinic.inClinic(async (ctx) => {
    const name = overrides.name ?? `Ayesha Patient ${number}`
    const phone = parsePhone(overrides.phone ?? `+92300${String(1_000_000 + number)}`, ctx.clinic.country)
    if (phone === undefined) throw new Error('not a telephone number')
    const id = await rememberPatient(ctx, {
      name,
      phone,
      email: overrides.email,
      language: overrides.language ?? 'en',
      proven: overrides.proven ?? true,
      consentWording: overrides.consent === false ? undefined : 'booking',
    })
    return { id, name, phone }
  })
}

/**
 * A visit, `booked` unless told otherwise, on the clinic's today (or `on`) at local time `at`. Makes the patient, service
 * and location it needs. Writes the row only: no messages, no audit, so that what a test counts is its own.
 */
export async function makeAppointment(
  clinic: TestClinic,
  overrides: {
    on?: PlainDate | string
    at?: string
    startsAt?: Instant | string
    practitionerId?: PractitionerId
    locationId?: LocationId
    patientId?: PatientId
    service?: ServiceFacts
    status?: 'pending' | 'booked' | 'arrived' | 'in_room' | 'fulfilled' | 'cancelled' | 'noshow'
    lane?: number
    overbookReason?: string
    holdOwner?: Buffer
    holdExpiresAt?: Instant | string
    source?: 'online' | 'desk'
    messagesWanted?: boolean
    language?: Language
  } = {},
): Promise<{
  id: AppointmentId
  startsAt: Instant
  endsAt: Instant
  patientId: PatientId | null
  service: ServiceFacts
}> {
  const status = overrides.status ?? 'booked'
  const service = overrides.service ?? (await anyService(clinic))
  const locationId = overrides.locationId ?? (await anyLocation(clinic))
  const patientId = overrides.patientId ?? (status === 'pending' ? null : (await makePatient(clinic)).id)
  return clinic.inClinic(async (ctx) => {
    const { zone, currency } = ctx.clinic
    const day = overrides.on === undefined ? dateAt(ctx.now, zone) : Temporal.PlainDate.from(overrides.on)
    const startsAt =
      overrides.startsAt === undefined
        ? localInstant(day, parseTime(overrides.at ?? '10:00')!, zone)!
        : Temporal.Instant.from(overrides.startsAt)
    const endsAt = startsAt.add(minutes(service.durationMin))
    const id = newId<'appointment'>()
    const overbooked = overrides.overbookReason !== undefined
    const since = {
      arrived: { arrived_at: ctx.now, previous_status: 'booked' },
      in_room: { arrived_at: ctx.now, in_room_at: ctx.now, previous_status: 'arrived' },
      fulfilled: { arrived_at: ctx.now, in_room_at: ctx.now, fulfilled_at: ctx.now, previous_status: 'in_room' },
      cancelled: { cancelled_at: ctx.now, cancelled_by: 'clinic', previous_status: 'booked' },
      noshow: { noshow_at: ctx.now, previous_status: 'booked' },
      booked: {},
      pending: {
        hold_owner: overrides.holdOwner ?? Buffer.alloc(32, 7),
        hold_expires_at:
          overrides.holdExpiresAt === undefined
            ? ctx.now.add(minutes(5))
            : Temporal.Instant.from(overrides.holdExpiresAt),
      },
    }[status]
    await insert(ctx, 'appointments', {
      id,
      reference: id.replaceAll('-', '').slice(-12).toUpperCase(),
      practitioner_id: overrides.practitionerId ?? clinic.cast.sana.practitionerId,
      service_id: service.id,
      location_id: locationId,
      patient_id: patientId,
      status,
      starts_at: startsAt,
      ends_at: endsAt,
      occupied_from: startsAt.subtract(minutes(service.bufferBeforeMin)),
      occupied_to: endsAt.add(minutes(service.bufferAfterMin)),
      lane: overrides.lane ?? (overbooked ? 1001 : 1),
      capacity: service.capacity,
      overbooked,
      overbook_reason: overrides.overbookReason ?? null,
      source: overrides.source ?? 'online',
      language: overrides.language ?? 'en',
      messages_wanted: overrides.messagesWanted ?? true,
      price_minor: service.priceMinor,
      currency,
      created_at: ctx.now,
      booked_at: status === 'pending' ? null : ctx.now,
      ...since,
    })
    ctx.diaryChanged()
    return { id, startsAt, endsAt, patientId, service }
  })
}

async function insert(ctx: Ctx, table: string, row: Record<string, unknown>): Promise<void> {
  await ctx.db
    .withSchema('clinic')
    .table(table)
    .insert({ clinic_id: ctx.clinic.id, ...row })
}

async function idsOf<T extends string>(ctx: Ctx, table: string): Promise<T[]> {
  const found = await ctx.db
    .withSchema('clinic')
    .table(table)
    .where({ clinic_id: ctx.clinic.id, active: true })
    .orderBy(['created_at', 'id'])
    .select<{ id: T }[]>('id')
  return found.map(({ id }) => id)
}

async function anyLocation(clinic: TestClinic): Promise<LocationId> {
  const [id] = await clinic.inClinic((ctx) => idsOf<LocationId>(ctx, 'locations'))
  return id ?? (await makeLocation(clinic)).id
}

async function anyService(clinic: TestClinic): Promise<ServiceFacts> {
  const [row] = await clinic.inClinic((ctx) =>
    ctx.db
      .withSchema('clinic')
      .table('services')
      .where({ clinic_id: ctx.clinic.id, active: true })
      .orderBy(['created_at', 'id'])
      .select<ServiceFacts[]>({
        id: 'id',
        durationMin: 'duration_min',
        bufferBeforeMin: 'buffer_before_min',
        bufferAfterMin: 'buffer_after_min',
        capacity: 'capacity',
        priceMinor: 'price_minor',
      }),
  )
  return row ?? makeService(clinic)
}

function minutesOf(time: string): number {
  const [hour = 0, minute = 0] = time.split(':').map(Number)
  return hour * 60 + minute
}
