import type { AppointmentId } from '../../../kernel/ids.ts'
import { refuse } from '../../../kernel/outcome.ts'
import { dateAt } from '../../../kernel/time.ts'
import type { Ctx } from '../../../platform/clinic-scope.ts'
import { moveAppointment, type NewTime } from '../../appointments/actions/move.ts'
import { returnByPatient } from '../../appointments/actions/return.ts'
import { getAppointment } from '../../appointments/queries.ts'
import { patientMayReturn } from '../../appointments/rules.ts'
import { listFreeTimes } from '../../availability/actions.ts'
import type { Chosen } from '../rules/wish.ts'

/**
 * Moves a visit to a tapped time. With any doctor, the own one is asked first: nobody changes doctors without need. A
 * doctor found taken in the last moment ends the attempt, as the refusal has ended the transaction.
 */
export async function moveToChosen(ctx: Ctx, id: AppointmentId, chosen: Omit<Chosen, 'serviceId'>) {
  const { practitionerId, ...to } = chosen
  const visit = await getAppointment(ctx, id)
  // One that the clinic called off comes back at the time tapped.
  const move = (time: NewTime) =>
    patientMayReturn(visit) ? returnByPatient(ctx, id, time) : moveAppointment(ctx, id, time, 'patient')
  if (practitionerId !== 'any') return move({ ...to, practitionerId })
  const date = dateAt(to.startsAt, ctx.clinic.zone)
  const wish = { serviceId: visit.serviceId, practitionerId, locationId: to.locationId, from: date, days: 1 }
  const free = (await listFreeTimes(ctx, 'patient', wish, [id]))?.days.flatMap((day) => day.slots) ?? []
  const there = free
    .filter(({ startsAt }) => startsAt === to.startsAt.epochMilliseconds)
    .map((slot) => slot.practitionerId)
  const doctor = there.find((one) => one === visit.practitionerId) ?? there[0]
  return doctor === undefined ? refuse('slot_taken') : move({ ...to, practitionerId: doctor })
}
