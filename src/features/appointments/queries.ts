import { randomBytes } from 'node:crypto'
import {
  type AppointmentId,
  type Id,
  type LocationId,
  type PatientId,
  type PractitionerId,
  type SeriesId,
  type ServiceId,
} from '../../kernel/ids.ts'
import type { Phone } from '../../kernel/phone.ts'
import type { Instant } from '../../kernel/time.ts'
import type { Ctx } from '../../platform/clinic-scope.ts'
import { changes, rows } from '../../platform/db/rows.ts'
import { notFound } from '../../platform/errors.ts'
import { parseLanguage, type Language } from '../../platform/i18n/languages.ts'
import { seesRestricted } from '../patients/rules.ts'
import type { Answer } from './rules.ts'
import { firstOverbookLane, occupiedBy, referenceFrom, type Status, type VisitShape } from './rules.ts'

export type Appointment = {
  id: AppointmentId
  reference: string
  status: Status
  practitionerId: PractitionerId
  serviceId: ServiceId
  locationId: LocationId
  patientId: PatientId | null
  startsAt: Instant
  endsAt: Instant
  occupiedFrom: Instant
  occupiedTo: Instant
  lane: number
  capacity: number
  overbooked: boolean
  /** Made longer or shorter than its service says. */
  resized: boolean
  version: number
  linkVersion: number
  calendarSequence: number
  source: 'online' | 'desk'
  language: Language
  messagesWanted: boolean
  priceMinor: number | null
  currency: string
  holdOwner: Buffer | null
  holdExpiresAt: Instant | null
  createdAt: Instant
  confirmedAt: Instant | null
  arrivedAt: Instant | null
  inRoomAt: Instant | null
  fulfilledAt: Instant | null
  noshowAt: Instant | null
  cancelledAt: Instant | null
  cancelledBy: 'patient' | 'clinic' | null
  /** `disruption`: the clinic called it off, and the patient may take another time by their link. */
  cancelReason: string | null
  previousStatus: Status | null
  /** Of a repeat visit: its series, which of it this is, and of how many. */
  seriesId: SeriesId | null
  seriesIndex: number | null
  seriesOf: number | null
  practitionerName: string
  serviceName: string
  locationName: string
  locationAddress: string
  patientName: string | null
  patientPhone: Phone | null
  patientEmail: string | null
  /** Their data is restricted, and whoever looks may not see whose visit it is: the name is left out. */
  hidden: boolean
}

type AppointmentRow = Omit<Appointment, 'language' | 'patientPhone' | 'patientEmail' | 'hidden'> & {
  language: string
  restricted: boolean
  phoneSealed: Buffer | null
  emailSealed: Buffer | null
}

const columns = `
  select a.id, a.reference, a.status, a.practitioner_id as "practitionerId", a.service_id as "serviceId",
    a.location_id as "locationId", a.patient_id as "patientId", a.starts_at as "startsAt", a.ends_at as "endsAt",
    a.occupied_from as "occupiedFrom", a.occupied_to as "occupiedTo",
    a.lane, a.capacity, a.overbooked, a.resized, a.version, a.link_version as "linkVersion",
    a.calendar_sequence as "calendarSequence", a.source, a.language, a.messages_wanted as "messagesWanted",
    a.price_minor as "priceMinor", a.currency, a.hold_owner as "holdOwner", a.hold_expires_at as "holdExpiresAt",
    a.created_at as "createdAt", a.confirmed_at as "confirmedAt", a.arrived_at as "arrivedAt",
    a.in_room_at as "inRoomAt", a.fulfilled_at as "fulfilledAt", a.noshow_at as "noshowAt",
    a.cancelled_at as "cancelledAt", a.cancelled_by as "cancelledBy",
    a.cancel_reason as "cancelReason", a.previous_status as "previousStatus",
    a.series_id as "seriesId", a.series_index as "seriesIndex", a.series_of as "seriesOf",
    d.name as "practitionerName", s.name as "serviceName", l.name as "locationName", l.address as "locationAddress",
    p.name as "patientName", p.phone_sealed as "phoneSealed", p.email_sealed as "emailSealed",
    p.restricted_at is not null as restricted`
