import { createHash, randomBytes } from 'node:crypto'
import { newId } from '../kernel/ids.ts'
import type { Ctx } from './clinic-scope.ts'

export type AuditRecord = { kind: string; id: string }

/** What changed, in codes, numbers, ids and times. Whatever tells about a person goes into `sealed` instead. */
export type AuditDetails = Record<string, string | number | boolean | null>

/**
 * Writes an entry into the clinic's audit log, in the transaction of the change it tells of: no entry, no change.
 * `action` is `noun.past`. Address and browser are kept beside a salted digest of them, so that they can be erased
 * after 30 days while whatever commits to the digest stays whole.
 */
export async function audit(
  ctx: Ctx,
  action: string,
  record: AuditRecord,
  details: AuditDetails = {},
  sealed?: Record<string, unknown>,
): Promise<void> {
  const id = newId()
  const { address, browser, requestId } = ctx.origin
  const salt = randomBytes(32)
  const digest = createHash('sha256')
    .update(salt)
    .update(JSON.stringify([address ?? null, browser ?? null]))
    .digest()
  await ctx.db
    .withSchema('clinic')
    .table('audit_entries')
    .insert({
      clinic_id: ctx.clinic.id,
      id,
      at: ctx.now,
      actor_kind: ctx.actor.kind,
      actor_id: ctx.actor.kind === 'user' ? ctx.actor.userId : null,
      actor_role: ctx.actor.kind === 'user' ? ctx.actor.role : ctx.actor.kind === 'system' ? ctx.actor.job : null,
      action,
      record_kind: record.kind,
      record_id: record.id,
      details: JSON.stringify(details),
      details_sealed: sealed === undefined ? null : ctx.seal.sealJson(sealed, 'audit_entries.details', id),
      request_id: requestId,
      address: address ?? null,
      browser: browser?.slice(0, 300) ?? null,
      salt,
      origin_digest: digest,
    })
}
