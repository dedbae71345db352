// What became of messages, for the pages that show it.
import type { AppointmentId, MessageId, PatientId, PractitionerId } from '../../../kernel/ids.ts'
import type { Instant } from '../../../kernel/time.ts'
import type { Ctx } from '../../../platform/clinic-scope.ts'
import { rows, type Binding } from '../../../platform/db/rows.ts'
import { toldTogether } from '../../../platform/outbox.ts'
import { parseLanguage, type Language } from '../../../platform/i18n/languages.ts'
import { seesRestricted } from '../../patients/rules.ts'
import { kindKey, reasonKey, statusKey } from '../rules/in-words.ts'
import { ticksOf, type MessageStatus } from '../rules/statuses.ts'

export type LoggedMessage = {
  id: MessageId
  appointmentId: AppointmentId | null
  patientId: PatientId | null
  patientName: string | null
  kind: string
  /** `messaging.kind.…` */
  kindKey: string
  channel: 'whatsapp' | 'email'
  language: Language
  /** Whom it went to; a phone or an address. */
  recipient: string
  status: MessageStatus
  /** `messaging.status.…` */
  statusKey: string
  /** `messaging.reason.…`: why it did not leave, or why it waits. */
  reasonKey: string | undefined
  ticks: 0 | 1 | 2
  read: boolean
  /** What it says, once it was sent; never a code. */
  body: string | undefined
  createdAt: Instant
  dueAt: Instant
  /** When it is tried next, while it waits after a try that failed or a sender that is held. */
  nextTryAt: Instant | null
  sentAt: Instant | null
  deliveredAt: Instant | null
  readAt: Instant | null
  failedAt: Instant | null
  attempts: number
  canRetry: boolean
  canTakeBack: boolean
}

type Row = Omit<
  LoggedMessage,
  | 'kindKey'
  | 'statusKey'
  | 'reasonKey'
  | 'ticks'
  | 'read'
  | 'body'
  | 'recipient'
  | 'language'
  | 'canRetry'
  | 'canTakeBack'
  | 'nextTryAt'
> & {
  language: string
  restricted: boolean
  recipientSealed: Buffer
  bodySealed: Buffer | null
  errorCode: string | null
  dropReason: string | null
  leaseUntil: Instant | null
  expiresAt: Instant | null
}

const selected = `
  select m.id, m.appointment_id as "appointmentId", m.patient_id as "patientId", p.name as "patientName",
    p.restricted_at is not null as restricted, m.kind,
    m.channel, m.language, m.status, m.recipient_sealed as "recipientSealed", m.body_sealed as "bodySealed",
    m.error_code as "errorCode", m.drop_reason as "dropReason", m.created_at as "createdAt", m.due_at as "dueAt",
    m.lease_until as "leaseUntil", m.expires_at as "expiresAt", coalesce(m.sent_at, m.accepted_at) as "sentAt",
    m.delivered_at as "deliveredAt", m.read_at as "readAt", m.failed_at as "failedAt", m.attempts
  from clinic.messages m
  left join clinic.patients p on p.clinic_id = m.clinic_id and p.id = m.patient_id
  where m.clinic_id = ?`

function opened(ctx: Ctx, row: Row): LoggedMessage {
  const { recipientSealed, bodySealed, errorCode, dropReason, leaseUntil, expiresAt, language, restricted, ...rest } =
    row
  // Of somebody whose data is restricted it stays that a message went, not to whom and not what it said.
  const hidden = restricted && !seesRestricted(ctx)
  const { status, channel, kind } = rest
  const tried = status === 'queued' && errorCode !== null
  const ofUse = expiresAt === null || expiresAt.epochMilliseconds > ctx.now.epochMilliseconds
  return {
    ...rest,
    language: parseLanguage(language) ?? 'en',
    patientName: hidden ? null : rest.patientName,
    recipient: hidden ? '•••' : ctx.seal.open(recipientSealed, 'messages.recipient', row.id),
    body: bodySealed && !hidden ? ctx.seal.open(bodySealed, 'messages.body', row.id) : undefined,
    kindKey: kindKey(kind),
    statusKey: statusKey(status, channel),
    reasonKey: reasonKey({ status, channel, errorCode, dropReason }),
    ticks: ticksOf(status),
    read: status === 'read',
    nextTryAt: tried ? leaseUntil : null,
    canRetry: status === 'failed' && kind !== 'code' && ofUse,
    canTakeBack: status === 'queued',
  }
}

/** Everything sent or waiting about one visit, oldest first. */
export async function listMessagesOf(ctx: Ctx, appointmentId: AppointmentId): Promise<LoggedMessage[]> {
  const found = await rows<Row>(ctx.db, selected + ' and m.appointment_id = ? order by m.created_at, m.due_at, m.id', [
    ctx.clinic.id,
    appointmentId,
  ])
  return found.map((row) => opened(ctx, row))
}

export type MessageFilter = {
  statuses?: readonly MessageStatus[] | undefined
  patientId?: PatientId | undefined
  /** Only about visits to this doctor. */
  practitionerId?: PractitionerId | undefined
  /** The `createdAt` and `id` of the last one on the page before. */
  before?: { createdAt: Instant; id: MessageId } | undefined
  limit: number
}

/** The clinic's messages, newest first. */
export async function listRecentMessages(ctx: Ctx, filter: MessageFilter): Promise<LoggedMessage[]> {
  const { statuses, patientId, practitionerId, before, limit } = filter
  // What was told in one message is listed once.
  const conditions: [sql: string, bindings: Binding[]][] = [[` and m.drop_reason is distinct from ?`, [toldTogether]]]
  if (statuses) conditions.push([' and m.status = any(?)', [statuses]])
  if (patientId) conditions.push([' and m.patient_id = ?', [patientId]])
  if (practitionerId) {
    // Asked of each message, newest first: all visits the doctor ever had are more than a page of messages.
    const doctor =
      'select a.practitioner_id from clinic.appointments a where a.clinic_id = ? and a.id = m.appointment_id'
    conditions.push([` and (${doctor}) = ?`, [ctx.clinic.id, practitionerId]])
  }
  if (before) conditions.push([' and (m.created_at, m.id) < (?, ?)', [before.createdAt, before.id]])
  const found = await rows<Row>(
    ctx.db,
    selected + conditions.map(([sql]) => sql).join('') + ' order by m.created_at desc, m.id desc limit ?',
    [ctx.clinic.id, ...conditions.flatMap(([, bindings]) => bindings), limit],
  )
  return found.map((row) => opened(ctx, row))
}
