// Each statement touches a limited number of rows and steps round those that somebody else holds, so that no lock is
// long and two processes never wait for each other.
import type { Knex } from 'knex'
import type { ClinicId } from '../../kernel/ids.ts'
import type { Instant } from '../../kernel/time.ts'
import type { Ctx } from '../../platform/clinic-scope.ts'
import type { Database } from '../../platform/db/connect.ts'
import { changes, rows } from '../../platform/db/rows.ts'
import { deleteMessages } from './queries/messages.ts'
import type { ClockMemory, RetentionSettings, RuleCode } from './rules/retention.ts'

export async function findRetentionSettings(ctx: Ctx): Promise<RetentionSettings | undefined> {
  const [found] = await rows<RetentionSettings>(
    ctx.db,
    `select booking_identity_months as "bookingIdentityMonths", medical_record_months as "medicalRecordMonths"
     from clinic.profiles where clinic_id = ?`,
    [ctx.clinic.id],
  )
  return found
}

/** The visit's row stays for counts and cash; whose it was goes. */
const forgetVisits = `
  with due as (select id from clinic.appointments where clinic_id = ? and ends_at < ? and identity_erased_at is null
      and record_kept = ? and status <> 'pending' order by ends_at limit ? for update skip locked),
    links as (delete from platform.appointment_links l using due where l.clinic_id = ? and l.appointment_id = due.id),
    codes as (delete from clinic.verification_codes v using due where v.clinic_id = ? and v.appointment_id = due.id)
  update clinic.appointments a set patient_id = null, note_sealed = null, answers_sealed = null,
    cancel_reason = null, draft_sealed = null,
    hold_owner = null, overbook_reason = case when a.overbooked then '' end, identity_erased_at = ?
  from due where a.clinic_id = ? and a.id = due.id`

type ClinicStep = (ctx: Ctx, before: Instant, most: number) => Promise<number>

function forgetting(recordKept: boolean): ClinicStep {
  return ({ db, clinic: { id }, now }, before, most) =>
    changes(db, forgetVisits, [id, before, recordKept, most, id, id, now, id])
}

const counted = async (db: Knex, sql: string, before: Instant, most: number) =>
  (await rows<{ count: number }>(db, sql, [before, most]))[0]?.count ?? 0

/** Deletes rows of a clinic whose time, of that column, is past, the oldest first. */
const outdated =
  (table: string, column: string): ClinicStep =>
  ({ db, clinic: { id } }, before, most) =>
    changes(
      db,
      `delete from clinic.${table} where clinic_id = ? and id in (
         select id from clinic.${table} where clinic_id = ? and ${column} < ?
         order by ${column} limit ? for update skip locked)`,
      [id, id, before, most],
    )

const oldCodes = [
  outdated('verification_codes', 'expires_at'),
  outdated('portal_visits', 'expires_at'),
  outdated('waiting_drafts', 'expires_at'),
]

/** What the job does about each rule of a clinic. */
export const clinicSteps: Partial<Record<RuleCode, ClinicStep>> = {
  booking_identity: forgetting(false),
  medical_record: forgetting(true),
  patients: ({ db, clinic: { id } }, before, most) =>
    changes(
      db,
      `delete from clinic.patients where clinic_id = ? and id in (
         select p.id from clinic.patients p where p.clinic_id = ? and p.created_at < ?
           and not exists (select from clinic.appointments a where a.clinic_id = p.clinic_id and a.patient_id = p.id)
         limit ? for update skip locked)`,
      [id, id, before, most],
    ),
  messages: deleteMessages,
  inbound_messages: outdated('inbound_messages', 'received_at'),
  codes: async (ctx, before, most) => {
    let gone = 0
    for (const step of oldCodes) gone += await step(ctx, before, most)
    return gone
  },
  // With what was offered to them.
  waiting: outdated('waiting_entries', 'ended_at'),
  rights_requests: outdated('rights_requests', 'closed_at'),
  clinic_audit_origin: ({ db }, before, most) =>
    counted(db, 'select platform.strip_clinic_audit(?, ?) as count', before, most),
  clinic_audit: ({ db }, before, most) =>
    counted(db, 'select platform.delete_clinic_audit(?, ?) as count', before, most),
}

/** The same for rows of the service: `key` is the columns that make its key. */
const outdatedHere = (table: string, key: string, column: string) =>
  `with gone as (delete from platform.${table} where (${key}) in (
      select ${key} from platform.${table} where ${column} < ? order by ${column} limit ? for update skip locked)
    returning 1) select count(*) as count from gone`

