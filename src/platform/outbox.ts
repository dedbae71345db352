// What leaves Nabz is first a row, written in the transaction of whatever it tells of. The dispatcher
// (features/messaging) sends it after commit, once, having looked again whether it is still true.
import { newId, type AppointmentId, type MessageId, type PatientId } from '../kernel/ids.ts'
import type { Phone } from '../kernel/phone.ts'
import type { Instant } from '../kernel/time.ts'
import type { Ctx } from './clinic-scope.ts'
import { changes, rows, type Binding } from './db/rows.ts'
import type { Language } from './i18n/languages.ts'

export type Recipient = { channel: 'whatsapp'; phone: Phone } | { channel: 'email'; email: string }

export type OutboxMessage = {
  kind: string
  template: string
  recipient: Recipient
  language: Language
  /** The appointment (or the hold a code belongs to) and its version: what a message says is true of that version only. */
  appointmentId: AppointmentId | null
  version: number
  patientId?: PatientId
  dueAt: Instant
  /** After this it is not worth sending. */
  expiresAt?: Instant
  /** What the template can't look up when it is sent: a code, a reason. Sealed. */
  params?: Record<string, string>
  /** The same for all visits that one message tells of, and for that message. */
  toldWith?: string
  /** Told in another message of that group: only kept, so that later news knows what was said. */
  carried?: boolean
}

/** Why a message of one visit did not leave by itself: another tells of it along with other visits. */
export const toldTogether = 'told_together'

/** The keyed hash under which a recipient is known across clinics (opt-outs, routing of replies); leads nowhere back. */
export function recipientHash(ctx: Pick<Ctx, 'platformSeal'>, recipient: Recipient): Buffer {
  return recipient.channel === 'whatsapp'
    ? ctx.platformSeal.hash('number', recipient.phone)
    : ctx.platformSeal.hash('email', recipient.email)
}

/** Queues a message. Asking twice for the same (appointment, version, kind, channel) queues it once. */
export async function queueMessage(ctx: Ctx, message: OutboxMessage): Promise<MessageId | undefined> {
  return (await queueMessages(ctx, [message]))[0]
}

/** Queues several in one statement; answers the ids of those that were not queued before. */
export async function queueMessages(ctx: Ctx, messages: readonly OutboxMessage[]): Promise<MessageId[]> {
  if (messages.length === 0) return []
  const values = messages.map((message) => valuesOf(ctx, message))
  const queued = await rows<{ id: MessageId }>(
    ctx.db,
    `insert into clinic.messages (clinic_id, id, appointment_id, patient_id, version, kind, channel, template, language,
       recipient_sealed, recipient_hash, params_sealed, due_at, expires_at, created_at, told_with, status, drop_reason)
     values ${values.map((row) => `(${row.map(() => '?').join(', ')})`).join(', ')}
     on conflict (clinic_id, appointment_id, version, kind, channel) do nothing returning id`,
    values.flat(),
  )
  const isDue = messages.some(
    ({ dueAt, carried }) => carried !== true && dueAt.epochMilliseconds <= ctx.now.epochMilliseconds,
  )
  if (queued.length > 0 && isDue) ctx.messagesQueued()
  return queued.map(({ id }) => id)
}

function valuesOf(ctx: Ctx, message: OutboxMessage): Binding[] {
  const id = newId<'message'>()
  const { recipient } = message
  const address = recipient.channel === 'whatsapp' ? recipient.phone : recipient.email
  return [
    ctx.clinic.id,
    id,
    message.appointmentId,
    message.patientId ?? null,
    message.version,
    message.kind,
    recipient.channel,
    message.template,
    message.language,
    ctx.seal.seal(address, 'messages.recipient', id),
    recipientHash(ctx, recipient),
    message.params === undefined ? null : ctx.seal.sealJson(message.params, 'messages.params', id),
    message.dueAt,
    message.expiresAt ?? null,
    ctx.now,
    message.toldWith ?? null,
    message.carried === true ? 'dropped' : 'queued',
    message.carried === true ? toldTogether : null,
  ]
}

/** Takes back what has not left yet about one appointment or several: it moved, was cancelled, or the step was undone. */
export async function dropQueuedMessages(
  ctx: Ctx,
  appointmentId: AppointmentId | readonly AppointmentId[],
  reason: string,
  kinds: readonly string[],
): Promise<number> {
  return changes(
    ctx.db,
    `update clinic.messages set status = 'dropped', drop_reason = ?
     where clinic_id = ? and appointment_id = any(?::uuid[]) and status = 'queued' and kind = any(?)`,
    [reason, ctx.clinic.id, [appointmentId].flat(), kinds],
  )
}

/** Queues again what was dropped for `reason` of the appointment's present version and is still of use, due at `dueAt`. */
export async function reviveDroppedMessages(
  ctx: Ctx,
  appointment: { id: AppointmentId; version: number },
  reason: string,
  dueAt: Instant,
): Promise<number> {
  return changes(
    ctx.db,
    `update clinic.messages set status = 'queued', drop_reason = null, due_at = greatest(due_at, ?::timestamptz)
     where clinic_id = ? and appointment_id = ? and version = ? and status = 'dropped' and drop_reason = ?
       and (expires_at is null or expires_at > ?)`,
    [dueAt, ctx.clinic.id, appointment.id, appointment.version, reason, dueAt],
  )
}
