import type { PatientId } from '../../../kernel/ids.ts'
import { done, refuse, type Outcome } from '../../../kernel/outcome.ts'
import type { Phone } from '../../../kernel/phone.ts'
import { audit } from '../../../platform/audit.ts'
import type { Ctx } from '../../../platform/clinic-scope.ts'
import type { Services } from '../../../platform/services.ts'
import { withdraw } from '../../consents/actions.ts'
import { purposes } from '../../consents/rules.ts'
import { correctPatient, restrictPatient, type Corrections } from '../../patients/actions/record.ts'
import { findPatient, type Patient } from '../../patients/queries.ts'
import { closeByClinic } from '../../requests/actions.ts'
import { findEffects } from '../queries/effects.ts'
import {
  findOpenTwin,
  getRequest,
  lockRequest,
  updateDecided,
  updateKind,
  updatePatient,
  updateWithdrawn,
} from '../queries/requests.ts'
import { referenceOf, type RequestOutcome, type RightKind, type RightsRequest, type RightsRequestId } from '../rules.ts'
import { judge, keptOf, mustKeep, type DecisionRefusal, type Wish } from '../rules/decision.ts'
import { answerHash, answerToken, composeAnswer, sendAnswer, type Sent } from './answer.ts'
import { erasePatient } from './erase.ts'
import { subjectOf } from './receive.ts'

export type Decision = Wish & {
  /** Whether visits that are cancelled by an erasure are told of. */
  tell: boolean
  /** What is right, as the clinic read it; of a correction only. */
  corrections?: Corrections | undefined
}

/**
 * Decides a request and does what was decided, in one transaction: whatever the answer says has happened. Of two owners
 * who decide at once the second is told that the first has.
 */
export async function decideRequest(
  ctx: Ctx,
  { speakers }: Pick<Services, 'speakers'>,
  id: RightsRequestId,
  decision: Decision,
): Promise<
  Outcome<{ outcome: RequestOutcome; sent: Sent }, DecisionRefusal | 'closed' | 'known_already' | 'changed_meanwhile'>
> {
  const request = await lockRequest(ctx, id)
  if (request.closedAt !== null) return refuse('closed')
  const patient = request.patientId === null ? undefined : await findPatient(ctx, request.patientId)
  const effects = patient && (await findEffects(ctx, patient))
  const facts = { ...request, proven: request.identity !== null, known: patient !== undefined }
  const judged = judge(facts, decision, effects)
  if (!judged.ok) return judged
  const { outcome, parts } = judged

  const happened =
    patient && outcome !== 'refused'
      ? await carryOut(ctx, request, patient.id, parts, decision)
      : done({ cancelled: 0, gone: false })
  if (!happened.ok) return happened

  const keeps = request.kind === 'erasure' && effects && outcome !== 'refused' ? keptOf(effects) : []
  const answer = composeAnswer(ctx, speakers(request.language, ctx.clinic), request, {
    outcome,
    parts,
    known: patient !== undefined,
    kept: keeps,
    reasons: decision.reasons,
    cancelled: happened.value.cancelled,
  })
  const right = parts.includes('phone') ? decision.corrections?.phone : undefined
  const { phone, email } = addressOf(request, patient, right)
  const patientId = happened.value.gone ? undefined : patient?.id
  const sent = await sendAnswer(ctx, request, { phone, email, patientId })
  const decided = await updateDecided(ctx, id, {
    outcome,
    by: ctx.actor.kind === 'user' ? ctx.actor.userId : null,
    answer: { ...answer, sent },
    answerHash: answerHash(answerToken(ctx, id)),
  })
  if (!decided) return refuse('closed')
  await audit(
    ctx,
    'rights_request.decided',
    { kind: 'rights_request', id },
    {
      kind: request.kind,
      outcome,
      parts: parts.join(' '),
      sent,
      kept: effects ? mustKeep(request.kind, effects) : false,
    },
    { reasons: decision.reasons ?? null },
  )
  if (request.platformRequestId !== null) await closeByClinic(ctx, request.platformRequestId)
  return done({ outcome, sent })
}

/**
 * Where the answer goes. A number that was put right by somebody who proved the old one hears of it at the old one; who
 * came in person and lost it, at the new.
 */
