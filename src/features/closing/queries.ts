import type { Knex } from 'knex'
import { newId, type AppointmentId, type ClinicId, type UserId } from '../../kernel/ids.ts'
import { hours, type Instant } from '../../kernel/time.ts'
import type { Ctx } from '../../platform/clinic-scope.ts'
import type { Database } from '../../platform/db/connect.ts'
import { changes, rows } from '../../platform/db/rows.ts'
import type { PlatformSeal } from '../../platform/seal/key-ring.ts'
import { warnHours, type Closing, type ClosingId, type ClosingKind, type ClosingState, type Telling } from './rules.ts'

const columns = `c.id, c.clinic_id as "clinicId", c.kind, c.asked_by as "askedBy", c.asked_at as "askedAt", c.reasons,
  c.tell_patients as "tellPatients", c.tell_at as "tellAt", c.told_at as "toldAt",
  c.visits_cancelled as "visitsCancelled", c.undo_until as "undoUntil", c.purge_by as "purgeBy", c.state,
  c.warned_at as "warnedAt", c.began_at as "beganAt", c.finished_at as "finishedAt", c.undone_at as "undoneAt",
  c.undo_reason as "undoReason", c.rows_total as "rowsTotal", c.rows_done as "rowsDone"`

/** The closing of a clinic that is still open: waiting, or being carried out. */
export async function findClosing(db: Knex, clinicId: ClinicId): Promise<Closing | undefined> {
  const [found] = await rows<Closing>(
    db,
    'select ' + columns + ` from platform.closings c where c.clinic_id = ? and c.state in ('waiting', 'purging')`,
    [clinicId],
  )
  return found
}

/** The same, locked: owner, operator and clock decide one after the other. */
export async function lockClosing(trx: Knex, clinicId: ClinicId): Promise<Closing | undefined> {
  const [found] = await rows<Closing>(
    trx,
    'select ' +
      columns +
      ` from platform.closings c where c.clinic_id = ? and c.state in ('waiting', 'purging') for update`,
    [clinicId],
  )
  return found
}

export async function findClosingById(db: Knex, id: ClosingId): Promise<Closing | undefined> {
  const [found] = await rows<Closing>(db, 'select ' + columns + ' from platform.closings c where c.id = ?', [id])
  return found
}

export type ListedClosing = Closing & {
  clinicName: string | null
  clinicSlug: string | null
  heldUntil: Instant | null
  comment: string | undefined
  certificateId: string | null
}

/** Those that are under way first, then the newest. */
export async function listClosings(
  db: Knex,
  seal: PlatformSeal,
  page: { now: Instant; limit: number; skip: number },
): Promise<ListedClosing[]> {
  const found = await rows<Omit<ListedClosing, 'comment'> & { commentSealed: Buffer | null }>(
    db,
    'select ' +
      columns +
      `, k.name as "clinicName", k.slug as "clinicSlug", c.comment_sealed as "commentSealed",
         c.certificate_id as "certificateId",
         (select max(h.until) from platform.legal_holds h
          where h.clinic_id = c.clinic_id and h.lifted_at is null and h.until > ?) as "heldUntil"
       from platform.closings c left join platform.clinics k on k.id = c.clinic_id
       order by (c.state in ('waiting', 'purging')) desc, c.asked_at desc, c.id desc limit ? offset ?`,
    [page.now, page.limit, page.skip],
  )
  return found.map(({ commentSealed, ...one }) => ({
    ...one,
    comment: commentSealed ? seal.open(commentSealed, 'closings.comment', one.id) : undefined,
  }))
}

export type NewClosing = {
  id: ClosingId
  clinicId: ClinicId
  kind: ClosingKind
  askedBy: UserId | null
  askedAt: Instant
  reasons: readonly string[]
  comment: string | undefined
  tellPatients: Telling
  tellAt: Instant | null
  undoUntil: Instant
  purgeBy: Instant
  state: ClosingState
}

