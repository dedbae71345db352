// Visits as others see them; what writes them stands in the folder beside this.
import type { AppointmentId, LocationId, PatientId, PractitionerId, SeriesId, ServiceId } from '../../kernel/ids.ts'
import type { Phone } from '../../kernel/phone.ts'
import type { Instant } from '../../kernel/time.ts'
import type { Ctx } from '../../platform/clinic-scope.ts'
import { onePlan, rows } from '../../platform/db/rows.ts'
import { notFound } from '../../platform/errors.ts'
import { parseLanguage, type Language } from '../../platform/i18n/languages.ts'
import { seesRestricted } from '../patients/rules.ts'
import type { Answer, Status } from './rules.ts'

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

export type AppointmentRow = Omit<Appointment, 'language' | 'patientPhone' | 'patientEmail' | 'hidden'> & {
  language: string
  restricted: boolean
  phoneSealed: Buffer | null
  emailSealed: Buffer | null
}

export const columns = `
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
/** The patient by their key, one for each visit: a plain join may read every patient of a clinic to name those of a day. */
export const joined = `
  join clinic.practitioners d on d.clinic_id = a.clinic_id and d.id = a.practitioner_id
  join clinic.services s on s.clinic_id = a.clinic_id and s.id = a.service_id
  join clinic.locations l on l.clinic_id = a.clinic_id and l.id = a.location_id
  left join lateral (
    select q.name, q.phone_sealed, q.email_sealed, q.restricted_at from clinic.patients q
    where q.clinic_id = a.clinic_id and q.id = a.patient_id limit 1) p on true`
const selected = `${columns} from clinic.appointments a ${joined} where a.clinic_id = ?`

export function opened(
  ctx: Ctx,
  { phoneSealed, emailSealed, language, restricted, ...row }: AppointmentRow,
): Appointment {
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
      ' order by a.starts_at, d.position, a.lane, a.id' +
      onePlan,
    [ctx.clinic.id, range.from, range.to, ...(range.practitionerId === undefined ? [] : [range.practitionerId]), null],
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
