import type { Ctx } from '../../../platform/clinic-scope.ts'
import { takePatient, type PatientRecord } from '../../export/actions/patient.ts'
import { findPatient } from '../../patients/queries.ts'
import { findAnswer, getRequest } from '../queries/requests.ts'
import type { RightsRequestId } from '../rules.ts'
import type { Answer } from './answer.ts'

/** The copy that an answer promises, as things stand when it is taken; that it was is in the log. None before it was promised. */
export async function takeCopy(
  ctx: Ctx,
  id: RightsRequestId,
  format: 'page' | 'json',
): Promise<{ record: PatientRecord; parts: string[] } | undefined> {
  const request = await getRequest(ctx, id)
  const answer = (await findAnswer(ctx, id)) as Answer | undefined
  const known = request.patientId !== null && (await findPatient(ctx, request.patientId)) !== undefined
  if (!answer || answer.copy.length === 0 || !known || request.patientId === null) return undefined
  return { record: await takePatient(ctx, request.patientId, format), parts: answer.copy }
}
