// Who a number is to a clinic, and which clinic an answer is for.
import type { AppointmentId, ClinicId, MessageId, PatientId } from '../../../kernel/ids.ts'
import type { Phone } from '../../../kernel/phone.ts'
import type { Instant } from '../../../kernel/time.ts'
import type { Ctx } from '../../../platform/clinic-scope.ts'
import type { Database } from '../../../platform/db/connect.ts'
import { changes, rows } from '../../../platform/db/rows.ts'
import { parseLanguage, type Language } from '../../../platform/i18n/languages.ts'

/** Whose message a provider's id names. */
export async function findMessageByProviderId(
  jobsDb: Database,
  providerId: string,
): Promise<{ clinicId: ClinicId; id: MessageId } | undefined> {
  const [found] = await rows<{ clinicId: ClinicId; id: MessageId }>(
    jobsDb,
    'select clinic_id as "clinicId", id from clinic.messages where provider_id = ? limit 1',
    [providerId],
  )
  return found
}

/** The clinic that wrote to this number last. */
export async function findLastClinicTo(jobsDb: Database, numberHash: Buffer): Promise<ClinicId | undefined> {
  const [found] = await rows<{ clinicId: ClinicId }>(
    jobsDb,
    `select clinic_id as "clinicId" from clinic.messages where recipient_hash = ?
     order by created_at desc, id desc limit 1`,
    [numberHash],
  )
  return found?.clinicId
}

/** Every clinic with something waiting for this number. */
export async function listClinicsWaitingFor(jobsDb: Database, numberHash: Buffer): Promise<ClinicId[]> {
  const found = await rows<{ id: ClinicId }>(
    jobsDb,
    `select distinct clinic_id as id from clinic.messages where recipient_hash = ? and status in ('queued', 'unknown')`,
    [numberHash],
  )
  return found.map(({ id }) => id)
}

/** Every clinic that dropped something for this number whose time is still to come. Why, only the clinic can say. */
export async function listClinicsDropped(jobsDb: Database, numberHash: Buffer, now: Instant): Promise<ClinicId[]> {
  const found = await rows<{ id: ClinicId }>(
    jobsDb,
    `select distinct clinic_id as id from clinic.messages where recipient_hash = ? and status = 'dropped' and due_at > ?`,
    [numberHash, now],
  )
  return found.map(({ id }) => id)
}

/** Takes back what waits for a number that said STOP. Messages that may be out already wait to be heard of. */
export async function updateQueuedOptedOut(ctx: Ctx, numberHash: Buffer): Promise<number> {
  return changes(
    ctx.db,
    `update clinic.messages set status = 'dropped', drop_reason = 'opted_out', lease_until = null
     where clinic_id = ? and recipient_hash = ? and channel = 'whatsapp' and status = 'queued'
       and kind <> 'stop_confirmed'`,
    [ctx.clinic.id, numberHash],
  )
}

/** Puts reminders that STOP took out of the queue back into it, where their time is still to come. */
export async function updateRemindersResumed(ctx: Ctx, numberHash: Buffer): Promise<number> {
  return changes(
    ctx.db,
    `update clinic.messages set status = 'queued', drop_reason = null
     where clinic_id = ? and recipient_hash = ? and channel = 'whatsapp' and status = 'dropped'
       and drop_reason = 'opted_out' and kind in ('reminder_24h', 'reminder_2h') and due_at > ?`,
    [ctx.clinic.id, numberHash, ctx.now],
  )
}

export type Correspondent = {
  phone: Phone
  language: Language
  patientId: PatientId | null
  appointmentId: AppointmentId | null
}

/** Whom the clinic last wrote to under this number, and about what. */
export async function findCorrespondent(ctx: Ctx, numberHash: Buffer): Promise<Correspondent | undefined> {
  const [row] = await rows<{
    id: MessageId
    sealed: Buffer
    language: string
    patientId: PatientId | null
    appointmentId: AppointmentId | null
  }>(
    ctx.db,
    `select id, recipient_sealed as sealed, language, patient_id as "patientId", appointment_id as "appointmentId"
     from clinic.messages where clinic_id = ? and recipient_hash = ? and channel = 'whatsapp'
     order by patient_id is null, created_at desc, id desc limit 1`,
    [ctx.clinic.id, numberHash],
  )
  if (!row) return undefined
  return {
    phone: ctx.seal.open(row.sealed, 'messages.recipient', row.id) as Phone,
    language: parseLanguage(row.language) ?? 'en',
    patientId: row.patientId,
    appointmentId: row.appointmentId,
  }
}

/** The next visit to come that this number was written to about. */
export async function findNextVisitOf(ctx: Ctx, numberHash: Buffer): Promise<AppointmentId | undefined> {
  const [row] = await rows<{ id: AppointmentId }>(
    ctx.db,
    `select a.id from clinic.appointments a
     where a.clinic_id = ? and a.status = 'booked' and a.starts_at > ? and a.id in
       (select m.appointment_id from clinic.messages m where m.clinic_id = ? and m.recipient_hash = ?)
     order by a.starts_at limit 1`,
    [ctx.clinic.id, ctx.now, ctx.clinic.id, numberHash],
  )
  return row?.id
}

export async function findClinicPhone(ctx: Ctx): Promise<string | undefined> {
  const [profile] = await rows<{ phone: string | null }>(
    ctx.db,
    'select phone from clinic.profiles where clinic_id = ?',
    [ctx.clinic.id],
  )
  return profile?.phone ?? undefined
}

/** When this number was last sent a reply of this kind. */
export async function findLastReply(ctx: Ctx, numberHash: Buffer, kind: string): Promise<Instant | undefined> {
  const [row] = await rows<{ at: Instant }>(
    ctx.db,
    `select created_at as at from clinic.messages
     where clinic_id = ? and recipient_hash = ? and kind = ? order by created_at desc limit 1`,
    [ctx.clinic.id, numberHash, kind],
  )
  return row?.at
}

/**
 * Keeps what somebody wrote. Its id is the event's, so that whatever follows from it, in the same transaction, happens
 * once however often the event is worked on: false the second time.
 */
export async function insertInbound(
  ctx: Ctx,
  inbound: {
    id: string
    senderHash: Buffer
    text: string
    meaning: string
    appointmentId: AppointmentId | null
    patientId: PatientId | null
    receivedAt: Instant
  },
): Promise<boolean> {
  const inserted = await rows(
    ctx.db,
    `insert into clinic.inbound_messages (clinic_id, id, appointment_id, patient_id, sender_hash, body_sealed, meaning,
       received_at) values (?, ?, ?, ?, ?, ?, ?, ?)
     on conflict (clinic_id, id) do nothing returning id`,
    [
      ctx.clinic.id,
      inbound.id,
      inbound.appointmentId,
      inbound.patientId,
      inbound.senderHash,
      ctx.seal.seal(inbound.text, 'inbound_messages.body', inbound.id),
      inbound.meaning,
      inbound.receivedAt,
    ],
  )
  return inserted.length > 0
}
