import type { Knex } from 'knex'
import { newId, type ClinicId, type UserId } from '../../../kernel/ids.ts'
import type { Instant } from '../../../kernel/time.ts'
import { changes, rows } from '../../../platform/db/rows.ts'

/** Where a photo lies, for its seal. */
export const photoPlace = 'user_photos.photo'

export async function upsertPhoto(db: Knex, userId: UserId, sealed: Buffer, now: Instant): Promise<void> {
  await changes(
    db,
    `insert into platform.user_photos (user_id, photo_sealed, version, created_at) values (?, ?, ?, ?)
     on conflict (user_id) do update set photo_sealed = excluded.photo_sealed, version = excluded.version,
       created_at = excluded.created_at`,
    [userId, sealed, newId<'photo'>(), now],
  )
}

export async function deletePhoto(db: Knex, userId: UserId): Promise<void> {
  await changes(db, 'delete from platform.user_photos where user_id = ?', [userId])
}

export async function findPhoto(db: Knex, userId: UserId): Promise<Buffer | undefined> {
  const [found] = await rows<{ sealed: Buffer }>(
    db,
    'select photo_sealed as sealed from platform.user_photos where user_id = ?',
    [userId],
  )
  return found?.sealed
}

/** The photo of somebody who works at this clinic. */
export async function findPhotoOfMember(db: Knex, clinicId: ClinicId, userId: UserId): Promise<Buffer | undefined> {
  const [found] = await rows<{ sealed: Buffer }>(
    db,
    `select p.photo_sealed as sealed from platform.user_photos p
     join platform.memberships m on m.user_id = p.user_id where m.clinic_id = ? and m.user_id = ?`,
    [clinicId, userId],
  )
  return found?.sealed
}
