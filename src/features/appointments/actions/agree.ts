import type { AppointmentId, PatientId, SeriesId } from '../../../kernel/ids.ts'
import type { Ctx } from '../../../platform/clinic-scope.ts'
import { noticeTogether } from '../../notices/actions.ts'
import { listAppointmentsById, type Appointment } from '../queries.ts'
import { updateMessagesWanted } from '../queries/state.ts'
import { factsOf } from './facts.ts'

/**
 * Somebody agreed to messages after they had booked without: they are told of the visits that are still to come, of a
 * series in one message.
 */
export async function wantMessages(ctx: Ctx, patientId: PatientId): Promise<void> {
  const told = new Map<SeriesId | AppointmentId, Appointment[]>()
  for (const visit of await listAppointmentsById(ctx, await updateMessagesWanted(ctx, patientId))) {
    const whole = visit.seriesId ?? visit.id
    told.set(whole, [...(told.get(whole) ?? []), visit])
  }
  const by = ctx.actor.kind === 'user' ? 'desk' : 'patient'
  for (const visits of told.values()) await noticeTogether(ctx, visits.map(factsOf), { by, dropping: 'stale_version' })
}