const joined = `
  join clinic.practitioners d on d.clinic_id = a.clinic_id and d.id = a.practitioner_id
  join clinic.services s on s.clinic_id = a.clinic_id and s.id = a.service_id
  join clinic.locations l on l.clinic_id = a.clinic_id and l.id = a.location_id
  left join clinic.patients p on p.clinic_id = a.clinic_id and p.id = a.patient_id`
const selected = `${columns} from clinic.appointments a ${joined} where a.clinic_id = ?`

function opened(ctx: Ctx, { phoneSealed, emailSealed, language, restricted, ...row }: AppointmentRow): Appointment {
  const patientId = row.patientId ?? ''
  const hidden = restricted && !seesRestricted(ctx)
  return {
    ...row,
    hidden,
    patientName: hidden ? null : row.patientName,
    language: parseLanguage(language) ?? 'en',
    patientPhone: phoneSealed ? (ctx.seal.open(phoneSealed, 'patients.phone', patientId) as Phone) : null,
    patientEmail: emailSealed ? ctx.seal.open(emailSealed, 'patients.email', patientId) : null,
  }
}

export async function findAppointment(ctx: Ctx, id: AppointmentId): Promise<Appointment | undefined> {
  const [row] = await rows<AppointmentRow>(ctx.db, selected + ' and a.id = ?', [ctx.clinic.id, id])
  return row && opened(ctx, row)
}

export async function getAppointment(ctx: Ctx, id: AppointmentId): Promise<Appointment> {
  return (await findAppointment(ctx, id)) ?? notFound('appointment')
}

/** All that starts in `[from, to)`, holds included, by time and doctor; one doctor's only when asked. */
export async function listAppointments(
  ctx: Ctx,
  range: { from: Instant; to: Instant; practitionerId?: PractitionerId | undefined },
): Promise<Appointment[]> {
  const found = await rows<AppointmentRow>(
    ctx.db,
    selected +
      ' and a.starts_at >= ? and a.starts_at < ?' +
      (range.practitionerId === undefined ? '' : ' and a.practitioner_id = ?') +
      ' order by a.starts_at, d.position, a.lane, a.id',
    [ctx.clinic.id, range.from, range.to, ...(range.practitionerId === undefined ? [] : [range.practitionerId])],
  )
  return found.map((row) => opened(ctx, row))
}

/**
 * All that stands in `[from, to)` and is not over: visits by time, holds included, with one doctor, at one place, or both.
 * Locked when something is to be done about them.
 */
export async function listStanding(
  ctx: Ctx,
  span: {
    from: Instant
    to: Instant
    practitionerId?: PractitionerId | undefined
    locationId?: LocationId | undefined
  },
  { lock, limit }: { lock: boolean; limit: number },
): Promise<Appointment[]> {
  const { practitionerId, locationId } = span
  const found = await rows<AppointmentRow>(
    ctx.db,
    selected +
      ` and a.status in ('pending', 'booked', 'arrived', 'in_room', 'fulfilled')` +
      ' and a.starts_at >= ? and a.starts_at < ? and a.ends_at > ?' +
      (practitionerId === undefined ? '' : ' and a.practitioner_id = ?') +
      (locationId === undefined ? '' : ' and a.location_id = ?') +
      ' order by a.starts_at, a.id limit ?' +
      (lock ? ' for update of a' : ''),
    [
      ctx.clinic.id,
      // No visit takes longer than a day.
      span.from.subtract({ hours: 24 }),
      span.to,
      span.from,
      ...(practitionerId === undefined ? [] : [practitionerId]),
      ...(locationId === undefined ? [] : [locationId]),
      limit,
    ],
  )
  return found.map((row) => opened(ctx, row))
}

/** These visits, in order of time; locked when something is to be done about them. */
export async function listAppointmentsById(
  ctx: Ctx,
  ids: readonly AppointmentId[],
  { lock }: { lock: boolean } = { lock: false },
): Promise<Appointment[]> {
  if (ids.length === 0) return []
  const found = await rows<AppointmentRow>(
    ctx.db,
    selected + ' and a.id = any(?::uuid[]) order by a.starts_at, a.id' + (lock ? ' for update of a' : ''),
    [ctx.clinic.id, ids],
  )
  return found.map((row) => opened(ctx, row))
}

