// Booked visits that a change of the settings touches: of another feature's table, and only counted.
import type { Ctx } from '../../../platform/clinic-scope.ts'
import { rows } from '../../../platform/db/rows.ts'
import type { Closure, Kind } from '../rules.ts'

/** Booked visits still to come of a doctor, a service or a place. */
export async function countVisitsAhead(ctx: Ctx, kind: Kind, id: string): Promise<number> {
  const [row] = await rows<{ count: number }>(ctx.db, aheadOf[kind], [ctx.clinic.id, ctx.now, id])
  return row?.count ?? 0
}
const ahead = `select count(*) as count from clinic.appointments where clinic_id = ? and status = 'booked' and starts_at > ?`
const aheadOf = {
  practitioner: `${ahead} and practitioner_id = ?`,
  service: `${ahead} and service_id = ?`,
  location: `${ahead} and location_id = ?`,
} as const satisfies Record<Kind, string>

/** Booked visits that begin while something is closed. */
export async function countVisitsWithin(ctx: Ctx, closure: Omit<Closure, 'id' | 'reason'>): Promise<number> {
  const { practitionerId, locationId } = closure
  const [row] = await rows<{ count: number }>(
    ctx.db,
    ahead +
      ' and starts_at >= ? and starts_at < ?' +
      (practitionerId === undefined ? '' : ' and practitioner_id = ?') +
      (locationId === undefined ? '' : ' and location_id = ?'),
    [
      ctx.clinic.id,
      ctx.now,
      closure.startsAt,
      closure.endsAt,
      ...(practitionerId === undefined ? [] : [practitionerId]),
      ...(locationId === undefined ? [] : [locationId]),
    ],
  )
  return row?.count ?? 0
}
