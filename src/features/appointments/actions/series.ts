import type { AppointmentId, SeriesId } from '../../../kernel/ids.ts'
import type { Ctx } from '../../../platform/clinic-scope.ts'
import { updateOutOfSeries, updateToSeries } from '../queries/series.ts'

/** Makes these visits a series, in this order; false when one of them is of a series already, and nothing may stand. */
export const joinSeries = (ctx: Ctx, seriesId: SeriesId, ids: readonly AppointmentId[]): Promise<boolean> =>
  updateToSeries(ctx, seriesId, ids)

/** A visit that was made the first of a series is one by itself again. */
export const leaveSeries = (ctx: Ctx, id: AppointmentId): Promise<void> => updateOutOfSeries(ctx, id)
