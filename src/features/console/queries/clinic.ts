// One clinic as whoever runs Nabz sees it: what the service knows of it, and nothing of its patients.
import type { Knex } from 'knex'
import type { ClinicId, Id, UserId } from '../../../kernel/ids.ts'
import { roles, type Role } from '../../../kernel/permissions.ts'
import type { Instant, PlainDate } from '../../../kernel/time.ts'
import { changes, rows } from '../../../platform/db/rows.ts'

export type OneClinic = {
  id: ClinicId
  name: string
  slug: string
  city: string
  country: string
  specialty: string
  zone: string
  currency: string
  language: string
  status: string
  subscriptionStatus: string
  messagesFailing: boolean
  lastActiveOn: PlainDate
  practitionerLimit: number | null
  locationLimit: number | null
  bookingLimit: number | null
  messageLimit: number | null
  usageMonth: PlainDate | null
  bookingsUsed: number
  messagesUsed: number
  createdAt: Instant
}

export async function findClinic(db: Knex, id: ClinicId): Promise<OneClinic | undefined> {
  const [clinic] = await rows<OneClinic>(
    db,
    `select c.id, c.name, c.slug, c.city, c.country, c.specialty, c.time_zone as zone, c.currency, c.language, c.status,
       c.subscription_status as "subscriptionStatus", c.messages_failing as "messagesFailing",
       c.last_active_on as "lastActiveOn", c.practitioner_limit as "practitionerLimit",
       c.location_limit as "locationLimit", c.booking_limit as "bookingLimit", c.message_limit as "messageLimit",
       d.usage_month as "usageMonth", d.bookings_used as "bookingsUsed", d.messages_used as "messagesUsed",
       c.created_at as "createdAt"
     from platform.clinics c join platform.diaries d on d.clinic_id = c.id where c.id = ?`,
    [id],
  )
  return clinic
}

export type Colleague = {
  /** Of the account, or of the invitation. */
  id: string
  invited: boolean
  name: string
  email: string
  role: Role
  since: Instant
  lastSignIn: Instant | null
  expiresAt: Instant | null
}

/** Who works there and who is invited to, owners first. */
export async function listColleagues(db: Knex, clinicId: ClinicId): Promise<Colleague[]> {
  return rows<Colleague>(
    db,
    `select * from (
       select u.id, false as invited, u.name, u.email, m.role, m.created_at as since,
         (select max(a.at) from platform.audit_entries a
           where a.actor_id = u.id and a.action = 'account.signed_in') as "lastSignIn",
         null::timestamptz as "expiresAt"
       from platform.memberships m join platform.users u on u.id = m.user_id where m.clinic_id = ?
       union all
       select i.id, true, '', i.email, i.role, i.created_at, null, i.expires_at
       from platform.invitations i
       where i.clinic_id = ? and i.accepted_at is null and i.withdrawn_at is null) people
     order by invited, array_position(?::text[], role), name, email`,
    [clinicId, clinicId, roles],
  )
}

export type HistoryEvent = {
  at: Instant
  kind: string
  fromStatus: string | null
  toStatus: string | null
  fromPlan: string | null
  toPlan: string | null
  actorKind: string
  actorName: string | null
  reason: string | null
}

/** What befell its subscription, the latest first. */
export async function listHistory(db: Knex, clinicId: ClinicId, limit: number): Promise<HistoryEvent[]> {
  return rows<HistoryEvent>(
    db,
    `select e.at, e.kind, e.from_status as "fromStatus", e.to_status as "toStatus", e.from_plan as "fromPlan",
       e.to_plan as "toPlan", e.actor_kind as "actorKind", u.name as "actorName", e.reason
     from platform.subscription_events e left join platform.users u on u.id = e.actor_id
     where e.clinic_id = ? order by e.at desc, e.id desc limit ?`,
    [clinicId, limit],
  )
}

export type Sums = { metric: string; recent: number; all: number }

/** What was counted of the clinic since `from`, and in all. */
export async function listSums(db: Knex, clinicId: ClinicId, from: PlainDate): Promise<Sums[]> {
  return rows<Sums>(
    db,
    `select metric, coalesce(sum(count) filter (where day >= ?), 0)::bigint as recent, sum(count)::bigint as all
     from platform.daily_counts where clinic_id = ? group by metric`,
    [from, clinicId],
  )
}

export type Waiting = { waiting: number; late: number; failed: number }

/** The clinic's messages that wait, are late, or failed since then. As `nabz_jobs`: how many, and nothing of them. */
export async function countWaiting(
  jobsDb: Knex,
  clinicId: ClinicId,
  { now, lateAt, since }: { now: Instant; lateAt: Instant; since: Instant },
): Promise<Waiting> {
  const [row] = await rows<Waiting>(
    jobsDb,
    `select (select count(*)::int from clinic.messages
         where clinic_id = ? and status in ('queued', 'sending', 'unknown') and due_at <= ?) as waiting,
       (select count(*)::int from clinic.messages
         where clinic_id = ? and status in ('queued', 'sending', 'unknown') and due_at < ?) as late,
       (select count(*)::int from clinic.messages
         where clinic_id = ? and created_at >= ? and status = 'failed') as failed`,
    [clinicId, now, clinicId, lateAt, clinicId, since],
  )
  return row ?? { waiting: 0, late: 0, failed: 0 }
}

export type SecurityEvent = { at: Instant; action: string; actorName: string | null; details: Record<string, unknown> }

/** What the platform's log tells about the clinic and the accounts of its people, the latest first. */
export async function listSecurityEvents(db: Knex, clinicId: ClinicId, limit: number): Promise<SecurityEvent[]> {
  return rows<SecurityEvent>(
    db,
    `select a.at, a.action, u.name as "actorName", coalesce(a.details, '{}') as details
     from platform.audit_entries a left join platform.users u on u.id = a.actor_id
     where a.clinic_id = ? order by a.at desc, a.id desc limit ?`,
    [clinicId, limit],
  )
}

export type NoteId = Id<'note'>
export type Note = { id: NoteId; at: Instant; authorName: string | null; body: string }

export async function listNotes(db: Knex, clinicId: ClinicId, limit: number): Promise<Note[]> {
  return rows<Note>(
    db,
    `select n.id, n.at, u.name as "authorName", n.body
     from platform.clinic_notes n left join platform.users u on u.id = n.author_id
     where n.clinic_id = ? and n.withdrawn_at is null order by n.at desc, n.id desc limit ?`,
    [clinicId, limit],
  )
}

export async function insertNote(
  db: Knex,
  note: { id: NoteId; clinicId: ClinicId; at: Instant; authorId: UserId; body: string },
): Promise<void> {
  await changes(db, 'insert into platform.clinic_notes (id, clinic_id, at, author_id, body) values (?, ?, ?, ?, ?)', [
    note.id,
    note.clinicId,
    note.at,
    note.authorId,
    note.body,
  ])
}

/** Withdraws a note, or brings it back; false when there is none to. */
export async function updateNoteWithdrawn(
  db: Knex,
  clinicId: ClinicId,
  id: NoteId,
  at: Instant | null,
): Promise<boolean> {
  const changed = await changes(
    db,
    `update platform.clinic_notes set withdrawn_at = ?
     where clinic_id = ? and id = ? and (withdrawn_at is null) = ?`,
    [at, clinicId, id, at !== null],
  )
  return changed === 1
}
