import { createHash, randomBytes } from 'node:crypto'
import { newId, type ClinicId, type UserId } from '../kernel/ids.ts'
import type { Instant } from '../kernel/time.ts'
import type { Knex } from 'knex'
import type { Actor, Ctx, Origin } from './clinic-scope.ts'
import { changes, type Binding } from './db/rows.ts'

export type AuditRecord = { kind: string; id: string }

/** What changed, in codes, numbers, ids and times. Whatever tells about a person goes into `sealed` instead. */
export type AuditDetails = Record<string, string | number | boolean | null>

/**
 * Writes an entry into the clinic's audit log, in the transaction of the change it tells of: no entry, no change.
 * `action` is `noun.past`. The entries of a transaction are written together just before it commits.
 */
export async function audit(
  ctx: Ctx,
  action: string,
  record: AuditRecord,
  details: AuditDetails = {},
  sealed?: Record<string, unknown>,
): Promise<void> {
  const id = newId()
  ctx.journal.push([
    ctx.clinic.id,
    id,
    ctx.now,
    ctx.actor.kind,
    actorId(ctx.actor),
    ctx.actor.kind === 'user' ? ctx.actor.role : ctx.actor.kind === 'system' ? ctx.actor.job : null,
    ctx.actor.kind === 'support' ? ctx.actor.onBehalfOf : null,
    ctx.actor.kind === 'support' ? ctx.actor.visitId : null,
    action,
    record.kind,
    record.id,
    JSON.stringify(details),
    sealed === undefined ? null : ctx.seal.sealJson(sealed, 'audit_entries.details', id),
    ctx.origin.requestId,
    ...origin(ctx.origin),
  ])
  return Promise.resolve()
}

function actorId(actor: Actor): string | null {
  if (actor.kind === 'user' || actor.kind === 'support') return actor.userId
  return actor.kind === 'api' ? actor.clientId : null
}

/**
 * Address and browser are kept beside a salted digest of them, so that they can be erased after 30 days while whatever
 * commits to the digest stays whole.
 */
function origin({ address, browser }: Origin): Binding[] {
  const salt = randomBytes(32)
  const kept = [address ?? null, browser?.slice(0, 300) ?? null]
  return [...kept, salt, createHash('sha256').update(salt).update(JSON.stringify(kept)).digest()]
}

const columns = `clinic_id, id, at, actor_kind, actor_id, actor_role, on_behalf_id, visit_id, action, record_kind,
  record_id, details, details_sealed, request_id, address, browser, salt, origin_digest`

/**
 * Writes an entry about an account or the service itself, in the transaction of what it tells of. `action` is
 * `noun.past`; never anything but codes, ids and numbers in `details`.
 */
export async function auditPlatform(
  db: Knex,
  action: string,
  entry: {
    at: Instant
    origin: Origin
    /** Who did it, once that is known. */
    actorId?: UserId
    record?: AuditRecord
    clinicId?: ClinicId
    details?: AuditDetails
  },
): Promise<void> {
  const { at, origin, actorId, record, clinicId, details = {} } = entry
  await changes(
    db,
    `insert into platform.audit_entries (id, at, actor_kind, actor_id, action, record_kind, record_id, clinic_id, details,
       request_id, address, browser) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    [
      newId(),
      at,
      actorId === undefined ? 'visitor' : 'user',
      actorId ?? null,
      action,
      record?.kind ?? null,
      record?.id ?? null,
      clinicId ?? null,
      JSON.stringify(details),
      origin.requestId,
      origin.address ?? null,
      origin.browser?.slice(0, 300) ?? null,
    ],
  )
}

/** For `inClinic`: writes what was noted in the transaction. */
export async function writeJournal(db: Knex.Transaction, journal: readonly Binding[][]): Promise<void> {
  if (journal.length === 0) return
  const values = journal.map((entry) => `(${entry.map(() => '?').join(', ')})`).join(', ')
  await changes(db, `insert into clinic.audit_entries (${columns}) values ${values}`, journal.flat())
}
