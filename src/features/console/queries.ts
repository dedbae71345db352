import type { Knex } from 'knex'
import { rows } from '../../platform/db/rows.ts'
import type { ClinicId } from '../../kernel/ids.ts'
import type { Instant } from '../../kernel/time.ts'

export type ClinicLine = {
  id: ClinicId
  name: string
  slug: string
  city: string
  country: string
  status: string
  createdAt: Instant
}

/** The newest clinics first, one page of them: those older than `before`. Ids grow with time. */
export async function listClinics(db: Knex, before: ClinicId | undefined, limit: number): Promise<ClinicLine[]> {
  return rows<ClinicLine>(
    db,
    'select id, name, slug, city, country, status, created_at as "createdAt" from platform.clinics' +
      (before === undefined ? '' : ' where id < ?') +
      ' order by id desc limit ?',
    [...(before === undefined ? [] : [before]), limit],
  )
}
