import type { PatientId } from '../../../kernel/ids.ts'
import type { Ctx } from '../../../platform/clinic-scope.ts'
import { noticeBooked } from '../../notices/actions.ts'
import { getAppointment } from '../queries.ts'
import { updateMessagesWanted } from '../queries/state.ts'
import { factsOf } from './facts.ts'

/** Somebody agreed to messages after they had booked without: they are told of the visits that are still to come. */
export async function wantMessages(ctx: Ctx, patientId: PatientId): Promise<void> {
  for (const id of await updateMessagesWanted(ctx, patientId)) {
    await noticeBooked(ctx, factsOf(await getAppointment(ctx, id)), {
      by: ctx.actor.kind === 'user' ? 'desk' : 'patient',
    })
  }
}
