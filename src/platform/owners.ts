// Whom to write to about a clinic.
import type { Knex } from 'knex'
import type { ClinicId, UserId } from '../kernel/ids.ts'
import { rows } from './db/rows.ts'
import { parseLanguage, type Language } from './i18n/languages.ts'

export type Owner = { userId: UserId; name: string; email: string; language: Language }

/** The owners of a clinic, those first who were first. */
export async function listOwners(db: Knex, clinicId: ClinicId): Promise<Owner[]> {
  const found = await rows<Omit<Owner, 'language'> & { language: string }>(
    db,
    `select u.id as "userId", u.name, u.email, u.language
     from platform.memberships m join platform.users u on u.id = m.user_id
     where m.clinic_id = ? and m.role = 'owner' order by m.created_at, u.id`,
    [clinicId],
  )
  return found.map((owner) => ({ ...owner, language: parseLanguage(owner.language) ?? 'en' }))
}
