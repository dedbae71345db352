import type { Services } from '../../../platform/services.ts'
import { updateFailing, updateLastActive, updateUsage } from '../queries/counting.ts'

/** Counts for the list of clinics what happened since the last time. Done again it changes nothing. */
export async function countClinicsAnew({ db, clock }: Pick<Services, 'db' | 'clock'>): Promise<void> {
  const now = clock.now()
  await updateLastActive(db)
  await updateUsage(db, now)
  await updateFailing(db, now)
}
