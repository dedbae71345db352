import { randomUUID } from 'node:crypto'
import type { Services } from '../../../platform/services.ts'
import { sweepHoldsLapsedBefore } from '../../appointments/actions/hold.ts'
import { deleteCodesExpiredBefore, listClinicsWithLapsedHolds } from '../queries.ts'

/**
 * Sweeps up what visitors left behind. Half an hour after it lapsed, since until then a slow typist still gets the slot
 * if nobody else wanted it; with a hold goes what was typed into it.
 */
export async function sweepHolds(services: Services): Promise<void> {
  const before = services.clock.now().subtract({ minutes: 30 })
  for (const clinicId of await listClinicsWithLapsedHolds(services.jobsDb, before)) {
    const clinic = await services.clinics.byId(clinicId)
    if (!clinic || services.stopping.signal.aborted) continue
    await services.inClinic(
      clinic,
      { kind: 'system', job: 'booking.holds' },
      { requestId: `holds-${randomUUID()}` },
      async (ctx) => {
        await sweepHoldsLapsedBefore(ctx, before)
        await deleteCodesExpiredBefore(ctx, before)
      },
    )
  }
}
