import { newId, type ClinicId } from '../../../kernel/ids.ts'
import { dateAt, type Instant } from '../../../kernel/time.ts'
import { changes, rows } from '../../../platform/db/rows.ts'
import type { Transaction } from '../../../platform/db/transaction.ts'
import { replaceWords } from './words.ts'

export type NewClinic = {
  id: ClinicId
  name: string
  city: string
  country: string
  zone: string
  currency: string
  specialty: string
  language: string
  createdAt: Instant
}

/** Writes the clinic under the first of the addresses nobody has; undefined when all are taken. */
export async function insertClinic(
  db: Transaction,
  clinic: NewClinic,
  slugs: readonly string[],
): Promise<string | undefined> {
  for (const slug of slugs) {
    const inserted = await rows(
      db,
      `insert into platform.clinics
         (id, slug, name, city, country, specialty, time_zone, currency, language, created_at, last_active_on)
       values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) on conflict (slug) do nothing returning id`,
      [
        clinic.id,
        slug,
        clinic.name,
        clinic.city,
        clinic.country,
        clinic.specialty,
        clinic.zone,
        clinic.currency,
        clinic.language,
        clinic.createdAt,
        dateAt(clinic.createdAt, clinic.zone),
      ],
    )
    if (inserted.length > 0) {
      await changes(db, 'insert into platform.diaries (clinic_id) values (?)', [clinic.id])
      await replaceWords(db, { ...clinic, slug })
      return slug
    }
  }
  return undefined
}

/** The root of everything the clinic will own, and the place it begins with. */
export async function insertWorkspace(db: Transaction, clinic: NewClinic, placeName: string): Promise<void> {
  // Row-level security wants to know the clinic, also of the transaction that makes it. The setting ends with the
  // transaction and was not made before: a second clinic in one transaction would need it anew.
  await rows(db, 'select app_set_clinic(?)', [clinic.id])
  await changes(db, 'insert into clinic.profiles (clinic_id, languages, created_at) values (?, ?, ?)', [
    clinic.id,
    clinic.language,
    clinic.createdAt,
  ])
  await changes(db, `insert into clinic.locations (clinic_id, id, name, address, created_at) values (?, ?, ?, '', ?)`, [
    clinic.id,
    newId<'location'>(),
    placeName,
    clinic.createdAt,
  ])
}
