// What the month shows of each day. It only reads: every change is an action of the feature that owns the table.
import type { PractitionerId } from '../../kernel/ids.ts'
import type { Instant, PlainDate } from '../../kernel/time.ts'
import type { Ctx } from '../../platform/clinic-scope.ts'
import { rows } from '../../platform/db/rows.ts'

export type DayCount = { date: PlainDate; visits: number; missed: number; minutes: number }

/**
 * How many visits each local day between two instants has, how many were missed, and how long they take together. Days
 * without any are left out. Through `appointments_by_start`, however many years the clinic has been open.
 */
export async function countByDay(
  ctx: Ctx,
  range: { from: Instant; to: Instant; practitionerId: PractitionerId | undefined },
): Promise<DayCount[]> {
  return rows<DayCount>(
    ctx.db,
    `select (starts_at at time zone ?)::date as date,
            count(*) filter (where status <> 'noshow')::int as visits,
            count(*) filter (where status = 'noshow')::int as missed,
            coalesce(sum(extract(epoch from ends_at - starts_at) / 60) filter (where status <> 'noshow'), 0)::int as minutes
     from clinic.appointments
     where clinic_id = ? and starts_at >= ? and starts_at < ? and status in ('booked', 'arrived', 'in_room', 'fulfilled', 'noshow')` +
      (range.practitionerId === undefined ? '' : ' and practitioner_id = ?') +
      ' group by 1 order by 1',
    [
      ctx.clinic.zone,
      ctx.clinic.id,
      range.from,
      range.to,
      ...(range.practitionerId === undefined ? [] : [range.practitionerId]),
    ],
  )
}
