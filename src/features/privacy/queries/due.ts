// What each rule would erase before a cut-off, counted and not touched: for pages, dry runs and alarms. The conditions
// are those of the steps in `queries.ts`; the tests hold the two together.
import type { Instant } from '../../../kernel/time.ts'
import type { Ctx } from '../../../platform/clinic-scope.ts'
import type { Database } from '../../../platform/db/connect.ts'
import { rows, type Binding } from '../../../platform/db/rows.ts'
import type { RuleCode } from '../rules/retention.ts'

/** For each rule the moment before which things are past keeping. */
export type CutOffs = Partial<Record<RuleCode, Instant>>
export type Counts = Partial<Record<RuleCode, number>>

type Counting = { sql: string; bind: (clinicId: string, before: Instant, cutOffs: CutOffs) => readonly Binding[] }

const own = (clinicId: string, before: Instant) => [clinicId, before]
const visits = `select count(*) from clinic.appointments where clinic_id = ? and ends_at < ? and identity_erased_at is null
  and status <> 'pending' and `

const inClinic: Partial<Record<RuleCode, Counting>> = {
  booking_identity: { sql: visits + 'not record_kept', bind: own },
  medical_record: { sql: visits + 'record_kept', bind: own },
  // Of whom no visit is left by then.
  patients: {
    sql: `select count(*) from clinic.patients p where p.clinic_id = ? and p.created_at < ? and not exists (
        select from clinic.appointments a where a.clinic_id = ? and a.patient_id = p.id
          and (a.status = 'pending' or a.ends_at >= case when a.record_kept then ?::timestamptz else ?::timestamptz end))`,
    bind: (clinicId, before, cutOffs) => [
      clinicId,
      before,
      clinicId,
      cutOffs.medical_record ?? before,
      cutOffs.booking_identity ?? before,
    ],
  },
  messages: {
    sql: 'select count(*) from clinic.messages where clinic_id = ? and created_at < ? and due_at < ?',
    bind: (clinicId, before) => [clinicId, before, before],
  },
  inbound_messages: {
    sql: 'select count(*) from clinic.inbound_messages where clinic_id = ? and received_at < ?',
    bind: own,
  },
  holds: {
    sql: `select count(*) from clinic.appointments where clinic_id = ? and status = 'pending' and hold_expires_at < ?`,
    bind: own,
  },
  codes: {
    sql: `select (select count(*) from clinic.verification_codes where clinic_id = ? and expires_at < ?)
        + (select count(*) from clinic.portal_visits where clinic_id = ? and expires_at < ?)
        + (select count(*) from clinic.waiting_drafts where clinic_id = ? and expires_at < ?)`,
    bind: (clinicId, before) => [clinicId, before, clinicId, before, clinicId, before],
  },
  waiting: {
    sql: 'select count(*) from clinic.waiting_entries where clinic_id = ? and ended_at < ?',
    bind: own,
  },
  rights_requests: {
    sql: 'select count(*) from clinic.rights_requests where clinic_id = ? and closed_at < ?',
    bind: own,
  },
  exports: {
    sql: `select count(*) from clinic.exports where clinic_id = ? and state = 'ready' and finished_at < ?`,
    bind: own,
  },
  clinic_audit_origin: {
    sql: 'select count(*) from clinic.audit_entries where clinic_id = ? and at < ? and salt is not null',
    bind: own,
  },
  clinic_audit: { sql: 'select count(*) from clinic.audit_entries where clinic_id = ? and at < ?', bind: own },
}

/** What the rules of a clinic would erase there, in one statement; those without a cut-off are left out. */
export async function countDue(ctx: Ctx, cutOffs: CutOffs): Promise<Counts> {
  const parts: string[] = []
  const bindings: Binding[] = []
  for (const [code, counting] of Object.entries(inClinic)) {
    const before = cutOffs[code as RuleCode]
    if (!before) continue
    parts.push('(' + counting.sql + ') as ' + code)
    bindings.push(...counting.bind(ctx.clinic.id, before, cutOffs))
  }
  if (parts.length === 0) return {}
  const [counts] = await rows<Counts>(ctx.db, 'select ' + parts.join(', '), bindings)
  return counts ?? {}
}

/** Where what a rule of the service erases lies, by the moment it is counted from. */
const onPlatform: Partial<Record<RuleCode, { at: string; from: string }>> = {
  platform_audit_origin: {
    at: 'at',
    from: 'platform.audit_entries where (address is not null or browser is not null) and ',
  },
  platform_audit: { at: 'at', from: 'platform.audit_entries where ' },
  webhook_events: { at: 'received_at', from: 'platform.webhook_events where ' },
  mails: { at: 'created_at', from: 'platform.mails where ' },
  invitations: { at: 'expires_at', from: 'platform.invitations where ' },
  account_tokens: { at: 'expires_at', from: 'platform.account_tokens where ' },
  appointment_links: { at: 'expires_at', from: 'platform.appointment_links where ' },
  sessions: { at: 'expire', from: 'platform.sessions where ' },
  known_browsers: { at: 'seen_at', from: 'platform.known_browsers where ' },
  throttles: { at: 'window_start', from: 'platform.throttles where ' },
  loose_slips: {
    at: 'created_at',
    from: 'platform.slips s where not exists (select from platform.payments p where p.slip_id = s.id) and ',
  },
  slips: { at: 'decided_at', from: 'platform.payments where slip_id is not null and ' },
  requests: { at: 'closed_at', from: 'platform.requests where ' },
  status_checks: { at: 'hour', from: 'platform.status_checks where ' },
  job_runs: { at: 'started_at', from: 'platform.job_runs where result is not null and ' },
}

export type PlatformDue = { rule: RuleCode; count: number; oldest: Instant | null }

/** The same for the service's own rules, and from when the oldest of it is. */
export async function countPlatformDue(db: Database, cutOffs: CutOffs): Promise<PlatformDue[]> {
  const parts: string[] = []
  const bindings: Binding[] = []
  for (const [code, { at, from }] of Object.entries(onPlatform)) {
    const before = cutOffs[code as RuleCode]
    if (!before) continue
    parts.push('select ?::text as rule, count(*) as count, min(' + at + ') as oldest from ' + from + at + ' < ?')
    bindings.push(code, before)
  }
  return rows<PlatformDue>(db, parts.join(' union all '), bindings)
}

/** Since when the oldest hold that lapsed before `before` has, of any clinic: `nabz_jobs` may see that much. */
export async function findOldestHold(jobsDb: Database, before: Instant): Promise<Instant | undefined> {
  const [found] = await rows<{ oldest: Instant | null }>(
    jobsDb,
    `select min(hold_expires_at) as oldest from clinic.appointments where status = 'pending' and hold_expires_at < ?`,
    [before],
  )
  return found?.oldest ?? undefined
}