/** A doctor's booked visits still to come, the next first. */
export async function listBookedAhead(ctx: Ctx, practitionerId: PractitionerId): Promise<Appointment[]> {
  const found = await rows<AppointmentRow>(
    ctx.db,
    selected + ` and a.practitioner_id = ? and a.status = 'booked' and a.starts_at > ? order by a.starts_at, a.id`,
    [ctx.clinic.id, practitionerId, ctx.now],
  )
  return found.map((row) => opened(ctx, row))
}

/** A patient's visits, newest first. */
export async function listAppointmentsOfPatient(ctx: Ctx, patientId: PatientId, limit: number): Promise<Appointment[]> {
  const found = await rows<AppointmentRow>(
    ctx.db,
    selected + ' and a.patient_id = ? order by a.starts_at desc, a.id limit ?',
    [ctx.clinic.id, patientId, limit],
  )
  return found.map((row) => opened(ctx, row))
}

export async function findAppointmentByReference(ctx: Ctx, reference: string): Promise<Appointment | undefined> {
  const [row] = await rows<AppointmentRow>(ctx.db, selected + ' and a.reference = ?', [ctx.clinic.id, reference])
  return row && opened(ctx, row)
}

/** The visits of a series, in their order. */
export async function listAppointmentsOfSeries(ctx: Ctx, seriesId: SeriesId): Promise<Appointment[]> {
  const found = await rows<AppointmentRow>(ctx.db, selected + ' and a.series_id = ? order by a.series_index', [
    ctx.clinic.id,
    seriesId,
  ])
  return found.map((row) => opened(ctx, row))
}

/**
 * Makes these visits a series, in this order. False when one of them is gone or one of a series already; then the whole is
 * to be given up.
 */
export async function updateToSeries(ctx: Ctx, seriesId: SeriesId, ids: readonly AppointmentId[]): Promise<boolean> {
  const changed = await changes(
    ctx.db,
    `update clinic.appointments set series_id = ?, series_index = array_position(?::uuid[], id), series_of = ?
     where clinic_id = ? and id = any(?::uuid[]) and series_id is null`,
    [seriesId, ids, ids.length, ctx.clinic.id, ids],
  )
  return changed === ids.length
}

/** A visit that was made the first of a series is one by itself again. */
export async function updateOutOfSeries(ctx: Ctx, id: AppointmentId): Promise<void> {
  await changes(
    ctx.db,
    `update clinic.appointments set series_id = null, series_index = null, series_of = null where clinic_id = ? and id = ?`,
    [ctx.clinic.id, id],
  )
}

/** Visits still to come for everyone who shares a number; a series is one, however long. */
export async function countOpenByPhone(ctx: Ctx, phone: Phone, ignore: AppointmentId): Promise<number> {
  const [row] = await rows<{ count: number }>(
    ctx.db,
    `select count(distinct coalesce(a.series_id, a.id)) as count from clinic.appointments a
     where a.clinic_id = ? and a.status = 'booked' and a.starts_at > ? and a.id <> ? and a.patient_id in
       (select p.id from clinic.patients p where p.clinic_id = ? and p.phone_index = ?)`,
    [ctx.clinic.id, ctx.now, ignore, ctx.clinic.id, ctx.seal.phoneIndex(phone)],
  )
  return row?.count ?? 0
}

export type NewAppointment = {
  id: AppointmentId
  practitionerId: PractitionerId
  serviceId: ServiceId
  locationId: LocationId
  startsAt: Instant
  shape: VisitShape
  lane: number
  /** The rooms and equipment it takes. */
  resourceIds?: readonly Id<'resource'>[] | undefined
  language: Language
  source: 'online' | 'desk'
  hold?: { owner: Buffer; expiresAt: Instant }
  patientId?: PatientId
  messagesWanted?: boolean
  overbookReason?: string
}

/**
 * Writes an appointment or hold; undefined when the database says that the place is taken. The constraint is the rule:
 * it holds whoever writes, and at whatever moment.
 */
