// Who waits. A wish is kept as lists, empty where anything will do; whose it is stands with the patient.
import type { AppointmentId, ClinicId, LocationId, PatientId, PractitionerId, ServiceId } from '../../../kernel/ids.ts'
import type { Phone } from '../../../kernel/phone.ts'
import type { Instant, PlainDate } from '../../../kernel/time.ts'
import type { Ctx } from '../../../platform/clinic-scope.ts'
import type { Database } from '../../../platform/db/connect.ts'
import { changes, rows } from '../../../platform/db/rows.ts'
import { notFound } from '../../../platform/errors.ts'
import { parseLanguage, type Language } from '../../../platform/i18n/languages.ts'
import { recipientHash } from '../../../platform/outbox.ts'
import { seesRestricted } from '../../patients/rules.ts'
import type { EntryId, EntryState, OfferState, PartOfDay, WaitingWish } from '../rules.ts'

export type Entry = {
  id: EntryId
  patientId: PatientId
  /** Null where the data is restricted, and whoever looks may not see whose it is. */
  patientName: string | null
  serviceName: string
  phone: Phone
  /** The number as it is known across clinics. */
  number: Buffer
  wish: WaitingWish
  insteadOf: AppointmentId | null
  language: Language
  source: 'online' | 'desk'
  state: EntryState
  appointmentId: AppointmentId | null
  joinedAt: Instant
  endedAt: Instant | null
}

type EntryRow = {
  id: EntryId
  patientId: PatientId
  patientName: string
  serviceName: string
  phoneSealed: Buffer
  restricted: boolean
  serviceId: ServiceId
  locationId: LocationId | null
  practitionerIds: PractitionerId[]
  weekdays: number[]
  parts: PartOfDay[]
  from: PlainDate
  until: PlainDate
  insteadOf: AppointmentId | null
  language: string
  source: 'online' | 'desk'
  state: EntryState
  appointmentId: AppointmentId | null
  joinedAt: Instant
  endedAt: Instant | null
}

const columns = `e.id, e.patient_id as "patientId", p.name as "patientName", s.name as "serviceName", p.phone_sealed as "phoneSealed",
  p.restricted_at is not null as restricted, e.service_id as "serviceId", e.location_id as "locationId",
  e.practitioner_ids as "practitionerIds", e.weekdays, e.parts, e.from_date as "from", e.until_date as "until",
  e.instead_of as "insteadOf", e.language, e.source, e.state, e.appointment_id as "appointmentId",
  e.joined_at as "joinedAt", e.ended_at as "endedAt"`
const joined = `clinic.waiting_entries e
  join clinic.patients p on p.clinic_id = e.clinic_id and p.id = e.patient_id
  join clinic.services s on s.clinic_id = e.clinic_id and s.id = e.service_id`

function opened(ctx: Ctx, row: EntryRow): Entry {
  const phone = ctx.seal.open(row.phoneSealed, 'patients.phone', row.patientId) as Phone
  return {
    id: row.id,
    patientId: row.patientId,
    patientName: row.restricted && !seesRestricted(ctx) ? null : row.patientName,
    serviceName: row.serviceName,
    phone,
    number: recipientHash(ctx, { channel: 'whatsapp', phone }),
    wish: {
      serviceId: row.serviceId,
      practitionerIds: row.practitionerIds,
      locationId: row.locationId,
      weekdays: row.weekdays,
      parts: row.parts,
      from: row.from,
      until: row.until,
    },
    insteadOf: row.insteadOf,
    language: parseLanguage(row.language) ?? 'en',
    source: row.source,
    state: row.state,
    appointmentId: row.appointmentId,
    joinedAt: row.joinedAt,
    endedAt: row.endedAt,
  }
}

export async function findEntry(ctx: Ctx, id: EntryId): Promise<Entry | undefined> {
  const [row] = await rows<EntryRow>(
    ctx.db,
    'select ' + columns + ' from ' + joined + ' where e.clinic_id = ? and e.id = ?',
    [ctx.clinic.id, id],
  )
  return row && opened(ctx, row)
}

