// The face of an account, for colleagues.
import type { UserId } from '../../../kernel/ids.ts'
import { done, refuse, type Outcome } from '../../../kernel/outcome.ts'
import type { Ctx } from '../../../platform/clinic-scope.ts'
import type { Picture } from '../../../platform/pictures.ts'
import type { Services } from '../../../platform/services.ts'
import type { Account } from '../queries.ts'
import { deletePhoto, findPhoto, findPhotoOfMember, photoPlace, upsertPhoto } from '../queries/photos.ts'
import { isDemoAccount } from '../rules.ts'

/** Keeps a picture that was painted anew, in place of the one before. */
export async function keepPhoto(
  { db, keys, clock }: Services,
  account: Account,
  picture: Picture,
): Promise<Outcome<void, 'shared'>> {
  // Everybody who tries the demo would see it.
  if (isDemoAccount(account.email)) return refuse('shared')
  await upsertPhoto(db, account.id, keys.platform.sealBytes(picture.bytes, photoPlace, account.id), clock.now())
  return done(undefined)
}

export const removePhoto = ({ db }: Services, userId: UserId): Promise<void> => deletePhoto(db, userId)

export async function openOwnPhoto({ db, keys }: Services, userId: UserId): Promise<Buffer | undefined> {
  const sealed = await findPhoto(db, userId)
  return sealed && keys.platform.openBytes(sealed, photoPlace, userId)
}

export async function openColleaguesPhoto(ctx: Ctx, userId: UserId): Promise<Buffer | undefined> {
  const sealed = await findPhotoOfMember(ctx.db, ctx.clinic.id, userId)
  return sealed && ctx.platformSeal.openBytes(sealed, photoPlace, userId)
}
