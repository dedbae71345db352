// The outbox of all clinics, counted. As `nabz_jobs`, which sees kinds, states, times and codes of messages, and neither
// names nor numbers nor text; and the platform's own mails, of which the same is asked.
import type { Knex } from 'knex'
import type { ClinicId, MessageId } from '../../../kernel/ids.ts'
import type { Instant } from '../../../kernel/time.ts'
import { rows } from '../../../platform/db/rows.ts'

export type WaitingLine = {
  status: 'queued' | 'sending' | 'unknown'
  kind: string
  later: number
  due: number
  old: number
}

export type ClinicWaiting = { clinicId: ClinicId; due: number; oldest: Instant }

/**
 * What has not left yet, by state and kind: due later, due now, and overdue since `old`. And the clinics whose messages
 * are due and have not left, those first that wait longest.
 */
export async function listWaiting(
  jobsDb: Knex,
  { now, old }: { now: Instant; old: Instant },
  limit: number,
): Promise<{ kinds: WaitingLine[]; clinics: ClinicWaiting[] }> {
  const lines = await rows<(WaitingLine & { clinicId: null }) | (ClinicWaiting & { kind: null })>(
    jobsDb,
    `(select status, kind, null::uuid as "clinicId", count(*) filter (where due_at > ?) as later,
        count(*) filter (where due_at <= ? and due_at > ?) as due, count(*) filter (where due_at <= ?) as old,
        null::timestamptz as oldest
      from clinic.messages where status in ('queued', 'sending', 'unknown') group by status, kind order by status, kind)
     union all
     (select null, null, clinic_id, null, count(*), null, min(due_at) from clinic.messages
      where status in ('queued', 'sending', 'unknown') and due_at <= ?
      group by clinic_id order by min(due_at), clinic_id limit ?)`,
    [now, now, old, old, now, limit],
  )
  return {
    kinds: lines.filter((line) => line.kind !== null),
    clinics: lines.filter((line) => line.kind === null),
  }
}

export type FailureLine = {
  channel: 'whatsapp' | 'email'
  code: string | null
  count: number
  clinics: number
  last: Instant
}
export type ClinicFailures = { clinicId: ClinicId; count: number; last: Instant }

/** What failed since, by channel and the provider's code, and the clinics it failed at; most first. */
export async function listFailures(
  jobsDb: Knex,
  since: Instant,
  limit: number,
): Promise<{ reasons: FailureLine[]; clinics: ClinicFailures[] }> {
  const lines = await rows<(FailureLine & { clinicId: null }) | (ClinicFailures & { channel: null })>(
    jobsDb,
    `(select channel, error_code as code, null::uuid as "clinicId", count(*) as count, count(distinct clinic_id) as clinics,
        max(failed_at) as last
      from clinic.messages where status = 'failed' and failed_at >= ?
      group by channel, error_code order by count(*) desc, error_code limit 100)
     union all
     (select null, null, clinic_id, count(*), null, max(failed_at)
      from clinic.messages where status = 'failed' and failed_at >= ?
      group by clinic_id order by count(*) desc, clinic_id limit ?)`,
    [since, since, limit],
  )
  return {
    reasons: lines.filter((line) => line.channel !== null),
    clinics: lines.filter((line) => line.channel === null),
  }
}

export type ClinicMessage = {
  id: MessageId
  kind: string
  channel: 'whatsapp' | 'email'
  status: string
  dueAt: Instant
  failedAt: Instant | null
  attempts: number
  code: string | null
}

/** One clinic's messages that wait though they are due, and those that failed since. */
export async function listMessagesInTrouble(
  jobsDb: Knex,
  clinicId: ClinicId,
  times: { now: Instant; since: Instant },
  limit: number,
): Promise<ClinicMessage[]> {
  const columns = `id, kind, channel, status, due_at as "dueAt", failed_at as "failedAt", attempts, error_code as code`
  return rows<ClinicMessage>(
    jobsDb,
    `(select ${columns} from clinic.messages
      where clinic_id = ? and status in ('queued', 'sending', 'unknown') and due_at <= ? order by due_at limit ?)
     union all
     (select ${columns} from clinic.messages
      where clinic_id = ? and status = 'failed' and failed_at >= ? order by failed_at desc limit ?)`,
    [clinicId, times.now, limit, clinicId, times.since, limit],
  )
}

export type MailLine = { kind: string; queued: number; sending: number; failed: number; oldest: Instant | null }

export type FailedMail = {
  id: string
  kind: string
  code: string | null
  createdAt: Instant
  attempts: number
  expiresAt: Instant | null
}

/** The platform's own mails by kind: waiting, being sent, failed since. And those that failed last, whenever that was. */
export async function listMails(
  db: Knex,
  since: Instant,
  limit: number,
): Promise<{ kinds: MailLine[]; failed: FailedMail[] }> {
  const lines = await rows<(MailLine & { id: null }) | FailedMail>(
    db,
    `(select null::uuid as id, kind, count(*) filter (where status = 'queued') as queued,
        count(*) filter (where status = 'sending') as sending, count(*) filter (where status = 'failed') as failed,
        min(due_at) filter (where status in ('queued', 'sending')) as oldest,
        null::text as code, null::timestamptz as "createdAt", null::int as attempts, null::timestamptz as "expiresAt"
      from (select kind, status, due_at from platform.mails where status in ('queued', 'sending')
        union all select kind, status, due_at from platform.mails where status = 'failed' and created_at >= ?) m
      group by kind order by kind)
     union all
     (select id, kind, null, null, null, null, error_code, created_at, attempts, expires_at
      from platform.mails where status = 'failed' order by created_at desc limit ?)`,
    [since, limit],
  )
  return {
    kinds: lines.filter((line) => line.id === null),
    failed: lines.filter((line) => line.id !== null),
  }
}
