import type { Knex } from 'knex'
import type { ClinicId } from '../../../kernel/ids.ts'
import { fold } from '../../../kernel/names.ts'
import { changes } from '../../../platform/db/rows.ts'

/** What whoever runs Nabz finds a clinic by: written anew with its name and city, in the same transaction. */
export async function replaceWords(
  db: Knex,
  clinic: { id: ClinicId; slug: string; name: string; city: string },
): Promise<void> {
  const words = [...new Set(fold(`${clinic.name} ${clinic.city} ${clinic.slug}`).split(' '))].filter(Boolean)
  await changes(db, 'update platform.clinics set name_key = ? where id = ?', [fold(clinic.name), clinic.id])
  await changes(db, 'delete from platform.clinic_words where clinic_id = ?', [clinic.id])
  await changes(
    db,
    'insert into platform.clinic_words (word, clinic_id) select word, ?::uuid from unnest(?::text[]) as t (word)',
    [clinic.id, words],
  )
}