/** False when the clinic is being closed already. */
export async function insertClosing(db: Knex, seal: PlatformSeal, one: NewClosing): Promise<boolean> {
  const inserted = await changes(
    db,
    `insert into platform.closings (id, clinic_id, kind, asked_by, asked_at, reasons, comment_sealed, tell_patients,
       tell_at, undo_until, purge_by, state, began_at)
     values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) on conflict do nothing`,
    [
      one.id,
      one.clinicId,
      one.kind,
      one.askedBy,
      one.askedAt,
      one.reasons,
      one.comment === undefined ? null : seal.seal(one.comment, 'closings.comment', one.id),
      one.tellPatients,
      one.tellAt,
      one.undoUntil,
      one.purgeBy,
      one.state,
      one.state === 'purging' ? one.askedAt : null,
    ],
  )
  return inserted === 1
}

export async function updateUndone(
  trx: Knex,
  id: ClosingId,
  undone: { at: Instant; by: UserId | null; reason: string | null },
): Promise<void> {
  await changes(
    trx,
    `update platform.closings set state = 'undone', undone_at = ?, undone_by = ?, undo_reason = ?, comment_sealed = null
     where id = ? and state = 'waiting'`,
    [undone.at, undone.by, undone.reason, id],
  )
}

/** Clinics whose subscription has been over for so long that they go, and that nobody closes yet. */
export async function listExpired(db: Knex, limit: number): Promise<ClinicId[]> {
  const found = await rows<{ id: ClinicId }>(
    db,
    `select s.clinic_id as id from platform.subscriptions s
     where s.status = 'purge_scheduled' and not exists (select from platform.closings c
       where c.clinic_id = s.clinic_id and c.state in ('waiting', 'purging')) order by s.clinic_id limit ?`,
    [limit],
  )
  return found.map(({ id }) => id)
}

/** Clinics that expired, are to be erased for it, and were paid for after all. */
export async function listPaidAgain(db: Knex, limit: number): Promise<ClinicId[]> {
  const found = await rows<{ id: ClinicId }>(
    db,
    `select c.clinic_id as id from platform.closings c join platform.subscriptions s on s.clinic_id = c.clinic_id
     where c.kind = 'expired' and c.state = 'waiting' and s.status <> 'purge_scheduled' order by c.asked_at limit ?`,
    [limit],
  )
  return found.map(({ id }) => id)
}

/** Locked ones: among them may be some that came back with a backup though they had been erased. */
export async function listLocked(db: Knex): Promise<ClinicId[]> {
  const found = await rows<{ id: ClinicId }>(
    db,
    `select k.id from platform.clinics k where k.status = 'locked' and not exists (select from platform.closings c
       where c.clinic_id = k.id and c.state = 'purging') order by k.id`,
  )
  return found.map(({ id }) => id)
}

/** Waiting for their moment, which has come or is a day away; the oldest first. */
export async function listWaiting(db: Knex, now: Instant): Promise<Closing[]> {
  return rows<Closing>(
    db,
    'select ' +
      columns +
      ` from platform.closings c where c.state = 'waiting' and c.undo_until <= ? order by c.asked_at`,
    [now.add(hours(warnHours))],
  )
}

export async function listPurging(db: Knex): Promise<Closing[]> {
  return rows<Closing>(
    db,
    'select ' + columns + ` from platform.closings c where c.state = 'purging' order by c.began_at, c.id`,
  )
}

/** Closings whose patients are to be told now. */
export async function listToTell(db: Knex, now: Instant): Promise<Closing[]> {
  return rows<Closing>(
    db,
    'select ' +
      columns +
      ` from platform.closings c where c.state = 'waiting' and c.tell_at <= ? and c.told_at is null order by c.asked_at`,
    [now],
  )
}

