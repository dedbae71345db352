// The numbers people wait with. They stand below the visits, so that nobody can arrive without one.
import { dateAt } from '../../kernel/time.ts'
import type { Ctx } from '../../platform/clinic-scope.ts'
import { findToken, insertToken, updateCounter, type TokenHolder } from './queries.ts'

/**
 * The visit's number with its doctor today; given now if it has none. The numbers given for a doctor on a day are always
 * 1 to n: one that was given is never taken back and never given to somebody else. Whose arrival is taken back keeps it
 * for when they come again, and until then it counts as left. With another doctor, or on another day, the same visit
 * gets another number.
 *
 * Call it in the transaction that changes the visit, after its row was written: two who take in the same visit then
 * wait for each other there.
 */
export async function giveToken(ctx: Ctx, visit: TokenHolder): Promise<number> {
  const day = dateAt(ctx.now, ctx.clinic.zone)
  const known = await findToken(ctx, visit, day)
  if (known !== undefined) return known
  const token = await updateCounter(ctx, visit.practitionerId, day)
  await insertToken(ctx, visit, day, token)
  return token
}
