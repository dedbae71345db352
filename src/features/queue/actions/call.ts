import type { AppointmentId, PractitionerId } from '../../../kernel/ids.ts'
import { done, refuse, type Outcome } from '../../../kernel/outcome.ts'
import { audit } from '../../../platform/audit.ts'
import type { Ctx } from '../../../platform/clinic-scope.ts'
import { notFound } from '../../../platform/errors.ts'
import { ownDiaryOnly } from '../../appointments/actions/own-diary.ts'
import { takeStep } from '../../appointments/actions/run.ts'
import type { Appointment } from '../../appointments/queries.ts'
import { getSettings } from '../../availability/actions.ts'
import { listTodaysLine } from '../queries/look.ts'
import { lineOf } from '../rules/line.ts'

/** What is to become of those who are with the doctor, as whoever calls saw them. */
export type Previous = { ids: readonly AppointmentId[]; then: 'finish' | 'stay' }
export type Called = { appointment: Appointment; token: number | undefined; finished: Appointment[] }
export type CallRefusal = 'nobody_waits' | 'in_room' | 'changed_meanwhile'

/**
 * Calls in whoever is next. With somebody still in the room it asks first: refused unless the call names each of them
 * and says whether they are done or stay. Of two desks that press at once one calls and the other is told: either it
 * lost the row of whom it wanted to call, or it sees somebody in the room whom it did not know of.
 */
export async function callNext(
  ctx: Ctx,
  practitionerId: PractitionerId,
  previous?: Previous,
): Promise<Outcome<Called, CallRefusal>> {
  const { practitioners } = await getSettings(ctx)
  if (!practitioners.some(({ id }) => id === practitionerId)) notFound('practitioner')
  await ownDiaryOnly(ctx, practitionerId)
  const { inRoom, waiting } = lineOf(await listTodaysLine(ctx, practitionerId))
  const [next] = waiting
  if (!next) return refuse('nobody_waits')
  if (inRoom.some(({ id }) => previous?.ids.includes(id) !== true)) return refuse('in_room')
  const finished: Appointment[] = []
  if (previous?.then === 'finish') {
    for (const { id } of inRoom) {
      const over = await takeStep(ctx, id, 'finish')
      if (!over.ok) return refuse('changed_meanwhile')
      finished.push(over.value)
    }
  }
  const called = await takeStep(ctx, next.id, 'enter')
  if (!called.ok) return refuse('changed_meanwhile')
  await audit(ctx, 'queue.called', { kind: 'appointment', id: next.id }, { token: next.token ?? null })
  return done({ appointment: called.value, token: next.token, finished })
}
