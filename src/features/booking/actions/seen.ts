// What was looked at when a button of a visit's own page was pressed. The desk may have moved the visit behind an open
// page: nothing is confirmed, moved or cancelled unseen.
import type { AppointmentId } from '../../../kernel/ids.ts'
import { refuse, type Outcome } from '../../../kernel/outcome.ts'
import { notFound } from '../../../platform/errors.ts'
import type { Ctx } from '../../../platform/clinic-scope.ts'
import { cancelByPatient, confirmByPatient } from '../../appointments/actions/run.ts'
import { listAppointmentsById, type Appointment } from '../../appointments/queries.ts'
import { patientMayChange, patientMayReturn } from '../../appointments/rules.ts'
import type { Chosen } from '../rules/wish.ts'
import { moveToChosen } from './move.ts'

/** `version` is the one the page showed; a page that names none may be one of a visit that nobody has changed yet. */
function isAsSeen(visit: Appointment, version: number | undefined): boolean {
  return version === undefined ? visit.calendarSequence === 0 : version === visit.version
}

/** Kept as it is until whatever is done about it is done. */
async function lockVisit(ctx: Ctx, id: AppointmentId): Promise<Appointment> {
  const [visit] = await listAppointmentsById(ctx, [id], { lock: true })
  return visit ?? notFound('appointment')
}

export async function confirmSeen(ctx: Ctx, id: AppointmentId, version: number | undefined) {
  const visit = await lockVisit(ctx, id)
  if (patientMayChange(visit, ctx.now) && !isAsSeen(visit, version)) return refuse('changed_meanwhile')
  return confirmByPatient(ctx, id)
}

export async function cancelSeen(ctx: Ctx, id: AppointmentId, version: number | undefined) {
  const visit = await lockVisit(ctx, id)
  if (patientMayChange(visit, ctx.now) && !isAsSeen(visit, version)) return refuse('changed_meanwhile')
  return cancelByPatient(ctx, id)
}

/** Sent twice, the second finds the visit changed by the first, and where it was to go. */
export async function moveSeen(
  ctx: Ctx,
  id: AppointmentId,
  version: number | undefined,
  chosen: Omit<Chosen, 'serviceId'>,
): Promise<Outcome<Appointment, 'changed_meanwhile' | 'too_late' | 'slot_taken'>> {
  const visit = await lockVisit(ctx, id)
  const mayMove = patientMayChange(visit, ctx.now) || patientMayReturn(visit)
  if (mayMove && !isAsSeen(visit, version) && !isThere(visit, chosen)) return refuse('changed_meanwhile')
  return moveToChosen(ctx, id, chosen)
}

function isThere(visit: Appointment, { startsAt, locationId, practitionerId }: Omit<Chosen, 'serviceId'>): boolean {
  return (
    visit.status === 'booked' &&
    visit.startsAt.equals(startsAt) &&
    visit.locationId === locationId &&
    (practitionerId === 'any' || practitionerId === visit.practitionerId)
  )
}
