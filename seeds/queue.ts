// The numbers of those who have been at the demo's clinics today, in the order they came.
import { newId, type AppointmentId, type PractitionerId } from '../src/kernel/ids.ts'
import { dateAt, dayBounds, type Instant } from '../src/kernel/time.ts'
import type { Ctx } from '../src/platform/clinic-scope.ts'
import { changes, rows } from '../src/platform/db/rows.ts'

/** Gives today's visits that have come the numbers they would have been given at the desk. */
export async function numberArrivals(ctx: Ctx): Promise<void> {
  const day = dateAt(ctx.now, ctx.clinic.zone)
  const { from, to } = dayBounds(day, ctx.clinic.zone)
  const came = await rows<{ id: AppointmentId; practitionerId: PractitionerId; arrivedAt: Instant }>(
    ctx.db,
    `select a.id, a.practitioner_id as "practitionerId", a.arrived_at as "arrivedAt" from clinic.appointments a
     where a.clinic_id = ? and a.starts_at >= ? and a.starts_at < ? and a.arrived_at is not null
       and a.status in ('arrived', 'in_room', 'fulfilled')
       and not exists (select from clinic.tokens t where t.clinic_id = ? and t.appointment_id = a.id)
     order by a.arrived_at, a.id`,
    [ctx.clinic.id, from, to, ctx.clinic.id],
  )
  for (const { id, practitionerId, arrivedAt } of came) {
    const [counter] = await rows<{ issued: number }>(
      ctx.db,
      `insert into clinic.token_counters (clinic_id, practitioner_id, day, issued) values (?, ?, ?, 1)
       on conflict (clinic_id, practitioner_id, day) do update set issued = token_counters.issued + 1 returning issued`,
      [ctx.clinic.id, practitionerId, day],
    )
    await changes(
      ctx.db,
      `insert into clinic.tokens (clinic_id, id, practitioner_id, day, token, appointment_id, issued_at)
       values (?, ?, ?, ?, ?, ?, ?)`,
      [ctx.clinic.id, newId(), practitionerId, day, counter?.issued ?? 1, id, arrivedAt],
    )
  }
}