export async function insertAppointment(ctx: Ctx, wanted: NewAppointment): Promise<AppointmentId | undefined> {
  const status: Status = wanted.hold ? 'pending' : 'booked'
  const { shape, startsAt } = wanted
  const occupied = occupiedBy(startsAt, shape)
  // In one order, so that two who take the same two rooms don't wait for each other.
  const resourceIds = [...(wanted.resourceIds ?? [])].sort()
  const [inserted] = await rows<{ id: AppointmentId; taken: number }>(
    ctx.db,
    `with visit as (
     insert into clinic.appointments (clinic_id, id, reference, practitioner_id, service_id, location_id, patient_id,
       status, starts_at, ends_at, occupied_from, occupied_to, lane, capacity, overbooked, overbook_reason, hold_owner,
       hold_expires_at, source, language, messages_wanted, price_minor, currency, created_at, booked_at)
     values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
     on conflict do nothing
     returning clinic_id, id, practitioner_id, session, occupied_from, occupied_to, occupies)` +
      (resourceIds.length === 0 ? ' select id, 0 as taken from visit' : takingResources),
    [
      ctx.clinic.id,
      wanted.id,
      referenceFrom(randomBytes(6)),
      wanted.practitionerId,
      wanted.serviceId,
      wanted.locationId,
      wanted.patientId ?? null,
      status,
      startsAt,
      startsAt.add({ minutes: shape.durationMin }),
      occupied.from,
      occupied.to,
      wanted.lane,
      shape.capacity,
      wanted.overbookReason !== undefined,
      wanted.overbookReason ?? null,
      wanted.hold?.owner ?? null,
      wanted.hold?.expiresAt ?? null,
      wanted.source,
      wanted.language,
      wanted.messagesWanted ?? false,
      shape.priceMinor,
      shape.currency,
      ctx.now,
      wanted.hold ? null : ctx.now,
      ...(resourceIds.length === 0 ? [] : [resourceIds]),
    ],
  )
  if (!inserted || inserted.taken === resourceIds.length) return inserted?.id
  // Somebody else has the room: then it is not the doctor's time either.
  await changes(ctx.db, 'delete from clinic.appointments where clinic_id = ? and id = ?', [ctx.clinic.id, inserted.id])
  return undefined
}

const resourceColumns =
  '(clinic_id, appointment_id, practitioner_id, session, occupied_from, occupied_to, occupies, resource_id)'
const takingResources = `, rooms as (
   insert into clinic.appointment_resources ${resourceColumns}
   select visit.clinic_id, visit.id, visit.practitioner_id, visit.session, visit.occupied_from, visit.occupied_to,
     visit.occupies, r.id
   from visit, unnest(?::uuid[]) as r (id)
   on conflict do nothing returning resource_id)
 select id, (select count(*) from rooms) as taken from visit`

/** Makes a hold a booking; undefined when it is no longer a hold. */
export async function updateHoldToBooked(
  ctx: Ctx,
  id: AppointmentId,
  details: {
    patientId: PatientId
    language: Language
    messagesWanted: boolean
    answers: readonly Answer[]
    /** Where it is not what was said when the time was held. */
    priceMinor?: number | null | undefined
  },
): Promise<Appointment | undefined> {
  const { priceMinor } = details
  const [row] = await rows<AppointmentRow>(
    ctx.db,
    `with a as (
       update clinic.appointments set status = 'booked', patient_id = ?, language = ?, messages_wanted = ?, booked_at = ?,
         hold_expires_at = null, draft_sealed = null, answers_sealed = ?, version = version + 1` +
      (priceMinor === undefined ? '' : ', price_minor = ?') +
      ` where clinic_id = ? and id = ? and status = 'pending' returning *)` +
      columns +
      ' from a ' +
      joined,
    [
      details.patientId,
      details.language,
      details.messagesWanted,
      ctx.now,
      details.answers.length === 0 ? null : ctx.seal.sealJson(details.answers, 'appointments.answers', id),
      ...(priceMinor === undefined ? [] : [priceMinor]),
      ctx.clinic.id,
      id,
    ],
  )
  return row && opened(ctx, row)
}

/** The column that says when a state was entered. */
const stamps = {
  pending: undefined,
  booked: undefined,
  arrived: 'arrived_at',
  in_room: 'in_room_at',
  fulfilled: 'fulfilled_at',
  cancelled: 'cancelled_at',
  noshow: 'noshow_at',
} as const satisfies Record<Status, string | undefined>