function addressOf(request: RightsRequest, patient: Patient | undefined, right: Phone | undefined) {
  const phone = patient?.phone ?? request.subject?.phone
  const email = patient?.email ?? request.subject?.email
  return { phone: request.identity === 'in_person' ? (right ?? phone) : phone, email }
}

async function carryOut(
  ctx: Ctx,
  request: RightsRequest,
  patientId: PatientId,
  parts: readonly string[],
  decision: Decision,
): Promise<Outcome<{ cancelled: number; gone: boolean }, 'known_already' | 'changed_meanwhile'>> {
  const nothing = done({ cancelled: 0, gone: false })
  switch (request.kind) {
    case 'access':
    case 'portability':
      // The copy is made whenever it is opened, and that it was is written down then.
      return nothing
    case 'correction': {
      const corrected = await correctPatient(ctx, patientId, only(decision.corrections ?? {}, parts))
      return corrected.ok ? nothing : corrected
    }
    case 'erasure': {
      const erased = await erasePatient(ctx, patientId, parts, { tell: decision.tell })
      return erased.ok ? done({ cancelled: erased.value.cancelled, gone: erased.value.patient }) : erased
    }
    case 'restriction':
      await restrictPatient(ctx, patientId)
      return nothing
    case 'objection':
    case 'withdrawal': {
      const channel = request.source === 'desk' ? 'in_person' : 'web'
      for (const purpose of purposes.filter((one) => parts.includes(one))) {
        await withdraw(ctx, { patientId, purpose, channel, source: 'rights_request' })
      }
      return nothing
    }
  }
}

function only(corrections: Corrections, parts: readonly string[]): Corrections {
  const { name, phone, email, language } = corrections
  return {
    ...(parts.includes('name') ? { name } : {}),
    ...(parts.includes('phone') ? { phone } : {}),
    ...(parts.includes('email') ? { email } : {}),
    ...(parts.includes('language') ? { language } : {}),
  }
}

/** The patient takes the request back. */
export async function withdrawRequest(ctx: Ctx, id: RightsRequestId): Promise<Outcome<null, 'closed'>> {
  const request = await getRequest(ctx, id)
  const by = ctx.actor.kind === 'user' ? ctx.actor.userId : null
  if (!(await updateWithdrawn(ctx, id, by))) return refuse('closed')
  await audit(ctx, 'rights_request.withdrawn', { kind: 'rights_request', id }, { kind: request.kind })
  if (request.platformRequestId !== null) await closeByClinic(ctx, request.platformRequestId)
  return done(null)
}

/** Says whose request this is. What was proven of somebody else does not count for them. */
export async function namePatient(
  ctx: Ctx,
  id: RightsRequestId,
  patientId: PatientId,
): Promise<Outcome<null, 'closed' | 'open_already' | 'not_there'>> {
  const request = await lockRequest(ctx, id)
  if (request.closedAt !== null || request.state !== 'received') return refuse('closed')
  const patient = await findPatient(ctx, patientId)
  if (!patient) return refuse('not_there')
  if (await findOpenTwin(ctx, request, patientId)) return refuse('open_already')
  await updatePatient(ctx, id, patientId, { ...subjectOf(patient), email: patient.email ?? request.subject?.email })
  await audit(ctx, 'rights_request.patient_named', { kind: 'rights_request', id }, {}, { patientId })
  return done(null)
}

/** What was written freely is put into its kind by whoever reads it. */
export async function classifyRequest(
  ctx: Ctx,
  id: RightsRequestId,
  kind: RightKind,
): Promise<Outcome<null, 'closed' | 'open_already'>> {
  const request = await lockRequest(ctx, id)
  if (request.closedAt !== null) return refuse('closed')
  if (request.kind === kind) return done(null)
  if (request.patientId !== null && (await findOpenTwin(ctx, { id, kind }, request.patientId))) {
    return refuse('open_already')
  }
  await updateKind(ctx, id, kind)
  await audit(
    ctx,
    'rights_request.classified',
    { kind: 'rights_request', id },
    { from: request.kind, to: kind, reference: referenceOf(id) },
  )
  return done(null)
}
