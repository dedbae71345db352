import type { Knex } from 'knex'
import { rows } from '../../../platform/db/rows.ts'

export type Facets = { plans: { code: string; names: Record<string, string> }[]; countries: string[] }

/** What lists of clinics are filtered by: the plans in their order, and the countries there are clinics in. */
export async function getFacets(db: Knex): Promise<Facets> {
  const [row] = await rows<{ plans: Facets['plans'] | null; countries: string[] | null }>(
    db,
    // Each country looked up in the index once, however many clinics it has.
    `with recursive each as (
       (select country from platform.clinics order by country limit 1)
       union all
       select (select c.country from platform.clinics c where c.country > e.country order by c.country limit 1)
       from each e where e.country is not null)
     select (select jsonb_agg(jsonb_build_object('code', code, 'names', names) order by position, code)
         from platform.plans) as plans,
       (select jsonb_agg(country) from each where country is not null) as countries`,
  )
  return { plans: row?.plans ?? [], countries: row?.countries ?? [] }
}
