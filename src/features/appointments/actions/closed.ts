import type { AppointmentId } from '../../../kernel/ids.ts'
import { minutesBetween } from '../../../kernel/time.ts'
import type { Ctx } from '../../../platform/clinic-scope.ts'
import { getSettings, isStillOpen } from '../../availability/actions.ts'
import { givenBy } from '../../clinics/rules/services.ts'
import type { Appointment } from '../queries.ts'
import type { Standing } from '../queries/rearrange.ts'

type Place = Pick<Standing, 'practitionerId' | 'locationId' | 'startsAt' | 'endsAt' | 'overbooked'>

/**
 * Which visits can't go back to where they stood, because the clinic or the doctor has closed that time. What stood on top
 * of others stood outside all hours, and what the desk made longer may end behind them.
 */
export async function listClosedSince(
  ctx: Ctx,
  back: readonly { visit: Pick<Appointment, 'id' | 'serviceId' | 'resized'>; to: Place }[],
): Promise<Set<AppointmentId>> {
  const settings = await getSettings(ctx)
  const closed = new Set<AppointmentId>()
  for (const { visit, to } of back) {
    if (to.overbooked) continue
    const { serviceId } = visit
    const { practitionerId, locationId, startsAt, endsAt } = to
    const service = settings.services.find(({ id }) => id === serviceId)
    const length = minutesBetween(startsAt, endsAt)
    const usual = service && visit.resized ? givenBy(settings, service, practitionerId).durationMin : length
    const place = { serviceId, practitionerId, locationId, startsAt, durationMin: Math.min(length, usual) }
    if (!(await isStillOpen(ctx, 'desk', place))) closed.add(visit.id)
  }
  return closed
}
