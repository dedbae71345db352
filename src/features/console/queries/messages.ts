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

/** What has not left yet, by state and kind: due later, due now, and overdue since `old`. */
export async function listWaiting(jobsDb: Knex, now: Instant, old: Instant): Promise<WaitingLine[]> {
  return rows<WaitingLine>(
    jobsDb,
    `select status, kind, count(*) filter (where due_at > ?) as later,
       count(*) filter (where due_at <= ? and due_at > ?) as due, count(*) filter (where due_at <= ?) as old
     from clinic.messages where status in ('queued', 'sending', 'unknown') group by status, kind order by status, kind`,
    [now, now, old, old],
  )
}

export type ClinicWaiting = { clinicId: ClinicId; due: number; oldest: Instant }

/** Clinics whose messages are due and have not left, those first that wait longest. */
export async function listClinicsWaiting(jobsDb: Knex, now: Instant, limit: number): Promise<ClinicWaiting[]> {
  return rows<ClinicWaiting>(
    jobsDb,
    `select clinic_id as "clinicId", count(*) as due, min(due_at) as oldest from clinic.messages
     where status in ('queued', 'sending', 'unknown') and due_at <= ?
     group by clinic_id order by min(due_at), clinic_id limit ?`,
    [now, limit],
  )
}

export type FailureLine = {
  channel: 'whatsapp' | 'email'
  code: string | null
  count: number
  clinics: number
  last: Instant
}

/** What failed since, by channel and the provider's code, most first. */
export async function listFailures(jobsDb: Knex, since: Instant): Promise<FailureLine[]> {
  return rows<FailureLine>(
    jobsDb,
    `select channel, error_code as code, count(*) as count, count(distinct clinic_id) as clinics, max(failed_at) as last
     from clinic.messages where status = 'failed' and failed_at >= ?
     group by channel, error_code order by count(*) desc, error_code limit 100`,
    [since],
  )
}

export type ClinicFailures = { clinicId: ClinicId; count: number; last: Instant }

export async function listClinicsFailing(jobsDb: Knex, since: Instant, limit: number): Promise<ClinicFailures[]> {
  return rows<ClinicFailures>(
    jobsDb,
    `select clinic_id as "clinicId", count(*) as count, max(failed_at) as last
     from clinic.messages where status = 'failed' and failed_at >= ?
     group by clinic_id order by count(*) desc, clinic_id limit ?`,
    [since, limit],
  )
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

export type ClinicName = { id: ClinicId; name: string; slug: string }

export async function listClinicNames(db: Knex, ids: readonly ClinicId[]): Promise<ClinicName[]> {
  return rows<ClinicName>(db, 'select id, name, slug from platform.clinics where id = any(?::uuid[])', [ids])
}

export type MailLine = { kind: string; queued: number; sending: number; failed: number; oldest: Instant | null }

/** The platform's own mails by kind: waiting, being sent, failed since. */
export async function listMailCounts(db: Knex, since: Instant): Promise<MailLine[]> {
  return rows<MailLine>(
    db,
    `select kind, count(*) filter (where status = 'queued') as queued, count(*) filter (where status = 'sending') as sending,
       count(*) filter (where status = 'failed') as failed,
       min(due_at) filter (where status in ('queued', 'sending')) as oldest
     from (select kind, status, due_at from platform.mails where status in ('queued', 'sending')
       union all select kind, status, due_at from platform.mails where status = 'failed' and created_at >= ?) m
     group by kind order by kind`,
    [since],
  )
}

export type FailedMail = {
  id: string
  kind: string
  code: string | null
  createdAt: Instant
  attempts: number
  expiresAt: Instant | null
}

export async function listFailedMails(db: Knex, limit: number): Promise<FailedMail[]> {
  return rows<FailedMail>(
    db,
    `select id, kind, error_code as code, created_at as "createdAt", attempts, expires_at as "expiresAt"
     from platform.mails where status = 'failed' order by created_at desc limit ?`,
    [limit],
  )
}
