// The outbox as the dispatcher works on it. A claim is a moment in `lease_until`: whoever set it holds the message until
// then, and everything written about the message afterwards says which claim it was written under.
import { newId, type AppointmentId, type ClinicId, type MessageId, type PatientId } from '../../../kernel/ids.ts'
import type { Instant } from '../../../kernel/time.ts'
import type { Ctx } from '../../../platform/clinic-scope.ts'
import type { Database } from '../../../platform/db/connect.ts'
import { changes, rows } from '../../../platform/db/rows.ts'
import { toldTogether } from '../../../platform/outbox.ts'
import { parseLanguage, type Language } from '../../../platform/i18n/languages.ts'
import type { MessageStatus } from '../rules/statuses.ts'

/** The clinics with messages that could leave now, the longest waiting first. */
export async function listClinicsWithDueMessages(jobsDb: Database, now: Instant, limit: number): Promise<ClinicId[]> {
  const found = await rows<{ id: ClinicId }>(
    jobsDb,
    `select clinic_id as id from clinic.messages
     where status in ('queued', 'sending', 'unknown') and due_at <= ? and (lease_until is null or lease_until <= ?)
     group by clinic_id order by min(due_at) limit ?`,
    [now, now, limit],
  )
  return found.map(({ id }) => id)
}

/** Claims some of a clinic's due messages until `lease`: codes first, since somebody is waiting for them. */
export async function claimDueMessages(ctx: Ctx, lease: Instant, limit: number): Promise<MessageId[]> {
  const claimed = await rows<{ id: MessageId }>(
    ctx.db,
    `update clinic.messages set lease_until = ? where clinic_id = ? and id in
       (select id from clinic.messages
        where clinic_id = ? and status in ('queued', 'sending', 'unknown') and due_at <= ?
          and (lease_until is null or lease_until <= ?)
        order by case when kind = 'code' then 0 else 1 end, due_at, id limit ? for update skip locked)
     returning id`,
    [lease, ctx.clinic.id, ctx.clinic.id, ctx.now, ctx.now, limit],
  )
  return claimed.map(({ id }) => id)
}

/** Gives back what was claimed and not begun. */
export async function releaseClaims(ctx: Ctx, ids: readonly MessageId[], lease: Instant): Promise<void> {
  await changes(
    ctx.db,
    `update clinic.messages set lease_until = null
     where clinic_id = ? and id = any(?::uuid[]) and status = 'queued' and lease_until = ?`,
    [ctx.clinic.id, ids, lease],
  )
}

export type OutboxRow = {
  id: MessageId
  appointmentId: AppointmentId | null
  patientId: PatientId | null
  version: number
  kind: string
  channel: 'whatsapp' | 'email'
  template: string
  language: Language
  status: MessageStatus
  recipient: string
  recipientHash: Buffer
  params: Record<string, string>
  expiresAt: Instant | null
  /** Of a message about several visits: what holds it together with what is kept of each. */
  toldWith: string | null
  leaseUntil: Instant | null
  attempts: number
  providerId: string | null
  /** Somebody has taken it from us before: it was counted then. */
  counted: boolean
}

type SealedRow = Omit<OutboxRow, 'language' | 'recipient' | 'params'> & {
  language: string
  recipientSealed: Buffer
  paramsSealed: Buffer | null
}

/** Locks a message for the rest of the transaction; undefined when there is none. */
export async function lockMessage(ctx: Ctx, id: MessageId): Promise<OutboxRow | undefined> {
  const [row] = await rows<SealedRow>(
    ctx.db,
    `select id, appointment_id as "appointmentId", patient_id as "patientId", version, kind, channel, template, language,
       status, recipient_sealed as "recipientSealed", recipient_hash as "recipientHash",
       params_sealed as "paramsSealed", expires_at as "expiresAt", told_with as "toldWith", lease_until as "leaseUntil", attempts,
       provider_id as "providerId", coalesce(accepted_at, sent_at, delivered_at, read_at) is not null as counted
     from clinic.messages where clinic_id = ? and id = ? for update`,
    [ctx.clinic.id, id],
  )
  if (!row) return undefined
  const { recipientSealed, paramsSealed, language, ...rest } = row
  return {
    ...rest,
    language: parseLanguage(language) ?? 'en',
    recipient: ctx.seal.open(recipientSealed, 'messages.recipient', id),
    params: paramsSealed ? (ctx.seal.openJson(paramsSealed, 'messages.params', id) as Record<string, string>) : {},
  }
}