/** Calendars take what has a higher number than what they have: a cancellation, and the visit that is back after all. */
const showsInCalendars = ({ from, to }: { from: Status; to: Status }) => from === 'cancelled' || to === 'cancelled'

/**
 * Takes a step if the appointment is still in the state it is taken from: compare and set, so that of two people at two
 * desks one is told. Answers the version it now has, or undefined when it changed meanwhile.
 */
export async function updateStatus(
  ctx: Ctx,
  id: AppointmentId,
  step: { from: Status; to: Status; cancelledBy?: 'patient' | 'clinic'; newVersion: boolean },
): Promise<number | undefined> {
  const stamp = stamps[step.to]
  const [updated] = await rows<{ version: number }>(
    ctx.db,
    'update clinic.appointments set status = ?, previous_status = ?, cancelled_by = ?, cancel_reason = null, version = version + ?, calendar_sequence = calendar_sequence + ?' +
      (stamp === undefined ? '' : `, ${stamp} = ?`) +
      ' where clinic_id = ? and id = ? and status = ? returning version',
    [
      step.to,
      step.from,
      step.cancelledBy ?? null,
      step.newVersion ? 1 : 0,
      showsInCalendars(step) ? 1 : 0,
      ...(stamp === undefined ? [] : [ctx.now]),
      ctx.clinic.id,
      id,
      step.from,
    ],
  )
  return updated?.version
}

/** Takes the last step back, under the same condition. May raise 23P01 when a cancelled visit's place is taken again. */
export async function updateStatusBack(
  ctx: Ctx,
  id: AppointmentId,
  step: { from: Status; to: Status; newVersion: boolean },
): Promise<number | undefined> {
  const stamp = stamps[step.from]
  const [updated] = await rows<{ version: number }>(
    ctx.db,
    'update clinic.appointments set status = ?, previous_status = null, cancelled_by = null, cancel_reason = null, version = version + ?, calendar_sequence = calendar_sequence + ?' +
      (stamp === undefined ? '' : `, ${stamp} = null`) +
      ' where clinic_id = ? and id = ? and status = ? and previous_status = ? returning version',
    [step.to, step.newVersion ? 1 : 0, showsInCalendars(step) ? 1 : 0, ctx.clinic.id, id, step.from, step.to],
  )
  return updated?.version
}

export async function updateConfirmed(ctx: Ctx, id: AppointmentId): Promise<boolean> {
  const changed = await changes(
    ctx.db,
    `update clinic.appointments set confirmed_at = ? where clinic_id = ? and id = ? and status = 'booked' and confirmed_at is null`,
    [ctx.now, ctx.clinic.id, id],
  )
  return changed === 1
}

/** Makes every visit of a patient that is to come one to write about; answers those that were not. */
export async function updateMessagesWanted(ctx: Ctx, patientId: PatientId): Promise<AppointmentId[]> {
  const changed = await rows<{ id: AppointmentId }>(
    ctx.db,
    `update clinic.appointments set messages_wanted = true
     where clinic_id = ? and patient_id = ? and status = 'booked' and starts_at > ? and not messages_wanted
     returning id`,
    [ctx.clinic.id, patientId, ctx.now],
  )
  return changed.map(({ id }) => id)
}

export type NewPlace = Pick<NewAppointment, 'practitionerId' | 'locationId' | 'startsAt' | 'shape' | 'lane'> & {
  /** What it takes from now on, in place of what it took; undefined at a clinic that has no rooms to take. */
  resourceIds?: readonly Id<'resource'>[] | undefined
} & {
  overbookReason?: string | undefined
}

