// Clinics that want to be found, as anybody may know them. Whether each takes bookings is asked of the clinic itself.
import type { Knex } from 'knex'
import { rows, type Binding } from '../../../platform/db/rows.ts'

export type Search = {
  country?: string | undefined
  /** As it is written anywhere, in any case. */
  city?: string | undefined
  specialty?: string | undefined
  /** Part of the name. */
  q?: string | undefined
}

function conditions({ country, city, specialty, q }: Search): { where: string; bindings: Binding[] } {
  const parts: [string, string | undefined][] = [
    ['country = ?', country],
    ['lower(city) = lower(?)', city],
    ['specialty = ?', specialty],
    ['name ilike ?', q === undefined ? undefined : `%${q.replace(/[\\%_]/g, '\\$&')}%`],
  ]
  const given = parts.filter((part): part is [string, string] => part[1] !== undefined)
  return {
    where: [`listed and status = 'active' and 'directory' = any(features)`, ...given.map(([sql]) => sql)].join(' and '),
    bindings: given.map(([, value]) => value),
  }
}

/** Addresses by name. */
export async function listFound(db: Knex, search: Search, limit: number, offset: number): Promise<string[]> {
  const { where, bindings } = conditions(search)
  const found = await rows<{ slug: string }>(
    db,
    `select slug from platform.clinics where ${where} order by name, slug limit ? offset ?`,
    [...bindings, limit, offset],
  )
  return found.map(({ slug }) => slug)
}

export async function countFound(db: Knex, search: Search): Promise<number> {
  const { where, bindings } = conditions(search)
  const [row] = await rows<{ count: number }>(
    db,
    `select count(*)::int as count from platform.clinics where ${where}`,
    bindings,
  )
  return row?.count ?? 0
}

export type FoundPlace = { country: string; city: string; specialty: string; count: number }

/** What there is to choose from, within a country when one is chosen. */
export async function listFoundPlaces(db: Knex, search: Pick<Search, 'country'>): Promise<FoundPlace[]> {
  const { where, bindings } = conditions(search)
  return rows<FoundPlace>(
    db,
    `select country, min(city) as city, specialty, count(*)::int as count from platform.clinics
     where ${where} group by country, lower(city), specialty order by country, lower(city), specialty`,
    bindings,
  )
}

/** Addresses in an order that stays, for the sitemap. */
export async function listFoundSlugs(db: Knex, limit: number, offset: number): Promise<string[]> {
  const { where } = conditions({})
  const found = await rows<{ slug: string }>(
    db,
    `select slug from platform.clinics where ${where} order by slug limit ? offset ?`,
    [limit, offset],
  )
  return found.map(({ slug }) => slug)
}