export async function getEntry(ctx: Ctx, id: EntryId): Promise<Entry> {
  return (await findEntry(ctx, id)) ?? notFound('waiting entry')
}

/** A patient's entries, newest first. */
export async function listEntriesOf(ctx: Ctx, patientId: PatientId): Promise<Entry[]> {
  const found = await rows<EntryRow>(
    ctx.db,
    'select ' +
      columns +
      ' from ' +
      joined +
      ' where e.clinic_id = ? and e.patient_id = ? order by e.joined_at desc, e.id',
    [ctx.clinic.id, patientId],
  )
  return found.map((row) => opened(ctx, row))
}

export type Waiting = Entry & {
  restricted: boolean
  /** Agreed to messages about visits, as things stand. */
  agreed: boolean
  /** Has a visit for the same to come, other than the one to be moved. */
  hasVisit: boolean
  /** When the visit to be moved begins; null once it is not to come any more. */
  insteadOfAt: Instant | null
}

/** Everybody who waits, the longest first. */
export async function listWaiting(ctx: Ctx, limit = 500): Promise<Waiting[]> {
  const { clinic, now } = ctx
  const found = await rows<EntryRow & { agreed: boolean; hasVisit: boolean; insteadOfAt: Instant | null }>(
    ctx.db,
    'select ' +
      columns +
      `,
       coalesce((select c.decision = 'permit' from clinic.consents c where c.clinic_id = ? and c.patient_id = e.patient_id
          and c.purpose = 'appointment_messages' order by c.decided_at desc, c.id desc limit 1), false) as agreed,
       exists (select from clinic.appointments a where a.clinic_id = ? and a.patient_id = e.patient_id
          and a.service_id = e.service_id and a.status = 'booked' and a.starts_at > ?
          and a.id is distinct from e.instead_of) as "hasVisit",
       (select a.starts_at from clinic.appointments a where a.clinic_id = ? and a.id = e.instead_of
          and a.status = 'booked' and a.starts_at > ?) as "insteadOfAt"
     from ` +
      joined +
      ` where e.clinic_id = ? and e.state = 'waiting' order by e.joined_at, e.id limit ?`,
    [clinic.id, clinic.id, now, clinic.id, now, clinic.id, limit],
  )
  return found.map((row) => ({
    ...opened(ctx, row),
    restricted: row.restricted,
    agreed: row.agreed,
    hasVisit: row.hasVisit,
    insteadOfAt: row.insteadOfAt,
  }))
}

/** Of these numbers, as hex, those that said STOP and not START since. */
export async function listStoppedNumbers(ctx: Ctx, numbers: readonly Buffer[]): Promise<Set<string>> {
  if (numbers.length === 0) return new Set()
  const found = await rows<{ number: Buffer }>(
    ctx.db,
    `select number_hash as number from platform.opt_outs where sender = 'platform' and number_hash = any(?::bytea[])
       and (resumed_at is null or resumed_at < stopped_at)`,
    [numbers],
  )
  return new Set(found.map(({ number }) => number.toString('hex')))
}

/** Puts somebody on the list; a wish for the same that stands already takes the new days and keeps its place. */
export async function upsertEntry(
  ctx: Ctx,
  entry: Pick<Entry, 'id' | 'patientId' | 'wish' | 'insteadOf' | 'language' | 'source'>,
): Promise<EntryId> {
  const { wish } = entry
  const [row] = await rows<{ id: EntryId }>(
    ctx.db,
    `insert into clinic.waiting_entries (clinic_id, id, patient_id, service_id, location_id, practitioner_ids, weekdays,
       parts, from_date, until_date, instead_of, language, source, joined_at)
     values (?, ?, ?, ?, ?, ?::jsonb, ?::jsonb, ?::jsonb, ?, ?, ?, ?, ?, ?)
     on conflict (clinic_id, patient_id, service_id) where state = 'waiting' do update set
       location_id = excluded.location_id, practitioner_ids = excluded.practitioner_ids, weekdays = excluded.weekdays,
       parts = excluded.parts, from_date = excluded.from_date, until_date = excluded.until_date,
       instead_of = excluded.instead_of, language = excluded.language
     returning id`,
    [
      ctx.clinic.id,
      entry.id,
      entry.patientId,
      wish.serviceId,
      wish.locationId,
      JSON.stringify(wish.practitionerIds),
      JSON.stringify(wish.weekdays),
      JSON.stringify(wish.parts),
      wish.from,
      wish.until,
      entry.insteadOf,
      entry.language,
      entry.source,
      ctx.now,
    ],
  )
  if (!row) throw new Error('an entry that was not written')
  return row.id
}

