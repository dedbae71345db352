// What there is about one patient, and what is done to it by right.
import type { AppointmentId, PatientId } from '../../../kernel/ids.ts'
import type { Instant } from '../../../kernel/time.ts'
import type { Ctx } from '../../../platform/clinic-scope.ts'
import { changes, rows } from '../../../platform/db/rows.ts'
import { isOptedOut } from '../../messaging/actions/stop.ts'
import type { Patient } from '../../patients/queries.ts'
import { findLegalHold } from '../../privacy/queries.ts'
import { openingActions } from '../rules.ts'
import type { Effects } from '../rules/decision.ts'

/** What a request would touch, counted now. */
export async function findEffects(ctx: Ctx, patient: Pick<Patient, 'id' | 'phone'>): Promise<Effects> {
  const [counted, stopped, hold] = await Promise.all([
    countEffects(ctx, patient.id),
    isOptedOut(ctx, patient.phone),
    findLegalHold(ctx.db, ctx.clinic.id, ctx.now),
  ])
  return { ...counted, stopped, hold: hold && { reason: hold.reason, until: hold.until } }
}

type Counted = Omit<Effects, 'stopped' | 'hold'>

async function countEffects(ctx: Ctx, id: PatientId): Promise<Counted> {
  const { db, clinic, now } = ctx
  const [counted] = await rows<Counted>(
    db,
    `with visits as (select id, status, starts_at, record_kept from clinic.appointments
       where clinic_id = ? and patient_id = ? and status <> 'pending')
     select
       (select count(*) from visits where not record_kept and status not in ('arrived', 'in_room')
          and not (status = 'booked' and starts_at > ?)) as visits,
       (select count(*) from visits where record_kept and not (status = 'booked' and starts_at > ?)) as "recordVisits",
       (select count(*) from visits where status = 'booked' and starts_at > ?) as "openVisits",
       (select count(*) from visits where status in ('arrived', 'in_room')) as "underWay",
       (select count(*) from clinic.messages where clinic_id = ? and (patient_id = ? or appointment_id in
          (select id from visits))) as messages,
       (select count(*) from clinic.inbound_messages where clinic_id = ? and patient_id = ?) as inbound,
       (select count(*) from clinic.consents where clinic_id = ? and patient_id = ?) as consents,
       (select count(*) from clinic.audit_entries where clinic_id = ? and record_id = ?) as "logEntries"`,
    [clinic.id, id, now, now, now, clinic.id, id, clinic.id, id, clinic.id, id, clinic.id, id],
  )
  if (!counted) throw new Error('a count without a row')
  return counted
}

/** Visits of a patient that are still to come. */
export async function listOpenVisits(ctx: Ctx, id: PatientId, until: Instant): Promise<AppointmentId[]> {
  const found = await rows<{ id: AppointmentId }>(
    ctx.db,
    `select id from clinic.appointments
     where clinic_id = ? and patient_id = ? and status = 'booked' and starts_at > ? and created_at <= ?
     order by starts_at, id`,
    [ctx.clinic.id, id, ctx.now, until],
  )
  return found.map((one) => one.id)
}

/**
 * Messages of a patient and about their visits, with the attempts to send them. Those that tell of a cancellation a moment
 * ago stay, when they are wanted, and so does the answer to this very erasure.
 */
export async function deleteMessagesOf(
  ctx: Ctx,
  id: PatientId,
  until: Instant,
  spared: readonly AppointmentId[],
): Promise<number> {
  const messages = await changes(
    ctx.db,
    `delete from clinic.messages where clinic_id = ? and (patient_id = ? or appointment_id in
       (select a.id from clinic.appointments a where a.clinic_id = ? and a.patient_id = ?))
       and created_at <= ? and not (kind = 'rights_answer' and created_at = ?)
       and not (kind = 'cancelled' and status = 'queued' and appointment_id = any(?::uuid[]))`,
    [ctx.clinic.id, id, ctx.clinic.id, id, until, until, spared],
  )
  const inbound = await changes(
    ctx.db,
    `delete from clinic.inbound_messages where clinic_id = ? and (patient_id = ? or appointment_id in
       (select a.id from clinic.appointments a where a.clinic_id = ? and a.patient_id = ?)) and received_at <= ?`,
    [ctx.clinic.id, id, ctx.clinic.id, id, until],
  )
  return messages + inbound
}

/**
 * The visit's row stays for counts and cash; whose it was goes, with the links that open it. What belongs to a medical
 * record stays, and so does who is here at this moment.
 */
export async function updateVisitsForgotten(
  ctx: Ctx,
  id: PatientId,
  until: Instant,
  whoeverIsHere: boolean,
): Promise<number> {
  return changes(
    ctx.db,
    `with due as (select id from clinic.appointments where clinic_id = ? and patient_id = ? and not record_kept
         and created_at <= ?
         and status <> 'pending' and (? or status not in ('arrived', 'in_room'))),
       links as (delete from platform.appointment_links l using due where l.clinic_id = ? and l.appointment_id = due.id),
       codes as (delete from clinic.verification_codes v using due where v.clinic_id = ? and v.appointment_id = due.id)
     update clinic.appointments a set patient_id = null, note_sealed = null, answers_sealed = null,
       cancel_reason = null, draft_sealed = null,
       hold_owner = null, previous_status = null, overbook_reason = case when a.overbooked then '' end,
       identity_erased_at = ?
     from due where a.clinic_id = ? and a.id = due.id`,
    [ctx.clinic.id, id, until, whoeverIsHere, ctx.clinic.id, ctx.clinic.id, ctx.now, ctx.clinic.id],
  )
}

/** With the words of the name and the consents. False while a visit still names the patient. */
export async function deletePatient(ctx: Ctx, id: PatientId): Promise<boolean> {
  const gone = await changes(
    ctx.db,
    `delete from clinic.patients p where p.clinic_id = ? and p.id = ? and not exists
       (select from clinic.appointments a where a.clinic_id = ? and a.patient_id = p.id)`,
    [ctx.clinic.id, id, ctx.clinic.id],
  )
  return gone === 1
}

export async function updateContactForgotten(ctx: Ctx, id: PatientId): Promise<void> {
  await changes(ctx.db, 'update clinic.patients set email_sealed = null where clinic_id = ? and id = ?', [
    ctx.clinic.id,
    id,
  ])
}

export type Opening = {
  at: Instant
  action: string
  actorKind: string
  actorRole: string | null
  /** Undefined for whoever has no account (any more). */
  name: string | undefined
}

/** Who looked at a patient's record: their page, a request of theirs, a copy. Newest first. */
export async function listOpenings(ctx: Ctx, patientId: PatientId, limit = 100): Promise<Opening[]> {
  const found = await rows<Omit<Opening, 'name'> & { actorId: string | null }>(
    ctx.db,
    `select at, action, actor_kind as "actorKind", actor_role as "actorRole", actor_id as "actorId"
     from clinic.audit_entries where clinic_id = ? and record_id = ?
       and action = any(?::text[]) order by at desc, id desc limit ?`,
    [ctx.clinic.id, patientId, [...openingActions], limit],
  )
  const ids = [...new Set(found.flatMap(({ actorId }) => actorId ?? []))]
  const people = await rows<{ id: string; name: string }>(
    ctx.db,
    'select id, name from platform.users where id = any(?::uuid[])',
    [ids],
  )
  return found.map(({ actorId, ...one }) => ({ ...one, name: people.find(({ id }) => id === actorId)?.name }))
}
