// Pictures of slips: kept sealed, shown to the owners of the clinic and to the people of the platform.
import type { Id } from '../../../kernel/ids.ts'
import type { Ctx } from '../../../platform/clinic-scope.ts'
import type { Picture } from '../../../platform/pictures.ts'
import type { PlatformSeal } from '../../../platform/seal/key-ring.ts'
import type { Services } from '../../../platform/services.ts'
import type { Account } from '../../subscription/actions/account.ts'
import { findSlipOf, type SlipRow } from '../queries/owner.ts'
import { insertSlip, slipPlace } from '../queries/slips.ts'

/** Keeps a picture that was painted anew, for a payment that is written in the same transaction. */
export async function keepSlip(ctx: Ctx, picture: Picture): Promise<Id<'slip'>> {
  return insertSlip(ctx.db, ctx.platformSeal, picture, ctx.now)
}

/** The same, for a payment that somebody of the platform enters. */
export async function keepSlipOf(account: Account, picture: Picture): Promise<Id<'slip'>> {
  return insertSlip(account.db, account.seal, picture, account.now)
}

const opened = (seal: PlatformSeal, { id, sealed, mediaType }: SlipRow) => ({
  bytes: seal.openBytes(sealed, slipPlace, id),
  mediaType,
})

/** The slip of one of the clinic's own payments. */
export async function openOwnSlip(ctx: Ctx, paymentId: Id<'payment'>) {
  const slip = await findSlipOf(ctx.db, paymentId, ctx.clinic.id)
  return slip && opened(ctx.platformSeal, slip)
}

/** The slip of any clinic's payment: for people of the platform, who confirm them. */
export async function openAnySlip({ db, keys }: Pick<Services, 'db' | 'keys'>, paymentId: Id<'payment'>) {
  const slip = await findSlipOf(db, paymentId)
  return slip && opened(keys.platform, slip)
}
