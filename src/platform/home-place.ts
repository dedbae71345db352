// Where somebody's clock hangs, for pages and mails about their own account.
import type { Knex } from 'knex'
import type { UserId } from '../kernel/ids.ts'
import { rows } from './db/rows.ts'

export type Place = { country: string; zone: string }

/** The clinic somebody joined first. Whoever works at none, and the platform's own people, are told the time of UTC. */
export async function homePlace(db: Knex, userId: UserId): Promise<Place> {
  const [found] = await rows<Place>(
    db,
    `select c.country, c.time_zone as zone from platform.memberships m join platform.clinics c on c.id = m.clinic_id
     where m.user_id = ? order by m.created_at, c.id limit 1`,
    [userId],
  )
  return found ?? { country: 'GB', zone: 'UTC' }
}
