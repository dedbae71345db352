import { newId, type PatientId } from '../../kernel/ids.ts'
import { latinDigits } from '../../kernel/money.ts'
import { fold } from '../../kernel/names.ts'
import { parsePhone, type Phone } from '../../kernel/phone.ts'
import { audit } from '../../platform/audit.ts'
import type { Ctx } from '../../platform/clinic-scope.ts'
import type { Language } from '../../platform/i18n/languages.ts'
import { give } from '../consents/actions.ts'
import {
  findPatientByPhoneAndName,
  insertPatient,
  listPatientsByLastFour,
  listPatientsByPhone,
  listPatientsByWords,
  updateContact,
  type Patient,
} from './queries.ts'

export type PatientDetails = {
  name: string
  phone: Phone
  email: string | undefined
  language: Language
  /** The person proved by a code that the number is theirs. */
  proven: boolean
  /** The wording that was ticked beside the phone, or undefined when it was not. */
  consentWording: 'booking' | 'desk' | 'waiting' | 'waiting_desk' | undefined
}

/**
 * The patient of this name and number, known or new. Number and folded name together are the identity: a family shares a
 * phone, and the same person is written ‘Ayesha’ one day and ‘AYESHA ’ the next. What is known already changes on the
 * word of the desk or of somebody who proved the number; a name and a number anybody can type. Not even an address that
 * is missing is taken from them: news of visits go there, with the link that opens them.
 */
export async function rememberPatient(ctx: Ctx, details: PatientDetails): Promise<PatientId> {
  const known = await findPatientByPhoneAndName(ctx, details.phone, details.name)
  if (known && !isAnybody(ctx, details)) await refreshContact(ctx, known, details)
  const id = known ? known.id : await createPatient(ctx, details)
  await takeConsent(ctx, id, details)
  return id
}

/** Whoever typed it into the public page. */
const isAnybody = ({ actor }: Ctx, { proven }: PatientDetails): boolean => actor.kind === 'visitor' && !proven

async function createPatient(ctx: Ctx, details: PatientDetails): Promise<PatientId> {
  const id = await insertPatient(ctx, newId<'patient'>(), details)
  if (id === undefined) {
    // Somebody wrote the same person a moment ago: theirs it is.
    const known = await findPatientByPhoneAndName(ctx, details.phone, details.name)
    if (!known) throw new Error('a patient that is both there and not there')
    return known.id
  }
  await audit(ctx, 'patient.created', { kind: 'patient', id })
  return id
}

async function refreshContact(ctx: Ctx, known: Patient, details: PatientDetails): Promise<void> {
  const newEmail = details.email !== undefined && details.email !== known.email
  const newlyProven = details.proven && known.phoneProvenAt === null
  if (!newEmail && !newlyProven && details.language === known.language) return
  await updateContact(ctx, known.id, details)
  await audit(ctx, 'patient.contact_updated', { kind: 'patient', id: known.id }, {}, { email: details.email ?? null })
}

async function takeConsent(ctx: Ctx, patientId: PatientId, details: PatientDetails): Promise<void> {
  const { consentWording: wording, language } = details
  if (wording === undefined) return
  // At the desk it is asked of a caller, as a rule.
  const where =
    wording === 'desk' || wording === 'waiting_desk'
      ? ({ channel: 'phone', source: 'desk' } as const)
      : ({ channel: 'web', source: 'public_page' } as const)
  const again = !isAnybody(ctx, details)
  await give(ctx, { patientId, purpose: 'appointment_messages', wording, language, again, ...where })
}

/**
 * Finds people by what a caller says: a whole number in any writing, the last four digits of one, or the beginnings of
 * words of the name in any script. Fewer than two characters find nobody. Whose data is restricted is not found.
 */
export async function searchPatients(ctx: Ctx, typed: string, limit = 20): Promise<Patient[]> {
  const text = typed.trim()
  const phone = parsePhone(text, ctx.clinic.country)
  if (phone !== undefined) return (await listPatientsByPhone(ctx, phone)).filter(({ restrictedAt }) => !restrictedAt)
  const digits = latinDigits(text).replace(/[\s-]/g, '')
  if (/^\d{4}$/.test(digits)) return listPatientsByLastFour(ctx, digits, limit)
  const words = fold(text)
    .split(' ')
    .filter((word) => word !== '')
  if (words.join('').length < 2) return []
  return listPatientsByWords(ctx, words.slice(0, 5), limit)
}
