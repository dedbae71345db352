// Second factors that were lost: who asked for the reset, and when it happens unless it is cancelled.
import type { Knex } from 'knex'
import type { ClinicId, UserId } from '../../../kernel/ids.ts'
import type { Instant } from '../../../kernel/time.ts'
import { changes, rows } from '../../../platform/db/rows.ts'
import type { FactorResetId } from './factors.ts'

export type FactorReset = {
  id: FactorResetId
  userId: UserId
  name: string
  email: string
  askedBy: string | null
  /** The clinic whose owner asked; null when the platform did. */
  clinicId: ClinicId | null
  askedAt: Instant
  dueAt: Instant
}

const open = ' r.cancelled_at is null and r.done_at is null'
const reset = `select r.id, r.user_id as "userId", u.name, u.email, a.name as "askedBy", r.clinic_id as "clinicId", r.asked_at as "askedAt",
  r.due_at as "dueAt" from platform.factor_resets r join platform.users u on u.id = r.user_id
  left join platform.users a on a.id = r.asked_by where`

/** False when one is under way already. */
export async function insertFactorReset(
  db: Knex,
  asked: {
    id: FactorResetId
    userId: UserId
    askedBy: UserId
    clinicId: ClinicId | undefined
    proofSealed: Buffer
    hash: Buffer
    now: Instant
    dueAt: Instant
  },
): Promise<boolean> {
  const inserted = await rows(
    db,
    `insert into platform.factor_resets (id, user_id, asked_by, clinic_id, proof_sealed, token_hash, asked_at, due_at)
     values (?, ?, ?, ?, ?, ?, ?, ?)
     on conflict (user_id) where cancelled_at is null and done_at is null do nothing returning id`,
    [
      asked.id,
      asked.userId,
      asked.askedBy,
      asked.clinicId ?? null,
      asked.proofSealed,
      asked.hash,
      asked.now,
      asked.dueAt,
    ],
  )
  return inserted.length === 1
}

export async function findFactorReset(db: Knex, userId: UserId): Promise<FactorReset | undefined> {
  return (await rows<FactorReset>(db, reset + open + ' and r.user_id = ?', [userId]))[0]
}

export async function findFactorResetByToken(db: Knex, hash: Buffer): Promise<FactorReset | undefined> {
  return (await rows<FactorReset>(db, reset + open + ' and r.token_hash = ?', [hash]))[0]
}

export async function findFactorResetById(db: Knex, id: FactorResetId): Promise<FactorReset | undefined> {
  return (await rows<FactorReset>(db, reset + open + ' and r.id = ?', [id]))[0]
}

export async function listFactorResets(db: Knex): Promise<FactorReset[]> {
  return rows<FactorReset>(db, reset + open + ' order by r.due_at limit 200')
}

export async function listDueFactorResets(db: Knex, now: Instant): Promise<FactorReset[]> {
  return rows<FactorReset>(db, reset + open + ' and r.due_at <= ? order by r.due_at limit 200', [now])
}

export async function updateFactorResetCancelled(db: Knex, id: FactorResetId, now: Instant): Promise<boolean> {
  return (
    (await changes(db, 'update platform.factor_resets r set cancelled_at = ? where r.id = ? and' + open, [now, id])) ===
    1
  )
}

export async function updateFactorResetDone(db: Knex, id: FactorResetId, now: Instant): Promise<boolean> {
  return (
    (await changes(db, 'update platform.factor_resets r set done_at = ? where r.id = ? and' + open, [now, id])) === 1
  )
}
