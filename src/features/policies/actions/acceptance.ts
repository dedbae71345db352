import type { UserId } from '../../../kernel/ids.ts'
import type { Clinic, Origin } from '../../../platform/clinic-scope.ts'
import type { Language } from '../../../platform/i18n/languages.ts'
import { agreeable, recordAcceptances } from '../../../platform/policies.ts'
import type { Services } from '../../../platform/services.ts'
import { inTransaction } from '../queries.ts'

/** An owner accepts the versions that their page showed; answers how many of them there still are to accept. */
export async function acceptPolicies(
  { db, clock, policies }: Services,
  origin: Origin,
  by: { userId: UserId; clinic: Clinic; language: Language },
  named: string,
): Promise<number> {
  const at = clock.now()
  const versions = agreeable(policies.published(), named, at)
  const { userId, clinic, language } = by
  await inTransaction(db, (trx) =>
    recordAcceptances(trx, versions, { userId, clinicId: clinic.id, language, at, origin }),
  )
  return versions.length
}
