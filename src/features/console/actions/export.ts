import type { UserId } from '../../../kernel/ids.ts'
import { dateAt } from '../../../kernel/time.ts'
import { auditPlatform } from '../../../platform/audit.ts'
import type { Origin } from '../../../platform/clinic-scope.ts'
import type { Services } from '../../../platform/services.ts'

/** Notes that somebody takes a list along, and answers what the file is called. */
export async function noteExport(
  { db, clock }: Pick<Services, 'db' | 'clock'>,
  origin: Origin,
  actorId: UserId,
  list: 'clinics' | 'payments' | 'documents' | 'audit' | 'requests',
): Promise<string> {
  const now = clock.now()
  await auditPlatform(db, 'list.exported', { at: now, origin, actorId, details: { list } })
  return `nabz-${list}-${dateAt(now, 'UTC').toString()}.csv`
}
