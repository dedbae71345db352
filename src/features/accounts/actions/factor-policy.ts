// The clinic's word on whether its owners and doctors must have a second factor.
import { audit } from '../../../platform/audit.ts'
import type { Ctx } from '../../../platform/clinic-scope.ts'
import { updateFactorPolicy } from '../queries/factors.ts'

/** Asking for one begins new days of grace for whoever has none. Relaxing is written down, and said on the page. */
export async function setFactorPolicy(ctx: Ctx, required: boolean): Promise<void> {
  if (ctx.actor.kind !== 'user') throw new Error('only people decide this')
  const changed = await updateFactorPolicy(ctx.db, ctx.clinic.id, { required, by: ctx.actor.userId, now: ctx.now })
  if (!changed) return
  const action = required ? 'clinic.factor_required' : 'clinic.factor_relaxed'
  await audit(ctx, action, { kind: 'clinic', id: ctx.clinic.id })
}