/**
 * The visits that a message about several is still true of: unchanged since it was queued, and to come. In the order of
 * time.
 */
export async function listToldTogether(ctx: Ctx, toldWith: string): Promise<AppointmentId[]> {
  const found = await rows<{ id: AppointmentId }>(
    ctx.db,
    `select a.id from clinic.messages said
     join clinic.appointments a on a.clinic_id = said.clinic_id and a.id = said.appointment_id
     where said.clinic_id = ? and said.told_with = ? and said.drop_reason = ? and a.version = said.version
       and a.status = case when said.kind = 'cancelled' then 'cancelled' else 'booked' end and a.starts_at > ?
     order by a.starts_at, a.id`,
    [ctx.clinic.id, toldWith, toldTogether, ctx.now],
  )
  return found.map(({ id }) => id)
}

export async function updateDropped(ctx: Ctx, id: MessageId, reason: string): Promise<void> {
  await changes(
    ctx.db,
    `update clinic.messages set status = 'dropped', drop_reason = ?, lease_until = null where clinic_id = ? and id = ?`,
    [reason, ctx.clinic.id, id],
  )
}

/** Back into the queue, not to be touched before `notBefore`. `spent` says whether the try counts. */
export async function updateWaiting(
  ctx: Ctx,
  id: MessageId,
  wait: { notBefore: Instant; code: string; spent: boolean; status: 'queued' | 'unknown' },
): Promise<void> {
  await changes(
    ctx.db,
    `update clinic.messages set status = ?, lease_until = ?, error_code = ?, attempts = attempts - ?
     where clinic_id = ? and id = ?`,
    [wait.status, wait.notBefore, wait.code, wait.spent ? 0 : 1, ctx.clinic.id, id],
  )
}

/** Leaves a message as it is, out of reach until `notBefore`. */
export async function updateHeld(ctx: Ctx, id: MessageId, notBefore: Instant, code: string): Promise<void> {
  await changes(ctx.db, `update clinic.messages set lease_until = ?, error_code = ? where clinic_id = ? and id = ?`, [
    notBefore,
    code,
    ctx.clinic.id,
    id,
  ])
}

/** Gives a message another time to leave at; what the last try met is no reason for that. */
export async function updatePutOff(ctx: Ctx, id: MessageId, until: Instant): Promise<void> {
  await changes(
    ctx.db,
    `update clinic.messages set due_at = ?, lease_until = null,
       error_code = case when status = 'queued' then null else error_code end where clinic_id = ? and id = ?`,
    [until, ctx.clinic.id, id],
  )
}

/** A code is worth nothing to anybody once its message is done with, so it does not stay. */
const forgetCode = `params_sealed = case when kind = 'code' then null else params_sealed end`

export async function updateFailed(ctx: Ctx, id: MessageId, code: string): Promise<void> {
  await changes(
    ctx.db,
    `update clinic.messages set status = 'failed', failed_at = ?, error_code = ?, lease_until = null, ` +
      forgetCode +
      ' where clinic_id = ? and id = ?',
    [ctx.now, code, ctx.clinic.id, id],
  )
}

/** The peer took it. A report that was faster than its answer is not taken back. */
export async function updateAccepted(ctx: Ctx, id: MessageId, providerId: string | undefined): Promise<void> {
  await changes(
    ctx.db,
    `update clinic.messages set
       status = case when status in ('queued', 'sending', 'unknown') then 'accepted' else status end,
       accepted_at = coalesce(accepted_at, ?), provider_id = coalesce(?, provider_id), error_code = null,
       lease_until = null, ` +
      forgetCode +
      ' where clinic_id = ? and id = ?',
    [ctx.now, providerId ?? null, ctx.clinic.id, id],
  )
}

