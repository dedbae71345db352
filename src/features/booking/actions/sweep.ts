import { randomUUID } from 'node:crypto'
import { noteErasure } from '../../../platform/erasures.ts'
import type { Services } from '../../../platform/services.ts'
import { sweepHoldsLapsedBefore } from '../../appointments/actions/hold.ts'
import { listClinicsWithLapsedHolds } from '../queries.ts'

/**
 * Sweeps up what visitors left behind, rule `holds` of the table of retention. An hour after it lapsed, since until then
 * a slow typist still gets the slot if nobody else wanted it; with a hold goes what was typed into it, and its codes.
 */
export async function sweepHolds(services: Services): Promise<void> {
  const before = services.clock.now().subtract({ hours: 1 })
  const run = randomUUID()
  for (const clinicId of await listClinicsWithLapsedHolds(services.jobsDb, before)) {
    const clinic = await services.clinics.byId(clinicId)
    if (!clinic || services.stopping.signal.aborted) continue
    const actor = { kind: 'system', job: 'booking.holds' } as const
    await services.inClinic(clinic, actor, { requestId: `holds-${run}` }, async (ctx) => {
      const count = await sweepHoldsLapsedBefore(ctx, before)
      await noteErasure(ctx.db, { run, rule: 'holds', clinicId, count, at: ctx.now })
    })
  }
}
