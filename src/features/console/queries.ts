import type { Knex } from 'knex'
import { rows } from '../../platform/db/rows.ts'
import type { Instant } from '../../kernel/time.ts'

export type ClinicLine = {
  name: string
  slug: string
  city: string
  country: string
  status: string
  createdAt: Instant
}

/** The newest clinics first, one page of them from before a moment. */
export async function listClinics(db: Knex, before: Instant, limit: number): Promise<ClinicLine[]> {
  return rows<ClinicLine>(
    db,
    `select name, slug, city, country, status, created_at as "createdAt" from platform.clinics
     where created_at < ? order by created_at desc, id desc limit ?`,
    [before, limit],
  )
}