/** Ends a wait; false when it had ended before. */
export async function updateEnded(
  ctx: Ctx,
  id: EntryId,
  state: Exclude<EntryState, 'waiting'>,
  appointmentId: AppointmentId | null = null,
): Promise<boolean> {
  const ended = await changes(
    ctx.db,
    `update clinic.waiting_entries set state = ?, ended_at = ?, appointment_id = ?
     where clinic_id = ? and id = ? and state = 'waiting'`,
    [state, ctx.now, appointmentId, ctx.clinic.id, id],
  )
  return ended === 1
}

/** Takes a removal back, place in the line included. False when it is not removed, or waits for the same again. */
export async function updateRestored(ctx: Ctx, id: EntryId): Promise<boolean> {
  const restored = await changes(
    ctx.db,
    `update clinic.waiting_entries e set state = 'waiting', ended_at = null
     where e.clinic_id = ? and e.id = ? and e.state = 'removed' and not exists (
       select from clinic.waiting_entries o where o.clinic_id = ? and o.patient_id = e.patient_id
         and o.service_id = e.service_id and o.state = 'waiting')`,
    [ctx.clinic.id, id, ctx.clinic.id],
  )
  return restored === 1
}

/** Ends waits whose last day is over, and those for something sooner than a visit that began or is no more. */
export async function updateOutlived(ctx: Ctx, today: PlainDate): Promise<number> {
  return changes(
    ctx.db,
    `update clinic.waiting_entries e set state = 'over', ended_at = ?
     where e.clinic_id = ? and e.state = 'waiting' and (e.until_date < ? or (e.instead_of is not null and not exists (
       select from clinic.appointments a where a.clinic_id = ? and a.id = e.instead_of and a.status = 'booked'
         and a.starts_at > ?)))`,
    [ctx.now, ctx.clinic.id, today, ctx.clinic.id, ctx.now],
  )
}

/** With the offers made to them. */
export async function deleteEntriesOf(ctx: Ctx, patientId: PatientId, until: Instant): Promise<number> {
  return changes(
    ctx.db,
    'delete from clinic.waiting_entries where clinic_id = ? and patient_id = ? and joined_at <= ?',
    [ctx.clinic.id, patientId, until],
  )
}

export type LastOffer = { entryId: EntryId; state: OfferState; startsAt: Instant; expiresAt: Instant }

/** The newest offer of each of these. */
export async function listLastOffers(ctx: Ctx, ids: readonly EntryId[]): Promise<LastOffer[]> {
  return rows<LastOffer>(
    ctx.db,
    `select distinct on (entry_id) entry_id as "entryId", state, starts_at as "startsAt", expires_at as "expiresAt"
     from clinic.waiting_offers where clinic_id = ? and entry_id = any(?::uuid[])
     order by entry_id, offered_at desc, id desc`,
    [ctx.clinic.id, ids],
  )
}

/** Clinics in which somebody waits, with what was last looked at there, as `nabz_jobs` may see. */
export async function listClinicsWaiting(jobsDb: Database): Promise<{ id: ClinicId; seen: string | null }[]> {
  return rows(
    jobsDb,
    `select p.clinic_id as id, p.waitlist_seen as seen from clinic.profiles p where p.waitlist and p.clinic_id in
       (select e.clinic_id from clinic.waiting_entries e where e.state = 'waiting')`,
  )
}
