import { newId, type Id, type PatientId } from '../../../kernel/ids.ts'
import { done, refuse, type Outcome } from '../../../kernel/outcome.ts'
import type { Instant } from '../../../kernel/time.ts'
import { audit } from '../../../platform/audit.ts'
import type { Ctx } from '../../../platform/clinic-scope.ts'
import type { Language } from '../../../platform/i18n/languages.ts'
import { getPatient, type Patient } from '../../patients/queries.ts'
import { getRequest, insertRequest } from '../queries/requests.ts'
import {
  dueOf,
  referenceOf,
  type RequestSource,
  type RightKind,
  type RightsRequestId,
  type Subject,
  type Wishes,
} from '../rules.ts'

export type NewRightsRequest = {
  kind: RightKind
  source: RequestSource
  language: Language
  wishes: Wishes
  /** A code on the patient's page proved the number already. */
  provenOnPage?: boolean
  /** One that came by way of the platform, whose clock began there. */
  platform?: { id: Id<'request'>; receivedAt: Instant; dueAt: Instant }
} & ({ patientId: PatientId } | { subject: Subject })

export type Received = { id: RightsRequestId; reference: string; dueAt: Instant }

/**
 * Takes in what somebody asks by right; from here on the clock runs. A patient has one open request of a kind: asking for
 * the same twice changes nothing. The owners are told by the job that watches the clock.
 */
export async function receiveRequest(ctx: Ctx, asked: NewRightsRequest): Promise<Outcome<Received, 'open_already'>> {
  const { kind, source, language, wishes, platform } = asked
  const patient = 'patientId' in asked ? await getPatient(ctx, asked.patientId) : undefined
  const subject = patient ? subjectOf(patient) : 'subject' in asked ? asked.subject : undefined
  if (!subject) throw new Error('a request by nobody')
  const id = newId<'rights_request'>()
  const receivedAt = platform?.receivedAt ?? ctx.now
  const dueAt = platform?.dueAt ?? dueOf(receivedAt, ctx.clinic.zone)
  const inserted = await insertRequest(ctx, {
    id,
    kind,
    source,
    language,
    patientId: patient?.id ?? null,
    subject,
    wishes,
    platformRequestId: platform?.id ?? null,
    receivedAt,
    dueAt,
    proven: asked.provenOnPage ? 'patient_page' : undefined,
  })
  if (!inserted) return refuse('open_already')
  await audit(ctx, 'rights_request.received', { kind: 'rights_request', id }, { kind, source }, {
    patientId: patient?.id ?? null,
  }) // prettier-ignore
  return done({ id, reference: referenceOf(id), dueAt })
}

export const subjectOf = ({ name, phone, email }: Subject): Subject => ({ name, phone, email })

export const findRequestPatient = (ctx: Ctx, id: PatientId): Promise<Patient> => getPatient(ctx, id)

/** What kind of request it is; with `note` that somebody looked at whoever asks is written down. */
export async function lookAtRequest(
  ctx: Ctx,
  id: RightsRequestId,
  note?: (ctx: Ctx, patientId: PatientId) => Promise<void>,
): Promise<RightKind> {
  const { kind, patientId } = await getRequest(ctx, id)
  if (note && patientId !== null) await note(ctx, patientId)
  return kind
}
