import type { Knex } from 'knex'
import { newId, type Id } from '../../../kernel/ids.ts'
import type { Instant } from '../../../kernel/time.ts'
import { changes } from '../../../platform/db/rows.ts'
import type { PlatformSeal } from '../../../platform/seal/key-ring.ts'

export const slipPlace = 'slips.image'

/** Keeps the picture of a slip, sealed. It is shown only through the payment it belongs to. */
export async function insertSlip(
  db: Knex,
  seal: PlatformSeal,
  picture: { bytes: Buffer; mediaType: string },
  now: Instant,
): Promise<Id<'slip'>> {
  const id = newId<'slip'>()
  await changes(
    db,
    'insert into platform.slips (id, media_type, bytes, image_sealed, created_at) values (?, ?, ?, ?, ?)',
    [id, picture.mediaType, picture.bytes.length, seal.sealBytes(picture.bytes, slipPlace, id), now],
  )
  return id
}