/** Moves a booked visit if its version still stands; answers the new version. May raise 23P01 when the place is taken. */
export async function updatePlace(
  ctx: Ctx,
  id: AppointmentId,
  version: number,
  place: NewPlace,
): Promise<number | undefined> {
  const { resourceIds } = place
  // Before the visit moves, since it takes what it has along.
  if (resourceIds) {
    await changes(
      ctx.db,
      `delete from clinic.appointment_resources r using clinic.appointments a
       where r.clinic_id = ? and r.appointment_id = ? and a.clinic_id = r.clinic_id and a.id = r.appointment_id
         and a.version = ? and a.status = 'booked'`,
      [ctx.clinic.id, id, version],
    )
  }
  const occupied = occupiedBy(place.startsAt, place.shape)
  const [updated] = await rows<{ version: number }>(
    ctx.db,
    `update clinic.appointments set practitioner_id = ?, location_id = ?, starts_at = ?, ends_at = ?, occupied_from = ?,
       occupied_to = ?, capacity = ?, lane = ?, overbooked = ?, overbook_reason = coalesce(?, overbook_reason),
       confirmed_at = null,
       version = version + 1, calendar_sequence = calendar_sequence + 1
     where clinic_id = ? and id = ? and version = ? and status = 'booked' returning version`,
    [
      place.practitionerId,
      place.locationId,
      place.startsAt,
      place.startsAt.add({ minutes: place.shape.durationMin }),
      occupied.from,
      occupied.to,
      place.shape.capacity,
      place.lane,
      place.overbookReason !== undefined,
      place.overbookReason ?? null,
      ctx.clinic.id,
      id,
      version,
    ],
  )
  if (updated && resourceIds && resourceIds.length > 0) {
    await changes(
      ctx.db,
      `insert into clinic.appointment_resources ${resourceColumns}
       select clinic_id, id, practitioner_id, session, occupied_from, occupied_to, occupies, unnest(?::uuid[])
       from clinic.appointments where clinic_id = ? and id = ?`,
      [[...resourceIds].sort(), ctx.clinic.id, id],
    )
  }
  return updated?.version
}

/**
 * Gives a visit another end, and its doctor's time with it: the buffer after it stays as long as it was. Its version stays,
 * because what was written about its start is as true as before. Undefined when it changed meanwhile; may raise 23P01.
 */
export async function updateLength(
  ctx: Ctx,
  before: Pick<Appointment, 'id' | 'version' | 'status' | 'startsAt' | 'endsAt'>,
  minutes: number,
  resized: boolean,
): Promise<boolean> {
  const endsAt = before.startsAt.add({ minutes })
  const changed = await changes(
    ctx.db,
    `update clinic.appointments set ends_at = ?::timestamptz, occupied_to = occupied_to + (?::timestamptz - ends_at),
       resized = ?, calendar_sequence = calendar_sequence + 1
     where clinic_id = ? and id = ? and version = ? and status = ? and ends_at = ?`,
    [endsAt, endsAt, resized, ctx.clinic.id, before.id, before.version, before.status, before.endsAt],
  )
  return changed === 1
}

/** The next free lane for something deliberately booked on top of others. */
export async function findOverbookLane(
  ctx: Ctx,
  practitionerId: PractitionerId,
  from: Instant,
  to: Instant,
): Promise<number> {
  const [row] = await rows<{ lane: number | null }>(
    ctx.db,
    `select max(lane) as lane from clinic.appointments
     where clinic_id = ? and practitioner_id = ? and overbooked and occupies and occupied_from >= ? and occupied_from < ?`,
    [ctx.clinic.id, practitionerId, from.subtract({ hours: 24 }), to],
  )
  return Math.max(firstOverbookLane, (row?.lane ?? 0) + 1)
}

/**
 * Takes away lapsed holds that stand in the way of a visit, so that the constraint does not see them. Others are left to
 * the sweep: a patient who typed slowly still gets the slot if nobody else wanted it.
 */
export async function deleteLapsedHolds(
  ctx: Ctx,
  practitionerId: PractitionerId,
  from: Instant,
  to: Instant,
  resourceIds: readonly Id<'resource'>[] = [],
): Promise<number> {
  const inRooms = ` or id in (select r.appointment_id from clinic.appointment_resources r
       where r.clinic_id = ? and r.resource_id = any(?::uuid[]) and r.occupies and r.occupied_from >= ?
         and r.occupied_from < ? and r.occupied_to > ?)`
  return changes(
    ctx.db,
    `delete from clinic.appointments where clinic_id = ? and status = 'pending' and hold_expires_at <= ?
       and ((practitioner_id = ? and occupied_from < ? and occupied_to > ?)` +
      (resourceIds.length === 0 ? ')' : inRooms + ')'),
    [
      ctx.clinic.id,
      ctx.now,
      practitionerId,
      to,
      from,
      ...(resourceIds.length === 0 ? [] : [ctx.clinic.id, resourceIds, from.subtract({ hours: 24 }), to, from]),
    ],
  )
}

