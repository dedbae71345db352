import type { AppointmentId } from '../../../kernel/ids.ts'
import { done, refuse, type Outcome } from '../../../kernel/outcome.ts'
import { isBefore } from '../../../kernel/time.ts'
import { audit } from '../../../platform/audit.ts'
import type { Ctx } from '../../../platform/clinic-scope.ts'
import { getAppointment, type Appointment } from '../queries.ts'
import { updateConfirmed } from '../queries/state.ts'
import { ownDiaryOnly } from './own-diary.ts'

/** The desk heard on the phone that somebody will come. Twice is the same as once. */
export async function confirmByPhone(ctx: Ctx, id: AppointmentId): Promise<Outcome<Appointment, 'not_now'>> {
  const visit = await getAppointment(ctx, id)
  await ownDiaryOnly(ctx, visit.practitionerId)
  if (visit.status !== 'booked' || visit.patientId === null || !isBefore(ctx.now, visit.startsAt))
    return refuse('not_now')
  if (await updateConfirmed(ctx, id)) {
    await audit(ctx, 'appointment.confirmed_by_phone', { kind: 'appointment', id })
    ctx.diaryChanged()
  }
  return done(await getAppointment(ctx, id))
}