export async function updateWarned(trx: Knex, id: ClosingId, now: Instant): Promise<boolean> {
  const sql = `update platform.closings set warned_at = ? where id = ? and warned_at is null and state = 'waiting'`
  return (await changes(trx, sql, [now, id])) === 1
}

export async function updateTelling(
  ctx: Ctx,
  id: ClosingId,
  told: { cancelled: number; over: boolean },
): Promise<boolean> {
  const updated = await changes(
    ctx.db,
    `update platform.closings set visits_cancelled = visits_cancelled + ?, told_at = case when ? then ?::timestamptz end
     where id = ? and state = 'waiting' and told_at is null`,
    [told.cancelled, told.over, ctx.now, id],
  )
  return updated === 1
}

export async function countVisitsToCome(ctx: Ctx): Promise<number> {
  const [row] = await rows<{ count: number }>(
    ctx.db,
    `select count(*) as count from clinic.appointments where clinic_id = ? and status = 'booked' and starts_at > ?`,
    [ctx.clinic.id, ctx.now],
  )
  return row?.count ?? 0
}

/** Visits to come, the next ones first. */
export async function listVisitsToCome(ctx: Ctx, limit: number): Promise<AppointmentId[]> {
  const found = await rows<{ id: AppointmentId }>(
    ctx.db,
    `select id from clinic.appointments where clinic_id = ? and status = 'booked' and starts_at > ?
     order by starts_at, id limit ?`,
    [ctx.clinic.id, ctx.now, limit],
  )
  return found.map(({ id }) => id)
}

const reminders = ['reminder_24h', 'reminder_2h']
const heldBack = 'clinic_closed'

/** Nobody is reminded of a visit to a clinic that is closed. */
export async function holdBackReminders(ctx: Ctx): Promise<void> {
  await changes(
    ctx.db,
    `update clinic.messages set status = 'dropped', drop_reason = ?
     where clinic_id = ? and status = 'queued' and kind = any(?)`,
    [heldBack, ctx.clinic.id, reminders],
  )
}

/** Those whose time has not gone by meanwhile. */
export async function reviveReminders(ctx: Ctx): Promise<void> {
  await changes(
    ctx.db,
    `update clinic.messages set status = 'queued', drop_reason = null
     where clinic_id = ? and status = 'dropped' and drop_reason = ? and due_at > ?`,
    [ctx.clinic.id, heldBack, ctx.now],
  )
}

export type Certificate = { id: string; body: string; signature: Buffer; publicKey: Buffer; issuedAt: Instant }

export async function findCertificate(db: Knex, id: string): Promise<Certificate | undefined> {
  const [found] = await rows<Certificate>(
    db,
    `select id, body, signature, public_key as "publicKey", issued_at as "issuedAt"
     from platform.certificates where id = ?`,
    [id],
  )
  return found
}

/** A certificate is issued once: what stands there already stays. */
export async function insertCertificate(db: Knex, one: Certificate): Promise<void> {
  await changes(
    db,
    `insert into platform.certificates (id, body, signature, public_key, issued_at) values (?, ?, ?, ?, ?)
     on conflict do nothing`,
    [one.id, one.body, one.signature, one.publicKey, one.issuedAt],
  )
}

/** Every key that ever signed one here. */
export async function listCertificateKeys(db: Knex): Promise<Buffer[]> {
  const found = await rows<{ key: Buffer }>(
    db,
    `select public_key as key from platform.certificates group by public_key order by min(issued_at) desc`,
  )
  return found.map(({ key }) => key)
}

/** A mail about a closing that is over goes once it was sent. */
export async function deleteLastMails(db: Database, now: Instant): Promise<void> {
  await changes(
    db,
    `delete from platform.mails m using platform.closings c
     where c.state = 'done' and m.clinic_id = c.clinic_id
       and (m.status not in ('queued', 'sending') or m.created_at < ?)`,
    [now.subtract(hours(72))],
  )
}

export const newClosingId = () => newId<'closing'>()