/** Takes away every hold that lapsed before `before`. */
export async function deleteHoldsLapsedBefore(ctx: Ctx, before: Instant): Promise<number> {
  return changes(
    ctx.db,
    `delete from clinic.appointments where clinic_id = ? and status = 'pending' and hold_expires_at < ?`,
    [ctx.clinic.id, before],
  )
}

export async function deleteHold(ctx: Ctx, id: AppointmentId): Promise<boolean> {
  return (
    (await changes(ctx.db, `delete from clinic.appointments where clinic_id = ? and id = ? and status = 'pending'`, [
      ctx.clinic.id,
      id,
    ])) === 1
  )
}

export type Hold = {
  id: AppointmentId
  practitionerId: PractitionerId
  serviceId: ServiceId
  locationId: LocationId
  startsAt: Instant
  hasDraft: boolean
}

/** The holds of one browser, oldest first. */
export async function listHoldsOf(ctx: Ctx, owner: Buffer): Promise<Hold[]> {
  return rows<Hold>(
    ctx.db,
    `select id, practitioner_id as "practitionerId", service_id as "serviceId", location_id as "locationId",
            starts_at as "startsAt", draft_sealed is not null as "hasDraft"
     from clinic.appointments where clinic_id = ? and status = 'pending' and hold_owner = ? order by created_at, id`,
    [ctx.clinic.id, owner],
  )
}

/** What was typed on the way to a booking, while a code is awaited; sealed, and gone with the hold. */
export async function updateDraft(
  ctx: Ctx,
  id: AppointmentId,
  draft: Record<string, string>,
  holdExpiresAt: Instant,
): Promise<boolean> {
  const changed = await changes(
    ctx.db,
    `update clinic.appointments set draft_sealed = ?, hold_expires_at = ? where clinic_id = ? and id = ? and status = 'pending'`,
    [ctx.seal.sealJson(draft, 'appointments.draft', id), holdExpiresAt, ctx.clinic.id, id],
  )
  return changed === 1
}

/** What was asked when it was booked, and answered: for those who see to the visit, and for nobody's messages. */
export async function findAnswers(ctx: Ctx, id: AppointmentId): Promise<Answer[]> {
  const [row] = await rows<{ answers: Buffer | null }>(
    ctx.db,
    'select answers_sealed as answers from clinic.appointments where clinic_id = ? and id = ?',
    [ctx.clinic.id, id],
  )
  return row?.answers ? (ctx.seal.openJson(row.answers, 'appointments.answers', id) as Answer[]) : []
}

/** The rooms and equipment a visit takes. */
export async function listTaken(ctx: Ctx, id: AppointmentId): Promise<string[]> {
  const found = await rows<{ name: string }>(
    ctx.db,
    `select r.name from clinic.appointment_resources t
     join clinic.resources r on r.clinic_id = t.clinic_id and r.id = t.resource_id
     where t.clinic_id = ? and t.appointment_id = ? order by r.position, r.id`,
    [ctx.clinic.id, id],
  )
  return found.map(({ name }) => name)
}

/** How many are in the same session: of one doctor, one service, one place and one start. */
export async function countInSession(
  ctx: Ctx,
  {
    practitionerId,
    serviceId,
    locationId,
    startsAt,
  }: Pick<Appointment, 'practitionerId' | 'serviceId' | 'locationId' | 'startsAt'>,
): Promise<number> {
  const [row] = await rows<{ count: number }>(
    ctx.db,
    `select count(*) as count from clinic.appointments
     where clinic_id = ? and practitioner_id = ? and service_id = ? and location_id = ? and starts_at = ? and occupies
       and not overbooked`,
    [ctx.clinic.id, practitionerId, serviceId, locationId, startsAt],
  )
  return row?.count ?? 0
}

export async function findDraft(ctx: Ctx, id: AppointmentId): Promise<Record<string, string> | undefined> {
  const [row] = await rows<{ draft: Buffer | null }>(
    ctx.db,
    `select draft_sealed as draft from clinic.appointments where clinic_id = ? and id = ? and status = 'pending'`,
    [ctx.clinic.id, id],
  )
  return row?.draft ? (ctx.seal.openJson(row.draft, 'appointments.draft', id) as Record<string, string>) : undefined
}
