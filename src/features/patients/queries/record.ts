// What is changed about a patient by right, and who looked.
import type { PatientId } from '../../../kernel/ids.ts'
import { fold } from '../../../kernel/names.ts'
import type { Phone } from '../../../kernel/phone.ts'
import type { Instant } from '../../../kernel/time.ts'
import type { Ctx } from '../../../platform/clinic-scope.ts'
import { changes, rows } from '../../../platform/db/rows.ts'
import type { Language } from '../../../platform/i18n/languages.ts'
import { recipientHash } from '../../../platform/outbox.ts'

export type Facts = { name: string; phone: Phone; email: string | undefined; language: Language; proven: boolean }

/** Locks a patient until the transaction ends; false when there is none. */
export async function lockPatient(ctx: Ctx, id: PatientId): Promise<boolean> {
  const found = await rows(ctx.db, 'select 1 from clinic.patients where clinic_id = ? and id = ? for update', [
    ctx.clinic.id,
    id,
  ])
  return found.length === 1
}

/** Everything about a patient anew, with the words they are found by. May raise 23505: see `findTwin`. */
export async function updateFacts(ctx: Ctx, id: PatientId, facts: Facts): Promise<void> {
  const nameKey = fold(facts.name)
  const words = [...new Set(nameKey.split(' ').filter((word) => word !== ''))].slice(0, 12)
  await changes(
    ctx.db,
    `update clinic.patients set name = ?, name_key = ?, phone_sealed = ?, phone_index = ?, phone_last_four_index = ?,
       email_sealed = ?, language = ?, phone_proven_at = case when ? then phone_proven_at end
     where clinic_id = ? and id = ?`,
    [
      facts.name,
      nameKey,
      ctx.seal.seal(facts.phone, 'patients.phone', id),
      ctx.seal.phoneIndex(facts.phone),
      ctx.seal.lastFourIndex(facts.phone),
      facts.email === undefined ? null : ctx.seal.seal(facts.email, 'patients.email', id),
      facts.language,
      facts.proven,
      ctx.clinic.id,
      id,
    ],
  )
  await changes(ctx.db, 'delete from clinic.patient_words where clinic_id = ? and patient_id = ?', [ctx.clinic.id, id])
  await changes(
    ctx.db,
    `insert into clinic.patient_words (clinic_id, word, patient_id)
     select ?::uuid, word, ?::uuid from unnest(?::text[]) as word`,
    [ctx.clinic.id, id, words],
  )
}

/** Another patient of this name and number. */
export async function findTwin(ctx: Ctx, id: PatientId, { name, phone }: Pick<Facts, 'name' | 'phone'>) {
  const [row] = await rows<{ id: PatientId }>(
    ctx.db,
    'select id from clinic.patients where clinic_id = ? and phone_index = ? and name_key = ? and id <> ?',
    [ctx.clinic.id, ctx.seal.phoneIndex(phone), fold(name), id],
  )
  return row?.id
}

/** What waits for a patient by WhatsApp goes to the number that is right from now on. */
export async function updateQueuedRecipient(ctx: Ctx, id: PatientId, phone: Phone): Promise<void> {
  const waiting = await rows<{ id: string }>(
    ctx.db,
    `select id from clinic.messages
     where clinic_id = ? and patient_id = ? and channel = 'whatsapp' and status = 'queued' and kind <> 'code'
     for update`,
    [ctx.clinic.id, id],
  )
  const hash = recipientHash(ctx, { channel: 'whatsapp', phone })
  for (const { id: messageId } of waiting) {
    await changes(
      ctx.db,
      `update clinic.messages set recipient_sealed = ?, recipient_hash = ? where clinic_id = ? and id = ?`,
      [ctx.seal.seal(phone, 'messages.recipient', messageId), hash, ctx.clinic.id, messageId],
    )
  }
}

/** False when it is so already. */
export async function updateRestricted(ctx: Ctx, id: PatientId, restricted: boolean): Promise<boolean> {
  const changed = await changes(
    ctx.db,
    `update clinic.patients set restricted_at = case when ? then ?::timestamptz end
     where clinic_id = ? and id = ? and (restricted_at is not null) <> ?`,
    [restricted, ctx.now, ctx.clinic.id, id, restricted],
  )
  return changed === 1
}

export type Restricted = { id: PatientId; name: string; restrictedAt: Instant }

export async function listRestricted(ctx: Ctx): Promise<Restricted[]> {
  return rows<Restricted>(
    ctx.db,
    `select id, name, restricted_at as "restrictedAt" from clinic.patients
     where clinic_id = ? and restricted_at is not null order by restricted_at, id`,
    [ctx.clinic.id],
  )
}

/** Whether the same person's look at this patient was noted since then. */
export async function findOpening(ctx: Ctx, id: PatientId, actorId: string, since: Instant): Promise<boolean> {
  const found = await rows(
    ctx.db,
    `select 1 from clinic.audit_entries
     where clinic_id = ? and record_id = ? and at > ? and action = 'patient.opened' and actor_id = ? limit 1`,
    [ctx.clinic.id, id, since, actorId],
  )
  return found.length > 0
}