/** And about each of the service's own. */
export const platformSteps: Partial<Record<RuleCode, string>> = {
  platform_audit_origin: 'select platform.strip_platform_audit(?, ?) as count',
  platform_audit: 'select platform.delete_platform_audit(?, ?) as count',
  webhook_events: outdatedHere('webhook_events', 'id', 'received_at'),
  mails: outdatedHere('mails', 'id', 'created_at'),
  invitations: outdatedHere('invitations', 'id', 'expires_at'),
  account_tokens: outdatedHere('account_tokens', 'token_hash', 'expires_at'),
  appointment_links: outdatedHere('appointment_links', 'token_hash', 'expires_at'),
  sessions: outdatedHere('sessions', 'sid', 'expire'),
  known_browsers: outdatedHere('known_browsers', 'user_id, browser_hash', 'seen_at'),
  throttles: outdatedHere('throttles', 'key, window_start', 'window_start'),
  loose_slips: `with gone as (delete from platform.slips where id in (
      select id from platform.slips s where created_at < ?
        and not exists (select from platform.payments p where p.slip_id = s.id) limit ? for update skip locked)
    returning 1) select count(*) as count from gone`,
  // The picture goes; its payment stays in the books.
  slips: `with due as (select id, slip_id from platform.payments where slip_id is not null and decided_at < ?
        limit ? for update skip locked),
      gone as (update platform.payments p set slip_id = null from due where p.id = due.id),
      pictures as (delete from platform.slips s using due where s.id = due.slip_id)
    select count(*) as count from due`,
  requests: outdatedHere('requests', 'id', 'closed_at'),
}

export function runPlatformStep(db: Knex, sql: string, before: Instant, most: number): Promise<number> {
  return counted(db, sql, before, most)
}

/** Whether the law forbids erasing at a clinic now. */
export async function findLegalHold(
  db: Knex,
  clinicId: ClinicId,
  now: Instant,
): Promise<{ reason: string; ownerName: string; until: Instant } | undefined> {
  const [hold] = await rows<{ reason: string; ownerName: string; until: Instant }>(
    db,
    `select reason, owner_name as "ownerName", until from platform.legal_holds
     where clinic_id = ? and lifted_at is null and until > ? order by until desc limit 1`,
    [clinicId, now],
  )
  return hold
}

/**
 * The next clinic that nobody has gone through since `since`, or that failed, claimed; a process that was killed loses
 * its claim. With `only` that one or none.
 */
export async function claimTurn(
  db: Database,
  claim: { after: string; since: Instant; now: Instant; lease: Instant; only?: ClinicId | undefined },
): Promise<ClinicId | undefined> {
  const [taken] = await rows<{ id: ClinicId }>(
    db,
    `insert into platform.retention_turns as t (clinic_id, lease_until)
     select c.id, ?::timestamptz from platform.clinics c left join platform.retention_turns r on r.clinic_id = c.id
     where c.id > ?::uuid and (r.done_at is null or r.done_at < ? or r.behind <> '{}') and (r.lease_until is null or r.lease_until <= ?)
       and c.id = coalesce(?::uuid, c.id)
     order by c.id limit 1
     on conflict (clinic_id) do update set lease_until = excluded.lease_until
       where t.lease_until is null or t.lease_until <= ?
     returning clinic_id as id`,
    [claim.lease, claim.after, claim.since, claim.now, claim.only ?? null, claim.now],
  )
  return taken?.id
}

export async function updateTurnDone(db: Database, clinicId: ClinicId, now: Instant): Promise<void> {
  await changes(
    db,
    `update platform.retention_turns set done_at = ?, lease_until = null, behind = '{}' where clinic_id = ?`,
    [now, clinicId],
  )
}

/** Gives a turn back that did not succeed, with the rules that failed; the next run takes it up again. */
export async function updateTurnFailed(db: Database, clinicId: ClinicId, behind: readonly RuleCode[]): Promise<void> {
  await changes(db, 'update platform.retention_turns set lease_until = null, behind = ? where clinic_id = ?', [
    behind,
    clinicId,
  ])
}

/** The periods an owner decides about. */
export async function updateRetentionSettings(ctx: Ctx, settings: RetentionSettings): Promise<void> {
  await changes(
    ctx.db,
    'update clinic.profiles set booking_identity_months = ?, medical_record_months = ? where clinic_id = ?',
    [settings.bookingIdentityMonths, settings.medicalRecordMonths, ctx.clinic.id],
  )
}

export async function findClockMemory(db: Database): Promise<ClockMemory | undefined> {
  const [memory] = await rows<ClockMemory>(
    db,
    'select seen_at as "seenAt", leapt_at as "leaptAt" from platform.retention_clock',
  )
  return memory
}

export async function upsertClockMemory(db: Database, { seenAt, leaptAt }: ClockMemory): Promise<void> {
  await changes(
    db,
    `insert into platform.retention_clock (seen_at, leapt_at) values (?, ?)
     on conflict (only_one) do update set seen_at = excluded.seen_at, leapt_at = excluded.leapt_at`,
    [seenAt, leaptAt],
  )
}
