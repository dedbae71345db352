import type { AppointmentId, SeriesId } from '../../../kernel/ids.ts'
import type { Ctx } from '../../../platform/clinic-scope.ts'
import { changes } from '../../../platform/db/rows.ts'

/**
 * Makes these visits a series, in this order. False when one of them is gone or one of a series already; then the whole is
 * to be given up.
 */
export async function updateToSeries(ctx: Ctx, seriesId: SeriesId, ids: readonly AppointmentId[]): Promise<boolean> {
  const changed = await changes(
    ctx.db,
    `update clinic.appointments set series_id = ?, series_index = array_position(?::uuid[], id), series_of = ?
     where clinic_id = ? and id = any(?::uuid[]) and series_id is null`,
    [seriesId, ids, ids.length, ctx.clinic.id, ids],
  )
  return changed === ids.length
}

/** A visit that was made the first of a series is one by itself again. */
export async function updateOutOfSeries(ctx: Ctx, id: AppointmentId): Promise<void> {
  await changes(
    ctx.db,
    `update clinic.appointments set series_id = null, series_index = null, series_of = null where clinic_id = ? and id = ?`,
    [ctx.clinic.id, id],
  )
}
