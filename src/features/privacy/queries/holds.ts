// Pauses that the law orders. They say for which clinic, who of it was told, why and until when.
import type { Knex } from 'knex'
import type { ClinicId, Id, UserId } from '../../../kernel/ids.ts'
import type { Instant } from '../../../kernel/time.ts'
import { changes, rows } from '../../../platform/db/rows.ts'

export type LegalHoldId = Id<'legal_hold'>

export type LegalHold = {
  id: LegalHoldId
  clinicId: ClinicId
  clinicName: string
  clinicSlug: string
  reason: string
  ownerName: string
  setAt: Instant
  setBy: string | null
  until: Instant
  liftedAt: Instant | null
  liftedBy: string | null
}

const holds = `select h.id, h.clinic_id as "clinicId", c.name as "clinicName", c.slug as "clinicSlug", h.reason,
    h.owner_name as "ownerName", h.set_at as "setAt", s.name as "setBy", h.until, h.lifted_at as "liftedAt",
    l.name as "liftedBy"
  from platform.legal_holds h join platform.clinics c on c.id = h.clinic_id
  left join platform.users s on s.id = h.set_by left join platform.users l on l.id = h.lifted_by `

/**
 * Whether the clinic is being erased. A closing that waits can't begin before the transaction ends: whoever decides comes
 * before or after a hold, never at the same time.
 */
export async function isBeingErased(trx: Knex, clinicId: ClinicId): Promise<boolean> {
  const open = await rows<{ state: string }>(
    trx,
    `select state from platform.closings where clinic_id = ? and state in ('waiting', 'purging') for update`,
    [clinicId],
  )
  return open.some(({ state }) => state === 'purging')
}

/** The newest first. */
export async function listLegalHolds(db: Knex, limit: number): Promise<LegalHold[]> {
  return rows<LegalHold>(db, holds + 'order by h.set_at desc, h.id desc limit ?', [limit])
}

export async function findLegalHoldById(db: Knex, id: LegalHoldId): Promise<LegalHold | undefined> {
  const [hold] = await rows<LegalHold>(db, holds + 'where h.id = ?', [id])
  return hold
}

export async function insertLegalHold(
  db: Knex,
  hold: {
    id: LegalHoldId
    clinicId: ClinicId
    reason: string
    ownerName: string
    setBy: UserId
    setAt: Instant
    until: Instant
  },
): Promise<void> {
  await changes(
    db,
    `insert into platform.legal_holds (id, clinic_id, reason, owner_name, set_by, set_at, until)
     values (?, ?, ?, ?, ?, ?, ?)`,
    [hold.id, hold.clinicId, hold.reason, hold.ownerName, hold.setBy, hold.setAt, hold.until],
  )
}

/** False when it no longer stands. */
export async function updateHoldUntil(db: Knex, id: LegalHoldId, until: Instant, now: Instant): Promise<boolean> {
  const changed = await changes(
    db,
    'update platform.legal_holds set until = ? where id = ? and lifted_at is null and until > ?',
    [until, id, now],
  )
  return changed === 1
}

/** False when it no longer stands. */
export async function updateHoldLifted(db: Knex, id: LegalHoldId, by: UserId, now: Instant): Promise<boolean> {
  const changed = await changes(
    db,
    'update platform.legal_holds set lifted_at = ?, lifted_by = ? where id = ? and lifted_at is null and until > ?',
    [now, by, id, now],
  )
  return changed === 1
}
