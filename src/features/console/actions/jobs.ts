import { randomUUID } from 'node:crypto'
import type { UserId } from '../../../kernel/ids.ts'
import { auditPlatform } from '../../../platform/audit.ts'
import type { Origin } from '../../../platform/clinic-scope.ts'
import { inTransaction } from '../../../platform/db/transaction.ts'
import { noteErasure } from '../../../platform/erasures.ts'
import { forgetOldRuns, requestRun } from '../../../platform/job-runs.ts'
import type { Services } from '../../../platform/services.ts'

/** Has a job run now, in whichever process takes it up. One that is under way is not run beside itself. */
export async function runNow(
  { db, clock }: Pick<Services, 'db' | 'clock'>,
  origin: Origin,
  actorId: UserId,
  job: string,
): Promise<'asked' | 'under_way' | 'unknown'> {
  const now = clock.now()
  return inTransaction(db, async (trx) => {
    const answer = await requestRun(trx, job, actorId, now)
    if (answer === 'asked') await auditPlatform(trx, 'job.asked', { at: now, origin, actorId, details: { job } })
    return answer
  })
}

/** Forgets runs that are too old to tell anything. */
export async function tidyRuns({ db, clock }: Pick<Services, 'db' | 'clock'>): Promise<void> {
  const at = clock.now()
  await inTransaction(db, async (trx) => {
    const count = await forgetOldRuns(trx, at)
    await noteErasure(trx, { run: randomUUID(), rule: 'job_runs', count, at })
  })
}