/** Marks the message as being sent, opens the attempt, and keeps what it says. Answers the attempt's id. */
export async function updateSending(
  ctx: Ctx,
  id: MessageId,
  sending: { lease: Instant; body: string | undefined },
): Promise<string> {
  const attempt = newId<'attempt'>()
  await Promise.all([
    changes(
      ctx.db,
      `update clinic.messages set status = 'sending', lease_until = ?, attempts = attempts + 1, error_code = null,
         body_sealed = ? where clinic_id = ? and id = ?`,
      [
        sending.lease,
        sending.body === undefined ? null : ctx.seal.seal(sending.body, 'messages.body', id),
        ctx.clinic.id,
        id,
      ],
    ),
    changes(ctx.db, 'insert into clinic.message_attempts (clinic_id, id, message_id, started_at) values (?, ?, ?, ?)', [
      ctx.clinic.id,
      attempt,
      id,
      ctx.now,
    ]),
  ])
  return attempt
}

export type AttemptEnd = {
  outcome: 'accepted' | 'retry' | 'final' | 'unknown'
  providerId?: string | undefined
  code?: string | undefined
  detail?: string | undefined
}

export async function updateAttemptEnded(ctx: Ctx, attempt: string, end: AttemptEnd): Promise<void> {
  await changes(
    ctx.db,
    `update clinic.message_attempts set ended_at = ?, outcome = ?, provider_id = ?, error_code = ?, error_detail = ?
     where clinic_id = ? and id = ?`,
    [ctx.now, end.outcome, end.providerId ?? null, end.code ?? null, end.detail ?? null, ctx.clinic.id, attempt],
  )
}

/** Closes the attempt of a process that died in the middle of it. */
export async function updateAttemptsLost(ctx: Ctx, id: MessageId): Promise<void> {
  await changes(
    ctx.db,
    `update clinic.message_attempts set ended_at = ?, outcome = 'unknown', error_code = 'process_died'
     where clinic_id = ? and message_id = ? and outcome is null`,
    [ctx.now, ctx.clinic.id, id],
  )
}

export async function countUnknownAttempts(ctx: Ctx, id: MessageId): Promise<number> {
  const [row] = await rows<{ count: number }>(
    ctx.db,
    `select count(*) as count from clinic.message_attempts
     where clinic_id = ? and message_id = ? and outcome = 'unknown'`,
    [ctx.clinic.id, id],
  )
  return row?.count ?? 0
}

/** Puts a message that failed back at the start. False when it is not failed (any more). */
export async function updateToRetry(ctx: Ctx, id: MessageId): Promise<boolean> {
  const changed = await changes(
    ctx.db,
    `update clinic.messages set status = 'queued', due_at = ?, lease_until = null, attempts = 0, error_code = null,
       failed_at = null where clinic_id = ? and id = ? and status = 'failed'`,
    [ctx.now, ctx.clinic.id, id],
  )
  return changed === 1
}

/** Takes back one message that is still waiting. */
export async function updateTakenBack(ctx: Ctx, id: MessageId): Promise<boolean> {
  const changed = await changes(
    ctx.db,
    `update clinic.messages set status = 'dropped', drop_reason = 'taken_back', lease_until = null
     where clinic_id = ? and id = ? and status = 'queued'`,
    [ctx.clinic.id, id],
  )
  return changed === 1
}

/** Makes one message due that waits for its time. */
export async function updateDueNow(ctx: Ctx, id: MessageId): Promise<boolean> {
  const changed = await changes(
    ctx.db,
    `update clinic.messages set due_at = ? where clinic_id = ? and id = ? and status = 'queued' and due_at > ?`,
    [ctx.now, ctx.clinic.id, id, ctx.now],
  )
  return changed === 1
}

/** The same for what is to be told of these visits in these versions; reminders keep their time. */
export async function updateVisitsDueNow(
  ctx: Ctx,
  visits: readonly { id: AppointmentId; version: number }[],
): Promise<number> {
  return changes(
    ctx.db,
    `update clinic.messages m set due_at = ?
     from unnest(?::uuid[], ?::int[]) as v (id, version)
     where m.clinic_id = ? and m.appointment_id = v.id and m.version = v.version and m.status = 'queued'
       and m.due_at > ? and m.kind in ('confirmation', 'moved', 'cancelled')`,
    [ctx.now, visits.map(({ id }) => id), visits.map(({ version }) => version), ctx.clinic.id, ctx.now],
  )
}
