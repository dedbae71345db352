import type { Knex } from 'knex'
import type { Id } from '../../../kernel/ids.ts'
import { rows } from '../../../platform/db/rows.ts'
import type { DocumentRow } from './owner.ts'

/** The document of any clinic, with where it was written for; a clinic that is no more is taken for one of the world. */
export async function findAnyDocument(
  db: Knex,
  id: Id<'document'>,
): Promise<(DocumentRow & { country: string; zone: string }) | undefined> {
  const [row] = await rows<DocumentRow & { country: string; zone: string }>(
    db,
    `select d.id, d.kind, d.number, d.issued_at as "issuedAt", d.currency, d.total_minor as "totalMinor", d.language,
       d.net_minor as "netMinor", d.tax_minor as "taxMinor", d.facts, o.number as corrects,
       coalesce(c.country, 'GB') as country, coalesce(c.time_zone, 'UTC') as zone
     from platform.documents d left join platform.documents o on o.id = d.corrects
     left join platform.clinics c on c.id = d.clinic_id where d.id = ?`,
    [id],
  )
  return row
}
