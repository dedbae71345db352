// A patient who comes every week, booked once.
import { newId, type AppointmentId } from '../src/kernel/ids.ts'
import { dateAt, type Instant } from '../src/kernel/time.ts'
import { bookSeries, planSeries } from '../src/features/series/actions/book.ts'
import type { Decision, Rule } from '../src/features/series/rules.ts'
import type { Ctx } from '../src/platform/clinic-scope.ts'
import { rows } from '../src/platform/db/rows.ts'

/** Makes a visit of next week the first of five; dates that are full or closed are left out, as a desk would. */
export async function seedSeries(ctx: Ctx): Promise<unknown> {
  const known = await rows(ctx.db, 'select id from clinic.series where clinic_id = ? limit 1', [ctx.clinic.id])
  if (known.length > 0) return undefined
  const [visit] = await rows<{ id: AppointmentId; startsAt: Instant }>(
    ctx.db,
    `select a.id, a.starts_at as "startsAt" from clinic.appointments a
     join clinic.services s on s.clinic_id = ? and s.id = a.service_id and s.capacity = 1
     where a.clinic_id = ? and a.status = 'booked' and a.starts_at > ? and a.patient_id is not null
     order by a.starts_at, a.id limit 1`,
    [ctx.clinic.id, ctx.clinic.id, ctx.now.add({ hours: 6 * 24 })],
  )
  if (!visit) return undefined
  const rule: Rule = { every: 'week', step: 1, weekdays: [dateAt(visit.startsAt, ctx.clinic.zone).dayOfWeek] }
  const [anchor, end] = [{ visit: visit.id }, { count: 5 }]
  const planned = await planSeries(ctx, anchor, rule, end, new Map())
  // A form says what becomes of every date, and so does this.
  const picks = new Map<string, Decision>(
    planned.rows.map(({ key, state, slot }) => [key, state === 'free' ? slot : 'leave_out']),
  )
  return bookSeries(ctx, { id: newId<'series'>(), anchor, rule, end, picks, who: undefined })
}
