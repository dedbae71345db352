import { newId } from '../../../kernel/ids.ts'
import { policyCodes } from '../../../kernel/policies.ts'
import { Temporal } from '../../../kernel/time.ts'
import type { Services } from '../../../platform/services.ts'
import { insertFirst, listCodes } from '../queries.ts'
import { presentText } from './texts.ts'

/**
 * A fresh installation has its policies at once: whichever has no version yet gets its first from the present text. Any
 * number of processes may do it together. While the database is away or its tables are, there is nothing to be done;
 * the job looks again.
 */
export async function publishFirstPolicies(services: Services): Promise<void> {
  const { db, log, clock } = services
  try {
    const known = await listCodes(db)
    const missing = policyCodes.filter((code) => !known.includes(code))
    if (missing.length === 0) return
    for (const code of missing) {
      const { since, texts, sha256 } = presentText(services, code)
      const effectiveAt = Temporal.Instant.from(`${since}T00:00Z`)
      await insertFirst(db, { id: newId<'policy_version'>(), code, texts, sha256, effectiveAt, now: clock.now() })
    }
    await services.policies.refresh()
  } catch (error) {
    log.error('policies.first_not_published', error)
  }
}
