// What patients do about their own data once their number is proven.
import type { PatientId } from '../../../kernel/ids.ts'
import { done, type Outcome } from '../../../kernel/outcome.ts'
import type { Phone } from '../../../kernel/phone.ts'
import { audit } from '../../../platform/audit.ts'
import type { Ctx } from '../../../platform/clinic-scope.ts'
import { notFound } from '../../../platform/errors.ts'
import type { Language } from '../../../platform/i18n/languages.ts'
import { recipientHash } from '../../../platform/outbox.ts'
import type { Services } from '../../../platform/services.ts'
import { wantMessages } from '../../appointments/actions/agree.ts'
import { give, withdraw } from '../../consents/actions.ts'
import type { Decision, Purpose } from '../../consents/rules.ts'
import { resumeElsewhere, resumeForPatient, stopForPatient } from '../../messaging/actions/stop.ts'
import { correctPatient, type Corrections } from '../../patients/actions/record.ts'
import { listPatientsByPhone, type Patient } from '../../patients/queries.ts'
import { withdrawRequest } from '../../rights/actions/decide.ts'
import { receiveRequest, type Received } from '../../rights/actions/receive.ts'
import { listRequestsOfPatient } from '../../rights/queries/requests.ts'
import type { Correction, RightsRequestId } from '../../rights/rules.ts'
import { isSmallCorrection, type Askable } from '../rules.ts'

/** One of the people this number belongs to; everybody else's record is not there. */
export async function getOwn(ctx: Ctx, phone: Phone, id: PatientId): Promise<Patient> {
  return (await listPatientsByPhone(ctx, phone)).find((one) => one.id === id) ?? notFound('patient')
}

export type Corrected = { changed: string[]; request: Received | undefined }

/**
 * Puts right at once what is the patient's to say: their language, their address, how their name is written. Another
 * number or another name is a request, since number and name together are who somebody is here.
 */
export async function correctOwn(
  ctx: Ctx,
  patient: Patient,
  wanted: { name: string; phone: Phone; email: string | undefined; language: Language; words: string | undefined },
  language: Language,
): Promise<Outcome<Corrected, 'known_already' | 'open_already'>> {
  const small = isSmallCorrection(patient.name, wanted.name)
  const direct: Corrections = {
    ...(small ? { name: wanted.name } : {}),
    email: wanted.email ?? null,
    language: wanted.language,
  }
  const correction: Correction = {
    ...(small ? {} : { name: wanted.name }),
    ...(wanted.phone === patient.phone ? {} : { phone: wanted.phone }),
  }
  const corrected = await correctPatient(ctx, patient.id, direct)
  if (!corrected.ok) return corrected
  const { changed } = corrected.value
  // Words alone are about something that has no field: a visit, a note.
  if (Object.keys(correction).length === 0 && wanted.words === undefined) return done({ changed, request: undefined })
  const request = await receiveRequest(ctx, {
    kind: 'correction',
    source: 'patient_page',
    language,
    wishes: { words: wanted.words, ...(Object.keys(correction).length === 0 ? {} : { correction }) },
    provenOnPage: true,
    patientId: patient.id,
  })
  return request.ok ? done({ changed, request: request.value }) : request
}

export async function decideConsent(
  ctx: Ctx,
  { id: patientId }: Patient,
  { purpose, decision }: { purpose: Purpose; decision: Decision },
  language: Language,
): Promise<void> {
  const said = { patientId, purpose, channel: 'web', source: 'patient_page' } as const
  if (decision === 'deny') await withdraw(ctx, said)
  else if ((await give(ctx, { ...said, language })) && purpose === 'appointment_messages') {
    await wantMessages(ctx, patientId)
  }
}

/** Stops or resumes everything on WhatsApp for the number, whoever it belongs to. After it resumed, `hearAgain`. */
export async function decideMessages(ctx: Ctx, patient: Patient, wish: 'stop' | 'start'): Promise<void> {
  await (wish === 'stop' ? stopForPatient(ctx, patient) : resumeForPatient(ctx, patient))
}

/** At the other clinics that write from the same number too. */
export function hearAgain(services: Services, phone: Phone): Promise<void> {
  const numberHash = recipientHash({ platformSeal: services.keys.platform }, { channel: 'whatsapp', phone })
  return resumeElsewhere(services, numberHash, { channel: 'web', source: 'patient_page' })
}

export async function askFor(
  ctx: Ctx,
  { id: patientId }: Patient,
  kind: Askable,
  words: string | undefined,
  language: Language,
): Promise<Outcome<Received, 'open_already'>> {
  return receiveRequest(ctx, {
    kind,
    source: 'patient_page',
    language,
    wishes: { words },
    provenOnPage: true,
    patientId,
  })
}

/** Takes a request back that the clinic has not answered yet; another patient's is not there. */
export async function takeRequestBack(
  ctx: Ctx,
  { id }: Patient,
  requestId: RightsRequestId,
): Promise<Outcome<null, 'closed'>> {
  const own = await listRequestsOfPatient(ctx, id)
  if (!own.some((one) => one.id === requestId)) return notFound('request')
  return withdrawRequest(ctx, requestId)
}

/** That somebody took a copy of their own data along is written down, like every copy. */
export async function noteCopy(ctx: Ctx, { id }: Patient): Promise<void> {
  await audit(ctx, 'patient.exported', { kind: 'patient', id }, { format: 'json' })
}
