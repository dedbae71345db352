import type { AppointmentId } from '../../../kernel/ids.ts'
import { audit } from '../../../platform/audit.ts'
import type { Ctx } from '../../../platform/clinic-scope.ts'
import { notFound } from '../../../platform/errors.ts'
import { findAnswers, getAppointment } from '../queries.ts'
import { updateAnswers } from '../queries/state.ts'
import type { Answer } from '../rules.ts'
import { answerable, withAnswers } from '../rules/answers.ts'
import { ownDiaryOnly } from './own-diary.ts'

/**
 * What the desk was told about a visit, in place of what was said before. That it changed is written down, and not what
 * it says: the log outlives the answers.
 */
export async function changeAnswers(ctx: Ctx, id: AppointmentId, answers: readonly Answer[]): Promise<void> {
  const visit = await getAppointment(ctx, id)
  await ownDiaryOnly(ctx, visit.practitionerId)
  if (!answerable(visit)) notFound('appointment')
  if (JSON.stringify(await findAnswers(ctx, id)) === JSON.stringify(answers)) return
  await updateAnswers(ctx, id, answers)
  await audit(ctx, 'appointment.answers_changed', { kind: 'appointment', id }, { answers: answers.length })
}

/** What the desk was told since, along with what was said before. */
export async function addAnswers(ctx: Ctx, id: AppointmentId, answers: readonly Answer[]): Promise<void> {
  if (answers.length > 0) await changeAnswers(ctx, id, withAnswers(await findAnswers(ctx, id), answers))
}
