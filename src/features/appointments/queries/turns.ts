// People who do something for one number at the same moment take turns.
import type { Phone } from '../../../kernel/phone.ts'
import type { Ctx } from '../../../platform/clinic-scope.ts'
import { rows } from '../../../platform/db/rows.ts'

/** Waits until nobody else who locked this number at this clinic is still at it, and keeps it until the transaction ends. */
export async function lockTurn(ctx: Ctx, phone: Phone): Promise<void> {
  const hash = ctx.seal.phoneIndex(phone)
  await rows(ctx.db, 'select pg_advisory_xact_lock(?, ?)', [hash.readInt32BE(0), hash.readInt32BE(4)])
}
